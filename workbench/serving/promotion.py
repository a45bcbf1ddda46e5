"""promote_model: the gate for models that answer, as `promote` has it for encoders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.analysis.evaluation import TaskScores
from workbench.errors import InputError
from workbench.models.mlflow_uri import IDENTITY, bounded
from workbench.serving._base import ServedModel
from workbench.serving.card import model_card
from workbench.serving.loading import load_model
from workbench.tracking import Gate, Promotion, Run, track
from workbench.tracking._champion import Candidate, Rival, judged, unless_moved
from workbench.tracking._promotion_run import Verdict
from workbench.tracking._registry import Registry, check_registry_names
from workbench.tracking._store import connect, explained

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

__all__ = ["promote_model"]


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
        a reranker or a sparse encoder, SentencePairs for similarity.
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
    candidate = Candidate(model.kind, _scored(model, examples), model.identity, "This model")
    targets = asked.targets(candidate)
    client, chosen = connect(uri)
    registry = Registry(client, chosen, registered_name, alias)
    verdict = judged(
        candidate, asked, targets, registry, lambda champion: _rival(registry, champion, examples)
    )
    with explained(chosen), bounded():
        verdict = unless_moved(registry, verdict)
    with track(f"promotions of {registered_name}"[:500], chosen) as run:
        version = _kept(run, registry, model, candidate, verdict, limits)
    return Promotion(
        verdict.promoted,
        version,
        verdict.reasons,
        repr(model),
        registered_name,
        alias,
        verdict.champion,
        verdict.differences,
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


def _scored(model: ServedModel, examples: Sequence[object]) -> dict[str, TaskScores]:
    found = [model.score(one) for one in examples]
    return {one.task: one for one in found}


def _rival(registry: Registry, champion: ModelVersion, examples: Sequence[object]) -> Rival:
    """Return the champion, to be scored on the same examples."""
    from mlflow.models import Model

    with registry.files(champion) as folder:
        model = load_model(folder)
        noted = (Model.load(str(folder)).metadata or {}).get(IDENTITY, "")
    return Rival(str(noted), lambda: _scored(model, examples))


def _kept(
    run: Run,
    registry: Registry,
    model: ServedModel,
    candidate: Candidate,
    verdict: Verdict,
    limits: Sequence[str],
) -> str | None:
    """Keep scores and reasons in a run; register a model that passed, and return its version."""
    outcome = "promoted" if verdict.promoted else "refused"
    listed = [f"- {reason}" for reason in verdict.reasons]
    tags = {
        "workbench.promotion": outcome,
        "workbench.reasons": "\n".join(verdict.reasons)[:5000],
        "mlflow.note.content": "\n".join([f"**{outcome}**", "", *listed])[:5000],
        "workbench.scores": json.dumps({t: s.value() for t, s in candidate.scores.items()}),
    }
    with explained(registry.uri), bounded():
        for key, word in tags.items():
            registry.client.set_tag(run.id, key, word)
    if not verdict.promoted:
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
            candidate.identity,
            {"workbench.kind": model.kind, "workbench.run": run.id},
            said,
        )
