"""`read_pairs`: from a file of scored sentence pairs to SentencePairs, as such files come."""

from __future__ import annotations

import csv
import io
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from workbench._arrays import row_list
from workbench._html import elide
from workbench.corpus._pairs import SentencePairs
from workbench.corpus._tables import _check_file, _decoded, _parsed
from workbench.errors import InputError, suggest

__all__ = ["read_pairs"]

_Column: TypeAlias = "str | int | None"
_Row: TypeAlias = "tuple[int, list[str]]"  # the line it ends in, its cells
_SIDES = ("sentence1", "sentence2", "score")
# The names that such files use, each in lower case and without "_", "-" and spaces.
_USUAL = {
    "sentence1": ("sentence1", "sentencea", "text1", "texta", "s1", "question1", "premise"),
    "sentence2": ("sentence2", "sentenceb", "text2", "textb", "s2", "question2", "hypothesis"),
    "score": (
        "score",
        "similarity",
        "similarityscore",
        "relatednessscore",
        "goldscore",
        "label",
        "isduplicate",
    ),
}
_STSB = (5, 6, 4)  # genre, file, year, id, score, sentence1, sentence2, and sources at times
_KINDS = (".csv", ".tsv", ".txt")
_BLANKS = ("", "na", "n/a", "nan", "none", "null", "-", "?")


