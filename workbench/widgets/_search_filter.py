"""Which texts to search: a condition on one of their columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets
import numpy as np
import pandas as pd

from workbench._html import elide
from workbench.corpus import Corpus
from workbench.widgets._controls import choice, row
from workbench.widgets._search_columns import as_number

__all__ = ["FilterForm", "in_words"]

_FEW = 20  # different numbers that are chosen one by one; of more, a range is
_MOST = 500  # values that a list holds


class FilterForm:
    """A list of columns, and of the one chosen its values or the ends of a range.

    Parameters
    ----------
    corpus
        The texts and their columns.
    changed
        Called when the condition changes.

    Attributes
    ----------
    box
        The controls.
    """

    def __init__(self, corpus: Corpus, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._columns = {name: pd.Series(values) for name, values in corpus.columns.items()}
        self._options = {
            name: _options(series, name == corpus.label) for name, series in self._columns.items()
        }
        offered = [name for name, options in self._options.items() if options is not None]
        offered.sort(key=lambda name: name != corpus.label)
        names = [("all texts", ""), *((elide(name, 40), name) for name in offered)]
        self._chooser = choice("Search in", "workbench-filter-column", names, "")
        self._values = ipywidgets.SelectMultiple(
            description="with", layout={"width": "auto", "max_width": "100%"},
            style={"description_width": "initial"},
        )  # fmt: skip
        self._values.add_class("workbench-filter-values")
        self._ends = [_end("from"), _end("to")]
        self._chooser.observe(lambda _: self._show(), "value")
        for control in (self._values, *self._ends):
            control.observe(lambda _: self._changed(), "value")
        self.box = row(self._chooser, name="workbench-filter")
        self.parts = (self._values, *self._ends)  # which stand nowhere while nothing is chosen

    @property
    def where(self) -> dict[str, Any]:
        """The condition, as `SearchIndex.search` takes it; empty: all texts.

        Raises
        ------
        InputError
            If an end of a range is no number.
        """
        name = self._chooser.value
        if not name:
            return {}
        if self._options[name]:
            return {name: list(self._values.value)} if self._values.value else {}
        ends = {
            bound: self._bound(name, field)
            for bound, field in zip(("min", "max"), self._ends, strict=True)
            if field.value.strip()
        }
        return {name: ends} if ends else {}

    def _bound(self, name: str, field: Any) -> float | str:
        text = str(field.value).strip()
        if self._columns[name].dtype.kind == "M":
            return text
        return as_number(text, f"{name!r} {field.description}")

    def _show(self) -> None:
        name = self._chooser.value
        options = self._options[name] if name else None
        before = self.box.children
        with self._values.hold_trait_notifications():
            self._values.options = options or ()
            self._values.value = ()
        self._values.rows = min(6, max(2, len(options or ())))
        for field in self._ends:
            field.value = ""
        shown = () if not name else (self._values,) if options else tuple(self._ends)
        self.box.children = (self._chooser, *shown)
        if len(before) > 1:  # a condition was there, and went
            self._changed()


def in_words(where: Mapping[str, Any]) -> dict[str, str]:
    """Return column → what of it is searched."""
    said = {}
    for name, wanted in where.items():
        if isinstance(wanted, dict):
            ends = [f"{word} {wanted[end]:g}" if isinstance(wanted[end], float)
                    else f"{word} {wanted[end]}"
                    for end, word in (("min", "from"), ("max", "to")) if end in wanted]  # fmt: skip
            said[name] = " ".join(ends)
        else:
            said[name] = ", ".join(elide(str(one), 40) for one in wanted)
    return said


def _options(series: pd.Series[Any], label: bool) -> list[tuple[str, Any]] | None:
    """Return a column's values, most frequent first; [] for a range; None: not to be offered."""
    if series.dtype.kind == "M":
        return []
    if not series.map(_is_plain).all():  # lists and the like name no group
        return None
    counts = series.dropna().value_counts()
    if series.dtype.kind in "iuf" and len(counts) > _FEW:
        return []
    if not len(counts) or (len(counts) > _MOST and not label):
        return None
    pairs = list(counts.items())[:_MOST]
    return [(f"{elide(str(value), 60)} ({count:,})", _plain(value)) for value, count in pairs]


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | bool | int | float | np.generic)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _end(text: str) -> Any:
    field = ipywidgets.Text(
        description=text,
        continuous_update=False,
        style={"description_width": "initial"},
        layout={"width": "16ch"},
    )
    field.add_class(f"workbench-filter-{text}")
    return field
