"""Wilson's interval of a share (Wilson 1927, "Probable inference, the law of succession, …")."""

from __future__ import annotations

import math

from scipy.stats import norm

__all__ = ["wilson_ends"]


def wilson_ends(
    count: int, n: int, *, population: float = math.inf, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the ends of the interval of a share: 0 to 1 where nothing was drawn.

    Parameters
    ----------
    count, n
        How many of n draws had what is counted.
    population
        How many there are to draw from, without replacement: n counts as
        n (N - 1) / (N - n) draws, the finite population correction (Cochran 1977, "Sampling
        techniques", 2.6). All drawn: the share itself.
    confidence
        The share of such intervals that hold the true one.
    """
    if n == 0:
        return 0.0, 1.0
    share = count / n
    if n >= population:
        return share, share
    draws = n if math.isinf(population) else n * (population - 1) / (population - n)
    z2 = float(norm.ppf(0.5 + confidence / 2)) ** 2
    middle = (share + z2 / (2 * draws)) / (1 + z2 / draws)
    half = math.sqrt(z2 * (share * (1 - share) + z2 / (4 * draws)) / draws) / (1 + z2 / draws)
    # Without rounding they are exactly 0 where none has it, and 1 where all have.
    low = 0.0 if count == 0 else max(0.0, middle - half)
    return low, 1.0 if count == n else min(1.0, middle + half)
