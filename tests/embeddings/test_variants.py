"""Variants of a model: fewer dimensions, fewer bits, long texts in chunks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from workbench._arrays import FloatArray, IntArray
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings, EmbeddingStore, embed
from workbench.errors import InputError
from workbench.models import DenseEncoder, LSAEncoder, ModelSpec, variant

from ..hashing_encoder import HashingEncoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

LONG = "the dog is lost and the parcel is late please help me " * 4
TEXTS = ["parcel late", LONG, "where is my card", "refund " * 30]


@pytest.fixture
def store(tmp_path: Path) -> EmbeddingStore:
    return EmbeddingStore(tmp_path / "store")


@pytest.fixture
def counted(make_tiny: Callable[..., SentenceTransformer]) -> DenseEncoder:
    """The tiny model, which remembers what it was given."""

    class Counted(DenseEncoder):
        def __init__(self, model: SentenceTransformer) -> None:
            super().__init__(model, name="tiny")
            self.seen: list[str] = []

        def encode_counted(
            self, texts: Sequence[str], /, *args: Any, **options: Any
        ) -> tuple[FloatArray, IntArray]:
            self.seen += texts
            return super().encode_counted(texts, *args, **options)

    return Counted(make_tiny())


# --- precision


def test_encoding_a_variant_encodes_nothing(store: EmbeddingStore) -> None:
    encoder = HashingEncoder()
    full = embed(["a", "b", "c"], encoder, store=store, progress=False)
    for options in ({"truncate_dim": 3}, {"precision": "int8"}, {"precision": "ubinary"}):
        made = variant(encoder, **options)
        found = embed(["a", "b", "c"], made, store=store, progress=False)
        assert found.encoded == 0
        assert found.spec == made.spec
        named = embed(["a", "b", "c"], encoder, store=store, progress=False, **options)
        np.testing.assert_array_equal(found.vectors, named.vectors)
        assert found.title() == named.title()
    assert encoder.calls == 1
    again = embed(["a", "b", "c"], encoder, store=store, progress=False)
    np.testing.assert_array_equal(again.vectors, full.vectors)


def test_the_store_keeps_all_of_a_variant(store: EmbeddingStore) -> None:
    made = variant(HashingEncoder(), truncate_dim=3, precision="ubinary")
    embed(["a", "b"], made, store=store, progress=False)
    encoder = HashingEncoder()
    full = embed(["a", "b"], encoder, store=store, progress=False)
    assert (encoder.calls, full.vectors.dtype, full.vectors.shape) == (0, np.float32, (2, 8))


def test_what_is_asked_of_embed_goes_before_the_variants_own(store: EmbeddingStore) -> None:
    made = variant(HashingEncoder(), truncate_dim=3, precision="int8", name="small")
    found = embed(["a"], made, truncate_dim=5, precision="float32", store=store, progress=False)
    assert (found.vectors.dtype, found.vectors.shape) == (np.float32, (1, 5))
    assert found.title() == "texts · small (5 d)"


def test_int8(store: EmbeddingStore) -> None:
    encoder = HashingEncoder()
    full = embed(["a", "b", "c"], encoder, store=store, progress=False)
    found = embed(["a", "b", "c"], encoder, precision="int8", store=store, progress=False)
    expected = np.rint(full.vectors / full.vectors.max(axis=1, keepdims=True) * 127)
    np.testing.assert_array_equal(found.vectors, expected)
    assert (found.vectors.dtype, found.dimension, found.bytes_per_text) == (np.int8, 8, 8)
    np.testing.assert_array_equal(found.dense(), expected)
    np.testing.assert_allclose(np.linalg.norm(found.unit(), axis=1), 1, rtol=1e-6)
    assert found.title() == "texts · hashes (int8 vectors)"
    assert "<td>3 × 8, int8</td>" in found._repr_html_()


def test_bits(tiny_encoder: DenseEncoder, small_corpus: Corpus, store: EmbeddingStore) -> None:
    full = embed(small_corpus, tiny_encoder, store=store, progress=False)
    found = embed(
        small_corpus,
        tiny_encoder,
        truncate_dim=12,
        precision="ubinary",
        store=store,
        progress=False,
    )
    assert (found.vectors.dtype, found.vectors.shape) == (np.uint8, (30, 2))
    assert (found.dimension, found.bytes_per_text, found.dense().dtype) == (12, 2, np.float32)
    np.testing.assert_array_equal(found.dense(), np.where(full.vectors[:, :12] > 0, 1, -1))
    np.testing.assert_allclose(found.unit(), found.dense() / np.sqrt(12), rtol=1e-6)
    assert found.title() == "small · tiny (12 d, binary vectors)"
    assert "<td>30 × 12, one bit each</td>" in found._repr_html_()
    frame = found.to_frame()
    assert [name for name in frame.columns if name.startswith("d")] == [f"d{i}" for i in range(12)]
    np.testing.assert_array_equal(frame[[f"d{i}" for i in range(12)]], found.dense())
    part = found.take([4, 2])
    np.testing.assert_array_equal(part.dense(), found.dense()[[4, 2]])
    assert found.summary()["model_precision"] == "ubinary"


def test_plain_vectors_are_their_own_numbers(store: EmbeddingStore) -> None:
    found = embed(["a"], HashingEncoder(), store=store, progress=False)
    assert found.dense() is found.vectors
    assert found.bytes_per_text == 32


@pytest.mark.parametrize(
    ("vectors", "precision", "message"),
    [
        (np.ones((2, 12), np.float32), "int8", r"expected int8 of shape \(n, 12\).*got float32"),
        (np.ones((2, 12), np.uint8), "ubinary", r"expected uint8 of shape \(n, 2\).*\(2, 12\)"),
        (np.ones(2, np.uint8), "ubinary", r"got uint8 of shape \(2,\)"),
        (np.ones((3, 12), np.int8), "int8", "got 3 vectors for 2 texts"),
    ],
)
def test_vectors_that_are_not_what_the_spec_says(
    vectors: np.ndarray, precision: Any, message: str
) -> None:
    spec = ModelSpec("own", "custom", "1", 384, truncate_dim=12, precision=precision)
    with pytest.raises(InputError, match=message):
        Embeddings(vectors, Corpus(("a", "b")), spec)


def test_an_lsa_variant_is_fitted_on_the_corpus(
    small_corpus: Corpus, store: EmbeddingStore
) -> None:
    made = variant(LSAEncoder(dimension=6), truncate_dim=3, precision="int8")
    found = embed(small_corpus, made, store=store, progress=False)
    fitted = LSAEncoder(dimension=6).fit(small_corpus.texts)
    assert found.spec == made.of(fitted).spec
    assert embed(small_corpus, fitted, store=store, progress=False).encoded == 0
    wide = variant(LSAEncoder(), truncate_dim=100)
    with pytest.raises(InputError, match="truncate_dim must be 1 to 30"):
        embed(small_corpus, wide, store=store, progress=False)


def test_a_vector_without_signs(store: EmbeddingStore) -> None:
    lsa = LSAEncoder(dimension=2).fit(["the dog", "a cat"])
    with pytest.raises(InputError, match="row 2 have an all-zero vector, which has no signs"):
        embed(["dog", "zebra"], lsa, precision="ubinary", store=store, progress=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "int4"}, "embed: there is no precision 'int4'. Did you mean 'int8'"),
        ({"long_texts": "cut"}, "embed: long_texts must be 'truncate' or 'chunk'; got 'cut'"),
        ({"long_texts": "chunk"}, "embed: 'hashes' does not count tokens"),
        ({"truncate_dim": "8"}, "truncate_dim must be 1 to 8.*got '8'"),
    ],
)
def test_options_are_checked_before_work(options: dict[str, Any], message: str) -> None:
    encoder = HashingEncoder(max_tokens=4)
    with pytest.raises(InputError, match=message):
        embed(["a"], encoder, store=False, progress=False, **options)
    assert encoder.calls == 0


# --- long texts


def test_long_texts_in_chunks(counted: Any, store: EmbeddingStore) -> None:
    plain = embed(TEXTS, counted, store=store, progress=False)
    assert plain.truncated.tolist() == [False, True, False, True]
    counted.seen.clear()
    found = embed(TEXTS, counted, long_texts="chunk", store=store, progress=False)
    assert found.encoded == 2
    assert "".join(counted.seen) == LONG + TEXTS[3], "only the long texts, each once"
    expected = variant(counted, long_texts="chunk").encode(TEXTS)
    np.testing.assert_allclose(found.vectors, expected, atol=1e-5)
    np.testing.assert_array_equal(found.vectors[[0, 2]], plain.vectors[[0, 2]])
    assert not np.allclose(found.vectors[1], plain.vectors[1], atol=1e-3)
    assert found.truncated.tolist() == [False] * 4
    assert found.long.tolist() == [False, True, False, True]
    np.testing.assert_array_equal(found.n_tokens, plain.n_tokens)
    assert found.title() == "texts · tiny (long texts in chunks)"
    assert "2 of 4, read in chunks" in found._repr_html_()
    assert (found.summary()["truncated"], found.summary()["model_long_texts"]) == (0, "chunk")


def test_chunked_vectors_are_kept(counted: Any, store: EmbeddingStore) -> None:
    first = embed(TEXTS, counted, long_texts="chunk", store=store, progress=False)
    counted.seen.clear()
    again = embed(TEXTS, counted, long_texts="chunk", store=store, progress=False)
    plain = embed(TEXTS, counted, store=store, progress=False)
    small = embed(
        TEXTS, counted, long_texts="chunk", truncate_dim=4, precision="int8", store=store,
        progress=False,
    )  # fmt: skip
    assert counted.seen == []
    assert (first.encoded, again.encoded, plain.encoded, small.encoded) == (4, 0, 0, 0)
    np.testing.assert_array_equal(again.vectors, first.vectors)
    assert plain.truncated.sum() == 2
    assert (small.vectors.dtype, small.vectors.shape) == (np.int8, (4, 4))
    assert small.truncated.sum() == 0
    kept = {model.name: model.vectors for model in store.models()}
    assert kept == {"tiny": 4, "tiny, long texts in chunks": 2}


def test_a_variant_says_what_becomes_of_long_texts(counted: Any, store: EmbeddingStore) -> None:
    made = variant(counted, long_texts="chunk", name="whole")
    found = embed(TEXTS, made, store=store, progress=False)
    assert found.spec == made.spec
    assert not found.truncated.any()
    cut = embed(TEXTS, made, long_texts="truncate", store=store, progress=False)
    assert cut.truncated.sum() == 2
    assert (cut.encoded, cut.title()) == (0, "texts · whole")


def test_an_interruption_keeps_texts_that_are_done(counted: Any, store: EmbeddingStore) -> None:
    embed(TEXTS, counted, store=store, progress=False)

    class Interrupted(DenseEncoder):
        calls = 0

        def encode_counted(self, *args: Any, **options: Any) -> tuple[FloatArray, IntArray]:
            self.calls += 1
            if self.calls == 5:
                raise KeyboardInterrupt
            return super().encode_counted(*args, **options)

    broken = Interrupted(counted.model, name="tiny")
    with pytest.raises(KeyboardInterrupt):
        embed(TEXTS, broken, long_texts="chunk", batch_size=1, store=store, progress=False)
    counted.seen.clear()
    found = embed(TEXTS, counted, long_texts="chunk", store=store, progress=False)
    assert found.encoded == 1
    assert "".join(counted.seen) == TEXTS[3]


def test_progress_counts_long_texts(counted: Any, store: EmbeddingStore) -> None:
    embed(TEXTS, counted, store=store, progress=False)
    calls: list[tuple[int, int]] = []

    def report(done: int, total: int, /) -> None:
        calls.append((done, total))

    embed(TEXTS, counted, long_texts="chunk", batch_size=2, store=store, progress=report)
    assert calls == [(0, 2), (1, 2), (2, 2)]


def test_the_prompt_is_in_front_of_each_chunk(
    make_tiny: Callable[..., SentenceTransformer], store: EmbeddingStore
) -> None:
    model = make_tiny()
    model.prompts = {"query": "find the "}
    encoder = DenseEncoder(model, name="prompted")
    text = "sun " * 22
    found = embed(
        [text], encoder, prompt_name="query", long_texts="chunk", store=store, progress=False
    )
    parts = encoder.encode(["find the " + "sun " * 12, "find the " + "sun " * 10]).astype(float)
    mean = (12 * parts[0] + 10 * parts[1]) / 22
    expected = mean / np.linalg.norm(mean) * np.linalg.norm(parts, axis=1).mean()
    np.testing.assert_allclose(found.vectors[0], expected, atol=1e-5)
    alone = embed([text], encoder, long_texts="chunk", store=store, progress=False)
    assert alone.encoded == 1, "the prompt is in the key"


def test_a_model_that_reads_everything_needs_no_chunks(store: EmbeddingStore) -> None:
    lsa = LSAEncoder(dimension=2).fit(["the dog is lost", "the parcel is late"])
    found = embed([LONG], lsa, long_texts="chunk", store=store, progress=False)
    assert found.title() == "texts · lsa"


def test_a_text_of_2_mb_in_chunks(
    tiny_encoder: DenseEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[tuple[int, int]] = []
    original = DenseEncoder.encode_counted

    def encode_counted(
        self: DenseEncoder, texts: Sequence[str], /, *args: Any, **options: Any
    ) -> tuple[FloatArray, IntArray]:
        sizes.append((len(texts), max(map(len, texts))))
        return original(self, texts, *args, **options)

    monkeypatch.setattr(DenseEncoder, "encode_counted", encode_counted)
    text = ("x" * 9_999 + " ") * 200
    found = embed(
        [text, "a"], tiny_encoder, long_texts="chunk", batch_size=8, store=False, progress=False
    )
    assert np.isfinite(found.vectors).all()
    assert not found.truncated.any()
    batches = sizes[1:]
    assert sum(count for count, _ in batches) == 15  # 200 words, one token each, 14 at a time
    assert max(count for count, _ in batches) <= 8
    assert max(longest for _, longest in batches) <= 14 * 10_000


# --- the store's keys


def test_keys_are_what_they_were_before_there_was_a_choice(store: EmbeddingStore) -> None:
    """Vectors kept by earlier versions are found again: these names were written down then."""
    hashes = ModelSpec(name="hashes", family="custom", revision="1", dimension=8)
    assert store._model_folder(hashes).name == "7e731600cbc71992a359fe5e"
    query = ModelSpec(
        name="all-MiniLM-L6-v2",
        family="dense",
        revision="blake2b:" + "0" * 32,
        dimension=384,
        max_tokens=256,
        pooling="mean",
        prompt="query: ",
    )
    assert store._model_folder(query).name == "e150e584f5cd19de5d7d4755"


@pytest.mark.parametrize(
    ("made_with", "asked", "title"),
    [
        ({"precision": "int8"}, {"precision": "float32"}, "hashes"),
        (
            {"truncate_dim": 6},
            {"truncate_dim": 4, "precision": "int8"},
            "hashes (4 d, int8 vectors)",
        ),
        ({"truncate_dim": 6}, {}, "hashes (6 d)"),
        ({"truncate_dim": 6, "name": "ours"}, {"truncate_dim": 4}, "ours (4 d)"),
    ],
)
def test_the_title_says_what_was_asked_of_a_variant(
    made_with: dict[str, Any], asked: dict[str, Any], title: str
) -> None:
    made = variant(HashingEncoder(), **made_with)
    found = embed(["a", "b"], made, store=False, progress=False, **asked)
    assert found.spec.title() == title
