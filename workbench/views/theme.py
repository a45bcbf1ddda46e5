"""The one theme: colours, symbols, and a plotly template for light and for dark."""

from __future__ import annotations

from typing import Literal, TypeAlias

import plotly.graph_objects as go

__all__ = [
    "COLORSCALE",
    "INK",
    "MOST_CATEGORIES",
    "MUTED",
    "PALETTE",
    "SYMBOLS",
    "Mode",
    "host_theme",
    "template",
]

Mode: TypeAlias = Literal["light", "dark"]

# Okabe and Ito's colours, told apart with the common kinds of colour blindness; black, blue and
# yellow are shifted for their background. On white, orange, sky blue and yellow stay below 3:1.
PALETTE: dict[Mode, tuple[str, ...]] = {
    "light": (
        "#0072b2",
        "#e69f00",
        "#009e73",
        "#cc79a7",
        "#56b4e9",
        "#d55e00",
        "#b3a100",
        "#3b3b3b",
    ),
    "dark": (
        "#4c8dff",
        "#e69f00",
        "#1fbf8f",
        "#e39ac4",
        "#8fd3f7",
        "#ff7a33",
        "#f0e442",
        "#f2f2f2",
    ),
}
# The second eight categories repeat the colours with another symbol.
SYMBOLS: tuple[str, ...] = ("circle", "diamond")
MOST_CATEGORIES = len(PALETTE["light"]) * len(SYMBOLS)
MUTED: dict[Mode, str] = {"light": "#a9adb5", "dark": "#6f757f"}
COLORSCALE = "Viridis"

INK: dict[Mode, str] = {"light": "#24292f", "dark": "#e4e6ea"}
_VIVID: dict[Mode, str] = {"light": "#e5194b", "dark": "#ff5c7a"}
_LINE: dict[Mode, str] = {"light": "#d9dce1", "dark": "#3c4149"}
_PAPER: dict[Mode, str] = {"light": "#ffffff", "dark": "#16181c"}
_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'


def template(mode: Mode = "light") -> go.layout.Template:
    """Return the plotly template for a light or a dark background."""
    ink, line = INK[mode], _LINE[mode]
    axis = {
        "gridcolor": line,
        "linecolor": line,
        "zerolinecolor": line,
        "tickfont": {"size": 12},
        "title": {"font": {"size": 12}},
        "automargin": True,
    }
    layout = go.Layout(
        font={"family": _FONT, "size": 13, "color": ink},
        title={
            "font": {"size": 15},
            "x": 0.01,
            "xanchor": "left",
            "subtitle": {"font": {"size": 12}},
        },
        paper_bgcolor=_PAPER[mode],
        plot_bgcolor=_PAPER[mode],
        colorway=list(PALETTE[mode]),
        margin={"l": 24, "r": 16, "t": 64, "b": 24},
        legend={"font": {"size": 12}, "itemsizing": "constant", "title": {"font": {"size": 12}}},
        # plotly.js uploads the figure to a cloud when the first of these is clicked.
        modebar={
            "remove": ["sendChartToCloud", "hoverClosestCartesian", "hoverCompareCartesian"],
            "bgcolor": "rgba(0,0,0,0)",
            "color": MUTED[mode],
            "activecolor": ink,
        },
        hoverlabel={"font": {"family": _FONT, "size": 12}},
        xaxis=axis,
        yaxis=axis,
    )
    return go.layout.Template(layout=layout)


def host_theme() -> dict[str, object]:
    """Return what the figure host needs of the theme, as JSON values."""
    modes: tuple[Mode, ...] = ("light", "dark")
    return {
        "templates": {mode: template(mode).to_plotly_json() for mode in modes},
        "palette": {mode: list(PALETTE[mode]) for mode in modes},
        "muted": {mode: MUTED[mode] for mode in modes},
        "vivid": dict(_VIVID),
        "ink": {mode: INK[mode] for mode in modes},
        "symbols": list(SYMBOLS),
        "most": MOST_CATEGORIES,
        "colorscale": COLORSCALE,
    }
