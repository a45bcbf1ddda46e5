"""A candidate held against the version that has the alias: what every promotion asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workbench.analysis.evaluation import TaskScores
from workbench.errors import WorkbenchError
from workbench.models.mlflow_uri import bounded
from workbench.tracking._gate import Gate
from workbench.tracking._promotion_run import Verdict
from workbench.tracking._registry import Registry
from workbench.tracking._store import explained

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

__all__ = ["Candidate", "Rival", "judged", "unless_moved"]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A model that is to be promoted, as a gate reads it.

    Parameters
    ----------
    name
        What tables call it.
    scores
        Task → its scores.
    identity
        What tells it from every other model.
    called
        What sentences call it.
    """

    name: str
    scores: Mapping[str, TaskScores]
    identity: str
    called: str

    @property
    def task_names(self) -> tuple[str, ...]:
        """The tasks that it was scored on."""
        return tuple(self.scores)

    def metrics(self, task: str, /) -> tuple[str, ...]:
        """Return a task's metrics, the main one first."""
        return self.scores[task].metrics


@dataclass(frozen=True, slots=True, eq=False)
class Rival:
    """The champion, loaded: what tells it from other models, and its scores when asked."""

    identity: str
    scored_again: Callable[[], Mapping[str, TaskScores]]


def judged(
    candidate: Candidate,
    gate: Gate,
    targets: Mapping[tuple[str, str], float],
    registry: Registry,
    load: Callable[[ModelVersion], Rival],
    *,
    random_state: int = 0,
) -> Verdict:
    """Hold a candidate to a gate's floors and against the version that has the alias.

    Parameters
    ----------
    candidate, gate
        The model, and what it must show.
    targets
        The gate's floors by task and metric.
    registry
        Where the model is to go.
    load
        Loads the champion; asked only where it is needed.
    random_state
        Seed of the paired test.
    """
    with explained(registry.uri), bounded():
        champion = registry.champion()
    held, floors = gate.held_to_floors(candidate, targets)
    found = _against(candidate, gate, registry, champion, load, random_state)
    return replace(found, promoted=held and found.promoted, reasons=(*floors, *found.reasons))


def _against(
    candidate: Candidate,
    gate: Gate,
    registry: Registry,
    champion: ModelVersion | None,
    load: Callable[[ModelVersion], Rival],
    random_state: int,
) -> Verdict:
    place = f"{registry.name}@{registry.alias}"
    if champion is None:
        return Verdict(True, (f"There is no {place} yet: nothing to compare with.",))
    version = str(champion.version)
    said = f"{candidate.called} is {place} already, as version {version}."
    same = Verdict(False, (said,), version)
    if registry.is_of(champion, candidate.identity):
        return same
    if not gate.not_worse:
        said = f"Not compared with version {version}, which is {place} (not_worse=False)."
        return Verdict(True, (said,), version)
    rival = load(champion)
    if rival.identity == candidate.identity:
        return same
    try:
        scores = rival.scored_again()
    except WorkbenchError as error:
        said = (
            f"Version {version}, which is {place}, could not be scored again: {error} "
            "Gate(not_worse=False) does not ask for it."
        )
        return Verdict(False, (said,), version)
    label = f"version {version}" if candidate.name != f"version {version}" else place
    differences = gate.against(candidate, label, scores, random_state)
    held, reasons = gate.held_to_champion(differences)
    return Verdict(held, tuple(reasons), version, differences, scores)


def unless_moved(registry: Registry, verdict: Verdict) -> Verdict:
    """Refuse when somebody moved the alias while the champion was being scored."""
    now = registry.champion()
    version = None if now is None else str(now.version)
    if not verdict.promoted or version == verdict.champion:
        return verdict
    said = (
        f"Meanwhile {registry.name}@{registry.alias} has become "
        f"{'nothing' if version is None else f'version {version}'}. Promote again."
    )
    return replace(verdict, promoted=False, reasons=(*verdict.reasons, said))
