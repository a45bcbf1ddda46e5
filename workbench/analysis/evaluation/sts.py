"""Semantic textual similarity: whether cosines go with people's scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from workbench._progress import ProgressOption
from workbench.analysis._inputs import as_seed
from workbench.analysis.evaluation._scores import TaskScores
from workbench.analysis.evaluation.pairs import pair_cosines, pairs_table, scored_pairs
from workbench.corpus import Corpus, SentencePairs
from workbench.embeddings import EmbeddingStore
from workbench.errors import InputError
from workbench.models import Encoder

__all__ = ["SimilarityTask"]


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityTask:
    """Scored pairs; `workbench.analysis.tasks.sts` makes and explains it."""

    pairs: SentencePairs = field(repr=False)
    name: str = field(init=False)
    kind: ClassVar[str] = "sts"
    metrics: ClassVar[tuple[str, ...]] = ("spearman", "pearson")

    def __post_init__(self) -> None:
        pairs, scores = scored_pairs(self.pairs, "sts")
        if np.ptp(scores) == 0:
            raise InputError(
                f"sts: all {len(pairs)} pairs of {pairs.name!r} have the score {scores[0]:g}; a "
                "correlation needs scores that differ."
            )
        object.__setattr__(self, "name", f"sts: {pairs.name}")

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
        """Return a model's scores on these pairs; ``corpus`` is not used: pairs have their texts.

        Raises
        ------
        InputError
            If the encoder cannot be used, returns NaN, or finds all pairs equally alike.
        """
        seed = as_seed(random_state)
        found = pair_cosines(encoder, self.pairs, store, progress)
        if np.ptp(found.values) == 0:
            raise InputError(
                f"{self.name}: {found.spec.title()!r} gives every pair the cosine "
                f"{found.values[0]:.4g}; a correlation with the scores is undefined."
            )
        table = pairs_table(
            self.pairs, score=np.asarray(self.pairs.scores), similarity=found.values
        )
        return TaskScores.of(
            (self.name, self.kind, self.metrics),
            found.spec,
            table,
            found.prompts,
            notes=found.notes,
            random_state=seed,
        )
