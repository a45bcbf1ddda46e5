from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.embeddings import EmbeddingStore, embed
from workbench.errors import WorkbenchError, WorkbenchWarning
from workbench.models import ModelSpec

from ..hashing_encoder import HashingEncoder, numbered, vector_of

TEXTS = numbered(0, 40)
HASHED = "blake2b:00ff"


@pytest.fixture
def store(tmp_path: Path) -> EmbeddingStore:
    return EmbeddingStore(tmp_path / "store")


def fill(store: EmbeddingStore, texts: list[str] = TEXTS, batch: int = 8, **changes: Any) -> int:
    """Embed, see that every vector is right, and return how many texts were encoded."""
    encoder = HashingEncoder(**changes)
    found = embed(texts, encoder, batch_size=batch, store=store, progress=False)
    expected = [vector_of(text, encoder.spec.prompt) for text in texts]
    np.testing.assert_array_equal(found.vectors, expected)
    assert found.encoded == len(encoder.seen)
    return found.encoded


def shards(store: EmbeddingStore) -> list[Path]:
    return sorted(store.folder.rglob("*.shard"))


# --- once per model


def test_a_text_is_encoded_once(store: EmbeddingStore) -> None:
    assert fill(store) == 40
    assert fill(store) == 0
    assert fill(EmbeddingStore(store.folder), TEXTS[::-1]) == 0
    assert fill(store, [*TEXTS[:10], "a new one", *TEXTS[10:]]) == 1
    assert fill(store, numbered(30, 60)) == 20


def test_false_keeps_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    embed(TEXTS, HashingEncoder(), store=False, progress=False)
    assert list(tmp_path.iterdir()) == []
    embed(TEXTS, HashingEncoder(), batch_size=32, store=True, progress=False)
    assert EmbeddingStore().folder == tmp_path
    assert len(shards(EmbeddingStore())) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"revision": "2"},
        {"revision": HASHED},
        {"family": "dense"},
        {"pooling": "mean"},
        {"prompt": "find: "},
        {"dtype": "bfloat16"},
        {"dtype": "int8"},
        {"max_tokens": 128},
    ],
    ids=str,
)
def test_any_part_of_the_key_encodes_again(store: EmbeddingStore, change: dict[str, Any]) -> None:
    assert fill(store) == 40
    assert fill(store, **change) == 40
    assert fill(store, **change) == 0
    assert fill(store) == 0


def test_the_dimension_is_in_the_key(store: EmbeddingStore) -> None:
    spec = HashingEncoder().spec
    fill(store)
    _, _, known = store.get(spec, TEXTS)
    assert known.all()
    _, _, known = store.get(replace(spec, dimension=9), TEXTS)
    assert not known.any()


