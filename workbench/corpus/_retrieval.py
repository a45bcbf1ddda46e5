"""RetrievalSet: queries, the texts they search, and which of these answer them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from types import MappingProxyType
from typing import Any

import pandas as pd

from workbench._html import rows_table
from workbench.corpus._corpus import Corpus
from workbench.errors import InputError, suggest

__all__ = ["RetrievalSet"]


@dataclass(frozen=True, slots=True, eq=False)
class RetrievalSet:
    """Queries, a corpus, and graded judgements.

    Parameters
    ----------
    queries
        Query id → query.
    corpus
        The texts that are searched.
    relevant_docs
        Query id → {corpus id → grade}; a grade is a finite number, 0 (not relevant) or more. A
        set or list of ids may stand for the grades: each counts 1.
    name
        What titles call the set.

    Raises
    ------
    InputError
        If there is no query, or a judgement names a query or text that does not exist.
    """

    queries: Mapping[str, str]
    corpus: Corpus
    relevant_docs: Mapping[str, Mapping[str, float]]
    name: str = "retrieval"

    def __post_init__(self) -> None:
        _check_kinds(self.queries, self.corpus, self.relevant_docs)
        queries = {str(key): query for key, query in self.queries.items()}
        known = set(self.corpus.ids)
        judged: dict[str, Mapping[str, float]] = {}
        for query_id, grades in self.relevant_docs.items():
            if str(query_id) not in queries:
                raise InputError(
                    f"RetrievalSet: relevant_docs names the query {query_id!r}, which does not "
                    f"exist. {suggest(str(query_id), queries)}"
                )
            graded = _graded(str(query_id), grades)
            unknown = next((text_id for text_id in graded if text_id not in known), None)
            if unknown is not None:
                raise InputError(
                    f"RetrievalSet: query {query_id!r} is answered by {unknown!r}, which is "
                    f"not in the corpus. {suggest(unknown, self.corpus.ids[:2000])}"
                )
            judged[str(query_id)] = MappingProxyType(graded)
        object.__setattr__(self, "queries", MappingProxyType(queries))
        object.__setattr__(self, "relevant_docs", MappingProxyType(judged))

    def __reduce__(self) -> tuple[Any, ...]:
        # A read-only mapping cannot be pickled.
        judged = {query_id: dict(grades) for query_id, grades in self.relevant_docs.items()}
        return type(self), (dict(self.queries), self.corpus, judged, self.name)

    def __len__(self) -> int:
        return len(self.queries)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per judgement: ``query_id``, ``query``, ``corpus_id``, ``grade``."""
        rows = [
            (query_id, self.queries[query_id], text_id, grade)
            for query_id, grades in self.relevant_docs.items()
            for text_id, grade in grades.items()
        ]
        return pd.DataFrame(rows, columns=["query_id", "query", "corpus_id", "grade"])

    def summary(self) -> dict[str, float | int]:
        """Return the set in numbers: a flat dict."""
        judgements = sum(len(grades) for grades in self.relevant_docs.values())
        return {"queries": len(self), "texts": len(self.corpus), "judgements": judgements}

    def _repr_html_(self) -> str:
        shown = self.to_frame().head(5)
        title = f"{self.name}: {len(self):,} queries over {len(self.corpus):,} texts"
        return rows_table(title, list(shown.columns), shown.itertuples(index=False))


def _check_kinds(queries: Mapping[str, object], corpus: object, relevant_docs: object) -> None:
    for what, value in (("queries", queries), ("relevant_docs", relevant_docs)):
        if not isinstance(value, Mapping):
            raise InputError(
                f"RetrievalSet: {what} must be a dict by query id; got {type(value).__name__}."
            )
    if not isinstance(corpus, Corpus):
        raise InputError(
            f"RetrievalSet: corpus must be a Corpus; got {type(corpus).__name__}. Of a dict, make "
            "wb.Corpus(texts=tuple(d.values()), ids=tuple(d))."
        )
    if not queries:
        raise InputError("RetrievalSet: expected at least one query; got none.")
    for query_id, query in queries.items():
        if not isinstance(query, str) or not query.strip():
            raise InputError(
                f"RetrievalSet: the query {query_id!r} must be a str with text; got {query!r:.40}."
            )


def _graded(query_id: str, grades: object) -> dict[str, float]:
    """Return the grades of a query by text id."""
    if isinstance(grades, str) or not isinstance(grades, Iterable):
        raise InputError(
            f"RetrievalSet: the relevant texts of {query_id!r} must be a set or list of ids, or a "
            f"dict of grades; got {grades!r:.40}."
        )
    given = grades if isinstance(grades, Mapping) else dict.fromkeys(grades, 1.0)
    for text_id, grade in given.items():
        if not isinstance(grade, Real) or not 0 <= float(grade) < math.inf:
            raise InputError(
                f"RetrievalSet: a grade must be a number, 0 or more; {query_id!r} gives "
                f"{text_id!r} the grade {grade!r}."
            )
    return {str(text_id): float(grade) for text_id, grade in given.items()}
