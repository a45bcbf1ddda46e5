"""What several models find for one query: models in columns, lines join the same text."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from workbench.errors import InputError
from workbench.views._json import object_frame
from workbench.views._layout import layout_of
from workbench.views._models import color_of, model_text
from workbench.views._strings import plotly_text
from workbench.views._view import View

if TYPE_CHECKING:
    from workbench.analysis.retrieval_search import SearchHits
    from workbench.corpus import Corpus

__all__ = ["ranks_figure", "ranks_view"]


def ranks_view(
    hits: Mapping[str, SearchHits],
    query: int = 0,
    *,
    failures: Mapping[str, str] | None = None,
) -> View:
    """Return the nearest texts of one query under several models, side by side.

    Parameters
    ----------
    hits
        Model name → what it found for the same queries in the same texts.
    query
        Which of the queries, counted from 0.
    failures
        Model name → why it found nothing, for columns of their own after the others.

    Raises
    ------
    InputError
        If there are no hits, they are of other texts or queries, or there is no such query.
    """
    corpus, asked = _checked(hits, query)
    failed = dict(failures or {})
    rows = sorted({int(row) for found in hits.values() for row in found.indices[query]})
    place = {row: at for at, row in enumerate(rows)}
    columns = [[place[int(row)] for row in found.indices[query]] for found in hits.values()]
    by = [sum(at in column for column in columns) for at in range(len(rows))]
    texts = object_frame(
        {
            "id": [corpus.ids[row] for row in rows],
            "text": [corpus.texts[row] for row in rows],
            "found by": [f"{count} of {len(hits)} models" for count in by],
        }
    )
    scores = [[round(float(score), 4) for score in found.scores[query]] for found in hits.values()]
    meta = {
        "kind": "ranks",
        "corpus": corpus.fingerprint,
        "title": f"{corpus.name} · what {len(hits)} models find nearest",
        "subtitle": f"query: {asked}",
        "label": None,
        "color_columns": [],
        "table": ["found by"],
        "models": [*hits, *failed],
        "ranks": [*columns, *([] for _ in failed)],
        "scores": [*scores, *([] for _ in failed)],
        "failures": failed,
    }
    return View(ranks_figure(texts["id"].tolist(), meta), texts)


def _checked(hits: Mapping[str, SearchHits], query: int) -> tuple[Corpus, str]:
    """Return the texts that were searched, and the query."""
    if not isinstance(hits, Mapping) or not hits:
        raise InputError(
            "ranks_view: expected {model name: semantic_search(...)}, at least one; got "
            f"{type(hits).__name__}."
        )
    first = next(iter(hits))
    corpus, queries = hits[first].corpus.corpus, hits[first].queries.corpus
    for name, found in hits.items():
        same = (found.corpus.corpus.fingerprint, found.queries.corpus.texts)
        if same != (corpus.fingerprint, queries.texts):
            raise InputError(
                f"ranks_view: {name!r} searched other texts or for other queries than {first!r}. "
                "Give all models the same."
            )
    if not 0 <= query < len(queries):
        raise InputError(
            f"ranks_view: query={query} is not among the {len(queries)}; they count from 0."
        )
    return corpus, queries.texts[query]


def ranks_figure(ids: list[str], meta: dict[str, Any]) -> go.Figure:
    """Return columns of ids and the lines between them, for those who open it with plain plotly."""
    columns: list[list[int]] = meta["ranks"]
    deepest = max(map(len, columns))
    figure = go.Figure(
        layout=layout_of(
            meta,
            110 + 46 * deepest,
            xaxis={
                "tickvals": list(range(len(columns))),
                "ticktext": [model_text(name) for name in meta["models"]],
                "side": "top",
                "range": [-0.5, len(columns) - 0.5],
                "showgrid": False,
                "zeroline": False,
            },
            yaxis={
                "title": {"text": "rank"},
                "tickvals": list(range(1, deepest + 1)),
                "range": [deepest + 0.6, 0.4],
                "showgrid": False,
                "zeroline": False,
            },
            showlegend=False,
        )
    )
    x, y = _lines(columns)
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": color_of("muted"), "width": 1.5},
        hoverinfo="skip",
        meta={"color": "muted"},
    )
    places = [(at, rank, row) for at, column in enumerate(columns)
              for rank, row in enumerate(column, 1)]  # fmt: skip
    figure.add_scatter(
        x=np.array([at for at, _, _ in places], dtype=np.int32),
        y=np.array([rank for _, rank, _ in places], dtype=np.int32),
        customdata=np.array([row for _, _, row in places], dtype=np.int32),
        mode="markers+text",
        text=[plotly_text(ids[row], 16) for _, _, row in places],
        textposition="middle right",
        marker={"color": color_of(0), "size": 9},
        hovertemplate="%{text}, rank %{y}<extra></extra>",
        meta={"color": 0},
    )
    return figure


def _lines(columns: list[list[int]]) -> tuple[list[int | None], list[int | None]]:
    """Return the lines between neighbouring columns that hold the same text."""
    x: list[int | None] = []
    y: list[int | None] = []
    for at, (left, right) in enumerate(pairwise(columns)):
        ranks = {row: rank for rank, row in enumerate(right, 1)}
        for rank, row in enumerate(left, 1):
            if row in ranks:
                x += [at, at + 1, None]
                y += [rank, ranks[row], None]
    return x, y
