"""`read_corpus`: from a table of texts to a Corpus."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import row_list
from workbench.corpus._columns import text_series
from workbench.corpus._corpus import Corpus
from workbench.corpus._intake import Intake
from workbench.corpus._tables import read_table
from workbench.errors import InputError, WorkbenchWarning, suggest

__all__ = ["USUAL_TEXT", "Treatment", "read_corpus"]

Treatment: TypeAlias = Literal["drop", "keep", "refuse"]
_TREATMENTS = ("drop", "keep", "refuse")
USUAL_TEXT = ("text", "texts", "sentence", "message", "content", "body", "document", "question")
_USUAL_ID = ("id", "text_id", "doc_id")


def read_corpus(
    source: str | os.PathLike[str] | pd.DataFrame | Sequence[str] | pd.Series[Any] | NDArray[Any],
    *,
    text: str | int | None = None,
    id: str | int | None = None,
    label: str | int | None = None,
    blanks: Treatment = "drop",
    duplicates: Treatment = "keep",
    name: str | None = None,
) -> Corpus:
    """Return the corpus of a table: csv, tsv, jsonl, parquet, a DataFrame, or a list of texts.

    Parameters
    ----------
    source
        A file, a DataFrame (a named index counts as a column), or the texts.
    text, id, label
        The columns of the texts, their ids and their labels. A text column that is not named is
        guessed, and a warning says so. An id column that is not named is ``id``, ``text_id`` or
        ``doc_id``; without one, ids are row positions (from 0). All other columns are kept.
    blanks
        What to do with texts that are missing or only white space: ``drop`` (with a warning that
        counts them), ``keep`` (a missing text becomes ``""``) or ``refuse``.
    duplicates
        What to do with texts that repeat an earlier one.
    name
        What titles call the corpus; by default the file's name.

    Raises
    ------
    InputError
        If the source cannot be read, a column is unknown or holds no text, or rows are refused.
    """
    for option, value in (("blanks", blanks), ("duplicates", duplicates)):
        if value not in _TREATMENTS:
            raise InputError(f"read_corpus: {option} must be one of {_TREATMENTS}; got {value!r}.")
    # The names of a DataFrame's columns may be numbers; here they are all str.
    text, id, label = (None if column is None else str(column) for column in (text, id, label))
    frame, origin = _frame_of(source, _USUAL_ID if id is None else (id,))
    for asked, what in ((text, "texts"), (id, "ids"), (label, "labels")):
        _check_known(frame, asked, what)
    notices: list[str] = []
    text_column = _text_column(frame, notices) if text is None else text
    values = _texts_in(frame, text_column)
    keep, found = _sifted(values, blanks, duplicates, notices)
    kept = frame.iloc[keep]
    id_column = _guessed_id(kept, text_column, notices) if id is None else _checked_id(kept, id)
    if notices:
        warnings.warn(" ".join(notices), WorkbenchWarning, stacklevel=2)
    further = [column for column in frame.columns if column not in (text_column, id_column)]
    return Corpus(
        texts=tuple("" if values[row] is None else str(values[row]) for row in keep),
        ids=tuple(map(str, keep)) if id_column is None else tuple(_id_texts(kept[id_column])),
        columns={column: kept[column] for column in further},
        name=name or (Path(origin).stem if origin else "texts"),
        label=label,
        source=origin,
        intake=replace(found, notices=tuple(notices)),
    )


def _frame_of(source: object, ids: Sequence[str]) -> tuple[pd.DataFrame, str]:
    """Return a table with columns named by distinct str and rows 0 to n - 1, and its file."""
    if isinstance(source, str | os.PathLike):
        return _plain_frame(read_table(source, as_written=ids)), os.fspath(source)
    if isinstance(source, pd.DataFrame):
        if source.empty:
            raise InputError("read_corpus: the DataFrame is empty; expected at least one row.")
        return _plain_frame(source), ""
    listed = (Sequence, pd.Series, pd.Index, pd.api.extensions.ExtensionArray, np.ndarray)
    if isinstance(source, listed) and not isinstance(source, bytes):
        texts = list(source)
        if not texts:
            raise InputError("read_corpus: the list is empty; expected at least one text.")
        return pd.DataFrame({"text": text_series(texts)}), ""
    raise InputError(
        f"read_corpus: expected a path, a DataFrame or a list of texts; got "
        f"{type(source).__name__} {source!r:.60}."
    )


def _plain_frame(table: pd.DataFrame) -> pd.DataFrame:
    index = list(table.index.names)
    named = all(name is not None and name not in table.columns for name in index)
    frame = table.reset_index(drop=not named)
    frame.columns = pd.Index([str(column) for column in frame.columns], dtype=object)
    again = sorted(set(frame.columns[frame.columns.duplicated()]))
    if again:
        raise InputError(
            f"read_corpus: column names must be distinct; {again} repeat. Rename or drop columns."
        )
    return frame


def _check_known(frame: pd.DataFrame, column: str | None, what: str) -> None:
    if column is not None and column not in frame.columns:
        raise InputError(
            f"There is no column {column!r} to take the {what} from. "
            f"{suggest(column, frame.columns)}"
        )


def _text_column(frame: pd.DataFrame, notices: list[str]) -> str:
    if "text" in frame.columns:
        return "text"
    lengths = {
        str(column): frame[column].dropna().astype(object).map(str).map(len).mean()
        for column in frame.columns
        if any(isinstance(value, str) for value in frame[column].dropna().head(50))
    }
    if not lengths:
        raise InputError(
            f"No column holds texts; the columns are {list(frame.columns)}. "
            "Name the one to use with text=…, after making it a column of str."
        )
    lowered = {column.lower(): column for column in lengths}
    usual = [lowered[name] for name in USUAL_TEXT if name in lowered]
    guess = usual[0] if usual else max(lengths, key=lambda column: lengths[column])
    notices.append(f"Column {guess!r} was taken for the texts; choose with text=….")
    return guess


def _checked_id(kept: pd.DataFrame, asked: str) -> str:
    """Return the name of the id column, whose cells must be there and distinct."""
    column = kept[asked]
    rows = kept.index.to_numpy()
    missing = rows[column.isna().to_numpy()]
    if missing.size:
        raise InputError(f"Column {asked!r} has no id in {row_list(missing)}.")
    again = rows[_id_texts(column).duplicated().to_numpy()]
    if again.size:
        raise InputError(
            f"Column {asked!r} must hold distinct ids; {row_list(again)} repeat an earlier "
            f"one (the first is {column.loc[again[0]]!r})."
        )
    return asked


def _guessed_id(kept: pd.DataFrame, text_column: str, notices: list[str]) -> str | None:
    lowered = {str(column).lower(): str(column) for column in kept.columns}
    for usual in (lowered[name] for name in _USUAL_ID if name in lowered):
        if usual == text_column:
            continue
        if not kept[usual].isna().any() and not _id_texts(kept[usual]).duplicated().any():
            return usual
        notices.append(
            f"Column {usual!r} has missing or repeated ids; row positions were taken instead."
        )
    return None


def _id_texts(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return ids as str; a whole number that pandas holds as a float is written as whole."""
    return text_series(
        [
            str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
            for cell in column.astype(object)
        ]
    )


