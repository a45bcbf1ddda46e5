"""Pair classification: whether the cosine tells pairs that match from pairs that do not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import IntArray, row_list
from workbench._progress import ProgressOption
from workbench.analysis._inputs import as_seed
from workbench.analysis.evaluation._scores import TaskScores
from workbench.analysis.evaluation.pairs import pair_cosines, pairs_table, scored_pairs
from workbench.corpus import Corpus, SentencePairs
from workbench.embeddings import EmbeddingStore
from workbench.errors import InputError
from workbench.models import Encoder

__all__ = ["PairClassificationTask"]


@dataclass(frozen=True, slots=True, eq=False)
class PairClassificationTask:
    """Labelled pairs; `workbench.analysis.tasks.pair_classification` makes and explains it."""

    pairs: SentencePairs = field(repr=False)
    threshold: float | None = None
    name: str = field(init=False)
    _labels: IntArray = field(init=False, repr=False)
    kind: ClassVar[str] = "pair_classification"
    metrics: ClassVar[tuple[str, ...]] = ("average_precision", "best_f1")

    def __post_init__(self) -> None:
        pairs, scores = scored_pairs(self.pairs, "pair_classification")
        labels = _labels(scores, self.threshold)
        positive = int(labels.sum())
        if positive in (0, len(labels)):
            raise InputError(
                f"pair_classification: all {len(labels)} pairs of {pairs.name!r} have the label "
                f"{labels[0]}; expected some of each. With graded scores, choose another "
                "threshold=… ."
            )
        object.__setattr__(self, "name", f"pair classification: {pairs.name}")
        object.__setattr__(self, "_labels", labels)

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
            If the encoder cannot be used, or returns NaN.
        """
        seed = as_seed(random_state)
        found = pair_cosines(encoder, self.pairs, store, progress)
        cut = self.threshold
        notes = () if cut is None else (f"Pairs with a score of {cut:g} or more count as alike.",)
        return TaskScores.of(
            (self.name, self.kind, self.metrics),
            found.spec,
            pairs_table(self.pairs, label=self._labels, similarity=found.values),
            found.prompts,
            notes=(*notes, *found.notes),
            random_state=seed,
        )


def _labels(scores: NDArray[np.float64], threshold: float | None) -> IntArray:
    """Return 0 or 1 per pair, shape (n,)."""
    if threshold is not None:
        if not isinstance(threshold, int | float) or not np.isfinite(threshold):
            raise InputError(
                f"pair_classification: threshold must be a finite number; got {threshold!r}."
            )
        return np.asarray(scores >= threshold, dtype=np.int64)
    other = np.flatnonzero((scores != 0) & (scores != 1))
    if other.size:
        raise InputError(
            f"pair_classification: scores must be 0 or 1; {row_list(other)} hold others (the "
            f"first is {scores[other[0]]:g}). For graded scores pass threshold=…: pairs with that "
            "score or more count as 1."
        )
    return np.asarray(scores, dtype=np.int64)
