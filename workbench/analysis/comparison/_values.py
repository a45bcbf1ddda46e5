"""Comparison: what was measured of several models on the same texts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd

from workbench._html import rows_table
from workbench.analysis.agreement import ModelAgreement
from workbench.analysis.audit import TruncationAudit
from workbench.analysis.comparison._decision import Decision, decide
from workbench.analysis.cost import ModelCost
from workbench.analysis.evaluation import Task, TaskScores
from workbench.analysis.geometry import Geometry
from workbench.analysis.significance import PairedDifference
from workbench.corpus import Corpus
from workbench.errors import InputError, suggest
from workbench.models import Encoder, ModelSpec

__all__ = ["Comparison", "ModelResult"]


@dataclass(frozen=True, slots=True, eq=False)
class ModelResult:
    """What was measured of one model; what it failed at is missing.

    Parameters
    ----------
    name
        What the comparison calls it.
    spec
        What it is.
    audit
        Which texts it does not read to the end.
    cost
        What it costs to run.
    geometry
        Hubness and anisotropy of its vectors.
    scores
        Task name → scores.
    failure
        What it failed at, and why; empty when at nothing.
    encoder
        The model itself; None in a comparison that was loaded.
    """

    name: str
    spec: ModelSpec
    audit: TruncationAudit | None = None
    cost: ModelCost | None = None
    geometry: Geometry | None = None
    scores: Mapping[str, TaskScores] = field(default_factory=dict)
    failure: str = ""
    encoder: Encoder | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", MappingProxyType(dict(self.scores)))


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Several models on the same texts.

    Parameters
    ----------
    corpus
        The texts.
    models
        One result per model, in the order given.
    differences
        (task name, metric) → the paired difference of every two models, Holm's correction over
        the pairs.
    agreement
        How alike the models' neighbourhoods are, without labels; None when fewer than two
        models, or fewer than three texts, could be compared.
    tasks
        The tasks; empty in a comparison that was loaded.
    random_state
        The seed of all that was drawn.
    """

    corpus: Corpus
    models: tuple[ModelResult, ...]
    differences: Mapping[tuple[str, str], tuple[PairedDifference, ...]]
    agreement: ModelAgreement | None = None
    tasks: tuple[Task, ...] = ()
    random_state: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "differences", MappingProxyType(dict(self.differences)))

    @property
    def names(self) -> tuple[str, ...]:
        """The models' names."""
        return tuple(model.name for model in self.models)

    @property
    def task_names(self) -> tuple[str, ...]:
        """The names of the tasks that at least one model was scored on, in order."""
        return tuple(dict.fromkeys(task for model in self.models for task in model.scores))

    @property
    def fingerprint(self) -> str:
        """A hash over the corpus, the models and the tasks: what links figures of a comparison."""
        revisions = [(model.name, model.spec.revision) for model in self.models]
        parts = repr((self.corpus.fingerprint, revisions, self.task_names))
        return hashlib.blake2b(parts.encode(), digest_size=8).hexdigest()

    def model(self, name: str) -> ModelResult:
        """Return one model's result.

        Raises
        ------
        InputError
            If there is none of that name.
        """
        for model in self.models:
            if model.name == name:
                return model
        raise InputError(f"The comparison has no model {name!r}. {suggest(name, self.names)}")

    def metrics(self, task: str) -> tuple[str, ...]:
        """Return a task's metrics, the main one first.

        Raises
        ------
        InputError
            If there is no task of that name.
        """
        for model in self.models:
            if task in model.scores:
                return model.scores[task].metrics
        raise InputError(f"The comparison has no task {task!r}. {suggest(task, self.task_names)}")

    def difference(self, task: str, metric: str, model: str, reference: str) -> PairedDifference:
        """Return how a model differs from a reference: positive when the model scores higher.

        Raises
        ------
        InputError
            If the two were not compared on that metric.
        """
        for found in self.differences.get((task, metric), ()):
            if (found.a, found.b) == (model, reference):
                return found
            if (found.a, found.b) == (reference, model):
                return _turned(found)
        raise InputError(
            f"The comparison has no difference of {model!r} and {reference!r} in {metric!r} on "
            f"{task!r}. Compared: {', '.join(self.names)}; tasks: {', '.join(self.task_names)}."
        )

    @property
    def decision(self) -> Decision:
        """Which model to take, on what evidence, at what cost, and what is not known."""
        return decide(self.models, self.differences, self.corpus)

    def title(self) -> str:
        """Return what was compared, for titles."""
        return f"{self.corpus.name} · {len(self.models)} models compared"

    def to_frame(self, format: Literal["wide", "long"] = "long") -> pd.DataFrame:
        """Return the scores as a table, with the column names of MTEB's results.

        Parameters
        ----------
        format
            ``"long"``: one row per model, task and metric: ``model_name``, ``model_revision``,
            ``task_name``, ``metric``, ``score``, ``low``, ``high``, ``examples``. ``"wide"``: one
            row per task with its main metric, one column per model.

        Raises
        ------
        InputError
            If the format is neither.
        """
        if format not in ("wide", "long"):
            raise InputError(f"to_frame: format is 'wide' or 'long'; got {format!r}.")
        if format == "long":
            return pd.DataFrame(self._long_rows(), columns=list(_LONG))
        rows = [
            {
                "task_name": task,
                "metric": (metric := self.metrics(task)[0]),
                **{model.name: _score(model, task, metric) for model in self.models},
            }
            for task in self.task_names
        ]
        return pd.DataFrame(rows, columns=["task_name", "metric", *self.names])

    def _long_rows(self) -> list[tuple[object, ...]]:
        return [
            (
                model.name,
                model.spec.revision,
                task,
                metric,
                scores.value(metric),
                scores.intervals[metric].low,
                scores.intervals[metric].high,
                len(scores.examples),
            )
            for model in self.models
            for task, scores in model.scores.items()
            for metric in scores.metrics
        ]

    def summary(self) -> dict[str, Any]:
        """Return the comparison in numbers: a flat dict."""
        return {
            "models": len(self.models),
            "failed": sum(bool(model.failure) for model in self.models),
            "tasks": len(self.task_names),
            "texts": len(self.corpus),
            "recommended": self.decision.model or "",
            "random_state": self.random_state,
            "corpus_fingerprint": self.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        tasks = self.task_names
        rows = [
            (model.name, *(_cell(model, task) for task in tasks), model.failure)
            for model in self.models
        ]
        header = ("model", *(f"{task}, {self.metrics(task)[0]}" for task in tasks), "")
        return rows_table(f"{self.title()}. {self.decision.sentence}", header, rows)

    def __repr__(self) -> str:
        return f"Comparison({len(self.models)} models, {len(self.task_names)} tasks)"


_LONG = (
    "model_name",
    "model_revision",
    "task_name",
    "metric",
    "score",
    "low",
    "high",
    "examples",
)


_OTHER_WAY = {"better": "worse", "worse": "better"}


def _turned(found: PairedDifference) -> PairedDifference:
    """Return a difference seen from the other model."""
    return replace(
        found,
        a=found.b,
        b=found.a,
        difference=-found.difference + 0.0,  # no -0.0
        low=-found.high + 0.0,
        high=-found.low + 0.0,
        effect_size=-found.effect_size + 0.0,
        verdict=_OTHER_WAY.get(found.verdict, found.verdict),
    )


def _score(model: ModelResult, task: str, metric: str) -> float:
    scores = model.scores.get(task)
    return scores.value(metric) if scores is not None else float(np.nan)


def _cell(model: ModelResult, task: str) -> str:
    scores = model.scores.get(task)
    if scores is None:
        return "–"
    found = scores.intervals[scores.main_metric]
    return f"{found.estimate:.3f} [{found.low:.3f}, {found.high:.3f}]"
