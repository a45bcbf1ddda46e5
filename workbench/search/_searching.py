"""One search: the chosen way to score, its best hits, and a second reading of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench._arrays import FloatArray, IntArray
from workbench._progress import Progress, ProgressOption, showing
from workbench.analysis._inputs import as_whole
from workbench.errors import InputError, suggest
from workbench.models import Reranker
from workbench.search._filters import Where
from workbench.search._ranking import Ranked, Scorer, best_first, ranked
from workbench.search.fusion import Hybrid
from workbench.search.results import SearchResults, as_queries

__all__ = ["MOST_HITS", "Source", "checked_method", "checked_rerank", "found_above", "searched"]

MOST_HITS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What a search asks of an index.

    Parameters
    ----------
    check_method
        Returns a method that there is, or raises.
    check_rerank
        Returns how many hits are to be read again, of ``rerank`` and ``top_k``, or raises.
    scorer
        Method → its way to score.
    rows
        Conditions → the rows that meet them, ascending.
    texts
        Rows → their texts.
    results
        Queries, each one's rows and scores, and the way in words → results.
    reranker
        What reads the first hits again, if anything does.
    """

    check_method: Callable[[str | Hybrid], str | Hybrid]
    check_rerank: Callable[[object, int], int]
    scorer: Callable[[str], Scorer]
    rows: Callable[[Where | None], IntArray]
    texts: Callable[[IntArray], Sequence[str]]
    results: Callable[
        [tuple[str, ...], tuple[IntArray, ...], tuple[FloatArray, ...], str], SearchResults
    ]
    reranker: Reranker | None


def searched(
    source: Source,
    queries: str | Sequence[str],
    *,
    method: str | Hybrid,
    top_k: int,
    minimum_relevancy: float | None,
    where: Where | None,
    rerank: int | None,
    progress: ProgressOption,
) -> SearchResults:
    """Return what `SearchIndex.search` does; every argument is checked before work is done."""
    asked = as_queries(queries)
    chosen = source.check_method(method)
    k = as_whole(top_k, "top_k", 1, MOST_HITS)
    least = _checked_minimum(minimum_relevancy, chosen, rerank)
    depth = k if rerank is None else source.check_rerank(rerank, k)
    rows = source.rows(where)
    with showing(progress, "Searching", unit=" queries") as report:
        found = _found_by(chosen, source.scorer, asked, rows, depth, report)
        if rerank is not None and source.reranker is not None:
            found = _reread(source.reranker, source.texts, asked, found, k, report)
    places, scores = zip(*found, strict=True)
    hits = source.results(asked, places, scores, _title(chosen, rerank, source))
    return hits if least is None else hits.at_least(least)


def found_above(
    dense: Scorer, queries: str | Sequence[str], threshold: float
) -> tuple[tuple[str, ...], tuple[tuple[IntArray, ...], tuple[FloatArray, ...]]]:
    """Return queries, and each one's rows and scores from a threshold on, best first."""
    asked = as_queries(queries)
    least = _checked_minimum(threshold, "dense", None)
    assert least is not None
    found = [
        best_first(scores, np.flatnonzero(scores >= np.float32(least)))
        for block in dense.score(asked)
        for scores in block
    ]
    rows, scores = zip(*found, strict=True)
    return asked, (rows, scores)


def checked_method(
    method: str | Hybrid, methods: Sequence[str], without: Mapping[str, str]
) -> str | Hybrid:
    """Return a method that is among those of an index, or raise an InputError.

    Parameters
    ----------
    method
        What was asked for.
    methods
        The methods that there are.
    without
        What to do about a method that there is not, by its name.
    """
    chosen = Hybrid() if method == "hybrid" else method
    names = chosen.methods if isinstance(chosen, Hybrid) else (chosen,)
    for name in names:
        if name not in methods or name == "hybrid":
            raise InputError(
                f"search: there is no method {name!r} here. {suggest(str(name), methods)}"
                + without.get(str(name), "")
            )
    return chosen


def checked_rerank(rerank: object, top_k: int, reranker: Reranker | None) -> int:
    """Return how many hits a reranker is to read again, or raise an InputError."""
    if reranker is None:
        raise InputError(
            "search: rerank= asks for a reranker, and this index has none. Build it with "
            "reranker=, a CrossEncoder or its name."
        )
    advice = f" It is at least top_k, {top_k} here."
    return as_whole(rerank, "rerank", top_k, MOST_HITS, advice)


def _found_by(
    method: str | Hybrid,
    scorer: Callable[[str], Scorer],
    queries: Sequence[str],
    rows: IntArray,
    k: int,
    report: Progress,
) -> list[Ranked]:
    def told(done: int, total: int, /) -> None:
        report(done, len(queries))

    if not isinstance(method, Hybrid):
        return ranked(scorer(method).score(queries), rows, k, told)
    depth = max(k, method.depth)
    every = [ranked(scorer(name).score(queries), rows, depth, told) for name in method.methods]
    return [method.fused(rankings, k) for rankings in zip(*every, strict=True)]


def _reread(
    reranker: Reranker,
    texts: Callable[[IntArray], Sequence[str]],
    queries: Sequence[str],
    found: Sequence[Ranked],
    k: int,
    report: Progress,
) -> list[Ranked]:
    """Return each query's best k hits by the reranker's scores, equal ones in the order of rows."""
    again: list[Ranked] = []
    for query, (rows, _) in zip(queries, found, strict=True):
        scores: FloatArray = reranker.predict([query] * len(rows), texts(rows))
        order = np.lexsort((rows, -scores))[:k]
        again.append((rows[order], scores[order]))
        report(len(again), len(queries))
    return again


def _title(method: str | Hybrid, rerank: int | None, source: Source) -> str:
    name = method.title() if isinstance(method, Hybrid) else source.scorer(method).title
    if rerank is None or source.reranker is None:
        return name
    return f"{name}, the first {rerank} reread by {source.reranker.spec.title()}"


def _checked_minimum(value: object, method: str | Hybrid, rerank: int | None) -> float | None:
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
