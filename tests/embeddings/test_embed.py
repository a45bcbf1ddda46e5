from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench._arrays import FloatArray
from workbench.corpus import Corpus
from workbench.embeddings import EmbeddingStore, embed
from workbench.errors import InputError, WorkbenchError
from workbench.models import DenseEncoder, LSAEncoder

from ..hashing_encoder import HashingEncoder, numbered, vector_of

if TYPE_CHECKING:
    from pathlib import Path

    from sentence_transformers import SentenceTransformer

HOSTILE = ["\0", " ", "\ud800 half", "🙂" * 300, "\u202eright\u202c", "<script>$x$</script>"]


@pytest.fixture
def store(tmp_path: Path) -> EmbeddingStore:
    return EmbeddingStore(tmp_path / "store")


def test_vectors_are_those_of_sentence_transformers(
    tiny_encoder: DenseEncoder, small_corpus: Corpus
) -> None:
    vectors = embed(small_corpus, tiny_encoder, batch_size=7, store=False, progress=False)
    expected = tiny_encoder.model.encode(list(small_corpus.texts))
    np.testing.assert_allclose(vectors.vectors, expected, atol=1e-5)
    assert vectors.corpus is small_corpus
    assert vectors.encoded == 30


def test_minilm_through_the_store(
    minilm: DenseEncoder, small_corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))  # the usual store, but empty
    first = embed(small_corpus, minilm, progress=False)
    again = embed(small_corpus, "all-MiniLM-L6-v2", progress=False)
    assert (first.encoded, again.encoded) == (30, 0)
    np.testing.assert_array_equal(again.vectors, first.vectors)
    expected = minilm.model.encode(list(small_corpus.texts))
    cosines = (again.unit() * expected).sum(axis=1)
    assert cosines.min() > 0.99999


def test_order_and_duplicates(store: EmbeddingStore) -> None:
    texts = ["b", "aaa", "b", "cc", "aaa", "b"]
    encoder = HashingEncoder()
    found = embed(texts, encoder, batch_size=2, store=store, progress=False)
    np.testing.assert_array_equal(found.vectors, [vector_of(text) for text in texts])
    assert sorted(encoder.seen) == ["aaa", "b", "cc"]
    assert found.encoded == 3


def test_texts_of_like_length_share_a_batch() -> None:
    encoder = HashingEncoder()
    embed(["a", "b" * 50, "c", "d" * 60], encoder, batch_size=2, store=False, progress=False)
    assert [len(text) for text in encoder.seen] == [60, 50, 1, 1]


@pytest.mark.parametrize("texts", ["one text", b"bytes"])
def test_one_text_is_no_corpus(texts: str) -> None:
    with pytest.raises(InputError, match=r"^Corpus: "):
        embed(texts, HashingEncoder(), progress=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1; got 0"),
        ({"truncate_dim": 0}, "truncate_dim must be 1 to 8.*'hashes'; got 0"),
        ({"truncate_dim": 9}, "truncate_dim must be 1 to 8.*'hashes'; got 9"),
        ({"prompt_name": "query"}, "'hashes' has no prompts; got prompt_name='query'"),
    ],
)
def test_arguments_are_checked_before_work(options: dict[str, int], message: str) -> None:
    encoder = HashingEncoder()
    with pytest.raises(InputError, match=message):
        embed(["a"], encoder, progress=False, **options)
    assert encoder.calls == 0


# --- options


def test_truncation_is_on_reading(store: EmbeddingStore) -> None:
    encoder = HashingEncoder()
    short = embed(["a", "b"], encoder, truncate_dim=3, store=store, progress=False)
    whole = embed(["a", "b"], encoder, store=store, progress=False)
    assert (short.encoded, whole.encoded) == (2, 0)
    np.testing.assert_array_equal(short.vectors, whole.vectors[:, :3])
    assert (short.spec.truncate_dim, whole.spec.truncate_dim) == (3, None)
    assert short.title() == "texts · hashes (3 d)"


