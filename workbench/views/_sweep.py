"""A sweep: what each value of a parameter gives, in four curves over the same axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.analysis import ParameterSweep
from workbench.errors import InputError
from workbench.views._json import object_frame
from workbench.views._layout import layout_of
from workbench.views._strings import plotly_text
from workbench.views._view import View

__all__ = ["sweep_view"]

_CURVES = (
    ("stability", "stability (adjusted Rand)"),
    ("silhouette", "silhouette"),
    ("clusters", "clusters"),
    ("unclustered_share", "share unclustered"),
)
_RULE = (
    "the clearest (silhouette) of those within one standard error of the most stable, with at "
    "least two clusters and at most half of the texts unclustered"
)


def sweep_view(sweep: ParameterSweep) -> View:
    """Return the stability, silhouette, number of clusters and share left out of each value.

    The curves share the axis of values, which stand at equal distances. Stability has its 95 %
    interval over subsamples. Each point carries the place of its value in ``customdata``, and
    the table has a row per value, its id.
    """
    frame = sweep.to_frame()
    ids = [str(value) for value in sweep.values]
    texts = object_frame({"id": ids, **{name: frame[name] for name in list(frame.columns)[1:]}})
    best = _best(sweep)
    meta = {
        "kind": "sweep",
        "corpus": "",
        "title": sweep.title(),
        "subtitle": f"Best: {best}, {_RULE}." if best else "No value gives two clusters.",
        "label": None,
        "color_columns": [],
        "table": ["clusters", "unclustered_share", "silhouette", "stability", "notes"],
        "parameter": sweep.parameter,
        "best": ids.index(best) if best else None,
    }
    figure = go.Figure(layout=_layout(meta, ids))
    for at, (name, _) in enumerate(_CURVES):
        values = np.asarray(frame[name], dtype=np.float64)
        bars: dict[str, Any] = {}
        if name == "stability":
            above = np.asarray(frame["stability_high"], np.float64) - values
            below = values - np.asarray(frame["stability_low"], np.float64)
            bars = {"array": above, "arrayminus": below, "symmetric": False, "width": 4}
        figure.add_scatter(
            x=np.arange(len(ids), dtype=np.int32),
            y=values,
            customdata=np.arange(len(ids), dtype=np.int32),
            mode="lines+markers",
            marker={"size": 9},
            error_y=bars or None,
            name=name,
            yaxis=f"y{at + 1}" if at else "y",
            hovertemplate="%{y:.3g}<extra></extra>",
            showlegend=False,
        )
    return View(figure, texts)


def _best(sweep: ParameterSweep) -> str:
    try:
        return str(sweep.best())
    except InputError:
        return ""


def _layout(meta: dict[str, Any], ids: list[str]) -> dict[str, Any]:
    count, gap = len(_CURVES), 0.05
    height = (1 - gap * (count - 1)) / count
    lows = [1 - (at + 1) * height - at * gap for at in range(count)]
    axes = {
        f"yaxis{at + 1 if at else ''}": {
            "domain": [low, low + height],
            "title": {"text": text.replace(" (", "<br>(")},
            "rangemode": "tozero" if name != "silhouette" else "normal",
            "zeroline": False,
            "nticks": 4,
        }
        for at, ((name, text), low) in enumerate(zip(_CURVES, lows, strict=True))
    }
    best = meta["best"]
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": {"dash": "dot", "width": 2}}
    word = {"yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False, "font": {"size": 11}}
    more = {
        **axes,
        "xaxis": {
            "title": {"text": plotly_text(meta["parameter"], 40)},
            "tickvals": list(range(len(ids))),
            "ticktext": [plotly_text(one, 12) for one in ids],
            "anchor": f"y{count}",
            "range": [-0.5, len(ids) - 0.5],
            "zeroline": False,
        },
        "shapes": [] if best is None else [{**line, "x0": best, "x1": best}],
        "annotations": [] if best is None else [{**word, "x": best, "text": "best"}],
    }
    return layout_of(meta, 620, **more)
