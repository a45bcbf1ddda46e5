"""Tables in: csv, tsv, jsonl, parquet, DataFrames, with errors that name the row."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.errors import InputError, suggest

__all__ = ["read_table"]

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")
_DELIMITERS = {".csv": ",;\t", ".tsv": "\t"}
_KINDS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


def read_table(path: str | Path) -> pd.DataFrame:
    """Return a file's table: one row per record, text columns as ``object``.

    Only an empty cell is a null: the words "NA" and "None" are texts like any other.

    Raises
    ------
    InputError
        If the file is missing, a directory, of an unknown kind, empty, not UTF-8 (which row), or
        ragged (which row).
    """
    file = Path(path).expanduser()
    if not file.exists():
        near = [p.name for p in file.parent.glob("*")] if file.parent.is_dir() else []
        raise InputError(f"There is no file {str(file)!r}. {suggest(file.name, sorted(near))}")
    if file.is_dir():
        found = sorted(p.name for p in file.iterdir() if p.suffix.lower() in _KINDS)
        raise InputError(
            f"{str(file)!r} is a directory; expected a file. "
            f"Tables in it: {', '.join(found[:10]) or 'none'}."
        )
    kind = file.suffix.lower()
    if kind == ".parquet":
        frame = _read_parquet(file)
    elif kind in (".jsonl", ".ndjson"):
        frame = _read_json_lines(file)
    elif kind in _DELIMITERS:
        frame = _read_separated(file, _DELIMITERS[kind])
    else:
        raise InputError(
            f"{file.name!r}: expected a file ending in {', '.join(_KINDS)}. "
            "Read other formats with pandas and pass the DataFrame."
        )
    if frame.empty:
        raise InputError(f"{file.name!r} holds no rows; expected a table with at least one text.")
    return frame


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
    return pd.DataFrame(records)


def _read_separated(file: Path, delimiters: str) -> pd.DataFrame:
    content = _decoded(file)
    header = content.split("\n", 1)[0]
    # The separator that the header has most of: a comma unless another one is.
    delimiter = max(delimiters, key=header.count)
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
    again = sorted({name for name in names if names.count(name) > 1})
    if again:
        raise InputError(f"{file.name!r}: column names must be distinct; {again} repeat.")
    columns = zip(*(cells for _, cells in rows[1:]), strict=True)
    return pd.DataFrame(
        {name: _typed(cells) for name, cells in zip(names, columns, strict=False)}, columns=names
    )


def _parsed(file: Path, content: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Return the cells of each row that is not empty, with the line it ends in."""
    limit = csv.field_size_limit(sys.maxsize)  # a text may be 10 MB; the module's limit is 128 kB
    try:
        reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
        return [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        raise InputError(
            f"{file.name!r}: the quotes near line {reader.line_num} do not pair ({error}). "
            'Inside a quoted cell, write " as "".'
        ) from None
    finally:
        csv.field_size_limit(limit)


def _typed(cells: tuple[str, ...]) -> pd.Series[Any]:
    """Return a column as numbers or dates when every cell is one, and as texts otherwise."""
    values: pd.Series[Any] = pd.Series([cell or None for cell in cells], dtype=object)
    filled = [cell for cell in cells if cell]
    if not filled:
        return values
    if all(_INTEGER.fullmatch(cell) for cell in filled) and len(filled) == len(cells):
        return values.astype("int64")
    if all(_NUMBER.fullmatch(cell) for cell in filled):
        return values.astype("float64")
    if all(_DATE.fullmatch(cell) for cell in filled):
        dates = pd.to_datetime(values, errors="coerce", format="ISO8601")
        return dates if dates.notna().sum() == len(filled) else values
    return values
