from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from workbench.errors import InputError, ModelUnavailableError
from workbench.models import DenseEncoder, load_encoder
from workbench.models._unopened import Unopened

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
    ask(encoder)  # type: ignore[operator]
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


def test_stored_vectors_need_no_torch(folder: Path) -> None:
    said = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", JOB, str(folder)], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout.strip())
    assert said == ["True", "False"]
