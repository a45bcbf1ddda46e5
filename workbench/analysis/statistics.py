"""Numbers computed from n examples that can be computed again on resamples of them.

A resample is a row of counts: how often each example was drawn. Every statistic computes a block
of resamples at once, and gives what scipy or scikit-learn gives on the repeated examples.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from workbench.analysis._label_statistics import MacroF1, VMeasure
from workbench.analysis._ranked_statistics import AveragePrecision, BestF1
from workbench.analysis._resampling import Doubles, TieGroups, as_counts, as_numbers, same_length

__all__ = [
    "AveragePrecision",
    "BestF1",
    "MacroF1",
    "Mean",
    "Pearson",
    "Spearman",
    "Statistic",
    "VMeasure",
]


class Statistic(Protocol):
    """A number computed from n examples, and from any resample of them."""

    @property
    def n(self) -> int:
        """How many examples there are."""
        ...

    def estimate(self) -> float:
        """Return the statistic of the examples themselves; nan where it is undefined."""
        ...

    def resampled(self, counts: Doubles, /) -> Doubles:
        """Return the statistic of each resample.

        Parameters
        ----------
        counts
            How often each example is drawn, shape (b, n); not negative, whole or not.

        Returns
        -------
        Doubles
            Shape (b,) float64; nan where the resample leaves it undefined.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Mean:
    """The mean of a number per example.

    Parameters
    ----------
    values
        One number per example, shape (n,).

    Raises
    ------
    InputError
        If there are none, or one is NaN or infinite.
    """

    values: Doubles

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", as_numbers(self.values, "Mean: values"))

    @property
    def n(self) -> int:
        """How many examples there are."""
        return len(self.values)

    def estimate(self) -> float:
        """Return the mean of the values."""
        return float(self.values.mean())

    def resampled(self, counts: Doubles) -> Doubles:
        """Return the mean of each resample, for counts of shape (b, n); shape (b,)."""
        weights = as_counts(counts, self.n)
        # Not a matrix product: its rounding would depend on the number of rows and threads.
        return np.asarray(np.einsum("ij,j->i", weights, self.values) / weights.sum(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class _Correlation:
    """Two numbers per example."""

    x: Doubles
    y: Doubles

    def __post_init__(self) -> None:
        name = type(self).__name__
        object.__setattr__(self, "x", as_numbers(self.x, f"{name}: x"))
        object.__setattr__(self, "y", as_numbers(self.y, f"{name}: y"))
        same_length(self.x, self.y, name)

    @property
    def n(self) -> int:
        """How many examples there are."""
        return len(self.x)

    def estimate(self) -> float:
        """Return the correlation of the examples; nan where one side is constant."""
        return float(self.resampled(np.ones((1, self.n)))[0])

    def resampled(self, counts: Doubles) -> Doubles:
        """Return the correlation of each resample, for counts of shape (b, n); shape (b,)."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, eq=False)
class Spearman(_Correlation):
    """Spearman's rank correlation, ties sharing their mean rank, as ``scipy.stats.spearmanr``.

    Parameters
    ----------
    x, y
        Two numbers per example, shape (n,) each. A resample draws pairs.

    Raises
    ------
    InputError
        If the lengths differ, there are none, or one is NaN or infinite.

    Notes
    -----
    Where one side of a resample is constant it is undefined: nan.
    """

    _by_x: TieGroups = field(init=False, repr=False)
    _by_y: TieGroups = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _Correlation.__post_init__(self)
        object.__setattr__(self, "_by_x", TieGroups.of(self.x))
        object.__setattr__(self, "_by_y", TieGroups.of(self.y))

    def resampled(self, counts: Doubles) -> Doubles:
        """Return Spearman's correlation of each resample, for counts (b, n); shape (b,)."""
        weights = as_counts(counts, self.n)
        x = self._by_x.centred_ranks(weights)
        y = self._by_y.centred_ranks(weights)
        return _correlation(weights, x, y)


@dataclass(frozen=True, slots=True, eq=False)
class Pearson(_Correlation):
    """Pearson's correlation, as ``scipy.stats.pearsonr``.

    Parameters
    ----------
    x, y
        Two numbers per example, shape (n,) each. A resample draws pairs.

    Raises
    ------
    InputError
        If the lengths differ, there are none, or one is NaN or infinite.

    Notes
    -----
    Where one side of a resample is constant it is undefined: nan.
    """

    def resampled(self, counts: Doubles) -> Doubles:
        """Return Pearson's correlation of each resample, for counts (b, n); shape (b,)."""
        weights = as_counts(counts, self.n)
        return _correlation(weights, _centred(weights, self.x), _centred(weights, self.y))


def _centred(weights: Doubles, values: Doubles) -> Doubles:
    """Return ``values`` minus their mean in each resample, shape (b, n)."""
    total = weights.sum(axis=1)
    mean = np.einsum("ij,j->i", weights, values) / total
    # A constant resample has exactly its constant as mean, whatever the rounding.
    drawn = weights > 0
    low = np.where(drawn, values, np.inf).min(axis=1)
    high = np.where(drawn, values, -np.inf).max(axis=1)
    return np.asarray(values - np.clip(mean, low, high)[:, None])


def _correlation(weights: Doubles, x: Doubles, y: Doubles) -> Doubles:
    """Return the correlation (b,) of deviations from the mean, shape (b, n) each."""
    weighted = weights * x
    shared = np.einsum("ij,ij->i", weighted, y)
    of_x = np.einsum("ij,ij->i", weighted, x)
    of_y = np.einsum("ij,ij,ij->i", weights, y, y)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = shared / np.sqrt(of_x * of_y)
    return np.asarray(np.clip(value, -1.0, 1.0))
