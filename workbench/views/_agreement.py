"""How alike models are: a model × model heatmap with the numbers in its cells."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from workbench.errors import InputError, suggest
from workbench.views._json import object_frame
from workbench.views._layout import layout_of
from workbench.views._models import model_text
from workbench.views._view import View
from workbench.views.theme import COLORSCALE

if TYPE_CHECKING:
    from workbench.analysis.agreement import ModelAgreement

__all__ = ["AGREEMENT_MEASURES", "agreement_view"]

MOST_NUMBERS = 12  # models up to which the numbers stand in the cells

# Measure → what it is called, and one sentence on what it says.
AGREEMENT_MEASURES: dict[str, tuple[str, str]] = {
    "overlap": (
        "neighbour overlap",
        "the share of a text's {k} nearest neighbours that two models have in common, mean over "
        "the texts; {chance:.3f} is expected by chance",
    ),
    "overlap_above_chance": (
        "neighbour overlap above chance",
        "the share of a text's {k} nearest neighbours in common, with chance at 0",
    ),
    "cka": ("linear CKA", "how alike the two arrangements of the texts are, up to rotation"),
    "rank_correlation": (
        "rank correlation",
        "Spearman correlation of the similarities that two models give to pairs of texts",
    ),
}


def agreement_view(
    agreement: ModelAgreement, measure: str = "overlap", *, fingerprint: str | None = None
) -> View:
    """Return a model × model heatmap of how alike the models see the texts.

    Parameters
    ----------
    agreement
        What was measured.
    measure
        ``"overlap"``, ``"overlap_above_chance"``, ``"cka"`` or ``"rank_correlation"``.
    fingerprint
        What links the figure to others: a comparison's; by default that of the texts.

    Raises
    ------
    InputError
        If there is no such measure.
    """
    if measure not in AGREEMENT_MEASURES:
        advice = suggest(str(measure), AGREEMENT_MEASURES)
        raise InputError(f"agreement_view: measure={measure!r} is unknown. {advice}")
    values = np.asarray(getattr(agreement, measure), dtype=np.float64)
    name, said = AGREEMENT_MEASURES[measure]
    chance = agreement.n_neighbors / max(1, len(agreement.corpus) - 1)
    texts = object_frame({"id": list(agreement.models), **_alike(agreement, values, name)})
    meta = {
        "kind": "models-matrix",
        "corpus": fingerprint or f"models of {agreement.corpus.fingerprint}",
        "title": f"{agreement.corpus.name} · agreement of models · {name}",
        "subtitle": said.format(k=agreement.n_neighbors, chance=chance),
        "label": None,
        "color_columns": [],
        "table": [column for column in texts.columns if column != "id"],
        "measure": measure,
        "rows": list(range(len(values))),
        "columns": list(range(len(values))),
        "measures": _measures(agreement),
    }
    return View(_figure(values, agreement.models, meta), texts)


def _alike(
    agreement: ModelAgreement, values: np.ndarray[Any, Any], name: str
) -> dict[str, list[str]]:
    """Return, per model, which other is most and which least like it."""
    others = np.where(np.eye(len(values), dtype=bool), np.nan, values)
    if len(values) < 2:
        return {}
    columns: dict[str, list[str]] = {}
    ends = (("most like", np.argmax, -np.inf), ("least like", np.argmin, np.inf))
    for column, pick, empty in ends:
        filled = np.where(np.isfinite(others), others, empty)
        columns[column] = [
            f"{agreement.models[int(pick(row))]} ({row[int(pick(row))]:.2f})"
            if np.isfinite(row).any() else ""
            for row in filled
        ]  # fmt: skip
    return columns


def _measures(agreement: ModelAgreement) -> list[dict[str, Any]]:
    """Return every measure's name and numbers, for what is said of a pair."""
    return [
        {
            "name": name,
            "values": [
                [round(float(cell), 4) if math.isfinite(cell) else None for cell in row]
                for row in np.asarray(getattr(agreement, measure))
            ],
        }
        for measure, (name, _) in AGREEMENT_MEASURES.items()
    ]


def _figure(
    values: np.ndarray[Any, Any], models: tuple[str, ...], meta: dict[str, Any]
) -> go.Figure:
    places = list(range(len(models)))
    bare = {"showgrid": False, "zeroline": False, "showline": False, "ticks": ""}
    figure = go.Figure(
        layout=layout_of(
            meta,
            min(640, 150 + 40 * len(models)),
            xaxis={
                **bare,
                "tickvals": places,
                "ticktext": [str(place + 1) for place in places],
                "tickangle": 0,
            },
            yaxis={
                **bare,
                "tickvals": places,
                "ticktext": [
                    f"{model_text(name)} · {place + 1}" for place, name in enumerate(models)
                ],
                "autorange": "reversed",
                "ticklabelstandoff": 6,
            },
        )
    )
    low = min(0.0, float(np.nanmin(values))) if np.isfinite(values).any() else 0.0
    figure.add_heatmap(
        z=values.astype(np.float32),
        zmin=low,
        zmax=1.0,
        xgap=1,
        ygap=1,
        colorscale=COLORSCALE,
        colorbar={"thickness": 12},
        texttemplate="%{z:.2f}" if len(models) <= MOST_NUMBERS else "",
        textfont={"size": 12},
        hovertemplate="%{z:.3f}<extra></extra>",
    )
    return figure
