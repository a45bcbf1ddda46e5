"""Gate: what a model must show before it is promoted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from types import MappingProxyType
from typing import Protocol

from workbench.analysis.evaluation import TaskScores
from workbench.analysis.significance import PairedDifference, paired_differences
from workbench.errors import InputError, suggest

__all__ = ["Gate"]


class Tasks(Protocol):
    """What was scored: a comparison, or one model's scores."""

    @property
    def task_names(self) -> tuple[str, ...]:
        """The tasks' names."""

    def metrics(self, task: str, /) -> tuple[str, ...]:
        """Return a task's metrics, the main one first."""


class Scored(Protocol):
    """A model with its scores by task."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def scores(self) -> Mapping[str, TaskScores]:
        """Task → scores."""


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """What a model must show before it is promoted.

    Parameters
    ----------
    floors
        Task, or ``"task/metric"`` → the least score. A task alone means its main metric. The
        score itself counts (the point estimate), not the low end of its interval.
    not_worse
        Whether the champion is scored again, and the model refused if a paired test shows it
        worse on the main metric of any task. Each task is tested by itself: no correction, which
        errs towards refusing. What cannot be told apart passes.
    alpha
        The level of that test, above 0 and at most 0.5.

    Raises
    ------
    InputError
        If a floor is no finite number, or ``alpha`` is out of range.
    """

    floors: Mapping[str, float] = field(default_factory=dict)
    not_worse: bool = True
    alpha: float = 0.05

    def __post_init__(self) -> None:
        given: object = self.floors
        if not isinstance(given, Mapping):
            raise InputError(
                "Gate: floors is a dict, {'sts: pairs': 0.75} say; got "
                f"{type(given).__name__} {given!r:.80}."
            )
        floors = {str(what): _number(floor) for what, floor in given.items()}
        for what, floor in floors.items():
            if not math.isfinite(floor):
                raise InputError(
                    f"Gate: the floor of {what!r} must be a number; got {given[what]!r:.80}."
                )
        if self.not_worse not in (True, False):
            raise InputError(f"Gate: not_worse is True or False; got {self.not_worse!r:.80}.")
        if not 0 < _number(self.alpha) <= 0.5:
            raise InputError(f"Gate: alpha must be above 0, at most 0.5; got {self.alpha!r:.80}.")
        object.__setattr__(self, "floors", MappingProxyType(floors))
        object.__setattr__(self, "alpha", float(self.alpha))

    def targets(self, comparison: Tasks) -> dict[tuple[str, str], float]:
        """Return the floors by task and metric.

        Raises
        ------
        InputError
            If the comparison has no such task or metric.
        """
        return {_target(what, comparison): floor for what, floor in self.floors.items()}

    def held_to_floors(
        self, model: Scored, targets: Mapping[tuple[str, str], float]
    ) -> tuple[bool, list[str]]:
        """Return whether a model meets every floor, and a sentence on each."""
        sentences, held = [], True
        for (task, metric), floor in targets.items():
            found = model.scores[task].intervals[metric]
            met = found.estimate >= floor
            held = held and met
            sentences.append(
                f"{task}: {metric} {found.estimate:.4g} {'meets' if met else 'is below'} the "
                f"floor {floor:.4g} (the point estimate counts; {found.confidence:.0%} interval "
                f"{found.low:.4g} to {found.high:.4g})."
            )
        return held, sentences

    def against(
        self, model: Scored, champion: str, scores: Mapping[str, TaskScores], seed: int
    ) -> dict[str, PairedDifference]:
        """Return, by task, how a model differs from the champion on the main metric.

        Raises
        ------
        InputError
            If the champion was scored on other examples.
        """
        return {
            task: _difference(model.name, own, champion, scores[task], 1 - self.alpha, seed)
            for task, own in model.scores.items()
        }

    def held_to_champion(
        self, differences: Mapping[str, PairedDifference]
    ) -> tuple[bool, list[str]]:
        """Return whether no difference is shown to the worse, and a sentence on each."""
        sentences = []
        for task, found in differences.items():
            shown = {"better": "shown better", "worse": "shown worse"}
            verdict = shown.get(found.verdict, "not shown worse")
            sentences.append(
                f"{task}: {verdict} than {found.b} in {found.metric} (difference "
                f"{found.difference:+.4g}, {1 - self.alpha:.0%} interval {found.low:+.4g} "
                f"to {found.high:+.4g}, p = {found.p_value:.3g}, {found.n:,} examples)."
            )
        return all(found.verdict != "worse" for found in differences.values()), sentences


def _number(value: object) -> float:
    """Return a number as float; NaN for what is none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    return float(value)


def _target(what: str, comparison: Tasks) -> tuple[str, str]:
    """Return the task and metric that a floor names; a task's name may hold a slash."""
    if what in comparison.task_names:
        return what, comparison.metrics(what)[0]
    task, slash, metric = what.rpartition("/")
    if not slash or task not in comparison.task_names:
        raise InputError(
            f"Gate: there is no task {what!r} to set a floor for. "
            f"{suggest(task or what, comparison.task_names)}"
        )
    if metric not in comparison.metrics(task):
        raise InputError(
            f"Gate: {task!r} has no metric {metric!r}. {suggest(metric, comparison.metrics(task))}"
        )
    return task, metric


def _difference(
    model: str, own: TaskScores, champion: str, theirs: TaskScores, confidence: float, seed: int
) -> PairedDifference:
    if tuple(own.examples["example"]) != tuple(theirs.examples["example"]):
        raise InputError(
            f"promote: {own.task} gave the champion other examples than {model!r}; a paired test "
            "needs the same ones."
        )
    metric = own.main_metric
    (found,) = paired_differences(
        {model: own.statistic(metric), champion: theirs.statistic(metric)},
        metric=metric,
        confidence=confidence,
        random_state=seed,
    )
    return found
