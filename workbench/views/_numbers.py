"""Numbers as they are written in figures and tables: no more digits than they are sure of."""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["NOTHING", "decimals_for", "fixed", "percent", "signed", "span", "three_digits"]

NOTHING = "–"


def three_digits(value: float | None) -> str:
    """Return a number with three significant digits, and commas: ``12,300``, ``4.57``, ``0.02``."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0:
        return "0"
    places = 2 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    return f"{rounded:,.{max(0, places)}f}" if abs(rounded) < 100 else f"{rounded:,.0f}"


def decimals_for(widths: Iterable[float]) -> int:
    """Return how many decimals tell two numbers apart whose intervals are so wide."""
    known = sorted(width for width in widths if math.isfinite(width) and width > 0)
    if not known:
        return 3
    median = known[len(known) // 2]
    return min(5, max(0, 1 - math.floor(math.log10(median))))


def fixed(value: float, decimals: int) -> str:
    """Return a number with so many decimals."""
    if not math.isfinite(value):
        return NOTHING
    return f"{round(value, decimals) + 0.0:,.{decimals}f}".replace("-", "−")


def signed(value: float, decimals: int) -> str:
    """Return a difference with its sign."""
    written = fixed(value, decimals)
    return f"+{written}" if math.isfinite(value) and value > 0 else written


def span(low: float, high: float, decimals: int) -> str:
    """Return an interval: ``[0.71, 0.83]``; a dash when there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return NOTHING
    return f"[{fixed(low, decimals)}, {fixed(high, decimals)}]"


def percent(share: float) -> str:
    """Return a share in percent: ``3.1 %``, ``12 %``."""
    if not math.isfinite(share):
        return NOTHING
    shown = 100 * share
    return f"{shown:.0f} %" if shown >= 10 or shown == 0 else f"{shown:.2g} %"
