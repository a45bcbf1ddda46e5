"""What a search found: for each query its hits, best first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
import pandas as pd

from workbench._arrays import FloatArray, IntArray, freeze
from workbench._html import rows_table
from workbench.corpus import Corpus
from workbench.errors import InputError

__all__ = ["Hit", "SearchResults"]


@dataclass(frozen=True, slots=True)
class Hit:
    """One text that was found.

    Parameters
    ----------
    corpus_id
        The text's id.
    text
        The text.
    score
        How well it fits the query, by the method's own measure; higher is better.
    rank
        Its place among the query's hits, from 1.
    """

    corpus_id: str
    text: str
    score: float
    rank: int


@dataclass(frozen=True, slots=True, eq=False)
class SearchResults:
    """The hits of some queries; ``results[0]`` are those of the first one.

    Parameters
    ----------
    queries
        The q queries.
    rows
        For each query the row positions of its hits in the corpus, best first, shape (k,) int64;
        k may differ from query to query.
    scores
        Their scores, shape (k,) float32, descending.
    corpus
        The texts that were searched.
    method
        How, in words.
    """

    queries: tuple[str, ...]
    rows: tuple[IntArray, ...]
    scores: tuple[FloatArray, ...]
    corpus: Corpus
    method: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "queries", tuple(self.queries))
        object.__setattr__(self, "rows", tuple(freeze(rows) for rows in self.rows))
        object.__setattr__(self, "scores", tuple(freeze(scores) for scores in self.scores))

    def __len__(self) -> int:
        return len(self.queries)

    def __iter__(self) -> Iterator[tuple[Hit, ...]]:
        return (self[i] for i in range(len(self)))

    @overload
    def __getitem__(self, query: int) -> tuple[Hit, ...]: ...
    @overload
    def __getitem__(self, query: slice) -> tuple[tuple[Hit, ...], ...]: ...
    def __getitem__(self, query: int | slice) -> tuple[Hit, ...] | tuple[tuple[Hit, ...], ...]:
        """Return the hits of one query (from 0), best first."""
        if isinstance(query, slice):
            return tuple(self[i] for i in range(*query.indices(len(self))))
        found = zip(self.rows[query].tolist(), self.scores[query].tolist(), strict=True)
        ids, texts = self.corpus.ids, self.corpus.texts
        return tuple(Hit(ids[row], texts[row], score, n) for n, (row, score) in enumerate(found, 1))

    def at_least(self, minimum: float) -> SearchResults:
        """Return the hits whose score is at least ``minimum``; a query may be left with none."""
        kept = [scores >= np.float32(minimum) for scores in self.scores]
        return replace(
            self,
            rows=tuple(rows[mask] for rows, mask in zip(self.rows, kept, strict=True)),
            scores=tuple(scores[mask] for scores, mask in zip(self.scores, kept, strict=True)),
        )

    def within(self, corpus: Corpus) -> SearchResults:
        """Return the same hits as rows of another corpus that has their texts.

        The results of a `DiskIndex` hold only what was found; within the whole they stand beside
        those of other searches.

        Raises
        ------
        InputError
            If a text that was found is not in the corpus.
        """
        if corpus is self.corpus:
            return self
        used = np.unique(np.concatenate(self.rows))
        places = np.zeros(len(self.corpus), dtype=np.int64)
        places[used] = corpus.positions([self.corpus.ids[row] for row in used])
        return replace(self, corpus=corpus, rows=tuple(places[rows] for rows in self.rows))

    def title(self) -> str:
        """Return what was searched for, for titles."""
        return f"{self.corpus.name} · {len(self):,} {_plural(len(self), 'query')} by {self.method}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per query and hit.

        Columns: ``query_id`` (the query's place, from 0), ``query``, ``rank`` (from 1),
        ``corpus_id``, ``score``, ``text``. A query without hits has no row.
        """
        counts = [len(rows) for rows in self.rows]
        rows = np.concatenate(self.rows) if self.rows else np.empty(0, np.int64)
        texts = self.corpus.to_frame()[["id", "text"]].iloc[rows].reset_index(drop=True)
        return pd.DataFrame(
            {
                "query_id": np.repeat(np.arange(len(self)), counts),
                "query": pd.Series(np.repeat(np.array(self.queries, object), counts), dtype="str"),
                "rank": np.concatenate([np.arange(1, n + 1) for n in counts]).astype(np.int64),
                "corpus_id": texts["id"],
                "score": np.concatenate(self.scores),
                "text": texts["text"],
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the results in numbers: a flat dict."""
        best = [float(scores[0]) for scores in self.scores if len(scores)]
        return {
            "queries": len(self),
            "queries_without_hits": len(self) - len(best),
            "hits": sum(map(len, self.rows)),
            "method": self.method,
            "best_score_median": float(np.median(best)) if best else float("nan"),
            "corpus_fingerprint": self.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        table = self.to_frame().drop(columns="query_id").head(10)
        return rows_table(self.title(), list(table.columns), table.itertuples(index=False))

    def __repr__(self) -> str:
        hits = sum(map(len, self.rows))
        asked = f"{len(self)} {_plural(len(self), 'query')}"
        return f"SearchResults({asked}, {hits} hits, {self.method!r})"


def as_queries(queries: str | Sequence[str]) -> tuple[str, ...]:
    """Return queries as a tuple of texts.

    Raises
    ------
    InputError
        If there is none, or one is no text or blank: with its place.
    """
    asked: object = queries
    if not isinstance(asked, str | Iterable):
        raise InputError(
            f"search: expected a query, a text, or several; got {type(asked).__name__} "
            f"{asked!r:.40}."
        )
    given: tuple[object, ...] = (queries,) if isinstance(queries, str) else tuple(queries)
    if not given:
        raise InputError("search: expected a query or several; got none.")
    found: list[str] = []
    for place, query in enumerate(given, 1):
        if not isinstance(query, str):
            raise InputError(
                f"search: query {place} is {type(query).__name__} {query!r:.40}, no text."
            )
        if not query.strip():
            raise InputError(f"search: query {place} is blank; expected what is looked for.")
        found.append(query)
    return tuple(found)


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word[:-1]}ies"
