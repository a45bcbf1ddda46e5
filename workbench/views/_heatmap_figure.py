"""Drawing a matrix: cells, groups, a tree in the margin, and the distribution as its scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import sample_colorscale

from workbench._arrays import FloatArray
from workbench.analysis import SimilarityDistribution
from workbench.analysis.similarity import SIMILARITIES
from workbench.errors import InputError
from workbench.views._layout import layout_of
from workbench.views._order import Ordered
from workbench.views._strings import plotly_text
from workbench.views.theme import COLORSCALE, INK

__all__ = [
    "ON_DARK",
    "Range",
    "Scale",
    "checked_range",
    "difference_scale",
    "draw_heatmap",
    "group_lines",
    "matrix_layout",
    "matrix_ticks",
    "scale_colors",
    "scale_of",
]

_EXACT = 200
_TICKS = 36
_GROUPS = 30
ON_DARK, _ON_LIGHT = "rgba(255,255,255,0.7)", "rgba(60,60,60,0.55)"  # lines between groups
_TREE = 300  # texts whose tree can be read
_TREE_SHARE = 0.16  # of the matrix' height
_BARS = (0.85, 1.0)  # the histogram's part of the width
_MOST_DIFFERENCE = 0.5
# The colour bar as the axis of the bars: as high as the plot, and right beside it.
_BESIDE_BARS = {"x": 1.0, "xpad": 3, "ypad": 0, "len": 1.0, "y": 0.5, "outlinewidth": 0}

_INSIDE = {"textposition": "inside", "insidetextanchor": "start", "textangle": 0,
           "textfont": {"size": 10}}  # fmt: skip

Range: TypeAlias = "tuple[float, float]"


@dataclass(frozen=True, slots=True)
class Scale:
    """How values become colours.

    Parameters
    ----------
    span
        The range that 256 steps cover.
    colors
        The range that the colours cover.
    colorscale
        The colours.
    """

    span: Range
    colors: Range
    colorscale: str


def scale_of(values: FloatArray, metric: str, color_range: Range | None = None) -> Scale:
    """Return the scale of similarities: for a cosine always the same, to compare figures."""
    if metric == "cosine":
        return Scale((-1.0, 1.0), color_range or (0.0, 1.0), COLORSCALE)
    low, high = float(values.min()), float(values.max())
    span = (low, high if high > low else low + 1.0)
    return Scale(span, color_range or span, COLORSCALE)


def difference_scale(values: FloatArray, metric: str, color_range: Range | None = None) -> Scale:
    """Return the scale of differences: zero in the middle, for a cosine always the same."""
    most = float(np.abs(values).max()) or 1.0
    reach = _MOST_DIFFERENCE if metric == "cosine" else most
    if color_range is not None:
        reach = color_range[1]
    return Scale((-max(most, reach), max(most, reach)), (-reach, reach), "RdBu_r")


def checked_range(color_range: object, *, around_zero: bool = False) -> Range | None:
    """Return the two ends of the colours, or None, or raise an InputError."""
    if color_range is None:
        return None
    try:
        ends = list(color_range)  # type: ignore[call-overload]  # TypeError: refused below
        low, high = (math.nan if isinstance(end, str) else float(end) for end in ends)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise InputError(
            f"color_range: expected two numbers, the lower one first: (0, 1); got {color_range!r}."
        )
    if around_zero and low != -high:
        raise InputError(
            f"color_range: a difference has zero in the middle; got {color_range!r}. Give "
            f"({-max(abs(low), abs(high)):g}, {max(abs(low), abs(high)):g})."
        )
    return low, high


def draw_heatmap(
    shown: Ordered,
    texts: pd.DataFrame,
    meta: dict[str, Any],
    scale: Scale,
    others: Sequence[tuple[str, FloatArray]] = (),
    distribution: SimilarityDistribution | None = None,
) -> go.Figure:
    """Return the figure; what the host needs of it is added to ``meta``.

    Traces but the cells say in their ``meta`` which part they are: ``histogram``, ``baseline``
    or ``tree``.
    """
    coded = max(shown.values.shape) > _EXACT
    meta |= {"coded": coded, "value_range": list(scale.span)}
    if others:
        meta["also"] = [
            {"name": name, **_other_model(values, coded, meta["metric"])} for name, values in others
        ]
    bars = None if distribution is None else _bars(distribution, scale)
    figure = go.Figure(layout=matrix_layout(meta, bars is not None))
    figure.add_heatmap(
        z=_codes(shown.values, scale.span) if coded else shown.values,
        **scale_colors(shown.values, scale, coded, "" if bars else meta["metric"]),
        hovertemplate="row %{y}, column %{x}<extra></extra>",
    )
    if bars is not None:
        _add_distribution(figure, *bars, scale)
    if shown.tree is not None and len(shown.rows) <= _TREE:
        meta["tree_height"] = _TREE_SHARE * len(shown.rows)
        _add_tree(figure, shown.tree, meta["tree_height"])
    _name_axes(figure, shown, texts, meta)
    figure.update_layout(meta={"workbench": meta})
    return figure


def scale_colors(values: FloatArray, scale: Scale, coded: bool, metric: str) -> dict[str, Any]:
    """Return the colours and their bar; ends that values lie beyond are marked.

    Without a metric, the bar is the axis of the distribution beside it.
    """
    low, high = scale.colors
    ticks = np.linspace(low, high, 5)
    names = [f"{tick:.{_digits(ticks)}f}".replace("-", "\u2212") for tick in ticks]
    if float(values.min()) < low - 1e-6:
        names[0] = f"≤ {names[0]}"
    if float(values.max()) > high + 1e-6:
        names[-1] = f"≥ {names[-1]}"
    where = _steps(ticks, scale.span) if coded else ticks
    return {
        "zmin": float(where[0]),
        "zmax": float(where[-1]),
        "colorscale": scale.colorscale,
        "colorbar": {
            **({"title": {"text": metric, "font": {"size": 12}}} if metric else _BESIDE_BARS),
            "thickness": 12,
            "tickvals": where.tolist(),
            "ticktext": [plotly_text(name) for name in names],
        },
    }


def _digits(ticks: NDArray[np.float64]) -> int:
    """Return how many decimals tell ticks apart, to a tenth of what lies between them."""
    apart = float(ticks[1] - ticks[0]) / 10
    return min(max(2, math.ceil(round(-math.log10(apart), 6))), 12) if apart > 0 else 2


def _steps(values: Any, span: Range) -> NDArray[np.float64]:
    return (np.asarray(values, dtype=np.float64) - span[0]) / (span[1] - span[0]) * 255


def _codes(values: FloatArray, span: Range) -> NDArray[np.uint8]:
    return np.clip(np.rint(_steps(values, span)), 0, 255).astype(np.uint8)


def _other_model(values: FloatArray, coded: bool, metric: str) -> dict[str, Any]:
    """Return another model's similarities of the same cells, and the range of their codes."""
    if not coded:
        return {"z": values, "coded": False}
    span = scale_of(values, metric.removesuffix(" difference")).span
    return {"z": _codes(values, span), "coded": True, "range": list(span)}


