"""A model card: what a model was made from, what it scored and how sure that is, its limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench._html import elide
from workbench.analysis.evaluation import TaskScores
from workbench.models import ModelSpec

if TYPE_CHECKING:
    from workbench.serving._base import ServedModel

__all__ = ["model_card"]


def model_card(
    model: ServedModel, scores: Sequence[TaskScores] = (), limits: Sequence[str] = ()
) -> str:
    """Return a model's card in Markdown.

    Parameters
    ----------
    model
        The model.
    scores
        What it scored.
    limits
        Sentences on what it is not good for, beside those that the numbers tell.
    """
    parts = [
        f"# {model.kind}: {_plain(model.spec.title())}",
        "## What it does",
        f"Reads {_listed(model.columns)}; answers every row. Parameters and their defaults: "
        f"{_defaults(model)}.",
        "## What it was made from",
        *_bullets(_made_from(model)),
        "## What it scored",
        _score_table(scores) if scores else "Nothing was measured.",
        "## Limits",
        *_bullets([*_limits(model, scores), *map(_plain, limits)]),
    ]
    return "\n\n".join(parts) + "\n"


def _made_from(model: ServedModel) -> list[str]:
    spec = model.spec
    facts = [
        f"Model: {_plain(spec.title())} ({spec.family}), revision `{spec.revision}`, "
        f"{spec.kept_dimension} dimensions, {_reads(spec)}.",
    ]
    corpus = model.corpus
    if corpus is not None:
        facts.append(
            f"Texts: {len(corpus):,} of {_plain(corpus.name)!r}, fingerprint "
            f"`{corpus.fingerprint}`; they and their vectors are in the model."
        )
    return facts


def _limits(model: ServedModel, scores: Sequence[TaskScores]) -> list[str]:
    spec = model.spec
    found = []
    if spec.max_tokens is not None and spec.long_texts == "truncate":
        found.append(f"Of a text longer than {spec.max_tokens} tokens, the rest is not read.")
    if spec.family == "lsa":
        found.append("It knows only the words of the texts that it was fitted on.")
    if spec.precision != "float32":
        found.append(f"Its vectors are {spec.precision}: cosines are approximate.")
    found += [f"{_plain(one.task)}: {_plain(note)}" for one in scores for note in one.notes]
    if not scores:
        found.append("How good it is was not measured.")
    else:
        found.append("Scores hold for texts like those that they were measured on.")
    return found


def _score_table(scores: Sequence[TaskScores]) -> str:
    rows = ["| task | metric | score | 95 % interval | examples |", "|---|---|---|---|---|"]
    for one in scores:
        for metric in one.metrics:
            found = one.intervals[metric]
            rows.append(
                f"| {_plain(one.task)} | {metric} | {found.estimate:.3f} | {found.low:.3f} to "
                f"{found.high:.3f} | {len(one):,} |"
            )
    return "\n".join(rows)


def _reads(spec: ModelSpec) -> str:
    return f"reads {spec.max_tokens} tokens" if spec.max_tokens else "reads texts of any length"


def _defaults(model: ServedModel) -> str:
    shown = [f"`{param.name}` = {param.default!r}" for param in model.params]
    return ", ".join(shown) or "none"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _bullets(sentences: Sequence[str]) -> list[str]:
    return ["\n".join(f"- {sentence}" for sentence in sentences)]


def _plain(text: str) -> str:
    """Return somebody's words as one line that Markdown does not read as markup."""
    line = elide(text, 300)
    return "".join(f"\\{sign}" if sign in r"\`*_[]<>|#!" else sign for sign in line)
