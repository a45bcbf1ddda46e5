"""The simulated models of benchmarks/calibration.py: what is drawn, and the true value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar
from scipy.special import xlogy
from scipy.stats import norm

from workbench.analysis.statistics import (
    AveragePrecision,
    BestF1,
    MacroF1,
    Mean,
    Spearman,
    Statistic,
    VMeasure,
)

Doubles = NDArray[np.float64]
Pair = tuple[Statistic, Statistic]
SHARED = 0.6  # the correlation of two models' errors on one example
POSITIVE, SHIFT = 0.3, 1.5  # share of positive pairs, and how much higher they score


@dataclass(frozen=True)
class Setting:
    """Two models, alike on average, on n fresh examples; and the value both truly have."""

    name: str
    draw: Callable[[np.random.Generator, int], Pair]
    truth: float


def errors(rng: np.random.Generator, n: int) -> list[Doubles]:
    """Return the standard normal errors of two models on n examples, correlated."""
    shared = np.sqrt(SHARED) * rng.normal(size=n)
    return [shared + np.sqrt(1 - SHARED) * rng.normal(size=n) for _ in range(2)]


def ndcg(error: Doubles) -> Doubles:
    """Return 1 / log2(1 + rank) of one relevant document: 1 for 42 %, 0 (not found) for 12 %."""
    rank = 1 + np.ceil(4 * np.clip(0.2 - error, 0, None))
    return np.where(error < -1.2, 0.0, 1 / np.log2(1 + rank))


def mostly_right(error: Doubles) -> Doubles:
    """Return scores that are 1 for 90 % of the examples, and anything below for the others."""
    return np.where(error > -1.3, 1.0, np.clip(error + 2.3, 0, 1) ** 2)


def similarities(rng: np.random.Generator, n: int) -> Pair:
    """Return two models' similarities against grades from 0 to 5 in halves."""
    grade = rng.normal(size=n)
    graded = np.clip(np.round(2 * (grade + 2.5)) / 2, 0, 5)
    first, second = (Spearman(graded, grade + 0.7 * error) for error in errors(rng, n))
    return first, second


def ranked(kind: type[AveragePrecision] | type[BestF1], rng: np.random.Generator, n: int) -> Pair:
    """Return two models' scores of positive and negative pairs."""
    labels = (rng.random(n) < POSITIVE).astype(float)
    first, second = (kind(labels, SHIFT * labels + error) for error in errors(rng, n))
    return first, second


def mistaken(classes: NDArray[np.int64], error: Doubles, right: float, k: int) -> NDArray[np.int64]:
    """Return a label per example: its own class for a share ``right``, else any other."""
    rank = norm.cdf(error)
    other = np.floor((rank - right) / (1 - right) * (k - 1)).astype(np.int64)
    return np.where(rank < right, classes, (classes + 1 + other) % k)


def shares(k: int) -> Doubles:
    """Return the sizes of k classes: the largest three times the smallest, about."""
    sizes = np.arange(k, 0, -1.0) + k / 2
    return np.asarray(sizes / sizes.sum())


def clusters(k: int, right: float, halved: float | None = None) -> Setting:
    """Return a clustering setting.

    With ``halved``, the first model puts each class into two clusters at random and is right for
    that share, so that both have the same V-measure with different numbers of clusters.
    """

    def draw(rng: np.random.Generator, n: int) -> Pair:
        classes = rng.choice(k, size=n, p=shares(k))
        first, second = errors(rng, n)
        labels = mistaken(classes, first, halved or right, k)
        if halved is not None:
            labels = 2 * labels + rng.integers(2, size=n)
        return VMeasure(classes, labels), VMeasure(classes, mistaken(classes, second, right, k))

    kind = f"{k} classes, {k if halved is None else 2 * k} clusters"
    against = "" if halved is None else f" (against {k})"
    return Setting(f"V-measure, {kind}{against}", draw, v_measure(k, right))


def v_measure(k: int, right: float, parts: int = 1) -> float:
    """Return the V-measure of infinitely many examples."""
    table = np.full((k, k), (1 - right) / (k - 1))
    np.fill_diagonal(table, right)
    table = np.repeat(table * shares(k)[:, None] / parts, parts, axis=1)
    rows, columns, cells = (
        -float(xlogy(p, p).sum()) for p in (table.sum(1), table.sum(0), table.ravel())
    )
    return 2 * (rows + columns - cells) / (rows + columns)


def classified(rng: np.random.Generator, n: int) -> Pair:
    """Return two models' predictions of six classes, right for 80 %."""
    classes = rng.integers(6, size=n)
    first, second = (MacroF1(classes, mistaken(classes, error, 0.8, 6)) for error in errors(rng, n))
    return first, second


def mean_of(scores: Callable[[Doubles], Doubles]) -> Callable[[np.random.Generator, int], Pair]:
    """Return two models with a score per example."""

    def draw(rng: np.random.Generator, n: int) -> Pair:
        first, second = (Mean(scores(error)) for error in errors(rng, n))
        return first, second

    return draw


def found(threshold: float) -> tuple[float, float]:
    """Return the shares of all pairs that are positive, or negative, and above the threshold."""
    return POSITIVE * norm.sf(threshold - SHIFT), (1 - POSITIVE) * norm.sf(threshold)


def settings() -> list[Setting]:
    """Return all settings; the truth in closed form, but Spearman's from 5,000,000 examples."""

    def expected(scores: Callable[[Doubles], Doubles]) -> float:
        grid = norm.ppf((np.arange(4_000_000) + 0.5) / 4_000_000)
        return float(scores(grid).mean())

    def precision(threshold: float) -> float:
        positive, negative = found(threshold)
        return float(positive / (positive + negative))

    def f1(threshold: float) -> float:
        positive, negative = found(threshold)
        return float(2 * positive / (positive + negative + POSITIVE))

    average_precision = quad(lambda t: precision(t) * norm.pdf(t - SHIFT), -10, 10)[0]
    best_f1 = -minimize_scalar(lambda t: -f1(t), bounds=(-3, 5), method="bounded").fun
    spearman = similarities(np.random.default_rng(0), 5_000_000)[0].estimate()
    halved = brentq(lambda right: v_measure(5, right, 2) - v_measure(5, 0.8), 0.7, 0.999)
    return [
        Setting("Mean, nDCG-like", mean_of(ndcg), expected(ndcg)),
        Setting("Mean, 90 % of scores 1", mean_of(mostly_right), expected(mostly_right)),
        Setting("Spearman", similarities, spearman),
        Setting(
            "Average precision",
            lambda rng, n: ranked(AveragePrecision, rng, n),
            float(average_precision),
        ),
        Setting("Best F1", lambda rng, n: ranked(BestF1, rng, n), float(best_f1)),
        Setting("Macro F1", classified, 0.8),
        clusters(5, 0.8),
        clusters(5, 0.8, float(halved)),
        clusters(10, 0.7),
    ]
