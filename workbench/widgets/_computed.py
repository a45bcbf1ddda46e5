"""A figure that is computed anew, by a method and its parameters, in a worker process."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextvars import Context, copy_context
from functools import partial
from typing import Any

import numpy as np

from workbench.analysis import Clustering, Neighbors, Projection, checked
from workbench.analysis.parameters import ParameterTable
from workbench.embeddings import Embeddings
from workbench.views import Json, View
from workbench.widgets._controls import METHOD_NAMES, MethodForm, button, row
from workbench.widgets._panel import FigurePanel, OnSave
from workbench.widgets._status import sentence
from workbench.widgets._worker import Worker

__all__ = ["ComputedPanel", "state_of"]


class ComputedPanel(FigurePanel):
    """A figure with a list of methods, their parameters, and a worker that computes.

    Parameters
    ----------
    view
        What to show first.
    source
        The texts and their vectors; their neighbours, or None.
    form
        The methods' controls.
    table
        The methods and their parameters.
    random_state
        The seed of all runs.
    extra
        Further controls beside the buttons.
    further
        Further rows of controls below them.
    said, on_save
        As for a FigurePanel.
    """

    _task: str
    _worker: Worker | None = None  # also when a constructor stopped half-way
    _only_idle: tuple[Any, ...] = ()  # what must not be pressed while something is computed

    def __init__(
        self,
        view: View,
        *,
        source: tuple[Embeddings, Neighbors | None],
        form: MethodForm,
        table: ParameterTable,
        random_state: int,
        extra: tuple[Any, ...] = (),
        further: tuple[Any, ...] = (),
        said: str = "",
        on_save: OnSave = None,
    ) -> None:
        self._table = table
        self._form = form
        self._random_state = random_state
        self._worker = Worker(*source)
        self._running: Future[Any] | None = None
        self._run: object = None  # the run that may say how far it is
        self._asked: tuple[object, ...] = ()
        self._started = 0.0
        self._loop = _running_loop()
        doc = "Compute with these parameters"
        self._compute_button = button("Compute", "workbench-compute", self._compute, doc=doc)
        doc = "Stop computing; the picture stays as it is"
        self._cancel_button = button("Cancel", "workbench-cancel", self._cancel, doc=doc)
        self._cancel_button.disabled = True
        buttons = row(self._compute_button, self._cancel_button, *extra)
        controls = [row(form.chooser, form.fields), buttons, *further]
        super().__init__(view, controls=controls, said=said, on_save=on_save)
        form.chooser.observe(lambda _: self._compute(), "value")

    @property
    def busy(self) -> bool:
        """Whether something is being computed."""
        return self._running is not None

    def close(self) -> None:
        """Close the widget and end its worker process."""
        self._running = None
        if self._worker is not None:
            self._worker.close()
        super().close()

    def _spare(self) -> tuple[Any, ...]:
        return (*super()._spare(), *self._form.all_fields)

    def _received(self, value: Any) -> str:
        """Take a value in, show it, and return what is new in a sentence."""
        raise NotImplementedError

    def _compute(self) -> None:
        """Start computing what the controls say."""
        method = self._form.method

        def options() -> dict[str, object]:
            return {"method": method, **checked(method, self._form.params, self._table)}

        said = f"Computing {METHOD_NAMES[method]}; until then the picture stays as it is."
        self._begin(self._task, said, options, self._received)

    def _begin(
        self,
        task: str,
        said: str,
        options: Callable[[], dict[str, object]],
        then: Callable[[Any], str],
    ) -> None:
        """Start a task with options that may be refused."""
        try:
            asked = options()
        except Exception as error:
            self.status.fail(sentence(error))
            return
        self._start(task, said, asked, then)

    def _start(
        self, task: str, said: str, options: Mapping[str, object], then: Callable[[Any], str]
    ) -> None:
        """Start a task of the worker; ``then`` takes its value in and says what is new."""
        asked = (task, *((name, str(value)) for name, value in options.items()))
        running = self._running
        if running is not None and not running.cancelled() and asked == self._asked:
            return
        self._asked = asked
        self._running = None  # a run that this one replaces says nothing any more
        self._run = run = object()
        self.status.say(said, busy=True)
        self._set_busy(True)
        self._started = time.monotonic()
        loop = _running_loop() or self._loop
        assert self._worker is not None
        hand = partial(self._hand, loop, copy_context())
        future = self._worker.submit(
            task,
            progress=lambda *told: hand(partial(self._count, run, *told)),
            random_state=self._random_state,
            **options,
        )
        self._running = future
        future.add_done_callback(lambda done: hand(partial(self._finished, done, then)))

    def _hand(
        self, loop: asyncio.AbstractEventLoop | None, context: Context, act: Callable[[], None]
    ) -> None:
        """Hand what a thread brings to the event loop that the run was asked for on.

        JupyterLab sends a widget's messages to a thread of their own, and cells run on another:
        the loop of the request serves both. Without a loop (a script) there is nothing to wait for.
        """
        for known in (loop, self._loop):
            if known is not None and known.is_running():
                known.call_soon_threadsafe(act, context=context)
                return
        act()

    def _count(self, run: object, done: int, total: int, step: str = "") -> None:
        if run is self._run:
            self.status.count(done, total, step)

    def _set_busy(self, busy: bool) -> None:
        self._cancel_button.disabled = not busy
        for control in self._only_idle:
            control.disabled = busy

    def _finished(self, future: Future[Any], then: Callable[[Any], str]) -> None:
        if future is not self._running:  # a later run has taken its place
            return
        self._run = None
        self._set_busy(False)
        try:
            if future.cancelled():
                self.status.say("Cancelled; the picture is as it was.")
                return
            said = then(future.result())
            took = time.monotonic() - self._started
            self.status.say(f"{said} It took {took:.1f} s.")
        except Exception as error:
            self.status.fail(f"{sentence(error)} The picture is as it was.")
        finally:
            self._running = None

    def _give_up(self) -> None:
        """Stop what is running, and say nothing of it."""
        self._running = self._run = None
        self._set_busy(False)
        self._cancel()

    def _cancel(self) -> None:
        if self._worker is not None:
            self._worker.cancel()


def state_of(value: Projection | Clustering) -> dict[str, Json]:
    """Return how a value was made, for the state of its view."""
    parameters: dict[str, Json] = {name: _written(one) for name, one in value.params.items()}
    seed = value.random_state
    return {"method": value.method, "parameters": parameters, "random_state": seed}


def _written(value: object) -> Json:
    """Return a parameter as JSON can hold it: an estimator's may be anything, or infinite."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return repr(value)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
