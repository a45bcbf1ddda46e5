"""A comparison in HTML: the decision, the truncation audit, the scores, the costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.views._numbers import NOTHING, fixed, percent, signed, span, three_digits
from workbench.views._standing import MARKS, OPEN, Standing, reference_of, standings
from workbench.views._tables import boxed, head, items, numbers, said, table

if TYPE_CHECKING:
    from workbench.analysis.audit import TruncationAudit
    from workbench.analysis.comparison import Comparison, ModelResult

__all__ = ["audit_html", "costs_html", "decision_html", "scores_html"]

_TONES = {"better": "better", "worse": "worse", OPEN: "open"}
_KEPT_BACK = "Why is left out here, because an error may quote texts."


def decision_html(comparison: Comparison, *, texts: bool = True) -> str:
    """Return the decision card: which model, on what evidence, at what cost, what is unknown.

    Parameters
    ----------
    comparison
        What was measured.
    texts
        False: leave out the words of errors, which may quote texts.
    """
    decision = comparison.decision
    unknown = [_discreet(comparison, one, texts) for one in decision.unknown]
    parts = [
        ("Evidence", items(decision.evidence) if decision.evidence else ""),
        ("Cost", f"<p>{said(decision.cost)}</p>" if decision.cost else ""),
        ("Not known", items(unknown) if unknown else ""),
    ]
    told = "".join(f"<dt>{name}</dt><dd>{body}</dd>" for name, body in parts if body)
    return boxed(
        '<section class="wb-card" aria-label="Decision">'
        f'<p class="wb-sentence">{said(decision.sentence, 2000)}</p><dl>{told}</dl></section>'
    )


def _discreet(comparison: Comparison, sentence: str, texts: bool) -> str:
    if texts:
        return sentence
    for model in comparison.models:
        if model.failure and sentence.startswith(f"{model.name} failed:"):
            return f"{model.name} failed. {_KEPT_BACK}"
    return sentence


def audit_html(comparison: Comparison) -> str:
    """Return what each model reads of the texts, and a remedy where it does not read all."""
    rows = [_audit_row(model) for model in comparison.models]
    cut = [m.name for m in comparison.models if m.audit is not None and m.audit.truncated]
    note = (
        f"<p>{said(', '.join(cut), 300)} {'reads' if len(cut) == 1 else 'read'} only the beginning "
        'of long texts. <code>wb.embed(..., long_texts="chunk")</code> reads them in parts and '
        'pools the parts; <code>wb.variant(model, long_texts="chunk")</code> is that model in a '
        "comparison.</p>"
        if cut
        else "<p>No text is known to be cut.</p>"
    )
    header = ("model", "reads", "texts truncated", "tokens lost", "longest text")
    return boxed(note, table(header, rows))


def _audit_row(model: ModelResult) -> list[str]:
    audit, limit = model.audit, model.spec.max_tokens
    reads = f"{limit:,} tokens" if limit else "any length"
    if audit is None:
        return [head(model.name), numbers(reads), *([numbers(NOTHING)] * 3)]
    if not audit.counted:
        return [head(model.name), numbers(reads), *([numbers("not counted")] * 3)]
    tone = "worse" if audit.truncated else ""
    return [
        head(model.name),
        numbers(reads),
        numbers(f"{audit.truncated:,} of {audit.texts:,} ({percent(audit.share)})", tone),
        numbers(_lost(audit), tone),
        numbers(f"{audit.longest:,} tokens" if audit.longest is not None else NOTHING),
    ]


def _lost(audit: TruncationAudit) -> str:
    if audit.chunked:
        return f"none: {audit.chunked:,} texts read in chunks"
    if audit.tokens_lost is None:
        return NOTHING if audit.truncated else "none"
    return f"{audit.tokens_lost:,} ({percent(audit.share_of_tokens_lost)})"


def scores_html(comparison: Comparison, *, reference: str | None = None, texts: bool = True) -> str:
    """Return the scores with intervals and marks: main metrics, and all of them folded away.

    Parameters
    ----------
    comparison
        What was measured.
    reference
        The model that others are marked against; by default the recommended one.
    texts
        False: leave out the words of errors, which may quote texts.

    Raises
    ------
    InputError
        If the comparison has no model of that name.
    """
    tasks = comparison.task_names
    if not tasks:
        failed = [model for model in comparison.models if model.failure]
        return boxed("<p>Nothing was scored.</p>", _failures(failed, texts))
    against = reference_of(comparison, reference)
    columns = [standings(comparison, task, comparison.metrics(task)[0], against) for task in tasks]
    rows = [
        [head(model.name), *(_score_cell(column[place]) for column in columns)]
        for place, model in enumerate(comparison.models)
    ]
    header = ("model", *(f"{task}: {comparison.metrics(task)[0]}" for task in tasks))
    failed = [model for model in comparison.models if model.failure]
    return boxed(
        table(header, rows),
        _legend(against, max(map(len, comparison.differences.values()), default=0)),
        _failures(failed, texts),
        _every_metric(comparison, against),
        _conditions(comparison),
    )


def _score_cell(own: Standing) -> str:
    if own.absent:
        return numbers(own.absent, "open")
    tone = _TONES.get(own.verdict, "")
    mark = f'<div class="wb-mark wb-{tone}">{said(own.against)}</div>' if own.against else ""
    around = f'<span class="wb-quiet">{said(own.interval)}</span>'
    return f'<td class="wb-number"><strong>{said(own.score)}</strong> {around}{mark}</td>'


def _legend(reference: str, pairs: int) -> str:
    """Say in a sentence what the marks mean, where so many pairs of models were compared."""
    if not pairs:
        return "<p>In brackets the 95 % interval over examples.</p>"
    corrected = f", after Holm's correction over {pairs} pairs" if pairs > 1 else ""
    beside = (
        " The interval of a difference is not corrected, so it can leave out 0 where the mark "
        "says that one can't tell."
        if pairs > 1
        else ""
    )
    return (
        "<p>In brackets the 95 % interval over examples. Below it the difference from "
        f"<bdi>{said(reference, 80)}</bdi> ({MARKS['reference']}) on the same examples: "
        f"{MARKS['better']} shown better and {MARKS['worse']} shown worse (paired test at "
        f"5 %{corrected}), {MARKS[OPEN]} can't tell yet.{beside}</p>"
    )


def _failures(failed: Sequence[ModelResult], texts: bool) -> str:
    if not failed:
        return ""
    lines = [f"{one.name} failed: {one.failure if texts else _KEPT_BACK}" for one in failed]
    return f'<div class="wb-failed">{items(lines)}</div>'


def _every_metric(comparison: Comparison, reference: str) -> str:
    """Return a folded table per task: every metric, with the paired difference in full."""
    parts = []
    for task in comparison.task_names:
        rows = [
            row
            for metric in comparison.metrics(task)
            for row in _metric_rows(standings(comparison, task, metric, reference), metric)
        ]
        header = ("metric", "model", "score", "95 % interval", "difference", "its interval",
                  "p, Holm", "effect size", "further examples")  # fmt: skip
        parts.append(
            f"<details><summary>{said(task)}: all metrics, p-values and effect sizes</summary>"
            f"{table(header, rows)}</details>"
        )
    return "".join(parts)


def _metric_rows(standing: Sequence[Standing], metric: str) -> list[list[str]]:
    rows: list[list[str]] = []
    for own in standing:
        if own.absent:
            continue
        rows.append(
            [
                head(metric if not rows else ""),
                head(own.name),
                numbers(own.score),
                numbers(own.interval),
                *_difference_cells(own),
            ]
        )
    return rows


def _difference_cells(own: Standing) -> list[str]:
    found = own.difference
    if found is None:
        return [numbers("reference" if own.verdict == "reference" else NOTHING),
                *([numbers("")] * 4)]  # fmt: skip
    mark = MARKS[found.verdict]
    tone = _TONES[found.verdict]
    further = found.further_examples
    return [
        numbers(f"{mark} {signed(found.difference, own.decimals)}", tone),
        numbers(span(found.low, found.high, own.decimals)),
        numbers(p_value(found.p_adjusted)),
        numbers(fixed(found.effect_size, 2)),
        numbers("settled" if further == 0 else NOTHING if further is None else f"{further:,}"),
    ]


def p_value(p: float) -> str:
    """Return a p-value as it is written: ``0.031``, ``< 0.001``."""
    if not math.isfinite(p):
        return NOTHING
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def _conditions(comparison: Comparison) -> str:
    """Say what was scored: examples, prompts, notes."""
    lines = []
    for task in comparison.task_names:
        scored = [model for model in comparison.models if task in model.scores]
        first = scored[0].scores[task]
        lines.append(f"{task}: {len(first.examples):,} examples.")
        for model in scored:
            own = model.scores[task]
            used = [f"{words!r} before each {part}" for part, words in own.prompts.items() if words]
            told = [*([f"prompts: {', '.join(used)}."] if used else []), *own.notes]
            lines += [f"{task}, {model.name}: {' '.join(told)}"] if told else []
    return f"<details><summary>Examples, prompts and notes</summary>{items(lines)}</details>"


def costs_html(comparison: Comparison) -> str:
    """Return what the models cost to run, and how they spread the texts."""
    header = ("model", "texts/s", "ms per query", "peak memory", "on disk", "parameters",
              "dimension", "bytes per text", "hubness", "anisotropy")  # fmt: skip
    rows = [[head(model.name), *_cost_cells(model)] for model in comparison.models]
    note = (
        "<p>Speed was measured on these texts, all models in turn, on the machine that made this "
        "comparison. Hubness is the skewness of how often a text is among the neighbours of "
        "others (near 0: all about equally often); anisotropy is the mean cosine of two texts "
        "(near 1: all vectors point the same way).</p>"
    )
    return boxed(table(header, rows), note)


def _cost_cells(model: ModelResult) -> list[str]:
    cost, shape = model.cost, model.geometry
    dimension = f"{model.spec.kept_dimension:,}" if model.spec.kept_dimension else NOTHING
    measured = (
        [NOTHING] * 5 + [dimension, NOTHING]
        if cost is None
        else [
            three_digits(cost.texts_per_second),
            three_digits(cost.query_ms),
            _megabytes(cost.peak_memory_mb),
            _megabytes(cost.size_mb),
            _millions(cost.parameters),
            dimension,
            f"{cost.bytes_per_text:,}",
        ]
    )
    spread = (
        [NOTHING] * 2 if shape is None else [fixed(shape.hubness, 2), fixed(shape.anisotropy, 3)]
    )
    return [numbers(cell) for cell in [*measured, *spread]]


def _megabytes(size: float | None) -> str:
    return NOTHING if size is None else f"{three_digits(size)} MB"


def _millions(count: int | None) -> str:
    if count is None:
        return NOTHING
    return f"{three_digits(count / 1e6)} M" if count >= 100_000 else f"{count:,}"
