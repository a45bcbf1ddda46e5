"""promote: register a model that passes a gate, and say why or why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from workbench._html import elide
from workbench._progress import showing
from workbench.analysis.comparison import Comparison, ModelResult
from workbench.analysis.evaluation import TaskScores
from workbench.analysis.significance import PairedDifference
from workbench.errors import InputError
from workbench.models import DenseEncoder, Encoder, LSAEncoder
from workbench.models.mlflow_uri import bounded, point_mlflow_at
from workbench.tracking._champion import Candidate, Rival, judged, unless_moved
from workbench.tracking._comparison import pairs_frame
from workbench.tracking._gate import Gate
from workbench.tracking._models import check_encoder
from workbench.tracking._promotion_run import keep_verdict
from workbench.tracking._registry import Registry, check_registry_names, identity
from workbench.tracking._store import connect, explained

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

__all__ = ["Promotion", "promote"]


@dataclass(frozen=True, slots=True, eq=False)
class Promotion:
    """What became of a promotion.

    Parameters
    ----------
    promoted
        Whether the model was registered and given the alias.
    version
        The version registered; None when it was refused.
    reasons
        Why, in sentences.
    model
        What the comparison calls the model.
    registered_name, alias
        Where it was to go.
    champion
        The version that had the alias before; None when there was none.
    differences
        Task → how the model differs from the champion on the main metric; empty when they were
        not compared.
    run_id
        The run that keeps all this.
    """

    promoted: bool
    version: str | None
    reasons: tuple[str, ...]
    model: str
    registered_name: str
    alias: str
    champion: str | None = None
    differences: Mapping[str, PairedDifference] = field(default_factory=dict)
    run_id: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reasons", tuple(self.reasons))
        object.__setattr__(self, "differences", MappingProxyType(dict(self.differences)))

    def title(self) -> str:
        """Return the outcome in a sentence, for titles."""
        place = f"{self.registered_name}@{self.alias}"
        if self.promoted:
            return f"{self.model} is {place} now, version {self.version}"
        return f"{self.model} was not promoted to {place}"

    def summary(self) -> dict[str, str | int]:
        """Return the outcome as a flat dict."""
        return {
            "promoted": int(self.promoted),
            "model": self.model,
            "registered_name": self.registered_name,
            "alias": self.alias,
            "version": self.version or "",
            "champion_before": self.champion or "",
            "reasons": " ".join(self.reasons),
            "run_id": self.run_id,
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per task: the paired difference from the champion, in full."""
        return pairs_frame(list(self.differences.items()))

    def _repr_html_(self) -> str:
        reasons = "".join(f"<li>{escape(elide(reason, 400))}</li>" for reason in self.reasons)
        return f"<p><strong>{escape(self.title())}</strong></p><ul>{reasons}</ul>"

    def __repr__(self) -> str:
        return f"Promotion({self.title()!r})"


