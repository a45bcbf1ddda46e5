"""Figures whose points are models: their table of facts, and what they have in common.

Each trace says in ``meta`` what it is and which colour it has, so that the figure host can draw it
in the dark: ``{"color": a place in the palette, "ink" or "muted"}``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from workbench._html import elide
from workbench.views._json import object_frame
from workbench.views._numbers import percent, three_digits
from workbench.views._standing import Standing
from workbench.views._strings import plotly_text
from workbench.views.theme import INK, MUTED, PALETTE, SYMBOLS

if TYPE_CHECKING:
    from workbench.analysis.comparison import Comparison, ModelResult

__all__ = [
    "FAILURE",
    "color_of",
    "error_bar",
    "look_of",
    "model_text",
    "models_frame",
    "models_meta",
]

_MOST_NAME = 34  # characters of a model's name on an axis or in a legend
FAILURE = "failure"  # the column that quotes error messages, which may quote texts
Color: TypeAlias = "int | str"


def models_frame(comparison: Comparison, standing: Sequence[Standing] = ()) -> pd.DataFrame:
    """Return one row per model, in the comparison's order: name, scores, costs, truncation.

    Columns of which nothing is known are left out.
    """
    columns: dict[str, list[str]] = {"id": list(comparison.names)}
    if standing:
        columns["score"] = [one.absent or one.score for one in standing]
        columns["interval"] = ["" if one.absent else one.interval for one in standing]
        columns["against the reference"] = [one.against for one in standing]
    facts = [_facts(model) for model in comparison.models]
    columns |= {name: [fact[name] for fact in facts] for name in facts[0]}
    known = {name: values for name, values in columns.items() if any(values)}
    return object_frame(known)


def _facts(model: ModelResult) -> dict[str, str]:
    cost, audit = model.cost, model.audit
    return {
        "texts/s": three_digits(cost.texts_per_second) if cost else "",
        "ms per query": three_digits(cost.query_ms) if cost else "",
        "dimension": f"{model.spec.kept_dimension:,}" if model.spec.kept_dimension else "",
        "bytes per text": f"{cost.bytes_per_text:,}" if cost else "",
        "truncated": percent(audit.share) if audit is not None and audit.counted else "",
        FAILURE: model.failure,
    }


def models_meta(
    comparison: Comparison, texts: pd.DataFrame, title: str, subtitle: str, **more: Any
) -> dict[str, Any]:
    """Return what a figure of models says of itself."""
    return {
        "kind": "models",
        "corpus": comparison.fingerprint,
        "title": title,
        "subtitle": subtitle,
        "label": None,
        "color_columns": [],
        "table": [str(name) for name in texts.columns if name != "id"],
        **more,
    }


def model_text(name: str) -> str:
    """Return a model's name for plotly; long ones lose their middle, since ends tell them apart."""
    line = elide(name, 400)
    if len(line) > _MOST_NAME:
        line = f"{line[:13]}…{line[14 - _MOST_NAME :]}"
    return plotly_text(line, _MOST_NAME)


def color_of(color: Color) -> str:
    """Return a trace's colour in the light: a place in the palette, ``"ink"`` or ``"muted"``."""
    if isinstance(color, int):
        return PALETTE["light"][color % len(PALETTE["light"])]
    return (INK if color == "ink" else MUTED)["light"]


def look_of(place: int) -> tuple[int, str]:
    """Return the colour and symbol of the model at a place of the comparison."""
    return place, SYMBOLS[place // len(PALETTE["light"]) % len(SYMBOLS)]


def error_bar(own: Standing) -> dict[str, Any]:
    """Return a score's interval as plotly draws it: nothing where there is none."""
    up, down = own.high - own.estimate, own.estimate - own.low
    known = math.isfinite(up) and math.isfinite(down)
    return {
        "type": "data",
        "symmetric": False,
        # Below 0 where the interval lies below the score (a biased metric): plotly draws it there.
        "array": [up if known else 0.0],
        "arrayminus": [down if known else 0.0],
        "visible": known,
        "width": 5,
    }
