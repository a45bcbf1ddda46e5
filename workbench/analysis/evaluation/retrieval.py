"""Retrieval: whether the texts that answer a query are found among all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from workbench._arrays import IntArray
from workbench._progress import ProgressOption
from workbench.analysis._inputs import as_seed, as_whole
from workbench.analysis.evaluation._judged import (
    JudgedQuery,
    examples_table,
    judged,
    sides_of,
)
from workbench.analysis.evaluation._scores import TaskScores
from workbench.analysis.evaluation.ranking import query_metrics, ranks_in, score_blocks
from workbench.corpus import Corpus, RetrievalSet
from workbench.embeddings import EmbeddingStore
from workbench.models import Encoder

__all__ = ["RetrievalTask"]


@dataclass(frozen=True, slots=True, eq=False)
class RetrievalTask:
    """Search of a corpus by cosine; `workbench.analysis.tasks.retrieval` makes and explains it."""

    retrieval_set: RetrievalSet = field(repr=False)
    k: int = 10
    name: str = field(init=False)
    _queries: tuple[JudgedQuery, ...] = field(init=False, repr=False)
    kind: ClassVar[str] = "retrieval"

    def __post_init__(self) -> None:
        as_whole(self.k, "retrieval: k", 1, 1000)
        given, queries = judged(self.retrieval_set, "retrieval")
        object.__setattr__(self, "name", f"retrieval: {given.name}")
        object.__setattr__(self, "_queries", tuple(queries))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics' names, nDCG@k first."""
        k = self.k
        return (f"ndcg@{k}", f"mrr@{k}", "map", f"recall@{k}", f"precision@{k}")

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
        texts = self.retrieval_set.corpus
        sides = sides_of(encoder, self._queries, texts, store, progress)
        scores: list[dict[str, float]] = []
        ranks: list[IntArray] = []
        found: list[int] = []
        for number, similarities in score_blocks(sides.queries, sides.documents):
            query = self._queries[number]
            ranks.append(ranks_in(similarities, query.rows))
            scores.append(query_metrics(ranks[-1], query.grades, self.k))
            found.append(int(np.argmax(similarities)))
        return TaskScores.of(
            (self.name, self.kind, self.metrics),
            sides.spec,
            examples_table(self._queries, scores, ranks, found, texts),
            sides.prompts,
            notes=(*self._left_out(), *sides.notes),
            random_state=seed,
        )

    def _left_out(self) -> tuple[str, ...]:
        count = len(self.retrieval_set) - len(self._queries)
        if not count:
            return ()
        return (
            f"{count} of {len(self.retrieval_set)} queries have no relevant text and were left "
            "out of all means.",
        )
