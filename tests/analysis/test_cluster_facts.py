from __future__ import annotations

import importlib
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from workbench.analysis import Clustering, Neighbors, cluster
from workbench.analysis.cluster_facts import cluster_facts
from workbench.analysis.clustering import with_labels
from workbench.embeddings import Embeddings
from workbench.errors import InputError


def labelled(source: Embeddings, labels: list[int]) -> Clustering:
    start = cluster(source, method="kmeans", n_clusters=1)
    return with_labels(start, np.array(labels), [""] * (max(labels) + 1), ())


@pytest.fixture(scope="module")
def loose(make: Callable[..., Embeddings]) -> Clustering:
    """Return clusters that overlap, with 10 texts in none and one text alone."""
    source = make((60, 40, 20), spread=0.6)
    labels = np.array(source.corpus["blob"])
    labels[:10] = -1
    labels[10] = 3
    return labelled(source, labels.tolist())


@pytest.mark.parametrize("block", [4_000_000, 100])
def test_silhouettes_are_scikit_learns(
    loose: Clustering, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("workbench.analysis.cluster_facts")
    monkeypatch.setattr(module, "_BLOCK_CELLS", block)
    facts = cluster_facts(loose)
    clear = loose.labels >= 0
    vectors, labels = loose.embeddings.unit()[clear].astype(np.float64), loose.labels[clear]
    expected = silhouette_samples(vectors, labels, metric="cosine")
    np.testing.assert_allclose(facts.point_silhouette[clear], expected, atol=1e-6)
    assert np.isnan(facts.point_silhouette[~clear]).all()
    for label in range(4):
        mean = expected[labels == label].mean()
        assert facts.silhouette[label] == pytest.approx(mean, abs=1e-6)
    assert facts.summary()["silhouette"] == pytest.approx(loose.silhouette, abs=1e-6)
    assert facts.summary()["misplaced"] == np.count_nonzero(expected < 0) > 0


def test_density_and_nearest_by_hand(loose: Clustering) -> None:
    facts = cluster_facts(loose)
    unit, labels = loose.embeddings.unit().astype(np.float64), loose.labels
    cosines = unit @ unit.T
    for one in range(3):
        inside = cosines[np.ix_(labels == one, labels == one)]
        pairs = inside[~np.eye(len(inside), dtype=bool)]
        assert facts.density[one] == pytest.approx(pairs.mean(), abs=1e-6)
        centres = [unit[labels == other].mean(axis=0) for other in range(4)]
        near = {
            other: centres[one] @ each / np.linalg.norm(centres[one]) / np.linalg.norm(each)
            for other, each in enumerate(centres)
            if other != one
        }
        order = sorted(near, key=lambda other: -near[other])
        assert [label for label, _ in facts.nearest_to(one)] == order
        found = [similarity for _, similarity in facts.nearest_to(one)]
        np.testing.assert_allclose(found, [near[other] for other in order], atol=1e-6)
    assert np.isnan(facts.density[3])
    assert facts.notes == ("1 cluster has one text, and so no density.",)
    row = int(np.flatnonzero(labels == 0)[0])
    means = [cosines[row, labels == other].mean() for other in range(4)]
    assert facts.point_other[row] == 1 + int(np.argmax(means[1:]))


def test_closeness_and_outliers_by_hand() -> None:
    """Nine texts in a fan of a few degrees, and one at a right angle."""
    angles = np.radians([*np.arange(-4, 5), 90, 180, 181])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    source = Embeddings.from_array(vectors, [f"text {i}" for i in range(12)])
    facts = cluster_facts(labelled(source, [0] * 10 + [1] * 2))
    rest = vectors[1:10].sum(axis=0)
    expected = vectors[0] @ rest / np.linalg.norm(rest)
    assert facts.point_closeness[0] == pytest.approx(expected, abs=1e-6)
    assert facts.outliers(0).tolist() == [9]
    assert facts.outliers(1).tolist() == []
    assert facts.density[1] == pytest.approx(np.cos(np.radians(1)), abs=1e-6)
    assert facts.to_frame()["outliers"].tolist() == [1, 0]


def test_frames(loose: Clustering) -> None:
    facts = cluster_facts(loose)
    frame = facts.to_frame()
    assert frame["size"].sum() == 110
    assert frame["nearest_name"][0] == loose.name_of(int(frame["nearest"][0]))
    texts = facts.texts_frame()
    assert list(texts.columns) == [
        *("id", "text", "cluster", "cluster_name"),
        *("silhouette", "other_cluster", "closeness", "outlier", "blob", "x"),
    ]
    assert len(texts) == 120
    assert "<table>" in facts._repr_html_()
    assert all(isinstance(value, int | float | str) for value in facts.summary().values())
    assert not facts.point_silhouette.flags.writeable


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_texts(n: int) -> None:
    source = Embeddings.from_array(np.eye(n, 4), [f"text {i}" for i in range(n)])
    facts = cluster_facts(cluster(source, method="kmeans", n_clusters=3))
    assert np.isnan(facts.density).all()
    assert not facts.outlier.any()
    expected = "There is one cluster" if n == 1 else f"{n} clusters have one text"
    assert expected in facts.notes[0]
    assert facts.nearest.shape == (n, min(3, n - 1))
    assert len(facts.to_frame()) == n


def test_identical_texts_and_one_cluster() -> None:
    same = Embeddings.from_array(np.full((8, 6), 0.3), ["refund please"] * 8)
    facts = cluster_facts(cluster(same, method="kmeans"))
    assert facts.density[0] == pytest.approx(1.0)
    assert np.isnan(facts.silhouette[0])
    assert facts.notes[0].startswith("There is one cluster: no text has a silhouette")
    assert not facts.outlier.any()
    assert facts.nearest_to(0) == ()
    assert facts.to_frame()["nearest"].isna().all()
    # Two clusters of equal texts: neither nearer than the other.
    parted = cluster_facts(labelled(same, [0] * 4 + [1] * 4))
    assert parted.point_silhouette.tolist() == [0.0] * 8


def test_wrong_input(toy: Embeddings, toy_neighbors: Neighbors, loose: Clustering) -> None:
    with pytest.raises(InputError, match="cluster_facts: expected a Clustering; got str"):
        cluster_facts("labels")
    with pytest.raises(InputError, match="all 120 texts are unclustered, so there is no cluster"):
        cluster_facts(cluster(toy, min_cluster_size=500, neighbors=toy_neighbors))
    facts = cluster_facts(loose)
    with pytest.raises(InputError, match="no cluster 4; there are 4"):
        facts.outliers(4)
    with pytest.raises(InputError, match=r"unclustered texts \(-1\) are no cluster"):
        facts.nearest_to(-1)
