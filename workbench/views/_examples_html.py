"""Where two models differ: texts with other neighbours, examples that one does better."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.analysis.examples import example_merits, merit_meaning
from workbench.errors import InputError
from workbench.views._numbers import fixed, percent
from workbench.views._standing import chosen_metric
from workbench.views._tables import boxed, head, numbers, said, table, text

if TYPE_CHECKING:
    from workbench.analysis.agreement import ModelAgreement
    from workbench.analysis.comparison import Comparison

__all__ = ["disagreements_html", "examples_html"]

_NEIGHBORS = 5  # of each model, per text
_TEXTS = ("sentence1", "sentence2", "text", "query", "top_text")
_LABELS = ("label", "predicted")  # of these kinds, values of a corpus column
_LABEL_KINDS = ("clustering", "classification")
# Kind → columns that the models share, columns of which each has its own; ``*`` is the metric.
_SHOWN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "sts": (("sentence1", "sentence2", "score"), ("similarity",)),
    "pair_classification": (("sentence1", "sentence2", "label"), ("similarity",)),
    "retrieval": (("query",), ("*", "best_rank", "top_text")),
    "reranking": (("query",), ("*", "best_rank", "top_text")),
    "clustering": (("text", "label"), ("merit",)),
    "classification": (("text", "label"), ("predicted",)),
}
_NAMES = {
    "similarity": "cosine",
    "best_rank": "best rank",
    "top_text": "first hit",
    "merit": "share of its label in its cluster",
    "sentence1": "sentence 1",
    "sentence2": "sentence 2",
}


def disagreements_html(
    comparison: Comparison, a: str, b: str, most: int = 10, *, texts: bool = True
) -> str:
    """Return the texts whose neighbours differ most, both lists of neighbours side by side.

    Parameters
    ----------
    comparison
        What was measured.
    a, b
        The models' names.
    most
        How many texts at most.
    texts
        False: show ids in place of texts.

    Raises
    ------
    InputError
        If the models' neighbours were not compared.
    """
    agreement = _agreement(comparison, a, b)
    found = agreement.disagreements(a, b, most)
    if found.empty:
        both = f"{_named(a)} and {_named(b)}"
        return boxed(f"<p>Every text has the same neighbours under {both}.</p>")
    where = dict(zip(comparison.corpus.ids, comparison.corpus.texts, strict=True)) if texts else {}
    overall = agreement.overlap[agreement.models.index(a), agreement.models.index(b)]
    k = agreement.n_neighbors
    shown = min(k, _NEIGHBORS)
    note = (
        f"<p>{_named(a)} and {_named(b)} have {percent(float(overall))} of a text's {k} nearest "
        f"neighbours in common. Below the {len(found)} texts with the fewest, each with the "
        f"{shown} nearest under either model; what is near under both is set in grey.</p>"
    )
    rows = [_disagreement(row, where, shown) for row in found.to_dict("records")]
    return boxed(note, table(("text", "in common", a, b), rows))


def _agreement(comparison: Comparison, a: str, b: str) -> ModelAgreement:
    found = comparison.agreement
    for name in (a, b):
        comparison.model(name)
        if found is None or name not in found.models:
            raise InputError(
                f"disagreements_html: the neighbours of {name!r} were not compared with other "
                "models'."
            )
    assert found is not None
    return found


def _disagreement(row: dict[Any, Any], where: dict[str, str], shown: int) -> list[str]:
    near = (row["neighbors_a"], row["neighbors_b"])
    both = set(near[0]) & set(near[1])
    own = f"<td>{_text_with_id(row['id'], where)}</td>"
    lists = [f"<td>{_neighbors(ids[:shown], both, where)}</td>" for ids in near]
    return [own, numbers(percent(float(row["overlap"]))), *lists]


def _neighbors(ids: Sequence[str], both: set[str], where: dict[str, str]) -> str:
    lines = "".join(
        f'<li{" class=" + chr(34) + "wb-both" + chr(34) if text_id in both else ""} dir="auto">'
        f"{said(where.get(text_id, text_id), 110)}</li>"
        for text_id in ids
    )
    return f"<ol>{lines}</ol>"


def _text_with_id(text_id: str, where: dict[str, str]) -> str:
    own = f'<span class="wb-quiet"><bdi>{said(text_id, 40)}</bdi></span>'
    words = where.get(text_id)
    return own if words is None else f'{own}<div dir="auto">{said(words, 240)}</div>'


def _named(model: str) -> str:
    return f"<bdi>{said(model, 80)}</bdi>"


def examples_html(
    comparison: Comparison,
    task: str,
    model: str,
    reference: str,
    *,
    metric: str | None = None,
    most: int = 10,
    texts: bool = True,
    columns: Collection[str] | None = None,
) -> str:
    """Return the examples that one of two models does most better than the other.

    Half of them are the model's, half the reference's.

    Parameters
    ----------
    comparison
        What was measured.
    task
        Which task.
    model, reference
        The two models.
    metric
        By default the task's main one; it matters for retrieval and reranking.
    most
        How many examples at most.
    texts
        False: leave the texts out.
    columns
        The corpus columns that may be shown; None: all. With names given, labels are left out.

    Raises
    ------
    InputError
        If there is no such task or metric, or one of the models was not scored on it.
    """
    task, metric = chosen_metric(comparison, task, metric, "examples_html")
    sides = [_side(comparison, task, name, metric) for name in (model, reference)]
    kind = comparison.model(model).scores[task].kind
    gain = sides[0]["merit"].to_numpy() - sides[1]["merit"].to_numpy()
    rows = _extremes(gain, most)
    if not rows:
        return boxed(f"<p>{_named(model)} and {_named(reference)} do equally well on each.</p>")
    common, own = _columns(kind, texts, columns)
    header = ["example", *(_NAMES.get(name, name) for name in common)]
    header += [_header(name, metric, who) for name in own for who in (model, reference)]
    cells = [_example(sides, row, common, own, metric) for row in rows]
    meaning = merit_meaning(kind) or metric
    better = int((gain > 1e-12).sum()), int((gain < -1e-12).sum())
    note = (
        f"<p>{_named(model)} does better on {better[0]:,} of {len(gain):,} examples, "
        f"{_named(reference)} on {better[1]:,}, by {said(meaning)}. Below those with the largest "
        "differences, either way.</p>"
    )
    return boxed(note, table(header, cells))


def _side(comparison: Comparison, task: str, name: str, metric: str) -> pd.DataFrame:
    scores = comparison.model(name).scores.get(task)
    if scores is None:
        raise InputError(f"examples_html: {name!r} was not scored on {task!r}.")
    return scores.examples.assign(merit=example_merits(scores, metric))


def _extremes(gain: np.ndarray[Any, Any], most: int) -> list[int]:
    """Return the rows of the largest gains, then those of the largest losses."""
    order = np.argsort(-gain, kind="stable")
    gains = [int(row) for row in order if gain[row] > 1e-12]
    losses = [int(row) for row in order[::-1] if gain[row] < -1e-12]
    half = most // 2
    kept = max(half, most - len(losses))
    return gains[:kept] + losses[: most - len(gains[:kept])]


def _columns(
    kind: str, texts: bool, columns: Collection[str] | None
) -> tuple[list[str], list[str]]:
    """Return the columns that may be shown: shared ones, and each model's own."""
    common, own = _SHOWN.get(kind, (("text",), ("*",)))

    def may(name: str) -> bool:
        if name in _TEXTS:
            return texts
        return columns is None or kind not in _LABEL_KINDS or name not in _LABELS

    left = [name for name in own if may(name)]
    return [name for name in common if may(name)], left or ["merit"]


def _header(name: str, metric: str, who: str) -> str:
    return f"{metric if name == '*' else _NAMES.get(name, name)}, {who}"


def _example(
    sides: Sequence[pd.DataFrame], row: int, common: Sequence[str], own: Sequence[str], metric: str
) -> list[str]:
    cells = [head(str(sides[0]["example"].iloc[row]), row)]
    cells += [_cell(name, sides[0][name].iloc[row]) for name in common]
    for name in own:
        column = metric if name == "*" else name
        cells += [_cell(name, side[column].iloc[row]) for side in sides]
    return cells


def _cell(name: str, value: object) -> str:
    if name in _TEXTS or isinstance(value, str):
        return text(str(value), 200)
    if isinstance(value, float | np.floating):
        given = name == "score"  # by people, in few digits
        return numbers(f"{float(value):.3g}" if given else fixed(float(value), 3))
    return numbers(str(value))
