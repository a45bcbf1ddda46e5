"""Reranking: whether the relevant ones of some given texts come first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray
from workbench._progress import ProgressOption, showing
from workbench.analysis._inputs import as_seed, as_whole
from workbench.analysis.evaluation._judged import (
    JudgedQuery,
    check_queries,
    examples_table,
    judged,
    sides_of,
)
from workbench.analysis.evaluation._scores import TaskScores
from workbench.analysis.evaluation._task import cosines
from workbench.analysis.evaluation.ranking import query_metrics, ranks_in
from workbench.corpus import Corpus, RetrievalSet
from workbench.embeddings import EmbeddingStore
from workbench.errors import InputError, suggest
from workbench.models import Encoder, ModelSpec, Reranker

__all__ = ["RerankingTask"]


@dataclass(frozen=True, slots=True, eq=False)
class RerankingTask:
    """Order of given texts by cosine; `workbench.analysis.tasks.reranking` makes it."""

    retrieval_set: RetrievalSet = field(repr=False)
    candidates: Mapping[str, Iterable[str]] | None = field(default=None, repr=False)
    k: int = 10
    name: str = field(init=False)
    _queries: tuple[JudgedQuery, ...] = field(init=False, repr=False)
    _offered: tuple[IntArray, ...] = field(init=False, repr=False)
    kind: ClassVar[str] = "reranking"

    def __post_init__(self) -> None:
        as_whole(self.k, "reranking: k", 1, 1000)
        given, queries = judged(self.retrieval_set, "reranking")
        offered = _rows_by_query(given, self.candidates)
        kept, lists = [], []
        for query in queries:
            rows = offered.get(query.id, np.empty(0, np.int64))
            among = np.isin(query.rows, rows)
            if among.any() and among.sum() < len(rows):
                kept.append(
                    JudgedQuery(query.id, query.query, query.rows[among], query.grades[among])
                )
                lists.append(rows)
        has = "a relevant candidate and one that is not"
        check_queries(kept, len(given), f"reranking on {given.name!r}", has)
        object.__setattr__(self, "name", f"reranking: {given.name}")
        object.__setattr__(self, "_queries", tuple(kept))
        object.__setattr__(self, "_offered", tuple(lists))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics' names, MAP first."""
        return ("map", f"mrr@{self.k}", f"ndcg@{self.k}")

    def check(self, corpus: Corpus | None) -> None:
        """Raise nothing: the task's own examples were checked when it was made."""

    def score(
        self,
        encoder: Encoder | str,
        *,
        corpus: Corpus | None = None,
        store: EmbeddingStore | bool = True,
        progress: ProgressOption = True,
        random_state: int = 0,
    ) -> TaskScores:
        """Return a model's scores on these queries; ``corpus`` is not used: the set has its own.

        Raises
        ------
        InputError
            If the encoder cannot be used, or returns NaN.
        """
        seed = as_seed(random_state)
        used = np.unique(np.concatenate(self._offered))
        texts = self.retrieval_set.corpus.take(used)
        sides = sides_of(encoder, self._queries, texts, store, progress)
        scored = []
        for rows, vector in zip(self._offered, sides.queries, strict=True):
            near = sides.documents[np.searchsorted(used, rows)]
            scored.append(cosines(near, np.broadcast_to(vector, near.shape)))
        return self._measured(scored, sides.spec, sides.prompts, sides.notes, seed)

    def score_reranker(
        self, reranker: Reranker, *, progress: ProgressOption = True, random_state: int = 0
    ) -> TaskScores:
        """Return the scores of a model that reads a query and a text together.

        Raises
        ------
        InputError
            If it is no reranker.
        """
        if not isinstance(reranker, Reranker):
            raise InputError(
                f"{self.name}: expected a Reranker; got {type(reranker).__name__}. "
                "wb.load_reranker gives one; an encoder goes to score()."
            )
        seed = as_seed(random_state)
        scored: list[FloatArray] = []
        longer = 0
        with showing(progress, "Reranking", unit=" queries") as report:
            for query, rows in zip(self._queries, self._offered, strict=True):
                texts = [self.retrieval_set.corpus.texts[row] for row in rows]
                asked = [query.query] * len(texts)
                scored.append(reranker.predict(asked, texts))
                if reranker.spec.max_tokens is not None:
                    tokens = reranker.count_tokens(asked, texts)
                    longer += int((tokens > reranker.spec.max_tokens).sum())
                report(len(scored), len(self._queries))
        pairs = sum(map(len, self._offered))
        notes = (f"{longer:,} of {pairs:,} pairs are longer than the model reads.",)
        return self._measured(scored, reranker.spec, {}, notes if longer else (), seed)

    def _measured(
        self,
        scored: Sequence[NDArray[Any]],
        spec: ModelSpec,
        prompts: Mapping[str, str],
        notes: Sequence[str],
        seed: int,
    ) -> TaskScores:
        """Return the metrics of each query's candidates by their scores."""
        scores: list[dict[str, float]] = []
        ranks: list[IntArray] = []
        found: list[int] = []
        for query, rows, own in zip(self._queries, self._offered, scored, strict=True):
            ranks.append(ranks_in(own, np.searchsorted(rows, query.rows)))
            measured = query_metrics(ranks[-1], query.grades, self.k)
            scores.append({metric: measured[metric] for metric in self.metrics})
            found.append(int(rows[np.argmax(own)]))
        return TaskScores.of(
            (self.name, self.kind, self.metrics),
            spec,
            examples_table(self._queries, scores, ranks, found, self.retrieval_set.corpus),
            prompts,
            notes=(*self._left_out(), *notes),
            random_state=seed,
        )

    def _left_out(self) -> tuple[str, ...]:
        count = len(self.retrieval_set) - len(self._queries)
        if not count:
            return ()
        return (
            f"{count} of {len(self.retrieval_set)} queries have no relevant candidate, or no "
            "other, and were left out of all means.",
        )


def _rows_by_query(
    given: RetrievalSet, candidates: Mapping[str, Iterable[str]] | None
) -> dict[str, IntArray]:
    """Return each query's candidates as ascending rows of the corpus."""
    where = {text_id: row for row, text_id in enumerate(given.corpus.ids)}
    offered: dict[str, IntArray] = {}
    for query_id, ids in (given.relevant_docs if candidates is None else candidates).items():
        if str(query_id) not in given.queries:
            raise InputError(
                f"reranking: candidates names the query {query_id!r}, which does not exist. "
                f"{suggest(str(query_id), given.queries)}"
            )
        if isinstance(ids, str):
            raise InputError(
                f"reranking: the candidates of {query_id!r} must be a list of ids; got a str."
            )
        listed = list(dict.fromkeys(str(text_id) for text_id in ids))
        unknown = next((text_id for text_id in listed if text_id not in where), None)
        if unknown is not None:
            raise InputError(
                f"reranking: query {query_id!r} has the candidate {unknown!r}, which is not in "
                f"{given.corpus.name!r}. {suggest(unknown, given.corpus.ids[:2000])}"
            )
        offered[str(query_id)] = np.array(sorted(where[one] for one in listed), np.int64)
    return offered