Bars: TypeAlias = "tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]"


def _bars(found: SimilarityDistribution, scale: Scale) -> Bars | None:
    """Return middles of bins along the colours, and shares; what lies beyond is at the ends.

    None where there are no pairs, or no bin lies within the colours.
    """
    low, high = scale.colors
    middles = (found.edges[:-1] + found.edges[1:]) / 2
    kept = (middles > low) & (middles < high)
    if not len(found.baseline) or not kept.any():
        return None
    first, last = np.flatnonzero(kept)[[0, -1]]

    def within(shares: NDArray[np.float64]) -> NDArray[np.float64]:
        inside = shares[kept].copy()
        inside[0] += shares[:first].sum()
        inside[-1] += shares[last + 1 :].sum()
        return inside

    return middles[kept], within(found.shares), within(found.baseline_shares)


def _add_distribution(
    figure: go.Figure,
    middles: NDArray[np.float64],
    shares: NDArray[np.float64],
    random: NDArray[np.float64],
    scale: Scale,
) -> None:
    low, high = scale.colors
    figure.update_layout(yaxis2={"range": [low, high]})
    reach, cut = _reach(shares, random)
    if cut:
        figure.update_layout(xaxis2={"range": [reach, 0], "autorange": False})
    colors = sample_colorscale(scale.colorscale, (middles - low) / (high - low))
    where = {"xaxis": "x2", "yaxis": "y2", "showlegend": False, "hoverinfo": "skip"}
    figure.add_bar(
        x=shares.astype(np.float32), y=middles, orientation="h",
        marker={"color": colors, "line": {"width": 0}}, meta={"part": "histogram"}, **where,
        **({"text": _said(shares, reach)} | _INSIDE if cut else {}),
    )  # fmt: skip
    figure.add_scatter(
        x=random.astype(np.float32), y=middles, mode="lines",
        line={"color": INK["light"], "width": 1.5, "shape": "vhv"},
        meta={"part": "baseline"}, **where,
    )  # fmt: skip


def _reach(shares: NDArray[np.float64], random: NDArray[np.float64]) -> tuple[float, bool]:
    """Return how long a bar may be, and whether one is longer.

    What lies beyond the colours piles up in the bins at the ends: such a pile is cut off (its
    share stands on it), where it would make all other bars too short to be read.
    """
    both = np.vstack([shares, random])
    inner = float(both[:, 1:-1].max(initial=0.0))
    reach = 1.5 * inner
    return reach, 0.0 < reach < float(both.max()) / 2


