"""Similarities between all texts of one or two sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench._arrays import FloatArray, freeze
from workbench._html import facts_table
from workbench.analysis._inputs import as_embeddings
from workbench.embeddings import Embeddings
from workbench.errors import InputError, suggest

__all__ = [
    "MOST_CELLS",
    "SIMILARITIES",
    "SimilarityMatrix",
    "comparable",
    "similarity_block",
    "similarity_matrix",
]

SIMILARITIES = ("cosine", "dot", "euclidean", "manhattan")
MOST_CELLS = 25_000_000  # 5,000 × 5,000 float32: 100 MB
_BLOCK_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class SimilarityMatrix:
    """The similarity of each row text to each column text.

    Parameters
    ----------
    values
        Read-only float32 array of shape (n, m); larger is more alike under every metric.
    rows, columns
        What was compared; the same object when one set was compared with itself.
    metric
        ``cosine`` (-1 to 1), ``dot``, or ``euclidean`` and ``manhattan``: distances, negated.
    """

    values: FloatArray
    rows: Embeddings
    columns: Embeddings
    metric: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", freeze(self.values))

    @property
    def embeddings(self) -> Embeddings:
        """The row texts' embeddings."""
        return self.rows

    @property
    def symmetric(self) -> bool:
        """Whether one set of texts was compared with itself."""
        return self.rows is self.columns

    def pairs(self) -> FloatArray:
        """Return the similarities of different texts, one per pair, shape (p,)."""
        if not self.symmetric:
            return self.values.ravel()
        return np.asarray(self.values[np.triu_indices(len(self.values), 1)])

    def title(self) -> str:
        """Return what is compared, for titles."""
        other = "" if self.symmetric else f" × {self.columns.title()}"
        return f"{self.rows.title()}{other} · {self.metric} similarity"

    def to_frame(self) -> pd.DataFrame:
        """Return the matrix with the texts' ids as index and columns."""
        return pd.DataFrame(
            self.values, index=list(self.rows.corpus.ids), columns=list(self.columns.corpus.ids)
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the matrix in numbers: a flat dict; a text's similarity to itself left out."""
        pairs = self.pairs()
        low, middle, high = (
            (float(np.min(pairs)), float(np.median(pairs)), float(np.max(pairs)))
            if pairs.size
            else (float("nan"),) * 3
        )
        return {
            "rows": self.values.shape[0],
            "columns": self.values.shape[1],
            "metric": self.metric,
            "similarity_min": low,
            "similarity_median": middle,
            "similarity_max": high,
            "corpus_fingerprint": self.rows.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        return facts_table(self.title(), self.summary())

    def __repr__(self) -> str:
        n, m = self.values.shape
        return f"SimilarityMatrix({n} × {m}, {self.metric!r})"


def similarity_matrix(
    embeddings: Embeddings, other: Embeddings | None = None, *, metric: str = "cosine"
) -> SimilarityMatrix:
    """Return the similarity of each text to each.

    Parameters
    ----------
    embeddings
        The row texts, n of them.
    other
        The column texts, m of them; the row texts again when None.
    metric
        ``cosine``, ``dot``, ``euclidean`` or ``manhattan``, as in sentence-transformers: the
        two distances are negated, so that larger is more alike.

    Raises
    ------
    InputError
        If the metric is unknown, the two sets have vectors of different lengths, a vector is all
        zeros (cosine), or the matrix would have more than ``MOST_CELLS`` cells.
    """
    rows = as_embeddings(embeddings, "similarity_matrix")
    columns = rows if other is None else as_embeddings(other, "similarity_matrix")
    _check(rows, columns, metric)
    left = comparable(rows, metric)
    right = left if columns is rows else comparable(columns, metric)
    if metric in ("cosine", "dot"):  # in one product, which BLAS makes exactly symmetric
        values = similarity_block(left, right, metric)
    else:
        values = np.empty((len(left), len(right)), np.float32)
        step = max(1, _BLOCK_CELLS // len(right))
        for start in range(0, len(left), step):
            values[start : start + step] = similarity_block(
                left[start : start + step], right, metric
            )
    if columns is rows and metric != "dot":
        np.fill_diagonal(values, 1.0 if metric == "cosine" else 0.0)
    return SimilarityMatrix(values, rows, columns, metric)


def comparable(embeddings: Embeddings, metric: str) -> FloatArray:
    """Return the vectors that a metric compares, (n, d) float32: unit vectors for cosine.

    Raises
    ------
    InputError
        If the metric is unknown, a vector is all zeros (cosine), or vectors in int8, whose lengths
        are lost, are compared otherwise than by cosine.
    """
    if metric not in SIMILARITIES:
        raise InputError(
            f"metric: there is no similarity {metric!r}. {suggest(str(metric), SIMILARITIES)}"
        )
    if metric == "cosine":
        return embeddings.unit()
    if embeddings.spec.precision == "int8":
        raise InputError(
            f"metric: the int8 vectors of {embeddings.spec.name!r} have kept their directions, not "
            f"their lengths, so {metric!r} says nothing of them. Use metric='cosine'."
        )
    return embeddings.dense()


def similarity_block(left: FloatArray, right: FloatArray, metric: str) -> FloatArray:
    """Return the similarities of ``left`` (a, d) to ``right`` (b, d), shape (a, b) float32.

    For cosine both are unit vectors already.
    """
    if metric == "cosine":
        return np.clip(product := left @ right.T, -1.0, 1.0, out=product)
    if metric == "dot":
        return np.asarray(left @ right.T)
    if metric == "manhattan":
        from scipy.spatial.distance import cdist

        return np.asarray(-cdist(left, right, "cityblock"), dtype=np.float32)
    # |a|² + |b|² - 2ab cancels for near vectors: float64 keeps seven digits of what is left.
    a, b = left.astype(np.float64), right.astype(np.float64)
    squared = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * (a @ b.T)
    return np.asarray(-np.sqrt(np.maximum(squared, 0.0)), dtype=np.float32)


def _check(rows: Embeddings, columns: Embeddings, metric: str) -> None:
    if metric not in SIMILARITIES:
        comparable(rows, metric)
    if rows.dimension != columns.dimension:
        raise InputError(
            f"similarity_matrix: the row vectors have {rows.dimension} dimensions, the column "
            f"vectors {columns.dimension}. Embed both with one model."
        )
    if len(rows) * len(columns) > MOST_CELLS:
        raise InputError(
            f"similarity_matrix: {len(rows):,} × {len(columns):,} similarities would need "
            f"{len(rows) * len(columns) * 4 / 1e9:.1f} GB; the most is {MOST_CELLS:,} (a square "
            "of 5,000 texts). Take a sample: embeddings.take(rows). For the texts nearest to "
            "each, use wb.nearest_neighbors, which has no such limit."
        )
