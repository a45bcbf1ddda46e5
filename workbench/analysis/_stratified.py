"""Shares and totals of a population that was sampled by strata, with their intervals.

Within each stratum h, n_h of N_h are drawn at random without replacement, and y_h of them have
what is counted. The total of some strata is estimated by the sum of N_h y_h / n_h (Horvitz and
Thompson 1952; Cochran 1977, "Sampling techniques", chapter 5): each drawn one stands for
N_h / n_h, so that drawing more in one stratum than in another does not move it.

Its interval joins the strata's Wilson intervals, corrected for the finite population, by their
squared distances to the estimate: the method of variance estimates recovery (MOVER; Zou and Donner
2008, Statistics in Medicine 27, 1693-1702). A ratio's ends are where the difference that it makes
zero has its own end at zero (Donner and Zou 2012, Statistical Methods in Medical Research 21,
347-359). Unlike a bootstrap it has width where all drawn of a stratum are alike, and unlike flat
priors it does not add up what nobody saw. Strata of which nothing was drawn count as none in the
lower end and as all in the upper one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.analysis._wilson import wilson_ends

__all__ = ["Doubles", "Shares", "part_of_total", "share_of", "shares"]

Doubles = NDArray[np.float64]
_HALVINGS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """What is known of each stratum.

    Parameters
    ----------
    sizes
        How many it holds, shape (k,).
    estimate
        The share that has what is counted, shape (k,); 0 where nothing was drawn.
    low, high
        The ends of its interval, shape (k,) each.
    known
        Whether anything was drawn, shape (k,).
    """

    sizes: Doubles
    estimate: Doubles
    low: Doubles
    high: Doubles
    known: NDArray[np.bool_]


def shares(sizes: NDArray[np.int64], drawn: NDArray[np.int64], have: NDArray[np.int64]) -> Shares:
    """Return what is known of strata of which ``have`` of ``drawn`` have what is counted."""
    lows, highs = [], []
    for size, n, count in zip(sizes.tolist(), drawn.tolist(), have.tolist(), strict=True):
        low, high = wilson_ends(count, n, population=size)
        lows.append(max(low, count / size))  # what was seen is certain
        highs.append(min(high, (size - n + count) / size))
    known = drawn > 0
    estimate = have / np.maximum(drawn, 1)
    return Shares(sizes.astype(np.float64), estimate, np.array(lows), np.array(highs), known)


def share_of(strata: Shares, first: int) -> tuple[float, float, float]:
    """Return the share in all strata from ``first`` on, and the ends of its interval.

    The estimate is nan while a stratum among them has nothing drawn; the ends hold whatever it is.
    """
    part = slice(first, None)
    size = strata.sizes[part].sum()
    least, below, _ = _total(strata, part, 0.0)
    most, _, above = _total(strata, part, 1.0)
    estimate = least / size if strata.known[part].all() else float("nan")
    return estimate, max(0.0, (least - below) / size), min(1.0, (most + above) / size)


def part_of_total(strata: Shares, first: int) -> tuple[float, float, float]:
    """Return which part of all that is counted is in the strata from ``first`` on, with its ends.

    The estimate is nan while a stratum has nothing drawn, or there seems to be none at all.
    """
    inside, outside = slice(first, None), slice(None, first)
    least, below, _ = _total(strata, inside, 0.0)
    most, _, above = _total(strata, inside, 1.0)
    fewest, fewer, _ = _total(strata, outside, 0.0)
    largest, _, more = _total(strata, outside, 1.0)
    low = _root(least, largest, below, more, -1.0)
    high = _root(most, fewest, above, fewer, 1.0)
    sure = strata.known.all() and least + fewest > 0
    return (least / (least + fewest) if sure else float("nan")), low, high


def _total(strata: Shares, part: slice, unknown: float) -> tuple[float, float, float]:
    """Return how many are counted in some strata, and how far below and above it may be.

    Where nothing was drawn, the share is taken to be ``unknown``, for certain.
    """
    sizes, known = strata.sizes[part], strata.known[part]
    estimate = np.where(known, strata.estimate[part], unknown)
    low = np.where(known, strata.low[part], unknown)
    high = np.where(known, strata.high[part], unknown)
    below = np.sqrt(((sizes * (estimate - low)) ** 2).sum())
    above = np.sqrt(((sizes * (high - estimate)) ** 2).sum())
    return float((sizes * estimate).sum()), float(below), float(above)


def _root(inside: float, outside: float, moved: float, other: float, sign: float) -> float:
    """Return the part r at which (1 - r) · inside - r · outside, moved to its end, is zero.

    With ``sign`` -1 the lower end: it falls from r = 0 on as a concave function; with 1 the upper
    end, as a convex one, that may also end at zero in r = 1.
    """

    def end(part: float) -> float:
        width = np.hypot((1 - part) * moved, part * other)
        return float((1 - part) * inside - part * outside + sign * width)

    if sign < 0 and end(0.0) <= 0:
        return 0.0
    if sign > 0 and end(1.0) >= 0:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if end(middle) > 0 else (low, middle)
    return (low + high) / 2
