"""All pairs of rows at or above a cosine: exact, in blocks, the best of them as one goes."""

from __future__ import annotations

import numpy as np

from workbench._arrays import FloatArray, IntArray
from workbench._progress import Progress
from workbench.analysis._pair_nearest import ROUNDING, pair_scores
from workbench.analysis._pair_sides import MOST_PAIRS, Found, Side, equal_places, too_many
from workbench.analysis.similarity import similarity_block

__all__ = ["mined"]

_SIDE = 2000  # distinct vectors by as many at a time: 16 MB of float32
_CHUNK = 1_000_000  # pairs that are told apart, or wait to be sorted, at a time


def mined(
    left: Side, right: Side, threshold: float, most: int | None, report: Progress
) -> tuple[Found, int]:
    """Return the best pairs at or above ``threshold``, and how many there are in all.

    Parameters
    ----------
    left, right
        What is compared; the same object for pairs within one set (each once, no self pairs).
    threshold
        The least cosine.
    most
        How many pairs to keep; None: all.
    report
        Called after each block with the distinct vectors done.

    Returns
    -------
    tuple
        ``(rows1, rows2, scores)`` by score descending, then rows; and their number before the cut.

    Raises
    ------
    InputError
        When all are to be kept and they are more than ``MOST_PAIRS``.
    """
    best = _Best(left, right, MOST_PAIRS if most is None else most)
    least = np.float32(threshold)
    found = 0
    total, width = len(left.vectors), len(right.vectors)
    for start in range(0, total, _SIDE):
        stop = min(start + _SIDE, total)
        for first in range(start if left is right else 0, width, _SIDE):
            block = _cosines(left, right, slice(start, stop), slice(first, first + _SIDE))
            cells = np.flatnonzero(block >= least - np.float32(ROUNDING))
            rows, columns = np.divmod(cells, block.shape[1])
            a, b = rows + start, columns + first
            scores = np.clip(block.ravel()[cells], -1.0, 1.0)
            close = np.flatnonzero(scores < least + np.float32(ROUNDING))
            scores[close] = pair_scores(left, right, a[close], b[close])
            chosen = np.flatnonzero(scores >= least)
            if not len(chosen):
                continue
            a, b, scores = a[chosen], b[chosen], scores[chosen]
            found += _number(left, right, a, b)
            if most is None and found > MOST_PAIRS:
                raise too_many(threshold, stop / total)
            best.add(a, b, scores)
        report(stop, total)
    return best.sorted(), found


def _cosines(left: Side, right: Side, rows: slice, columns: slice) -> FloatArray:
    """Return cosines of distinct vectors; equal ones have 1, what is no pair here has -inf."""
    block = similarity_block(left.vectors[rows], right.vectors[columns], "cosine")
    if left is right and rows.start == columns.start:
        block[np.tril_indices(len(block))] = -np.inf
    at, places = equal_places(left, right, rows.start, rows.stop)
    places = places - columns.start
    here = np.flatnonzero((places >= 0) & (places < block.shape[1]))
    at, places = at[here], places[here]
    one_text = left.counts[rows][at] == 1 if left is right else np.zeros(len(at), np.bool_)
    block[at, places] = np.where(one_text, -np.inf, 1.0)
    return block


def _number(left: Side, right: Side, a: IntArray, b: IntArray) -> int:
    """Return how many pairs of rows some pairs of distinct vectors stand for."""
    sizes = left.counts[a] * right.counts[b]
    if left is right:  # copies of one text: each pair once, none with itself
        sizes = np.where(a == b, (sizes - left.counts[a]) // 2, sizes)
    return int(sizes.sum())


class _Best:
    """The best pairs of rows so far, no more than ``most`` of them and a chunk."""

    def __init__(self, left: Side, right: Side, most: int) -> None:
        self._left, self._right, self._most = left, right, most
        self._parts: list[Found] = []
        self._count = 0
        self.floor = np.float32(-np.inf)  # what is below it is not among the best

    def add(self, a: IntArray, b: IntArray, scores: FloatArray) -> None:
        """Take pairs of distinct vectors in, the best first, a chunk of rows at a time."""
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] >= self.floor]
        a, b, scores = a[order], b[order], scores[order]
        sizes = self._left.counts[a] * self._right.counts[b]
        ends = np.cumsum(sizes)
        start = 0
        while start < len(a) and scores[start] >= self.floor:
            before = ends[start - 1] if start else 0
            stop = max(start + 1, int(np.searchsorted(ends, before + _CHUNK, side="right")))
            if stop == start + 1:
                self._take(*self._of_one(int(a[start]), int(b[start]), scores[start]))
            else:
                part = slice(start, stop)
                self._take(*self._of_several(a[part], b[part], scores[part], sizes[part]))
            start = stop

    def sorted(self) -> Found:
        """Return the best pairs in order."""
        if not self._parts:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)
        rows1, rows2, scores = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        order = np.lexsort((rows2, rows1, -scores))[: self._most]
        return rows1[order], rows2[order], scores[order]

    def _take(self, rows1: IntArray, rows2: IntArray, scores: FloatArray) -> None:
        self._parts.append((rows1, rows2, scores))
        self._count += len(scores)
        if self._count >= self._most + _CHUNK:
            kept = self.sorted()
            self._parts, self._count = [kept], len(kept[2])
            self.floor = kept[2][-1]

    def _of_several(self, a: IntArray, b: IntArray, scores: FloatArray, sizes: IntArray) -> Found:
        """Return all pairs of rows of some pairs of distinct vectors."""
        pair = np.repeat(np.arange(len(a)), sizes)
        at = np.arange(len(pair)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        width = self._right.counts[b][pair]
        one = self._left.order[self._left.starts[a][pair] + at // width]
        two = self._right.order[self._right.starts[b][pair] + at % width]
        if self._left is not self._right:
            return one, two, scores[pair]
        once = (a != b)[pair] | (one < two)
        one, two = one[once], two[once]
        return np.minimum(one, two), np.maximum(one, two), scores[pair[once]]

    def _of_one(self, a: int, b: int, score: np.float32) -> Found:
        """Return the first ``most`` pairs of rows of one pair of distinct vectors, in order."""
        one, two = self._left.rows(a), self._right.rows(b)
        if self._left is not self._right:
            firsts, partners = one, [two]
            counts = np.full(len(one), len(two))
        else:
            firsts = one if a == b else np.sort(np.concatenate([one, two]))
            in_one = np.isin(firsts, one)
            after_one = np.searchsorted(one, firsts, side="right")
            after_two = np.searchsorted(two, firsts, side="right")
            counts = np.where(in_one, len(two) - after_two, len(one) - after_one)
            partners = [one, two]
        last = int(np.searchsorted(np.cumsum(counts), self._most)) + 1
        firsts, counts = firsts[:last], counts[:last]
        seconds = [
            partners[-1 if left else 0][-count:] if count else one[:0]
            for left, count in zip(np.isin(firsts, one), counts.tolist(), strict=True)
        ]
        rows1 = np.repeat(firsts, counts)[: self._most]
        rows2 = np.concatenate(seconds)[: self._most]
        return rows1, rows2, np.full(len(rows1), score, np.float32)
