"""Where two models differ pair by pair: A − B of their similarities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench._arrays import FloatArray, freeze
from workbench._html import facts_table
from workbench.analysis.similarity import SimilarityMatrix
from workbench.embeddings import Embeddings
from workbench.errors import InputError

__all__ = ["SimilarityDifference", "similarity_difference"]

_LISTED = 1000


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityDifference:
    """How much more similar one model finds each pair of texts than another.

    Parameters
    ----------
    values
        The first model's similarities minus the second's, shape (n, m) float32; for cosine
        -2 to 2.
    first, second
        The two matrices.
    """

    values: FloatArray
    first: SimilarityMatrix
    second: SimilarityMatrix

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", freeze(self.values))

    @property
    def embeddings(self) -> Embeddings:
        """The row texts' embeddings by the first model."""
        return self.first.rows

    @property
    def metric(self) -> str:
        """The similarity that was compared."""
        return self.first.metric

    def title(self) -> str:
        """Return what is compared, for titles."""
        one, other = (side.rows.spec.title() for side in (self.first, self.second))
        return f"{self.first.rows.corpus.name} · {one} − {other} · {self.metric}"

    def to_frame(self) -> pd.DataFrame:
        """Return the (up to 1,000) pairs that differ most, the largest difference first.

        The columns are ``row_id, column_id, difference, first, second, row_text, column_text``.
        """
        rows, columns = self._pairs()
        order = np.argsort(-np.abs(self.values[rows, columns]), kind="stable")[:_LISTED]
        rows, columns = rows[order], columns[order]
        left, right = self.first.rows.corpus, self.first.columns.corpus
        return pd.DataFrame(
            {
                "row_id": [left.ids[row] for row in rows],
                "column_id": [right.ids[column] for column in columns],
                "difference": self.values[rows, columns],
                "first": self.first.values[rows, columns],
                "second": self.second.values[rows, columns],
                "row_text": [left.texts[row] for row in rows],
                "column_text": [right.texts[column] for column in columns],
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the difference in numbers: a flat dict; a text and itself left out."""
        found = self.values[self._pairs()]
        known = len(found) > 0
        return {
            "first": self.first.rows.spec.title(),
            "second": self.second.rows.spec.title(),
            "metric": self.metric,
            "mean_difference": float(found.mean()) if known else float("nan"),
            "mean_absolute_difference": float(np.abs(found).mean()) if known else float("nan"),
            "largest": float(found.max()) if known else float("nan"),
            "smallest": float(found.min()) if known else float("nan"),
            "corpus_fingerprint": self.first.rows.corpus.fingerprint,
        }

    def _pairs(self) -> tuple[np.ndarray, np.ndarray]:
        if self.first.symmetric:
            return np.triu_indices(len(self.values), 1)
        rows, columns = np.indices(self.values.shape)
        return rows.ravel(), columns.ravel()

    def _repr_html_(self) -> str:
        return facts_table(self.title(), self.summary())

    def __repr__(self) -> str:
        n, m = self.values.shape
        return f"SimilarityDifference({n} × {m}, {self.metric!r})"


def similarity_difference(
    first: SimilarityMatrix, second: SimilarityMatrix
) -> SimilarityDifference:
    """Return the similarities of one model minus those of another.

    Parameters
    ----------
    first, second
        Matrices of the same texts by the same similarity; their vectors' dimensions may differ.

    Raises
    ------
    InputError
        If one is no SimilarityMatrix, or they are of other texts or of another similarity.
    """
    for matrix in (first, second):
        if not isinstance(matrix, SimilarityMatrix):
            raise InputError(
                "similarity_difference: expected what wb.similarity_matrix returns; got "
                f"{type(matrix).__name__}."
            )
    for side in ("rows", "columns"):
        one, other = (getattr(matrix, side).corpus for matrix in (first, second))
        if one.fingerprint != other.fingerprint:
            raise InputError(
                f"similarity_difference: the {side} are of other texts: {one.name!r} "
                f"({len(one):,} texts) and {other.name!r} ({len(other):,}). Embed one corpus with "
                "both models; texts, ids and their order count."
            )
    if first.metric != second.metric:
        raise InputError(
            f"similarity_difference: one is of {first.metric}, the other of {second.metric}. "
            "Compare by the same similarity."
        )
    return SimilarityDifference(first.values - second.values, first, second)
