"""The hierarchy of clusters as an icicle: boxes that open from left to right."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.analysis import ClusterHierarchy
from workbench.views._clusters import cluster_bars, cluster_meta, rank_color
from workbench.views._strings import plotly_text
from workbench.views._view import View
from workbench.views.theme import MUTED, template

__all__ = ["draw_hierarchy", "hierarchy_view"]

_ROW = 26  # pixels for a cluster


def hierarchy_view(hierarchy: ClusterHierarchy) -> View:
    """Return the tree of clusters: a box per node, from where it is one to where it parts.

    The horizontal axis is the cosine at which the parts of a node become one; a box begins where
    its parent's ends. Each cluster has the same height. A node carries its place in
    ``ClusterHierarchy.nodes`` in ``customdata``.
    """
    clustering = hierarchy.clustering
    count = f"{len(clustering.clusters)} clusters by the mean cosine of their centres"
    subtitle = " ".join([f"{count}.", *hierarchy.notes])
    meta, texts = cluster_meta(clustering, "hierarchy", subtitle, cluster_bars(clustering))
    meta["title"] = hierarchy.title()
    ranks = {bar["label"]: bar["rank"] for bar in meta["clusters"]}
    order = {label: at for at, label in enumerate(hierarchy.nodes[-1].clusters)}
    lowest = min(one.similarity for one in hierarchy.nodes)
    start = lowest - 0.1 * (1.0 - lowest) - 0.02
    meta["nodes"] = [
        {
            "clusters": list(one.clusters),
            "size": one.size,
            "similarity": round(one.similarity, 4),
            "parent": one.parent,
            "keywords": list(one.keywords),
            "name": clustering.clusters[one.clusters[0]].name if len(one.clusters) == 1 else "",
            "rank": ranks.get(one.clusters[0], -1) if len(one.clusters) == 1 else -1,
            "low": min(order[label] for label in one.clusters),
            "from": start if one.parent < 0 else round(hierarchy.nodes[one.parent].similarity, 4),
        }
        for one in hierarchy.nodes
    ]
    return View(draw_hierarchy(meta), texts)


def draw_hierarchy(meta: dict[str, Any]) -> go.Figure:
    """Return the boxes of ``meta["nodes"]``."""
    nodes = meta["nodes"]
    figure = go.Figure(layout=_layout(meta))
    spans = np.array([len(node["clusters"]) for node in nodes], dtype=np.float32)
    begin = np.array([node["from"] for node in nodes], dtype=np.float32)
    end = np.array([max(node["similarity"], node["from"]) for node in nodes], dtype=np.float32)
    figure.add_bar(
        base=begin,
        x=end - begin,
        y=np.array([node["low"] for node in nodes], dtype=np.float32) + (spans - 1) / 2,
        width=spans - 0.08,
        orientation="h",
        customdata=np.arange(len(nodes), dtype=np.int32),
        marker={"color": [_color(node) for node in nodes], "line": {"width": 0}},
        text=[plotly_text(node["name"] or ", ".join(node["keywords"][:2]), 40) for node in nodes],
        textposition="inside",
        insidetextanchor="start",
        textangle=0,
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    return figure


def _color(node: dict[str, Any]) -> str:
    return rank_color(node["rank"]) if node["rank"] >= 0 else MUTED["light"]


def _layout(meta: dict[str, Any]) -> dict[str, Any]:
    count = len(meta["nodes"][-1]["clusters"])
    return {
        "template": template("light"),
        "title": {
            "text": plotly_text(meta["title"], 160),
            "subtitle": {"text": plotly_text(meta["subtitle"], 200)},
        },
        "height": 150 + max(_ROW * count, 60),
        "hovermode": "closest",
        "dragmode": False,
        "barmode": "overlay",
        "uniformtext": {"mode": "hide", "minsize": 10},
        "xaxis": {"title": {"text": "cosine at which they are one"}, "zeroline": False},
        "yaxis": {"showticklabels": False, "range": [count - 0.5, -0.5], "showgrid": False,
                  "zeroline": False},
        "meta": {"workbench": meta},
    }  # fmt: skip
