"""The silhouette of every text, cluster by cluster."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench._arrays import IntArray
from workbench.analysis import ClusterFacts
from workbench.views._cluster_bars import MOST_BARS, cluster_meta, rank_color
from workbench.views._layout import layout_of
from workbench.views._strings import plotly_text
from workbench.views._view import View
from workbench.views.theme import INK

__all__ = ["silhouette_layout", "silhouette_view"]

_MOST_LINES = 1500  # bars that a figure can show: beyond, each stands for several texts
_GAP = 0.02  # of all lines, between two clusters
_ROW, _NAME = 26, 15  # pixels that each cluster adds, and that its name needs


def silhouette_view(facts: ClusterFacts) -> View:
    """Return the silhouettes of the texts, sorted within each cluster, the largest cluster first.

    A text below 0 is nearer to another cluster than to its own; the dashed line is the mean of
    all. The 40 largest clusters are drawn. Above 1,500 texts a bar stands for several: it shows
    the text in their middle, and the subtitle says so.
    """
    clustering = facts.clustering
    meta, texts = cluster_meta(clustering, "silhouette", "", facts=facts, whole=False)
    bars = meta["clusters"]
    drawn = sum(bar["size"] for bar in bars)
    each = max(1, -(-drawn // _MOST_LINES))
    texts["silhouette"] = facts.point_silhouette.round(4)
    mean = float(facts.summary()["silhouette"])
    meta |= {
        "title": f"{clustering.title()} · silhouettes",
        "subtitle": _subtitle(facts, each),
        "table": ["silhouette", *meta["table"]],
        "misplaced": np.flatnonzero(facts.point_silhouette < 0).tolist(),
        "each": each,
        "mean": round(mean, 4) if math.isfinite(mean) else None,
    }
    figure = go.Figure()
    middles, at = [], 0.0
    profiles = [_profile(facts, bar["label"], each) for bar in bars]
    gap = _gap([len(rows) for rows in profiles])
    for bar, rows in zip(bars, profiles, strict=True):
        figure.add_bar(
            x=facts.point_silhouette[rows].astype(np.float32),
            y=(at + np.arange(len(rows))).astype(np.float32),
            customdata=rows.astype(np.int32),
            orientation="h",
            marker={"color": rank_color(bar["rank"]), "line": {"width": 0}},
            meta={"rank": bar["rank"], "label": bar["label"]},
            hovertemplate="%{x:.2f}<extra></extra>",
            showlegend=False,
        )
        middles.append(at + (len(rows) - 1) / 2)
        at += len(rows) + gap
    figure.update_layout(silhouette_layout(meta, middles, at))
    return View(figure, texts)


def _gap(lines: list[int]) -> float:
    """Return how many lines are left free between clusters, so that each has room for its name."""
    total, count, height = sum(lines), len(lines), _height(len(lines))
    wanted = (_NAME * total - min(lines) * height) / (height - _NAME * count)
    return max(1.0, _GAP * total, wanted)


def _height(count: int) -> int:
    return _ROW * max(count, 6)


def _profile(facts: ClusterFacts, label: int, each: int) -> IntArray:
    """Return a cluster's rows by falling silhouette, the middle one of every ``each`` of them."""
    rows = np.flatnonzero(facts.clustering.labels == label)
    ordered = rows[np.argsort(-facts.point_silhouette[rows], kind="stable")]
    return np.asarray(ordered[(min(each, len(ordered)) - 1) // 2 :: each])


def _subtitle(facts: ClusterFacts, each: int) -> str:
    known = facts.summary()
    count = len(facts.clustering.clusters)
    mean, below = float(known["silhouette"]), int(known["misplaced"])
    said = ""
    if math.isfinite(mean):
        texts = "1 text is" if below == 1 else f"{below:,} texts are"
        said = f"Mean {mean:.2f}; {texts} nearer to another cluster than to their own."
    parts = (
        said,
        f"The {MOST_BARS} largest of {count} clusters are drawn." if count > MOST_BARS else "",
        f"Each bar stands for {each} texts, by the one in their middle." if each > 1 else "",
        *facts.notes,
    )
    return " ".join(part for part in parts if part)


def silhouette_layout(meta: dict[str, Any], middles: list[float], end: float) -> dict[str, Any]:
    """Return the layout: ``meta["clusters"]`` are named at their middles."""
    more = {
        "bargap": 0,
        "xaxis": {"title": {"text": "silhouette"}, "zeroline": True},
        "yaxis": {
            "ticklabelstandoff": 6,
            "tickvals": middles,
            "ticktext": [plotly_text(bar["name"], 44) for bar in meta["clusters"]],
            "range": [end, -1],
            "showgrid": False,
            "zeroline": False,
        },
        **_mean_line(meta["mean"]),
    }
    return layout_of(meta, 200 + _height(len(middles)), **more)


def _mean_line(mean: float | None) -> dict[str, Any]:
    if mean is None:
        return {}
    across = {"yref": "paper", "x": mean, "y": 1, "yanchor": "bottom", "showarrow": False}
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": mean, "x1": mean}
    return {
        "shapes": [{**line, "line": {"dash": "dash", "width": 1.5, "color": INK["light"]}}],
        "annotations": [{**across, "text": f"mean {mean:.2f}", "font": {"size": 11}}],
    }
