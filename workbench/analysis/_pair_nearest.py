"""The pairs of rows that are among either's nearest: exact, in blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from workbench._arrays import FloatArray, IntArray
from workbench._progress import Progress
from workbench.analysis._nearest import top_k
from workbench.analysis._pair_sides import MOST_PAIRS, Found, Side, equal_places, too_many
from workbench.analysis.similarity import similarity_block

__all__ = ["ROUNDING", "mined_nearest", "nearest_partners", "pair_scores"]

_BLOCK_CELLS = 4_000_000  # 16 MB of float32 at a time
ROUNDING = 1e-5  # more than a cosine's last bits in float32


def mined_nearest(left: Side, right: Side, threshold: float, k: int, report: Progress) -> Found:
    """Return the pairs at or above ``threshold`` that are among either row's k best.

    In the order of `mined`. Scores are computed in float64 and rounded, as `mined` does near the
    threshold: both ways find the same pairs.

    Raises
    ------
    InputError
        If there are more than ``MOST_PAIRS``.
    """
    own = left is right
    n = len(left.vectors)
    total = n if own else n + len(right.vectors)
    rows, partners = nearest_partners(left, right, threshold, k, lambda done: report(done, total))
    if own:
        rows, partners = np.minimum(rows, partners), np.maximum(rows, partners)
    else:
        back = nearest_partners(right, left, threshold, k, lambda done: report(n + done, total))
        rows, partners = np.concatenate([[rows, partners], [back[1], back[0]]], axis=1)
    width = len(right.which)
    rows1, rows2 = np.divmod(np.unique(rows * width + partners), width)
    scores = pair_scores(left, right, left.which[rows1], right.which[rows2])
    chosen = np.flatnonzero(scores >= np.float32(threshold))
    order = chosen[np.lexsort((rows2[chosen], rows1[chosen], -scores[chosen]))]
    return rows1[order], rows2[order], scores[order]


def nearest_partners(
    left: Side, right: Side, threshold: float, k: int, report: Callable[[int], None]
) -> tuple[IntArray, IntArray]:
    """Return the rows, and their partners among the k best of each, shape (p,) each."""
    own = left is right
    wanted = min(k + own, len(right.which))
    step = max(1, _BLOCK_CELLS // len(right.which))
    parts: list[tuple[IntArray, IntArray]] = []
    count = 0
    for start in range(0, len(left.vectors), step):
        stop = min(start + step, len(left.vectors))
        block = similarity_block(left.vectors[start:stop], right.vectors, "cosine")
        block[equal_places(left, right, start, stop)] = np.inf  # first, whatever rounding
        partners, values = top_k(block[:, right.which], wanted)
        near = values >= np.float32(threshold - ROUNDING)
        for place in range(start, stop):
            mine = partners[place - start][near[place - start]]
            count += len(mine) * int(left.counts[place])
            if count > 2 * MOST_PAIRS:  # each may be found both ways
                raise too_many(threshold, place / len(left.vectors))
            found = _partners(left.rows(place), mine, k, own)
            parts.extend((np.full(len(others), row), others) for row, others in found)
        report(stop)
    rows, others = (np.concatenate(part) for part in zip(*parts, strict=True))
    return rows, others


def _partners(rows: IntArray, partners: IntArray, k: int, own: bool) -> list[tuple[int, IntArray]]:
    """Return the partners of each of the rows that share a vector; none is its own."""
    return [(row, partners[partners != row][:k] if own else partners) for row in rows.tolist()]


def pair_scores(left: Side, right: Side, a: IntArray, b: IntArray) -> FloatArray:
    """Return the cosines of pairs of distinct vectors, in float64 and then rounded."""
    scores = np.empty(len(a), np.float32)
    step = max(1, _BLOCK_CELLS // left.vectors.shape[1])
    for start in range(0, len(a), step):
        part = slice(start, start + step)
        one, two = left.vectors[a[part]], right.vectors[b[part]]
        scores[part] = np.einsum("ij,ij->i", one, two, dtype=np.float64)
    equal = left.names[a] == right.names[b]
    return np.asarray(np.where(equal, np.float32(1.0), np.minimum(scores, np.float32(1.0))))
