"""Pairs in strata of score, and the order in which each stratum is drawn from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import IntArray, freeze
from workbench.analysis.paraphrases import ParaphrasePairs

__all__ = ["PairStrata", "next_stratum", "pair_strata"]


@dataclass(frozen=True, slots=True, eq=False)
class PairStrata:
    """Bins of equal width from the least score to 1, those without pairs left out.

    Parameters
    ----------
    pairs
        The pairs.
    edges
        The least score of each stratum, ascending, shape (k,).
    sizes
        How many pairs each holds, shape (k,).
    stratum
        The stratum of each pair, shape (p,).
    order
        The places of each stratum's pairs, in random order.
    """

    pairs: ParaphrasePairs
    edges: NDArray[np.float64]
    sizes: IntArray
    stratum: IntArray
    order: tuple[IntArray, ...]

    def __post_init__(self) -> None:
        for name in ("edges", "sizes", "stratum"):
            object.__setattr__(self, name, freeze(getattr(self, name)))

    def draw(self, stratum: int, asked: Collection[int]) -> int:
        """Return the next pair of a stratum: the first in its random order not asked yet."""
        return next(place for place in map(int, self.order[stratum]) if place not in asked)


def pair_strata(pairs: ParaphrasePairs, n_strata: int, random_state: int) -> PairStrata:
    """Return the strata of at least one pair."""
    least = pairs.threshold
    edges = np.linspace(least, 1.0, n_strata + 1)[:-1].round(6)
    bins = np.searchsorted(edges[1:].astype(np.float32), pairs.scores, side="right")
    filled, stratum, sizes = np.unique(bins, return_inverse=True, return_counts=True)
    order = tuple(
        np.random.default_rng([random_state, number]).permutation(np.flatnonzero(stratum == number))
        for number in range(len(filled))
    )
    lower = np.concatenate([[least], edges[filled[1:]]])  # the first begins where mining did
    return PairStrata(pairs, lower, sizes, stratum, order)


def next_stratum(sizes: IntArray, asked: IntArray, judged: IntArray, same: IntArray) -> int | None:
    """Return the stratum to draw from next; None when all pairs were asked.

    First one pair of each, from the middle outwards, and then a second: without any, nothing can
    be estimated. Then where the most is to be learnt: the judgments' standard deviation times the
    root of the size, over the number judged (a power allocation: Bankier 1988, The American
    Statistician 42, 174-177; the size itself would spend nearly all judgments on the many pairs of
    the lowest scores).
    """
    best: tuple[tuple[float, float], int] | None = None
    for number, (size, n) in enumerate(zip(sizes.tolist(), asked.tolist(), strict=True)):
        if n >= size:
            continue
        if n == 0:
            gain = -abs(number - (len(sizes) - 1) / 2)
        else:
            share = (same[number] + 1) / (judged[number] + 2)
            gain = float(np.sqrt(size * share * (1 - share)) / (n + 1))
        key = (min(n, 2), -gain)
        if best is None or key < best[0]:
            best = key, number
    return None if best is None else best[1]
