"""The decision: which model to take, on what evidence, at what cost, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.analysis.significance import PairedDifference
from workbench.corpus import Corpus

if TYPE_CHECKING:
    from workbench.analysis.comparison._values import ModelResult

__all__ = ["Decision", "decide"]

_FEW_EXAMPLES = 100  # below this the intervals were not calibrated to 95 %
_MOST_NAMES = 4
_FASTER = 1.2  # the least ratio of speeds that is worth a sentence on a noisy machine


@dataclass(frozen=True, slots=True)
class Decision:
    """What a comparison comes to, in sentences.

    Parameters
    ----------
    model
        The model to take; None when the evidence names none.
    sentence
        The decision.
    evidence
        What it rests on, one sentence per task.
    cost
        What the model costs to run.
    unknown
        What the comparison does not know.
    """

    model: str | None
    sentence: str
    evidence: tuple[str, ...]
    cost: str
    unknown: tuple[str, ...]


def decide(
    models: Sequence[ModelResult],
    differences: Mapping[tuple[str, str], tuple[PairedDifference, ...]],
    corpus: Corpus,
) -> Decision:
    """Return the decision.

    A model stays a candidate while no other is shown better on a task's main metric (paired,
    after Holm's correction). One candidate that is shown better than all others is taken; of
    several that cannot be told apart, the fastest; when every model is beaten somewhere, none.
    """
    tasks = _main_metrics(models)
    scored = [model for model in models if model.scores]
    main = {task: differences.get((task, metric), ()) for task, metric in tasks.items()}
    if not tasks:
        sentence = "Nothing was scored: give compare_models tasks, tasks.clustering('topic') say."
        return Decision(None, sentence, (), "", _unknown(models, main, corpus))
    beaten = {found.b if found.verdict == "better" else found.a
              for pairs in main.values() for found in pairs
              if found.verdict in ("better", "worse")}  # fmt: skip
    candidates = [m for m in scored if m.name not in beaten and len(m.scores) == len(tasks)]
    chosen = _cheapest(candidates)
    evidence = tuple(_evidence(models, task, metric, main[task]) for task, metric in tasks.items())
    cost = _cost(chosen) if chosen else ""
    sentence = _sentence(chosen, candidates, scored, tasks)
    name = chosen.name if chosen else None
    return Decision(name, sentence, evidence, cost, _unknown(models, main, corpus))


def _main_metrics(models: Sequence[ModelResult]) -> dict[str, str]:
    return {task: found.main_metric for model in models for task, found in model.scores.items()}


def _cheapest(candidates: Sequence[ModelResult]) -> ModelResult | None:
    def speed(model: ModelResult) -> float:
        return model.cost.texts_per_second if model.cost else 0.0

    return max(candidates, key=speed) if candidates else None


def _sentence(
    chosen: ModelResult | None,
    candidates: Sequence[ModelResult],
    scored: Sequence[ModelResult],
    tasks: Mapping[str, str],
) -> str:
    over = f"on {_listed(list(tasks))}"
    if chosen is None:
        return (
            f"No model is best {over}: each is shown worse than another on at least one task, or "
            "was not scored on all. Choose by the task that matters most."
        )
    if len(scored) == 1:
        return f"{chosen.name} is the only model that was scored; there is nothing to compare."
    others = [model.name for model in candidates if model is not chosen]
    if not others:
        return (
            f"Take {chosen.name}: {over} no other model is shown better, and each other is shown "
            "worse than some model at least once."
        )
    named = f"{_listed([chosen.name, *others])} cannot be told apart {over} yet"
    faster = _faster(chosen, candidates)
    if not faster:
        return f"Can't tell yet: {named}. Decide by what they cost, or judge more examples."
    return f"Can't tell yet: {named}. Until then take {chosen.name}: it is {faster}."


def _faster(chosen: ModelResult, candidates: Sequence[ModelResult]) -> str:
    speeds = [m.cost.texts_per_second for m in candidates if m is not chosen and m.cost]
    if chosen.cost is None or not speeds:
        return ""
    ratio = chosen.cost.texts_per_second / max(speeds)
    return f"{ratio:.1f} times as fast as the next" if ratio >= _FASTER else ""


def _evidence(
    models: Sequence[ModelResult], task: str, metric: str, pairs: Sequence[PairedDifference]
) -> str:
    ranked = sorted(
        (model for model in models if task in model.scores),
        key=lambda model: -model.scores[task].value(metric),
    )
    best = ranked[0].scores[task].intervals[metric]
    said = (
        f"{task}: {ranked[0].name} scores highest, {metric} {best.estimate:.3f} "
        f"({100 * best.confidence:.0f} % interval {best.low:.3f} to {best.high:.3f})"
    )
    if len(ranked) == 1:
        return f"{said}."
    against = {
        (found.b if found.a == ranked[0].name else found.a): found.verdict
        for found in pairs
        if ranked[0].name in (found.a, found.b)
    }
    sure = [name for name, verdict in against.items() if verdict != "can't tell yet"]
    open_ = [name for name, verdict in against.items() if verdict == "can't tell yet"]
    parts = [f"shown better than {_listed(sure)}"] if sure else []
    parts += [f"not told apart from {_listed(open_)}"] if open_ else []
    return f"{said}; {', '.join(parts)}."


def _cost(model: ModelResult) -> str:
    cost = model.cost
    if cost is None:
        return "What it costs was not measured."
    parts = [
        f"{cost.texts_per_second:,.0f} texts/s here",
        f"{cost.query_ms:.1f} ms per query",
        f"{cost.bytes_per_text:,} bytes per stored text",
        *([f"{cost.size_mb:,.0f} MB of weights"] if cost.size_mb is not None else []),
    ]
    return f"{model.name}: {', '.join(parts)}."


def _unknown(
    models: Sequence[ModelResult],
    main: Mapping[str, Sequence[PairedDifference]],
    corpus: Corpus,
) -> tuple[str, ...]:
    said = [f"{model.name} failed: {model.failure}" for model in models if model.failure]
    for model in models:
        if model.audit is not None and model.audit.truncated:
            said.append(f"{model.name}: {model.audit.sentence()}")
    for task, pairs in main.items():
        examples = min((found.n for found in pairs), default=0)
        if 0 < examples < _FEW_EXAMPLES:
            said.append(f"{task} has {examples} examples; intervals are rough below 100.")
        said += _undecided(models, task, pairs)
    said.append(f"How the models do on texts unlike the {len(corpus):,} of {corpus.name}.")
    return tuple(said)


def _undecided(
    models: Sequence[ModelResult], task: str, pairs: Sequence[PairedDifference]
) -> list[str]:
    """Say what would tell the best model on a task from the rival that is nearest to it."""
    scored = [model for model in models if task in model.scores]
    best = max(scored, key=lambda model: model.scores[task].value()).name
    open_ = [
        found
        for found in pairs
        if best in (found.a, found.b)
        and found.verdict == "can't tell yet"
        and found.further_examples
    ]
    if not open_:
        return []
    nearest = min(open_, key=lambda found: found.further_examples or 0)
    rival = nearest.b if nearest.a == best else nearest.a
    return [
        f"{task}: some {nearest.further_examples:,} further examples would tell {best} from "
        f"{rival}, if the difference is the one seen here."
    ]


def _listed(names: Sequence[str]) -> str:
    """Return the names as a list in a sentence; of many the first few."""
    if len(names) > _MOST_NAMES:
        names = [*names[: _MOST_NAMES - 1], f"{len(names) - _MOST_NAMES + 1} others"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
