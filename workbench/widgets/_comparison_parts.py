"""What a widget shows of a comparison: its figures, its tables, and all of it without a kernel."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.errors import InputError
from workbench.page import comparison_css
from workbench.views import Json, View, agreement_view, forest_view, tradeoff_view
from workbench.views._tables import boxed, said
from workbench.views.comparison import audit_html, comparison_sections
from workbench.widgets.figure_host import FigureHost

if TYPE_CHECKING:
    from workbench.analysis.comparison import Comparison

__all__ = ["best_of", "comparison_figures", "folded_audit", "static_html"]


def comparison_figures(
    comparison: Comparison, task: str | None, metric: str | None, reference: str, measure: str
) -> dict[str, View]:
    """Return the figures by name, the main one first; those with nothing to draw are left out."""
    views: dict[str, View] = {}
    if task is not None:
        forest = forest_view(comparison, task, metric, reference=reference)
        if any(model.cost and model.scores for model in comparison.models):
            views["tradeoff"] = _tradeoff(comparison, task, metric, forest)
        views["forest"] = forest
    if comparison.agreement is not None:
        views["agreement"] = agreement_view(
            comparison.agreement, measure, fingerprint=comparison.fingerprint
        )
    if not views:
        raise InputError(
            "ModelComparison: nothing was scored and no two models can be related, so there is no "
            "figure. Give compare_models tasks, or more models that do not fail."
        )
    return views


def _tradeoff(comparison: Comparison, task: str, metric: str | None, forest: View) -> View:
    """Return quality and speed, with what is said of models against the forest's reference."""
    try:
        view = tradeoff_view(comparison, task, metric)
    except InputError:  # none that was scored on this task was timed
        return forest
    return replace(view, texts=forest.texts)


def best_of(
    comparison: Comparison, names: Iterable[str], task: str | None, metric: str | None
) -> str:
    """Return the model that scores highest, the first when none was scored; "" of none."""

    def estimate(name: str) -> float:
        scores = comparison.model(name).scores.get(task or "")
        value = math.nan if scores is None else scores.value(metric)
        return value if math.isfinite(value) else -math.inf

    return max(names, key=estimate, default="")


def folded_audit(comparison: Comparison) -> str:
    """Return what the models read of the texts, folded under a sentence."""
    audits = [model.audit for model in comparison.models if model.audit is not None]
    cut = sum(audit.truncated > 0 for audit in audits)
    told = f"{cut} of {len(audits)} models cut some" if cut else "no text is known to be cut"
    summary = f"<summary>What the models read of the texts: {told}</summary>"
    return boxed(f"<details>{summary}{audit_html(comparison)}</details>")


def static_html(comparison: Comparison, reference: str, selection: Iterable[str]) -> str:
    """Return the comparison as HTML that needs no kernel."""
    chosen = list(selection)
    parts = [f"<style>{comparison_css()}</style>"]
    for heading, part in comparison_sections(comparison, reference=reference):
        parts.append(f"<h3>{said(heading)}</h3>" if heading else "")
        parts.append(_drawn(part, chosen) if isinstance(part, View) else part)
    return "".join(parts)


def _drawn(view: View, selection: list[str]) -> str:
    known = set(view.texts["id"])
    kept: list[Json] = [name for name in selection if name in known]
    host = FigureHost(view.with_state(selection=kept))
    data, _ = host._repr_mimebundle_()
    host.close()
    return str(data["text/html"])
