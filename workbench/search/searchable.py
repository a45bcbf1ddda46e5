"""Searchable: what one may ask of an index, wherever its texts lie."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar, cast

from workbench._html import facts_table
from workbench._progress import ProgressOption
from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.models import Encoder, ModelSpec, Reranker, SparseModel
from workbench.search._filters import Where
from workbench.search._scorers import SparseScorer, WordScorer
from workbench.search._searching import (
    Source,
    checked_method,
    checked_rerank,
    found_above,
    searched,
)
from workbench.search.fusion import Hybrid
from workbench.search.reasons import MatchReasons, reasons
from workbench.search.results import SearchResults, as_queries

__all__ = ["Searchable", "check_searchable"]


class Searchable(ABC):
    """Texts that can be searched by meaning, by words, or by both: an index of either kind."""

    encoder: Encoder
    """The model that made the texts' vectors, and makes the queries'."""

    reranker: Reranker | None
    """What reads the first hits again; None: nothing does."""

    without: ClassVar[Mapping[str, str]]
    """What to do about a method that an index has not, by its name."""

    @property
    @abstractmethod
    def corpus(self) -> Corpus:
        """The texts that are searched."""

    @property
    @abstractmethod
    def spec(self) -> ModelSpec:
        """What made the texts' vectors."""

    @property
    @abstractmethod
    def methods(self) -> tuple[str, ...]:
        """The methods that `search` takes here."""

    @property
    def sparse_encoder(self) -> SparseModel | None:
        """What weighs tokens for ``method="sparse"``; None: there is no such search."""
        return None

    @abstractmethod
    def _source(self) -> AbstractContextManager[Source]:
        """Give what a search reads, for as long as the block."""

    def search(
        self,
        queries: str | Sequence[str],
        *,
        method: str | Hybrid = "dense",
        top_k: int = 10,
        minimum_relevancy: float | None = None,
        where: Where | None = None,
        rerank: int | None = None,
        progress: ProgressOption = False,
    ) -> SearchResults:
        """Return the texts that fit each query best: exact, equal scores in the order of rows.

        Parameters
        ----------
        queries
            What is looked for: a text or several.
        method
            ``dense``: by the cosine of vectors. ``bm25``: by shared words. ``sparse``: by the
            sparse encoder's tokens. ``hybrid``: dense and bm25 by reciprocal rank fusion, or a
            `Hybrid` that says otherwise. By words, a text that shares none is not found at all.
        top_k
            How many hits per query at most, 1 to 10,000.
        minimum_relevancy
            The least score of a hit, in the method's measure (of the reranker's, where it has
            the last word); not for hybrid, whose scores are sums of places.
        where
            Conditions on columns: ``{"topic": "refund"}``, ``{"topic": ["refund", "invoice"]}``,
            ``{"year": {"min": 2020}}``; all must be met.
        rerank
            How many of the first hits the reranker reads again, ``top_k`` at least.
        progress
            True for a bar, or a callable; called as queries are done.

        Raises
        ------
        InputError
            If a query is no text or blank, the model knows no word of it, or an option is not
            one (a least score that none can reach, say): before anything is computed.

        Warns
        -----
        WorkbenchWarning
            If a query is longer than the model reads.
        """
        with self._source() as source:
            return searched(
                self,
                source,
                queries,
                method=method,
                top_k=top_k,
                minimum_relevancy=minimum_relevancy,
                where=where,
                rerank=rerank,
                progress=progress,
            )

    def above(self, queries: str | Sequence[str], *, threshold: float) -> SearchResults:
        """Return every text whose cosine to a query is at least ``threshold``, best first.

        Raises
        ------
        InputError
            If a query is no text or blank, or the threshold is no number up to 1.
        """
        with self._source() as source:
            return found_above(source, queries, threshold)

    def explain(self, query: str, corpus_id: str) -> MatchReasons:
        """Return why a text fits a query: its cosine, shared words, shared tokens.

        Raises
        ------
        InputError
            If there is no text of that id, or the query is blank.
        """
        (found,) = self.explain_all(query, [corpus_id])
        return found

    def explain_all(self, query: str, corpus_ids: Sequence[str]) -> tuple[MatchReasons, ...]:
        """Return what `explain` does of several texts; the query is encoded once."""
        (asked,) = as_queries(query)
        with self._source() as source:
            rows = source.places(corpus_ids)
            dense, words = source.scorer("dense"), cast("WordScorer", source.scorer("bm25"))
            sparse = None
            if self.sparse_encoder is not None:
                sparse = cast("SparseScorer", source.scorer("sparse"))
            return reasons(asked, rows, source.texts(rows), dense, words, sparse)

    def check_method(self, method: str | Hybrid) -> str | Hybrid:
        """Return a method that `search` takes here, or raise an InputError."""
        return checked_method(method, self.methods, self.without)

    def check_rerank(self, rerank: object, top_k: int) -> int:
        """Return how many hits are to be read again, or raise an InputError."""
        return checked_rerank(rerank, top_k, self.reranker)

    @abstractmethod
    def save(self, folder: str | Path) -> Path:
        """Write the index, not its models, into a folder; return the folder."""

    @abstractmethod
    def summary(self) -> dict[str, float | int | str]:
        """Return the index in numbers: a flat dict."""

    @abstractmethod
    def title(self) -> str:
        """Return what is searched by what, for titles."""

    @abstractmethod
    def __len__(self) -> int: ...

    def _repr_html_(self) -> str:
        return facts_table(self.title(), self.summary())


def check_searchable(index: object, caller: str) -> Searchable:
    """Return an index, or raise an InputError."""
    if not isinstance(index, Searchable):
        raise InputError(
            f"{caller}: expected a SearchIndex or a DiskIndex; got {type(index).__name__}. "
            "wb.SearchIndex.build(corpus, encoder) makes one."
        )
    return index
