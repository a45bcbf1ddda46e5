from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples, silhouette_score

from workbench._arrays import unit_rows
from workbench.analysis import _silhouettes
from workbench.analysis._silhouettes import cluster_sums, mean_silhouette, within_clusters
from workbench.embeddings import Embeddings


def test_the_mean_is_scikit_learns_without_noise(toy: Embeddings) -> None:
    labels = np.array(toy.corpus["blob"])
    labels[:10] = -1
    expected = silhouette_score(toy.unit()[10:], labels[10:], metric="cosine")
    assert mean_silhouette(toy.unit(), labels) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("cells", [40, 4_000_000])
def test_random_partitions(monkeypatch: pytest.MonkeyPatch, cells: int) -> None:
    """Also numbers that nobody has, texts alone in their cluster, and many blocks."""
    monkeypatch.setattr(_silhouettes, "_BLOCK_CELLS", cells)
    for seed in range(8):
        rng = np.random.default_rng(seed)
        vectors = unit_rows(rng.normal(size=(90, 7)).astype(np.float32))
        labels = rng.integers(-1, 30, 90)
        clear = labels >= 0
        assert mean_silhouette(vectors, labels) == pytest.approx(
            silhouette_score(vectors[clear], labels[clear], metric="cosine"), abs=1e-6
        )
        _, own, sizes = np.unique(labels[clear], return_inverse=True, return_counts=True)
        sums = cluster_sums(vectors[clear], own, len(sizes))
        np.testing.assert_allclose(
            sums,
            [vectors[labels == label].sum(axis=0) for label in np.unique(labels[clear])],
            atol=1e-5,
        )
        points = within_clusters(vectors[clear], own, sums, sizes)[0]
        expected = silhouette_samples(vectors[clear], labels[clear], metric="cosine")
        np.testing.assert_allclose(points, expected, atol=1e-6)


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [-1, -1, -1, -1], [0, 1, 2, 3], [0, 0, -1, -1]])
def test_what_has_no_silhouette(labels: list[int]) -> None:
    assert np.isnan(mean_silhouette(np.eye(4, dtype=np.float32), np.array(labels)))
