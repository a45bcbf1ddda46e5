from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

from workbench.analysis import (
    CLUSTERING_PARAMETERS,
    Clustering,
    Neighbors,
    cluster,
    partition,
)
from workbench.analysis.clustering import _by_size
from workbench.analysis.partition import _densest
from workbench.embeddings import Embeddings
from workbench.errors import InputError

METHODS = tuple(CLUSTERING_PARAMETERS)
BLOBS = {
    "hdbscan": {},
    "kmeans": {"n_clusters": 3},
    "agglomerative": {"n_clusters": 3},
    "community": {"threshold": 0.6},
}


def some(n: int) -> Embeddings:
    vectors = np.random.default_rng(n).normal(size=(n, 10))
    return Embeddings.from_array(vectors, [f"text {row}" for row in range(n)])


@pytest.mark.parametrize("method", METHODS)
def test_finds_the_blobs(toy: Embeddings, toy_neighbors: Neighbors, method: str) -> None:
    found = cluster(toy, method=method, neighbors=toy_neighbors, **BLOBS[method])
    assert [one.size for one in found.clusters] == [60, 40, 20]
    assert adjusted_rand_score(toy.corpus["blob"], found.labels) == 1.0
    assert found.labels.dtype == np.int64
    assert [one.keywords[0] for one in found.clusters] == ["card", "courier", "code"]
    expected = silhouette_score(toy.unit(), found.labels, metric="cosine")
    assert found.silhouette == pytest.approx(expected, abs=1e-6)
    assert found.unclustered == 0
    assert found.notes == ()


def test_hdbscan_names_its_reduction(hdbscan: Clustering) -> None:
    assert hdbscan.reduction == "umap, 5 dimensions"
    assert hdbscan.params["min_cluster_size"] == 10


def test_hdbscan_without_a_reduction(toy: Embeddings) -> None:
    found = cluster(toy, reduction="none", min_samples=2)
    assert found.reduction == ""
    assert len(found.clusters) == 3


@pytest.mark.parametrize("method", METHODS)
def test_a_seed_gives_the_same_numbers(
    make: Callable[..., Embeddings], toy_neighbors: Neighbors, method: str
) -> None:
    loose = make((60, 40, 20), spread=0.4)
    first = cluster(loose, method=method, random_state=5, **BLOBS[method])
    second = cluster(loose, method=method, random_state=5, **BLOBS[method])
    np.testing.assert_array_equal(first.labels, second.labels)
    assert first.clusters == second.clusters


def test_kmeans_and_agglomerative_are_the_libraries_own(make: Callable[..., Embeddings]) -> None:
    loose = make((60, 40, 20), spread=0.4)
    unit = loose.unit()
    ours = cluster(loose, method="kmeans", n_clusters=5, random_state=1).labels
    theirs = KMeans(5, n_init=4, random_state=1).fit_predict(unit)
    assert adjusted_rand_score(ours, theirs) == 1.0
    ours = cluster(loose, method="agglomerative", n_clusters=5).labels
    theirs = fcluster(linkage(unit.astype(float), "average", "cosine"), 5, "maxclust")
    assert adjusted_rand_score(ours, theirs) == 1.0


def test_labels_are_ordered_by_size_then_first_row() -> None:
    labels = np.array([7, 3, 3, -1, 5, 5, 5, 9, 9, -1, 7])
    assert _by_size(labels).tolist() == [1, 2, 2, -1, 0, 0, 0, 3, 3, -1, 1]
    assert _by_size(np.array([-1, -1])).tolist() == [-1, -1]


def test_exemplars_are_nearest_to_the_centre(hdbscan: Clustering, toy: Embeddings) -> None:
    for one in hdbscan.clusters:
        rows = np.flatnonzero(hdbscan.labels == one.label)
        centre = toy.unit()[rows].astype(np.float64).mean(axis=0)
        order = rows[np.argsort(-(toy.unit()[rows].astype(np.float64) @ centre))]
        assert one.exemplars == tuple(order[:3].tolist())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_few_texts(method: str, n: int) -> None:
    found = cluster(some(n), method=method)
    assert found.labels.shape == (n,)
    assert sum(one.size for one in found.clusters) + found.unclustered == n
    if n < 8:  # n_clusters is 8, the other methods want 10 texts
        assert found.notes
    assert "<table>" in found._repr_html_()
    assert len(found.to_frame()) == n


@pytest.mark.parametrize("n", [3, 6, 9])
def test_hdbscan_on_few_texts_falls_back_to_pca(n: int) -> None:
    found = cluster(some(n), min_cluster_size=2, min_samples=20)
    if n < 8:
        assert found.reduction == "pca, 5 dimensions"
        assert "UMAP to 5 dimensions needs 8 texts" in found.notes[0]
    else:
        assert found.reduction == "umap, 5 dimensions"
    assert f"min_samples=20 was lowered to {n}" in found.notes[-1]
    assert found.params["min_samples"] == n


@pytest.mark.parametrize("method", METHODS)
def test_identical_texts_are_one_cluster(method: str) -> None:
    same = Embeddings.from_array(np.full((12, 6), 0.3), ["refund please"] * 12)
    found = cluster(same, method=method)
    assert found.labels.tolist() == [0] * 12
    assert np.isnan(found.silhouette)
    assert found.clusters[0].exemplars == (0, 1, 2)


