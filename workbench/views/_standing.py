"""How the models of a comparison stand on one metric: what figures and tables say of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import InputError, suggest
from workbench.views._numbers import NOTHING, decimals_for, fixed, signed, span

if TYPE_CHECKING:
    from workbench.analysis.comparison import Comparison
    from workbench.analysis.significance import PairedDifference

__all__ = ["MARKS", "OPEN", "Standing", "chosen_metric", "reference_of", "standings"]

OPEN = "can't tell yet"
# What stands before a model's difference from the reference.
MARKS = {"better": "▲", "worse": "▼", OPEN: "?", "reference": "◆"}


@dataclass(frozen=True, slots=True)
class Standing:
    """One model on one metric.

    Parameters
    ----------
    name
        The model.
    estimate, low, high
        Its score with its interval; nan where there is none.
    verdict
        ``"better"``, ``"worse"`` or ``"can't tell yet"`` against the reference, ``"reference"``,
        or ``""`` where the two were not compared.
    difference
        The difference from the reference; None where the two were not compared.
    decimals
        How many decimals the numbers are sure of.
    absent
        Why there is no score; empty when there is one.
    """

    name: str
    estimate: float
    low: float
    high: float
    verdict: str
    difference: PairedDifference | None
    decimals: int
    absent: str = ""

    @property
    def score(self) -> str:
        """The score as it is written."""
        return NOTHING if self.absent else fixed(self.estimate, self.decimals)

    @property
    def interval(self) -> str:
        """The interval as it is written."""
        return span(self.low, self.high, self.decimals)

    @property
    def against(self) -> str:
        """The difference from the reference as it is written, with its mark."""
        if self.verdict == "reference":
            return f"{MARKS['reference']} reference"
        if self.difference is None:
            return ""
        found = self.difference
        shift = signed(found.difference, self.decimals)
        around = span(found.low, found.high, self.decimals)
        return f"{MARKS[self.verdict]} {shift} {around}"


def standings(
    comparison: Comparison, task: str, metric: str, reference: str | None
) -> tuple[Standing, ...]:
    """Return every model's standing, in the comparison's order."""
    intervals = [
        model.scores[task].intervals[metric] for model in comparison.models if task in model.scores
    ]
    decimals = decimals_for(found.high - found.low for found in intervals)
    return tuple(
        _standing(comparison, place, task, metric, reference, decimals)
        for place in range(len(comparison.models))
    )


def _standing(
    comparison: Comparison,
    place: int,
    task: str,
    metric: str,
    reference: str | None,
    decimals: int,
) -> Standing:
    model = comparison.models[place]
    scores = model.scores.get(task)
    if scores is None:
        why = "failed" if model.failure else "not scored"
        return Standing(model.name, math.nan, math.nan, math.nan, "", None, decimals, why)
    found = scores.intervals[metric]
    verdict, difference = "", None
    if model.name == reference:
        verdict = "reference"
    elif reference is not None and task in comparison.model(reference).scores:
        difference = _difference(comparison, task, metric, model.name, reference)
        verdict = difference.verdict if difference is not None else ""
    return Standing(
        model.name, found.estimate, found.low, found.high, verdict, difference, decimals
    )


def _difference(
    comparison: Comparison, task: str, metric: str, model: str, reference: str
) -> PairedDifference | None:
    try:
        return comparison.difference(task, metric, model, reference)
    except InputError:
        return None


def reference_of(comparison: Comparison, reference: str | None, task: str | None = None) -> str:
    """Return the model that others are compared with: the one asked for, else the recommended.

    Where none is recommended it is the one that scores highest (on the first task, if none is
    named), else the first.

    Raises
    ------
    InputError
        If the comparison has no model of that name.
    """
    if reference is not None:
        return comparison.model(reference).name
    chosen = comparison.decision.model
    if chosen is not None:
        return chosen
    tasks = comparison.task_names if task is None else (task,)
    scored = [model for model in comparison.models if tasks and tasks[0] in model.scores]
    if not scored:
        return comparison.models[0].name
    return max(scored, key=lambda model: _or_least(model.scores[tasks[0]].value())).name


def _or_least(value: float) -> float:
    return value if math.isfinite(value) else -math.inf


def chosen_metric(
    comparison: Comparison, task: str | None, metric: str | None, caller: str
) -> tuple[str, str]:
    """Return a task and one of its metrics: by default the first, and its main one.

    Raises
    ------
    InputError
        If nothing was scored, or there is no such task or metric.
    """
    if not comparison.task_names:
        raise InputError(
            f"{caller}: no model was scored, so there is nothing to draw. Give compare_models "
            "tasks, or look at the models' agreement: agreement_view(comparison.agreement)."
        )
    task = comparison.task_names[0] if task is None else task
    metrics = comparison.metrics(task)
    if metric is not None and metric not in metrics:
        raise InputError(f"{caller}: {task!r} has no {metric!r}. {suggest(metric, metrics)}")
    return task, metrics[0] if metric is None else metric
