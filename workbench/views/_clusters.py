"""The clusters: one bar each, the largest on top."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.analysis import ClusterFacts, Clustering, ClusterStability
from workbench.errors import InputError
from workbench.views._cluster_bars import cluster_meta, rank_color
from workbench.views._layout import layout_of
from workbench.views._strings import plotly_text
from workbench.views._view import View

__all__ = ["clusters_view", "draw_clusters"]

# A bar that is no cluster's and more than 3 times the largest cluster is cut at 1.6 times.
_LONG, _CUT = 3.0, 1.6


def clusters_view(
    clustering: Clustering,
    *,
    facts: ClusterFacts | None = None,
    stability: ClusterStability | None = None,
) -> View:
    """Return the sizes of clusters as bars, named by their keywords.

    The 40 largest have a bar each, the smaller ones one together. Each bar carries its label in
    ``customdata`` (-1: unclustered).

    Parameters
    ----------
    clustering
        The clusters.
    facts
        Density, silhouette, outliers and nearest clusters of each.
    stability
        How far each holds; its verdict stands beside the bar.

    Raises
    ------
    InputError
        If the facts or the stability are those of other clusters.
    """
    for name, other in (("facts", facts), ("stability", stability)):
        if other is not None and other.clustering is not clustering:
            raise InputError(f"clusters_view: {name}= is of other clusters. Make it of these.")
    subtitle = _subtitle(clustering, stability)
    meta, texts = cluster_meta(clustering, "clusters", subtitle, facts=facts, stability=stability)
    return View(draw_clusters(meta), texts)


def draw_clusters(meta: dict[str, Any]) -> go.Figure:
    """Return the bars of ``meta["clusters"]``, which come in drawn order."""
    bars = meta["clusters"]
    end, cuts = _end(bars)
    figure = go.Figure(layout=_layout(meta, end))
    cut = [cuts and bar["size"] > end for bar in bars]
    figure.add_bar(
        x=np.array([bar["size"] for bar in bars], dtype=np.int32),
        y=np.arange(len(bars), dtype=np.int32),
        customdata=np.array([bar["label"] for bar in bars], dtype=np.int32),
        marker={"color": [rank_color(bar["rank"]) for bar in bars]},
        text=[_text(bar, far) for bar, far in zip(bars, cut, strict=True)],
        textposition=["inside" if far else "outside" for far in cut],
        insidetextanchor="start",
        orientation="h",
        hovertemplate="%{x} texts<extra></extra>",
        showlegend=False,
    )
    return figure


def _subtitle(clustering: Clustering, stability: ClusterStability | None) -> str:
    alone = clustering.unclustered
    held = None if stability is None else stability.over_subsamples
    parts = [
        f"silhouette {clustering.silhouette:.2f} on the real vectors"
        if math.isfinite(clustering.silhouette)
        else "",
        f"clustered after {clustering.reduction}" if clustering.reduction else "",
        f"{alone:,} of {len(clustering.labels):,} texts unclustered" if alone else "",
        ""
        if held is None
        else f"●●● to ○○○: stability over parts of the texts, adjusted Rand "
        f"{held.estimate:.2f} ({held.low:.2f} to {held.high:.2f})",
        *clustering.notes,
    ]
    return " · ".join(part for part in parts if part)


def _end(bars: list[dict[str, Any]]) -> tuple[float, bool]:
    """Return where the axis ends, and whether it cuts what is no cluster, for the clusters' sake.

    plotly leaves no room for what stands behind a bar.
    """
    largest = max((bar["size"] for bar in bars if bar["label"] >= 0), default=0)
    longest = max((bar["size"] for bar in bars), default=0)
    if largest and longest > _LONG * largest:
        return _CUT * largest, True
    said = any(bar.get("jaccard") is not None and bar["size"] > longest / 2 for bar in bars)
    return longest * (1.35 if said else 1.15), False


def _text(bar: dict[str, Any], cut: bool) -> str:
    """Return a bar's size, and how far the cluster holds where that is known."""
    if cut:
        return f"{bar['size']:,} texts: longer than drawn"
    held = bar.get("jaccard")
    return f"{bar['size']:,}" + (
        "" if held is None else f" {bar['mark']} {bar['verdict']}, {held:.2f}"
    )


def _layout(meta: dict[str, Any], end: float) -> dict[str, Any]:
    bars = meta["clusters"]
    more = {
        "bargap": 0.25,
        "xaxis": {"title": {"text": "texts"}, "zeroline": False, "range": [0, end]},
        "yaxis": {
            "tickvals": list(range(len(bars))),
            "ticktext": [plotly_text(bar["name"], 44) for bar in bars],
            "ticklabelstandoff": 6,
            "autorange": "reversed",
            "showgrid": False,
        },
    }
    return layout_of(meta, 140 + 26 * len(bars), **more)
