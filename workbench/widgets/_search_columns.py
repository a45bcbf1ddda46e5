"""The ways to search that a SearchExplorer offers: a column each, chosen with a box."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np

from workbench.errors import InputError, suggest
from workbench.search import Hybrid, Searchable
from workbench.widgets._controls import row

__all__ = ["Column", "ColumnForm", "columns_of"]

REREAD = "reranked"


@dataclass(frozen=True, slots=True)
class Column:
    """One way to search.

    Parameters
    ----------
    name
        What the column is called.
    method
        What `SearchIndex.search` takes.
    reranked
        Whether the reranker reads the first hits again.
    """

    name: str
    method: str | Hybrid
    reranked: bool = False

    @property
    def bounded(self) -> bool:
        """Whether its scores are a relevancy that a least one can be asked of."""
        return self.reranked or (self.method != "hybrid" and not isinstance(self.method, Hybrid))


def columns_of(index: Searchable, methods: object) -> tuple[dict[str, Column], list[str]]:
    """Return all columns by name, and the names of those that are chosen at first.

    Parameters
    ----------
    index
        What is searched.
    methods
        The names of columns, or a `Hybrid`; None: the methods of the index.

    Raises
    ------
    InputError
        If there is no such column, or none is named.
    """
    alone = isinstance(methods, str | Hybrid)
    given: Any = index.methods if methods is None else (methods,) if alone else methods
    if not isinstance(given, Iterable) or not (asked := list(given)):
        raise InputError(
            "SearchExplorer: methods is a list of names, ['dense', 'bm25'] say; got "
            f"{methods!r:.60}."
        )
    own = [one for one in asked if isinstance(one, Hybrid)]
    ways: dict[str, str | Hybrid] = {name: name for name in index.methods}
    ways |= {hybrid.title(): hybrid for hybrid in own}
    columns = {name: Column(name, method) for name, method in ways.items()}
    if index.reranker is not None:
        reread = [Column(f"{name}, {REREAD}", method, True) for name, method in ways.items()]
        columns |= {column.name: column for column in reread}
    names = [one.title() if isinstance(one, Hybrid) else str(one) for one in asked]
    for name in names:
        if name not in columns:
            more = " Build the index with reranker=." if name.endswith(REREAD) else ""
            more += index.without.get(name.removesuffix(f", {REREAD}"), "")
            raise InputError(
                f"SearchExplorer: there is no method {name!r} here. {suggest(name, columns)}{more}"
            )
    return columns, [name for name in columns if name in names]


class ColumnForm:
    """A box per column, and a field for the least score that its hits may have.

    Parameters
    ----------
    columns
        The columns by name.
    chosen
        The names of those shown at first.
    least
        Column → least score.
    changed
        Called when a box or a field changes.

    Attributes
    ----------
    boxes, fields
        The two rows of controls.

    Raises
    ------
    InputError
        If a least score is no number, or of a column that has none.
    """

    def __init__(
        self,
        columns: Mapping[str, Column],
        chosen: Iterable[str],
        least: object,
        changed: Callable[[], None],
    ) -> None:
        bounded = [name for name, column in columns.items() if column.bounded]
        given = _checked_least(least, bounded)
        on = set(chosen)
        self._columns = columns
        self._boxes = {name: _box(name, name in on) for name in columns}
        self._least = {name: _field(name, given.get(name)) for name in bounded}
        for control in (*self._boxes.values(), *self._least.values()):
            control.observe(lambda _: changed(), "value")
        self.boxes = row(*self._boxes.values(), name="workbench-columns")
        self.fields = row(*self._least.values(), name="workbench-least")
        self.boxes.layout.width = self.fields.layout.width = "auto"

    @property
    def chosen(self) -> list[Column]:
        """The columns whose boxes are checked.

        Raises
        ------
        InputError
            If none is.
        """
        found = [column for name, column in self._columns.items() if self._boxes[name].value]
        if not found:
            raise InputError("No method is chosen. Check one at least.")
        return found

    @property
    def least(self) -> dict[str, float]:
        """Column → the least score in its field; columns without one are left out.

        Raises
        ------
        InputError
            If what a field holds is no number.
        """
        return {
            name: as_number(field.value, f"The least score of {name}")
            for name, field in self._least.items()
            if field.value.strip()
        }


def as_number(text: str, what: str) -> float:
    """Return the number that a field holds.

    Raises
    ------
    InputError
        If it holds none.
    """
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError(f"{what} is no number: {text!r:.40}. Write 0.5, say, or leave it empty.")
    return value


def _box(name: str, checked: bool) -> Any:
    box = ipywidgets.Checkbox(value=checked, description=name, indent=False)
    box.layout = {"width": "auto", "margin": "2px 14px 2px 2px"}
    box.add_class("workbench-column")
    return box


def _field(name: str, value: float | None) -> Any:
    field = ipywidgets.Text(
        value="" if value is None else f"{value:g}",
        description=name,
        placeholder="any",
        continuous_update=False,
        style={"description_width": "initial"},
        layout={"width": f"{len(name) + 12}ch", "max_width": "100%"},
    )
    field.add_class("workbench-least-score")
    return field


def _checked_least(least: object, names: list[str]) -> dict[str, float]:
    if least is None:
        return {}
    if not isinstance(least, Mapping):
        raise InputError(
            "SearchExplorer: minimum_relevancy is a dict by method, {'dense': 0.3} say: scores of "
            f"two methods do not compare. Got {type(least).__name__}."
        )
    for name, value in least.items():
        if name not in names:
            raise InputError(
                f"SearchExplorer: minimum_relevancy names {name!r}, which has none. "
                f"{suggest(str(name), names)}"
            )
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not number or not np.isfinite(float(value)):
            raise InputError(
                f"SearchExplorer: the minimum_relevancy of {name!r} is a number; got {value!r:.40}."
            )
    return {name: float(value) for name, value in least.items()}
