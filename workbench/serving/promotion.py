"""promote_model: the gate for models that answer, as `promote` has it for encoders."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.analysis.evaluation import TaskScores
from workbench.analysis.significance import PairedDifference
from workbench.errors import InputError, WorkbenchError
from workbench.models.mlflow_uri import bounded
from workbench.serving._base import ServedModel
from workbench.serving.card import model_card
from workbench.serving.loading import load_model
from workbench.tracking import Gate, Promotion, Run, track
from workbench.tracking._registry import Registry, check_registry_names
from workbench.tracking._store import connect, explained

__all__ = ["promote_model"]


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """A model's scores by task, as a gate reads them."""

    name: str
    scores: Mapping[str, TaskScores]

    @property
    def task_names(self) -> tuple[str, ...]:
        return tuple(self.scores)

    def metrics(self, task: str) -> tuple[str, ...]:
        return self.scores[task].metrics


@dataclass(frozen=True, slots=True, eq=False)
class _Verdict:
    promoted: bool
    reasons: tuple[str, ...]
    champion: str | None


def promote_model(
    model: ServedModel,
    registered_name: str,
    examples: Sequence[object],
    *,
    alias: str = "champion",
    gate: Gate | None = None,
    limits: Sequence[str] = (),
    uri: str | None = None,
) -> Promotion:
    """Register a model that answers under an alias, if it passes a gate.

    It is scored on the examples; the version that has the alias is loaded and scored on the same.
    A model that passes is logged with its card and registered, and the alias moves to it; one
    that does not changes nothing in the registry. Either way a run of the experiment
    ``promotions of <registered_name>`` keeps scores and reasons.

    Parameters
    ----------
    model
        The model.
    registered_name
        The registered model; created when there is none of that name.
    examples
        What it is scored on, as the model's ``score`` takes them: RetrievalSets for a search,
        SentencePairs for similarity.
    alias
        The alias: ``models:/<registered_name>@<alias>`` is what `load_model` and `serve` take.
    gate
        What the model must show; by default, that it is not shown worse than the champion.
    limits
        Sentences for the model card on what it is not good for.
    uri
        The store; by default as for `track`.

    Raises
    ------
    InputError
        If there is no example, or the model takes none of these; a floor is of no task; or a name
        cannot be used.
    ModelUnavailableError
        If the champion cannot be loaded; ``Gate(not_worse=False)`` does not load it.
    TrackingUnavailableError
        If the store does not answer.
    """
    asked = Gate() if gate is None else gate
    check_registry_names(registered_name, alias, "promote_model")
    _check(model, examples, asked)
    candidate = _scored(model.kind, model, examples)
    targets = asked.targets(candidate)
    client, chosen = connect(uri)
    registry = Registry(client, chosen, registered_name, alias)
    held, floors = asked.held_to_floors(candidate, targets)
    verdict, differences = _against_champion(model, candidate, examples, asked, registry)
    promoted = held and verdict.promoted
    reasons = (*floors, *verdict.reasons)
    with track(f"promotions of {registered_name}"[:500], chosen) as run:
        version = _kept(run, registry, model, candidate, promoted, reasons, limits)
    return Promotion(
        promoted,
        version,
        reasons,
        repr(model),
        registered_name,
        alias,
        verdict.champion,
        differences,
        run.id,
    )


def _check(model: object, examples: object, gate: object) -> None:
    if not isinstance(model, ServedModel):
        raise InputError(
            "promote_model: expected a model that answers, wb.SemanticSearchModel(index) say; got "
            f"{type(model).__name__}. Encoders go through wb.promote."
        )
    if not isinstance(gate, Gate):
        raise InputError(
            f"promote_model: gate is a wb.Gate, wb.Gate({{'retrieval: faq': 0.5}}) say; got "
            f"{gate!r:.80}."
        )
    if not isinstance(examples, list | tuple) or not examples:
        raise InputError(
            "promote_model: examples is a list of what the model is scored on, "
            f"[wb.samples.faq()] say; got {type(examples).__name__}."
        )


def _scored(name: str, model: ServedModel, examples: Sequence[object]) -> _Scored:
    found = [model.score(one) for one in examples]
    return _Scored(name, {one.task: one for one in found})


def _against_champion(
    model: ServedModel,
    candidate: _Scored,
    examples: Sequence[object],
    gate: Gate,
    registry: Registry,
) -> tuple[_Verdict, Mapping[str, PairedDifference]]:
    """Hold a model against the version that has the alias."""
    place = f"{registry.name}@{registry.alias}"
    with explained(registry.uri), bounded():
        champion = registry.champion()
    if champion is None:
        said = f"There is no {place} yet: nothing to compare with."
        return _Verdict(True, (said,), None), {}
    version = str(champion.version)
    if registry.is_of(champion, model.identity):
        said = f"This model is {place} already, as version {version}."
        return _Verdict(False, (said,), version), {}
    if not gate.not_worse:
        said = f"Not compared with version {version}, which is {place} (not_worse=False)."
        return _Verdict(True, (said,), version), {}
    with registry.files(champion) as folder:
        other = load_model(folder)
    try:
        theirs = _scored(f"version {version}", other, examples)
    except WorkbenchError as error:
        said = (
            f"Version {version}, which is {place}, could not be scored on these examples: {error} "
            "Gate(not_worse=False) does not ask for it."
        )
        return _Verdict(False, (said,), version), {}
    differences = gate.against(candidate, f"version {version}", theirs.scores, 0)
    held, reasons = gate.held_to_champion(differences)
    return _Verdict(held, tuple(reasons), version), differences


def _kept(
    run: Run,
    registry: Registry,
    model: ServedModel,
    candidate: _Scored,
    promoted: bool,
    reasons: Sequence[str],
    limits: Sequence[str],
) -> str | None:
    """Keep scores and reasons in a run; register a model that passed, and return its version."""
    outcome = "promoted" if promoted else "refused"
    listed = [f"- {reason}" for reason in reasons]
    tags = {
        "workbench.promotion": outcome,
        "workbench.reasons": "\n".join(reasons)[:5000],
        "mlflow.note.content": "\n".join([f"**{outcome}**", "", *listed])[:5000],
        "workbench.scores": json.dumps({t: s.value() for t, s in candidate.scores.items()}),
    }
    with explained(registry.uri), bounded():
        for key, word in tags.items():
            registry.client.set_tag(run.id, key, word)
    if not promoted:
        for task, scores in candidate.scores.items():
            run.log(scores, f"scores {task}"[:60].translate(str.maketrans(":/", "  ")))
        return None
    info = run.log_model(model, "model", scores=list(candidate.scores.values()), limits=limits)
    with explained(registry.uri), bounded():
        card = model_card(model, list(candidate.scores.values()), limits)
        said = "\n".join([f"Decided by run {run.id}.", "", *listed, "", card])[:5000]
        return registry.register(
            str(info.model_id),
            run.id,
            model.identity,
            {"workbench.kind": model.kind, "workbench.run": run.id},
            said,
        )
