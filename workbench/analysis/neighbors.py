"""Each text's nearest neighbours: exact, in blocks, computed once and passed on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench._arrays import FloatArray, IntArray, freeze
from workbench._html import facts_table
from workbench._progress import ProgressOption, showing
from workbench.analysis._inputs import as_embeddings, as_whole, distinct_rows
from workbench.analysis.similarity import comparable, similarity_block
from workbench.embeddings import Embeddings
from workbench.errors import InputError

__all__ = ["Neighbors", "nearest_neighbors", "top_k"]

_MOST_NEIGHBORS = 10_000
_BLOCK_CELLS = 8_000_000  # 32 MB of float32 at a time


@dataclass(frozen=True, slots=True, eq=False)
class Neighbors:
    """The k texts most similar to each text, itself left out.

    Parameters
    ----------
    indices
        Row positions, most similar first, shape (n, k) int64.
    similarities
        Their similarities, shape (n, k) float32, descending.
    embeddings
        The n texts.
    metric
        The similarity: ``cosine``, ``dot``, ``euclidean`` or ``manhattan`` (distances negated).
    """

    indices: IntArray
    similarities: FloatArray
    embeddings: Embeddings
    metric: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "indices", freeze(self.indices))
        object.__setattr__(self, "similarities", freeze(self.similarities))

    @property
    def n_neighbors(self) -> int:
        """How many neighbours each text has here."""
        return int(self.indices.shape[1])

    @property
    def distances(self) -> FloatArray:
        """Distances, shape (n, k), ascending: 1 - cosine, or the euclidean or manhattan one.

        Raises
        ------
        InputError
            For ``dot``, which has no distance.
        """
        if self.metric == "dot":
            raise InputError(
                "Neighbors: a dot product has no distance. Use metric='cosine' or 'euclidean'."
            )
        if self.metric == "cosine":
            return np.asarray(np.float32(1.0) - self.similarities)
        return np.asarray(-self.similarities)

    def first(self, k: int) -> Neighbors:
        """Return the first k neighbours of each text.

        Raises
        ------
        InputError
            If k is not from 1 to ``n_neighbors``.
        """
        advice = " Compute more with wb.nearest_neighbors."
        k = as_whole(k, "Neighbors.first", 1, self.n_neighbors, advice)
        return Neighbors(
            self.indices[:, :k], self.similarities[:, :k], self.embeddings, self.metric
        )

    def title(self) -> str:
        """Return what is near what, for titles."""
        return f"{self.embeddings.title()} · {self.n_neighbors} nearest by {self.metric}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per text and neighbour: ``id, rank, neighbor_id, similarity``."""
        ids = np.array(self.embeddings.corpus.ids, dtype=object)
        n, k = self.indices.shape
        return pd.DataFrame(
            {
                "id": np.repeat(ids, k),
                "rank": np.tile(np.arange(1, k + 1), n),
                "neighbor_id": ids[self.indices.ravel()],
                "similarity": self.similarities.ravel(),
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the neighbours in numbers: a flat dict."""
        nearest = self.similarities[:, :1]
        return {
            "texts": len(self.embeddings),
            "n_neighbors": self.n_neighbors,
            "metric": self.metric,
            "nearest_median": float(np.median(nearest)) if nearest.size else float("nan"),
            "corpus_fingerprint": self.embeddings.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        return facts_table(self.title(), self.summary())

    def __repr__(self) -> str:
        return f"Neighbors({len(self.embeddings)} × {self.n_neighbors}, {self.metric!r})"


def nearest_neighbors(
    embeddings: Embeddings,
    n_neighbors: int = 15,
    *,
    metric: str = "cosine",
    progress: ProgressOption = False,
) -> Neighbors:
    """Return each text's most similar other texts: exact, ties in the order of rows.

    Parameters
    ----------
    embeddings
        The n texts.
    n_neighbors
        How many per text, itself not counted; n - 1 when there are no more.
    metric
        ``cosine``, ``dot``, ``euclidean`` or ``manhattan``.
    progress
        True for a bar, or a callable; it is called after each block.

    Raises
    ------
    InputError
        If ``n_neighbors`` is not a whole number from 1 to 10,000, the metric is unknown, or a
        vector is all zeros (cosine).
    """
    source = as_embeddings(embeddings, "nearest_neighbors")
    wanted = as_whole(n_neighbors, "n_neighbors", 1, _MOST_NEIGHBORS)
    vectors = comparable(source, metric)
    n = len(vectors)
    k = min(wanted, n - 1)
    # Equal vectors are compared once: where a product stands in a block changes its last bit.
    first, which = distinct_rows(vectors)
    columns = vectors if len(first) == n else vectors[first]
    indices = np.empty((n, k), np.int64)
    similarities = np.empty((n, k), np.float32)
    step = max(1, _BLOCK_CELLS // n)
    with showing(progress, "Comparing") as report:
        for start in range(0, n if k else 0, step):
            stop = min(start + step, n)
            block = similarity_block(vectors[start:stop], columns, metric)
            if columns is not vectors:
                block = block[:, which]
            block[np.arange(stop - start), np.arange(start, stop)] = -np.inf
            indices[start:stop], similarities[start:stop] = top_k(block, k)
            report(stop, n)
    return Neighbors(indices, similarities, source, metric)


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
