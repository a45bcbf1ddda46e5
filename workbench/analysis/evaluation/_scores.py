"""TaskScores: what a model scored on a task, example by example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

import pandas as pd

from workbench._html import rows_table
from workbench.analysis.evaluation._statistics import statistic_of
from workbench.analysis.significance import Interval, intervals
from workbench.analysis.statistics import BestF1, Statistic
from workbench.errors import InputError, suggest
from workbench.models import ModelSpec

__all__ = ["FEW", "TaskScores"]

FEW = 30  # below this many examples a note says how rough intervals are


@dataclass(frozen=True, slots=True, eq=False)
class TaskScores:
    """What a model scored on a task.

    Parameters
    ----------
    task
        The task's name.
    kind
        ``sts``, ``pair_classification``, ``retrieval``, ``reranking``, ``clustering``,
        ``classification`` or ``custom``.
    metrics
        The metrics' names, the main one first; larger is better.
    spec
        The model.
    examples
        One row per example (n, at least 1): ``example`` (a distinct id), the numbers that the
        metrics are computed from, then the texts.
    prompts
        What was put in front of which texts; empty where nothing was.
    intervals
        Metric → its value and confidence interval over examples.
    notes
        Sentences about what was left out, truncated or done otherwise than asked.

    Raises
    ------
    InputError
        If there is no example, ids repeat, or a metric has no interval.
    """

    task: str
    kind: str
    metrics: tuple[str, ...]
    spec: ModelSpec
    examples: pd.DataFrame
    prompts: Mapping[str, str]
    intervals: Mapping[str, Interval]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if "example" not in self.examples or not self.examples["example"].is_unique:
            raise InputError(
                f"TaskScores of {self.task!r}: expected a column 'example' of distinct ids."
            )
        missing = [metric for metric in self.metrics if metric not in self.intervals]
        if self.examples.empty or not self.metrics or missing:
            raise InputError(
                f"TaskScores of {self.task!r}: expected at least one example and an interval for "
                f"each metric; missing: {missing or 'examples or metrics'}."
            )
        object.__setattr__(self, "examples", self.examples.reset_index(drop=True))
        object.__setattr__(self, "metrics", tuple(self.metrics))
        object.__setattr__(self, "notes", tuple(self.notes))
        object.__setattr__(self, "prompts", MappingProxyType(dict(self.prompts)))
        object.__setattr__(self, "intervals", MappingProxyType(dict(self.intervals)))

    @classmethod
    def of(
        cls,
        task: tuple[str, str, tuple[str, ...]],
        spec: ModelSpec,
        examples: pd.DataFrame,
        prompts: Mapping[str, str],
        *,
        notes: tuple[str, ...],
        random_state: int,
    ) -> TaskScores:
        """Return the scores with their intervals; ``task`` is its name, kind and metrics."""
        name, kind, metrics = task
        statistics = {metric: statistic_of(kind, metric, examples) for metric in metrics}
        found = intervals(statistics, random_state=random_state)
        n = len(examples)
        few = (f"{n} examples are few: the intervals are rough.",) if n < FEW else ()
        said = (*notes, *few, *_on_bias(found))
        return cls(name, kind, metrics, spec, examples, prompts, found, said)

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        # A read-only mapping cannot be pickled.
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        plain = {"prompts": dict(self.prompts), "intervals": dict(self.intervals)}
        return type(self), tuple({**values, **plain}.values())

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def main_metric(self) -> str:
        """The metric to decide by."""
        return self.metrics[0]

    def value(self, metric: str | None = None) -> float:
        """Return a metric's value over all examples; the main one's by default."""
        return float(self.intervals[self._known(metric)].estimate)

    def statistic(self, metric: str | None = None) -> Statistic:
        """Return a metric as a number that can be recomputed on resamples of the examples."""
        return statistic_of(self.kind, self._known(metric), self.examples)

    @property
    def threshold(self) -> float | None:
        """The similarity from which on a pair counts as alike, where F1 is best; else None."""
        if "best_f1" not in self.metrics:
            return None
        statistic = self.statistic("best_f1")
        return float(statistic.threshold()) if isinstance(statistic, BestF1) else None

    def title(self) -> str:
        """Return what was scored, for titles: task and model."""
        return f"{self.task} · {self.spec.title()}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per example: ``example``, its numbers, its texts."""
        return self.examples.copy()

    def summary(self) -> dict[str, float | int | str]:
        """Return the scores in numbers: a flat dict."""
        facts: dict[str, float | int | str] = {}
        for metric in self.metrics:
            interval = self.intervals[metric]
            facts[metric] = float(interval.estimate)
            facts[f"{metric}_low"] = float(interval.low)
            facts[f"{metric}_high"] = float(interval.high)
        if self.threshold is not None:
            facts["best_f1_threshold"] = self.threshold
        return {
            **facts,
            "examples": len(self),
            "task": self.task,
            "kind": self.kind,
            "model": self.spec.title(),
            **{f"prompt_{which}": text for which, text in self.prompts.items()},
            "notes": " ".join(self.notes),
        }

    def _repr_html_(self) -> str:
        rows: list[tuple[object, ...]] = []
        for metric in self.metrics:
            interval = self.intervals[metric]
            level = f"{interval.confidence:.0%}: {interval.low:.4g} to {interval.high:.4g}"
            rows.append((metric, float(interval.estimate), level))
        if self.threshold is not None:
            rows.append(("best_f1's threshold", self.threshold, ""))
        rows += [(f"in front of each {what}", repr(text), "") for what, text in self._said()]
        rows += [("note", note, "") for note in self.notes]
        title = f"{self.title()}, {len(self):,} examples"
        return rows_table(title, ("", "", "interval"), rows)

    def __repr__(self) -> str:
        main = f"{self.main_metric}={self.value():.4f}"
        return f"TaskScores({self.title()!r}, {len(self)} examples, {main})"

    def _said(self) -> list[tuple[str, str]]:
        return [(what, text) for what, text in self.prompts.items() if text]

    def _known(self, metric: str | None) -> str:
        chosen = self.main_metric if metric is None else metric
        if chosen not in self.metrics:
            raise InputError(
                f"{self.task!r} has no metric {chosen!r}. {suggest(str(chosen), self.metrics)}"
            )
        return chosen


def _on_bias(found: Mapping[str, Interval]) -> tuple[str, ...]:
    """Say why an interval may not hold the value that it stands beside."""
    return tuple(
        f"{metric} of so few examples comes out too high; its interval is of the true value, and "
        "lies below."
        for metric, interval in found.items()
        if interval.high < interval.estimate
    )
