"""A view without its texts: for those that are private."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.errors import InputError, suggest
from workbench.views._clusters import draw_clusters
from workbench.views._map import draw_map
from workbench.views._view import View

__all__ = ["redacted"]


def redacted(view: View, columns: Sequence[str] = ()) -> View:
    """Return a view that holds no text: ids, clusters, and the columns named.

    Keywords go too: they are words of the texts. Legend, ticks and names are drawn again
    without what left; the words searched for are forgotten.

    Raises
    ------
    InputError
        If a column is not in the view's table, or is ``"text"``.
    """
    unknown = [name for name in columns if name not in view.texts.columns]
    if unknown:
        known = [str(name) for name in view.texts.columns]
        raise InputError(f"There is no column {unknown[0]!r}. {suggest(unknown[0], known)}")
    if "text" in columns:
        raise InputError("redacted: columns=['text'] would keep the texts; leave it out.")
    kept = [name for name in view.texts.columns if name in {"id", "cluster", *columns}]
    texts = view.texts[kept].copy()
    if "cluster" in texts:
        texts["cluster_name"] = [_name(int(label)) for label in texts["cluster"]]
    meta = _meta(dict(view.meta), {str(name) for name in texts.columns})
    state = {name: value for name, value in view.state.items() if name != "query"}
    if str(state.get("color_by")) not in kept:
        state.pop("color_by", None)
    return View(_figure(view, texts, meta), texts, state)


def _name(label: int) -> str:
    return "unclustered" if label == -1 else f"cluster {label}"


def _meta(meta: dict[str, Any], kept: set[str]) -> dict[str, Any]:
    meta["color_columns"] = [
        entry for entry in meta.get("color_columns", []) if entry["name"] in kept
    ]
    meta["table"] = [name for name in meta.get("table", []) if name in kept]
    for role in ("label", "color_by"):
        if meta.get(role) not in kept:
            meta[role] = None
    for bar in meta.get("clusters", []):
        if bar["label"] >= 0:
            bar["name"] = _name(bar["label"])
    return meta


def _figure(view: View, texts: Any, meta: dict[str, Any]) -> go.Figure:
    if view.kind == "map":
        coordinates = np.zeros((len(texts), 2), dtype=np.float32)
        for trace in view.figure.data:
            coordinates[trace.customdata] = np.column_stack([trace.x, trace.y])
        return draw_map(coordinates, texts, meta)
    if view.kind == "clusters":
        return draw_clusters(meta)
    figure = go.Figure(view.figure)
    figure.update_layout(meta={"workbench": meta})
    if meta["label"] is None and meta.get("order") == "label":
        figure.update_xaxes(tickvals=None, ticktext=None, showticklabels=False)
        figure.update_yaxes(tickvals=None, ticktext=None, showticklabels=False)
    return figure
