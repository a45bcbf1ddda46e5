"""A comparison as sections of a page: the decision, the audit, the scores, how models differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from workbench.views._agreement import agreement_view
from workbench.views._comparison_html import audit_html, costs_html, decision_html, scores_html
from workbench.views._examples_html import disagreements_html, examples_html
from workbench.views._forest import forest_view
from workbench.views._standing import reference_of
from workbench.views._tables import boxed, said
from workbench.views._tradeoff import tradeoff_view
from workbench.views._view import View
from workbench.views.privacy import redacted

if TYPE_CHECKING:
    from workbench.analysis.comparison import Comparison

__all__ = [
    "audit_html",
    "comparison_sections",
    "comparison_view",
    "costs_html",
    "decision_html",
    "disagreements_html",
    "examples_html",
    "scores_html",
]

_MOST_PAIRS = 3  # lists of disagreements; the others are in the widget
_MEASURES = ("overlap", "cka", "rank_correlation")


def comparison_sections(
    comparison: Comparison,
    *,
    reference: str | None = None,
    texts: bool = True,
    columns: Collection[str] | None = None,
) -> list[tuple[str, str | View]]:
    """Return headings with what stands under them: HTML, or a view.

    Parameters
    ----------
    comparison
        What was measured.
    reference
        The model that others are compared with; by default the recommended one, else the one
        that scores highest.
    texts
        False: no texts, and nothing that may quote them.
    columns
        The corpus columns that may be shown; None: all. Names of tasks are shown in any case.

    Raises
    ------
    InputError
        If the comparison has no model of that name.
    """
    against = reference_of(comparison, reference)
    sections: list[tuple[str, str | View]] = [
        ("Decision", decision_html(comparison, texts=texts)),
        ("What the models read of the texts", audit_html(comparison)),
        ("Scores", scores_html(comparison, reference=against, texts=texts)),
        *_score_figures(comparison, against),
        ("What the models cost", costs_html(comparison)),
        *_agreement_sections(comparison, against, texts),
        *_example_sections(comparison, against, texts, columns),
    ]
    return [
        (heading, redacted(part, texts=texts, columns=columns) if isinstance(part, View) else part)
        for heading, part in sections
    ]


def comparison_view(comparison: Comparison) -> View:
    """Return the one figure of a comparison: quality and speed, or agreement without scores.

    Raises
    ------
    InputError
        If nothing was scored and there are no two models to relate.
    """
    if _is_timed(comparison):
        return tradeoff_view(comparison)
    if comparison.task_names or comparison.agreement is None:
        return forest_view(comparison)
    return agreement_view(comparison.agreement, fingerprint=comparison.fingerprint)


def _is_timed(comparison: Comparison) -> bool:
    tasks = comparison.task_names
    return bool(tasks) and any(m.cost and tasks[0] in m.scores for m in comparison.models)


def _score_figures(comparison: Comparison, reference: str) -> Iterator[tuple[str, View]]:
    if _is_timed(comparison):
        yield "Quality and speed", tradeoff_view(comparison)
    for place, task in enumerate(comparison.task_names):
        yield "Every task" if place == 0 else "", forest_view(comparison, task, reference=reference)


def _agreement_sections(
    comparison: Comparison, reference: str, texts: bool
) -> Iterator[tuple[str, str | View]]:
    found = comparison.agreement
    if found is None:
        return
    for place, measure in enumerate(_MEASURES):
        heading = "How alike the models are" if place == 0 else ""
        yield heading, agreement_view(found, measure, fingerprint=comparison.fingerprint)
    if reference not in found.models:
        reference = found.models[0]
    own = found.models.index(reference)
    others = sorted(
        (name for name in found.models if name != reference),
        key=lambda name: float(found.overlap[own, found.models.index(name)]),
    )[:_MOST_PAIRS]
    folded = [
        _folded(
            f"{reference} and {other}",
            disagreements_html(comparison, reference, other, texts=texts),
            place == 0,
        )
        for place, other in enumerate(others)
    ]
    yield "Texts on which models disagree most", "".join(folded)


def _example_sections(
    comparison: Comparison, reference: str, texts: bool, columns: Collection[str] | None
) -> Iterator[tuple[str, str]]:
    """Yield, per task, the examples that tell the reference from the best of the others."""
    parts: list[str] = []
    for task in comparison.task_names:
        scored = [model for model in comparison.models if task in model.scores]
        if reference not in [model.name for model in scored] or len(scored) < 2:
            continue
        others = [model for model in scored if model.name != reference]
        rival = max(others, key=lambda model: model.scores[task].value()).name
        body = examples_html(comparison, task, reference, rival, texts=texts, columns=columns)
        parts.append(_folded(f"{task}: {reference} and {rival}", body, not parts))
    if parts:
        yield "Examples behind the scores", "".join(parts)


def _folded(summary: str, body: str, is_open: bool) -> str:
    opened = " open" if is_open else ""
    return boxed(f"<details{opened}><summary>{said(summary)}</summary>{body}</details>")
