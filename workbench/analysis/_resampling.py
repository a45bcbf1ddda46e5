"""Resamples as counts: drawing them in blocks, leaving examples out, ranking by tied values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench._arrays import IntArray, freeze, row_list
from workbench.analysis._inputs import as_whole
from workbench.errors import InputError

__all__ = [
    "FEWEST_EXAMPLES",
    "Doubles",
    "TieGroups",
    "as_counts",
    "as_numbers",
    "check_request",
    "drawn",
    "flips",
    "left_out",
    "same_length",
]

Doubles: TypeAlias = NDArray[np.float64]

_BLOCK_CELLS = 2**18  # 2 MB of counts: what a processor's own cache holds
_MOST_GROUPS = 1000
FEWEST_EXAMPLES = 5


def as_numbers(values: ArrayLike, what: str) -> Doubles:
    """Return ``values`` as a read-only, finite, one-dimensional float64 array, n >= 1."""
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"{what}: expected one number per example; got {type(values).__name__} that cannot "
            "be read as numbers."
        ) from None
    if numbers.ndim != 1 or not numbers.size:
        raise InputError(
            f"{what}: expected one number per example, at least one; got shape {numbers.shape}."
        )
    bad = np.flatnonzero(~np.isfinite(numbers))
    if bad.size:
        raise InputError(
            f"{what}: {row_list(bad)} hold NaN or infinity. Remove these examples or mend them."
        )
    return freeze(numbers + 0.0)  # no -0.0


def same_length(first: NDArray[np.generic], second: NDArray[np.generic], what: str) -> None:
    """Raise an InputError unless both have one entry per example."""
    if first.shape != second.shape:
        raise InputError(
            f"{what}: expected two arrays of one length; got {len(first)} and {len(second)}."
        )


def as_counts(counts: ArrayLike, n: int) -> Doubles:
    """Return ``counts`` as float64 of shape (b, n), or raise an InputError."""
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != n:
        raise InputError(
            f"resampled: expected counts of shape (resamples, {n}), how often each example is "
            f"drawn; got shape {table.shape}."
        )
    return table


def check_request(sizes: Mapping[str, int], confidence: float, n_resamples: int) -> None:
    """Raise an InputError before work is spent on what cannot be answered."""
    as_whole(n_resamples, "n_resamples", 200, 1_000_000)
    if not 0.5 <= confidence < 1:
        raise InputError(f"confidence: expected a share from 0.5 to below 1; got {confidence!r}.")
    for name, n in sizes.items():
        if n < FEWEST_EXAMPLES:
            raise InputError(
                f"{name}: expected at least {FEWEST_EXAMPLES} examples to say how sure a number "
                f"is; got {n}. Add examples; with 100 or more the answer is reliable."
            )


def drawn(n: int, n_resamples: int, random_state: int) -> Iterator[Doubles]:
    """Yield blocks of counts (b, n): n examples drawn with replacement, ``n_resamples`` times.

    The numbers do not depend on the size of a block: the generator is read in one order.
    """
    generator = np.random.default_rng(random_state)
    most = max(1, _BLOCK_CELLS // n)
    for start in range(0, n_resamples, most):
        size = min(most, n_resamples - start)
        rows = generator.integers(n, size=(size, n))
        rows += np.arange(0, size * n, n)[:, None]
        counts = np.bincount(rows.ravel(), minlength=size * n)
        yield counts.reshape(size, n).astype(np.float64)


def left_out(n: int, random_state: int) -> Iterator[Doubles]:
    """Yield blocks of counts (b, n) of 0 and 1 that leave each example out once.

    Above 1,000 examples they leave out 1,000 random groups of them, so that the work grows with
    n and not with its square.
    """
    groups = min(n, _MOST_GROUPS)
    group = np.arange(n) % groups
    if groups < n:
        np.random.default_rng([random_state, 1]).shuffle(group)
    most = max(1, _BLOCK_CELLS // n)
    for start in range(0, groups, most):
        block = np.arange(start, min(start + most, groups))
        yield (group != block[:, None]).astype(np.float64)


def flips(n: int, n_flips: int, random_state: int) -> Iterator[Doubles]:
    """Yield blocks (b, n) of 0 and 1, each as likely: which signs are flipped."""
    generator = np.random.default_rng([random_state, 2])
    words = -(-n // 64)
    most = max(1, _BLOCK_CELLS // n)
    for start in range(0, n_flips, most):
        size = (min(most, n_flips - start), words)
        bits = generator.integers(2**64, size=size, dtype=np.uint64).astype("<u8").view(np.uint8)
        yield np.unpackbits(bits, axis=1, count=n).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class TieGroups:
    """Examples in ascending order of a value, equal values together.

    Parameters
    ----------
    order
        The examples in order, shape (n,).
    ends
        The last position of each group of equal values in that order, shape (g,).
    group
        The group of each example, in the order given, shape (n,).
    """

    order: IntArray
    ends: IntArray
    group: IntArray

    @classmethod
    def of(cls, values: Doubles) -> TieGroups:
        """Return the groups of equal values, ascending."""
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
        group = np.searchsorted(ordered[ends], values)
        return cls(order, ends, group)

    def reached(self, weights: Doubles) -> Doubles:
        """Return the total weight (b, g) up to and with each group, for weights (b, n)."""
        totals = np.cumsum(np.take(weights, self.order, axis=1), axis=1)
        return totals if len(self.ends) == len(self.order) else totals[:, self.ends]

    def centred_ranks(self, counts: Doubles) -> Doubles:
        """Return each example's rank (b, n) in each resample, minus the mean rank; ties shared."""
        reached = self.reached(counts)
        middle = reached.copy()
        middle[:, 1:] += reached[:, :-1]
        middle -= reached[:, -1:]
        middle *= 0.5
        return np.take(middle, self.group, axis=1)
