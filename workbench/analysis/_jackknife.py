"""What each example adds to a statistic: the jackknife, and the sign-flip test built on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.analysis._resampling import Doubles, flips, left_out
from workbench.analysis.statistics import Statistic

__all__ = ["Jackknife", "SignFlips", "difference", "sign_flips"]


@dataclass(frozen=True, slots=True, eq=False)
class Jackknife:
    """A statistic and what each example, or each group of examples, adds to it.

    Parameters
    ----------
    estimate
        The statistic of all n examples.
    influence
        For each group left out: the number of examples kept times what the statistic lost by
        leaving it out, shape (g,). For a mean and single examples: x - mean.
    sizes
        The number of examples in each group, shape (g,).
    """

    estimate: float
    influence: Doubles
    sizes: Doubles

    @classmethod
    def of(cls, statistic: Statistic, random_state: int) -> Jackknife:
        """Leave out each example once; above 1,000, each of 1,000 random groups."""
        estimate = statistic.estimate()
        influence: list[Doubles] = []
        kept: list[Doubles] = []
        for counts in left_out(statistic.n, random_state):
            kept.append(counts.sum(axis=1))
            influence.append(kept[-1] * (estimate - statistic.resampled(counts)))
        return cls(estimate, np.concatenate(influence), statistic.n - np.concatenate(kept))

    def minus(self, other: Jackknife) -> Jackknife:
        """Return the difference of two statistics of the same examples."""
        return Jackknife(
            self.estimate - other.estimate, self.influence - other.influence, self.sizes
        )

    def on_scale(self, scale: Callable[[Doubles], Doubles]) -> Jackknife:
        """Return the statistic on another scale, nan or infinite where that has no place."""
        kept = self.n - self.sizes
        with np.errstate(divide="ignore", invalid="ignore"):
            estimate = scale(np.array(self.estimate))
            without = scale(self.estimate - self.influence / kept)
            return Jackknife(float(estimate), kept * (estimate - without), self.sizes)

    @property
    def n(self) -> int:
        """How many examples there are."""
        return int(self.sizes.sum())

    @property
    def defined(self) -> bool:
        """Whether the statistic is defined with and without each example."""
        return math.isfinite(self.estimate) and bool(np.isfinite(self.influence).all())

    @property
    def bias(self) -> float:
        """By how much the estimate is too large, to the order of 1/n."""
        return -float(self.influence.sum()) / self.n

    @property
    def centred(self) -> Doubles:
        """The influences with mean 0, shape (g,)."""
        return self.influence + self.sizes * self.bias

    @property
    def standard_error(self) -> float:
        """The standard error of the estimate; for a mean, s / √n."""
        groups = len(self.sizes)
        return math.sqrt(float(np.sum(self.centred**2)) * groups / (groups - 1)) / self.n

    @property
    def acceleration(self) -> float:
        """Efron's a: a sixth of the skewness of the sum of the influences."""
        finite = self.influence[np.isfinite(self.influence)]
        centred = finite - finite.mean() if finite.size else finite
        squares = float(np.sum(centred**2))
        return float(np.sum(centred**3)) / (6 * squares**1.5) if squares > 0 else 0.0


def difference(first: Jackknife, second: Jackknife, scaled: bool) -> Jackknife:
    """Return the difference, its influences taken on Fisher's scale (arctanh) if so asked.

    On that scale a correlation varies alike wherever it lies. On its own, the worse model varies
    more just when the difference is large, and few examples hide it. The influences are scaled
    back by the chord between the two estimates, so that the interval is one of the difference
    itself and agrees with the p-value.
    """
    plain = first.minus(second)
    if not scaled:
        return plain
    with np.errstate(invalid="ignore"):  # two perfect correlations: infinity less infinity
        fisher = first.on_scale(np.arctanh).minus(second.on_scale(np.arctanh))
    if not fisher.defined or not fisher.estimate:
        return plain
    chord = plain.estimate / fisher.estimate
    return Jackknife(plain.estimate, chord * fisher.influence, plain.sizes)


@dataclass(frozen=True, slots=True, eq=False)
class SignFlips:
    """The means over random halves of the examples: what flipping signs at random leads to.

    Parameters
    ----------
    means
        The mean over each half, shape (B,), ascending; nan for a half without examples, last.
    slack
        Means nearer to a value than this count as equal to it.
    """

    means: Doubles
    slack: float

    def p_value(self) -> float:
        """Return the two-sided p-value of "the mean is 0".

        A half whose mean is 0 counts half on either side (mid-p), one without examples fully.
        """
        empty = int(np.isnan(self.means).sum())
        below = int(np.sum(self.means < -self.slack))
        above = int(np.sum(self.means > self.slack))
        tied = len(self.means) - empty - below - above
        tail = min(below, above) + 0.5 * tied + empty
        return min(1.0, 2 * (tail + 1) / (len(self.means) + 1))

    def ends(self, confidence: float) -> tuple[float, float]:
        """Return the ends of the interval: the values that the test does not reject."""
        low, high = np.nanquantile(self.means, [(1 - confidence) / 2, (1 + confidence) / 2])
        return float(low), float(high)


def sign_flips(
    jackknives: Sequence[Jackknife], n_flips: int, random_state: int
) -> Iterator[SignFlips]:
    """Flip signs at random, the same ones for every statistic.

    Each example's share in a statistic is the estimate plus its influence. If the true value
    is v and the shares lie symmetrically about it, flipping the signs of (share - v) leads to
    data as likely; the mean falls short of the flipped one just where the mean over the flipped
    examples is below v. So the quantiles of the means over random halves are the ends of the
    interval, and where 0 lies among them is the p-value.
    """
    sums: list[list[Doubles]] = [[] for _ in jackknives]
    for flipped in flips(len(jackknives[0].sizes), n_flips, random_state):
        held = np.einsum("ij,j->i", flipped, jackknives[0].sizes)
        with np.errstate(invalid="ignore"):
            for jackknife, found in zip(jackknives, sums, strict=True):
                found.append(np.einsum("ij,j->i", flipped, jackknife.centred) / held)
    for jackknife, found in zip(jackknives, sums, strict=True):
        means = np.sort(jackknife.estimate + np.concatenate(found))
        largest = float(np.abs(jackknife.centred).max()) + abs(jackknife.estimate)
        yield SignFlips(means, 1e-12 * largest)