def _said(shares: NDArray[np.float64], reach: float) -> list[str]:
    return [f"{share:.0%}".replace("%", " %") if share > reach else "" for share in shares]


def _add_tree(figure: go.Figure, tree: NDArray[np.float64], height: float) -> None:
    """Add the dendrogram above the columns, in the matrix' own coordinates."""
    from scipy.cluster.hierarchy import dendrogram

    drawn = dendrogram(tree, no_plot=True)
    x = (np.array(drawn["icoord"]) - 5.0) / 10.0
    top = float(np.max(drawn["dcoord"])) or 1.0
    y = -0.5 - np.array(drawn["dcoord"]) / top * height * 0.94
    gap = np.full((len(x), 1), np.nan)
    figure.add_scatter(
        x=np.hstack([x, gap]).ravel().astype(np.float32),
        y=np.hstack([y, gap]).ravel().astype(np.float32),
        mode="lines",
        line={"color": INK["light"], "width": 1},
        meta={"part": "tree"},
        showlegend=False,
        hoverinfo="skip",
    )


def _name_axes(
    figure: go.Figure, shown: Ordered, texts: pd.DataFrame, meta: dict[str, Any]
) -> None:
    ids = texts["id"].astype(str)
    down = matrix_ticks(shown.groups, ids.iloc[meta["rows"]].tolist())
    across = matrix_ticks(shown.column_groups, ids.iloc[meta["columns"]].tolist())
    # A matrix with itself has the same names on both sides: once is enough.
    same = meta["rows"] == meta["columns"]
    figure.update_layout(yaxis=down, xaxis={"showticklabels": False} if same else across)
    color = ON_DARK if meta["metric"] in SIMILARITIES else _ON_LIGHT
    shape = (len(shown.rows), len(shown.columns))
    figure.update_layout(shapes=group_lines(shown.groups, shown.column_groups, shape, color))


def _starts(groups: Sequence[str]) -> NDArray[np.int64]:
    names = np.array(groups, dtype=object)
    return np.flatnonzero(np.r_[True, names[1:] != names[:-1]])


def matrix_ticks(groups: Sequence[str], ids: list[str], most: int = 12) -> dict[str, Any]:
    """Return an axis' ticks: the groups in their middles, else ids when there are few."""
    if groups and len(starts := _starts(groups)) <= _GROUPS:
        ends = np.r_[starts[1:], len(groups)]
        names = [plotly_text(groups[start], 24) for start in starts]
        return {"tickvals": ((starts + ends - 1) / 2).tolist(), "ticktext": names}
    if len(ids) <= _TICKS:
        names = [plotly_text(text_id, most) for text_id in ids]
        return {"tickvals": list(range(len(ids))), "ticktext": names}
    return {"showticklabels": False}


def group_lines(
    groups: Sequence[str], column_groups: Sequence[str], shape: tuple[int, int], color: str
) -> list[dict[str, Any]]:
    """Return thin lines between the groups of a matrix of (rows, columns)."""
    line = {"type": "line", "line": {"width": 0.75, "color": color}}
    found: list[dict[str, Any]] = []
    sides = (("x", "y", column_groups, shape[0]), ("y", "x", groups, shape[1]))
    for axis, other, groups, reach in sides:
        if not groups or len(starts := _starts(groups)) > _GROUPS:
            continue
        ends = {f"{other}0": -0.5, f"{other}1": reach - 0.5}
        found += [{**line, f"{axis}0": at - 0.5, f"{axis}1": at - 0.5, **ends} for at in starts[1:]]
    return found


def matrix_layout(meta: dict[str, Any], beside: bool) -> dict[str, Any]:
    """Return the layout of a square matrix, with room for a distribution beside it."""
    bare = {"showgrid": False, "zeroline": False, "showline": False, "ticks": ""}
    title = {"text": "bars: these pairs<br>line: random pairs", "font": {"size": 11}}
    bars = {
        "xaxis2": {**bare, "domain": list(_BARS), "anchor": "y2", "showticklabels": False,
                   "autorange": "reversed", "rangemode": "tozero", "title": title},
        "yaxis2": {**bare, "anchor": "x2", "showticklabels": False},
    }  # fmt: skip
    more = {
        "dragmode": "zoom",
        "bargap": 0.0,
        "xaxis": {**bare, "constrain": "domain", "side": "bottom",
                  **({"domain": [0, _BARS[0] - 0.02]} if beside else {})},
        "yaxis": {**bare, "constrain": "domain", "autorange": "reversed", "scaleanchor": "x"},
        **(bars if beside else {}),
    }  # fmt: skip
    return layout_of(meta, 600, **more)
