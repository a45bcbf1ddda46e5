"""The tree of clusters, against scipy's own linkage of the centres."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage

from workbench.analysis import cluster, cluster_hierarchy
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError


def embedded(count: int = 60, groups: int = 5) -> Embeddings:
    owner = np.arange(count) % groups
    texts = tuple(f"{'tea' if one < 2 else 'tax'} word{one} {row}" for row, one in enumerate(owner))
    noise = np.random.default_rng(2).normal(size=(count, 6))
    return Embeddings.from_array(
        4 * np.random.default_rng(3).normal(size=(groups, 6))[owner] + noise, Corpus(texts)
    )


def test_joins_are_scipys() -> None:
    vectors = embedded()
    clustering = cluster(vectors, method="kmeans", n_clusters=5)
    found = cluster_hierarchy(clustering)
    unit = vectors.unit().astype(np.float64)
    centres = np.stack([unit[clustering.labels == label].mean(axis=0) for label in range(5)])
    joins = linkage(centres, "average", metric="cosine")
    assert len(found.nodes) == 9
    for node, (left, right, distance, _) in zip(found.nodes[5:], joins, strict=True):
        assert node.similarity == pytest.approx(1 - distance, abs=1e-6)
        parts = {*found.nodes[int(left)].clusters, *found.nodes[int(right)].clusters}
        assert set(node.clusters) == parts
    assert found.nodes[-1].parent == -1
    assert found.nodes[-1].size == 60
    assert found.to_frame()["size"].tolist()[:5] == [one.size for one in clustering.clusters]


def test_words_of_a_node_are_its_own() -> None:
    texts = [*["tea cup"] * 4, *["tea pot"] * 4, *["tax form"] * 4]
    vectors = np.repeat([[1, 0.4, 0], [0.9, 0.7, 0], [0, 0, 1.0]], 4, axis=0)
    clustering = cluster(Embeddings.from_array(vectors, texts), method="kmeans", n_clusters=3)
    found = cluster_hierarchy(clustering)
    joined = found.nodes[3]
    assert {clustering.labels[0], clustering.labels[4]} == set(joined.clusters)
    # c-TF-IDF by hand: tea 8 of 16 words here, none elsewhere; cup and pot 4 of 16.
    assert joined.keywords == ("tea", "cup", "pot")
    assert found.nodes[4].keywords == ()  # what all texts share sets nothing apart


def test_unclustered_texts_are_left_out_and_it_says_so() -> None:
    clustering = cluster(embedded(), method="community", threshold=0.9, min_community_size=5)
    assert clustering.unclustered
    found = cluster_hierarchy(clustering)
    assert found.nodes[-1].size == 60 - clustering.unclustered
    assert found.notes == (f"{clustering.unclustered:,} unclustered texts are left out.",)


def test_no_cluster_is_refused() -> None:
    with pytest.raises(InputError, match="all 4 texts are unclustered"):
        cluster_hierarchy(cluster(embedded(4, 2), method="hdbscan"))
    with pytest.raises(InputError, match="expected a Clustering; got str"):
        cluster_hierarchy("clusters")
