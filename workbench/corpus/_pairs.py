"""SentencePairs: two sentences and how alike they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from workbench._arrays import freeze, row_list
from workbench._html import rows_table
from workbench.errors import InputError

__all__ = ["SentencePairs"]


@dataclass(frozen=True, slots=True, eq=False)
class SentencePairs:
    """Pairs of sentences, with a graded score or a 0/1 label each if there is one.

    Parameters
    ----------
    sentences1, sentences2
        The sentences, n each.
    scores
        How alike they are, shape (n,), in any range; kept as float64. None: not judged.
    name
        What titles call them.

    Raises
    ------
    InputError
        If lengths differ, a sentence is not a ``str``, or a score is not a finite number.
    """

    sentences1: Sequence[str]
    sentences2: Sequence[str]
    scores: NDArray[np.float64] | ArrayLike | None = None
    name: str = "pairs"

    def __post_init__(self) -> None:
        for sentences in (self.sentences1, self.sentences2):
            given: object = sentences
            if isinstance(given, str):
                raise InputError("SentencePairs: expected two lists of sentences; got a str.")
        first, second = tuple(self.sentences1), tuple(self.sentences2)
        if not first or len(first) != len(second):
            raise InputError(
                f"SentencePairs: expected two lists of the same length, at least 1; got "
                f"{len(first)} and {len(second)}."
            )
        for side, sentences in (("sentences1", first), ("sentences2", second)):
            other = [row for row, sentence in enumerate(sentences) if not isinstance(sentence, str)]
            if other:
                raise InputError(f"SentencePairs: {side} holds no str in {row_list(other)}.")
        object.__setattr__(self, "sentences1", first)
        object.__setattr__(self, "sentences2", second)
        if self.scores is not None:
            object.__setattr__(self, "scores", _checked_scores(self.scores, len(first)))

    def __len__(self) -> int:
        return len(self.sentences1)

    def to_frame(self) -> pd.DataFrame:
        """Return the columns ``sentence1``, ``sentence2`` and, when judged, ``score``."""
        frame = pd.DataFrame({"sentence1": self.sentences1, "sentence2": self.sentences2})
        return frame if self.scores is None else frame.assign(score=np.asarray(self.scores))

    def summary(self) -> dict[str, float | int]:
        """Return the pairs in numbers: a flat dict."""
        facts: dict[str, float | int] = {"pairs": len(self)}
        if self.scores is not None:
            scores = np.asarray(self.scores)
            facts |= {
                "score_min": float(scores.min()),
                "score_mean": float(scores.mean()),
                "score_max": float(scores.max()),
            }
        return facts

    def _repr_html_(self) -> str:
        shown = self.to_frame().head(5)
        title = f"{self.name}: {len(self):,} pairs"
        return rows_table(title, list(shown.columns), shown.itertuples(index=False))


def _checked_scores(scores: ArrayLike | NDArray[np.float64], count: int) -> NDArray[np.float64]:
    try:
        values = np.array(scores, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"SentencePairs: scores must be numbers ({error}).") from None
    if values.shape != (count,):
        raise InputError(f"SentencePairs: got scores of shape {values.shape} for {count} pairs.")
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise InputError(f"SentencePairs: {row_list(bad)} have a score that is NaN or infinite.")
    return freeze(values)
