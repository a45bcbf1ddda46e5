"""Fusions by hand."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.errors import InputError
from workbench.search import Hybrid, SearchIndex
from workbench.search.fusion import reciprocal_rank_fusion, weighted_fusion


def test_reciprocal_ranks_by_hand() -> None:
    first, second = np.array([4, 2, 7]), np.array([2, 9])
    rows, scores = reciprocal_rank_fusion([first, second], [1.0, 1.0], 60, 10)
    # 2: 1/62 + 1/61; 4: 1/61; 9: 1/62; 7: 1/63
    assert rows.tolist() == [2, 4, 9, 7]
    assert scores.tolist() == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62, 1 / 63])


def test_weights_and_constant_of_reciprocal_ranks() -> None:
    rows, scores = reciprocal_rank_fusion([np.array([1, 5]), np.array([5])], [2.0, 0.8], 1, 1)
    assert rows.tolist() == [5]  # 2/3 + 0.8/2 = 1.067 against 2/2 = 1
    assert scores.tolist() == pytest.approx([2 / 3 + 0.4])


def test_equal_sums_stay_in_the_order_of_rows() -> None:
    rows, _ = reciprocal_rank_fusion([np.array([8]), np.array([3])], [1.0, 1.0], 60, 10)
    assert rows.tolist() == [3, 8]


def test_weighted_scores_by_hand() -> None:
    dense = (np.array([0, 1, 2]), np.array([0.9, 0.5, 0.1], np.float32))
    words = (np.array([2, 3]), np.array([12.0, 8.0], np.float32))
    rows, scores = weighted_fusion([dense, words], [3.0, 1.0], 10)
    # scaled: dense 1, 0.5, 0; words 1, 0; shares 3/4 and 1/4
    assert rows.tolist() == [0, 1, 2, 3]
    assert scores.tolist() == pytest.approx([0.75, 0.375, 0.25, 0.0])


def test_one_candidate_counts_whole_and_none_counts_nothing() -> None:
    one = (np.array([4]), np.array([0.2], np.float32))
    none = (np.empty(0, np.int64), np.empty(0, np.float32))
    rows, scores = weighted_fusion([one, none], [1.0, 1.0], 5)
    assert (rows.tolist(), scores.tolist()) == ([4], [0.5])


def test_a_hybrid_search_fuses_its_methods(faq_index: SearchIndex) -> None:
    query = "Where can I enter a voucher code?"
    hybrid = Hybrid(("dense", "bm25", "sparse"), k=10, depth=20)
    found = faq_index.search(query, method=hybrid, top_k=20)
    sums: dict[int, float] = {}
    for method in hybrid.methods:
        rows = faq_index.search(query, method=method, top_k=20).rows[0]
        for rank, row in enumerate(rows.tolist(), 1):
            sums[row] = sums.get(row, 0.0) + 1 / (10 + rank)
    expected = sorted(sums, key=lambda row: (-sums[row], row))[:20]
    assert found.rows[0].tolist() == expected
    assert found.scores[0].tolist() == pytest.approx([sums[row] for row in expected])
    assert found.method == "dense + bm25 + sparse (reciprocal ranks, k = 10)"


def test_the_plain_word_hybrid_is_dense_and_bm25(faq_index: SearchIndex) -> None:
    plain = faq_index.search("gift card", method="hybrid")
    assert plain.rows[0].tolist() == faq_index.search("gift card", method=Hybrid()).rows[0].tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": ("dense",)}, "expected two or more different methods"),
        ({"methods": "dense"}, "expected two or more different methods"),
        ({"methods": ("dense", "dense")}, "expected two or more different methods"),
        ({"methods": ("dense", "hybrid")}, "expected two or more different methods"),
        ({"methods": None}, "expected two or more different methods"),
        ({"weights": [1.0, 2.0]}, "weights is a dict by method"),
        ({"weights": {"dense": True}}, "a weight is a number above 0; 'dense' has True"),
        ({"fusion": "rff"}, "there is no fusion 'rff'. Did you mean 'rrf'"),
        ({"weights": {"bm52": 2.0}}, "no method 'bm52' to weigh. Did you mean 'bm25'"),
        ({"weights": {"bm25": 0.0}}, "a weight is a number above 0; 'bm25' has 0.0"),
        ({"k": 0}, "Hybrid: k: expected a whole number from 1"),
        ({"depth": 0}, "Hybrid: depth: expected a whole number from 1"),
    ],
)
def test_what_is_no_hybrid(options: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Hybrid(**options)
