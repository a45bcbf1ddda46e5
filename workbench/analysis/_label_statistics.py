"""Statistics of two labels per example: classes against clusters, classes against predictions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import digamma, xlogy

from workbench._arrays import IntArray, freeze, row_list
from workbench.analysis._resampling import Doubles, as_counts, same_length
from workbench.errors import InputError

__all__ = ["MacroF1", "UnseenVMeasure", "VMeasure"]


def _codes(labels: ArrayLike, what: str) -> IntArray:
    """Return a number per label, equal where the labels are; shape (n,)."""
    values = pd.Series(labels, dtype=object)
    if values.empty:
        raise InputError(f"{what}: expected one label per example, at least one; got none.")
    codes = pd.factorize(values)[0]
    missing = np.flatnonzero(codes < 0)
    if missing.size:
        raise InputError(f"{what}: {row_list(missing)} have no label. Remove these examples.")
    return codes.astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Sums over groups of columns."""

    order: IntArray
    starts: IntArray

    @classmethod
    def by(cls, groups: IntArray) -> _Sums:
        """Return the sums by a code per column; a group without columns has no sum."""
        order = np.argsort(groups, kind="stable")
        return cls(order, np.flatnonzero(np.diff(groups[order], prepend=-1)))

    def of(self, values: Doubles) -> Doubles:
        """Return the sums (b, groups) of the columns of ``values`` (b, n), by ascending code."""
        ordered = np.take(values, self.order, axis=1)
        return np.asarray(np.add.reduceat(ordered, self.starts, axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class VMeasure:
    """The harmonic mean of homogeneity and completeness, as scikit-learn's ``v_measure_score``.

    Parameters
    ----------
    labels
        The class of each example, shape (n,); numbers or strings.
    clusters
        The cluster of each example, shape (n,).

    Raises
    ------
    InputError
        If the lengths differ, there are no examples, or a label is missing.
    """

    labels: ArrayLike
    clusters: ArrayLike
    _by_cell: _Sums = field(init=False, repr=False)
    _by_class: _Sums = field(init=False, repr=False)
    _by_cluster: _Sums = field(init=False, repr=False)

    def __post_init__(self) -> None:
        classes = _codes(self.labels, "VMeasure: labels")
        clusters = _codes(self.clusters, "VMeasure: clusters")
        same_length(classes, clusters, "VMeasure")
        wide = int(clusters.max()) + 1
        cells, cell = np.unique(classes * wide + clusters, return_inverse=True)
        object.__setattr__(self, "labels", freeze(np.asarray(self.labels)))
        object.__setattr__(self, "clusters", freeze(np.asarray(self.clusters)))
        object.__setattr__(self, "_by_cell", _Sums.by(cell))
        object.__setattr__(self, "_by_class", _Sums.by(cells // wide))
        object.__setattr__(self, "_by_cluster", _Sums.by(cells % wide))

    @property
    def n(self) -> int:
        """How many examples there are."""
        return len(np.asarray(self.labels))

    def estimate(self) -> float:
        """Return the V-measure of the examples themselves."""
        return float(self.resampled(np.ones((1, self.n)))[0])

    def resampled(self, counts: Doubles) -> Doubles:
        """Return the V-measure of each resample, for counts of shape (b, n); shape (b,)."""
        cells, classes, clusters = self.totals(counts)
        total = classes.sum(axis=1)
        every = xlogy(total, total)
        of_classes = every - xlogy(classes, classes).sum(axis=1)
        of_clusters = every - xlogy(clusters, clusters).sum(axis=1)
        of_cells = every - xlogy(cells, cells).sum(axis=1)
        one_class = (classes > 0).sum(axis=1) == 1
        one_cluster = (clusters > 0).sum(axis=1) == 1
        shared = np.clip(of_classes + of_clusters - of_cells, 0.0, None)
        shared[one_class | one_cluster] = 0.0
        with np.errstate(invalid="ignore", divide="ignore"):
            value = 2 * shared / (of_classes + of_clusters)
        # One class in one cluster agree perfectly, by definition.
        value[one_class & one_cluster] = 1.0
        return np.asarray(value)

    def totals(self, counts: Doubles) -> tuple[Doubles, Doubles, Doubles]:
        """Return the totals of the table's cells, classes and clusters, (b, …) each."""
        cells = self._by_cell.of(as_counts(counts, self.n))
        return cells, self._by_class.of(cells), self._by_cluster.of(cells)


@dataclass(frozen=True, slots=True, eq=False)
class UnseenVMeasure:
    """The V-measure with unbiased entropies: an estimate for the examples not seen as well.

    The V-measure of n examples lies above that of all examples there could be, the more so the
    more cells of the table hold one example or none. Here each entropy is that of Chao, Wang and
    Jost (2013, "Entropy and the species accumulation curve"), which allows for cells not seen.

    Parameters
    ----------
    plain
        The V-measure of the examples.
    """

    plain: VMeasure

    @property
    def n(self) -> int:
        """How many examples there are."""
        return self.plain.n

    def estimate(self) -> float:
        """Return the estimate from all n examples."""
        return float(self.resampled(np.ones((1, self.n)))[0])

    def resampled(self, counts: Doubles) -> Doubles:
        """Return the estimate from each part of the examples: counts (b, n) of 0 and 1; (b,)."""
        cells, classes, clusters = self.plain.totals(counts)
        of_classes, of_clusters, of_cells = (_entropy(each) for each in (classes, clusters, cells))
        whole = of_classes + of_clusters
        shared = np.clip(whole - of_cells, 0.0, whole / 2)
        return np.asarray(np.divide(2 * shared, whole, out=np.ones_like(whole), where=whole > 0))


def _entropy(totals: Doubles) -> Doubles:
    """Return Chao, Wang and Jost's entropy (b,), in nats, from the totals (b, groups)."""
    n = totals.sum(axis=1)
    seen = digamma(n) - np.sum(totals * digamma(np.maximum(totals, 1)), axis=1) / n
    once, twice = np.sum(totals == 1, axis=1), np.sum(totals == 2, axis=1)
    # How likely a further example falls in a group that has one, and that it does not: their A.
    fall = np.where(twice > 0, 2 * twice, 2)
    miss = np.where(twice > 0, (n - 1) * once, (n - 1) * np.maximum(once - 1, 0))
    return np.asarray(seen + once / n * _tail(miss / (fall + miss), fall / (fall + miss), n))


def _tail(x: Doubles, rest: Doubles, n: Doubles) -> Doubles:
    """Return the sum of x^j / (j + n - 1) over j from 1, with rest = 1 - x; shape (b,) each.

    It is 1/n times the integral of x exp(-u) / (1 - x exp(-u/n)) over u > 0: here by the
    trapezoidal rule in log u, to 1e-12. The sum itself converges too slowly for x near 1.
    """
    step = 0.25
    u = np.exp(np.arange(-60.0, 4.0, step))
    below = rest[:, None] - x[:, None] * np.expm1(-u / n[:, None])
    return np.asarray(step * x / n * np.sum(u * np.exp(-u) / below, axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class MacroF1:
    """The mean of the classes' F1 scores, as scikit-learn's ``f1_score(average="macro")``.

    Parameters
    ----------
    labels
        The class of each example, shape (n,); numbers or strings.
    predicted
        The class predicted for each, shape (n,), named as in ``labels``.

    Raises
    ------
    InputError
        If the lengths differ, there are no examples, or a label is missing.

    Notes
    -----
    A class that a resample neither holds nor predicts does not count in its mean.
    """

    labels: ArrayLike
    predicted: ArrayLike
    _by_class: _Sums = field(init=False, repr=False)

    def __post_init__(self) -> None:
        labels = _codes(self.labels, "MacroF1: labels")
        predicted = _codes(self.predicted, "MacroF1: predicted")
        same_length(labels, predicted, "MacroF1")
        both = [*pd.Series(self.labels, dtype=object), *pd.Series(self.predicted, dtype=object)]
        object.__setattr__(self, "labels", freeze(np.asarray(self.labels)))
        object.__setattr__(self, "predicted", freeze(np.asarray(self.predicted)))
        object.__setattr__(self, "_by_class", _Sums.by(_codes(both, "MacroF1")))

    @property
    def n(self) -> int:
        """How many examples there are."""
        return len(np.asarray(self.labels))

    def estimate(self) -> float:
        """Return the macro F1 of the examples themselves."""
        return float(self.resampled(np.ones((1, self.n)))[0])

    def resampled(self, counts: Doubles) -> Doubles:
        """Return the macro F1 of each resample, for counts of shape (b, n); shape (b,)."""
        weights = as_counts(counts, self.n)
        right = weights * (np.asarray(self.labels) == np.asarray(self.predicted))
        # Each example counts once for its own class and once for the one predicted.
        named = self._by_class.of(np.hstack([weights, weights]))
        found = self._by_class.of(np.hstack([right, right]))
        present = named > 0
        scores = np.divide(found, named, out=np.zeros_like(named), where=present)
        return np.asarray(scores.sum(axis=1) / present.sum(axis=1))
