"""A task of one's own: any function from embeddings to a score per text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from workbench._arrays import row_list
from workbench._progress import ProgressOption
from workbench.analysis._inputs import as_seed
from workbench.analysis.evaluation._scores import TaskScores
from workbench.analysis.evaluation._task import (
    check_enough,
    embedded,
    fitted,
    remarks,
    spec_of,
    task_corpus,
)
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings, EmbeddingStore
from workbench.errors import InputError, WorkbenchError
from workbench.models import Encoder

__all__ = ["CustomTask"]


@dataclass(frozen=True, slots=True, eq=False)
class CustomTask:
    """A function to score texts with; `workbench.analysis.tasks.custom` makes it."""

    name: str
    function: Callable[[Embeddings], ArrayLike] = field(repr=False)
    corpus: Corpus | None = field(default=None, repr=False)
    kind: ClassVar[str] = "custom"
    metrics: ClassVar[tuple[str, ...]] = ("score",)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise InputError(f"custom: expected a name; got {self.name!r:.60}.")
        if not callable(self.function):
            raise InputError(
                f"custom {self.name!r}: expected a function from Embeddings to scores; got "
                f"{type(self.function).__name__}."
            )
        if self.corpus is not None:
            task_corpus(self.corpus, None, f"custom {self.name!r}")

    def check(self, corpus: Corpus | None) -> None:
        """Raise an InputError if there are no texts, or too few."""
        texts = task_corpus(self.corpus, corpus, f"custom {self.name!r}")
        check_enough(len(texts), "texts", f"custom {self.name!r}")

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
            If there is no corpus, or the function returns something else than one finite number
            per text.
        WorkbenchError
            If the function fails.
        """
        seed = as_seed(random_state)
        texts = task_corpus(self.corpus, corpus, f"custom {self.name!r}")
        check_enough(len(texts), "texts", f"custom {self.name!r}")
        vectors = embedded(texts, fitted(encoder, texts.texts), store, progress)
        table = pd.DataFrame(
            {
                "example": pd.Series(texts.ids, dtype=object),
                "score": self._scores(vectors),
                "text": pd.Series(texts.texts, dtype=object),
            }
        )
        return TaskScores.of(
            (self.name, self.kind, self.metrics),
            spec_of(vectors),
            table,
            {"text": vectors.spec.prompt},
            notes=remarks(vectors),
            random_state=seed,
        )

    def _scores(self, vectors: Embeddings) -> NDArray[np.float64]:
        try:
            scores = np.asarray(self.function(vectors), dtype=np.float64)
        except WorkbenchError:
            raise
        except Exception as error:
            raise WorkbenchError(
                f"custom {self.name!r}: the function failed on {vectors.title()!r}: "
                f"{type(error).__name__}: {error}."
            ) from error
        if scores.shape != (len(vectors),):
            raise InputError(
                f"custom {self.name!r}: expected one score per text, shape ({len(vectors)},); the "
                f"function returned shape {scores.shape}."
            )
        bad = np.flatnonzero(~np.isfinite(scores))
        if bad.size:
            raise InputError(
                f"custom {self.name!r}: the function returned NaN or infinity for {row_list(bad)}."
            )
        return scores
