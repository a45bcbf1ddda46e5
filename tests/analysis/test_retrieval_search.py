from __future__ import annotations

import numpy as np
import pytest
import torch
from sentence_transformers import util

from workbench.analysis import _nearest
from workbench.analysis.retrieval_search import semantic_search
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings, embed
from workbench.errors import InputError
from workbench.models import variant

from ..hashing_encoder import HashingEncoder


def some(n: int, d: int = 8, seed: int = 1, name: str = "t") -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(n, d))
    corpus = Corpus(
        tuple(f"{name} {row}" for row in range(n)), tuple(f"{name}{i}" for i in range(n))
    )
    return Embeddings.from_array(vectors, corpus, name=name)


def test_equal_to_sentence_transformers() -> None:
    queries, corpus = some(20, seed=2, name="q"), some(900)
    found = semantic_search(queries, corpus)
    theirs = util.semantic_search(
        torch.tensor(queries.vectors), torch.tensor(corpus.vectors), top_k=10
    )
    for row, hits in enumerate(theirs):
        assert found.indices[row].tolist() == [hit["corpus_id"] for hit in hits]
        np.testing.assert_allclose(found.scores[row], [hit["score"] for hit in hits], atol=1e-5)
    assert found.indices.dtype == np.int64
    assert found.scores.dtype == np.float32
    assert not found.indices.flags.writeable
    assert not found.scores.flags.writeable


def test_a_query_among_the_texts_is_found_first() -> None:
    corpus = some(50)
    found = semantic_search(corpus.take([7, 3]), corpus, top_k=2)
    assert found.indices[:, 0].tolist() == [7, 3]
    # One value searched in itself: nothing is left out either.
    whole = semantic_search(corpus, corpus, top_k=1)
    assert whole.indices[:, 0].tolist() == list(range(50))


def test_ties_come_in_the_order_of_rows() -> None:
    vectors = np.repeat(np.random.default_rng(3).normal(size=(7, 33)), 50, axis=0)
    corpus = Embeddings.from_array(vectors, [str(row) for row in range(350)])
    query = Embeddings.from_array(vectors[[120]] * 3, ["query"])
    found = semantic_search(query, corpus, top_k=75)
    assert found.indices[0, :50].tolist() == list(range(100, 150))
    assert (np.diff(found.indices[0, 50:]) == 1).all()
    assert found.indices[0, 50] % 50 == 0


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, corpus = some(30, seed=2), some(200)
    whole = semantic_search(queries, corpus)
    monkeypatch.setattr(_nearest, "_BLOCK_CELLS", 200 * 7)
    steps: list[tuple[int, int]] = []
    blocks = semantic_search(
        queries, corpus, progress=lambda done, total: steps.append((done, total))
    )
    np.testing.assert_array_equal(whole.indices, blocks.indices)
    assert steps == [(7, 30), (14, 30), (21, 30), (28, 30), (30, 30)]


def test_frame() -> None:
    found = semantic_search(some(2, seed=2, name="q"), some(3), top_k=10)
    assert found.top_k == 3
    frame = found.to_frame()
    assert list(frame.columns) == ["query", "rank", "corpus_id", "score", "text"]
    assert frame["query"].tolist() == ["q0"] * 3 + ["q1"] * 3
    assert frame["rank"].tolist() == [1, 2, 3, 1, 2, 3]
    assert frame["corpus_id"].tolist() == [f"t{row}" for row in found.indices.ravel()]
    assert frame["text"].tolist() == [f"t {row}" for row in found.indices.ravel()]
    assert frame["score"].tolist() == found.scores.ravel().tolist()


def test_one_text_and_one_query() -> None:
    found = semantic_search(some(1, seed=4), some(1))
    assert found.indices.tolist() == [[0]]
    assert found.summary()["top_k"] == 1


def test_shown() -> None:
    corpus = Corpus(("<script>", "b"), name="<i>")
    vectors = Embeddings.from_array(np.eye(2), corpus, name="toy")
    found = semantic_search(vectors, vectors, top_k=1)
    assert found.title() == "<i> · toy · 1 nearest to each of 2"
    assert found.summary()["best_score_median"] == pytest.approx(1.0)
    assert "<i>" not in found._repr_html_()
    assert repr(found) == "SearchHits(2 queries × 1)"


def test_wrong_input() -> None:
    corpus = some(5)
    for wrong in (0, -1, 2.5, True):
        with pytest.raises(InputError, match="top_k: expected a whole number from 1"):
            semantic_search(corpus, corpus, top_k=wrong)
    with pytest.raises(InputError, match="semantic_search: queries: expected Embeddings; got list"):
        semantic_search(["a question"], corpus)
    with pytest.raises(InputError, match=r"queries' vectors have 3 dimensions .* texts' 8"):
        semantic_search(some(2, 3), corpus)
    with pytest.raises(InputError, match="all-zero vector"):
        semantic_search(Embeddings.from_array(np.zeros((1, 8)), ["a"]), corpus)


def test_vectors_of_two_models_are_not_compared() -> None:
    corpus, question = ["a parcel", "a refund"], ["where is it"]
    texts = embed(corpus, HashingEncoder(), store=False, progress=False)
    asked = embed(question, HashingEncoder(revision="2"), store=False, progress=False)
    with pytest.raises(InputError, match=r"by 'hashes' \(revision 2\), the texts by.*\(1\)"):
        semantic_search(asked, texts)
    small = embed(question, variant(HashingEncoder(), precision="int8"), store=False)
    assert semantic_search(small, texts).top_k == 2  # one model, in other bits
