"""Confidence intervals of statistics: Efron's BCa bootstrap, or the jackknife."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from scipy.stats import norm, t

from workbench.analysis._jackknife import Jackknife
from workbench.analysis._resampling import Doubles, drawn
from workbench.analysis.statistics import Statistic

__all__ = ["bca_ends", "jackknife_ends", "replicates"]


def replicates(
    statistics: Mapping[str, Statistic], n_resamples: int, random_state: int
) -> dict[str, Doubles]:
    """Return each statistic of each resample, shape (n_resamples,), nan where undefined.

    Statistics of one n share their resamples.
    """
    found: dict[str, Doubles] = {}
    for n in sorted({statistic.n for statistic in statistics.values()}):
        alike = {name: each for name, each in statistics.items() if each.n == n}
        blocks: dict[str, list[Doubles]] = {name: [] for name in alike}
        for counts in drawn(n, n_resamples, random_state):
            for name, statistic in alike.items():
                blocks[name].append(statistic.resampled(counts))
        found |= {name: np.concatenate(each) for name, each in blocks.items()}
    return found


def bca_ends(jackknife: Jackknife, defined: Doubles, confidence: float) -> tuple[float, float]:
    """Return the ends of the expanded BCa interval: quantiles moved by bias and skewness.

    Parameters
    ----------
    jackknife
        The statistic and its influences.
    defined
        The statistic of the resamples on which it is defined, at least one.
    confidence
        The confidence of the interval.
    """
    # Equal to the estimate up to rounding counts half: metrics of few examples tie often.
    slack = 1e-12 * max(1.0, abs(jackknife.estimate))
    below = np.sum(defined < jackknife.estimate - slack)
    above = np.sum(defined > jackknife.estimate + slack)
    middle = (0.5 + 0.5 * (len(defined) + below - above)) / (len(defined) + 1)
    bias, acceleration = float(norm.ppf(middle)), jackknife.acceleration
    # Resamples spread by √((n - 1) / n) too little, and a normal tail is short of Student's.
    widen = math.sqrt(jackknife.n / (jackknife.n - 1))
    tail = float(t.ppf((1 + confidence) / 2, jackknife.n - 1)) * widen
    moved = [bias + z for z in (-tail, tail)]
    shares = [norm.cdf(bias + z / max(1e-6, 1 - acceleration * z)) for z in moved]
    low, high = np.quantile(defined, shares)
    return float(low), float(high)


def jackknife_ends(jackknife: Jackknife, confidence: float) -> tuple[float, float]:
    """Return the ends of the t interval about the estimate, within 0 and 1."""
    if not jackknife.defined:
        return math.nan, math.nan
    student = float(t.ppf((1 + confidence) / 2, len(jackknife.sizes) - 1))
    reach = np.array([-1.0, 1.0]) * student * jackknife.standard_error
    low, high = np.clip(jackknife.estimate + reach, 0.0, 1.0)
    return float(low), float(high)
