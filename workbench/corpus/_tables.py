"""Tables in: csv, tsv, jsonl, parquet, DataFrames, with errors that name the row."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench._html import elide
from workbench.corpus._columns import text_series
from workbench.errors import InputError, suggest

__all__ = ["read_table"]

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
# At most 15 digits before the point: a float would change the last ones of a longer number.
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?([eE][+-]?\d+)?")
_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_DELIMITERS = {".csv": ",;\t", ".tsv": "\t"}
_KINDS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


def read_table(path: str | os.PathLike[str], *, as_written: Collection[str] = ()) -> pd.DataFrame:
    """Return a file's table: one row per record.

    In csv and tsv a column is numbers or ISO dates when every filled cell is one, and texts
    otherwise ("007" is a text). Only an empty cell is a null: the words "NA" and "None" are texts
    like any other. A column without a name is called after its place ("column 1").

    Parameters
    ----------
    path
        A file ending in .csv, .tsv, .jsonl, .ndjson or .parquet.
    as_written
        Columns of csv and tsv, in any case, whose cells stay texts whatever they look like.

    Raises
    ------
    InputError
        If the file is missing, a directory, of an unknown kind, empty, not UTF-8 (which line), or
        ragged (which line).
    """
    file = Path(path).expanduser()
    _check_file(file)
    kind = file.suffix.lower()
    if kind == ".parquet":
        frame = _read_parquet(file)
    elif kind in (".jsonl", ".ndjson"):
        frame = _read_json_lines(file)
    elif kind in _DELIMITERS:
        frame = _read_separated(file, _DELIMITERS[kind], as_written)
    else:
        raise InputError(
            f"{file.name!r}: expected a file ending in {', '.join(_KINDS)}. "
            "Read other formats with pandas and pass the DataFrame."
        )
    if frame.empty:
        raise InputError(f"{file.name!r} holds no rows; expected a table with at least one text.")
    return frame


def _check_file(file: Path) -> None:
    try:
        exists = file.exists()
    except OSError:  # too long for a name
        exists = False
    if not exists:
        asked = elide(str(file))
        near = sorted(p.name for p in file.parent.glob("*") if p.suffix.lower() in _KINDS)
        text = "" if file.suffix.lower() in _KINDS else " If this is a text, put it in a list."
        raise InputError(f"There is no file {asked!r}. {suggest(file.name, near)}{text}")
    if file.is_dir():
        found = sorted(p.name for p in file.iterdir() if p.suffix.lower() in _KINDS)
        raise InputError(
            f"{str(file)!r} is a directory; expected a file. "
            f"Tables in it: {', '.join(found[:10]) or 'none'}."
        )


def _read_parquet(file: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(file)
    except (OSError, ValueError) as error:
        raise InputError(f"{file.name!r} cannot be read as parquet: {error}") from None


def _decoded(file: Path) -> str:
    raw = file.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(
            f"{file.name!r}: line {line} holds bytes that are not UTF-8 "
            f"(0x{raw[error.start]:02x}). Save it as UTF-8, or read it with "
            "pandas.read_csv(..., encoding=…) and pass the DataFrame."
        ) from None


def _read_json_lines(file: Path) -> pd.DataFrame:
    records: list[dict[str, Any]] = []
    # Not splitlines(): a text may hold a line separator that JSON does not escape.
    for number, line in enumerate(_decoded(file).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{file.name!r}: line {number} is not JSON: {error}.") from None
        if not isinstance(record, dict):
            raise InputError(
                f"{file.name!r}: line {number} holds a {type(record).__name__}; expected an "
                'object such as {"text": "…"}.'
            )
        records.append(record)
    names = dict.fromkeys(name for record in records for name in record)
    return pd.DataFrame(
        {name: _from_json([record.get(name) for record in records]) for name in names},
        index=range(len(records)),
    )


def _from_json(values: list[Any]) -> pd.Series[Any]:
    if not any(isinstance(value, str) for value in values):
        return pd.Series(values)
    filled = [value for value in values if value is not None]
    dates = _dates(filled, values) if all(isinstance(value, str) for value in filled) else None
    return text_series(values) if dates is None else dates


def _read_separated(file: Path, delimiters: str, as_written: Collection[str]) -> pd.DataFrame:
    content = _decoded(file)
    delimiter = _delimiter(content, delimiters)
    rows = _parsed(file, content, delimiter)
    if not rows:
        raise InputError(f"{file.name!r} is empty; expected a header and at least one row.")
    names = [name.strip() for name in rows[0][1]]
    for line, cells in rows[1:]:
        if len(cells) != len(names):
            raise InputError(
                f"{file.name!r}: the row that ends in line {line} has {len(cells)} cells; the "
                f"header has {len(names)}. Quote cells that hold {delimiter!r} or line breaks."
            )
    columns: dict[str, pd.Series[Any]] = {}
    texts = {name.lower() for name in as_written}
    for place, column in enumerate(zip(*(cells for _, cells in rows[1:]), strict=True)):
        if not names[place] and not any(column):
            continue  # what a spreadsheet leaves beside its table
        name = names[place] or f"column {place + 1}"
        if name in columns:
            raise InputError(f"{file.name!r}: column names must be distinct; {name!r} repeats.")
        columns[name] = _typed(column, as_text=name.lower() in texts)
    return pd.DataFrame(columns)


def _delimiter(content: str, delimiters: str) -> str:
    """Return the separator that the header has most of: a comma unless another one is."""
    first = re.match(r"[\r\n]*([^\r\n]*)", content)
    header = re.sub(r'"[^"]*"', "", first[1] if first else "")
    return max(delimiters, key=header.count)


def _parsed(file: Path, content: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Return the cells of each row, with the line it ends in.

    Empty lines are no rows, except between rows of one column: there they are an empty cell.
    """
    limit = csv.field_size_limit(sys.maxsize)  # a text may be 10 MB; the module's limit is 128 kB
    rows: list[tuple[int, list[str]]] = []
    begin = 1
    try:
        reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
        for cells in reader:
            begin = reader.line_num + 1
            rows.append((reader.line_num, cells))
    except csv.Error as error:
        raise InputError(
            f"{file.name!r}: the quotes in the row that begins in line {begin} do not pair "
            f'({error}). Inside a quoted cell, write " as "".'
        ) from None
    finally:
        csv.field_size_limit(limit)
    filled = [place for place, (_, cells) in enumerate(rows) if cells]
    if filled and len(rows[filled[0]][1]) == 1:
        return [(line, cells or [""]) for line, cells in rows[filled[0] : filled[-1] + 1]]
    return [rows[place] for place in filled]


def _typed(cells: Sequence[str], *, as_text: bool) -> pd.Series[Any]:
    """Return a column as numbers or dates when every cell is one, and as texts otherwise."""
    values = text_series([cell or None for cell in cells])
    filled = [cell for cell in cells if cell]
    if not filled or as_text:
        return values
    if all(_INTEGER.fullmatch(cell) for cell in filled) and len(filled) == len(cells):
        return values.astype("int64")
    if all(_NUMBER.fullmatch(cell) for cell in filled):
        numbers = values.astype("float64")
        return values if np.isinf(numbers).any() else numbers
    dates = _dates(filled, values)
    return values if dates is None else dates


def _dates(filled: Sequence[str], values: Sequence[Any] | pd.Series[Any]) -> pd.Series[Any] | None:
    """Return the values as dates when every filled one is an ISO date, with a zone or without."""
    zones: set[bool] = set()
    for cell in filled:
        match = _DATE.fullmatch(cell)
        if match is None:
            return None
        zones.add(match["zone"] is not None)
    if len(zones) != 1:
        return None
    dates = pd.to_datetime(text_series(values), errors="coerce", format="ISO8601", utc=zones.pop())
    return dates if dates.notna().sum() == len(filled) else None
