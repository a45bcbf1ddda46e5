"""The rows of one or two sets by their distinct vectors: what is compared when pairs are mined.

Equal vectors are one, so that copies of a text have the same scores everywhere, and a cosine of
exactly 1 with each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from workbench._arrays import FloatArray, IntArray
from workbench.analysis._inputs import distinct_rows
from workbench.errors import InputError

__all__ = ["MOST_PAIRS", "Found", "Side", "equal_places", "sides", "too_many"]

MOST_PAIRS = 20_000_000

Found: TypeAlias = "tuple[IntArray, IntArray, FloatArray]"  # rows, rows, scores


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """The rows that are compared, by their distinct vectors.

    Parameters
    ----------
    vectors
        The distinct unit vectors, shape (u, d).
    names
        A number for each, ascending; an equal vector of the other side has the same, shape (u,).
    which
        Which of them each row has, shape (n,).
    order, starts, counts
        The rows by distinct vector, shape (n,); where each begins there, how many there are (u,).
    """

    vectors: FloatArray
    names: IntArray
    which: IntArray
    order: IntArray
    starts: IntArray
    counts: IntArray

    def rows(self, place: int) -> IntArray:
        """Return the rows of a distinct vector, ascending."""
        start = self.starts[place]
        return np.asarray(self.order[start : start + self.counts[place]])


def sides(left: FloatArray, right: FloatArray | None) -> tuple[Side, Side]:
    """Return the two sides of a comparison: twice the same object when ``right`` is None."""
    both = left if right is None else np.concatenate([left, right])
    _, numbers = distinct_rows(both)
    one = _side(left, numbers[: len(left)])
    return (one, one) if right is None else (one, _side(right, numbers[len(left) :]))


def _side(vectors: FloatArray, numbers: IntArray) -> Side:
    names, first, which, counts = np.unique(
        numbers, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(which, kind="stable")
    starts = np.cumsum(counts) - counts
    return Side(vectors[first], names, which, order, starts, counts)


def equal_places(left: Side, right: Side, start: int, stop: int) -> tuple[IntArray, IntArray]:
    """Return which of some distinct vectors the other side has too (from 0), and where there."""
    names = left.names[start:stop]
    places = np.minimum(np.searchsorted(right.names, names), len(right.names) - 1)
    rows = np.flatnonzero(right.names[places] == names)
    return rows, places[rows]


def too_many(threshold: float, share: float) -> InputError:
    """Return the error for more pairs than memory should hold."""
    after = "" if share >= 1 else f" after {100 * share:.0f} % of the comparisons"
    return InputError(
        f"paraphrase_mining: more than {MOST_PAIRS:,} pairs have a cosine of {threshold:g} or more"
        f"{after}; that is the most that is kept in memory. Raise the threshold, or keep only the "
        "best pairs with max_pairs, or those of each text with top_k."
    )
