"""Each text's nearest neighbours: exact, in blocks, computed once and passed on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench._arrays import FloatArray, IntArray, freeze
from workbench._html import facts_table
from workbench._progress import ProgressOption, showing
from workbench.analysis._computed_once import computed_once
from workbench.analysis._inputs import as_embeddings, as_whole
from workbench.analysis._nearest import nearest_rows
from workbench.analysis.similarity import comparable
from workbench.embeddings import Embeddings
from workbench.errors import InputError

__all__ = ["SHARED_NEIGHBORS", "Neighbors", "nearest_neighbors"]

SHARED_NEIGHBORS = 30  # per text: enough for a map, its quality and clusters at their defaults
_MOST_NEIGHBORS = 10_000


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

    Of 500 texts or more they are kept on disk, and read when the same are asked for again.

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
    k = min(wanted, len(vectors) - 1)
    most = min(max(wanted, SHARED_NEIGHBORS), len(vectors) - 1)  # whoever asks for more has them
    with showing(progress, "Comparing") as report:

        def compute() -> tuple[IntArray, FloatArray]:
            return nearest_rows(vectors, vectors, most, metric, report, without_self=True)

        indices, similarities = computed_once("neighbors-1", (vectors, most, metric), compute)
        report(len(vectors), len(vectors))
    return Neighbors(indices[:, :k], similarities[:, :k], source, metric)
