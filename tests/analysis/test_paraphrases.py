from __future__ import annotations

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
import torch
from sentence_transformers import util

from workbench.analysis import ParaphrasePairs, _pair_mining, _pair_nearest, paraphrase_mining
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings, embed
from workbench.errors import InputError, WorkbenchWarning

from ..hashing_encoder import HashingEncoder


def some(n: int, d: int = 8, seed: int = 1, name: str = "t", copies: int = 1) -> Embeddings:
    """Return random vectors, each ``copies`` times, in mixed order."""
    rng = np.random.default_rng(seed)
    vectors = rng.permutation(np.repeat(rng.normal(size=(n // copies, d)), copies, axis=0))
    corpus = Corpus(
        tuple(f"{name} {row}" for row in range(n)), tuple(f"{name}{i}" for i in range(n))
    )
    return Embeddings.from_array(vectors, corpus, name="own")


def cosines(left: Embeddings, right: Embeddings) -> np.ndarray:
    """Return cosines in float64, 1 for equal vectors."""
    one, two = (side.vectors.astype(np.float64) for side in (left, right))
    values = one @ two.T / np.linalg.norm(one, axis=1)[:, None] / np.linalg.norm(two, axis=1)
    values[(one[:, None] == two[None]).all(axis=2)] = 1.0
    return values


def brute(left: Embeddings, right: Embeddings | None, threshold: float) -> dict:
    values = cosines(left, right or left)
    if right is None:
        values[np.tril_indices(len(values))] = -2.0
    rows = zip(*np.nonzero(values >= threshold), strict=True)
    return {(int(i), int(j)): values[i, j] for i, j in rows}


def same(found: ParaphrasePairs, expected: dict) -> None:
    got = {(i, j): score for score, i, j in found}
    assert len(got) == len(found)
    assert got.keys() == expected.keys()
    np.testing.assert_allclose([got[key] for key in expected], list(expected.values()), atol=1e-6)
    order = [(-score, i, j) for score, i, j in found]
    assert order == sorted(order)
    assert found.scores.dtype == np.float32
    assert found.rows1.dtype == found.rows2.dtype == np.int64


@pytest.mark.parametrize("copies", [1, 4])
@pytest.mark.parametrize("threshold", [-1, 0.37, 0.9])
def test_equal_to_brute_force(copies: int, threshold: float) -> None:
    texts, others = some(120, copies=copies), some(60, seed=1, copies=copies, name="o")
    same(paraphrase_mining(texts, threshold=threshold), brute(texts, None, threshold))
    same(paraphrase_mining(texts, others, threshold=threshold), brute(texts, others, threshold))
    shared = texts.take(range(30, 50))
    same(paraphrase_mining(texts, shared, threshold=threshold), brute(texts, shared, threshold))


@pytest.mark.parametrize("copies", [1, 4])
def test_blocks_and_chunks_do_not_matter(copies: int, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, others = some(120, copies=copies), some(60, seed=1, copies=copies, name="o")
    nearest = paraphrase_mining(texts, threshold=0.2, top_k=3)
    monkeypatch.setattr(_pair_mining, "_SIDE", 7)
    monkeypatch.setattr(_pair_mining, "_CHUNK", 9)
    monkeypatch.setattr(_pair_nearest, "_BLOCK_CELLS", 7 * 120)
    steps: list[tuple[int, int]] = []
    found = paraphrase_mining(texts, threshold=0.3, progress=lambda *told: steps.append(told))
    same(found, brute(texts, None, 0.3))
    same(paraphrase_mining(texts, others, threshold=0.3), brute(texts, others, 0.3))
    assert steps[-1] == (120 // copies, 120 // copies)
    assert all(one < two for (one, _), (two, _) in pairwise(steps))
    assert list(paraphrase_mining(texts, threshold=0.2, top_k=3)) == list(nearest)


@pytest.mark.parametrize("chunk", [50, 1_000_000])
@pytest.mark.parametrize("max_pairs", [1, 17, 400])
def test_max_pairs_keeps_the_best_and_says_so(
    max_pairs: int, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_pair_mining, "_SIDE", 13)
    monkeypatch.setattr(_pair_mining, "_CHUNK", chunk)
    texts, others = some(120, copies=12), some(60, seed=1, copies=12, name="o")
    for other in (None, others):
        whole = list(paraphrase_mining(texts, other, threshold=0.1))
        with pytest.warns(WorkbenchWarning, match=f"of {len(whole):,} pairs .* the {max_pairs} "):
            found = paraphrase_mining(texts, other, threshold=0.1, max_pairs=max_pairs)
        assert list(found) == whole[:max_pairs]
        assert found.n_found == len(whole)
        assert found.cut


def test_identical_texts_are_never_lost() -> None:
    one = np.random.default_rng(0).normal(size=(1, 384))
    texts = Embeddings.from_array(
        np.repeat(one, 500, axis=0), [f"the same {i}" for i in range(500)]
    )
    found = paraphrase_mining(texts, threshold=1)
    assert len(found) == found.n_found == 124_750
    assert set(found.scores.tolist()) == {1.0}
    expected = np.stack(np.triu_indices(500, 1))
    np.testing.assert_array_equal([found.rows1, found.rows2], expected)


def test_many_equal_pairs_need_no_memory_when_few_are_kept() -> None:
    vectors = np.repeat(np.eye(2, 8), 20_000, axis=0)
    texts = Embeddings.from_array(vectors, [str(row) for row in range(40_000)])
    tracemalloc.start()
    with pytest.warns(WorkbenchWarning, match="of 399,980,000 pairs"):
        found = paraphrase_mining(texts, threshold=0.5, max_pairs=30_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6
    np.testing.assert_array_equal(found.rows1[:19_999], 0)
    np.testing.assert_array_equal(found.rows2[19_999:], np.arange(2, 10_003))


def test_too_many_pairs_are_refused_before_memory_is_full() -> None:
    vectors = np.repeat(np.eye(1, 8), 6_500, axis=0)
    texts = Embeddings.from_array(vectors, [str(row) for row in range(6_500)])
    with pytest.raises(InputError, match=r"more than 20,000,000 pairs .* max_pairs.* top_k"):
        paraphrase_mining(texts, threshold=0.5)
    with pytest.raises(InputError, match="more than 20,000,000 pairs"):
        paraphrase_mining(texts, threshold=0.5, top_k=10_000)


@pytest.mark.parametrize("copies", [1, 4])
@pytest.mark.parametrize("k", [1, 3, 500])
def test_top_k_keeps_what_is_among_either_texts_best(k: int, copies: int) -> None:
    texts, others = some(120, copies=copies), some(60, seed=1, copies=copies, name="o")
    for other in (None, others):
        expected = brute(texts, other, 0.3)
        values = cosines(texts, other or texts).round(9)  # copies: equal whatever the rounding
        if other is None:
            np.fill_diagonal(values, -2)
        kept = set()
        for row, found in enumerate(np.argsort(-values, axis=1, kind="stable")[:, :k]):
            kept |= {(row, int(j)) for j in found}
        for row, found in enumerate(np.argsort(-values.T, axis=1, kind="stable")[:, :k]):
            kept |= {(int(i), row) for i in found}
        same(
            paraphrase_mining(texts, other, threshold=0.3, top_k=k),
            {key: score for key, score in expected.items() if key in kept},
        )


def test_top_k_and_max_pairs_together() -> None:
    texts = some(120)
    whole = paraphrase_mining(texts, threshold=0.3, top_k=2)
    with pytest.warns(WorkbenchWarning, match="the 5 most similar"):
        found = paraphrase_mining(texts, threshold=0.3, top_k=2, max_pairs=5)
    assert list(found) == list(whole)[:5]
    assert found.n_found == len(whole)


def test_equal_to_sentence_transformers() -> None:
    texts = some(90)
    theirs = util.paraphrase_mining_embeddings(torch.tensor(texts.vectors), top_k=90)
    ours = [(score, i, j) for score, i, j in paraphrase_mining(texts, threshold=-1)]
    assert len(ours) == len(theirs)
    np.testing.assert_allclose([one[0] for one in ours], [one[0] for one in theirs], atol=1e-5)
    assert {tuple(one[1:]) for one in ours} == {tuple(one[1:]) for one in theirs}


def test_frame_and_what_is_shown() -> None:
    corpus = Corpus(("<b>a</b>", "a", "else"), ("x", "y", "z"), name="some")
    texts = Embeddings.from_array([[1, 0], [4, 3], [-1, 0]], corpus)
    found = paraphrase_mining(texts, threshold=0.5)
    frame = found.to_frame()
    assert list(frame.columns) == ["score", "id_1", "text_1", "id_2", "text_2"]
    assert frame.iloc[0].tolist() == [pytest.approx(0.8), "x", "<b>a</b>", "y", "a"]
    assert list(found) == [(pytest.approx(0.8), 0, 1)]
    assert found.title() == "some · own vectors · 1 pair of cosine ≥ 0.5"
    assert "&lt;b&gt;a&lt;/b&gt;" in found._repr_html_()
    assert repr(found) == "ParaphrasePairs(1 pairs, threshold=0.5)"
    assert found.summary() == {
        "texts": 3,
        "pairs": 1,
        "n_found": 1,
        "threshold": 0.5,
        "texts_in_pairs": 2,
        "score_max": pytest.approx(0.8),
        "corpus_fingerprint": corpus.fingerprint,
    }
    with pytest.raises(ValueError, match="read-only"):
        found.scores[0] = 1
    two = paraphrase_mining(texts, texts.take([1]), threshold=0.5, top_k=7)
    assert two.summary()["other_texts"] == 1
    assert two.summary()["texts_in_pairs"] == 2
    assert two.to_frame()["id_2"].tolist() == ["y", "y"]
    none = paraphrase_mining(texts, threshold=0.9)
    assert len(none) == len(none.to_frame()) == len(list(none)) == 0
    assert "0 pairs" in none._repr_html_()
    assert len(paraphrase_mining(texts.take([0]), threshold=-1)) == 0
    assert len(paraphrase_mining(texts.take([0]), threshold=-1, top_k=2)) == 0


def test_a_higher_threshold_of_what_was_found() -> None:
    texts = some(60)
    found = paraphrase_mining(texts, threshold=0.3)
    assert list(found.above(0.6)) == list(paraphrase_mining(texts, threshold=0.6))
    edge = float(found.scores[10])
    assert len(found.above(edge)) == 11
    with pytest.raises(InputError, match=r"only pairs at or above 0\.3 were kept; got 0\.2"):
        found.above(0.2)
    with pytest.warns(WorkbenchWarning, match="the 10 most"):
        cut = paraphrase_mining(texts, threshold=0.3, max_pairs=10)
    with pytest.raises(InputError, match="only pairs at or above"):
        cut.above(float(cut.scores[-1]))  # others of this score may have been left out
    assert len(cut.above(float(cut.scores[8]))) == 9


def test_quantised_vectors() -> None:
    texts = Corpus(("a b c", "a b c", "x y z", "a b d"))
    exact = paraphrase_mining(embed(texts, HashingEncoder(), store=False), threshold=0.5)
    small = embed(texts, HashingEncoder(), precision="int8", store=False)
    found = paraphrase_mining(small, threshold=0.5)
    assert [one[1:] for one in found] == [one[1:] for one in exact]
    assert found.scores[0] == 1.0


@pytest.mark.parametrize("threshold", [1.01, -2, float("nan"), "0.7", None, True])
def test_a_threshold_is_a_cosine(threshold: object) -> None:
    with pytest.raises(InputError, match=r"threshold: expected a cosine, a number from -1 to 1"):
        paraphrase_mining(some(5), threshold=threshold)


@pytest.mark.parametrize("name", ["top_k", "max_pairs"])
@pytest.mark.parametrize("value", [0, -1, 2.5, True, "3"])
def test_limits_are_whole_numbers(name: str, value: object) -> None:
    with pytest.raises(InputError, match=f"{name}: expected a whole number from 1"):
        paraphrase_mining(some(5), threshold=0.5, **{name: value})


def test_bad_vectors_are_refused() -> None:
    with pytest.raises(InputError, match=r"paraphrase_mining: expected Embeddings; got list"):
        paraphrase_mining(["a", "b"], threshold=0.5)
    zero = Embeddings.from_array([[1, 0], [0, 0]], ["a", "b"])
    with pytest.raises(InputError, match="row 2 have an all-zero vector"):
        paraphrase_mining(zero, threshold=0.5)
    with pytest.raises(InputError, match=r"8 dimensions \(own\), the other texts' 4"):
        paraphrase_mining(some(5), some(5, d=4), threshold=0.5)
    texts = Corpus(("a b", "c d"))
    one = embed(texts, HashingEncoder(), store=False)
    two = embed(texts, HashingEncoder(revision="2"), store=False)
    with pytest.raises(InputError, match=r"texts were encoded by .* the other texts by"):
        paraphrase_mining(one, two, threshold=0.5)


def test_limits_per_text_change_nothing_when_they_bind_nobody() -> None:
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(40, 32))
    vectors = centres[rng.integers(0, 40, 1_500)] + 0.6 * rng.normal(size=(1_500, 32))
    texts = Embeddings.from_array(vectors, [f"text {row}" for row in range(1_500)])
    for threshold in (0.7, 0.75, 0.8):
        whole = paraphrase_mining(texts, threshold=threshold)
        limited = paraphrase_mining(texts, threshold=threshold, top_k=1_499)
        assert len(whole) > 1_000
        assert {(a, b) for _, a, b in whole} == {(a, b) for _, a, b in limited}
