"""A parquet file with a column of texts, read a block at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from workbench._arrays import row_list
from workbench._progress import ProgressOption, showing
from workbench.corpus._readers import USUAL_TEXT
from workbench.errors import InputError, WorkbenchError, suggest

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

__all__ = ["BLOCK", "SUFFIXES", "Scan", "TextTable", "is_text", "open_table"]

BLOCK = 512  # rows that are read, encoded and kept at a time
SUFFIXES = (".parquet", ".pq")
_READ_BYTES = 1 << 20  # a column is read this much at a time, however long its row groups are


def is_text(cell: str | None) -> TypeGuard[str]:
    """Whether there is something to encode: neither null nor only white space."""
    return cell is not None and bool(cell.strip())


@dataclass(frozen=True, slots=True)
class Scan:
    """What reading a table once told.

    Parameters
    ----------
    fingerprint
        Hash of the file's bytes.
    nulls, blanks
        Rows without a text, and with only white space in it.
    texts
        Rows with a text to encode.
    """

    fingerprint: str
    nulls: int
    blanks: int
    texts: int


@dataclass(frozen=True, slots=True, eq=False)
class TextTable:
    """A parquet file; holds it open only while it is read.

    Parameters
    ----------
    path
        The file.
    schema
        Its Arrow schema.
    rows
        How many rows it has.
    text
        The column of the texts.
    state
        Size and time of change when it was opened.
    """

    path: Path
    schema: pa.Schema
    rows: int
    text: str
    state: tuple[int, int]

    def blocks(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the rows in order, `BLOCK` at a time: cut alike whatever the row groups are."""
        import pyarrow as pa

        held: list[pa.RecordBatch] = []
        count = 0
        for batch in self._batches(columns):
            while batch.num_rows:
                taken = batch.slice(0, BLOCK - count)
                batch = batch.slice(taken.num_rows)
                held.append(taken)
                count += taken.num_rows
                if count == BLOCK:
                    yield pa.Table.from_batches(held)
                    held, count = [], 0
        if held:
            yield pa.Table.from_batches(held)

    def texts(self) -> Iterator[list[str | None]]:
        """Yield the texts of each block, None for a null."""
        for block in self.blocks([self.text]):
            yield self.texts_in(block)

    def texts_in(self, block: pa.Table) -> list[str | None]:
        """Return the texts of a block, None for a null."""
        cells: list[str | None] = block.column(self.text).to_pylist()
        return cells

    def scan(self, progress: ProgressOption) -> Scan:
        """Read all of it once: damage is found before, not after, hours of encoding.

        Raises
        ------
        InputError
            If a row group cannot be read, or a text is not UTF-8.
        """
        with self.path.open("rb") as file:
            fingerprint = hashlib.file_digest(file, _hasher).hexdigest()
        done = nulls = texts = 0
        with showing(progress, f"Checking {self.path.name}", " rows") as report:
            report(0, self.rows)
            for block in self.blocks():
                try:
                    cells = self.texts_in(block)
                except UnicodeDecodeError:
                    raise self._not_utf8(block, done) from None
                nulls += cells.count(None)
                texts += sum(map(is_text, cells))
                done += len(cells)
                report(done, self.rows)
        return Scan(fingerprint, nulls, done - nulls - texts, texts)

    def check_unchanged(self) -> None:
        """Raise a WorkbenchError if the file was written to since it was opened."""
        if _state(self.path) != self.state:
            raise WorkbenchError(
                f"{str(self.path)!r} was changed while its texts were encoded, so its rows and "
                "the vectors may not belong together. Start anew when nothing writes to it."
            )

    def _batches(self, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        with _explained(self.path), _opened(self.path) as file:
            groups = file.num_row_groups
            for group in range(groups):
                with _explained(self.path, f", row group {group + 1} of {groups}"):
                    yield from file.iter_batches(BLOCK, row_groups=[group], columns=columns)

    def _not_utf8(self, block: pa.Table, before: int) -> InputError:
        """Return the error that names the rows of a block whose texts cannot be decoded."""
        import pyarrow as pa

        raw = block.column(self.text).cast(pa.large_string()).cast(pa.large_binary()).to_pylist()
        bad = [before + row for row, cell in enumerate(raw) if not _is_utf8(cell)]
        return InputError(
            f"{self.path.name!r}: column {self.text!r} holds bytes that are not UTF-8 in "
            f"{row_list(bad)}. Write it again with texts that are."
        )


def open_table(path: str | os.PathLike[str], text: str | None, notices: list[str]) -> TextTable:
    """Return a parquet file with its column of texts; a guess is put into the notices.

    Raises
    ------
    InputError
        If there is no such file, it is not parquet, or it has no such column of texts.
    """
    file = Path(path).expanduser()
    _check_there(file)
    with _explained(file), _opened(file) as opened:
        schema, rows = opened.schema_arrow, opened.metadata.num_rows
    again = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if again:
        raise InputError(f"{file.name!r}: column names must be distinct; {again} repeat.")
    chosen = _guessed(file, schema, notices) if text is None else _asked(file, schema, text)
    return TextTable(file, schema, rows, chosen, _state(file))


def _check_there(file: Path) -> None:
    if os.path.isdir(file):
        found = sorted(p.name for p in file.iterdir() if p.suffix in SUFFIXES)
        raise InputError(
            f"{str(file)!r} is a directory; expected one parquet file. "
            f"In it: {', '.join(found[:10]) or 'none'}."
        )
    if not os.path.exists(file):  # unlike Path's, answers for a name that cannot be one, too
        near = sorted(p.name for p in file.parent.glob("*") if p.suffix in SUFFIXES)
        raise InputError(f"There is no file {str(file)[:200]!r}. {suggest(file.name[:200], near)}")


def _asked(file: Path, schema: pa.Schema, text: str) -> str:
    if text not in schema.names:
        raise InputError(
            f"{file.name!r} has no column {text!r} to take the texts from. "
            f"{suggest(text, _text_columns(schema) or schema.names)}"
        )
    kind = schema.field(text).type
    if not _holds_text(kind, null=True):
        raise InputError(
            f"{file.name!r}: column {text!r} holds {kind}; expected texts (string). Columns of "
            f"texts: {', '.join(map(repr, _text_columns(schema))) or 'none'}."
        )
    return text


def _guessed(file: Path, schema: pa.Schema, notices: list[str]) -> str:
    names = _text_columns(schema)
    if "text" in names:
        return "text"
    lowered = {name.lower(): name for name in names}
    usual = [lowered[name] for name in USUAL_TEXT if name in lowered]
    if not usual and len(names) != 1:
        found = f"has the columns of texts {names}" if names else "has no column of texts"
        raise InputError(
            f"{file.name!r} {found}; its columns are {schema.names}. Name the one to encode with "
            "text=… (--text)."
        )
    guess = (usual or names)[0]
    notices.append(f"Column {guess!r} was taken for the texts; choose with text=… (--text).")
    return guess


def _text_columns(schema: pa.Schema) -> list[str]:
    return [field.name for field in schema if _holds_text(field.type)]


def _holds_text(kind: pa.DataType, *, null: bool = False) -> bool:
    """Whether a column holds texts; a column of nothing but nulls has a type of its own."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    checks = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(check(kind) for check in checks) or (null and pa.types.is_null(kind))


@contextmanager
def _opened(file: Path) -> Iterator[parquet.ParquetFile]:
    from pyarrow import parquet

    with parquet.ParquetFile(file, buffer_size=_READ_BYTES) as opened:
        yield opened


@contextmanager
def _explained(file: Path, place: str = "") -> Iterator[None]:
    """Turn what pyarrow raises for a file into an InputError; what its user raises passes."""
    from pyarrow import ArrowException

    try:
        yield
    except (OSError, ArrowException) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"{str(file)!r}{place} cannot be read as parquet: {reason:.200}. It is damaged or of "
            "another format: get it whole, or write other tables as parquet (pandas: to_parquet)."
        ) from error


def _is_utf8(cell: bytes | None) -> bool:
    try:
        (cell or b"").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _state(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_size, found.st_mtime_ns


def _hasher() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=16)
