"""From scores to ranked hits: the best of each query, ties in the order of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeAlias

import numpy as np

from workbench._arrays import BoolArray, FloatArray, IntArray
from workbench._progress import Progress
from workbench.analysis._nearest import top_k

__all__ = ["BLOCK_CELLS", "Ranked", "Scorer", "best_first", "ranked"]

BLOCK_CELLS = 8_000_000  # 32 MB of float32 at a time

Ranked: TypeAlias = "tuple[IntArray, FloatArray]"
"""One query's hits: rows (k,) and scores (k,), best first."""


class Scorer(Protocol):
    """One way to score texts for queries."""

    @property
    def title(self) -> str:
        """What the way is called, with its model."""

    @property
    def highest(self) -> float:
        """What no score is above; infinity where there is no such number."""

    def score(self, queries: Sequence[str]) -> Iterator[FloatArray]:
        """Yield blocks of scores, shape (b, n), the queries in order; -inf: not found at all."""


def best_first(scores: FloatArray, rows: IntArray) -> Ranked:
    """Return some rows by their scores, highest first, equal ones in order."""
    order = np.argsort(-scores[rows], kind="stable")
    return rows[order], scores[rows[order]]


def ranked(blocks: Iterable[FloatArray], rows: IntArray, k: int, report: Progress) -> list[Ranked]:
    """Return the best k of some texts for each query.

    Parameters
    ----------
    blocks
        Scores in blocks of queries, shape (b, n).
    rows
        The texts that may be found, ascending.
    k
        How many hits per query at most.
    report
        Called after each block with how many queries are done.
    """
    found: list[Ranked] = []
    for block in blocks:
        scores = block if len(rows) == block.shape[1] else block.take(rows, axis=1)
        columns, best = top_k(scores, min(k, len(rows)))
        for places, values in zip(columns, best, strict=True):
            real: BoolArray = values > -np.inf
            found.append((rows[places[real]], values[real].astype(np.float32)))
        report(len(found), len(found))
    return found
