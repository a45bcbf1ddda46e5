"""What several ways to search find for one query: methods in columns, lines join the same text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import InputError
from workbench.views._json import object_frame
from workbench.views._ranks import ranks_figure
from workbench.views._texts import label_column
from workbench.views._view import View

if TYPE_CHECKING:
    from workbench.corpus import Corpus
    from workbench.search import MatchReasons, SearchResults

__all__ = ["described", "search_view", "searched_part"]

_MARKS = {True: "relevant", False: "not relevant"}
_NOTHING = "No text shares a word with the query, or has the least score that was asked for."


def search_view(
    results: Mapping[str, SearchResults],
    query: int = 0,
    *,
    reasons: Mapping[str, MatchReasons] | None = None,
    marks: Mapping[str, bool] | None = None,
    failures: Mapping[str, str] | None = None,
    where: Mapping[str, str] | None = None,
) -> View:
    """Return the hits of one query by several methods, side by side.

    Parameters
    ----------
    results
        Method → what it found for the same queries in the same texts.
    query
        Which of the queries, counted from 0.
    reasons
        Text id → why it fits the query; of every hit, or None.
    marks
        Text id → whether somebody marked it relevant, or not relevant.
    failures
        Method → why it found nothing, for columns of their own after the others.
    where
        Column → what of it was searched, in words; None: all texts.

    Raises
    ------
    InputError
        If there are no results, they are of other texts or queries, or there is no such query.
    """
    corpus, asked = _checked(results, query)
    failed = dict(failures or {})
    rows = np.unique(np.concatenate([found.rows[query] for found in results.values()])).tolist()
    place = {row: at for at, row in enumerate(rows)}
    columns = [[place[row] for row in found.rows[query].tolist()] for found in results.values()]
    scores = [[float(f"{score:.6g}") for score in found.scores[query].tolist()]
              for found in results.values()]  # fmt: skip
    texts: dict[str, Any] = {
        "id": [corpus.ids[row] for row in rows],
        "text": [corpus.texts[row] for row in rows],
        "found by": [_share(columns, at) for at in range(len(rows))],
        "mark": [_MARKS.get((marks or {}).get(corpus.ids[row])) for row in rows],  # type: ignore[arg-type]  # no mark: None
    }
    label = label_column(corpus)
    if label is not None and corpus.label is not None and label not in texts:
        texts[label] = corpus.columns[corpus.label][rows]
    meta: dict[str, Any] = {
        **described(corpus, [*results, *failed]),
        "subtitle": "; ".join([f"query: {asked}", *searched_part(where or {})]),
        "query": asked,
        "where": dict(where or {}),
        "label": label if label in texts else None,
        "table": [name for name in texts if name not in ("id", "text")],
        "methods": [*(found.method for found in results.values()), *("" for _ in failed)],
        "ranks": [*columns, *([] for _ in failed)],
        "scores": [*scores, *([] for _ in failed)],
        "failures": failed,
        "nothing": {
            name: _NOTHING for name, found in results.items() if not len(found.rows[query])
        },
    }
    if reasons is not None:
        meta["why"] = [_why(reasons[text_id]) for text_id in texts["id"]]
    return View(ranks_figure(texts["id"], meta), object_frame(texts))


def searched_part(where: Mapping[str, str]) -> list[str]:
    """Return which texts were searched, for a subtitle; nothing for all."""
    if not where:
        return []
    return [f"only texts with {'; '.join(f'{name}: {said}' for name, said in where.items())}"]


def described(corpus: Corpus, methods: list[str]) -> dict[str, Any]:
    """Return what the figure says of itself whatever was found."""
    ways = "1 way" if len(methods) == 1 else f"{len(methods)} ways"
    return {
        "kind": "search",
        "corpus": corpus.fingerprint,
        "title": f"{corpus.name} · {ways} to search",
        "label": None,
        "color_columns": [],
        "models": methods,
    }


def _share(columns: list[list[int]], at: int) -> str:
    return f"{sum(at in column for column in columns)} of {len(columns)} methods"


def _why(found: MatchReasons) -> dict[str, Any]:
    def listed(terms: Mapping[str, float]) -> list[list[str | float]]:
        return [[term, round(adds, 4)] for term, adds in terms.items()]

    return {
        "similarity": round(found.similarity, 4),
        "words": listed(found.words),
        "tokens": listed(found.tokens),
    }


def _checked(results: Mapping[str, SearchResults], query: int) -> tuple[Corpus, str]:
    """Return the texts that were searched, and the query."""
    if not isinstance(results, Mapping) or not results:
        raise InputError(
            "search_view: expected {method: index.search(...)}, at least one; got "
            f"{type(results).__name__}."
        )
    first = next(iter(results))
    corpus, queries = results[first].corpus, results[first].queries
    for name, found in results.items():
        if (found.corpus.fingerprint, found.queries) != (corpus.fingerprint, queries):
            raise InputError(
                f"search_view: {name!r} searched other texts or for other queries than {first!r}. "
                "Give all methods the same."
            )
    if not 0 <= query < len(queries):
        raise InputError(
            f"search_view: query={query} is not among the {len(queries)}; they count from 0."
        )
    return corpus, queries[query]
