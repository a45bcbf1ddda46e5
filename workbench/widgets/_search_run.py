"""One query by several methods: what each found, what failed, what is to be said of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.search import MatchReasons, Searchable, SearchResults
from workbench.widgets._search_columns import Column
from workbench.widgets._status import sentence
from workbench.widgets._warned import noted_warnings

__all__ = ["Asked", "Found", "Searcher"]

_REREAD = 50  # hits that a reranker reads, where no more are shown


@dataclass(frozen=True, slots=True)
class Asked:
    """What is searched for: the query, in which texts, how many hits."""

    query: str
    where: Mapping[str, Any]
    top_k: int


@dataclass(slots=True)
class Found:
    """What was found.

    Parameters
    ----------
    results
        Column → its hits.
    failures
        Column → why it has none.
    reasons
        Text id → why it was found; None where that failed.
    said
        What is to be said of it: a cut query, say.
    """

    results: dict[str, SearchResults] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, MatchReasons] | None = None
    said: list[str] = field(default_factory=list)


class Searcher:
    """Searches an index; what was found for the last query is not searched for again.

    Parameters
    ----------
    index
        What is searched.
    corpus
        All its texts.
    step
        Called before each column with how many are done, how many there are, and its name.
    """

    def __init__(
        self, index: Searchable, corpus: Corpus, step: Callable[[int, int, str], None]
    ) -> None:
        self._index = index
        self._corpus = corpus
        self._step = step
        self._asked: Asked | None = None
        self._results: dict[str, SearchResults] = {}
        self._reasons: dict[str, MatchReasons] = {}
        self._warned: dict[str, list[str]] = {}

    def find(self, asked: Asked, columns: Sequence[Column], least: Mapping[str, float]) -> Found:
        """Return what each column finds; what one fails at, the others do not.

        Raises
        ------
        InputError
            If every column fails.
        """
        if asked != self._asked:
            self._asked, self._results, self._reasons, self._warned = asked, {}, {}, {}
        found = Found()
        for place, column in enumerate(columns):
            self._step(place, len(columns), column.name)
            try:
                results = self._by(column, asked)
            except Exception as error:
                found.failures[column.name] = sentence(error)
                continue
            found.results[column.name] = results.at_least(least.get(column.name, -math.inf))
            found.said += self._warned[column.name]
        if not found.results:
            told = dict.fromkeys(found.failures.values())
            raise InputError(f"Nothing could be searched. {' '.join(told)}")
        self._explain(asked, found)
        found.said = list(dict.fromkeys(found.said))
        return found

    def _by(self, column: Column, asked: Asked) -> SearchResults:
        if column.name not in self._results:
            with noted_warnings() as warned:
                found = self._index.search(
                    asked.query,
                    method=column.method,
                    top_k=asked.top_k,
                    where=asked.where or None,
                    rerank=max(asked.top_k, _REREAD) if column.reranked else None,
                )
            self._results[column.name] = found.within(self._corpus)
            self._warned[column.name] = warned
        return self._results[column.name]

    def _explain(self, asked: Asked, found: Found) -> None:
        """Say why each hit was found; a model that knows no word of the query cannot."""
        ids = {hit.corpus_id for results in found.results.values() for hit in results[0]}
        new = sorted(ids - set(self._reasons))
        try:
            with noted_warnings():  # said of the searches already
                made = self._index.explain_all(asked.query, new) if new else ()
        except Exception as error:
            found.said.append(f"Why the hits were found cannot be said: {sentence(error)}")
            return
        self._reasons |= dict(zip(new, made, strict=True))
        found.reasons = dict(self._reasons)
