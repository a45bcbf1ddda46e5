"""A clustering made again: with another seed, on a part of the texts, and compared."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import IntArray
from workbench.analysis._estimators import any_partition, seeded, takes_a_seed
from workbench.analysis.clustering import Clustering
from workbench.analysis.neighbors import Neighbors
from workbench.analysis.partition import Reduce
from workbench.analysis.reduction import Reduction, reduce_umap
from workbench.analysis.significance import Interval
from workbench.embeddings import Embeddings

__all__ = [
    "SharedReduction",
    "best_matches",
    "groups",
    "in_one_thread",
    "is_random",
    "made_again",
    "mean_interval",
    "rand_index",
    "seeds",
    "subsample_rows",
]

_CONFIDENCE = 0.95


class SharedReduction:
    """``reduce_umap`` that keeps its last result: for one set of texts clustered in many ways."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._kept: Reduction | None = None

    def __call__(
        self,
        embeddings: Embeddings,
        neighbors: Neighbors | None,
        /,
        *,
        dimensions: int,
        n_neighbors: int,
        min_dist: float,
        random_state: int,
    ) -> Reduction:
        """Return the reduction, the one before when nothing has changed since."""
        key = (embeddings, neighbors, dimensions, n_neighbors, min_dist, random_state)
        if self._kept is None or key != self._key:  # embeddings are equal to none but themselves
            self._kept = reduce_umap(
                embeddings,
                neighbors,
                dimensions=dimensions,
                n_neighbors=n_neighbors,
                min_dist=min_dist,
                random_state=random_state,
            )
            self._key = key
        return self._kept


def made_again(
    clustering: Clustering,
    source: Embeddings,
    seed: int,
    neighbors: Neighbors | None = None,
    reduce: Reduce = reduce_umap,
) -> IntArray:
    """Return the labels that the clustering's method gives some texts with another seed."""
    estimator = clustering.estimator
    if estimator is not None:
        estimator = seeded(estimator, seed, always=True)
    method, params = clustering.method, clustering.params
    return any_partition(source, method, estimator, params, seed, neighbors, reduce).labels


def in_one_thread(*found: Clustering) -> bool:
    """Return whether to find all these again is one thread's work, so that several runs may share.

    HDBSCAN on UMAP's layout is. Other methods share out their work themselves, and a clusterer of
    one's own need not know of threads.
    """
    return all(
        one.method == "hdbscan" and one.estimator is None and one.reduction.startswith("umap")
        for one in found
    )


def is_random(clustering: Clustering) -> bool:
    """Return whether another seed could give other clusters."""
    if clustering.reduction.startswith("umap") or clustering.method == "kmeans":
        return True
    return clustering.estimator is not None and takes_a_seed(clustering.estimator)


def groups(clustering: Clustering) -> int:
    """Return how many groups there are, the unclustered texts being one of them."""
    return len(np.unique(clustering.labels))


def seeds(random_state: int, stream: int, count: int) -> list[int]:
    """Return seeds; more of them begin with the same ones."""
    drawn = np.random.default_rng([random_state, stream]).integers(2**31, size=count)
    return [int(seed) for seed in drawn]


def subsample_rows(n: int, share: float, seed: int) -> IntArray:
    """Return the rows of a share of the texts, drawn without replacement, ascending."""
    count = min(max(round(share * n), 2), n - 1)
    drawn = np.random.default_rng(seed).choice(n, count, replace=False)
    return np.asarray(np.sort(drawn), np.int64)


def rand_index(labels: IntArray, other: IntArray) -> float:
    """Return the adjusted Rand index, the unclustered texts of each being one group."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(labels, other))


def best_matches(labels: IntArray, other: IntArray, n_clusters: int) -> NDArray[np.float64]:
    """Return the largest Jaccard similarity of each cluster to one of another clustering.

    Parameters
    ----------
    labels, other
        Two clusterings of the same texts, shape (n,), -1 for unclustered; these are no cluster.
    n_clusters
        How many clusters ``labels`` could have.

    Returns
    -------
    ndarray
        Shape (n_clusters,), 0 to 1; nan for a cluster that has none of these texts.
    """
    sizes = np.bincount(labels[labels >= 0], minlength=n_clusters)
    best = np.where(sizes > 0, 0.0, np.nan)
    both = (labels >= 0) & (other >= 0)
    if not both.any():
        return best
    other_sizes = np.bincount(other[other >= 0])
    width = len(other_sizes)
    pairs, shared = np.unique(labels[both] * width + other[both], return_counts=True)
    mine, theirs = np.divmod(pairs, width)
    np.maximum.at(best, mine, shared / (sizes[mine] + other_sizes[theirs] - shared))
    return best


def mean_interval(values: NDArray[np.float64]) -> Interval:
    """Return the mean of some runs with Student's interval, which more runs would narrow."""
    from scipy.stats import t

    method = "Student's t over runs"
    known = values[np.isfinite(values)]
    if not len(known):
        return Interval(math.nan, math.nan, math.nan, _CONFIDENCE, method)
    mean = float(known.mean())
    reach = math.nan
    if len(known) > 1:
        tail = float(t.ppf((1 + _CONFIDENCE) / 2, len(known) - 1))
        reach = tail * float(known.std(ddof=1)) / math.sqrt(len(known))
    return Interval(mean, max(mean - reach, -1.0), min(mean + reach, 1.0), _CONFIDENCE, method)
