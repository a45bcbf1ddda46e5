"""The hierarchy of clusters as an icicle: boxes that open from left to right."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.analysis import ClusterHierarchy
from workbench.views._cluster_bars import cluster_meta, rank_color
from workbench.views._layout import layout_of
from workbench.views._strings import plotly_text
from workbench.views._view import View
from workbench.views.theme import template

__all__ = ["draw_hierarchy", "hierarchy_view"]

_ROW = 26  # pixels for a cluster, where there is room
_TALLEST = 1200
_NAMED = 12  # pixels that a name needs
_SHADE = "#d9dce1"  # of a box that is more than one cluster
_NAMES = 0.4  # of the axis, beyond cosine 1, where the names of the clusters stand
_LEAST = 0.01  # of the axis: a cluster's box, however late it becomes part of another


def hierarchy_view(hierarchy: ClusterHierarchy) -> View:
    """Return the tree of clusters: a box per node, from where it is one to where it parts.

    The horizontal axis is the cosine at which the parts of a node become one; a box begins where
    its parent's ends, and that of a cluster, which has no parts, ends at 1, before its name.
    Each cluster has the same height. A node carries its place in ``ClusterHierarchy.nodes`` in
    ``customdata``.
    """
    clustering = hierarchy.clustering
    count = len(clustering.clusters)
    said = [
        f"{count} cluster{'s' if count != 1 else ''} by the mean cosine of their centres.",
        *hierarchy.notes,
        "The names are read by pointing." if _row(count) < _NAMED else "",
    ]
    subtitle = " ".join(one for one in said if one)
    meta, texts = cluster_meta(clustering, "hierarchy", subtitle)
    meta["title"] = hierarchy.title()
    ranks = {bar["label"]: bar["rank"] for bar in [*meta["clusters"], *meta["smaller"]]}
    order = {label: at for at, label in enumerate(hierarchy.nodes[-1].clusters)}
    lowest = min(one.similarity for one in hierarchy.nodes)
    start = round(lowest - 0.1 * (1.0 - lowest) - 0.02, 4)
    meta["beyond"] = round(1.0 + _NAMES * (1.0 - start), 4)
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
    # Clusters that are one at 1.00 have boxes, too: they can be pointed at.
    last = 1.0 - _LEAST * (1.0 - nodes[-1]["from"])
    begin = np.array([min(node["from"], last) for node in nodes], dtype=np.float32)
    end = np.array([_end(node, last) for node in nodes], dtype=np.float32)
    figure.add_bar(
        base=begin,
        x=end - begin,
        y=np.array([node["low"] for node in nodes], dtype=np.float32) + (spans - 1) / 2,
        width=spans - 0.08,
        orientation="h",
        customdata=np.arange(len(nodes), dtype=np.int32),
        marker={
            "color": [_color(node) for node in nodes],
            "line": {"width": 1, "color": template("light").layout.paper_bgcolor},
        },
        text=[plotly_text(node["name"] or ", ".join(node["keywords"][:2]), 40) for node in nodes],
        textposition=["outside" if _is_cluster(node) else "inside" for node in nodes],
        insidetextanchor="start",
        textangle=0,
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    return figure


def _is_cluster(node: dict[str, Any]) -> bool:
    return len(node["clusters"]) == 1


def _end(node: dict[str, Any], last: float) -> float:
    return 1.0 if _is_cluster(node) else min(max(node["similarity"], node["from"]), last)


def _color(node: dict[str, Any]) -> str:
    return rank_color(node["rank"]) if _is_cluster(node) else _SHADE


def _row(count: int) -> float:
    """Return the pixels that each of ``count`` clusters gets."""
    return min(_ROW, _TALLEST / count)


def _ticks(start: float) -> list[float]:
    """Return places up to 1, at most seven, that are easy to read."""
    steps = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
    step = next((one for one in steps if (1.0 - start) / one <= 6), 1.0)
    first = math.ceil(start / step - 1e-9)
    return [round(place * step, 2) for place in range(first, round(1 / step) + 1)]


def _layout(meta: dict[str, Any]) -> dict[str, Any]:
    count = len(meta["nodes"][-1]["clusters"])
    start = meta["nodes"][-1]["from"]
    more = {
        "barmode": "overlay",
        "uniformtext": {"mode": "hide", "minsize": 10},
        "xaxis": {"title": {"text": "cosine at which they are one"}, "zeroline": False,
                  "range": [start, meta["beyond"]], "tickvals": _ticks(start)},
        "yaxis": {"showticklabels": False, "range": [count - 0.5, -0.5], "showgrid": False,
                  "zeroline": False},
    }  # fmt: skip
    return layout_of(meta, 150 + max(round(_row(count) * count), 60), **more)
