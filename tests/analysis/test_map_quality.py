from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn import manifold
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestNeighbors

from workbench.analysis import Neighbors, Projection, nearest_neighbors, project, quality
from workbench.analysis.map_quality import map_quality
from workbench.embeddings import Embeddings
from workbench.errors import InputError


def drawn_at(projection: Projection, places: np.ndarray) -> Projection:
    return replace(projection, coordinates=places.astype(np.float32))


def some(n: int, d: int = 10) -> Embeddings:
    vectors = np.random.default_rng(n).normal(size=(n, d))
    return Embeddings.from_array(vectors, [f"text {row}" for row in range(n)])


def both_of_sklearn(projection: Projection, k: int) -> tuple[float, float]:
    vectors = projection.embeddings.vectors.astype(np.float64)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    places = projection.coordinates.astype(np.float64)
    return (
        manifold.trustworthiness(vectors, places, n_neighbors=k, metric="cosine"),
        manifold.trustworthiness(places, unit, n_neighbors=k),
    )


@pytest.mark.parametrize("k", [1, 5, 15, 40])
def test_equal_to_scikit_learn(umap_map: Projection, k: int) -> None:
    found = map_quality(umap_map, n_neighbors=k)
    trust, continuity = both_of_sklearn(umap_map, k)
    assert found.trustworthiness == pytest.approx(trust, abs=1e-9)
    assert found.continuity == pytest.approx(continuity, abs=1e-9)
    assert found.k == k
    assert found.notes == ()


