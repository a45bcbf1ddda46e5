"""Which texts somebody marked relevant for which query: what becomes a RetrievalSet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from types import MappingProxyType

from workbench.corpus import Corpus, RetrievalSet
from workbench.errors import InputError, suggest

__all__ = ["Marks"]


class Marks:
    """Queries, and for each the texts that were marked: relevant or not.

    Parameters
    ----------
    corpus
        The texts.
    queries
        Queries to begin with: a list, a dict by id, or a RetrievalSet, whose judgements are marks.

    Raises
    ------
    InputError
        If a query is no text, or a judgement is of a text that the corpus does not have.
    """

    def __init__(self, corpus: Corpus, queries: object = None) -> None:
        self._corpus = corpus
        self._known = frozenset(corpus.ids)
        self._grades: dict[str, dict[str, float]] = {}
        self.queries: Mapping[str, str] = MappingProxyType(_named(queries))
        if isinstance(queries, RetrievalSet):
            for query_id, grades in queries.relevant_docs.items():
                self._check(grades)
                if grades:
                    self._grades.setdefault(self.queries[query_id], {}).update(grades)

    def of(self, query: str) -> dict[str, bool]:
        """Return a query's marks: text id → whether it is relevant."""
        return {text_id: grade > 0 for text_id, grade in self._grades.get(query, {}).items()}

    def set(self, query: str, corpus_id: str, relevant: bool | None) -> None:
        """Mark a text relevant or not for a query; None takes the mark back.

        Raises
        ------
        InputError
            If there is no such text.
        """
        self._check([corpus_id])
        grades = self._grades.setdefault(query, {})
        if relevant is None:
            grades.pop(corpus_id, None)
        elif grades.get(corpus_id, -1) <= 0 or not relevant:  # a higher grade that was given stays
            grades[corpus_id] = float(relevant)
        if not grades:
            del self._grades[query]

    def counts(self) -> list[tuple[str, int, int]]:
        """Return the marked queries: each with how many texts are relevant, and how many not."""
        every = [(query, self.of(query).values()) for query in self._grades]
        return [(query, sum(marks), len(marks) - sum(marks)) for query, marks in every]

    def retrieval_set(self, name: str) -> RetrievalSet:
        """Return the marked queries over the corpus.

        Raises
        ------
        InputError
            If nothing is marked.
        """
        if not self._grades:
            raise InputError(
                "SearchExplorer: nothing is marked yet. Search, and mark hits relevant: the ✓ at a "
                "hit, the key r on it, or explorer.mark(corpus_id)."
            )
        ids = self._ids()
        queries = {ids[query]: query for query in self._grades}
        judged = {ids[query]: dict(grades) for query, grades in self._grades.items()}
        return RetrievalSet(queries, self._corpus, judged, name)

    def _ids(self) -> dict[str, str]:
        """Return query → id: the given ones, and ``q1``, ``q2``, … for those that were typed."""
        ids = {query: query_id for query_id, query in reversed(list(self.queries.items()))}
        free = (f"q{number}" for number in count(1))
        unused = (query_id for query_id in free if query_id not in self.queries)
        for query in self._grades:
            if query not in ids:
                ids[query] = next(unused)
        return ids

    def _check(self, corpus_ids: Iterable[str]) -> None:
        for text_id in corpus_ids:
            if text_id not in self._known:
                raise InputError(
                    f"SearchExplorer: {text_id!r} cannot be marked: {self._corpus.name!r} has no "
                    f"text of this id. {suggest(str(text_id), self._corpus.ids[:2000])}"
                )


def _named(queries: object) -> dict[str, str]:
    """Return queries by id."""
    if queries is None:
        return {}
    if isinstance(queries, RetrievalSet):
        return {query_id: query.strip() for query_id, query in queries.queries.items()}
    if isinstance(queries, str) or not isinstance(queries, Mapping | Sequence):
        raise InputError(
            "SearchExplorer: queries is a list of texts, a dict by id or a RetrievalSet; got "
            f"{type(queries).__name__}."
        )
    if isinstance(queries, Mapping):
        named = {str(query_id): query for query_id, query in queries.items()}
    else:
        named = {f"q{place}": query for place, query in enumerate(queries, 1)}
    for query_id, query in named.items():
        if not isinstance(query, str) or not query.strip():
            raise InputError(
                f"SearchExplorer: the query {query_id!r} must be a text; got {query!r:.40}."
            )
    return {query_id: query.strip() for query_id, query in named.items()}
