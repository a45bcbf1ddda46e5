"""One search: the chosen way to score, its best hits, and a second reading of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from workbench.search.searchable import Searchable

__all__ = ["MOST_HITS", "Source", "checked_method", "checked_rerank", "found_above", "searched"]

MOST_HITS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What a search asks of an index.

    Parameters
    ----------
    scorer
        Method → its way to score.
    rows
        Conditions → the rows that meet them, ascending.
    texts
        Rows → their texts.
    places
        Ids → their rows; an id that is not there is an InputError.
    results
        Queries, each one's rows and scores, and the way in words → results.
    """

    scorer: Callable[[str], Scorer]
    rows: Callable[[Where | None], IntArray]
    texts: Callable[[IntArray], Sequence[str]]
    places: Callable[[Sequence[str]], IntArray]
    results: Callable[
        [tuple[str, ...], tuple[IntArray, ...], tuple[FloatArray, ...], str], SearchResults
    ]


def searched(
    index: Searchable,
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
    """Return what `Searchable.search` does; every argument is checked before work is done."""
    asked = as_queries(queries)
    chosen = index.check_method(method)
    k = as_whole(top_k, "top_k", 1, MOST_HITS)
    least = _checked_minimum(minimum_relevancy, "minimum_relevancy")
    depth = k if rerank is None else index.check_rerank(rerank, k)
    if least is not None and rerank is None:
        _check_reachable(least, "minimum_relevancy", chosen, source)
    rows = source.rows(where)
    reranker = None if rerank is None else index.reranker
    with showing(progress, "Searching", unit=" queries") as report:
        found = _found_by(chosen, source.scorer, asked, rows, depth, report)
        if reranker is not None:
            found = _reread(reranker, source.texts, asked, found, k, report)
    places, scores = zip(*found, strict=True)
    how = chosen.title() if isinstance(chosen, Hybrid) else source.scorer(chosen).title
    if reranker is not None:
        how = f"{how}, the first {rerank} reread by {reranker.spec.title()}"
    hits = source.results(asked, places, scores, how)
    return hits if least is None else hits.at_least(least)


def found_above(source: Source, queries: str | Sequence[str], threshold: float) -> SearchResults:
    """Return what `Searchable.above` does."""
    asked = as_queries(queries)
    least = _checked_minimum(threshold, "threshold")
    assert least is not None
    _check_reachable(least, "threshold", "dense", source)
    dense = source.scorer("dense")
    found = [
        best_first(scores, np.flatnonzero(scores >= np.float32(least)))
        for block in dense.score(asked)
        for scores in block
    ]
    rows, scores = zip(*found, strict=True)
    return source.results(asked, rows, scores, dense.title)


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


def _checked_minimum(value: object, name: str) -> float | None:
    if value is None:
        return None
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not np.isfinite(float(value)):  # type: ignore[arg-type]  # `number` tells what it is
        raise InputError(f"{name}: expected a number; got {value!r:.60}.")
    return float(value)  # type: ignore[arg-type]  # as above


def _check_reachable(least: float, name: str, method: str | Hybrid, source: Source) -> None:
    """Raise an InputError for a least score that a method's scores are not, or never reach."""
    if isinstance(method, Hybrid):
        raise InputError(
            f"{name}: the scores of a hybrid search are sums over places, no relevancy. "
            "Use one method, or rerank=, whose scores it then bounds."
        )
    scorer = source.scorer(method)
    if least > scorer.highest:
        raise InputError(
            f"{name}: no text would be found: {least:g} was asked for, and scores by "
            f"{scorer.title} are {scorer.highest:g} at most. Ask for less."
        )
