from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from workbench.errors import InputError, ModelUnavailableError
from workbench.models import DenseEncoder, load_encoder
from workbench.models._unopened import Unopened, keep_described, state_of

TEXTS = ["the parcel is late", "refund the card"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_folder, tmp_path / "model"))


def loaded(folder: Path) -> DenseEncoder:
    encoder = load_encoder(folder)
    assert isinstance(encoder, DenseEncoder)
    return encoder


def is_open(encoder: DenseEncoder) -> bool:
    return not isinstance(encoder._told, Unopened)


def test_it_is_opened_when_it_is_needed(folder: Path) -> None:
    first, second = loaded(folder), loaded(folder)
    assert is_open(first)
    assert not is_open(second)
    assert second.spec == first.spec
    assert second.prompt(None) == ""
    assert not is_open(second)
    np.testing.assert_array_equal(second.encode(TEXTS), first.encode(TEXTS))
    assert second.count_tokens(TEXTS).tolist() == first.count_tokens(TEXTS).tolist()
    assert second.spec == first.spec


@pytest.mark.parametrize(
    "ask",
    [
        lambda encoder: encoder.encode(TEXTS),
        lambda encoder: encoder.count_tokens(TEXTS),
        lambda encoder: list(encoder.chunks("the parcel is late")),
        lambda encoder: encoder.model,
        lambda encoder: encoder.computed_by("torch", "float32"),
    ],
)
def test_whatever_needs_the_model_opens_it(folder: Path, ask: object) -> None:
    loaded(folder)
    encoder = loaded(folder)
    ask(encoder)
    assert is_open(encoder)


def test_prompts_are_known(folder: Path) -> None:
    opened = loaded(folder).model
    opened.prompts, opened.default_prompt_name = {"query": "find: ", "document": ""}, "query"
    opened.save(str(folder))
    loaded(folder)
    encoder = loaded(folder)
    assert encoder.prompts == {"query": "find: "}
    assert encoder.prompt(None) == "find: "
    assert encoder.prompt("document") == ""
    with pytest.raises(InputError, match=r"has no prompt named 'quary'. Did you mean 'query'"):
        encoder.prompt("quary")
    assert not is_open(encoder)


def other_weights(folder: Path) -> None:
    model = loaded(folder).model
    for weights in model.parameters():
        weights.data += 0.5
    model.save(str(folder))


def test_other_files_are_another_model(folder: Path) -> None:
    before = loaded(folder).spec
    other_weights(folder)
    encoder = loaded(folder)
    assert is_open(encoder)
    assert encoder.spec.revision != before.revision


def test_files_that_change_before_it_is_opened(folder: Path) -> None:
    """Their vectors must not be kept as those of the model that was loaded."""
    loaded(folder)
    encoder = loaded(folder)
    other_weights(folder)
    for _ in range(2):
        with pytest.raises(ModelUnavailableError, match="The files of 'model' have changed since"):
            encoder.encode(TEXTS)


def test_a_note_that_is_wrong_is_forgotten(folder: Path, cache: Path) -> None:
    """Written by another version of the workbench, say, that described models otherwise."""
    encoder = loaded(folder)
    state = state_of(folder, "model")
    assert state is not None
    keep_described(state, replace(encoder.spec, revision="blake2b:0"), encoder.model)
    wrong = loaded(folder)
    with pytest.raises(ModelUnavailableError, match=r"have changed since it was loaded\. Load it"):
        wrong.encode(TEXTS)
    again = loaded(folder)
    assert is_open(again)
    assert again.spec == encoder.spec


def test_a_flipped_bit_in_a_note_is_noticed(folder: Path, cache: Path) -> None:
    loaded(folder)
    (note,) = (cache / "specs").iterdir()
    raw = note.read_bytes()
    place = raw.index(b"blake2b:") + 9
    note.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
    assert is_open(loaded(folder))


def test_weights_behind_a_link_are_looked_at(folder: Path, tmp_path: Path) -> None:
    (folder / "1_Pooling").rename(tmp_path / "elsewhere")
    (folder / "1_Pooling").symlink_to(tmp_path / "elsewhere")
    (folder / "round").symlink_to(folder)  # a loop
    loaded(folder)
    assert not is_open(loaded(folder))
    os.utime(tmp_path / "elsewhere" / "config.json")
    assert is_open(loaded(folder))


def test_an_adapter_is_always_opened(folder: Path) -> None:
    """Its base model is in another folder, and may change."""
    (folder / "adapter_config.json").write_text("{}")
    assert state_of(folder, "model") is None


def test_another_working_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    expected = loaded(Path("model")).encode(TEXTS)
    encoder = loaded(Path("model"))
    monkeypatch.chdir("/")
    np.testing.assert_array_equal(encoder.encode(TEXTS), expected)
    assert not is_open(loaded(folder))  # the same folder by another spelling


def test_another_model_may_be_put_in(folder: Path, tiny_encoder: DenseEncoder) -> None:
    loaded(folder)
    encoder = loaded(folder)
    encoder.model = tiny_encoder.model
    np.testing.assert_array_equal(encoder.encode(TEXTS), tiny_encoder.encode(TEXTS))


MEASURED = """
import sys
import workbench as wb

encoder = wb.load_encoder(sys.argv[1])
costs = wb.measure_costs({"tiny": encoder}, [f"the parcel {n} is late" for n in range(40)],
                         rounds=1, progress=False)
print("torch" in sys.modules, costs["tiny"].peak_memory_mb)
"""


def test_opening_is_no_part_of_what_encoding_needs(folder: Path) -> None:
    """Neither torch's import nor the weights, which are counted anyway."""
    opened, later = (float(run(MEASURED, folder)[1]) for _ in range(2))
    assert later < opened + 30  # torch's import alone would be hundreds of MB


def test_notes_do_not_grow_for_ever(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.models._unopened._MOST_NOTES", 2)
    model = loaded(folder)
    for number in range(4):
        keep_described(f"state {number}", model.spec, model.model)
    assert len(list((cache / "specs").iterdir())) == 2


def test_a_broken_file_is_said_at_once(folder: Path) -> None:
    loaded(folder)
    (folder / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(ModelUnavailableError, match="could not be loaded as a SentenceTransformer"):
        load_encoder(folder)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"spec": {"name": 1, "size": 2}}'])
def test_a_damaged_note_is_written_anew(folder: Path, cache: Path, content: str) -> None:
    spec = loaded(folder).spec
    (note,) = (cache / "specs").iterdir()
    note.write_text(content)
    encoder = loaded(folder)
    assert is_open(encoder)
    assert encoder.spec == spec
    assert not is_open(loaded(folder))


def test_a_cache_that_takes_nothing(folder: Path, cache: Path) -> None:
    cache.write_text("a file where the folder would be")
    for _ in range(2):
        assert is_open(loaded(folder))


def test_another_name_or_version_is_opened(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded(folder)
    moved = folder.rename(tmp_path / "moved")
    assert is_open(loaded(moved))
    assert not is_open(loaded(moved))
    monkeypatch.setattr("workbench.models._unopened.version", lambda name: "0.0.1")
    assert is_open(loaded(moved))


JOB = """
import sys
import workbench as wb

found = wb.embed(["the parcel is late", "refund the card"], sys.argv[1], progress=False)
print("torch" in sys.modules)
"""


def run(code: str, folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_stored_vectors_need_no_torch(folder: Path) -> None:
    assert [run(JOB, folder) for _ in range(2)] == [["True"], ["False"]]
