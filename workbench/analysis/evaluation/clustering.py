"""Clustering: whether k-means clusters agree with the labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import IntArray
from workbench._progress import ProgressOption
from workbench.analysis._inputs import as_seed, distinct_rows
from workbench.analysis._threads import steady_threads
from workbench.analysis.evaluation._labels import Labelled, labelled_texts, vectors_of
from workbench.analysis.evaluation._scores import TaskScores
from workbench.analysis.evaluation._task import own_name, task_corpus
from workbench.corpus import Corpus
from workbench.embeddings import EmbeddingStore
from workbench.errors import InputError
from workbench.models import Encoder

__all__ = ["ClusteringTask"]

_STARTS = 10
_MOST_IN_FULL = 20_000  # texts; k-means of more goes through them in batches
_BATCH = 4096


@dataclass(frozen=True, slots=True, eq=False)
class ClusteringTask:
    """Labelled texts; `workbench.analysis.tasks.clustering` makes and explains it."""

    label: str | None = None
    corpus: Corpus | None = field(default=None, repr=False)
    name: str = field(init=False)
    kind: ClassVar[str] = "clustering"
    metrics: ClassVar[tuple[str, ...]] = ("v_measure",)

    def __post_init__(self) -> None:
        if self.corpus is not None:
            self.check(None)
        object.__setattr__(
            self, "name", own_name("clustering", self.label or "labels", self.corpus)
        )

    def check(self, corpus: Corpus | None) -> None:
        """Raise an InputError if there are no labels that several texts share."""
        self._labelled(corpus)

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
            If there is no corpus or no such column, it has fewer than two labels or as many as
            texts, or the encoder cannot be used.
        """
        seed = as_seed(random_state)
        labelled = self._labelled(corpus)
        vectors = vectors_of(labelled, encoder, store, progress)
        clusters, how = _clusters(vectors.values, len(set(labelled.labels)), seed)
        return TaskScores.of(
            (self.name, self.kind, self.metrics),
            vectors.spec,
            labelled.table(cluster=clusters),
            vectors.prompts,
            notes=(*labelled.notes, *vectors.notes, *how),
            random_state=seed,
        )

    def _labelled(self, corpus: Corpus | None) -> Labelled:
        texts = task_corpus(self.corpus, corpus, "clustering")
        labelled = labelled_texts(texts, self.label, "clustering")
        count = len(set(labelled.labels))
        if count == len(labelled.labels):
            raise InputError(
                f"clustering: each of the {count} texts has a label of its own; expected labels "
                "that several texts share."
            )
        return labelled


def _clusters(
    vectors: NDArray[np.float64], count: int, seed: int
) -> tuple[IntArray, tuple[str, ...]]:
    """Return each text's cluster (n,), and what was done otherwise than k-means on all texts."""
    from sklearn.cluster import KMeans, MiniBatchKMeans

    points = vectors.astype(np.float32)
    distinct = len(distinct_rows(points.round(6))[0])
    used = min(count, distinct)
    notes = (f"There are {distinct} distinct vectors for {count} labels.",) if used < count else ()
    if len(points) > _MOST_IN_FULL:
        notes = (*notes, f"Mini-batch k-means: more than {_MOST_IN_FULL:,} texts.")
        model = MiniBatchKMeans(used, n_init=_STARTS, batch_size=_BATCH, random_state=seed)
    else:
        model = KMeans(used, n_init=_STARTS, random_state=seed)
    with steady_threads(len(points)):
        return np.asarray(model.fit_predict(points), dtype=np.int64), notes
