"""Statistics of a yes-or-no label and a score: how well the score ranks the labels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from workbench.analysis._resampling import Doubles, TieGroups, as_counts, as_numbers, same_length
from workbench.errors import InputError

__all__ = ["AveragePrecision", "BestF1"]


@dataclass(frozen=True, slots=True, eq=False)
class _Ranked:
    """Labels 1 and 0 and a score, and what each threshold on the score would find."""

    labels: Doubles
    scores: Doubles
    _groups: TieGroups = field(init=False, repr=False)

    def __post_init__(self) -> None:
        name = type(self).__name__
        labels = as_numbers(self.labels, f"{name}: labels")
        scores = as_numbers(self.scores, f"{name}: scores")
        same_length(labels, scores, name)
        others = np.setdiff1d(labels, [0.0, 1.0])
        if others.size:
            raise InputError(f"{name}: expected the labels 0 and 1; got {others[0]:g} as well.")
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "scores", scores)
        object.__setattr__(self, "_groups", TieGroups.of(-scores))

    @property
    def n(self) -> int:
        """How many examples there are."""
        return len(self.labels)

    def estimate(self) -> float:
        """Return the statistic of the examples themselves; nan without a positive one."""
        return float(self.resampled(np.ones((1, self.n)))[0])

    def resampled(self, counts: Doubles) -> Doubles:
        """Return the statistic of each resample, for counts of shape (b, n); shape (b,)."""
        raise NotImplementedError

    def _found(self, counts: Doubles) -> tuple[Doubles, Doubles]:
        """Return how many are found (b, g), and how many of them are positive, per threshold."""
        weights = as_counts(counts, self.n)
        return self._groups.reached(weights), self._groups.reached(weights * self.labels)


class AveragePrecision(_Ranked):
    """The mean precision over the positive examples, as scikit-learn's ``average_precision_score``.

    Parameters
    ----------
    labels
        1 for a positive example, 0 for a negative one, shape (n,).
    scores
        A score per example, higher for what should be positive; equal scores share a threshold.

    Raises
    ------
    InputError
        If the lengths differ, a label is neither 0 nor 1, or a score is NaN or infinite.

    Notes
    -----
    A resample without a positive example has none: nan.
    """

    __slots__ = ()

    def resampled(self, counts: Doubles) -> Doubles:
        """Return the average precision of each resample, for counts (b, n); shape (b,)."""
        found, positive = self._found(counts)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.divide(positive, found, out=np.zeros_like(found), where=found > 0)
            gained = np.diff(positive, axis=1, prepend=0.0)
            average = np.einsum("ij,ij->i", precision, gained) / positive[:, -1]
        return np.asarray(average)


class BestF1(_Ranked):
    """The F1 score at the threshold where it is highest, chosen anew in each resample.

    Parameters
    ----------
    labels
        1 for a positive example, 0 for a negative one, shape (n,).
    scores
        A score per example; at or above the threshold counts as positive.

    Raises
    ------
    InputError
        If the lengths differ, a label is neither 0 nor 1, or a score is NaN or infinite.

    Notes
    -----
    Choosing the threshold on the examples it is judged by flatters: the value is that of
    sentence-transformers' evaluator, not what a threshold kept from elsewhere would reach.
    A resample without a positive example has none: nan.
    """

    __slots__ = ()

    def resampled(self, counts: Doubles) -> Doubles:
        """Return the best F1 of each resample, for counts (b, n); shape (b,)."""
        found, positive = self._found(counts)
        best = np.asarray((2 * positive / (found + positive[:, -1:] + (found == 0))).max(axis=1))
        best[positive[:, -1] == 0] = np.nan
        return best

    def threshold(self) -> float:
        """Return the threshold of the best F1: midway to the next score below it."""
        found, positive = self._found(np.ones((1, self.n)))
        if positive[0, -1] == 0:
            return float("nan")
        best = int(np.argmax(positive[0] / (found[0] + positive[0, -1])))
        scores = self.scores[self._groups.order[self._groups.ends]]
        if best == len(scores) - 1:
            return float(scores[best])
        middle = float((scores[best] + scores[best + 1]) / 2)
        return middle if middle > scores[best + 1] else float(scores[best])
