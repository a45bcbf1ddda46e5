"""How sure a number is: confidence intervals, and whether two models differ.

The methods were chosen by the simulation in ``benchmarks/calibration.py``; its figures, and what
the other methods do on the same data, are in ``benchmarks/CALIBRATION.md``.

Intervals are BCa bootstrap intervals (Efron 1987, "Better bootstrap confidence intervals"; Efron
and Tibshirani 1993, "An introduction to the bootstrap", chapter 14), expanded by Student's
quantile and √(n / (n - 1)) (Hesterberg 2015, "What teachers should know about the bootstrap").
Percentile and studentised intervals hold the true value too seldom where a metric is skewed or
biased, such as average precision and best F1. The one exception is the V-measure: an example
drawn twice agrees with itself, so every resample flatters the clusters, and no quantile of them
is right. Its interval is the jackknife's (Efron and Tibshirani 1993, chapter 11), about a
V-measure from unbiased entropies (Chao, Wang and Jost 2013), because that of the examples alone
flatters too. With few examples for many clusters it may lie wholly below the estimate.

Two models are compared by flipping signs at random: the paired permutation test (Fisher 1935,
Pitman 1937). For a metric that is no mean, the signs are those of each example's share in the
difference, by the jackknife; for a mean these are the differences themselves. The interval of a
difference holds the values that this test does not reject (Hartigan 1969, "Using subsample values
as typical values"), so that interval and p-value agree. The paired bootstrap sees more
differences where there are none, above all with BCa and with the V-measure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workbench.analysis._bootstrap import bca_ends, jackknife_ends, replicates
from workbench.analysis._inputs import as_seed
from workbench.analysis._jackknife import Jackknife
from workbench.analysis._label_statistics import UnseenVMeasure
from workbench.analysis._paired import PairedDifference, holm, paired_differences
from workbench.analysis._resampling import Doubles, check_request
from workbench.analysis.statistics import Statistic, VMeasure

__all__ = ["Interval", "PairedDifference", "holm", "intervals", "paired_differences"]


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """A statistic with its confidence interval.

    Parameters
    ----------
    estimate
        The statistic of the examples.
    low, high
        The ends of the interval; nan where the statistic is undefined.
    confidence
        The share of such intervals that hold the true value, such as 0.95.
    method
        How it was made: ``"bootstrap (BCa)"``, or ``"jackknife"`` for the V-measure.
    undefined
        The share of the resamples on which the statistic was undefined; they are left out.
    """

    estimate: float
    low: float
    high: float
    confidence: float
    method: str
    undefined: float = 0.0


def intervals(
    statistics: Mapping[str, Statistic],
    *,
    confidence: float = 0.95,
    n_resamples: int = 10_000,
    random_state: int = 0,
) -> dict[str, Interval]:
    """Return the confidence interval of each statistic, all on the same resamples.

    Parameters
    ----------
    statistics
        Statistics by name. Those of one n share their resamples.
    confidence
        Between 0.5 and 1.
    n_resamples
        How many resamples, at least 200.
    random_state
        The seed: the same one gives the same numbers, whatever else is asked for.

    Returns
    -------
    dict of str to Interval
        In the order of ``statistics``.

    Raises
    ------
    InputError
        If a statistic has fewer than 5 examples, or an option is out of range.
    """
    sizes = {name: statistic.n for name, statistic in statistics.items()}
    check_request(sizes, confidence, n_resamples)
    seed = as_seed(random_state)
    resampled = {name: each for name, each in statistics.items() if not isinstance(each, VMeasure)}
    found = replicates(resampled, n_resamples, seed)
    return {
        name: _interval_without_resamples(each, confidence, seed)
        if isinstance(each, VMeasure)
        else _interval(Jackknife.of(each, seed), found[name], confidence)
        for name, each in statistics.items()
    }


def _interval_without_resamples(statistic: VMeasure, confidence: float, seed: int) -> Interval:
    """Return the jackknife interval of a V-measure, about its estimate for unseen examples."""
    low, high = jackknife_ends(Jackknife.of(UnseenVMeasure(statistic), seed), confidence)
    return Interval(statistic.estimate(), low, high, confidence, "jackknife")


def _interval(jackknife: Jackknife, resampled: Doubles, confidence: float) -> Interval:
    """Return the BCa interval of a statistic."""
    estimate = jackknife.estimate
    defined = resampled[np.isfinite(resampled)]
    undefined = 1.0 - len(defined) / len(resampled)
    low = high = math.nan
    if math.isfinite(estimate) and undefined < 0.5:
        low, high = bca_ends(jackknife, defined, confidence)
    return Interval(estimate, low, high, confidence, "bootstrap (BCa)", undefined)
