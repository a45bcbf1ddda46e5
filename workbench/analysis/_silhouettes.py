"""How each text lies in its cluster: silhouettes by products with the clusters' mean vectors."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray
from workbench.analysis._threads import one_blas_thread

__all__ = ["SAME", "Doubles", "cluster_sums", "mean_silhouette", "within_clusters"]

Doubles = NDArray[np.float64]
SAME: Final = 1e-6  # cosines of float32 vectors are good to about this
_BLOCK_CELLS = 4_000_000


def mean_silhouette(vectors: FloatArray, labels: IntArray) -> float:
    """Return the mean silhouette of the clustered texts by cosine, -1 to 1.

    It is ``sklearn.metrics.silhouette_score(..., metric="cosine")`` over them, without comparing
    each with each: a text's mean distance to a cluster is a product with its mean vector.

    Parameters
    ----------
    vectors
        Unit vectors, shape (n, d).
    labels
        Clusters, shape (n,); texts labelled -1 are left out.

    Returns
    -------
    float
        NaN when there are fewer than two clusters, or no cluster has two texts.
    """
    rows = np.flatnonzero(labels >= 0)
    _, own, sizes = np.unique(labels[rows], return_inverse=True, return_counts=True)
    if not 2 <= len(sizes) < len(rows):
        return float("nan")
    clustered = vectors[rows]
    with one_blas_thread():
        sums = cluster_sums(clustered, own, len(sizes))
        return float(within_clusters(clustered, own, sums, sizes)[0].mean())


def cluster_sums(vectors: FloatArray, labels: IntArray, k: int) -> Doubles:
    """Return the sum of each cluster's unit vectors, shape (k, d)."""
    from scipy.sparse import csr_array

    sums = np.zeros((k, vectors.shape[1]))
    step = max(1, _BLOCK_CELLS // vectors.shape[1])
    for start in range(0, len(labels), step):
        block = labels[start : start + step]
        rows = np.flatnonzero(block >= 0)
        members = csr_array((np.ones(len(rows)), (block[rows], rows)), shape=(k, len(block)))
        sums += members @ vectors[start : start + step].astype(np.float64)
    return sums


def within_clusters(
    vectors: FloatArray, labels: IntArray, sums: Doubles, sizes: IntArray
) -> tuple[Doubles, IntArray, Doubles]:
    """Return each text's silhouette, nearest other cluster and closeness, shape (n,) each."""
    n, k = len(labels), len(sizes)
    silhouettes, closeness = np.full(n, np.nan), np.full(n, np.nan)
    others = np.full(n, -1, np.int64)
    squares = np.einsum("kd,kd->k", sums, sums)
    rows = np.flatnonzero(labels >= 0)
    step = max(1, _BLOCK_CELLS // max(k, vectors.shape[1]))
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        own, places = labels[block], np.arange(len(block))
        products = vectors[block].astype(np.float64) @ sums.T
        inside, size = products[places, own], sizes[own]
        rest = np.sqrt(np.maximum(squares[own] - 2.0 * inside + 1.0, 0.0))
        alone = (size == 1) | (rest < SAME)
        closeness[block] = np.where(alone, np.nan, (inside - 1.0) / np.where(alone, 1.0, rest))
        if k > 1:
            means = products / sizes
            means[places, own] = -np.inf
            others[block] = means.argmax(axis=1)
            within = 1.0 - (inside - 1.0) / np.maximum(size - 1, 1)
            between = 1.0 - means[places, others[block]]
            silhouettes[block] = _silhouette(within, between, size)
    return silhouettes, others, np.clip(closeness, -1.0, 1.0)


def _silhouette(within: Doubles, between: Doubles, size: IntArray) -> Doubles:
    """Return (b - a) / max(a, b); 0 where both distances are, or a text is alone."""
    largest = np.maximum(within, between)
    none = (size == 1) | (largest < SAME)
    return np.asarray(np.where(none, 0.0, (between - within) / np.where(none, 1.0, largest)))
