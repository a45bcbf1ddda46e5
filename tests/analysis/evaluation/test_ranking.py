from __future__ import annotations

import numpy as np
import pytest
import pytrec_eval
from sklearn.metrics import average_precision_score, ndcg_score

from workbench.analysis.evaluation.ranking import query_metrics, ranks_in, score_blocks


def random_case(
    rng: np.random.Generator, n: int, *, tied: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return similarities (n,), the rows of some relevant texts and their grades."""
    similarities = rng.normal(size=n).astype(np.float32).astype(np.float64)
    if tied:
        similarities = rng.integers(0, max(2, n // 4), n) / 8
    rows = rng.choice(n, rng.integers(1, n + 1), replace=False)
    return similarities, rows, rng.integers(1, 5, len(rows)).astype(float)


def trec(
    similarities: np.ndarray, rows: np.ndarray, grades: np.ndarray, k: int
) -> dict[str, float]:
    """Return what trec_eval says; it ranks equal scores by descending id, so ids count down."""
    ids = [f"d{9999 - row}" for row in range(len(similarities))]
    judged = {"q": {ids[row]: int(grade) for row, grade in zip(rows, grades, strict=True)}}
    run = dict(zip(ids, similarities.tolist(), strict=True))
    measures = {"map", f"ndcg_cut.{k}", f"recall.{k}", f"P.{k}"}
    full = pytrec_eval.RelevanceEvaluator(judged, measures).evaluate({"q": run})["q"]
    first = sorted(run, key=lambda text_id: (run[text_id], text_id), reverse=True)[:k]
    top = {"q": {text_id: run[text_id] for text_id in first}}
    reciprocal = pytrec_eval.RelevanceEvaluator(judged, {"recip_rank"}).evaluate(top)["q"]
    return {
        f"ndcg@{k}": full[f"ndcg_cut_{k}"],
        f"mrr@{k}": reciprocal["recip_rank"],
        "map": full["map"],
        f"recall@{k}": full[f"recall_{k}"],
        f"precision@{k}": full[f"P_{k}"],
    }


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("k", [1, 3, 10])
def test_equals_trec_eval(k: int, tied: bool) -> None:
    rng = np.random.default_rng(k)
    for n in [1, 2, 5, 9, *rng.integers(10, 60, 60).tolist()]:
        similarities, rows, grades = random_case(rng, n, tied=tied)
        ours = query_metrics(ranks_in(similarities, rows), grades, k)
        assert ours == pytest.approx(trec(similarities, rows, grades, k), abs=1e-9)


def test_equals_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    for n in rng.integers(11, 50, 40).tolist():
        similarities, rows, grades = random_case(rng, n, tied=False)
        relevance = np.zeros(n)
        relevance[rows] = grades
        ours = query_metrics(ranks_in(similarities, rows), grades, 10)
        assert ours["ndcg@10"] == pytest.approx(
            ndcg_score([relevance], [similarities], k=10), abs=1e-9
        )
        assert ours["map"] == pytest.approx(
            average_precision_score(relevance > 0, similarities), abs=1e-9
        )


def test_a_case_by_hand() -> None:
    # Ranks 1 and 4 of grades 1 and 2; the best order is 2, 1.
    found = query_metrics([1, 4], [1.0, 2.0], 3)
    assert found == pytest.approx(
        {
            "ndcg@3": 1 / (2 + 1 / np.log2(3)),
            "mrr@3": 1.0,
            "map": (1 + 2 / 4) / 2,
            "recall@3": 0.5,
            "precision@3": 1 / 3,
        }
    )
    assert query_metrics([4], [1.0], 3)["mrr@3"] == 0.0


def test_equal_similarities_rank_by_row() -> None:
    assert ranks_in(np.array([0.5, 0.9, 0.5, 0.5]), [3, 0, 2, 1]).tolist() == [4, 2, 3, 1]


def test_blocks_are_cosines_and_equal_vectors_tie() -> None:
    rng = np.random.default_rng(0)
    queries = rng.normal(size=(7, 33))
    documents = np.vstack([rng.normal(size=(50, 33)), np.tile(rng.normal(size=33), (20, 1))])
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    documents /= np.linalg.norm(documents, axis=1, keepdims=True)
    found = dict(score_blocks(queries, documents))
    assert list(found) == list(range(7))
    np.testing.assert_allclose(
        np.stack(list(found.values())), queries @ documents.T, rtol=0, atol=1e-7
    )
    assert all(len(set(row[50:].tolist())) == 1 for row in found.values())


def test_many_documents_go_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    queries, documents = rng.normal(size=(9, 4)) / 9, rng.normal(size=(11, 4)) / 9
    whole = dict(score_blocks(queries, documents))
    monkeypatch.setattr("workbench.analysis.evaluation.ranking._BLOCK_CELLS", 25)
    parts = dict(score_blocks(queries, documents))
    assert all(np.array_equal(whole[number], parts[number]) for number in whole)
