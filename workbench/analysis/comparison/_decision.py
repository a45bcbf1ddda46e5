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
_BIASED = ", of the true value: few examples make this score too high"
_FASTER = 1.2  # the least ratio of speeds that is worth a sentence on a noisy machine
_MOST_OPEN = 3  # undecided differences named per task: twelve models have 66


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

    A model stays a candidate while it was scored on every task and no other is shown better on
    a task's main metric (paired, after Holm's correction). A candidate that is alone is taken;
    of several that cannot be told apart, the one that is clearly faster than the others, or
    none; when every model is beaten somewhere, none.
    """
    tasks = _main_metrics(models)
    scored = [model for model in models if model.scores]
    main = {task: differences.get((task, metric), ()) for task, metric in tasks.items()}
    if not tasks:
        sentence = "Nothing was scored: give compare_models tasks, tasks.clustering('topic') say."
        return Decision(None, sentence, (), "", _unknown(models, (), main, corpus))
    beaten = {found.b if found.verdict == "better" else found.a
              for pairs in main.values() for found in pairs
              if found.verdict in ("better", "worse")}  # fmt: skip
    unbeaten = [model for model in scored if model.name not in beaten]
    candidates = [model for model in unbeaten if len(model.scores) == len(tasks)]
    chosen = _chosen(candidates)
    left_out = [model.name for model in unbeaten if model not in candidates]
    sentence = _sentence(chosen, candidates, scored, left_out, list(tasks))
    evidence = tuple(_evidence(models, task, metric, main[task]) for task, metric in tasks.items())
    cost = _cost(chosen) if chosen else ""
    name = chosen.name if chosen else None
    unknown = _unknown(models, candidates or scored, main, corpus)
    return Decision(name, sentence, evidence, cost, unknown)


def _main_metrics(models: Sequence[ModelResult]) -> dict[str, str]:
    return {task: found.main_metric for model in models for task, found in model.scores.items()}


def _chosen(candidates: Sequence[ModelResult]) -> ModelResult | None:
    """Return the only candidate, or the one that is clearly faster than the others."""
    if len(candidates) < 2:
        return candidates[0] if candidates else None

    def speed(model: ModelResult) -> float:
        return model.cost.texts_per_second if model.cost else 0.0

    fastest = max(candidates, key=speed)
    return fastest if _faster(fastest, candidates) else None


def _sentence(
    chosen: ModelResult | None,
    candidates: Sequence[ModelResult],
    scored: Sequence[ModelResult],
    left_out: Sequence[str],
    tasks: Sequence[str],
) -> str:
    over = f"on {_listed(tasks)}"
    if not candidates:
        return (
            f"No model is best {over}: each is shown worse than another on at least one task, or "
            "was not scored on all. Choose by the task that matters most."
        )
    if len(scored) == 1:
        return f"{scored[0].name} is the only model that was scored; there is nothing to compare."
    verb = "was" if len(left_out) == 1 else "were"
    but = f" {_listed(left_out)} {verb} not scored on all of these tasks." if left_out else ""
    if len(candidates) == 1:
        each = f"each but {_listed(left_out)}" if left_out else "each"
        worse = f", and of the others that were scored {each} is shown worse than some model"
        beaten = len(scored) > 1 + len(left_out)
        taken = f"Take {candidates[0].name}: {over} no other model is shown better"
        return f"{taken}{worse if beaten else ''}.{but}"
    named = [model.name for model in candidates if model is not chosen]
    named = [chosen.name, *named] if chosen else named
    open_ = f"Can't tell yet: {_listed(named)} cannot be told apart {over} yet"
    if chosen is None:
        return f"{open_}. Decide by what they cost, or judge more examples.{but}"
    return f"{open_}.{but} Until then take {chosen.name}: it is {_faster(chosen, candidates)}."


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
    tied = [m.name for m in ranked[1:] if m.scores[task].value(metric) == best.estimate]
    highest = "scores highest" if not tied else f"scores highest, level with {_listed(tied)}"
    said = (
        f"{task}: {ranked[0].name} {highest}, {metric} {best.estimate:.3f} "
        f"({100 * best.confidence:.0f} % interval {best.low:.3f} to {best.high:.3f}"
        f"{_BIASED if best.high < best.estimate else ''})"
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
    in_question: Sequence[ModelResult],
    main: Mapping[str, Sequence[PairedDifference]],
    corpus: Corpus,
) -> tuple[str, ...]:
    said = [f"{model.name} failed: {model.failure}" for model in models if model.failure]
    for model in models:
        if model.audit is not None and model.audit.truncated:
            said.append(f"{model.name}: {model.audit.sentence()}")
    names = {model.name for model in in_question}
    for task, pairs in main.items():
        examples = min(len(model.scores[task]) for model in models if task in model.scores)
        if examples < _FEW_EXAMPLES:
            said.append(f"{task} has {examples} examples; intervals are rough below 100.")
        said += _open(task, [found for found in pairs if {found.a, found.b} <= names])
    said.append(f"How the models do on texts unlike the {len(corpus):,} of {corpus.name}.")
    return tuple(said)


def _open(task: str, pairs: Sequence[PairedDifference]) -> list[str]:
    """Return what would settle the differences that are not, the nearest to it first."""
    undecided = [
        (found.further_examples, *sorted((found.a, found.b)))
        for found in pairs
        if found.verdict == "can't tell yet" and found.further_examples
    ]
    said = [
        f"{task}: some {examples:,} further examples would tell {a} from {b}, if the difference "
        "is the one seen here."
        for examples, a, b in sorted(undecided)[:_MOST_OPEN]
    ]
    more = len(undecided) - len(said)
    if more > 0:
        said.append(f"{task}: {more} more differences are open and would need as many or more.")
    return said


def _listed(names: Sequence[str]) -> str:
    """Return the names as a list in a sentence; of many the first few."""
    if len(names) > _MOST_NAMES:
        names = [*names[: _MOST_NAMES - 1], f"{len(names) - _MOST_NAMES + 1} others"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
