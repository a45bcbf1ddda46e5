"""The hierarchy of clusters: which would become one first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench._html import rows_table
from workbench.analysis.clustering import Clustering
from workbench.analysis.keywords import stop_masks, weights_of_counts, word_counts
from workbench.analysis.stability import as_clustering
from workbench.errors import InputError

__all__ = ["ClusterHierarchy", "HierarchyNode", "cluster_hierarchy"]

_KEYWORDS = 4


@dataclass(frozen=True, slots=True)
class HierarchyNode:
    """A cluster, or several that are one at some similarity.

    Parameters
    ----------
    clusters
        The labels in it, in the order in which they are drawn.
    size
        How many texts it has.
    similarity
        The mean cosine of the centres at which its two parts become one, -1 to 1; 1 for a cluster.
    parent
        The node that it becomes part of; -1 for the last one.
    keywords
        The words that set its texts apart from all others (c-TF-IDF).
    """

    clusters: tuple[int, ...]
    size: int
    similarity: float
    parent: int
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ClusterHierarchy:
    """The k clusters as a tree: average linkage of their centres by cosine.

    Parameters
    ----------
    clustering
        The clusters.
    nodes
        First the k clusters in the order of their labels, then each pair that becomes one, the
        most alike first; the last node holds all of them.
    notes
        Sentences about what is not in it.
    """

    clustering: Clustering
    nodes: tuple[HierarchyNode, ...]
    notes: tuple[str, ...] = ()

    def title(self) -> str:
        """Return what is joined, for titles."""
        return f"{self.clustering.title()} · hierarchy"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per node: ``node, parent, clusters, size, similarity, keywords``."""
        return pd.DataFrame(
            {
                "node": range(len(self.nodes)),
                "parent": [one.parent for one in self.nodes],
                "clusters": [", ".join(map(str, sorted(one.clusters))) for one in self.nodes],
                "size": [one.size for one in self.nodes],
                "similarity": [one.similarity for one in self.nodes],
                "keywords": [", ".join(one.keywords) for one in self.nodes],
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the hierarchy in numbers: a flat dict."""
        joined = [one.similarity for one in self.nodes if len(one.clusters) > 1]
        return {
            "clusters": len(self.clustering.clusters),
            "most_alike": max(joined, default=float("nan")),
            "least_alike": min(joined, default=float("nan")),
            "notes": " ".join(self.notes),
            "corpus_fingerprint": self.clustering.embeddings.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        return rows_table(self.title(), list(frame.columns), frame.itertuples(index=False))

    def __repr__(self) -> str:
        return f"ClusterHierarchy({self.clustering!r})"


def cluster_hierarchy(clustering: Clustering) -> ClusterHierarchy:
    """Return the clusters as a tree.

    The similarity of two groups of clusters is the mean cosine of their clusters' centres (the
    mean unit vectors of their texts): average linkage, ``scipy.cluster.hierarchy.linkage(centres,
    "average", metric="cosine")``.

    Raises
    ------
    InputError
        If it is no clustering, or all its texts are unclustered.
    """
    source = as_clustering(clustering, "cluster_hierarchy")
    k = len(source.clusters)
    if not k:
        raise InputError(
            f"cluster_hierarchy: all {len(source.labels):,} texts are unclustered. Cluster with "
            "other parameters."
        )
    joins = _linkage(source)
    members: list[tuple[int, ...]] = [(label,) for label in range(k)]
    parents = [-1] * (2 * k - 1)
    for place, (left, right, *_) in enumerate(joins):
        parents[int(left)] = parents[int(right)] = k + place
        members.append(members[int(left)] + members[int(right)])
    similarities = [1.0] * k + [1.0 - float(join[2]) for join in joins]
    words = _node_words(source, members)
    nodes = tuple(
        HierarchyNode(
            clusters,
            sum(source.clusters[label].size for label in clusters),
            similarities[node],
            parents[node],
            words[node],
        )
        for node, clusters in enumerate(members)
    )
    alone = source.unclustered
    notes = (f"{alone:,} unclustered texts are left out.",) if alone else ()
    return ClusterHierarchy(source, nodes, notes)


def _linkage(clustering: Clustering) -> list[tuple[float, ...]]:
    """Return scipy's rows: the two nodes that become one, their distance, how many clusters."""
    from scipy.cluster.hierarchy import linkage

    vectors, labels = clustering.embeddings.unit(), clustering.labels
    if len(clustering.clusters) < 2:
        return []
    centres = np.stack(
        [vectors[labels == one.label].mean(axis=0, dtype=np.float64) for one in clustering.clusters]
    )
    lengths = np.linalg.norm(centres, axis=1, keepdims=True)
    centres /= np.maximum(lengths, 1e-12)  # texts that cancel out have no centre
    distances = np.maximum(1.0 - centres @ centres.T, 0.0)
    rows = linkage(distances[np.triu_indices(len(centres), 1)], "average")
    return [tuple(row) for row in rows.tolist()]


def _node_words(clustering: Clustering, members: list[tuple[int, ...]]) -> list[tuple[str, ...]]:
    """Return what sets the texts of each node apart from all others; texts are counted once."""
    from scipy.sparse import csr_matrix

    k = len(clustering.clusters)
    counts, vocabulary = word_counts(clustering.embeddings.corpus.texts)
    stops, n = stop_masks(vocabulary), counts.shape[0]
    which = np.where(clustering.labels < 0, k, clustering.labels)  # the unclustered come last
    per_cluster = csr_matrix((np.ones(n), (which, np.arange(n))), shape=(k + 1, n)) @ counts
    found = [one.keywords[:_KEYWORDS] for one in clustering.clusters]
    for clusters in members[k:]:
        inside = np.zeros(k + 1, np.int64)
        inside[list(clusters)] = 1
        if len(clusters) == k and not clustering.unclustered:
            found.append(())
            continue
        weights = weights_of_counts(per_cluster, stops, inside, 2).toarray()[1]
        best = np.argsort(-weights, kind="stable")[:_KEYWORDS]
        found.append(tuple(vocabulary[word] for word in best if weights[word] > 0))
    return found
