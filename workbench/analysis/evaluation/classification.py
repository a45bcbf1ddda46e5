"""Classification: whether a linear probe reads the label off the vector."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._progress import ProgressOption
from workbench.analysis._inputs import as_seed
from workbench.analysis.evaluation._labels import Labelled, labelled_texts, vectors_of
from workbench.analysis.evaluation._scores import TaskScores
from workbench.analysis.evaluation._task import check_enough, own_name, task_corpus
from workbench.corpus import Corpus
from workbench.embeddings import EmbeddingStore
from workbench.errors import InputError
from workbench.models import Encoder

__all__ = ["ClassificationTask"]

_FOLDS = 5
_MOST_STEPS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class ClassificationTask:
    """Labelled texts; `workbench.analysis.tasks.classification` makes and explains it."""

    label: str | None = None
    corpus: Corpus | None = field(default=None, repr=False)
    name: str = field(init=False)
    kind: ClassVar[str] = "classification"
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1")

    def __post_init__(self) -> None:
        if self.corpus is not None:
            self.check(None)
        name = own_name("classification", self.label or "labels", self.corpus)
        object.__setattr__(self, "name", name)

    def check(self, corpus: Corpus | None) -> None:
        """Raise an InputError if there are no two labels that two texts or more have."""
        self._learnable(corpus)

    def score(
        self,
        encoder: Encoder | str,
        *,
        corpus: Corpus | None = None,
        store: EmbeddingStore | bool = True,
        progress: ProgressOption = True,
        random_state: int = 0,
    ) -> TaskScores:
        """Return a model's scores on the task's own corpus, or else on ``corpus``.

        Raises
        ------
        InputError
            If there is no corpus or no such column, fewer than two labels have two texts, fewer
            than five texts share a label, or the encoder cannot be used.
        """
        seed = as_seed(random_state)
        labelled, folds = self._learnable(corpus)
        vectors = vectors_of(labelled, encoder, store, progress)
        predicted = _predicted(vectors.values, labelled.labels, folds, seed)
        return TaskScores.of(
            (self.name, self.kind, self.metrics),
            vectors.spec,
            labelled.table(predicted=pd.Series(predicted, dtype=object)),
            vectors.prompts,
            notes=(*labelled.notes, *vectors.notes),
            random_state=seed,
        )

    def _learnable(self, corpus: Corpus | None) -> tuple[Labelled, int]:
        texts = task_corpus(self.corpus, corpus, "classification")
        return _learnable(labelled_texts(texts, self.label, "classification"))


def _learnable(labelled: Labelled) -> tuple[Labelled, int]:
    """Leave out labels that one text has alone; return the rest and the number of folds.

    Stratified folds put the texts of a label in different folds as long as they can, so two
    texts of a label suffice for one to be predicted from the other.
    """
    sizes = Counter(labelled.labels)
    alone = [label for label, size in sizes.items() if size == 1]
    if len(sizes) - len(alone) < 2:
        raise InputError(
            f"classification: expected at least two labels that two texts or more have; got "
            f"{len(sizes) - len(alone)} ({len(alone)} of {len(sizes)} labels are on one text "
            "only)."
        )
    notes = list(labelled.notes)
    if alone:
        kept = np.flatnonzero([sizes[label] > 1 for label in labelled.labels])
        notes.append(
            f"{len(alone)} texts whose label no other text has were left out: it cannot be learnt."
        )
        check_enough(len(kept), "texts whose label another text has too", "classification")
        labelled = Labelled(labelled.corpus.take(kept), labelled.labels[kept], ())
    folds = min(_FOLDS, max(sizes.values()))
    if folds < _FOLDS:
        notes.append(f"{folds} folds instead of {_FOLDS}: no label has more texts.")
    rare = [label for label, size in sizes.items() if 1 < size < folds]
    if rare:
        fewest = min(sizes[label] for label in rare)
        notes.append(
            f"{len(rare)} labels have fewer than {folds} texts (the rarest {fewest}): some folds "
            "hold none of them."
        )
    return replace(labelled, notes=tuple(notes)), folds


def _predicted(
    vectors: NDArray[np.float64], labels: NDArray[np.object_], folds: int, seed: int
) -> NDArray[np.object_]:
    """Return each text's label as predicted by a probe that has not seen it, shape (n,)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    splits = StratifiedKFold(folds, shuffle=True, random_state=seed)
    # By number: as fixed-width strings, one long label would take its length for every text.
    names, codes = np.unique(labels, return_inverse=True)
    predicted = np.empty(len(labels), dtype=object)
    with warnings.catch_warnings():
        # Labels rarer than folds: a note says so.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        parts = list(splits.split(vectors, codes))
    for train, test in parts:
        probe = LogisticRegression(max_iter=_MOST_STEPS)
        probe.fit(vectors[train], codes[train])
        predicted[test] = names[probe.predict(vectors[test])]
    return predicted
