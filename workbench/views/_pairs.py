"""Pairs of similar texts: how many there are of each score, and some of each to read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench._arrays import IntArray
from workbench.analysis import ParaphrasePairs
from workbench.views._json import object_frame
from workbench.views._layout import layout_of
from workbench.views._view import View

__all__ = ["EACH", "count_axis", "pairs_view", "score_axis", "score_bars", "some_places"]

EACH = 8  # pairs of a bar that can be read


def pairs_view(pairs: ParaphrasePairs) -> View:
    """Return the distribution of the pairs' scores; each bar names a few of its pairs.

    Each bar carries its place in ``customdata``; the table has a row per named pair, whose id is
    its place by score, from 1.
    """
    edges, counts = pairs.histogram()
    ends = np.cumsum(counts[::-1])[::-1]  # pairs come by score, descending
    named = [
        some_places(int(end - count), int(end)) for end, count in zip(ends, counts, strict=True)
    ]
    places = np.concatenate(named[::-1]).astype(np.int64)
    texts = _named(pairs, places)
    row_of = {place: row for row, place in enumerate(places.tolist())}
    meta: dict[str, Any] = {
        "kind": "pairs",
        "corpus": "",
        "title": pairs.title(),
        "subtitle": f"How many pairs of texts have which cosine; up to {EACH} of each bar can be "
        "read. The axis of counts is logarithmic.",
        "label": None,
        "color_columns": [],
        "table": [name for name in texts.columns if name != "id"],
        "bins": [
            {
                "low": float(low),
                "high": float(high),
                "count": int(count),
                "rows": [row_of[place] for place in some.tolist()],
            }
            for low, high, count, some in zip(edges[:-1], edges[1:], counts, named, strict=True)
        ],
    }
    figure = go.Figure(
        layout=layout_of(
            meta,
            340,
            xaxis=score_axis(float(edges[0])),
            yaxis=count_axis(counts),
            bargap=0.06,
        )
    )
    figure.add_bar(**score_bars(edges, counts), customdata=np.arange(len(counts), dtype=np.int32))
    return View(figure, texts)


def score_bars(edges: np.ndarray[Any, Any], counts: IntArray) -> dict[str, Any]:
    """Return a trace of bars, one per bin."""
    return {
        "x": (edges[:-1] + edges[1:]) / 2,
        "y": counts,
        "width": np.diff(edges) * 0.94,
        "name": "pairs",
        "meta": {"color": 0},
        "hovertemplate": "%{y} pairs<extra></extra>",
        "showlegend": False,
    }


def count_axis(counts: IntArray, things: str = "pairs") -> dict[str, Any]:
    """Return a logarithmic axis on which one pair can be seen."""
    most = max(1, int(counts.max(initial=1)))
    top = math.log10(most) + 0.1
    ticks = [10**power for power in range(math.floor(top) + 1)]
    return {
        "type": "log",
        "range": [-0.35, top],
        "title": {"text": things},
        "tickvals": ticks,
        "ticktext": [f"{tick:,}" for tick in ticks],
        "zeroline": False,
    }


def score_axis(low: float) -> dict[str, Any]:
    """Return the axis of cosines from ``low`` to 1."""
    pad = 0.02 * (1 - low)
    return {"title": {"text": "cosine"}, "range": [low - pad, 1 + pad], "zeroline": False}


def some_places(start: int, stop: int) -> IntArray:
    """Return some of the places from start to stop, evenly."""
    count = min(EACH, stop - start)
    return np.linspace(start, max(start, stop - 1), count).round().astype(np.int64)


def _named(pairs: ParaphrasePairs, places: IntArray) -> Any:
    """Return the table of pairs that can be read."""
    columns: dict[str, Any] = {
        "id": [str(place + 1) for place in places.tolist()],
        "score": pairs.scores[places].astype(np.float64).round(4),
    }
    for number, rows, side in (
        (1, pairs.rows1, pairs.embeddings.corpus),
        (2, pairs.rows2, pairs.second.corpus),
    ):
        chosen = rows[places].tolist()
        columns[f"id_{number}"] = [side.ids[row] for row in chosen]
        columns[f"text_{number}"] = [side.texts[row] for row in chosen]
    return object_frame(columns)