def read_pairs(
    path: str | os.PathLike[str],
    *,
    sentence1: str | int | None = None,
    sentence2: str | int | None = None,
    score: str | int | None = None,
    name: str | None = None,
) -> SentencePairs:
    """Return the scored pairs of a csv or tsv file, with a header or none.

    Files of the STS tasks are read as they come: the STS benchmark's seven columns without a
    header (genre, file, year, id, score and the two sentences), also where the file is called
    ``.csv`` and separated by tabs, and the quotes in them that do not pair. In a file separated
    by tabs a quotation mark is a mark like any other, unless the whole file is quoted as csv
    writers do it.

    Parameters
    ----------
    path
        A file ending in .csv, .tsv or .txt, UTF-8.
    sentence1, sentence2, score
        The columns: names in any case, or positions counted from 0. Those that are not named
        are ``sentence1``, ``sentence2`` and ``score`` or what else such files call them
        (``sentence_A``, ``relatedness_score``, …). In a file without a header, they are the two
        columns of texts and the one of numbers among three, or those of the STS benchmark.
    name
        What titles call the pairs; by default the file's name.

    Raises
    ------
    InputError
        If the file is missing, empty or of another kind, a column is missing (with the nearest
        names), a score is not a finite number, or a sentence is blank (which rows and lines).
    """
    file = Path(path).expanduser()
    _check_file(file)
    if file.suffix.lower() not in _KINDS:
        raise InputError(
            f"{file.name!r}: expected a file ending in {', '.join(_KINDS)}. Read other formats "
            "with pandas and pass the columns to wb.SentencePairs."
        )
    rows = _rows(file)
    if not rows:
        raise InputError(f"{file.name!r} is empty; expected pairs of sentences with scores.")
    table = _located(file.name, rows, dict(zip(_SIDES, (sentence1, sentence2, score), strict=True)))
    return SentencePairs(
        table.texts("sentence1"), table.texts("sentence2"), table.scores(), name or file.stem
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of a file without its header, and where the three columns are."""

    file: str
    rows: list[_Row]
    places: dict[str, int]

    def texts(self, side: str) -> list[str]:
        """Return the sentences of one side; none may be blank."""
        found = self._cells(side)
        blank = [row for row, cell in enumerate(found) if not cell.strip()]
        if blank:
            raise InputError(f"{self.file!r}: {side} is blank in {row_list(blank)}.")
        return found

    def scores(self) -> list[float]:
        """Return the scores as finite numbers."""
        found = [_number(cell) for cell in self._cells("score")]
        bad = [row for row, value in enumerate(found) if value is None]
        if bad:
            line, cells = self.rows[bad[0]]
            raise InputError(
                f"{self.file!r}: {row_list(bad)} have a score that is not a number; the first, in "
                f"line {line}, is {elide(cells[self.places['score']], 40)!r}. Remove pairs that "
                "nobody judged, or name the right column with score=…."
            )
        return [value for value in found if value is not None]

    def _cells(self, side: str) -> list[str]:
        place = self.places[side]
        for line, cells in self.rows:
            if len(cells) <= place:
                raise InputError(
                    f"{self.file!r}: line {line} has {len(cells)} cells; {side} is in column "
                    f"{place + 1}. Is it separated otherwise, or does a sentence hold a line break?"
                )
        return [cells[place] for _, cells in self.rows]


def _rows(file: Path) -> list[_Row]:
    """Return the rows that are not empty, each with the line it ends in."""
    content = _decoded(file)
    first = next((line for line in io.StringIO(content) if line.strip()), "")
    if file.suffix.lower() == ".csv" and "\t" not in first:
        separator = ";" if first.count(";") > first.count(",") else ","
        rows = _parsed(file, content, separator)
    elif _written_by_csv(content):
        rows = _parsed(file, content, "\t")
    else:
        lines = content.split("\n")
        rows = [(at, line.rstrip("\r").split("\t")) for at, line in enumerate(lines, start=1)]
    return [(line, cells) for line, cells in rows if any(cell.strip() for cell in cells)]


def _written_by_csv(content: str) -> bool:
    """Whether a csv writer, quoting where needed or everywhere, would write the same file.

    Then its quotation marks are a writer's. In the files of the STS tasks they are the texts' own.
    """
    if '"' not in content:
        return False
    plain = content.replace("\r\n", "\n")
    limit = csv.field_size_limit(sys.maxsize)
    try:
        rows = list(csv.reader(io.StringIO(plain, newline=""), delimiter="\t", strict=True))
    except csv.Error:
        return False
    finally:
        csv.field_size_limit(limit)
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
        again = io.StringIO()
        csv.writer(again, delimiter="\t", lineterminator="\n", quoting=quoting).writerows(rows)
        if again.getvalue().rstrip("\n") == plain.rstrip("\n"):
            return True
    return False


def _located(file: str, rows: list[_Row], asked: dict[str, _Column]) -> _Table:
    """Return the table with its columns found, by name in a header or by position."""
    first = [cell.strip() for cell in rows[0][1]]
    header = _is_header(first, asked)
    if not header and all(column is None for column in asked.values()):
        places = _guessed(file, rows)
        if tuple(places.values()) != _STSB:  # which has further columns in some rows
            _check_width(file, rows, 3)
        return _Table(file, rows[_is_name(first[places["score"]]) :], places)
    places = {
        side: _place(file, side, column, first if header else None, len(first))
        for side, column in asked.items()
    }
    twice = [side for side in _SIDES if list(places.values()).count(places[side]) > 1]
    if twice:
        raise InputError(
            f"{file!r}: {' and '.join(twice)} would be the same column ({places[twice[0]] + 1}); "
            "expected three."
        )
    if header and len(rows) == 1:
        raise InputError(f"{file!r} holds a header and no pairs; expected at least one.")
    if header:
        _check_width(file, rows, len(first))
    return _Table(file, rows[header:], places)


def _check_width(file: str, rows: list[_Row], width: int) -> None:
    """Raise an InputError if a row has more cells than columns: which is which is not known."""
    for line, cells in rows:
        if any(cell.strip() for cell in cells[width:]):
            raise InputError(
                f"{file!r}: line {line} has {len(cells)} cells for {width} columns. A sentence "
                'or a score with the separator in it stands in quotes: "Yes, it does".'
            )


def _is_header(first: Sequence[str], asked: dict[str, _Column]) -> bool:
    """Whether a first row holds names: one that is asked for, or a usual one.

    Where the score is asked for by its position, a word in that place is its name.
    """
    plain = [_plain(cell) for cell in first]
    usual = {name for names in _USUAL.values() for name in names}
    named = {_plain(column) for column in asked.values() if isinstance(column, str)}
    if named or usual & set(plain):
        return True
    place = asked["score"]
    return isinstance(place, int) and 0 <= place < len(first) and _is_name(first[place])


def _is_name(cell: str) -> bool:
    """Whether what stands where a score belongs is the name of the column."""
    return _number(cell) is None and cell.lower() not in _BLANKS


def _place(file: str, side: str, column: _Column, header: Sequence[str] | None, width: int) -> int:
    """Return the position of one column."""
    if isinstance(column, int) and not isinstance(column, bool):
        if not 0 <= column < width:
            raise InputError(
                f"{file!r}: {side}={column} is no column; there are {width}, counted from 0."
            )
        return column
    if header is None:
        raise InputError(
            f"{file!r} has no header; name all of sentence1, sentence2 and score by their "
            f"position, 0 to {width - 1}. The first row has {width} columns."
        )
    names = [_plain(name) for name in header]
    wanted = _USUAL[side] if column is None else (_plain(str(column)),)
    hit = next((names.index(name) for name in wanted if name in names), None)
    if hit is None:
        shown = side if column is None else str(column)
        raise InputError(
            f"{file!r} has no column {shown!r} for {side}. "
            f"{suggest(shown, [elide(name, 40) for name in header])} Name it with {side}=…."
        )
    return hit


def _guessed(file: str, rows: list[_Row]) -> dict[str, int]:
    """Return the places of the columns in a file without a header."""
    sample = [cells for _, cells in rows[1:51] or rows]  # the first may hold unusual names
    width = min(len(cells) for cells in sample)
    numeric = [
        place
        for place in range(width)
        if sum(_number(cells[place]) is not None for cells in sample) * 2 > len(sample)
    ]
    if width >= 7 and 4 in numeric and not {5, 6} & set(numeric):
        return dict(zip(_SIDES, _STSB, strict=True))
    texts = [place for place in range(width) if place not in numeric]
    if width == 3 and len(texts) == 2:
        return {"sentence1": texts[0], "sentence2": texts[1], "score": numeric[0]}
    raise InputError(
        f"{file!r} has no header with sentence1, sentence2 and score, and its columns cannot be "
        f"told apart: {width} columns, numbers in {[place + 1 for place in numeric] or 'none'}. "
        "Name them: read_pairs(path, sentence1=0, sentence2=1, score=2), counted from 0."
    )


def _plain(name: str) -> str:
    return "".join(mark for mark in name.lower() if mark not in "_- ")


def _number(cell: str) -> float | None:
    """Return a cell as a finite number, or None."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in cell else None
