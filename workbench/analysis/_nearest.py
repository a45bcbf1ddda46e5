"""The most similar rows of a matrix: exact, in blocks, ties in the order of rows."""

from __future__ import annotations

import numpy as np

from workbench._arrays import FloatArray, IntArray
from workbench._progress import Progress
from workbench.analysis._inputs import distinct_rows
from workbench.analysis._row_blocks import in_row_blocks
from workbench.analysis.similarity import similarity_block

__all__ = ["nearest_rows", "top_k"]

_BLOCK_CELLS = 4_000_000  # 16 MB of float32 per core


def nearest_rows(
    left: FloatArray,
    right: FloatArray,
    k: int,
    metric: str,
    report: Progress,
    *,
    without_self: bool = False,
) -> tuple[IntArray, FloatArray]:
    """Return the k rows of ``right`` most similar to each row of ``left``.

    Parameters
    ----------
    left, right
        Shapes (a, d) and (b, d), of unit length for cosine.
    k
        From 0 to b; to b - 1 without self.
    metric
        ``cosine``, ``dot``, ``euclidean`` or ``manhattan``.
    report
        Called after each block of rows.
    without_self
        Whether the two are the same rows, and a row is not its own neighbour.

    Returns
    -------
    tuple
        Rows (a, k) int64 and similarities (a, k) float32, descending.
    """
    count, n = len(left), len(right)
    # Equal vectors are compared once: where a product stands in a block changes its last bit.
    first, which = distinct_rows(right)
    columns = right if len(first) == n else right[first]
    indices = np.empty((count, k), np.int64)
    similarities = np.empty((count, k), np.float32)

    def some(rows: slice) -> None:
        block = similarity_block(left[rows], columns, metric)
        if columns is not right:
            block = block.take(which, axis=1)  # [:, which] would lay rows out as columns
        if without_self:
            block[np.arange(len(block)), np.arange(rows.start, rows.stop)] = -np.inf
        indices[rows], similarities[rows] = top_k(block, k)

    if k:
        in_row_blocks(count, max(1, _BLOCK_CELLS // n), some, report)
    return indices, similarities


def top_k(values: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    """Return the columns and values of the k largest of each row, equal ones in column order.

    Parameters
    ----------
    values
        Shape (b, n), without NaN.
    k
        From 1 to n.

    Returns
    -------
    tuple
        Columns (b, k) int64 and values (b, k), descending.
    """
    count, n = values.shape
    parts = 16 * k
    chosen = None
    if n >= 4 * parts:
        # k of the maxima of disjoint parts reach the k-th largest maximum, so the k-th largest
        # value does too: a bound for the price of a maximum, which few values pass.
        maxima = values[:, : n // parts * parts].reshape(count, -1, parts).max(axis=1)
        bound = np.partition(maxima, parts - k, axis=1)[:, parts - k]
        chosen = values >= bound[:, None]
        if np.count_nonzero(chosen) > 16 * count * k:
            chosen = None
    if chosen is None:
        chosen = _exactly(values, k)
    rows, columns = np.divmod(np.flatnonzero(chosen), n)
    picked = values[rows, columns]
    order = np.lexsort((-picked, rows))  # stable: equal values stay in column order
    starts = np.searchsorted(rows, np.arange(count))
    taken = order[starts[:, None] + np.arange(k)]
    return columns[taken], picked[taken]


def _exactly(values: FloatArray, k: int) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Return a mask of exactly k per row: all above the k-th largest, then equal ones in order."""
    n = values.shape[1]
    kth = np.partition(values, n - k, axis=1)[:, n - k, None]
    above = values > kth
    equal = values == kth
    wanted = k - above.sum(axis=1, keepdims=True)
    return np.asarray(above | (equal & (equal.cumsum(axis=1) <= wanted)))
