"""How far a map can be trusted: whether texts that lie together on it are alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray
from workbench._progress import silent
from workbench.analysis._inputs import distinct_rows
from workbench.analysis._row_blocks import in_row_blocks
from workbench.analysis._threads import one_blas_thread

__all__ = ["MOST_ROWS", "measured_rows", "nearest_on_map", "ranks", "trustworthiness"]

MOST_ROWS = 5000
_BLOCK_CELLS = 2_000_000  # 8 MB of float32 per core


def trustworthiness(
    vectors: FloatArray, coordinates: FloatArray, k: int, *, random_state: int = 0
) -> float:
    """Return the trustworthiness of a map, 0 to 1 (Venna and Kaski, 2001).

    Of each text's k neighbours on the map, those that are not among its k neighbours by cosine
    count against the map, by how far down that list they are. It is the number that
    ``sklearn.manifold.trustworthiness(vectors, coordinates, n_neighbors=k, metric="cosine")``
    gives, without its n × n matrix; texts with equal vectors share a rank.

    Parameters
    ----------
    vectors
        Unit vectors, shape (n, d).
    coordinates
        Their places on the map, shape (n, 2).
    k
        How many neighbours, from 1 and below n / 2.
    random_state
        Above ``MOST_ROWS`` texts, the mean is over a sample of that many, drawn with this seed;
        each is still compared with all n texts.
    """
    n = len(vectors)
    rows = measured_rows(n, random_state)
    on_map = nearest_on_map(coordinates, k)
    first, which = distinct_rows(vectors)
    distinct = vectors if len(first) == n else vectors[first]
    intruded = np.empty(len(rows), np.int64)

    def some(part: slice) -> None:
        block = rows[part]
        cosines = vectors[block] @ distinct.T
        if distinct is not vectors:
            cosines = cosines.take(which, axis=1)  # [:, which] would lay rows out as columns
        cosines[np.arange(len(block)), block] = -np.inf
        intruded[part] = np.maximum(ranks(cosines, on_map[block]) - k, 0).sum(axis=1)

    in_row_blocks(len(rows), max(1, _BLOCK_CELLS // n), some, silent)
    penalty = int(intruded.sum())
    return 1.0 - penalty * 2.0 / (len(rows) * k * (2.0 * n - 3.0 * k - 1.0))


def measured_rows(n: int, random_state: int) -> IntArray:
    """Return the rows of n texts that are measured: all, or ``MOST_ROWS`` drawn with the seed."""
    if n <= MOST_ROWS:
        return np.arange(n)
    drawn = np.random.default_rng(random_state).choice(n, MOST_ROWS, replace=False)
    return np.asarray(np.sort(drawn), np.int64)


def ranks(
    nearness: NDArray[np.floating], columns: NDArray[np.int64], *, same: float = 0.0
) -> IntArray:
    """Return the rank of some columns in each row, the nearest being 1.

    Parameters
    ----------
    nearness
        Larger is nearer, shape (b, n).
    columns
        Shape (b, k).
    same
        By how much values differ that share a rank.

    Returns
    -------
    ndarray
        Shape (b, k).
    """
    found = np.empty(columns.shape, np.int64)
    for row, values in enumerate(nearness):  # a row at a time stays in the processor's cache
        for place, bound in enumerate(values[columns[row]] + values.dtype.type(same)):
            found[row, place] = 1 + np.count_nonzero(values > bound)
    return found


def nearest_on_map(coordinates: FloatArray, k: int) -> IntArray:
    """Return each point's k nearest others, nearest first, shape (n, k)."""
    from sklearn.neighbors import NearestNeighbors

    model = NearestNeighbors(n_neighbors=k).fit(coordinates)
    with one_blas_thread():  # a few points' limit the BLAS as k-means does: see `steady_threads`
        return np.asarray(model.kneighbors(return_distance=False), np.int64)
