"""Search by meaning: the texts of a corpus most similar to each query, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench._arrays import FloatArray, IntArray, freeze
from workbench._html import facts_table
from workbench._progress import ProgressOption, showing
from workbench.analysis._inputs import as_embeddings, as_whole, check_one_model
from workbench.analysis._nearest import nearest_rows
from workbench.embeddings import Embeddings

__all__ = ["SearchHits", "semantic_search"]

_MOST_HITS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class SearchHits:
    """The texts most similar to each query.

    Parameters
    ----------
    indices
        Row positions in the corpus, best first, shape (q, k) int64.
    scores
        Their cosines to the query, shape (q, k) float32, descending.
    queries
        The q queries.
    corpus
        The texts that were searched.
    """

    indices: IntArray
    scores: FloatArray
    queries: Embeddings
    corpus: Embeddings

    def __post_init__(self) -> None:
        object.__setattr__(self, "indices", freeze(self.indices))
        object.__setattr__(self, "scores", freeze(self.scores))

    @property
    def top_k(self) -> int:
        """How many texts were found for each query."""
        return int(self.indices.shape[1])

    def title(self) -> str:
        """Return what was searched for, for titles."""
        return f"{self.corpus.title()} · {self.top_k} nearest to each of {len(self.queries):,}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per query and hit: ``query, rank, corpus_id, score, text``.

        ``query`` and ``corpus_id`` are ids of the two corpora; ranks count from 1.
        """
        count, k = self.indices.shape
        texts = self.corpus.corpus.to_frame()[["id", "text"]]
        found = texts.iloc[self.indices.ravel()].reset_index(drop=True)
        return pd.DataFrame(
            {
                "query": np.repeat(np.array(self.queries.corpus.ids, dtype=object), k),
                "rank": np.tile(np.arange(1, k + 1), count),
                "corpus_id": found["id"],
                "score": self.scores.ravel(),
                "text": found["text"],
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the hits in numbers: a flat dict."""
        return {
            "queries": len(self.queries),
            "texts": len(self.corpus),
            "top_k": self.top_k,
            "best_score_median": float(np.median(self.scores[:, 0])),
            "corpus_fingerprint": self.corpus.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        return facts_table(self.title(), self.summary())

    def __repr__(self) -> str:
        return f"SearchHits({len(self.queries)} queries × {self.top_k})"


def semantic_search(
    queries: Embeddings,
    corpus: Embeddings,
    *,
    top_k: int = 10,
    progress: ProgressOption = False,
) -> SearchHits:
    """Return the texts most similar to each query by cosine: exact, ties in the order of rows.

    Parameters
    ----------
    queries
        The q queries, encoded by the model that encoded the texts (its query prompt, where it
        has one).
    corpus
        The n texts to search. A query that is among them is found too.
    top_k
        How many per query; n when there are no more.
    progress
        True for a bar, or a callable; it is called after each block of queries.

    Raises
    ------
    InputError
        If ``top_k`` is not a whole number from 1 to 10,000, the two are of different models or
        their vectors of different lengths, or a vector is all zeros.
    """
    asked = as_embeddings(queries, "semantic_search: queries")
    searched = as_embeddings(corpus, "semantic_search: corpus")
    k = min(as_whole(top_k, "top_k", 1, _MOST_HITS), len(searched))
    check_one_model("semantic_search", asked, searched, ("queries", "texts"))
    right = searched.unit()
    left = asked.unit()
    with showing(progress, "Searching", unit=" queries") as report:
        indices, scores = nearest_rows(left, right, k, "cosine", report)
    return SearchHits(indices, scores, asked, searched)
