"""Distributions, differences and blocks of similarities, against all pairs by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from workbench.analysis import (
    block_similarities,
    similarity_difference,
    similarity_distribution,
    similarity_matrix,
)
from workbench.embeddings import Embeddings
from workbench.errors import InputError


def embedded(count: int = 40, seed: int = 0, dimension: int = 6) -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)) + 0.3
    return Embeddings.from_array(vectors, [f"text {row}" for row in range(count)])


def upper(embeddings: Embeddings) -> np.ndarray:
    cosines = cosine_similarity(embeddings.vectors.astype(np.float64))
    return cosines[np.triu_indices(len(embeddings), 1)]


# ---- distribution


def test_few_texts_give_all_pairs() -> None:
    found = similarity_distribution(similarity_matrix(embedded()))
    np.testing.assert_allclose(found.baseline, np.sort(upper(embedded())), atol=1e-6)
    counts = np.histogram(upper(embedded()), np.linspace(-1, 1, 51))[0]
    np.testing.assert_allclose(found.shares, counts / 780)
    np.testing.assert_allclose(found.baseline_shares, found.shares)
    middle = float(np.median(upper(embedded())))
    assert found.share_below(middle) == pytest.approx(0.5, abs=0.01)
    assert (found.share_below(-1.1), found.share_below(1.1)) == (0, 1)


def test_random_pairs_are_of_different_texts_and_of_the_baseline() -> None:
    whole = embedded(300)
    matrix = similarity_matrix(whole.take(range(10)))
    found = similarity_distribution(matrix, baseline=whole, n_pairs=5000, random_state=1)
    assert len(found.baseline) == 5000
    assert found.baseline.max() < 0.9999, "no text with itself"
    for share in (0.1, 0.5, 0.9):
        truth = np.quantile(upper(whole), share)
        assert np.quantile(found.baseline, share) == pytest.approx(truth, abs=0.03)
    again = similarity_distribution(matrix, baseline=whole, n_pairs=5000, random_state=1)
    np.testing.assert_array_equal(found.baseline, again.baseline)


@pytest.mark.parametrize("metric", ["dot", "euclidean", "manhattan"])
def test_every_metric(metric: str) -> None:
    matrix = similarity_matrix(embedded(), metric=metric)
    found = similarity_distribution(matrix)
    np.testing.assert_allclose(found.baseline, np.sort(matrix.pairs()), rtol=1e-4, atol=1e-4)
    assert found.shares.sum() == pytest.approx(1)


def test_one_text_has_no_pair() -> None:
    found = similarity_distribution(similarity_matrix(embedded(1)))
    assert len(found.baseline) == 0
    assert np.isnan(found.share_below(0.5))
    assert found.summary()["pairs"] == 0


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(InputError, match=r"expected what wb\.similarity_matrix returns; got str"):
        similarity_distribution("matrix")
    one = embedded()
    two = Embeddings.from_array(one.vectors, one.corpus, name="two")
    for other, said in ((embedded(dimension=3), "3 dimensions"), (two, "two, 6 dimensions")):
        with pytest.raises(InputError, match=rf"{said}\) are by another model.* 6 dimensions\)"):
            similarity_distribution(similarity_matrix(one), baseline=other)


# ---- difference


def test_a_difference_is_one_minus_the_other() -> None:
    one, other = embedded(), embedded(seed=5, dimension=9)
    found = similarity_difference(similarity_matrix(one), similarity_matrix(other))
    expected = cosine_similarity(one.vectors) - cosine_similarity(other.vectors)
    np.testing.assert_allclose(found.values, expected, atol=1e-5)
    frame = found.to_frame()
    assert len(frame) == 780
    assert frame["difference"].abs().is_monotonic_decreasing
    largest = np.abs(expected[np.triu_indices(40, 1)]).max()
    assert abs(frame["difference"][0]) == pytest.approx(largest, abs=1e-5)
    np.testing.assert_allclose(frame["first"] - frame["second"], frame["difference"], atol=1e-6)


def test_differences_of_other_texts_or_metrics_are_refused() -> None:
    matrix = similarity_matrix(embedded())
    with pytest.raises(InputError, match=r"rows are of other texts: .* \(40 texts\) and .* \(39\)"):
        similarity_difference(matrix, similarity_matrix(embedded(39)))
    with pytest.raises(InputError, match="one is of cosine, the other of dot"):
        similarity_difference(matrix, similarity_matrix(embedded(), metric="dot"))


# ---- blocks


def test_blocks_are_means_of_all_pairs() -> None:
    vectors = embedded(50)
    names = [("c", "a", "b")[row % 3] for row in range(50)]
    found = block_similarities(vectors, names)
    assert found.names == ("a", "b", "c")
    cosines = cosine_similarity(vectors.vectors.astype(np.float64))
    groups = [np.flatnonzero(np.array(names) == name) for name in "abc"]
    for i, rows in enumerate(groups):
        np.testing.assert_array_equal(found.rows(i), rows)
        for j, columns in enumerate(groups):
            block = cosines[np.ix_(rows, columns)]
            if i == j:
                block = block[~np.eye(len(rows), dtype=bool)]
            assert found.values[i, j] == pytest.approx(block.mean(), abs=1e-5)
    assert found.sizes.tolist() == [17, 16, 17]


def test_large_blocks_are_split_and_many_are_other() -> None:
    vectors = embedded(2500)
    found = block_similarities(vectors, ["all"] * 2500)
    assert len(found.names) == 3
    assert found.names[0] == "all (1)"
    many = block_similarities(embedded(400), [f"n{row // 2}" for row in range(400)])
    assert len(many.names) == 150
    assert many.sizes[many.names.index("other (51 names)")] == 102


def test_like_blocks_stand_beside_each_other() -> None:
    owner = np.arange(600) % 20
    angles = owner / 20 * np.pi
    noise = 0.01 * np.random.default_rng(0).normal(size=(600, 2))
    vectors = np.column_stack([np.cos(angles), np.sin(angles)]) + noise
    found = block_similarities(Embeddings.from_array(vectors, [str(i) for i in range(600)]))
    values = found.values
    beside = [values[i, i + 1] for i in range(len(values) - 1)]
    assert min(beside) > 0.9


def test_a_block_of_one_text_has_no_mean() -> None:
    found = block_similarities(embedded(3), ["a", "b", "b"])
    assert np.isnan(found.values[0, 0])
    with pytest.raises(InputError, match="got 2 names for 3 texts"):
        block_similarities(embedded(3), ["a", "b"])
