"""How far each cluster holds: its stability over parts of the texts, with the usual thresholds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.analysis import ClusterStability
from workbench.analysis.stability import VERDICTS
from workbench.views._cluster_bars import MOST_BARS, cluster_meta, rank_color
from workbench.views._layout import layout_of
from workbench.views._strings import plotly_text
from workbench.views._view import View

__all__ = ["stability_layout", "stability_view"]

_ROW = 30  # pixels


def stability_view(stability: ClusterStability) -> View:
    """Return each cluster's mean Jaccard similarity to its best match, with its interval.

    The 40 largest clusters have a point each. Behind them stand the thresholds of what the
    numbers mean (Hennig 2007, fpc's ``clusterboot``).
    """
    clustering = stability.clustering
    meta, texts = cluster_meta(
        clustering, "stability", _subtitle(stability), stability=stability, whole=False
    )
    meta["title"] = stability.title()
    bars = meta["clusters"]
    figure = go.Figure(layout=stability_layout(meta))
    mean, low, high = (
        np.array([math.nan if bar[name] is None else bar[name] for bar in bars])
        for name in ("jaccard", "jaccard_low", "jaccard_high")
    )
    figure.add_scatter(
        x=mean,
        y=np.arange(len(bars), dtype=np.int32),
        customdata=np.array([bar["label"] for bar in bars], dtype=np.int32),
        mode="markers",
        marker={"size": 11, "color": [rank_color(bar["rank"]) for bar in bars]},
        error_x={"array": high - mean, "arrayminus": mean - low, "symmetric": False, "width": 4},
        hovertemplate="Jaccard %{x:.2f}<extra></extra>",
        showlegend=False,
    )
    return View(figure, texts)


def _subtitle(stability: ClusterStability) -> str:
    parts, seeds = stability.over_subsamples, stability.over_seeds
    said = (
        f"adjusted Rand {parts.estimate:.2f} ({parts.low:.2f} to {parts.high:.2f}) over "
        f"{len(stability.subsample_ari)} parts of {stability.subsample:.0%} of the texts"
    )
    if math.isfinite(seeds.estimate):
        said += f", {seeds.estimate:.2f} over seeds"
    count = len(stability.clustering.clusters)
    largest = (
        (f"The {MOST_BARS} largest of {count} clusters are drawn.",) if count > MOST_BARS else ()
    )
    return " ".join([f"{said}.", *largest, *stability.notes])


def stability_layout(meta: dict[str, Any]) -> dict[str, Any]:
    """Return the layout: rows named by ``meta["clusters"]``, thresholds named in words."""
    bars = meta["clusters"]
    bounds = [*(least for least, _ in reversed(VERDICTS)), 1.0]
    words = [word for _, word in reversed(VERDICTS)]
    bands = list(zip(bounds[:-1], bounds[1:], words, strict=True))
    band = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "line": {"width": 0}}
    name = {"yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False, "font": {"size": 11}}
    more = {
        "xaxis": {"title": {"text": "mean Jaccard similarity"}, "range": [0, 1.02]},
        "yaxis": {
            "ticklabelstandoff": 6,
            "tickvals": list(range(len(bars))),
            "ticktext": [plotly_text(bar["name"], 44) for bar in bars],
            "range": [len(bars) - 0.5, -0.5],
            "showgrid": False,
            "zeroline": False,
        },
        "shapes": [
            {**band, "x0": low, "x1": high, "fillcolor": "#808080", "opacity": 0.06 * place}
            for place, (low, high, _) in enumerate(bands)
        ],
        "annotations": [
            {**name, "x": (low + high) / 2, "text": plotly_text(word)} for low, high, word in bands
        ],
    }
    return layout_of(meta, 170 + _ROW * len(bars), **more)
