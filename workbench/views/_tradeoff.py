"""Quality against speed: one point per model, and the front that no model is beyond."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from workbench.errors import InputError
from workbench.views._layout import layout_of
from workbench.views._models import (
    color_of,
    error_bar,
    look_of,
    model_text,
    models_frame,
    models_meta,
)
from workbench.views._standing import Standing, chosen_metric, reference_of, standings
from workbench.views._strings import plotly_text
from workbench.views._view import View

if TYPE_CHECKING:
    from workbench.analysis.comparison import Comparison

__all__ = ["pareto_front", "tradeoff_view"]


@dataclass(frozen=True, slots=True)
class _Point:
    """A model that was scored and timed."""

    place: int
    speed: float
    standing: Standing


def tradeoff_view(
    comparison: Comparison, task: str | None = None, metric: str | None = None
) -> View:
    """Return quality against speed, with intervals and the Pareto front.

    Parameters
    ----------
    comparison
        Models that were scored and timed.
    task
        By default the first.
    metric
        By default the task's main one.

    Raises
    ------
    InputError
        If no model was scored, none that was scored was timed, or there is no such task or
        metric.
    """
    task, metric = chosen_metric(comparison, task, metric, "tradeoff_view")
    standing = standings(comparison, task, metric, reference_of(comparison, None, task))
    points = _points(comparison, standing)
    if not points:
        raise InputError(
            f"tradeoff_view: no model that was scored on {task!r} was timed, so there is no speed "
            "to draw. Look at the scores alone: forest_view(comparison, task)."
        )
    front = pareto_front([(p.speed, p.standing.estimate) for p in points])
    texts = models_frame(comparison, standing)
    meta = models_meta(
        comparison,
        texts,
        f"{comparison.corpus.name} · quality and speed · {task}",
        _subtitle(comparison, points, standing),
        task=task,
        metric=metric,
        front=[points[at].standing.name for at in front],
    )
    return View(_figure(comparison, points, front, meta), texts)


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the positions of the points that no other equals in both and beats in one.

    Parameters
    ----------
    points
        Pairs of which more is better.

    Returns
    -------
    list of int
        By the first number, rising.
    """

    def beaten(one: tuple[float, float]) -> bool:
        return any(other[0] >= one[0] and other[1] >= one[1] and other != one for other in points)

    kept = [at for at, point in enumerate(points) if not beaten(point)]
    return sorted(kept, key=lambda at: (points[at][0], at))


def _points(comparison: Comparison, standing: Sequence[Standing]) -> list[_Point]:
    """Return the models that can be drawn, the one that scores highest first."""
    found = [
        _Point(place, model.cost.texts_per_second, own)
        for place, (model, own) in enumerate(zip(comparison.models, standing, strict=True))
        if model.cost is not None
        and math.isfinite(own.estimate)
        and model.cost.texts_per_second > 0
    ]
    return sorted(found, key=lambda point: (-point.standing.estimate, point.place))


def _subtitle(
    comparison: Comparison, points: Sequence[_Point], standing: Sequence[Standing]
) -> str:
    drawn = {point.standing.name for point in points}
    absent = [f"{own.name} ({own.absent or 'not timed'})" for own in standing
              if own.name not in drawn]  # fmt: skip
    parts = [
        "up and to the right is better; bars are 95 % intervals; numbers rank the scores",
        f"not drawn: {', '.join(absent)}" if absent else "",
    ]
    return " · ".join(part for part in parts if part)


def _figure(
    comparison: Comparison, points: Sequence[_Point], front: Sequence[int], meta: dict[str, Any]
) -> go.Figure:
    speeds = [point.speed for point in points]
    figure = go.Figure(
        layout=layout_of(
            meta,
            480,
            xaxis=_speed_axis(min(speeds), max(speeds)),
            yaxis={"title": {"text": plotly_text(meta["metric"])}, "zeroline": False},
            legend={"traceorder": "normal"},
        )
    )
    _add_front(figure, [points[at] for at in front])
    for rank, point in enumerate(points, 1):
        _add_model(figure, point, rank)
    chosen = comparison.decision.model
    for point in points:
        if point.standing.name == chosen:
            _add_ring(figure, point)
    return figure


def _add_front(figure: go.Figure, front: Sequence[_Point]) -> None:
    """Draw what the front's models dominate: down from each, then right to the next."""
    figure.add_scatter(
        x=[point.speed for point in front],
        y=[point.standing.estimate for point in front],
        mode="lines",
        name="Pareto front: no model is<br>both faster and better",
        line={"shape": "vh", "dash": "dot", "width": 1.5, "color": color_of("muted")},
        hoverinfo="skip",
        meta={"color": "muted"},
    )


def _add_model(figure: go.Figure, point: _Point, rank: int) -> None:
    own = point.standing
    color, symbol = look_of(point.place)
    figure.add_scatter(
        x=[point.speed],
        y=[own.estimate],
        error_y={**error_bar(own), "thickness": 1.5},
        customdata=np.array([point.place], dtype=np.int32),
        mode="markers+text",
        text=[f"\u2002{rank}"],
        textposition="middle right",
        marker={"color": color_of(color), "symbol": symbol, "size": 12},
        name=f"{rank} · {model_text(own.name)}",
        hovertemplate="%{fullData.name}<extra></extra>",
        meta={"color": color},
    )


def _add_ring(figure: go.Figure, point: _Point) -> None:
    figure.add_scatter(
        x=[point.speed],
        y=[point.standing.estimate],
        mode="markers",
        marker={
            "symbol": "circle-open",
            "size": 24,
            "color": color_of("ink"),
            "line": {"width": 1.5},
        },
        name="recommended",
        hoverinfo="skip",
        meta={"color": "ink"},
    )


def _speed_axis(low: float, high: float) -> dict[str, Any]:
    """Return a logarithmic axis with round numbers on it."""
    low, high = math.log10(low), math.log10(high)
    pad = max(0.12, 0.08 * (high - low))
    low, high = low - pad, high + pad
    steps: tuple[float, ...] = (1,) if high - low > 5 else (1, 2, 5)
    if high - low <= 1:
        steps = (1, 1.5, 2, 3, 4, 5, 7)
    ticks = [
        step * 10.0**power
        for power in range(math.floor(low), math.ceil(high) + 1)
        for step in steps
        if low <= math.log10(step * 10.0**power) <= high
    ]
    return {
        "type": "log",
        "range": [low, high],
        "title": {"text": "texts per second (logarithmic)"},
        "tickvals": ticks,
        "ticktext": [f"{tick:,.10g}" for tick in ticks],
        "zeroline": False,
    }
