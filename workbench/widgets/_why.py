"""Why two models differ: the difference in words, and one example under both."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.analysis.examples import example_merits, merit_meaning
from workbench.errors import InputError
from workbench.views._comparison_html import p_value
from workbench.views._numbers import NOTHING, fixed, percent, signed, span
from workbench.views._standing import OPEN, Standing, standings
from workbench.views._tables import boxed, head, numbers, said, table, text
from workbench.views.comparison import disagreements_html, examples_html

if TYPE_CHECKING:
    from workbench.analysis.agreement import ModelAgreement
    from workbench.analysis.comparison import Comparison
    from workbench.analysis.significance import PairedDifference

__all__ = ["difference_html", "differing_examples_html", "example_html", "other_neighbors_html"]

_MOST_TEXT = 4000  # characters of an example's text
_TEXTS = {"sentence1": "sentence 1", "sentence2": "sentence 2", "text": "text", "query": "query"}
_NAMES = {"similarity": "cosine", "best_rank": "best rank", "top_text": "first hit"}
_VERDICTS = {
    "better": ("better", "{model} is shown better"),
    "worse": ("worse", "{model} is shown worse"),
    OPEN: ("open", "One can't tell yet which is better"),
}


def difference_html(
    comparison: Comparison, task: str | None, metric: str, model: str, reference: str
) -> str:
    """Return the paired difference of two models in words."""
    both = f"{_named(model)} against {_named(reference)}"
    if task is None:
        return boxed(f"<h3>{both}</h3>", "<p>Nothing was scored.</p>")
    heading = f"<h3>Why: {both} on {said(task)}</h3>"
    stand = {one.name: one for one in standings(comparison, task, metric, reference)}
    own, other = stand[model], stand[reference]
    absent = [_absent(comparison, one, task) for one in (own, other) if one.absent]
    if absent:
        return boxed(heading, *absent)
    scores = (
        f"<p>{_named(model)} scores <strong>{own.score}</strong> {own.interval} in {said(metric)}, "
        f"{_named(reference)} <strong>{other.score}</strong> {other.interval}; in brackets the "
        "95 % intervals.</p>"
    )
    if own.difference is None:
        return boxed(heading, scores, "<p>The two were not compared.</p>")
    pairs = len(comparison.differences.get((task, metric), ()))
    return boxed(heading, scores, _in_words(own.difference, own.decimals, pairs))


def _in_words(found: PairedDifference, decimals: int, pairs: int) -> str:
    tone, verdict = _VERDICTS[found.verdict]
    said_so = verdict.format(model=_named(found.a))
    corrected = f" after Holm's correction over {pairs} pairs of models" if pairs > 1 else ""
    facts = (
        f"The difference is {signed(found.difference, decimals)}, its 95 % interval "
        f"{span(found.low, found.high, decimals)}, on the same {found.n:,} examples; "
        f"p {_equals(p_value(found.p_adjusted))}{corrected}; effect size "
        f"{fixed(found.effect_size, 2)}."
    )
    return f'<p><strong class="wb-{tone}">{said_so}.</strong> {facts} {_further(found)}</p>'


def _equals(p: str) -> str:
    return said(p) if p.startswith("<") else f"= {said(p)}"


def _further(found: PairedDifference) -> str:
    if found.verdict != OPEN:
        return ""
    if not found.further_examples:
        return "How many further examples would settle it cannot be said."
    return (
        f"Some {found.further_examples:,} further examples would settle it with a probability of "
        "80 %, if the true difference is the one seen here."
    )


def _absent(comparison: Comparison, own: Standing, task: str) -> str:
    failure = comparison.model(own.name).failure
    why = f" It failed: {said(failure)}" if failure else ""
    return f"<p>{_named(own.name)} was not scored on {said(task)}.{why}</p>"


def differing_examples_html(
    comparison: Comparison, task: str | None, metric: str, model: str, reference: str
) -> str:
    """Return the examples on which the two differ most; empty when one was not scored."""
    scored = [task in comparison.model(name).scores for name in (model, reference)]
    if task is None or not all(scored):
        return ""
    found = examples_html(comparison, task, model, reference, metric=metric)
    return f"{boxed('<h4>Examples on which the two differ most</h4>')}{found}"


def other_neighbors_html(comparison: Comparison, model: str, reference: str) -> str:
    """Return the texts whose neighbours differ most, with both lists."""
    try:
        found = disagreements_html(comparison, model, reference)
    except InputError:
        found = boxed("<p>The neighbours of the two were not compared.</p>")
    return f"{boxed('<h4>Texts whose neighbours differ most</h4>')}{found}"


def example_html(
    comparison: Comparison, task: str, metric: str, pair: tuple[str, str], row: int
) -> str:
    """Return one example under two models: its texts, all its numbers, its neighbours.

    Parameters
    ----------
    comparison
        What was measured.
    task, metric
        What of it.
    pair
        The two models, both scored on the task.
    row
        Which of the task's examples, counted from 0.
    """
    scores = [comparison.model(name).scores[task] for name in pair]
    sides = [one.examples.iloc[row] for one in scores]
    example = str(sides[0]["example"])
    words = "".join(
        f'<div class="wb-quiet">{shown}</div><blockquote dir="auto">'
        f"{said(str(sides[0][name]), _MOST_TEXT)}</blockquote>"
        for name, shown in _TEXTS.items()
        if name in sides[0]
    )
    own = [name for name in sides[0].index if name != "example" and name not in _TEXTS]
    rows = [[head(_NAMES.get(name, name)), *(_cell(side[name]) for side in sides)] for name in own]
    meaning = merit_meaning(scores[0].kind)
    if meaning:
        merits = [_cell(float(example_merits(one, metric)[row])) for one in scores]
        rows.append([head(meaning), *merits])
    near = _neighbors(comparison, pair, example, str(sides[0].get("text", "")))
    body = f"<h4>Example {_named(example)}</h4>{words}{table(('', *pair), [*rows, *near])}"
    return boxed(f'<div class="workbench-details">{body}</div>')


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return text(value, 600)
    if isinstance(value, float | np.floating):
        return numbers(fixed(float(value), 3))
    return numbers(NOTHING if value is None else str(value))


def _neighbors(
    comparison: Comparison, pair: tuple[str, str], example: str, words: str
) -> list[list[str]]:
    """Return rows with a text's neighbours, where the example is a text of the comparison's."""
    found, corpus = comparison.agreement, comparison.corpus
    if found is None or any(name not in found.models for name in pair):
        return []
    if example not in corpus.ids or corpus.texts[corpus.ids.index(example)] != words:
        return []
    row = corpus.ids.index(example)
    lists = [found.neighbors[found.models.index(name), row].tolist() for name in pair]
    both = set(lists[0]) & set(lists[1])
    shared = float(found.overlap_of(*pair)[row])
    listed = [_listed(near, both, _shower(found)) for near in lists]
    name = head(f"nearest texts; {percent(shared)} in common, in grey")
    return [[name, *listed]]


def _shower(found: ModelAgreement) -> Callable[[int], str]:
    return lambda row: said(found.corpus.texts[row], 160)


def _listed(near: list[int], both: set[int], shown: Callable[[int], str]) -> str:
    lines = "".join(
        f'<li class="{"wb-both" if row in both else ""}" dir="auto">{shown(row)}</li>'
        for row in near
    )
    return f"<td><ol>{lines}</ol></td>"


def _named(name: str) -> str:
    return f"<bdi>{said(name, 80)}</bdi>"
