"""What logging a comparison writes: tables, figures, the comparison itself, a record per model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from workbench.analysis.comparison import Comparison, ModelResult
from workbench.analysis.significance import PairedDifference
from workbench.tracking._datasets import DataSet, of_corpus, of_task
from workbench.tracking._nested import Measured, ModelRecord, spec_params
from workbench.tracking._privacy import Privacy
from workbench.tracking._record import Record, split, write_view
from workbench.tracking._stored import WITHHELD, write_stored
from workbench.tracking._tables import shown_examples, write_table

if TYPE_CHECKING:
    from workbench.views import View

__all__ = ["legal_names", "measured_of", "pairs_frame", "task_data", "write_comparison"]

_MOST_CHARACTERS = 500
_OURS = ("cost", "geometry", "truncation")  # prefixes of what is no task's


def write_comparison(comparison: Comparison, name: str, privacy: Privacy, folder: Path) -> Record:
    """Write a comparison's files and return the rest.

    ``tables/`` holds the scores, differences, costs and agreement; ``figures/<name>.html`` is
    the whole as one page, its figures are beside it; ``comparison/<name>/`` is what
    `load_comparison` reads. The models' files go to folders beside ``folder``.
    """
    _write_tables(comparison, name, folder / "tables")
    write_stored(comparison, privacy, folder / "comparison" / name)
    _write_figures(comparison, name, privacy, folder)
    data = task_data(comparison, privacy)
    metrics, params = split(comparison, name)
    decision = {f"{name}/decision": comparison.decision.sentence[:_MOST_CHARACTERS]}
    return Record(
        name,
        metrics,
        params | decision,
        (comparison.corpus,),
        data=tuple(data.values()),
        models=tuple(
            _record_of(comparison, place, data, privacy, folder.parent / "nested" / f"{place}")
            for place in range(len(comparison.models))
        ),
    )


def legal_names(names: Iterable[str], taken: Sequence[str] = ()) -> dict[str, str]:
    """Return distinct names that metrics and files can carry, for some of any kind."""
    found: dict[str, str] = {}
    used = set(taken)
    for name in names:
        plain = re.sub(r"[^\w.-]+", " ", name.replace("@", "_at_"))[:100].strip(" .") or "task"
        candidate, count = plain, 1
        while candidate.lower() in used:
            count += 1
            candidate = f"{plain}_{count}"
        used.add(candidate.lower())
        found[name] = candidate
    return found


def task_data(comparison: Comparison, privacy: Privacy) -> dict[str, DataSet]:
    """Return what each task was scored on, by the task's name."""
    tasks = {task.name: task for task in comparison.tasks}
    scored = {task: found for model in comparison.models for task, found in model.scores.items()}
    return {
        task: of_task(tasks.get(task), scored[task], comparison.corpus, privacy)
        for task in comparison.task_names
    }


def measured_of(
    model: ModelResult, names: dict[str, str], data: dict[str, DataSet]
) -> tuple[tuple[Measured, ...], dict[str, str]]:
    """Return a model's scores with what they were measured on, and the words beside them."""
    measured: list[Measured] = []
    params: dict[str, str] = {}
    for task, scores in model.scores.items():
        numbers, words = split(scores, names[task])
        measured.append(Measured(data[task], numbers))
        params |= words
    return tuple(measured), params


def pairs_frame(
    found: Sequence[tuple[str, PairedDifference]],
) -> pd.DataFrame:
    """Return one row per task and two models: the paired difference in full."""
    columns = ["task_name", "metric", "model", "reference", "difference", "low", "high", "p_value",
               "p_adjusted", "effect_size", "examples", "further_examples", "verdict"]  # fmt: skip
    rows = [
        (task, one.metric, one.a, one.b, one.difference, one.low, one.high, one.p_value,
         one.p_adjusted, one.effect_size, one.n, one.further_examples, one.verdict)
        for task, one in found
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _record_of(
    comparison: Comparison, place: int, data: dict[str, DataSet], privacy: Privacy, folder: Path
) -> ModelRecord:
    """Write a model's tables of examples into a folder and return its record."""
    model = comparison.models[place]
    names = legal_names(comparison.task_names, _OURS)
    measured, params = measured_of(model, names, data)
    folder.mkdir(parents=True)
    for task, scores in model.scores.items():
        shown = shown_examples(comparison, task, scores, privacy)
        write_table(shown, folder / "tables" / f"{names[task]}.parquet")
    numbers: dict[str, float] = {}
    own = {"cost": model.cost, "geometry": model.geometry, "truncation": model.audit}
    for prefix, value in own.items():
        if value is not None:
            found, words = split(value, prefix)
            numbers |= found
            params |= words
    if numbers:
        measured = (*measured, Measured(of_corpus(comparison.corpus, privacy), numbers))
    failure = model.failure if privacy.texts or not model.failure else WITHHELD
    return ModelRecord(
        model.name, model.spec, measured, spec_params(model.spec) | params, folder, failure
    )


def _write_tables(comparison: Comparison, name: str, folder: Path) -> None:
    """Write what holds no texts: names of models and tasks, and numbers."""
    costs = [
        {
            "model_name": model.name,
            **(_prefixed("cost", model.cost.summary()) if model.cost else {}),
            **(_prefixed("truncation", model.audit.summary()) if model.audit else {}),
            **(_prefixed("geometry", model.geometry.summary()) if model.geometry else {}),
        }
        for model in comparison.models
    ]
    write_table(comparison.to_frame("long"), folder / f"{name}.parquet")
    write_table(comparison.to_frame("wide"), folder / f"{name}_wide.parquet")
    pairs = [(task, one) for (task, _), found in comparison.differences.items() for one in found]
    write_table(pairs_frame(pairs), folder / f"{name}_differences.parquet")
    # As objects: pandas' own strings refuse lone surrogates, which an id can hold.
    write_table(pd.DataFrame(costs, dtype=object), folder / f"{name}_costs.parquet")
    if comparison.agreement is not None:
        write_table(comparison.agreement.to_frame(), folder / f"{name}_agreement.parquet")


def _prefixed(prefix: str, facts: Mapping[str, object]) -> dict[str, object]:
    return {f"{prefix}_{key}": fact for key, fact in facts.items()}


def _write_figures(comparison: Comparison, name: str, privacy: Privacy, folder: Path) -> None:
    from workbench.page import render_page
    from workbench.views import View
    from workbench.views.comparison import comparison_sections

    sections = comparison_sections(comparison, texts=privacy.texts, columns=privacy.columns)
    page = render_page([], title=comparison.title(), sections=sections)
    figures = folder / "figures"
    figures.mkdir(parents=True)
    (figures / f"{name}.html").write_text(page, encoding="utf-8", errors="replace")
    views = [part for _, part in sections if isinstance(part, View)]
    for view, own in zip(views, legal_names(_subjects(views)).values(), strict=True):
        write_view(view, f"{name}_{own}", Privacy(), folder)  # the sections are private already


def _subjects(views: Sequence[View]) -> list[str]:
    """Return what each view shows, for its name: a measure, a task, quality and speed."""
    named: list[str] = []
    for view in views:
        meta = view.meta
        task = "quality_and_speed" if "front" in meta else meta.get("task", view.kind)
        subject = str(meta.get("measure", task))
        named.append(subject if subject not in named else f"{subject} {len(named)}")
    return named