def test_the_format_is_in_the_key(store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fill(store) == 40
    monkeypatch.setattr("workbench.embeddings._store.FORMAT", "2")
    assert fill(store) == 40


def test_truncation_is_not_it_is_done_on_reading(store: EmbeddingStore) -> None:
    assert fill(store) == 40
    cut = embed(TEXTS, HashingEncoder(truncate_dim=4), store=store, progress=False)
    assert cut.encoded == 0
    np.testing.assert_array_equal(cut.vectors, [vector_of(text, "")[:4] for text in TEXTS])


def test_the_same_weights_by_another_name_are_the_same_model(store: EmbeddingStore) -> None:
    assert fill(store, revision=HASHED, name="all-MiniLM-L6-v2") == 40
    assert fill(store, revision=HASHED, name="models:/minilm/3") == 0


def test_texts_that_look_alike_are_not_the_same(store: EmbeddingStore) -> None:
    texts = ["a", "a ", " a", "A", "á", "a\u0301", "a\0", "\ud800", "?", ""]
    assert fill(store, texts) == len(texts)
    assert fill(store, texts) == 0


# --- damage


def flip(path: Path, where: float) -> None:
    raw = bytearray(path.read_bytes())
    raw[int(where * (len(raw) - 1))] ^= 0x10
    path.write_bytes(raw)


@pytest.mark.parametrize("where", [0.0, 0.1, 0.4, 0.7, 0.9, 1.0])
def test_a_flipped_byte_is_found_set_aside_and_healed(store: EmbeddingStore, where: float) -> None:
    fill(store)
    victim = shards(store)[2]
    flip(victim, where)
    with pytest.warns(WorkbenchWarning, match=r"damaged file; it was set aside as .*\.damaged"):
        assert fill(store) == 8
    assert victim.with_suffix(".damaged").exists()
    assert len(shards(store)) == 5
    assert fill(store) == 0


@pytest.mark.parametrize("left", [0, 1, 0.5, -1])
def test_a_file_cut_short(store: EmbeddingStore, left: float) -> None:
    fill(store)
    victim = shards(store)[0]
    raw = victim.read_bytes()
    victim.write_bytes(raw[: int(left * len(raw)) if 0 < left < 1 else int(left)])
    with pytest.warns(WorkbenchWarning, match="damaged file"):
        assert fill(store) == 8
    assert fill(store) == 0


def test_a_damaged_file_is_not_merged(store: EmbeddingStore) -> None:
    fill(store, numbered(0, 70), batch=2)
    flip(shards(store)[20], 0.5)
    with pytest.warns(WorkbenchWarning, match="damaged file"):
        assert fill(store, numbered(0, 140), batch=2) == 72
    assert fill(store, numbered(0, 140)) == 0


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def test_nothing_is_unpickled(store: EmbeddingStore, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    fill(store)
    raw = pickle.dumps(Trap(sprung))
    digest = hashlib.blake2b(raw, digest_size=16).hexdigest()
    (shards(store)[0].parent / f"{digest}.shard").write_bytes(raw)
    with pytest.warns(WorkbenchWarning, match="damaged file"):
        assert fill(store) == 0
    assert not sprung.exists()
    pickle.loads(raw)
    assert sprung.exists()  # it would have been seen


def test_a_damaged_description_harms_no_vector(store: EmbeddingStore) -> None:
    fill(store)
    next(store.folder.rglob("model.json")).write_bytes(b'{"name": "\xff')
    assert fill(store) == 0
    assert [model.name for model in store.models()] == ["damaged model.json"]


# --- a folder that cannot be written


@pytest.mark.parametrize("there", ["a file", "below a file"])
def test_a_folder_that_cannot_be_written(tmp_path: Path, there: str) -> None:
    (tmp_path / "store").touch()
    folder = tmp_path / "store" if there == "a file" else tmp_path / "store" / "below"
    encoder = HashingEncoder()
    with pytest.raises(WorkbenchError, match=r"cannot be written.*WORKBENCH_CACHE.*store=False"):
        embed(TEXTS, encoder, store=EmbeddingStore(folder), progress=False)
    assert encoder.calls == 0


def test_a_failed_write_leaves_no_scratch(
    store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, TEXTS[:8])

    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(WorkbenchError, match="No space left on device"):
        fill(store)
    monkeypatch.undo()
    assert not list(store.folder.rglob(".writing-*"))
    assert fill(store) == 32


# --- tidying


def test_merging_keeps_every_row(store: EmbeddingStore) -> None:
    texts = numbered(0, 130)
    assert fill(store, texts, batch=2) == 130
    assert len(shards(store)) == 1
    assert fill(store, texts) == 0


def test_few_files_are_left_alone(store: EmbeddingStore) -> None:
    fill(store, numbered(0, 128), batch=2)
    assert len(shards(store)) == 64


def test_a_merge_that_was_killed(store: EmbeddingStore) -> None:
    fill(store, numbered(0, 120), batch=2)
    parts = {path: path.read_bytes() for path in shards(store)}
    fill(store, numbered(0, 140), batch=2)
    assert len(shards(store)) == 1
    for path in list(parts)[:30]:  # half of them were deleted
        path.write_bytes(parts[path])
    assert fill(store, numbered(0, 140)) == 0
    fill(store, numbered(0, 300), batch=2)
    assert len(shards(store)) == 1
    assert fill(store, numbered(0, 300)) == 0


def test_token_counts_survive_merging(store: EmbeddingStore) -> None:
    spec = ModelSpec(name="m", family="custom", revision="1", dimension=8)
    for number in range(70):
        vectors = np.full((1, 8), number, dtype=np.float32)
        store.put(spec, [f"text {number}"], vectors, np.array([number]))
    store.tidy(spec)
    assert len(shards(store)) == 1
    vectors, tokens, known = store.get(spec, ["text 69", "unknown", "text 3"])
    assert known.tolist() == [True, False, True]
    assert tokens.tolist() == [69, -1, 3]
    assert vectors[:, 0].tolist() == [69, 0, 3]


# --- what there is


def test_models_and_clear(store: EmbeddingStore) -> None:
    assert store.models() == []
    fill(store, TEXTS[:5])
    fill(store, TEXTS, prompt="find: ", dtype="int8")
    large, small = store.models()
    assert (large.name, large.vectors) == ("hashes, prompt 'find: ', int8", 40)
    assert (small.name, small.vectors) == ("hashes", 5)
    assert large.size == sum(path.stat().st_size for path in large.folder.iterdir())
    (store.folder / "something else").touch()
    store.clear()
    assert store.models() == []
    assert (store.folder / "something else").exists()
    assert fill(store, TEXTS[:5]) == 5
