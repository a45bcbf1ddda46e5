"""RetrievalSet: queries, the texts they search, and which of these answer them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

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
        Query id → {corpus id → grade}; a grade is a positive number. A set or list of ids may
        stand for the grades: each counts 1.
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
        queries = {str(key): query for key, query in self.queries.items()}
        if not queries:
            raise InputError("RetrievalSet: expected at least one query; got none.")
        known = set(self.corpus.ids)
        judged: dict[str, Mapping[str, float]] = {}
        for query_id, grades in self.relevant_docs.items():
            if str(query_id) not in queries:
                raise InputError(
                    f"RetrievalSet: relevant_docs names the query {query_id!r}, which does not "
                    f"exist. {suggest(str(query_id), queries)}"
                )
            graded = grades if isinstance(grades, Mapping) else dict.fromkeys(grades, 1.0)
            for text_id, grade in graded.items():
                if str(text_id) not in known:
                    raise InputError(
                        f"RetrievalSet: query {query_id!r} is answered by {text_id!r}, which is "
                        f"not in the corpus. {suggest(str(text_id), self.corpus.ids[:2000])}"
                    )
                if not grade >= 0:
                    raise InputError(
                        f"RetrievalSet: a grade must be 0 or more; {query_id!r} gives "
                        f"{text_id!r} the grade {grade!r}."
                    )
            judged[str(query_id)] = MappingProxyType({str(k): float(g) for k, g in graded.items()})
        object.__setattr__(self, "queries", MappingProxyType(queries))
        object.__setattr__(self, "relevant_docs", MappingProxyType(judged))

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