def test_the_prompt_is_in_the_key(
    make_tiny: Callable[..., SentenceTransformer], store: EmbeddingStore
) -> None:
    model = make_tiny()
    model.prompts = {"query": "find: ", "document": ""}
    encoder = DenseEncoder(model, name="prompted")
    plain = embed(["parcel"], encoder, store=store, progress=False)
    query = embed(["parcel"], encoder, prompt_name="query", store=store, progress=False)
    document = embed(["parcel"], encoder, prompt_name="document", store=store, progress=False)
    assert (plain.encoded, query.encoded, document.encoded) == (1, 1, 0)
    np.testing.assert_allclose(query.vectors, encoder.encode(["find: parcel"]), atol=1e-6)
    assert query.spec.prompt == "find: "
    assert query.n_tokens is not None
    assert query.n_tokens[0] == len(model.tokenizer.tokenize("find: parcel")) + 2


def test_an_encoder_may_call_an_attribute_prompt() -> None:
    encoder = HashingEncoder(prompt="find: ")
    encoder.prompt = "find: "
    found = embed(["a"], encoder, store=False, progress=False)
    assert found.spec.prompt == "find: "


def test_lsa_is_fitted_on_the_corpus(small_corpus: Corpus, store: EmbeddingStore) -> None:
    found = embed(small_corpus, LSAEncoder(dimension=6), store=store, progress=False)
    expected = LSAEncoder(dimension=6).fit(small_corpus.texts)
    np.testing.assert_allclose(found.vectors, expected.encode(small_corpus.texts), atol=1e-6)
    assert found.spec == expected.spec
    assert embed(small_corpus, expected, store=store, progress=False).encoded == 0
    by_name = embed(small_corpus, "lsa", store=store, progress=False)
    assert by_name.dimension == len(small_corpus)


def test_texts_longer_than_the_model_reads_are_counted(
    tiny_encoder: DenseEncoder, store: EmbeddingStore
) -> None:
    texts = ["parcel " * 14, "parcel " * 15, "parcel", "parcel " * 400]
    for _ in range(2):  # encoded, then read
        found = embed(texts, tiny_encoder, store=store, progress=False)
        assert found.n_tokens is not None
        assert found.n_tokens.tolist() == [16, 17, 3, 402]
        assert found.truncated.tolist() == [False, True, False, True]
        assert found.summary()["truncated"] == 2


def test_a_text_of_10_mb(tiny_encoder: DenseEncoder, store: EmbeddingStore) -> None:
    text = ("x" * 120 + " ") * 83_000
    found = embed([text, "parcel"], tiny_encoder, store=store, progress=False)
    assert found.truncated.tolist() == [True, False]
    np.testing.assert_allclose(found.vectors[0], tiny_encoder.encode([text[:5000]])[0], atol=1e-5)
    assert len(found._repr_html_()) < 5000


def test_hostile_texts(tiny_encoder: DenseEncoder, store: EmbeddingStore) -> None:
    for encoder in (tiny_encoder, HashingEncoder(), LSAEncoder()):
        first = embed(HOSTILE, encoder, store=store, progress=False)
        again = embed(HOSTILE, encoder, store=store, progress=False)
        assert (first.encoded, again.encoded) == (len(HOSTILE), 0)
        np.testing.assert_array_equal(first.vectors, again.vectors)
        assert np.isfinite(first.vectors).all()


# --- progress and interruption


def test_progress_is_reported_after_each_batch(store: EmbeddingStore) -> None:
    calls: list[tuple[int, int]] = []

    def report(done: int, total: int, /) -> None:
        calls.append((done, total))

    texts = numbered(0, 70)
    embed(texts[:10], HashingEncoder(), store=store, progress=False)
    embed(texts, HashingEncoder(), batch_size=32, store=store, progress=report)
    assert calls == [(0, 60), (32, 60), (60, 60)]
    calls.clear()
    embed(texts, HashingEncoder(), batch_size=32, store=store, progress=report)
    assert calls == []


