"""One search: the chosen way to score, its best hits, and a second reading of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from workbench._arrays import FloatArray, IntArray
from workbench._progress import Progress
from workbench.errors import InputError
from workbench.models import Reranker
from workbench.search._ranking import Ranked, Scorer, ranked
from workbench.search.fusion import Hybrid

__all__ = ["checked_minimum", "found_by", "reread"]


def found_by(
    method: str | Hybrid,
    scorer: Callable[[str], Scorer],
    queries: Sequence[str],
    rows: IntArray,
    k: int,
    report: Progress,
) -> list[Ranked]:
    """Return each query's best k hits among some rows.

    Parameters
    ----------
    method
        How to search.
    scorer
        The way to score that a method's name stands for.
    queries, rows, k
        What is looked for, where, and how many hits per query.
    report
        Called as queries are done.
    """

    def told(done: int, total: int, /) -> None:
        report(done, len(queries))

    if not isinstance(method, Hybrid):
        return ranked(scorer(method).score(queries), rows, k, told)
    depth = max(k, method.depth)
    every = [ranked(scorer(name).score(queries), rows, depth, told) for name in method.methods]
    return [method.fused(rankings, k) for rankings in zip(*every, strict=True)]


def reread(
    reranker: Reranker,
    texts: Sequence[str],
    queries: Sequence[str],
    found: Sequence[Ranked],
    k: int,
    report: Progress,
) -> list[Ranked]:
    """Return each query's best k hits by the reranker's scores, equal ones in the order of rows."""
    again: list[Ranked] = []
    for query, (rows, _) in zip(queries, found, strict=True):
        scores: FloatArray = reranker.predict([query] * len(rows), [texts[row] for row in rows])
        order = np.lexsort((rows, -scores))[:k]
        again.append((rows[order], scores[order]))
        report(len(again), len(queries))
    return again


def checked_minimum(value: object, method: str | Hybrid, rerank: int | None) -> float | None:
    """Return ``minimum_relevancy`` as a float, or raise an InputError."""
    if value is None:
        return None
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not np.isfinite(float(value)):  # type: ignore[arg-type]
        raise InputError(f"minimum_relevancy: expected a number; got {value!r:.60}.")
    if isinstance(method, Hybrid) and rerank is None:
        raise InputError(
            "minimum_relevancy: the scores of a hybrid search are sums over places, no relevancy. "
            "Use one method, or rerank=, whose scores it then bounds."
        )
    return float(value)  # type: ignore[arg-type]
