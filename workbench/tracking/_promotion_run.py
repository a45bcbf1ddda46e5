"""The run that keeps a promotion, granted or refused: what was asked, measured, and decided."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from workbench.analysis.comparison import Comparison, ModelResult
from workbench.analysis.evaluation import TaskScores
from workbench.analysis.significance import PairedDifference
from workbench.models import DenseEncoder, LSAEncoder
from workbench.tracking._comparison import legal_names, measured_of, pairs_frame, task_data
from workbench.tracking._gate import Gate
from workbench.tracking._models import save_encoder
from workbench.tracking._nested import Measured, as_metrics, give_up, inputs_of, spec_params
from workbench.tracking._privacy import Privacy
from workbench.tracking._record import split
from workbench.tracking._registry import Registry, identity
from workbench.tracking._sender import Sender
from workbench.tracking._store import experiment
from workbench.tracking._tables import write_table

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["Verdict", "keep_verdict"]

_MOST_CHARACTERS = 500  # of a param
_MOST_IN_A_TAG = 5000


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What a gate said of a model.

    Parameters
    ----------
    promoted
        Whether it passed.
    reasons
        Why, in sentences.
    champion
        The version it was held against; None when there is none.
    differences
        Task → how it differs from the champion; empty when they were not compared.
    scores
        Task → the champion's scores.
    """

    promoted: bool
    reasons: tuple[str, ...]
    champion: str | None = None
    differences: Mapping[str, PairedDifference] = field(default_factory=dict)
    scores: Mapping[str, TaskScores] = field(default_factory=dict)


def keep_verdict(
    registry: Registry,
    comparison: Comparison,
    model: ModelResult,
    encoder: DenseEncoder | LSAEncoder,
    verdict: Verdict,
    gate: Gate,
) -> tuple[str, str | None]:
    """Write the run, and the new version if the model is promoted; return the ids of both."""
    from mlflow.tracking.context.registry import resolve_tags

    client = registry.client
    experiment_id = experiment(client, f"promotions of {registry.name}"[:500], registry.uri)
    title = f"{model.name} as {registry.name}@{registry.alias}"
    created = client.create_run(experiment_id, tags=resolve_tags(), run_name=title[:500])
    run_id, version = str(created.info.run_id), None
    try:
        _describe(client, run_id, registry, model, verdict, gate)
        model_id = None
        if verdict.promoted:
            model_id = _send_weights(client, run_id, experiment_id, encoder)
        _send_numbers(client, run_id, model_id, comparison, model, verdict)
        if model_id is not None:
            said = "\n".join([f"{title}, decided by run {run_id}.", *_listed(verdict.reasons)])
            tags = {"workbench.run": run_id, "workbench.model": model.name}
            reasons = {"workbench.reasons": "\n".join(verdict.reasons)}
            version = registry.register(
                model_id, run_id, identity(encoder.spec), tags | reasons, said
            )
            client.set_tag(run_id, "workbench.version", version)
        client.set_terminated(run_id, "FINISHED")
    except BaseException:
        give_up(client, run_id)
        raise
    return run_id, version


def _describe(
    client: MlflowClient,
    run_id: str,
    registry: Registry,
    model: ModelResult,
    verdict: Verdict,
    gate: Gate,
) -> None:
    """Write what was asked and why it was granted or refused."""
    from mlflow.entities import Param, RunTag

    asked = {
        "promotion/model": model.name,
        "promotion/registered_name": registry.name,
        "promotion/alias": registry.alias,
        "promotion/champion": verdict.champion or "none",
        "gate/floors": json.dumps(dict(gate.floors)),
        "gate/not_worse": str(gate.not_worse),
        "gate/alpha": str(gate.alpha),
    }
    params = {**spec_params(model.spec), **asked}
    outcome = "promoted" if verdict.promoted else "refused"
    note = "\n".join([f"**{outcome}**", "", *_listed(verdict.reasons)])
    tags = {
        "workbench.promotion": outcome,
        "workbench.reasons": "\n".join(verdict.reasons)[:_MOST_IN_A_TAG],
        "mlflow.note.content": note[:_MOST_IN_A_TAG],
    }
    client.log_batch(
        run_id,
        params=[Param(key, word[:_MOST_CHARACTERS]) for key, word in params.items()],
        tags=[RunTag(key, word) for key, word in tags.items()],
    )


def _listed(sentences: tuple[str, ...]) -> list[str]:
    return [f"- {sentence}" for sentence in sentences]


def _send_weights(
    client: MlflowClient, run_id: str, experiment_id: str, encoder: DenseEncoder | LSAEncoder
) -> str:
    from mlflow.models import Model

    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        save_encoder(encoder, folder, Model(run_id=run_id))
        sender = Sender(client, run_id, experiment_id, Privacy())
        return str(sender.send_encoder(encoder.spec, "encoder", folder).model_id)


def _send_numbers(
    client: MlflowClient,
    run_id: str,
    model_id: str | None,
    comparison: Comparison,
    model: ModelResult,
    verdict: Verdict,
) -> None:
    """Write the scores of both and their differences, each linked to its data set."""
    from mlflow.entities import Metric

    data = task_data(comparison, Privacy())
    names = legal_names(comparison.task_names, ("champion", "difference"))
    measured, _ = measured_of(model, names, data)
    client.log_inputs(run_id, datasets=inputs_of(measured))
    metrics: list[Metric] = as_metrics(measured, run_id, model_id)
    others = [
        Measured(data[task], split(scores, f"champion/{names[task]}")[0])
        for task, scores in verdict.scores.items()
    ]
    others += [
        Measured(data[task], _difference_numbers(found, f"difference/{names[task]}"))
        for task, found in verdict.differences.items()
    ]
    client.log_batch(run_id, metrics=[*metrics, *as_metrics(others, run_id)])
    if verdict.differences:
        with TemporaryDirectory() as scratch:
            rows = [(task, found) for task, found in verdict.differences.items()]
            write_table(pairs_frame(rows), Path(scratch) / "tables" / "differences.parquet")
            client.log_artifacts(run_id, scratch)


def _difference_numbers(found: PairedDifference, prefix: str) -> dict[str, float]:
    metric = found.metric.replace("@", "_at_")
    numbers = {
        f"{prefix}/{metric}": found.difference,
        f"{prefix}/{metric}_low": found.low,
        f"{prefix}/{metric}_high": found.high,
        f"{prefix}/{metric}_p_value": found.p_value,
    }
    return {key: float(number) for key, number in numbers.items() if math.isfinite(number)}