def test_fewer_distinct_texts_than_clusters() -> None:
    vectors = np.repeat(np.eye(4), 5, axis=0)
    found = cluster(Embeddings.from_array(vectors, ["text"] * 20), method="kmeans", n_clusters=9)
    assert len(found.clusters) == 4
    assert found.params["n_clusters"] == 4
    assert "n_clusters=9 was lowered to 4: there are 4 distinct" in found.notes[0]


def test_one_cluster_of_nearly_all_is_split_where_it_can_be() -> None:
    """A few texts in another language must not make one cluster of all others."""
    rng = np.random.default_rng(0)
    near = rng.normal(size=(300, 2)) + np.repeat([[0, 0], [4, 0], [0, 4]], 100, axis=0)
    far = rng.normal(size=(20, 2)) + np.array([500, 500])
    points = np.vstack([near, far]).astype(np.float32)
    values = {"min_cluster_size": 10, "max_share": 1.0}
    whole, notes = _densest(points, values, 5)
    assert np.bincount(whole).tolist() == [300, 20]
    assert not len(notes)
    split, notes = _densest(points, {**values, "max_share": 0.8}, 5)
    clear = split >= 0
    blob = np.repeat([0, 1, 2, 3], [100, 100, 100, 20])
    assert adjusted_rand_score(blob[clear], split[clear]) > 0.9
    assert "of the texts was split (max_share=0.8)" in notes[0]
    # One even cloud beside a small one has nothing inside to split it into.
    grid = np.stack(np.meshgrid(np.arange(15), np.arange(15)), axis=-1).reshape(-1, 2)
    even = np.vstack([grid + rng.uniform(-0.1, 0.1, grid.shape), far[:15]])
    left, notes = _densest(even, {**values, "max_share": 0.8}, 5)
    assert np.bincount(left).tolist() == [225, 15]
    assert not len(notes)


def test_no_community_says_so() -> None:
    found = cluster(some(30), method="community", threshold=0.99)
    assert found.clusters == ()
    assert found.notes == (
        "No text has a cosine of 0.99 to 9 others: none is clustered. Lower threshold.",
    )


def test_names_frame_summary_and_title(hdbscan: Clustering) -> None:
    assert hdbscan.name_of(-1) == "unclustered"
    assert hdbscan.name_of(0) == "0: card, money, refund"
    frame = hdbscan.to_frame()
    assert list(frame.columns) == ["id", "text", "cluster", "cluster_name", "blob", "x"]
    assert set(frame.loc[frame["cluster"] == 1, "cluster_name"]) == {hdbscan.name_of(1)}
    summary = hdbscan.summary()
    assert summary["clusters"] == 3
    assert summary["largest"] == 60
    assert all(isinstance(value, int | float | str) for value in summary.values())
    assert hdbscan.title() == "texts · toy · hdbscan, 3 clusters"
    assert "refund" in hdbscan._repr_html_()
    for wrong in (3, -2):
        with pytest.raises(InputError, match=rf"no cluster {wrong}; there are 3"):
            hdbscan.name_of(wrong)


def test_survives_pickling(hdbscan: Clustering) -> None:
    again = pickle.loads(pickle.dumps(hdbscan))
    np.testing.assert_array_equal(again.labels, hdbscan.labels)
    assert again.clusters == hdbscan.clusters
    assert again.summary() == hdbscan.summary()


def test_texts_are_data() -> None:
    texts = ["<script>alert(1)</script>", "$\\alpha$", "\x00", "🙂 \u202e", "word " * 300_000]
    found = cluster(Embeddings.from_array(np.eye(5), texts), method="kmeans", n_clusters=2)
    shown = found._repr_html_()
    assert "<script>" not in shown
    assert len(shown) < 5000


def test_wrong_input(
    toy: Embeddings, make: Callable[..., Embeddings], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="cluster: expected Embeddings; got str"):
        cluster("texts")
    with pytest.raises(InputError, match=r"no method 'dbscan'\. Did you mean 'hdbscan'"):
        cluster(toy, method="dbscan")
    with pytest.raises(InputError, match="threshold: expected a number from 0 to 1"):
        cluster(toy, method="community", threshold=75)
    with pytest.raises(InputError, match="random_state: expected"):
        cluster(toy, random_state="0")
    with pytest.raises(InputError, match="all-zero vector"):
        cluster(Embeddings.from_array([[0.0], [1.0]], ["a", "b"]), method="kmeans")
    monkeypatch.setattr(partition, "MOST_PAIRWISE", 100)
    with pytest.raises(InputError, match=r"agglomerative compares every pair .* got 120"):
        cluster(toy, method="agglomerative")
    with pytest.raises(InputError, match=r"hdbscan without a reduction .* Use reduction='umap'"):
        cluster(toy, reduction="none")


def test_vectors_too_short_to_reduce_say_so() -> None:
    rng = np.random.default_rng(0)
    few = np.repeat(np.eye(4) * 5, 20, axis=0) + rng.normal(scale=0.1, size=(80, 4))
    texts = [f"text {i}" for i in range(80)]
    found = cluster(Embeddings.from_array(few, texts))
    assert found.reduction == ""
    assert found.params["reduction"] == "none"
    assert any("vectors of 4 dimensions cannot be reduced to 5" in note for note in found.notes)
    many = Embeddings.from_array(np.tile(few, (130, 1)), [f"text {i}" for i in range(10_400)])
    with pytest.raises(InputError, match=r"cannot be reduced to 5.*Use fewer dimensions="):
        cluster(many)
