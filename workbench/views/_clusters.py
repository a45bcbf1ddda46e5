"""The clusters: one bar each, the largest on top."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench.analysis import ClusterFacts, Clustering, ClusterStability
from workbench.errors import InputError
from workbench.views._strings import plotly_text
from workbench.views._texts import color_columns, corpus_frame, label_column, table_columns
from workbench.views._view import View
from workbench.views.theme import MOST_CATEGORIES, MUTED, PALETTE, template

__all__ = ["cluster_bars", "cluster_meta", "clusters_view", "draw_clusters", "rank_color"]

_MOST_BARS = 40
_OUTLIERS = 3  # texts of a cluster that are named
_REST = -2  # what the bar of all smaller clusters carries instead of a label


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
    bars = cluster_bars(clustering, facts=facts, stability=stability)
    meta, texts = cluster_meta(clustering, "clusters", _subtitle(clustering), bars)
    return View(draw_clusters(meta), texts)


def cluster_meta(
    clustering: Clustering, kind: str, subtitle: str, bars: list[dict[str, Any]]
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return what a figure of clusters says of itself, and the table of texts behind it."""
    corpus = clustering.embeddings.corpus
    texts = corpus_frame(corpus, clustering)
    label = label_column(corpus)
    columns = color_columns(texts, label)
    meta = {
        "kind": kind,
        "corpus": corpus.fingerprint,
        "title": clustering.title(),
        "subtitle": subtitle,
        "label": label,
        "color_columns": [{"name": name, "kind": kind} for name, kind in columns.items()],
        "table": table_columns(texts, label),
        "clusters": bars,
    }
    return meta, texts


def draw_clusters(meta: dict[str, Any]) -> go.Figure:
    """Return the bars of ``meta["clusters"]``, which come in drawn order."""
    bars = meta["clusters"]
    figure = go.Figure(layout=_layout(meta))
    figure.add_bar(
        x=np.array([bar["size"] for bar in bars], dtype=np.int32),
        y=np.arange(len(bars), dtype=np.int32),
        customdata=np.array([bar["label"] for bar in bars], dtype=np.int32),
        marker={"color": [rank_color(bar["rank"]) for bar in bars]},
        text=[f"{bar['size']:,}{_mark(bar)}" for bar in bars],
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


def cluster_bars(
    clustering: Clustering,
    *,
    facts: ClusterFacts | None = None,
    stability: ClusterStability | None = None,
) -> list[dict[str, Any]]:
    """Return one dict per bar, the largest first; ``rank`` is the colour that the map gives it."""
    named = sorted(clustering.clusters, key=lambda found: (-found.size, found.name))
    bars = [
        {
            "label": found.label,
            "size": found.size,
            "name": found.name,
            "exemplars": [int(row) for row in found.exemplars],
            "rank": rank,
            "keywords": list(found.keywords),
            **_known(facts, found.label),
            **_held(stability, found.label),
        }
        for rank, found in enumerate(named[:_MOST_BARS])
    ]
    rest = named[_MOST_BARS:]
    if rest:
        size = sum(found.size for found in rest)
        bars.append(_bar(_REST, size, f"{len(rest)} smaller clusters"))
    alone = clustering.unclustered
    if alone:
        bars.append(_bar(-1, alone, "unclustered"))
    return bars


def _known(facts: ClusterFacts | None, label: int) -> dict[str, Any]:
    if facts is None:
        return {}
    return {
        "density": _rounded(facts.density[label]),
        "silhouette": _rounded(facts.silhouette[label]),
        "outliers": [int(row) for row in facts.outliers(label)[:_OUTLIERS]],
        "nearest": [[near, _rounded(cosine)] for near, cosine in facts.nearest_to(label)],
    }


def _held(stability: ClusterStability | None, label: int) -> dict[str, Any]:
    if stability is None:
        return {}
    line = stability.to_frame().iloc[label]
    numbers = {name: _rounded(line[name]) for name in ("jaccard", "jaccard_low", "jaccard_high")}
    return {**numbers, "verdict": str(line["verdict"])}


def _rounded(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None


def _mark(bar: dict[str, Any]) -> str:
    """Return what stands behind a bar's size when it is known how far the cluster holds."""
    if bar.get("jaccard") is None:
        return ""
    return f" · {bar['verdict']}, {bar['jaccard']:.2f}"


def _bar(label: int, size: int, name: str) -> dict[str, Any]:
    return {"label": label, "size": size, "name": name, "exemplars": [], "rank": -1}


def rank_color(rank: int) -> str:
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
