"""The forest plot: a row per model, its score with the interval, its mark against a reference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from workbench.views._layout import layout_of
from workbench.views._models import (
    color_of,
    error_bar,
    model_text,
    models_frame,
    models_meta,
)
from workbench.views._standing import OPEN, Standing, chosen_metric, reference_of, standings
from workbench.views._strings import plotly_text
from workbench.views._view import View

if TYPE_CHECKING:
    from workbench.analysis.comparison import Comparison

__all__ = ["forest_view"]

# Verdict → colour, symbol and how the legend names it.
_LOOKS: dict[str, tuple[int | str, str, str]] = {
    "better": (2, "triangle-up", "shown better than the reference"),
    "worse": (5, "triangle-down", "shown worse than the reference"),
    OPEN: ("muted", "circle", "can't tell yet"),
    "reference": ("ink", "diamond", "the reference"),
    "": ("muted", "circle-open", "not compared with the reference"),
}
_ROW = 34
_CHARACTER = 6.6  # pixels of a character of 12 px text, about


def forest_view(
    comparison: Comparison,
    task: str | None = None,
    metric: str | None = None,
    *,
    reference: str | None = None,
) -> View:
    """Return the models' scores on a task with their intervals, the best on top.

    Parameters
    ----------
    comparison
        Models that were scored.
    task
        By default the first.
    metric
        By default the task's main one.
    reference
        The model that others are marked against: by default the recommended one, else the one
        that scores highest.

    Raises
    ------
    InputError
        If nothing was scored, or there is no such task, metric or model.
    """
    task, metric = chosen_metric(comparison, task, metric, "forest_view")
    reference = reference_of(comparison, reference, task)
    standing = standings(comparison, task, metric, reference)
    order = sorted(range(len(standing)), key=lambda place: _sorted_by(standing[place], place))
    texts = models_frame(comparison, standing)
    scored = next(model.scores[task] for model in comparison.models if task in model.scores)
    meta = models_meta(
        comparison,
        texts,
        f"{comparison.corpus.name} · {task} · {metric}",
        _subtitle(len(scored.examples), reference, standing),
        task=task,
        metric=metric,
        reference=reference,
        order=order,
    )
    return View(_figure([(place, standing[place]) for place in order], meta), texts)


def _sorted_by(own: Standing, place: int) -> tuple[bool, float, int]:
    known = math.isfinite(own.estimate)
    return not known, -own.estimate if known else 0.0, place


def _subtitle(examples: int, reference: str, standing: Sequence[Standing]) -> str:
    said = f"{examples:,} examples; the score with its 95 % interval"
    if not any(own.difference is not None for own in standing):
        return said
    return f"{said}, and the difference from {reference}; marks after Holm's correction"


def _figure(rows: Sequence[tuple[int, Standing]], meta: dict[str, Any]) -> go.Figure:
    notes = [_note(own) for _, own in rows]
    beside = int(max(map(len, notes)) * _CHARACTER) + 24
    figure = go.Figure(
        layout=layout_of(
            meta | {"notes": beside},
            150 + _ROW * len(rows),
            xaxis={
                "title": {"text": plotly_text(meta["metric"])},
                "zeroline": False,
                "range": _range([own for _, own in rows]),
            },
            yaxis={
                "tickvals": list(range(len(rows))),
                "ticktext": [model_text(own.name) for _, own in rows],
                "range": [len(rows) - 0.4, -0.6],
                "ticklabelstandoff": 6,
                "zeroline": False,
            },
            legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "itemsizing": "trace"},
            annotations=[_annotation(row, note) for row, note in enumerate(notes)],
            margin={"r": beside},
        )
    )
    _add_reference(figure, rows)
    told: set[str] = set()
    for row, (place, own) in enumerate(rows):
        if math.isfinite(own.estimate):
            _add_model(figure, row, place, own, own.verdict not in told)
            told.add(own.verdict)
    return figure


def _note(own: Standing) -> str:
    if own.absent:
        return own.absent
    return f"{own.score} {own.interval}  {own.against}".rstrip()


def _annotation(row: int, note: str) -> dict[str, Any]:
    return {
        "text": plotly_text(note, 90),
        "x": 1,
        "xref": "paper",
        "xanchor": "left",
        "xshift": 10,
        "y": row,
        "yref": "y",
        "showarrow": False,
        "align": "left",
        "font": {"size": 12},
    }


def _range(standing: Sequence[Standing]) -> list[float]:
    ends = [end for own in standing for end in (own.low, own.estimate, own.high)]
    known = [end for end in ends if math.isfinite(end)]
    if not known:
        return [0.0, 1.0]
    pad = 0.06 * (max(known) - min(known)) or 0.05 * max(1.0, abs(known[0]))
    return [min(known) - pad, max(known) + pad]


def _add_reference(figure: go.Figure, rows: Sequence[tuple[int, Standing]]) -> None:
    for _, own in rows:
        if own.verdict == "reference" and math.isfinite(own.estimate):
            figure.add_scatter(
                x=[own.estimate, own.estimate],
                y=[-0.6, len(rows) - 0.4],
                mode="lines",
                line={"dash": "dot", "width": 1.5, "color": color_of("muted")},
                hoverinfo="skip",
                showlegend=False,
                meta={"color": "muted"},
            )


def _add_model(figure: go.Figure, row: int, place: int, own: Standing, first: bool) -> None:
    color, symbol, name = _LOOKS[own.verdict]
    figure.add_scatter(
        x=[own.estimate],
        y=[row],
        error_x={**error_bar(own), "thickness": 2},
        customdata=np.array([place], dtype=np.int32),
        mode="markers",
        marker={"color": color_of(color), "symbol": symbol, "size": 12},
        name=name,
        legendgroup=name,
        showlegend=first,
        hovertemplate="%{x}<extra></extra>",
        meta={"color": color},
    )
