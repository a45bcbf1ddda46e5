"""What the widgets share: a figure host, a status line, a save button, the selection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeAlias

import ipywidgets
import pandas as pd
from traitlets import Dict, List, Unicode, link, validate

from workbench.errors import InputError
from workbench.page import fallback_table
from workbench.views import Json, View
from workbench.widgets._controls import button, row
from workbench.widgets._status import StatusLine, sentence
from workbench.widgets.figure_host import FigureHost, renders_static, unknown_ids

__all__ = ["FigurePanel", "OnSave", "check_on_save", "close_parts"]

OnSave: TypeAlias = "Callable[[View], object] | None"


def check_on_save(on_save: object) -> None:
    """Raise an InputError unless ``on_save`` is a callable or None."""
    if on_save is not None and not callable(on_save):
        raise InputError(
            f"on_save: expected a function that takes a View, run.log say; got "
            f"{type(on_save).__name__}."
        )


class FigurePanel(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Controls above a live figure.

    Parameters
    ----------
    view
        What to show first.
    controls
        Rows of controls that stand above the status line.
    said
        What the status line says first.
    on_save
        Called with the current view by the save button; without it there is no such button.

    Attributes
    ----------
    selection : list of str
        The ids of the selected texts, sorted; can be observed and set.
    selections : dict of str to list of str
        What was kept of selections: sorted ids by name; can be observed and set.
    status : StatusLine
        The sentence under the controls: ``text``, and whether it is about something that
        ``failed`` or that is going on (``busy``).
    """

    selection = List(Unicode())
    selections = Dict(key_trait=Unicode(), value_trait=List(Unicode()))
    _save_row: Any = None  # also when a constructor stopped half-way

    def __init__(
        self, view: View, *, controls: Iterable[Any], said: str, on_save: OnSave = None
    ) -> None:
        self._on_save = on_save
        self._ids = frozenset(view.texts["id"])
        self._host = FigureHost(view)
        self.status = StatusLine(said)
        self._controls = tuple(controls)
        doc = "Save this view, with what is selected"
        self._save_row = row(button("Save", "workbench-save", self._save, doc=doc))
        super().__init__(self._parts(), layout={"width": "100%"})
        self.add_class("workbench-widget")
        self._links = [
            link((self._host, name), (self, name)) for name in ("selection", "selections")
        ]

    @property
    def on_save(self) -> OnSave:
        """What the save button calls with the current view; None: there is no button."""
        return self._on_save

    @on_save.setter
    def on_save(self, on_save: OnSave) -> None:
        check_on_save(on_save)
        self._on_save = on_save
        self.children = self._parts()

    def close(self) -> None:
        """Close the widget and the parts that it is made of, which ipywidgets would keep."""
        spare = () if self._save_row is None else self._spare()
        for widget in (*spare, self):
            close_parts(widget)

    def view(self) -> View:
        """Return what is shown now, with the selection and the controls in its state."""
        return self._host.view().with_state(**self._state())

    def column(self, name: str = "selection") -> pd.Series[Any]:
        """Return what was kept as a column, for a table of the texts.

        Parameters
        ----------
        name
            The name of the column.

        Returns
        -------
        pandas.Series
            For each text, by its id, the names of the kept selections that it is in, joined by
            ``", "``; None where it is in none.
        """
        ids = self._host.view().texts["id"]
        names: dict[str, list[str]] = {text_id: [] for text_id in ids}
        for kept, members in self.selections.items():
            for text_id in members:
                names.get(text_id, []).append(kept)
        values = [", ".join(some) or None for some in names.values()]
        return pd.Series(values, index=pd.Index(ids, name="id"), name=name, dtype=object)

    def _spare(self) -> tuple[Any, ...]:
        """Return what was made and may stand nowhere now."""
        return (self._save_row,)

    def _state(self) -> dict[str, Json]:
        """Return what the view's state holds beyond the figure host's."""
        return {}

    def _parts(self) -> tuple[Any, ...]:
        save = () if self._on_save is None else (self._save_row,)
        return (*self._controls, *save, self.status, self._host)

    @validate("selection")
    def _known(self, proposal: Any) -> list[str]:
        ids = sorted(set(proposal["value"]))
        count, first = unknown_ids(ids, self._ids)
        if count:
            raise InputError(f"selection: {count} of the ids are not in this figure, {first}")
        return ids

    @validate("selections")
    def _kept(self, proposal: Any) -> dict[str, list[str]]:
        kept = {name: sorted(set(ids)) for name, ids in proposal["value"].items()}
        if kept == self._host.selections:  # a linked figure may hold more texts than this one
            return kept
        for name, ids in kept.items():
            count, first = unknown_ids(ids, self._ids)
            if count:
                raise InputError(
                    f"selections: {count} of the ids of {name!r} are not in this figure, {first}"
                )
        return kept

    def _save(self) -> None:
        if self._on_save is None:
            return
        self.status.say("Saving …", busy=True)
        try:
            view = self.view()
            self._on_save(view)
        except Exception as error:
            self.status.fail(f"This view was not saved. {sentence(error)}")
        else:
            self.status.say(f"Saved at {datetime.now():%H:%M:%S}: {view.title}")

    def _repr_mimebundle_(self, **kwargs: object) -> Any:
        if renders_static():
            data, metadata = self._host._repr_mimebundle_(**kwargs)
            return {**data, "text/plain": repr(self)}, metadata
        data = super()._repr_mimebundle_(**kwargs)
        # For those who see the notebook without a kernel: the first texts, as a table.
        return {**data, "text/html": fallback_table(self._host.view())}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._host.view().title!r}, {len(self.selection)} selected)"


def close_parts(widget: Any) -> None:
    """Close a widget with all that it holds, its layout and style too: ipywidgets keeps each."""
    for part in getattr(widget, "children", ()):
        close_parts(part)
    for look in (getattr(widget, "layout", None), getattr(widget, "style", None)):
        if look is not None:
            look.close()
    ipywidgets.Widget.close(widget)