def test_long_and_short_texts_take_turns_so_that_the_remaining_time_can_be_told(
    store: EmbeddingStore,
) -> None:
    lengths: list[list[int]] = []

    class Noting(HashingEncoder):
        def encode(self, texts: Sequence[str], /, *args: object, **options: object) -> FloatArray:
            lengths.append([len(text) for text in texts])
            return super().encode(texts)

    texts = ["x" * length for length in (5, 2, 9, 1, 7, 3, 8, 4, 6)]
    embed(texts, Noting(), batch_size=2, store=store, progress=False)
    assert lengths == [[9, 8], [1], [7, 6], [3, 2], [5, 4]]


def test_an_interruption_keeps_finished_batches(store: EmbeddingStore) -> None:
    class Interrupted(HashingEncoder):
        def encode(self, texts: Sequence[str], /, *args: object, **options: object) -> FloatArray:
            if self.calls == 3:
                raise KeyboardInterrupt
            return super().encode(texts)

    texts = numbered(0, 48)
    with pytest.raises(KeyboardInterrupt):
        embed(texts, Interrupted(), batch_size=8, store=store, progress=False)
    encoder = HashingEncoder()
    found = embed(texts, encoder, batch_size=8, store=store, progress=False)
    assert found.encoded == len(encoder.seen) == 48 - 3 * 8
    np.testing.assert_array_equal(found.vectors, [vector_of(text) for text in texts])


# --- encoders that go wrong


class Wrong(HashingEncoder):
    """Gives what a function makes of the right vectors."""

    def __init__(self, change: Callable[[FloatArray], object]) -> None:
        super().__init__()
        self.change = change

    def encode(self, texts: Sequence[str], /, *args: object, **options: object) -> FloatArray:
        return self.change(super().encode(texts))


def with_nan(vectors: FloatArray) -> FloatArray:
    vectors[1, 2] = np.nan
    return vectors


def fail(vectors: FloatArray) -> FloatArray:
    time.sleep(0)
    raise RuntimeError("CUDA out of memory")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_nan, r"'hashes' returned NaN or infinity for row 2 of a batch.*begins 'bb'"),
        (lambda v: v * np.inf, r"NaN or infinity for rows 1, 2, 3 of a batch"),
        (lambda v: v[:2], r"array of shape \(2, 8\) for 3 texts; expected \(3, 8\)"),
        (lambda v: v[:, :5], r"array of shape \(3, 5\) for 3 texts; expected \(3, 8\)"),
        (lambda v: v[0], r"array of shape \(8,\) for 3 texts"),
    ],
)
def test_encoders_that_give_something_else(
    change: Callable[[FloatArray], object], message: str, store: EmbeddingStore
) -> None:
    with pytest.raises(InputError, match=message):
        embed(["ccc", "bb", "a"], Wrong(change), store=store, progress=False)
    assert embed(["a"], HashingEncoder(), store=store, progress=False).encoded == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (fail, r"'hashes' failed on a batch of 2 texts.*'ccc': RuntimeError: CUDA out of memory"),
        (lambda v: [[1.0], [1.0, 2.0]], r"'hashes' failed on a batch of 2 texts.*ValueError"),
        (lambda v: "nonsense", r"'hashes' failed on a batch of 2 texts.*ValueError"),
    ],
)
def test_encoders_that_raise(change: Callable[[FloatArray], object], message: str) -> None:
    with pytest.raises(WorkbenchError, match=message):
        embed(["bb", "ccc"], Wrong(change), store=False, progress=False)


def test_the_encoders_own_errors_come_through(tiny_encoder: DenseEncoder) -> None:
    with pytest.raises(InputError, match="has no prompt named 'queri'"):
        embed(["a"], tiny_encoder, prompt_name="queri", progress=False)
