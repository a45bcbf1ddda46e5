"""Runs of models nested in a run: what was measured of each, linked to its model and its data."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.models import ModelSpec
from workbench.models.mlflow_uri import silence
from workbench.tracking._datasets import DataSet, as_input
from workbench.tracking._tables import readable

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Metric

__all__ = [
    "FAILURE",
    "PARENT",
    "Measured",
    "ModelRecord",
    "as_metrics",
    "give_up",
    "inputs_of",
    "send_model",
    "spec_params",
]

PARENT = "mlflow.parentRunId"
FAILURE = "workbench.failure"
_MOST_CHARACTERS = 500  # of a param; older servers refuse longer ones
_MOST_IN_A_TAG = 5000
_BARRED = str.maketrans(dict.fromkeys("/:.%\"'", "_"))  # in the name of a logged model


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Numbers, under names that MLflow accepts, and the data they were measured on."""

    data: DataSet
    numbers: dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class ModelRecord:
    """One model of a comparison, ready to be sent.

    Parameters
    ----------
    name
        What the comparison calls it.
    spec
        What it is.
    measured
        Its numbers.
    params
        Its words.
    files
        A folder with its artifacts.
    failure
        What it failed at, and why; empty when at nothing.
    """

    name: str
    spec: ModelSpec
    measured: tuple[Measured, ...]
    params: dict[str, str]
    files: Path
    failure: str = ""

    @property
    def numbers(self) -> dict[str, float]:
        """All its numbers."""
        return {key: number for part in self.measured for key, number in part.numbers.items()}


def send_model(
    client: MlflowClient, parent_id: str, experiment_id: str, record: ModelRecord
) -> str:
    """Write a model's run below a parent run, end it, and return its id.

    The model is logged without weights, as what the numbers are of: two models of one run would
    overwrite each other's.
    """
    from mlflow.entities import Param, RunTag
    from mlflow.tracking.context.registry import resolve_tags

    tags = {**resolve_tags(), PARENT: parent_id}
    run = client.create_run(
        experiment_id, tags=tags, run_name=readable(record.name)[:_MOST_CHARACTERS]
    )
    run_id = str(run.info.run_id)
    try:
        client.log_artifacts(run_id, str(record.files))
        client.log_inputs(run_id, datasets=inputs_of(record.measured))
        model_id = _describe_model(client, experiment_id, run_id, record)
        metrics = as_metrics(record.measured, run_id, model_id)
        params = [Param(key, word) for key, word in record.params.items()]
        failed = (
            [RunTag(FAILURE, readable(record.failure)[:_MOST_IN_A_TAG])] if record.failure else []
        )
        client.log_batch(run_id, metrics=metrics, params=params, tags=failed)
        client.set_terminated(run_id, "FAILED" if record.failure else "FINISHED")
    except BaseException:
        give_up(client, run_id)
        raise
    return run_id


def _describe_model(
    client: MlflowClient, experiment_id: str, run_id: str, record: ModelRecord
) -> str:
    """Log what the model is, without its weights, and return MLflow's id of it."""
    from mlflow.entities import LoggedModelOutput

    logged = client.create_logged_model(
        experiment_id,
        readable(record.name).translate(_BARRED)[:_MOST_CHARACTERS],
        run_id,
        params=spec_params(record.spec),
        model_type="encoder",
    )
    scored = not record.failure or bool(record.measured)
    client.finalize_logged_model(logged.model_id, "READY" if scored else "FAILED")
    client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
    return str(logged.model_id)


def spec_params(spec: ModelSpec) -> dict[str, str]:
    """Return what a model is as params."""
    return {key: readable(fact)[:_MOST_CHARACTERS] for key, fact in spec.summary().items()}


def as_metrics(
    measured: Iterable[Measured], run_id: str, model_id: str | None = None
) -> list[Metric]:
    """Return numbers as MLflow takes them: of a run, a model and a data set."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    return [
        Metric(
            key=key,
            value=number,
            timestamp=now,
            step=0,
            model_id=model_id,
            dataset_name=part.data.name[:_MOST_CHARACTERS],
            dataset_digest=part.data.digest,
            run_id=run_id,
        )
        for part in measured
        for key, number in part.numbers.items()
    ]


def give_up(client: MlflowClient, run_id: str) -> None:
    """Mark a run that was not written to the end as failed, if anything still answers."""
    from mlflow.exceptions import MlflowException

    if not silence(client.tracking_uri):
        with suppress(MlflowException, OSError):
            client.set_terminated(run_id, "FAILED")


def inputs_of(measured: Sequence[Measured]) -> list[DatasetInput]:
    """Describe to MLflow what numbers were measured on, each data set once."""
    distinct = {(part.data.name, part.data.digest): part.data for part in measured}
    return [as_input(data, "eval") for data in distinct.values()]
