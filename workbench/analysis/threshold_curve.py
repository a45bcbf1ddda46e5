"""Precision and recall of duplicates as a function of the threshold, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import IntArray, freeze
from workbench._html import rows_table
from workbench.analysis.paraphrases import ParaphrasePairs
from workbench.analysis.significance import Interval
from workbench.analysis.threshold_choice import ThresholdChoice
from workbench.embeddings import Embeddings
from workbench.errors import InputError

__all__ = ["ThresholdCurve"]

_METHOD = "stratified Wilson (MOVER)"


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class ThresholdCurve:
    """What judged pairs say of each threshold.

    Precision is the share of duplicates among the pairs at or above a threshold; recall the part
    of all duplicates among the mined pairs that these hold. What is below the least mined score
    counts in neither.

    Parameters
    ----------
    pairs
        The pairs, of which some were judged.
    thresholds
        Ascending, shape (k,); the first is the least that was mined.
    n_pairs
        How many pairs are at or above each, shape (k,).
    precision, recall
        The estimate and the ends of its 95 % interval, shape (k, 3) each; an estimate is nan while
        pairs that it needs have not been judged.
    judged
        How many pairs were judged.

    Notes
    -----
    Estimates are those of stratified sampling, intervals join Wilson's by MOVER (Zou and Donner
    2008). In simulations with 60 to 250 judgments (``benchmarks/judged_pairs.py``) they held the
    true value in 91 to 100 % of the repetitions, and the estimate of recall was too high on average
    by 1 to 8 points: with few judgments, duplicates of low scores are often not met. Intervals are
    for each threshold by itself, not for the best one of many.
    """

    pairs: ParaphrasePairs
    thresholds: NDArray[np.float64]
    n_pairs: IntArray
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    judged: int

    def __post_init__(self) -> None:
        for name in ("thresholds", "n_pairs", "precision", "recall"):
            object.__setattr__(self, name, freeze(getattr(self, name)))

    @property
    def embeddings(self) -> Embeddings:
        """The texts."""
        return self.pairs.embeddings

    def choose(self, *, min_precision: float = 0.9, certain: bool = False) -> ThresholdChoice:
        """Return the lowest threshold whose precision is high enough.

        Parameters
        ----------
        min_precision
            The least share of duplicates among the pairs above it, above 0 and at most 1.
        certain
            Whether the lower end of the interval must reach it, instead of the estimate.

        Raises
        ------
        InputError
            If there is none, or ``min_precision`` is out of range.
        """
        if (
            isinstance(min_precision, bool)
            or not isinstance(min_precision, int | float | np.number)
            or not 0 < float(min_precision) <= 1
        ):
            raise InputError(
                "choose: min_precision: expected a share above 0 and at most 1; got "
                f"{min_precision!r}."
            )
        reached = self.precision[:, 1 if certain else 0]
        good = np.flatnonzero((reached >= min_precision) & np.isfinite(self.precision[:, 0]))
        if not len(good):
            raise InputError(f"choose: {self._best(min_precision, certain)}")
        return self.choice(int(good[0]), float(min_precision))

    def choice(self, at: int, min_precision: float | None = None) -> ThresholdChoice:
        """Return the threshold at a place as a choice that belongs to the model."""
        return ThresholdChoice(
            threshold=float(self.thresholds[at]),
            model=self.embeddings.spec.title(),
            identity=ThresholdChoice.identity_of(self.embeddings),
            precision=_interval(self.precision[at]),
            recall=_interval(self.recall[at]),
            floor=float(self.thresholds[0]),
            min_precision=min_precision,
            judged=self.judged,
            corpus=self.embeddings.corpus.fingerprint,
        )

    def _best(self, asked: float, certain: bool) -> str:
        """Say why no threshold reaches a precision."""
        known = np.flatnonzero(np.isfinite(self.precision[:, 0]))
        if not len(known):
            return "too few pairs were judged to estimate any precision. Judge more."
        at = known[np.argmax(self.precision[known, 1 if certain else 0])]
        estimate, low, high = self.precision[at]
        what = "surely has" if certain else "has"
        return (
            f"no threshold {what} a precision of {asked:g}; the best is {estimate:.2f} ({low:.2f} "
            f"to {high:.2f}) at {self.thresholds[at]:.3f}. Ask for less, or judge more pairs."
        )

    def title(self) -> str:
        """Return what was judged, for titles."""
        return f"{self.embeddings.title()} · precision and recall of duplicates"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per threshold, with the number of pairs, precision and recall."""
        ends = ("", "_low", "_high")
        return pd.DataFrame(
            {
                "threshold": self.thresholds,
                "n_pairs": self.n_pairs,
                **{f"precision{end}": self.precision[:, at] for at, end in enumerate(ends)},
                **{f"recall{end}": self.recall[:, at] for at, end in enumerate(ends)},
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the curve in numbers: a flat dict."""
        return {
            "pairs": len(self.pairs),
            "judged": self.judged,
            "thresholds": len(self.thresholds),
            "floor": float(self.thresholds[0]),
            "precision_at_floor": float(self.precision[0, 0]),
            "precision_at_floor_low": float(self.precision[0, 1]),
            "precision_at_floor_high": float(self.precision[0, 2]),
            "corpus_fingerprint": self.embeddings.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        return rows_table(self.title(), list(frame.columns), frame.itertuples(index=False))

    def __repr__(self) -> str:
        return f"ThresholdCurve({len(self.thresholds)} thresholds, {self.judged} judged)"


def _interval(row: NDArray[np.float64]) -> Interval:
    estimate, low, high = row.tolist()
    return Interval(estimate, low, high, 0.95, _METHOD)
