"""ModelComparison: several models on the same texts, live."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import ipywidgets

from workbench.analysis.comparison import Comparison
from workbench.errors import InputError, suggest
from workbench.views import AGREEMENT_MEASURES, Json, View
from workbench.views._standing import reference_of
from workbench.views.comparison import costs_html, decision_html, scores_html
from workbench.widgets._comparison_parts import (
    best_of,
    comparison_figures,
    folded_audit,
    static_html,
)
from workbench.widgets._controls import choice, row
from workbench.widgets._markup import Markup
from workbench.widgets._panel import FigurePanel, OnSave, check_on_save
from workbench.widgets._status import sentence
from workbench.widgets._why import (
    difference_html,
    differing_examples_html,
    example_html,
    other_neighbors_html,
)
from workbench.widgets.figure_host import FigureHost, renders_static

__all__ = ["ModelComparison"]

_OPTIONS = ("on_save",)
_HINT = "Click a model to see below the figures why it differs from the reference."
_MEASURES = tuple((name, measure) for measure, (name, _) in AGREEMENT_MEASURES.items())


class ModelComparison(FigurePanel):
    """A comparison of models, live: the decision, the figures, and why two models differ.

    All is there at once; choosing draws again and measures nothing. A click on a model, in any
    figure, asks why it differs from the reference; two models that are chosen together are
    compared with each other.

    Parameters
    ----------
    comparison
        What was measured: ``wb.compare_models(...)``.
    on_save
        Called with the figure of quality and speed by the save button: ``run.log``, say.

    Attributes
    ----------
    selection : list of str
        The names of the selected models, sorted; can be observed and set.

    Raises
    ------
    InputError
        If ``comparison`` is none, an option is unknown, or nothing was scored and no two models
        can be related.
    """

    def __init__(
        self, comparison: Comparison, *, on_save: OnSave = None, **unknown: object
    ) -> None:
        for name in unknown:
            raise InputError(f"ModelComparison has no option {name!r}. {suggest(name, _OPTIONS)}")
        _check(comparison)
        check_on_save(on_save)
        self._comparison = comparison
        self._quiet = False
        self._make_controls()
        self._make_tables()
        views = self._views()
        first, *others = views
        self._others = {kind: FigureHost(views[kind]) for kind in others}
        self._first = first
        self._body: tuple[Any, ...] = ()
        super().__init__(views[first], controls=(), said="", on_save=on_save)
        self._show_pair()
        self.status.say(_HINT if self.pair else "")
        self.observe(lambda _: self._selected(), "selection")

    # ---- what is chosen

    @property
    def comparison(self) -> Comparison:
        """What was measured."""
        return self._comparison

    @property
    def task(self) -> str | None:
        """The task shown; None when nothing was scored."""
        return self._task.value or None

    @property
    def metric(self) -> str | None:
        """The metric shown; None when nothing was scored."""
        return self._metric.value or None

    @property
    def reference(self) -> str:
        """The model that others are compared with."""
        return str(self._reference.value)

    @property
    def pair(self) -> tuple[str, str] | None:
        """The model looked at, and the reference; None when there is one model only."""
        return (self._model.value, self.reference) if self._model.value else None

    @property
    def example(self) -> str | None:
        """The id of the example looked at."""
        place = self._examples.chosen
        if self.pair is None or place < 0:
            return None
        scores = self._comparison.model(self.pair[0]).scores.get(self._task.value)
        return None if scores is None else str(scores.examples["example"].iloc[place])

    def _state(self) -> dict[str, Json]:
        pair: list[Json] = list(self.pair or ())
        return {
            "task": self.task,
            "metric": self.metric,
            "reference": self.reference,
            "pair": pair,
            "measure": self._measure.value,
        }

    # ---- parts

    def _make_controls(self) -> None:
        comparison = self._comparison
        tasks = comparison.task_names
        self._task = choice("Task", "workbench-task", _same(tasks or [""]), (*tasks, "")[0])
        metrics = comparison.metrics(tasks[0]) if tasks else ("",)
        self._metric = choice("Metric", "workbench-metric", _same(metrics), metrics[0])
        reference = reference_of(comparison, None, *tasks[:1])
        models = _same(comparison.names)
        self._reference = choice("Reference", "workbench-reference", models, reference)
        rivals = self._rivals()
        best = best_of(comparison, rivals, self.task, self.metric)
        self._model = choice("Compare with it", "workbench-model", _same(rivals or [""]), best)
        self._measure = choice("Measure", "workbench-measure", _MEASURES, _MEASURES[0][1])
        self._task.observe(lambda _: self._change(self._new_task), "value")
        self._metric.observe(lambda _: self._change(self._redraw), "value")
        self._reference.observe(
            lambda change: self._change(lambda: self._new_reference(change["old"])), "value"
        )
        self._model.observe(lambda _: self._change(self._new_model), "value")
        self._measure.observe(lambda _: self._change(self._redraw), "value")

    def _make_tables(self) -> None:
        comparison = self._comparison
        self._card = Markup(decision_html(comparison) + folded_audit(comparison))
        self._scores = Markup(self._scores_html())
        self._costs = Markup(costs_html(comparison))
        self._difference, self._examples, self._neighbors = Markup(), Markup(), Markup()
        self._example = Markup()
        self._examples.observe(lambda _: self._change(self._show_example), "chosen")

    def _parts(self) -> tuple[Any, ...]:
        if not self._body:
            chosen = [self._task, self._metric] if self.task else []
            chosen += [self._reference, self._model] if self.pair else []
            why = (self._difference, self._examples, self._example, self._neighbors)
            self._body = (self._card, row(*chosen), self.status, self._tabs(), *why)
        save = () if self._on_save is None else (self._save_row,)
        return (*self._body[:2], *save, *self._body[2:])

    def _tabs(self) -> Any:
        """Return the figures and tables, one at a time, so that what a click asks is near."""
        hosts = {self._first: self._host, **self._others}
        pages: list[tuple[str, tuple[Any, ...]]] = []
        if "tradeoff" in hosts:
            pages.append(("Quality and speed", (hosts["tradeoff"],)))
        if "forest" in hosts:
            pages.append(("Scores", (hosts["forest"], self._scores)))
        if "agreement" in hosts:
            pages.append(("Agreement", (row(self._measure), hosts["agreement"])))
        pages.append(("Costs", (self._costs,)))
        boxes = [ipywidgets.VBox(parts, layout={"width": "100%"}) for _, parts in pages]
        tabs = ipywidgets.Tab(boxes, layout={"width": "auto"})
        tabs.titles = [title for title, _ in pages]
        tabs.add_class("workbench-tabs")
        return tabs

    def _views(self) -> dict[str, View]:
        measure = str(self._measure.value)
        return comparison_figures(self._comparison, self.task, self.metric, self.reference, measure)

    # ---- what happens

    def _change(self, action: Callable[[], None]) -> None:
        if self._quiet:
            return
        try:
            action()
        except Exception as error:
            self.status.fail(sentence(error))

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Change controls without answering to each."""
        self._quiet, before = True, self._quiet
        try:
            yield
        finally:
            self._quiet = before

    def _new_task(self) -> None:
        metrics = self._comparison.metrics(self._task.value)
        with self._quietly():
            self._metric.options = _same(metrics)
            self._metric.value = metrics[0]
        self._redraw()

    def _new_reference(self, before: str) -> None:
        """Redraw against another reference; where it was the pair's model, they change places."""
        model = self._model.value
        self._compare(before if model == self.reference else model)

    def _compare(self, model: str) -> None:
        """Redraw with a model against a new reference."""
        with self._quietly():
            self._model.options = _same(self._rivals())
            self._model.value = model
        self._redraw()

    def _new_model(self) -> None:
        if self.pair and self.pair[0] in self._ids and self.pair[0] not in self.selection:
            with self._quietly():
                self.selection = [self.pair[0]]
        self._show_pair()

    def _selected(self) -> None:
        names = [name for name in self._comparison.names if name in self.selection]
        others = [name for name in names if name != self.reference]
        if self._quiet or not others or len(names) > 2:
            return
        if len(others) == 2:
            with self._quietly():
                self._reference.value = others[0]
            self._change(lambda: self._compare(others[1]))
        elif self._model.value != others[0]:
            with self._quietly():
                self._model.value = others[0]
            self._change(self._show_pair)

    def _redraw(self) -> None:
        for kind, view in self._views().items():
            host = self._host if kind == self._first else self._others[kind]
            host.show(view)
        self._scores.html = self._scores_html()
        self._show_pair()

    def _show_pair(self) -> None:
        """Show why the pair differs."""
        if self.pair is None:
            return
        given = (self._comparison, self.task, self.metric or "", *self.pair)
        self._difference.html = difference_html(*given)
        with self._quietly():
            self._examples.show(differing_examples_html(*given))
        self._neighbors.html = other_neighbors_html(self._comparison, *self.pair)
        self._example.html = ""
        self.status.say(f"{self.pair[0]} against {self.reference}: see below the figures.")

    def _show_example(self) -> None:
        if self.example is None or self.task is None or self.pair is None:
            self._example.html = ""
            return
        place = self._examples.chosen
        self._example.html = example_html(
            self._comparison, self.task, self.metric or "", self.pair, place
        )
        self.status.say(f"Example {self.example}: see below the examples.")

    def _rivals(self) -> list[str]:
        return [name for name in self._comparison.names if name != self.reference]

    def _scores_html(self) -> str:
        return scores_html(self._comparison, reference=self.reference)

    def _repr_mimebundle_(self, **kwargs: object) -> Any:
        if renders_static():
            why = (self._difference, self._examples, self._example, self._neighbors)
            html = static_html(self._comparison, self.reference, self.selection)
            html += "".join(part.html for part in why)
            return {"text/html": html, "text/plain": repr(self)}, {}
        data = ipywidgets.VBox._repr_mimebundle_(self, **kwargs)
        # For those who see the notebook without a kernel.
        return {**data, "text/html": self._comparison._repr_html_()}


def _check(comparison: object) -> None:
    if not isinstance(comparison, Comparison):
        raise InputError(
            f"ModelComparison: expected a Comparison; got {type(comparison).__name__}. "
            "wb.compare_models(corpus, models, tasks=[...]) makes one."
        )


def _same(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in names]
