"""FigureHost: one view, live."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import anywidget
from traitlets import Bytes, Dict, List, TraitError, Unicode, validate

from workbench.errors import InputError, suggest
from workbench.page import (
    fallback_table,
    host_css,
    host_module,
    packed,
    plotly_library,
    render_fragment,
)
from workbench.views import Json, View

__all__ = ["FigureHost", "renders_static"]

_CONTROLS = ("color_by", "query", "pinned", "options")


def renders_static() -> bool:
    """Tell whether widgets show themselves as HTML that needs no kernel."""
    return os.environ.get("WORKBENCH_RENDER") == "static"


class FigureHost(anywidget.AnyWidget):
    """A view, live: hover, colour, search, select; each change reaches Python on its own trait.

    plotly.js is sent once per page, when its first figure asks for it. A browser that is reloaded
    finds the figure as it was, because what changes are traits. With ``WORKBENCH_RENDER=static``
    in the environment it shows itself as HTML that needs no kernel.

    Parameters
    ----------
    view
        What to show.

    Attributes
    ----------
    selection : list of str
        The ids of the selected texts, sorted; can be observed and set.
    hovered : str or None
        The id of the text under the pointer.
    viewport : dict
        The visible ranges, ``{"x": [low, high], "y": [low, high]}``; empty: all.
    controls : dict
        ``color_by`` (a column, or ``""``), ``query`` (the words searched), ``pinned`` (two ids),
        ``options`` (what else can be set on this kind of figure).

    Raises
    ------
    InputError
        If ``view`` is not a View.
    """

    _esm = host_module()
    _css = host_css()

    selection = List(Unicode()).tag(sync=True)
    hovered = Unicode(None, allow_none=True).tag(sync=True)
    viewport = Dict().tag(sync=True)
    controls = Dict().tag(sync=True)
    # Bytes come back from the browser as a memoryview.
    _data = Bytes().tag(sync=True, from_json=lambda value, _: bytes(value))

    _library_shown = False  # whether a static output of this process brought plotly.js along

    def __init__(self, view: View, **unknown: object) -> None:
        for name in unknown:
            raise InputError(f"FigureHost has no option {name!r}. {suggest(name, ['view'])}")
        _check(view)
        self._view = view
        self._actions: dict[str, Callable[[Any], object]] = {}
        super().__init__(_data=_pack(view), **_traits(view))
        self.on_msg(self._answer)

    def view(self) -> View:
        """Return what is shown now: selection, viewport and controls are in the view's state."""
        state: dict[str, Json] = {
            "selection": list(self.selection),
            "viewport": dict(self.viewport),
            **{name: self.controls[name] for name in _CONTROLS if name in self.controls},
        }
        return self._view.with_state(**state)

    def show(self, view: View) -> None:
        """Show another view in place of this one.

        What its state does not say stays as it is: selected texts that it holds too, the colour,
        the search. The viewport is the new view's own.
        """
        _check(view)
        known = set(view.texts["id"])
        kept = {"selection": [text_id for text_id in self.selection if text_id in known]}
        merged = view.with_state(**{**kept, **self.controls, **view.state})
        self._view = view
        with self.hold_sync():
            for name, value in _traits(merged).items():
                setattr(self, name, value)
            self.hovered = None
            self._data = _pack(view)

    def on_action(self, name: str, action: Callable[[Any], object]) -> None:
        """Call a function with the value of what the figure asks the kernel for by that name."""
        self._actions[name] = action

    def _answer(self, _: object, message: object, buffers: object) -> None:
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "library":
            self.send({"type": "library"}, buffers=[plotly_library()])
        elif kind == "action" and isinstance(message, dict) and message.get("name") in self._actions:
            self._actions[message["name"]](message.get("value"))

    @validate("selection")
    def _known(self, proposal: Any) -> list[str]:
        ids = sorted(set(proposal["value"]))
        known = set(self._view.texts["id"])
        unknown = [text_id for text_id in ids if text_id not in known]
        if unknown:
            raise TraitError(
                f"selection: {len(unknown)} ids are not in this view, the first is "
                f"{unknown[0]!r}. {suggest(unknown[0], sorted(known)[:2000])}"
            )
        return ids

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if renders_static():
            html = render_fragment(self.view(), with_library=not FigureHost._library_shown)
            FigureHost._library_shown = True
            return {"text/html": html, "text/plain": repr(self)}, {}
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        # For those who see the notebook without a kernel: the first texts, as a table.
        return {**data, "text/html": fallback_table(self._view)}, metadata

    def __repr__(self) -> str:
        return f"FigureHost({self._view.title!r}, {len(self.selection)} selected)"


def _check(view: object) -> None:
    if not isinstance(view, View):
        raise InputError(
            f"FigureHost: expected a View; got {type(view).__name__}. wb.view_of(value) makes one."
        )


def _pack(view: View) -> bytes:
    """Return the view for the browser, without the state, which travels as traits."""
    return packed(View(view.figure, view.texts).to_json())


def _traits(view: View) -> dict[str, Any]:
    """Return the traits that a view's state asks for; ids that it does not hold are left out."""
    known = set(view.texts["id"])
    chosen = view.state.get("selection")
    selection = {str(one) for one in chosen if one in known} if isinstance(chosen, list) else set()
    controls = {name: view.state[name] for name in _CONTROLS if name in view.state}
    return {
        "selection": sorted(selection),
        "viewport": view.state.get("viewport") or {},
        "controls": controls,
    }
