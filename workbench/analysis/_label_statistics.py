"""Statistics of two labels per example: classes against clusters, classes against predictions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import xlogy

from workbench._arrays import IntArray, freeze, row_list
from workbench.analysis._resampling import Doubles, as_counts, same_length
from workbench.errors import InputError

__all__ = ["MacroF1", "VMeasure"]


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
        cells = self._by_cell.of(as_counts(counts, self.n))
        classes, clusters = self._by_class.of(cells), self._by_cluster.of(cells)
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
