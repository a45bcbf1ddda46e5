"""FigureHost: one view, live."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
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

__all__ = ["FigureHost", "known_ids", "renders_static", "unknown_ids"]

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
    selections : dict of str to list of str
        What was kept of selections: sorted ids by name. Ids that this view does not hold stay, so
        that another view can show them; the figure says how many those are.
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
    selections = Dict(key_trait=Unicode(), value_trait=List(Unicode())).tag(sync=True)
    hovered = Unicode(None, allow_none=True).tag(sync=True)
    viewport = Dict().tag(sync=True)
    controls = Dict().tag(sync=True)
    _asked = List(Unicode()).tag(sync=True)  # what the figure may ask for
    # Bytes come back from the browser as a memoryview.
    _data = Bytes().tag(sync=True, from_json=lambda value, _: bytes(value))

    hears = False  # whether what changes now is what a page says

    _library_shown = False  # whether a static output of this process brought plotly.js along

    def __init__(self, view: View, **unknown: object) -> None:
        for name in unknown:
            raise InputError(f"FigureHost has no option {name!r}. {suggest(name, ['view'])}")
        _check(view)
        self._view = view
        self._actions: dict[str, Callable[[Any], object]] = {}
        super().__init__(_data=_pack(view, view.state), **_traits(view))
        self.on_msg(self._answer)

    def view(self) -> View:
        """Return what is shown now: selection, viewport and controls are in the view's state."""
        state: dict[str, Json] = {
            "selection": list(self.selection),
            "viewport": dict(self.viewport),
            **{name: self.controls[name] for name in _CONTROLS if name in self.controls},
        }
        if self.selections or "selections" in self._view.state:
            state["selections"] = {name: list(ids) for name, ids in self.selections.items()}
        return self._view.with_state(**state)

    def show(self, view: View) -> None:
        """Show another view in place of this one.

        What its state does not say stays as it is: selected texts that it holds too, what was
        kept of selections, the colour, the search. The viewport is the new view's own.
        """
        _check(view)
        selections = {**self.selections, **_selections(view)}
        kept: dict[str, Json] = {"selection": list(self.selection), **self.controls, **view.state}
        merged = view.with_state(**{**kept, "selections": selections})
        self._view = view
        with self.hold_sync():
            for name, value in _traits(merged).items():
                setattr(self, name, value)
            self.hovered = None
            self._data = _pack(view, merged.state)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a page says: it has told its other figures already (see ``Explorer``)."""
        self.hears = True
        try:
            super().set_state(sync_data)
        finally:
            self.hears = False

    def on_action(self, name: str, action: Callable[[Any], object]) -> None:
        """Call a function with the value of what the figure asks the kernel for by that name."""
        self._actions[name] = action
        self._asked = sorted(self._actions)

    def _answer(self, _: object, message: object, buffers: object) -> None:
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "library":
            self.send({"type": "library"}, buffers=[plotly_library()])
        elif (
            kind == "action" and isinstance(message, dict) and message.get("name") in self._actions
        ):
            self._actions[message["name"]](message.get("value"))

    @validate("selections")
    def _sorted(self, proposal: Any) -> dict[str, list[str]]:
        return {name: sorted(set(ids)) for name, ids in proposal["value"].items()}

    @validate("selection")
    def _known(self, proposal: Any) -> list[str]:
        return known_ids(proposal["value"], self._view)

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


def known_ids(ids: Iterable[str], view: View) -> list[str]:
    """Return the ids of texts of a view, sorted; raise TraitError if it does not hold one."""
    found = sorted(set(ids))
    count, first = unknown_ids(found, set(view.texts["id"]))
    if count:
        raise TraitError(f"selection: {count} ids are not in this view, {first}")
    return found


def unknown_ids(ids: Iterable[str], known: Collection[str]) -> tuple[int, str]:
    """Return how many ids are not known, and what to say of the first of them."""
    unknown = [text_id for text_id in ids if text_id not in known]
    if not unknown:
        return 0, ""
    return len(unknown), f"the first is {unknown[0]!r}. {suggest(unknown[0], sorted(known)[:2000])}"


def _check(view: object) -> None:
    if not isinstance(view, View):
        raise InputError(
            f"FigureHost: expected a View; got {type(view).__name__}. wb.view_of(value) makes one."
        )


def _pack(view: View, state: Mapping[str, Json]) -> bytes:
    """Return the view for the browser: its state travels as traits.

    But for how many ids were selected and how many of them are here, where not all are.
    """
    chosen = state.get("selection")
    ids = set(map(str, chosen)) if isinstance(chosen, list) else set()
    here = ids & set(view.texts["id"])
    said: dict[str, Json] = {"selected_before": [len(ids), len(here)]} if here != ids else {}
    return packed(View(view.figure, view.texts, said).to_json())


def _selections(view: View) -> dict[str, list[str]]:
    """Return what a view's state says was kept; what is not names with ids is left out."""
    kept = view.state.get("selections")
    named = kept.items() if isinstance(kept, dict) else ()
    return {name: [str(one) for one in ids] for name, ids in named if isinstance(ids, list)}


def _traits(view: View) -> dict[str, Any]:
    """Return the traits that a view's state asks for; ids that it does not hold are left out."""
    known = set(view.texts["id"])
    chosen = view.state.get("selection")
    selection = {str(one) for one in chosen if one in known} if isinstance(chosen, list) else set()
    controls = {name: view.state[name] for name in _CONTROLS if name in view.state}
    return {
        "selection": sorted(selection),
        "selections": _selections(view),
        "viewport": view.state.get("viewport") or {},
        "controls": controls,
    }
