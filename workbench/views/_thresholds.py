"""Precision and recall of duplicates by threshold, over the pairs' scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.analysis import PairJudgments, ThresholdCurve
from workbench.views._json import object_frame
from workbench.views._layout import layout_of
from workbench.views._pairs import count_axis, score_bars
from workbench.views._view import View

__all__ = ["judgments_view", "thresholds_view"]

_ONE_SIDE = 0.05  # of the width: room beside the curves


def judgments_view(judgments: PairJudgments) -> View:
    """Return what judgments say of each threshold."""
    return thresholds_view(judgments.curve())


def thresholds_view(curve: ThresholdCurve, *, threshold: float | None = None) -> View:
    """Return precision and recall with their 95 % intervals above the distribution of scores.

    Parameters
    ----------
    curve
        What judged pairs say.
    threshold
        Where to draw a line; None: none.

    Returns
    -------
    View
        Its table has a row per threshold; the points of both curves and the bars carry in
        ``customdata`` the row of the threshold that they are at, or just above.
    """
    frame = curve.to_frame()
    names = [f"{value:.4g}" for value in curve.thresholds.tolist()]
    texts = object_frame({"id": names, **{name: frame[name] for name in frame.columns[1:]}})
    floor = curve.pairs.threshold
    meta: dict[str, Any] = {
        "kind": "thresholds",
        "corpus": "",
        "title": curve.title(),
        "subtitle": f"{curve.judged:,} pairs judged; bands are 95 % intervals. Recall is among the "
        f"{len(curve.pairs):,} pairs mined at cosine ≥ {floor:.4g}: what is below is not counted.",
        "label": None,
        "color_columns": [],
        "table": list(texts.columns[1:]),
        "thresholds": curve.thresholds.tolist(),
        "threshold": threshold,
    }
    figure = go.Figure(layout=_layout(meta, curve))
    for at, (name, values, dash, symbol) in enumerate(
        (
            ("precision", curve.precision, "solid", "circle"),
            ("recall", curve.recall, "dash", "diamond"),
        )
    ):
        figure.add_scatter(**_band(curve, values, at))
        figure.add_scatter(**_line(curve, values, at), name=name)
        figure.data[-1].line.dash = dash
        figure.data[-1].marker.symbol = symbol
    edges, counts = curve.pairs.histogram()
    below = np.searchsorted(curve.thresholds, (edges[:-1] + edges[1:]) / 2, side="right") - 1
    figure.add_bar(
        **{**score_bars(edges, counts), "meta": {"color": "muted"}},
        yaxis="y2",
        customdata=np.maximum(below, 0).astype(np.int32),
    )
    return View(figure, texts)


def _line(curve: ThresholdCurve, values: Any, color: int) -> dict[str, Any]:
    return {
        "x": curve.thresholds,
        "y": values[:, 0],
        "customdata": np.arange(len(values), dtype=np.int32),
        "mode": "lines+markers",
        "line": {"width": 2},
        "marker": {"size": 8},
        "meta": {"color": color},
        "hovertemplate": "%{y:.2f}<extra>%{fullData.name}</extra>",
    }


def _band(curve: ThresholdCurve, values: Any, color: int) -> dict[str, Any]:
    return {
        "x": np.concatenate([curve.thresholds, curve.thresholds[::-1]]),
        "y": np.concatenate([values[:, 1], values[::-1, 2]]),
        "mode": "lines",
        "line": {"width": 0},
        "fill": "toself",
        "hoverinfo": "skip",
        "showlegend": False,
        "meta": {"color": color},
    }


def _layout(meta: dict[str, Any], curve: ThresholdCurve) -> dict[str, Any]:
    _, counts = curve.pairs.histogram()
    low = curve.pairs.threshold
    pad = _ONE_SIDE * (1 - low)
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": {"dash": "dot", "width": 2}}
    value = meta["threshold"]
    shapes = [] if value is None else [{**line, "x0": value, "x1": value}]
    return layout_of(
        meta,
        480,
        xaxis={
            "title": {"text": "threshold (cosine)"},
            "range": [low - pad, 1 + pad],
            "anchor": "y2",
            "zeroline": False,
        },
        yaxis={
            "title": {"text": "share"},
            "domain": [0.36, 1.0],
            "range": [-0.03, 1.03],
            "tickformat": ".0%",
            "zeroline": False,
        },
        yaxis2={**count_axis(counts), "domain": [0.0, 0.28]},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        shapes=shapes,
    )