@pytest.mark.parametrize("n", [3, 4, 5, 31])
def test_few_texts(n: int) -> None:
    projection = project(some(n), method="pca")
    found = map_quality(projection)
    trust, continuity = both_of_sklearn(projection, (n - 1) // 2)
    assert found.trustworthiness == pytest.approx(trust, abs=1e-9)
    assert found.continuity == pytest.approx(continuity, abs=1e-9)
    if n < 31:
        assert found.notes == (
            f"n_neighbors=15 was lowered to {(n - 1) // 2}: there are {n} texts.",
        )


def test_points_by_definition(umap_map: Projection) -> None:
    """Each text's number from full rank matrices, term by term."""
    k, n = 7, 120
    found = map_quality(umap_map, n_neighbors=k)
    vectors = umap_map.embeddings.vectors.astype(np.float64)
    places = umap_map.coordinates.astype(np.float64)
    far = -cosine_similarity(vectors)
    apart = np.linalg.norm(places[:, None] - places, axis=2)
    for distances in (far, apart):
        np.fill_diagonal(distances, -np.inf)
    real, drawn = (np.argsort(np.argsort(one, axis=1), axis=1) for one in (far, apart))
    most = sum(n - 1 - place - k for place in range(k))
    for ours, theirs, got in (
        (drawn, real, found.point_trustworthiness),
        (real, drawn, found.point_continuity),
    ):
        for row in range(n):
            near = [other for other in range(n) if 1 <= ours[row, other] <= k]
            penalty = sum(max(0, theirs[row, other] - k) for other in near)
            assert got[row] == pytest.approx(1 - penalty / most, abs=1e-12)
    assert found.trustworthiness == pytest.approx(found.point_trustworthiness.mean(), abs=1e-12)


def test_the_worst_map_is_zero_and_the_best_one() -> None:
    angles = np.radians([0.0, 10.0, 40.0])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    good = project(Embeddings.from_array(rows, ["a", "b", "c"]), method="pca")
    found = map_quality(good)
    np.testing.assert_array_equal(found.point_trustworthiness, 1.0)
    np.testing.assert_array_equal(found.point_continuity, 1.0)
    # b and c in each other's place: a's and c's nearest are each other, b's is c.
    wrong = map_quality(drawn_at(good, np.array([[0.0, 0.0], [4.0, 0.0], [1.0, 0.0]])))
    np.testing.assert_array_equal(wrong.point_trustworthiness, [0.0, 0.0, 0.0])
    np.testing.assert_array_equal(wrong.point_continuity, [0.0, 0.0, 0.0])
    np.testing.assert_array_equal(wrong.doubtful, [True, True, True])


def test_doubtful_is_what_stands_among_the_wrong_texts(umap_map: Projection) -> None:
    toy = umap_map.embeddings
    blob = toy.corpus["blob"]
    assert not map_quality(umap_map, n_neighbors=10).doubtful[blob == 0].all()
    places = umap_map.coordinates.copy()
    moved = np.flatnonzero(blob == 2)[:5]
    places[moved] = places[np.flatnonzero(blob == 0)[:5]] + 0.01
    found = map_quality(drawn_at(umap_map, places), n_neighbors=10)
    assert found.doubtful[moved].all()
    assert (found.point_trustworthiness[moved] < found.trustworthiness).all()


def test_real_share_by_definition(umap_map: Projection, toy_neighbors: Neighbors) -> None:
    found = map_quality(umap_map, n_neighbors=10, neighbors=toy_neighbors)
    near = NearestNeighbors(n_neighbors=10).fit(umap_map.coordinates).kneighbors()[1]
    real = toy_neighbors.indices[:, :20]
    expected = [np.isin(one, other).mean() for one, other in zip(near, real, strict=True)]
    np.testing.assert_allclose(found.real_share, expected)
    np.testing.assert_array_equal(found.doubtful, np.array(expected) < 0.5)
    assert found.neighbors is not None
    assert found.neighbors.n_neighbors == 20


def test_a_map_drawn_at_random_is_mostly_doubtful() -> None:
    for n in (40, 300):
        projection = project(some(n), method="pca")
        places = np.random.default_rng(1).normal(size=(n, 2))
        assert map_quality(drawn_at(projection, places)).doubtful.mean() > 0.5


@pytest.mark.parametrize("n", [1, 2])
def test_nothing_to_measure(n: int) -> None:
    found = map_quality(project(some(n), method="pca"))
    assert np.isnan([found.trustworthiness, found.continuity]).all()
    assert not found.doubtful.any()
    assert found.k == 0
    assert found.sentence() == (
        f"The quality of a map needs 3 texts; with {n} there is nothing to get wrong."
    )
    assert len(found.to_frame()) == n
    assert "<table>" in found._repr_html_()


def test_identical_texts_count_for_nothing() -> None:
    same = Embeddings.from_array(np.full((8, 5), 0.3), ["same"] * 8)
    found = map_quality(project(same, method="umap"))
    assert (found.trustworthiness, found.continuity) == (1.0, 1.0)
    assert not found.doubtful.any()


def test_which_of_many_copies_is_drawn_makes_no_difference() -> None:
    vectors = np.repeat(np.eye(3), 40, axis=0) + 0.0
    copies = Embeddings.from_array(vectors, [f"text {row // 40}" for row in range(120)])
    around = np.random.default_rng(0).normal(size=(120, 2))
    places = around + np.repeat([[0, 0], [90, 0], [0, 90]], 40, axis=0)
    found = map_quality(drawn_at(project(copies, method="pca"), places), n_neighbors=10)
    assert (found.trustworthiness, found.continuity) == (1.0, 1.0)
    np.testing.assert_array_equal(found.real_share, 1.0)


def test_a_sample_is_stated_and_the_one_of_the_projection(
    make: Callable[..., Embeddings], monkeypatch: pytest.MonkeyPatch
) -> None:
    projection = project(make((150, 100, 50), spread=0.5), method="pca")
    whole = map_quality(projection)
    monkeypatch.setattr(quality, "MOST_ROWS", 200)
    found = map_quality(projection)
    rows = found.measured
    np.testing.assert_array_equal(rows, quality.measured_rows(300, 0))
    assert len(rows) == found.summary()["texts_measured"] == 200
    np.testing.assert_array_equal(found.point_continuity[rows], whole.point_continuity[rows])
    np.testing.assert_array_equal(found.doubtful, whole.doubtful)
    assert found.trustworthiness == pytest.approx(whole.trustworthiness, abs=0.02)
    sampled = project(projection.embeddings, method="pca").trustworthiness
    assert found.trustworthiness == pytest.approx(sampled, abs=2e-6)
    assert found.notes == (
        "Trustworthiness and continuity are those of a sample of 200 texts, each compared with "
        "all 300.",
    )


def test_blocks_make_no_difference(umap_map: Projection, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = map_quality(umap_map)
    monkeypatch.setattr(sys.modules["workbench.analysis.map_quality"], "_BLOCK_CELLS", 1000)
    calls: list[tuple[int, int]] = []
    found = map_quality(umap_map, progress=lambda done, total: calls.append((done, total)))
    np.testing.assert_array_equal(found.point_trustworthiness, whole.point_trustworthiness)
    np.testing.assert_array_equal(found.point_continuity, whole.point_continuity)
    np.testing.assert_array_equal(found.real_share, whole.real_share)
    assert calls[0] == (8, 120)
    assert calls[-1] == (120, 120)


def test_frame_summary_and_title(umap_map: Projection) -> None:
    found = map_quality(umap_map)
    frame = found.to_frame()
    assert list(frame.columns) == [
        "id",
        "text",
        "trustworthiness",
        "continuity",
        "real_share",
        "doubtful",
    ]
    summary = found.summary()
    assert summary["doubtful"] == int(frame["doubtful"].sum())
    assert all(isinstance(value, int | float | str) for value in summary.values())
    assert found.title() == "texts · toy · UMAP · quality"
    assert "of 120 texts" in found.sentence()
    assert "among their 30 nearest by cosine" in found.sentence()
    assert not found.point_continuity.flags.writeable
    again = pickle.loads(pickle.dumps(found))
    assert again.summary() == summary


def test_wrong_input(umap_map: Projection, make: Callable[..., Embeddings]) -> None:
    with pytest.raises(InputError, match=r"expected what wb\.project returns; got Embeddings"):
        map_quality(umap_map.embeddings)
    for wrong in (0, 1.5, None):
        with pytest.raises(InputError, match="n_neighbors: expected a whole number from 1"):
            map_quality(umap_map, n_neighbors=wrong)
    with pytest.raises(InputError, match="these belong to other vectors"):
        map_quality(umap_map, neighbors=nearest_neighbors(make((30,))))
