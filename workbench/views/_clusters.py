"""The clusters: one bar each, the largest on top."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.analysis import Clustering
from workbench.views._strings import plotly_text
from workbench.views._texts import color_columns, corpus_frame, label_column, table_columns
from workbench.views._view import View
from workbench.views.theme import MOST_CATEGORIES, MUTED, PALETTE, template

__all__ = ["clusters_view", "draw_clusters"]

_MOST_BARS = 40
_REST = -2  # what the bar of all smaller clusters carries instead of a label


def clusters_view(clustering: Clustering) -> View:
    """Return the sizes of clusters as bars, named by their keywords.

    The 40 largest have a bar each, the smaller ones one together. Each bar carries its label in
    ``customdata`` (-1: unclustered).
    """
    corpus = clustering.embeddings.corpus
    texts = corpus_frame(corpus, clustering)
    label = label_column(corpus)
    meta = {
        "kind": "clusters",
        "corpus": corpus.fingerprint,
        "title": clustering.title(),
        "subtitle": _subtitle(clustering),
        "label": label,
        "color_columns": [{"name": n, "kind": k} for n, k in color_columns(texts, label).items()],
        "table": table_columns(texts, label),
        "clusters": _facts(clustering),
    }
    return View(draw_clusters(meta), texts)


def draw_clusters(meta: dict[str, Any]) -> go.Figure:
    """Return the bars of ``meta["clusters"]``, which come in drawn order."""
    bars = meta["clusters"]
    figure = go.Figure(layout=_layout(meta))
    figure.add_bar(
        x=np.array([bar["size"] for bar in bars], dtype=np.int32),
        y=np.arange(len(bars), dtype=np.int32),
        customdata=np.array([bar["label"] for bar in bars], dtype=np.int32),
        marker={"color": [_color(bar["rank"]) for bar in bars]},
        text=[f"{bar['size']:,}" for bar in bars],
        textposition="auto",
        orientation="h",
        hovertemplate="%{x} texts<extra></extra>",
        showlegend=False,
    )
    return figure


def _subtitle(clustering: Clustering) -> str:
    alone = clustering.unclustered
    parts = [
        f"silhouette {clustering.silhouette:.2f} on the real vectors"
        if math.isfinite(clustering.silhouette)
        else "",
        f"clustered after {clustering.reduction}" if clustering.reduction else "",
        f"{alone:,} of {len(clustering.labels):,} texts unclustered" if alone else "",
        *clustering.notes,
    ]
    return " · ".join(part for part in parts if part)


def _facts(clustering: Clustering) -> list[dict[str, Any]]:
    """Return one dict per bar; ``rank`` is the colour that the map gives the cluster."""
    named = sorted(clustering.clusters, key=lambda found: (-found.size, found.name))
    facts = [
        {
            "label": found.label,
            "size": found.size,
            "name": found.name,
            "exemplars": [int(row) for row in found.exemplars],
            "rank": rank,
        }
        for rank, found in enumerate(named[:_MOST_BARS])
    ]
    rest = named[_MOST_BARS:]
    if rest:
        size = sum(found.size for found in rest)
        facts.append(_bar(_REST, size, f"{len(rest)} smaller clusters"))
    alone = clustering.unclustered
    if alone:
        facts.append(_bar(-1, alone, "unclustered"))
    return facts


def _bar(label: int, size: int, name: str) -> dict[str, Any]:
    return {"label": label, "size": size, "name": name, "exemplars": [], "rank": -1}


def _color(rank: int) -> str:
    colors = PALETTE["light"]
    return colors[rank % len(colors)] if 0 <= rank < MOST_CATEGORIES else MUTED["light"]


def _layout(meta: dict[str, Any]) -> dict[str, Any]:
    bars = meta["clusters"]
    return {
        "template": template("light"),
        "title": {
            "text": plotly_text(meta["title"], 160),
            "subtitle": {"text": plotly_text(meta["subtitle"], 200)},
        },
        "height": 140 + 26 * len(bars),
        "bargap": 0.25,
        "hovermode": "closest",
        "dragmode": False,
        "xaxis": {"title": {"text": "texts"}, "rangemode": "tozero", "zeroline": False},
        "yaxis": {
            "tickvals": list(range(len(bars))),
            "ticktext": [plotly_text(bar["name"], 44) for bar in bars],
            "ticklabelstandoff": 6,
            "autorange": "reversed",
            "showgrid": False,
        },
        "meta": {"workbench": meta},
    }
