"""The figure of leakage, drawn from what it says of its bars."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.views._layout import layout_of
from workbench.views._pairs import count_axis, score_axis
from workbench.views._strings import plotly_text

__all__ = ["draw_leakage"]

_HISTOGRAM, _GAP, _LINE = 216, 76, 24  # pixels: the upper figure, below it, a label's bar


def draw_leakage(meta: dict[str, Any]) -> go.Figure:
    """Return the figure of ``meta["bins"]``: by similarity, and by label where there are any."""
    bins = meta["bins"]
    upper = [one for one in bins if "name" not in one]
    lower = bins[len(upper) :]
    low, high, counts = (
        np.array([one[name] for one in upper]) for name in ("low", "high", "count")
    )
    figure = go.Figure(layout=_layout(meta, low, counts, lower))
    leaked = np.array([one["leaked"] for one in upper])
    for name, which, color in (("others", ~leaked, "muted"), ("leaked", leaked, 0)):
        figure.add_bar(
            x=((low + high) / 2)[which],
            y=counts[which],
            width=0.94 * (high - low)[which],
            customdata=np.flatnonzero(which).astype(np.int32),
            name=name,
            meta={"color": color},
            hovertemplate="%{y} test texts<extra>%{fullData.name}</extra>",
        )
    if lower:
        figure.add_bar(
            y=np.arange(len(lower), dtype=np.int32),
            x=np.array([one["count"] for one in lower]),
            orientation="h",
            width=0.7,
            text=[f"{one['count']:,} of {one['of']:,}" for one in lower],
            textposition="outside",
            cliponaxis=False,
            customdata=np.arange(len(upper), len(bins), dtype=np.int32),
            name="leaked by label",
            meta={"color": 0},
            xaxis="x2",
            yaxis="y2",
            hovertemplate="%{text}<extra></extra>",
        )
    return figure


def _layout(
    meta: dict[str, Any], low: np.ndarray[Any, Any], counts: Any, lower: list[dict[str, Any]]
) -> dict[str, Any]:
    below = _GAP + _LINE * len(lower) if lower else 0
    whole = _HISTOGRAM + below
    line = {
        "type": "line",
        "yref": "y domain",
        "y0": 0,
        "y1": 1,
        "line": {"dash": "dot", "width": 2},
    }
    more: dict[str, Any] = {}
    if lower:
        most = max(one["count"] for one in lower)
        more["xaxis2"] = {
            "anchor": "y2",
            "range": [0, 1.3 * max(1, most)],  # room for what is written beside a bar
            "tick0": 0,
            "dtick": max(1, round(most / 5)),
            "title": {"text": _which(meta, len(lower))},
            "zeroline": False,
        }
        more["yaxis2"] = {
            "anchor": "x2",
            "domain": [0, _LINE * len(lower) / whole],
            "range": [len(lower) - 0.5, -0.5],
            "tickvals": list(range(len(lower))),
            "ticktext": [plotly_text(one["name"], 20) for one in lower],
            "automargin": True,
            "showgrid": False,
            "zeroline": False,
        }
    return layout_of(
        meta,
        _HISTOGRAM + 124 + below,
        xaxis={
            **score_axis(float(low[0])),
            "title": {"text": "cosine to the nearest train text"},
            "anchor": "y",
        },
        yaxis={**count_axis(counts, "test texts"), "domain": [below / whole, 1]},
        shapes=[{**line, "x0": meta["threshold"], "x1": meta["threshold"]}],
        showlegend=False,
        **more,
    )


def _which(meta: dict[str, Any], shown: int) -> str:
    of = (
        f", in the {shown} of {meta['labels']:,} labels with most" if meta["labels"] > shown else ""
    )
    return f"leaked test texts{of}"