def promote(
    comparison: Comparison,
    model: str,
    registered_name: str,
    *,
    alias: str = "champion",
    gate: Gate | None = None,
    uri: str | None = None,
) -> Promotion:
    """Register a model of a comparison under an alias, if it passes a gate.

    The version that has the alias, if one has, is loaded and scored again on the same examples.
    A model that passes is logged with its weights and registered, and the alias moves to it; one
    that does not changes nothing in the registry. Either way a run of the experiment
    ``promotions of <registered_name>`` keeps what was asked, measured and decided. No texts are
    written; but an LSA model consists of words of the texts that it was fitted on.

    Parameters
    ----------
    comparison
        What `compare_models` returned; not one that was loaded.
    model
        The name of one of its models: ``comparison.decision.model``, say.
    registered_name
        The registered model; created when there is none of that name.
    alias
        The alias: ``models:/<registered_name>@<alias>`` is what `load_encoder` then takes.
    gate
        What the model must show; by default, that it is not shown worse than the champion.
    uri
        The store; by default as for `track`.

    Returns
    -------
    Promotion
        Refused too when the model is the champion already.

    Raises
    ------
    InputError
        If the comparison has no such model, the model was not scored on all tasks, has changed
        since or cannot be logged, a floor is of no task, or a name cannot be used.
    ModelUnavailableError
        If the champion cannot be loaded; ``Gate(not_worse=False)`` does not load it.
    TrackingUnavailableError
        If the store does not answer, or does not take it.
    """
    asked = _checked_gate(gate)
    result = _candidate(comparison, model)
    targets = asked.targets(comparison)
    check_registry_names(registered_name, alias)
    encoder = _loggable(result)
    client, chosen = connect(uri)
    registry = Registry(client, chosen, registered_name, alias)
    verdict = judged(
        Candidate(result.name, result.scores, identity(encoder.spec), result.name),
        asked,
        targets,
        registry,
        lambda champion: _rival(comparison, registry, champion),
        random_state=comparison.random_state,
    )
    with explained(chosen), bounded():
        point_mlflow_at(chosen)
        verdict = unless_moved(registry, verdict)
        run_id, version = keep_verdict(registry, comparison, result, encoder, verdict, asked)
    return Promotion(
        verdict.promoted,
        version,
        verdict.reasons,
        result.name,
        registered_name,
        alias,
        verdict.champion,
        verdict.differences,
        run_id,
    )


def _checked_gate(gate: object) -> Gate:
    if gate is None:
        return Gate()
    if not isinstance(gate, Gate):
        raise InputError(
            f"promote: gate is a wb.Gate, wb.Gate({{'sts: pairs': 0.75}}) say; got {gate!r:.80}."
        )
    return gate


def _candidate(comparison: object, model: str) -> ModelResult:
    """Return the model that is to be promoted, if the comparison says enough of it."""
    if not isinstance(comparison, Comparison):
        raise InputError(
            f"promote: expected a Comparison; got {type(comparison).__name__}. "
            "wb.compare_models makes one."
        )
    result = comparison.model(model)
    if result.encoder is None:
        raise InputError(
            "promote: this comparison was loaded, so it holds neither the models nor the tasks "
            "to score the champion on. Run wb.compare_models again, and promote what it returns."
        )
    if not comparison.tasks:
        raise InputError(
            "promote: nothing was scored in this comparison, so there is nothing to decide by. "
            "Give wb.compare_models tasks, [wb.tasks.clustering('topic')] say."
        )
    missing = [task.name for task in comparison.tasks if task.name not in result.scores]
    if missing:
        raise InputError(
            f"promote: {model!r} was not scored on {', '.join(map(repr, missing))}: "
            f"{result.failure or 'it failed.'}"
        )
    return result


def _loggable(result: ModelResult) -> DenseEncoder | LSAEncoder:
    """Return the encoder as MLflow can keep it, if it still is what was compared."""
    encoder = check_encoder(result.encoder, texts=True)
    if identity(encoder.spec) != identity(result.spec):
        raise InputError(
            f"promote: {result.name!r} has changed since it was compared. Run wb.compare_models "
            "again, and promote what it returns."
        )
    return encoder


def _rival(comparison: Comparison, registry: Registry, champion: ModelVersion) -> Rival:
    """Return the champion's encoder, to be scored on the comparison's tasks."""
    encoder = registry.encoder(champion)
    return Rival(identity(encoder.spec), lambda: _scored_again(comparison, encoder))


def _scored_again(comparison: Comparison, encoder: Encoder) -> dict[str, TaskScores]:
    """Return the champion's scores on the comparison's tasks."""
    found: dict[str, TaskScores] = {}
    with showing(True, "Scoring the champion", unit=" tasks") as report:
        for done, task in enumerate(comparison.tasks, 1):
            found[task.name] = task.score(
                encoder,
                corpus=comparison.corpus,
                progress=False,
                random_state=comparison.random_state,
            )
            report(done, len(comparison.tasks))
    return found
