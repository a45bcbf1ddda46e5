from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from workbench.analysis import _nearest, nearest_neighbors
from workbench.analysis._nearest import top_k
from workbench.analysis.similarity import SIMILARITIES
from workbench.embeddings import Embeddings
from workbench.errors import InputError


def some(n: int, d: int = 8, seed: int = 1) -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(n, d))
    return Embeddings.from_array(vectors, [f"text {row}" for row in range(n)])


def brute(vectors: np.ndarray, metric: str) -> np.ndarray:
    """Return similarities in float64, the diagonal at -inf."""
    exact = vectors.astype(np.float64)
    if metric == "cosine":
        values = 1.0 - cdist(exact, exact, "cosine")
    elif metric == "dot":
        values = exact @ exact.T
    else:
        values = -cdist(exact, exact, "euclidean" if metric == "euclidean" else "cityblock")
    np.fill_diagonal(values, -np.inf)
    return values


@pytest.mark.parametrize("metric", SIMILARITIES)
def test_equal_to_brute_force(metric: str) -> None:
    embeddings = some(700)
    found = nearest_neighbors(embeddings, 5, metric=metric)  # wide enough for the bound
    values = brute(embeddings.vectors, metric)
    expected = np.argsort(-values, axis=1, kind="stable")[:, :5]
    np.testing.assert_array_equal(found.indices, expected)
    np.testing.assert_allclose(
        found.similarities, np.take_along_axis(values, expected, axis=1), atol=1e-5
    )
    assert found.indices.dtype == np.int64
    assert found.similarities.dtype == np.float32


def test_equal_to_scikit_learn(toy: Embeddings) -> None:
    brute_force = NearestNeighbors(metric="cosine", algorithm="brute").fit(toy.vectors)
    distances, indices = brute_force.kneighbors(n_neighbors=15)
    found = nearest_neighbors(toy)
    np.testing.assert_array_equal(found.indices, indices)
    np.testing.assert_allclose(found.distances, distances, atol=1e-6)


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    embeddings = some(300)
    whole = nearest_neighbors(embeddings, 7)
    monkeypatch.setattr(_nearest, "_BLOCK_CELLS", 300 * 13)
    steps: list[tuple[int, int]] = []
    blocks = nearest_neighbors(
        embeddings, 7, progress=lambda done, total: steps.append((done, total))
    )
    np.testing.assert_array_equal(whole.indices, blocks.indices)
    assert steps[0] == (13, 300)
    assert steps[-1] == (300, 300)


def test_equal_vectors_come_in_the_order_of_rows() -> None:
    vectors = np.repeat(np.random.default_rng(3).normal(size=(7, 33)), 50, axis=0)
    embeddings = Embeddings.from_array(vectors, [str(row) for row in range(350)])
    found = nearest_neighbors(embeddings, 60)
    for row in (0, 30, 349):
        group = row // 50
        own = [other for other in range(group * 50, group * 50 + 50) if other != row]
        assert found.indices[row, :49].tolist() == own
        rest = found.indices[row, 49:]
        assert (np.diff(rest) == 1).all()
        assert rest[0] % 50 == 0


def test_identical_texts() -> None:
    embeddings = Embeddings.from_array(np.ones((6, 3)), list("abcdef"))
    found = nearest_neighbors(embeddings, 2)
    assert found.indices.tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1], [0, 1]]
    np.testing.assert_allclose(found.similarities, 1.0, atol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_texts_have_n_minus_1_neighbors(n: int) -> None:
    found = nearest_neighbors(some(n), 15)
    assert found.indices.shape == (n, n - 1)
    assert found.n_neighbors == n - 1
    for row in range(n):
        assert sorted([*found.indices[row], row]) == list(range(n))
    assert found.summary()["texts"] == n
    assert "<table>" in found._repr_html_()


@pytest.mark.parametrize("k", [1, 3, 40])
@pytest.mark.parametrize("levels", [2, 5, 10_000])
def test_top_k_with_ties(k: int, levels: int) -> None:
    values = np.random.default_rng(k).integers(levels, size=(20, 400)).astype(np.float32)
    columns, picked = top_k(values, k)
    expected = np.argsort(-values, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(columns, expected)
    np.testing.assert_array_equal(picked, np.take_along_axis(values, expected, axis=1))


def test_first_and_frame(toy: Embeddings) -> None:
    found = nearest_neighbors(toy, 6)
    few = found.first(2)
    np.testing.assert_array_equal(few.indices, found.indices[:, :2])
    assert not few.indices.flags.writeable
    frame = few.to_frame()
    assert list(frame.columns) == ["id", "rank", "neighbor_id", "similarity"]
    assert frame["rank"].tolist()[:4] == [1, 2, 1, 2]
    assert frame["neighbor_id"][2] == toy.corpus.ids[few.indices[1, 0]]
    assert "2 nearest by cosine" in few.title()


def test_wrong_input(toy: Embeddings) -> None:
    for wrong in (0, -1, 2.5, True, "5"):
        with pytest.raises(InputError, match="n_neighbors: expected a whole number from 1"):
            nearest_neighbors(toy, wrong)
    with pytest.raises(InputError, match="no similarity 'euclid'"):
        nearest_neighbors(toy, metric="euclid")
    with pytest.raises(InputError, match="all-zero vector"):
        nearest_neighbors(Embeddings.from_array([[0.0], [1.0]], ["a", "b"]))
    with pytest.raises(InputError, match=r"Neighbors\.first: expected a whole number from 1 to 3"):
        nearest_neighbors(toy, 3).first(4)
    with pytest.raises(InputError, match="a dot product has no distance"):
        _ = nearest_neighbors(toy, 3, metric="dot").distances


def test_interrupting_stops_at_the_next_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_nearest, "_BLOCK_CELLS", 1000)
    calls = 0

    def stop(done: int, total: int, /) -> None:
        nonlocal calls
        calls += 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nearest_neighbors(some(200), progress=stop)
    assert calls == 1