def _texts_in(frame: pd.DataFrame, column: str) -> list[Any]:
    """Return a column's cells, each a str or None."""
    cells = frame[column].astype(object)
    values = [None if _is_null(cell) else cell for cell in cells]
    other = [row for row, cell in enumerate(values) if not isinstance(cell, str | None)]
    if other:
        example = values[other[0]]
        raise InputError(
            f"Column {column!r} holds {type(example).__name__} in {row_list(other)} "
            f"({example!r:.40}); expected texts. Choose another with text=…, or convert it to str."
        )
    return values


def _is_null(cell: Any) -> bool:
    return bool(pd.api.types.is_scalar(cell) and pd.isna(cell))


def _sifted(
    values: list[Any], blanks: Treatment, duplicates: Treatment, notices: list[str]
) -> tuple[list[int], Intake]:
    nulls = [row for row, text in enumerate(values) if text is None]
    blank = [row for row, text in enumerate(values) if text is not None and not text.strip()]
    seen: set[str] = set()
    again: list[int] = []
    for row, text in enumerate(values):
        if text is not None and text.strip():
            if text in seen:
                again.append(row)
            seen.add(text)
    out: set[int] = set()
    for rows, what, treatment, option in (
        (nulls, "no text", blanks, "blanks"),
        (blank, "only white space", blanks, "blanks"),
        (again, "a text that stands earlier too", duplicates, "duplicates"),
    ):
        if not rows or treatment == "keep":
            continue
        found = f"{len(rows)} of {len(values)} rows have {what} ({row_list(rows)})"
        if treatment == "refuse":
            raise InputError(f"{found}. Mend them, or pass {option}='drop' or 'keep'.")
        notices.append(f"{found} and were dropped; {option}='keep' or 'refuse' does otherwise.")
        out.update(rows)
    keep = [row for row in range(len(values)) if row not in out]
    if not keep:
        raise InputError(
            f"All {len(values)} rows are blank or missing; expected at least one text."
        )
    intake = Intake(
        read=len(values),
        nulls=tuple(row + 1 for row in nulls),
        blanks=tuple(row + 1 for row in blank),
        duplicates=tuple(row + 1 for row in again),
        dropped=len(out),
    )
    return keep, intake
