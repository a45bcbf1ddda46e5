"""Which text of each group of duplicates is kept, and how similar the others are to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import BoolArray, FloatArray, IntArray

__all__ = ["KEEP_RULES", "kept_texts", "nearest_kept"]

KEEP_RULES: Final[tuple[Literal["first", "longest", "central"], ...]] = (
    "first",
    "longest",
    "central",
)
_BLOCK_CELLS = 4_000_000


def kept_texts(
    unit: FloatArray,
    labels: IntArray,
    decided: NDArray[np.int8],
    rule: str,
    texts: Sequence[str],
) -> BoolArray:
    """Return whether each text stays, shape (n,): all without a group, of each group at least one.

    Parameters
    ----------
    unit
        Unit vectors, shape (n, d).
    labels
        The group of each text; -1: none.
    decided
        1 for a text kept by hand, -1 for a dropped one, 0 for others; no group is all -1.
    rule
        One of ``KEEP_RULES``.
    texts
        The texts.
    """
    kept = labels < 0
    for members in _groups(labels):
        by_hand = members[decided[members] > 0]
        if len(by_hand):
            kept[by_hand] = True
            continue
        open_ = members[decided[members] == 0]
        kept[open_[_best(unit, members, open_, rule, texts)]] = True
    return kept


def _best(
    unit: FloatArray, members: IntArray, candidates: IntArray, rule: str, texts: Sequence[str]
) -> int:
    """Return the place of the candidate that the rule keeps; the first of equal ones."""
    if rule == "first":
        return 0
    if rule == "longest":
        return int(np.argmax([len(texts[row]) for row in candidates.tolist()]))
    # The mean cosine to the others orders them as the cosine to the sum does.
    centre = unit[members].sum(axis=0, dtype=np.float64)
    towards = np.einsum("ij,j->i", unit[candidates], centre)
    return int(np.argmax(towards.round(6)))


def nearest_kept(
    unit: FloatArray, labels: IntArray, kept: BoolArray
) -> tuple[IntArray, FloatArray]:
    """Return the kept text of its group most similar to each text, and the cosine, shape (n,)."""
    n = len(labels)
    nearest, similarities = np.arange(n, dtype=np.int64), np.ones(n, np.float32)
    for members in _groups(labels):
        stay, go = members[kept[members]], members[~kept[members]]
        step = max(1, _BLOCK_CELLS // len(stay))
        for start in range(0, len(go), step):
            rows = go[start : start + step]
            cosines = unit[rows] @ unit[stay].T
            best = cosines.argmax(axis=1)
            nearest[rows] = stay[best]
            similarities[rows] = cosines[np.arange(len(rows)), best].clip(-1.0, 1.0)
    return nearest, similarities


def _groups(labels: IntArray) -> Iterator[NDArray[Any]]:
    """Yield the rows of each group, ascending."""
    order = np.argsort(labels, kind="stable")
    order = order[labels[order] >= 0]
    if len(order):
        yield from np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
