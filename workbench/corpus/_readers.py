"""`read_corpus`: from a table of texts to a Corpus."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pandas as pd

from workbench._arrays import row_list
from workbench.corpus._corpus import Corpus
from workbench.corpus._intake import Intake
from workbench.corpus._tables import read_table
from workbench.errors import InputError, WorkbenchWarning, suggest

__all__ = ["Treatment", "read_corpus"]

Treatment: TypeAlias = Literal["drop", "keep", "refuse"]
_TREATMENTS = ("drop", "keep", "refuse")
_USUAL_TEXT = ("text", "texts", "sentence", "message", "content", "body", "document", "question")
_USUAL_ID = ("id", "text_id", "doc_id")


def read_corpus(
    source: str | Path | pd.DataFrame | Sequence[str],
    *,
    text: str | None = None,
    id: str | None = None,
    label: str | None = None,
    blanks: Treatment = "drop",
    duplicates: Treatment = "keep",
    name: str | None = None,
) -> Corpus:
    """Return the corpus of a table: csv, tsv, jsonl, parquet, a DataFrame, or a list of texts.

    Parameters
    ----------
    source
        A file, a DataFrame, or the texts.
    text, id, label
        The columns of the texts, their ids and their labels. A text column that is not named is
        guessed, and a warning says so. Ids are made from row numbers when there is no id column.
        All other columns are kept.
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
    frame, origin = _frame_of(source)
    notices: list[str] = []
    text_column = _text_column(frame, text, notices)
    id_column = _id_column(frame, id, text_column, notices)
    if label is not None:
        _known(frame, label, "label")
    values = _texts_in(frame, text_column)
    keep, intake = _sifted(values, blanks, duplicates, notices)
    if notices:
        warnings.warn(" ".join(notices), WorkbenchWarning, stacklevel=2)
    ids = [str(row) for row in keep] if id_column is None else frame[id_column].iloc[keep].tolist()
    further = [column for column in frame.columns if column not in (text_column, id_column)]
    return Corpus(
        texts=tuple("" if values[row] is None else str(values[row]) for row in keep),
        ids=tuple(str(text_id) for text_id in ids),
        columns={str(column): frame[column].iloc[keep] for column in further},
        name=name or (Path(origin).stem if origin else "texts"),
        label=label,
        source=origin,
        intake=intake,
    )


def _frame_of(source: object) -> tuple[pd.DataFrame, str]:
    if isinstance(source, str | Path):
        return read_table(source), str(source)
    if isinstance(source, pd.DataFrame):
        if source.empty:
            raise InputError("read_corpus: the DataFrame is empty; expected at least one row.")
        frame = source.reset_index(drop=True)
        frame.columns = [str(column) for column in frame.columns]
        return frame, ""
    if isinstance(source, Sequence | pd.Series) and not isinstance(source, bytes | Mapping):
        texts = list(source)
        if not texts:
            raise InputError("read_corpus: the list is empty; expected at least one text.")
        return pd.DataFrame({"text": pd.Series(texts, dtype=object)}), ""
    raise InputError(
        f"read_corpus: expected a path, a DataFrame or a list of texts; got "
        f"{type(source).__name__} {source!r:.60}."
    )


def _known(frame: pd.DataFrame, column: str, what: str) -> str:
    if column not in frame.columns:
        raise InputError(
            f"There is no column {column!r} to take the {what} from. "
            f"{suggest(column, map(str, frame.columns))}"
        )
    return column


def _text_column(frame: pd.DataFrame, asked: str | None, notices: list[str]) -> str:
    if asked is not None:
        return _known(frame, asked, "texts")
    if "text" in frame.columns:
        return "text"
    lengths = {
        str(column): frame[column].dropna().astype(str).str.len().mean()
        for column in frame.columns
        if any(isinstance(value, str) for value in frame[column].dropna().head(50))
    }
    if not lengths:
        raise InputError(
            f"No column holds texts; the columns are {list(frame.columns)}. "
            "Name the one to use with text=…, after making it a column of str."
        )
    usual = [name for name in _USUAL_TEXT if name in lengths]
    guess = usual[0] if usual else max(lengths, key=lambda column: lengths[column])
    notices.append(f"Column {guess!r} was taken for the texts; choose with text=….")
    return guess


def _id_column(
    frame: pd.DataFrame, asked: str | None, text_column: str, notices: list[str]
) -> str | None:
    if asked is not None:
        column = frame[_known(frame, asked, "ids")]
        missing = column.isna().to_numpy().nonzero()[0]
        if missing.size:
            raise InputError(f"Column {asked!r} has no id in {row_list(missing)}.")
        again = column.astype(str).duplicated().to_numpy().nonzero()[0]
        if again.size:
            raise InputError(
                f"Column {asked!r} must hold distinct ids; {row_list(again)} repeat an earlier "
                f"one (the first is {column.iloc[again[0]]!r})."
            )
        return asked
    for usual in _USUAL_ID:
        if usual in frame.columns and usual != text_column:
            column = frame[usual]
            if not column.isna().any() and not column.astype(str).duplicated().any():
                return usual
            notices.append(f"Column {usual!r} is not distinct; ids were made from row numbers.")
    return None


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


def _is_null(cell: object) -> bool:
    return (
        cell is None
        or cell is pd.NA
        or cell is pd.NaT
        or (isinstance(cell, float) and cell != cell)
    )


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
        notices=tuple(notices),
    )
    return keep, intake
