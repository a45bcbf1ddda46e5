"""Drawing a map: one trace per category, on one panel or several side by side."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench._arrays import FloatArray
from workbench.views._layout import layout_of
from workbench.views._strings import plotly_text
from workbench.views._texts import NONE, category_name
from workbench.views.theme import COLORSCALE, MOST_CATEGORIES, MUTED, PALETTE, SYMBOLS

__all__ = ["draw_maps", "panels_of"]

_OTHER, _UNCLUSTERED = "other", "unclustered"
_ACROSS = 2  # panels side by side


def draw_maps(panels: Sequence[FloatArray], texts: pd.DataFrame, meta: dict[str, Any]) -> go.Figure:
    """Return the figure of each panel's points (n, 2), coloured as ``meta["color_by"]`` says."""
    column = meta["color_by"]
    kind = {entry["name"]: entry["kind"] for entry in meta["color_columns"]}.get(column)
    if column is None:
        groups = [_Group("texts", np.arange(len(texts)), {"color": PALETTE["light"][0]})]
    elif kind == "category":
        groups = _categories(texts, column)
    else:
        groups = _scale(texts[column], column, kind == "date")
    size, opacity = _size(len(texts))
    figure = go.Figure(layout=_layout(meta, len(groups) > 1, len(panels)))
    for at, coordinates in enumerate(panels):
        for group in groups:
            named = len(groups) > 1 and group.name != column
            figure.add_scattergl(
                x=coordinates[group.rows, 0],
                y=coordinates[group.rows, 1],
                customdata=group.rows.astype(np.int32),
                name=plotly_text(group.name, 40),
                mode="markers",
                marker={"size": size, "opacity": opacity, **group.marker},
                hovertemplate="%{fullData.name}<extra></extra>",
                showlegend=named and at == 0,
                legendgroup=plotly_text(group.name, 40) if len(panels) > 1 else None,
                xaxis=f"x{at + 1}" if at else "x",
                yaxis=f"y{at + 1}" if at else "y",
            )
    return figure


def panels_of(figure: go.Figure, count: int) -> list[FloatArray]:
    """Return each panel's coordinates, shape (n, 2), as `draw_maps` was given them."""
    axes = list(dict.fromkeys(trace.xaxis or "x" for trace in figure.data))
    panels = {axis: np.zeros((count, 2), dtype=np.float32) for axis in axes}
    for trace in figure.data:
        places = np.column_stack([trace.x, trace.y])
        panels[trace.xaxis or "x"][np.asarray(trace.customdata)] = places
    return list(panels.values())


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows that share a trace."""

    name: str
    rows: np.ndarray[Any, Any]
    marker: dict[str, Any]


def _layout(meta: dict[str, Any], legend: bool, panels: int) -> dict[str, Any]:
    more = {
        "dragmode": "lasso",
        "showlegend": legend,
        "legend": {"title": {"text": plotly_text(meta["color_by"] or "", 30)}},
        **_axes(panels),
        **({"annotations": _names(meta)} if panels > 1 else {}),
    }
    return layout_of(meta, 520 if panels == 1 else 80 + 400 * math.ceil(panels / _ACROSS), **more)


def _axes(panels: int) -> dict[str, Any]:
    """Return the axes of panels in rows of two, which show the same part of the plane."""
    bare = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": ""}
    if panels == 1:
        return {"xaxis": bare, "yaxis": bare}
    axes: dict[str, Any] = {}
    for at in range(panels):
        number = str(at + 1) if at else ""
        left, right, low, high = _domain(at, panels)
        same = ({"matches": "x"}, {"matches": "y"}) if at else ({}, {})
        axes[f"xaxis{number}"] = {
            **bare,
            "domain": [left, right],
            "anchor": f"y{number}",
            **same[0],
        }
        axes[f"yaxis{number}"] = {**bare, "domain": [low, high], "anchor": f"x{number}", **same[1]}
    return axes


def _domain(at: int, panels: int) -> tuple[float, float, float, float]:
    """Return left, right, bottom and top of a panel, as shares of the figure."""
    rows = math.ceil(panels / _ACROSS)
    row, column = divmod(at, _ACROSS)
    height, gap = 1 / rows, 0.06 / rows
    left = column * (0.5 + 0.01)
    return left, left + 0.49, 1 - (row + 1) * height, 1 - row * height - gap


def _names(meta: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each panel's name above it."""
    names = [panel["name"] for panel in meta["panels"]]
    places = [_domain(at, len(names)) for at in range(len(names))]
    return [
        {
            "text": plotly_text(name, 60),
            "x": left,
            "y": high,
            "xref": "paper",
            "yref": "paper",
            "xanchor": "left",
            "yanchor": "bottom",
            "showarrow": False,
        }
        for name, (left, _, _, high) in zip(names, places, strict=True)
    ]


def _size(count: int) -> tuple[float, float]:
    """Return marker size in pixels and opacity for a number of points."""
    for most, size, opacity in ((200, 10, 0.9), (1500, 8, 0.85), (6000, 6, 0.75)):
        if count <= most:
            return size, opacity
    return 4, 0.6


def _categories(texts: pd.DataFrame, column: str) -> list[_Group]:
    """Return one group per category, the most frequent first; ties by name."""
    by_cluster = column == "cluster"
    shown = texts["cluster_name" if by_cluster else column].tolist()
    names = np.array([category_name(value) for value in shown], dtype=object)
    quiet = {NONE, _UNCLUSTERED} if by_cluster else {NONE}
    counts = Counter(name for name in names if name not in quiet)
    order = sorted(counts, key=lambda name: (-counts[name], name))[:MOST_CATEGORIES]
    groups = [
        _Group(name, np.flatnonzero(names == name), _look(rank)) for rank, name in enumerate(order)
    ]
    grey = {"color": MUTED["light"], "symbol": "circle"}
    rest = np.array([name not in quiet and name not in order for name in names], dtype=bool)
    if rest.any():
        more = len(counts) - len(order)
        groups.append(_Group(f"{_OTHER} ({more} more)", np.flatnonzero(rest), grey))
    return groups + [
        _Group(name, np.flatnonzero(names == name), {**grey, "opacity": 0.4})
        for name in sorted(quiet)
        if (names == name).any()
    ]


def _look(rank: int) -> dict[str, str]:
    colors = PALETTE["light"]
    return {"color": colors[rank % len(colors)], "symbol": SYMBOLS[rank // len(colors)]}


def _scale(series: pd.Series[Any], column: str, dates: bool) -> list[_Group]:
    """Return the group with a value, on a colour scale, and the group without."""
    missing = series.isna().to_numpy()
    present = series[~missing]
    values = (
        present.to_numpy().astype("datetime64[ms]").astype(np.float64)
        if dates
        else present.to_numpy(dtype=np.float64)
    )
    title = {"text": plotly_text(column, 30), "font": {"size": 12}}
    bar: dict[str, Any] = {"title": title, "thickness": 12}
    if dates and len(values):
        ticks = np.linspace(values.min(), values.max(), 5)
        written = np.datetime_as_string(ticks.astype("datetime64[ms]"), unit="D")
        bar |= {"tickvals": ticks.tolist(), "ticktext": written.tolist()}
    marker = {"color": values, "colorscale": COLORSCALE, "showscale": True, "colorbar": bar}
    groups = [_Group(column, np.flatnonzero(~missing), marker)]
    if missing.any():
        grey = {"color": MUTED["light"], "opacity": 0.4}
        groups.append(_Group(NONE, np.flatnonzero(missing), grey))
    return groups
