"""What a model was given, as rows of texts; the first row that is none is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from workbench.errors import InputError, suggest

__all__ = ["Rows", "rows_of"]

Rows: TypeAlias = "list[tuple[str, ...]]"


def rows_of(data: object, columns: Sequence[str], model: str) -> Rows:
    """Return one tuple of texts per row.

    Parameters
    ----------
    data
        A table; a text or a list of texts (for one column); a list of dicts, or of tuples in the
        columns' order; a dict of texts or of lists by column.
    columns
        The columns that the model reads.
    model
        What messages call the model.

    Raises
    ------
    InputError
        If a column is missing, there is no row, or a cell is null, blank or no text: with its row.
    """
    cells = [_cells(data, columns, model)] if len(columns) == 1 else []
    if not cells:
        cells = _table(data, columns, model)
    counts = {len(column) for column in cells}
    if len(counts) > 1:
        raise InputError(
            f"{model}: the columns have {', '.join(str(len(column)) for column in cells)} rows; "
            "expected as many each."
        )
    if counts == {0}:
        raise InputError(f"{model}: expected one row at least; the batch is empty.")
    for name, column in zip(columns, cells, strict=True):
        for row, cell in enumerate(column, 1):
            _check(cell, row, name, model)
    return list(zip(*cells, strict=True))


def _cells(data: object, columns: Sequence[str], model: str) -> list[Any]:
    """Return the cells of the one column that a model reads."""
    if isinstance(data, pd.Series):
        return data.tolist()
    if isinstance(data, np.ndarray):
        return data.reshape(-1).tolist() if data.ndim < 2 or data.shape[1] == 1 else data.tolist()
    if isinstance(data, list | tuple) and not any(isinstance(one, Mapping) for one in data):
        return list(data)
    if isinstance(data, pd.DataFrame) and data.columns.equals(pd.RangeIndex(1)):
        return data[0].tolist()  # MLflow's table of a list
    if isinstance(data, pd.DataFrame | Mapping | list | tuple):
        return _table(data, columns, model)[0]
    return [data]


def _table(data: object, columns: Sequence[str], model: str) -> list[list[Any]]:
    """Return the cells of each column."""
    if isinstance(data, list | tuple | np.ndarray) and len(data) == 0:
        return [[] for _ in columns]
    if isinstance(data, Mapping):
        found = {str(name): _listed(values) for name, values in data.items()}
        _check_columns(list(found), columns, model)
        return [found[name] for name in columns]
    if isinstance(data, np.ndarray | list | tuple):
        data = _frame(list(data), columns, model)
    if not isinstance(data, pd.DataFrame):
        raise InputError(
            f"{model}: expected a table, a list or a dict with {_named(columns)}; got "
            f"{type(data).__name__} {data!r:.60}."
        )
    if data.columns.equals(pd.RangeIndex(len(columns))):  # MLflow's table of a list of tuples
        data = data.set_axis(list(columns), axis=1)
    there = [str(name) for name in data.columns]
    _check_columns(there, columns, model)
    twice = [name for name in columns if there.count(name) > 1]
    if twice:
        raise InputError(f"{model}: there are two columns {twice[0]!r}; expected one.")
    named = data.rename(columns=str)
    if len(named) == 1 and all(isinstance(named[name].iloc[0], list) for name in columns):
        return [list(named[name].iloc[0]) for name in columns]  # MLflow's table of a dict of lists
    return [named[name].tolist() for name in columns]


def _frame(rows: list[Any], columns: Sequence[str], model: str) -> pd.DataFrame:
    """Return a list of dicts or of tuples as a table."""
    for number, row in enumerate(rows, 1):
        if isinstance(row, Mapping):
            _check_columns([str(name) for name in row], columns, f"{model}: row {number}")
        elif isinstance(row, str) or not isinstance(row, Sequence | np.ndarray):
            raise InputError(
                f"{model}: row {number} is {type(row).__name__} {row!r:.40}; expected a dict or a "
                f"tuple with {_named(columns)}."
            )
        elif len(row) != len(columns):
            raise InputError(
                f"{model}: row {number} has {len(row)} texts; expected {_named(columns)}."
            )
    if isinstance(rows[0], Mapping):
        return pd.DataFrame(
            {name: pd.Series([row[name] for row in rows], dtype=object) for name in columns}
        )
    return pd.DataFrame([list(row) for row in rows], columns=list(columns), dtype=object)


def _listed(values: object) -> list[Any]:
    if isinstance(values, pd.Series | np.ndarray):
        return np.asarray(values, dtype=object).reshape(-1).tolist()
    return list(values) if isinstance(values, list | tuple) else [values]


def _check_columns(there: list[str], columns: Sequence[str], model: str) -> None:
    missing = [name for name in columns if name not in there]
    if not missing:
        return
    others = [name for name in there if name not in columns]
    raise InputError(
        f"{model}: there is no column {missing[0]!r}; expected {_named(columns)}, got "
        f"{', '.join(map(repr, there[:20])) or 'none'}."
        + (f" {suggest(missing[0], others)}" if others else "")
    )


def _check(cell: object, row: int, name: str, model: str) -> None:
    if isinstance(cell, str):
        if cell.strip():
            return
        raise InputError(f"{model}: row {row} of {name!r} is an empty text.")
    if cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell)):
        raise InputError(f"{model}: row {row} of {name!r} is null; expected a text.")
    raise InputError(
        f"{model}: row {row} of {name!r} is {type(cell).__name__} {cell!r:.40}; expected a text."
    )


def _named(columns: Sequence[str]) -> str:
    quoted = [repr(name) for name in columns]
    return f"the column{'s' if len(columns) > 1 else ''} {' and '.join(quoted)}"
