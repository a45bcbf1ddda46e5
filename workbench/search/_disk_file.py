"""An index' one file: a SQLite database of texts and of sealed pieces.

A *piece* is what one part of the texts (those that were committed together) has of one kind: its
vectors, a column, words. Each carries a checksum, tested whenever it is read.
Write-ahead logging: a reader sees the index as it was when it began, and keeps nobody from writing.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from workbench.errors import InputError, WorkbenchError
from workbench.search import _folder
from workbench.search._folder import busy, check_no_others, damaged, later_format, no_index

__all__ = ["FILE", "MAKE", "DiskFile", "FrozenFile", "Pieces", "as_bytes", "as_text"]

FILE = "index.sqlite"
_FORMAT = 1
MAKE = "wb.DiskIndex.build(folder, texts, encoder) makes one."
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS texts (row INTEGER PRIMARY KEY, id BLOB UNIQUE, text BLOB, seal INT);
CREATE TABLE IF NOT EXISTS parts (part INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS pieces (
    part INT, kind BLOB, content BLOB, seal INT, PRIMARY KEY (part, kind)
);
PRAGMA user_version = {_FORMAT};
COMMIT;
"""


class Pieces:
    """The texts and pieces of an index within one transaction.

    Parameters
    ----------
    connection
        The open database.
    folder
        Where it is, for messages.
    """

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        self._run = connection.execute
        self._run_many = connection.executemany
        self._cursors: list[sqlite3.Cursor] = []
        self.folder = folder

    def close(self) -> None:
        """Give up what is still being read: it would keep the file open, in a traceback, say."""
        for cursor in self._cursors:
            cursor.close()

    def get(self, kind: bytes, part: int) -> bytes | None:
        """Return a piece, or None if there is none."""
        found = self._run(
            "SELECT content, seal FROM pieces WHERE part = ? AND kind = ?", (part, kind)
        ).fetchone()
        return None if found is None else self._tested(kind, part, *found)

    def need(self, kind: bytes, part: int) -> bytes:
        """Return a piece that must be there."""
        content = self.get(kind, part)
        if content is None:
            raise damaged(self.folder, f"{FILE} lacks {kind!r} of part {part}")
        return content

    def every(self, kind: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield a kind's parts and pieces, in the order of parts."""
        rows = self._rows(
            "SELECT part, content, seal FROM parts CROSS JOIN pieces USING (part) "
            "WHERE kind = ? ORDER BY part",
            (kind,),
        )
        for part, content, seal in rows:
            yield part, self._tested(kind, part, content, seal)

    def begin(self, part: int) -> None:
        """Make room for a part."""
        self._run("INSERT INTO parts VALUES (?)", (part,))

    def end(self, part: int) -> None:
        """Delete a part with all its pieces."""
        self._run("DELETE FROM parts WHERE part = ?", (part,))
        self._run("DELETE FROM pieces WHERE part = ?", (part,))

    def put(self, part: int, pieces: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep pieces of a part, each a kind and its content, in place of those there were."""
        self._run_many(
            "INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?)",
            ((part, kind, content, _seal(kind, part, content)) for kind, content in pieces),
        )

    def size(self) -> int:
        """Return how many bytes the index takes."""
        ((pages,),) = self._run("PRAGMA page_count").fetchall()
        ((each,),) = self._run("PRAGMA page_size").fetchall()
        return int(pages) * int(each)

    def rows(self, ids: Iterable[str]) -> list[int | None]:
        """Return the rows of some ids, None for an id that is not there."""
        found = (
            self._run("SELECT row FROM texts WHERE id = ?", (as_bytes(i),)).fetchone() for i in ids
        )
        return [None if one is None else int(one[0]) for one in found]

    def texts(self, rows: Iterable[int]) -> list[tuple[str, str]]:
        """Return the ids and texts of some rows."""
        return [self._text(row) for row in rows]

    def first_ids(self, most: int) -> list[str]:
        """Return the first ids, for suggestions."""
        found = self._run("SELECT id FROM texts ORDER BY row LIMIT ?", (most,))
        return [as_text(one) for (one,) in found]

    def put_texts(self, first: int, ids: Sequence[str], texts: Sequence[str]) -> None:
        """Keep texts under the rows from ``first``."""
        pairs = ((as_bytes(i), as_bytes(t)) for i, t in zip(ids, texts, strict=True))
        self._run_many(
            "INSERT INTO texts VALUES (?, ?, ?, ?)",
            ((row, i, text, _seal(i, row, text)) for row, (i, text) in enumerate(pairs, first)),
        )

    def drop_texts(self, rows: Iterable[int]) -> None:
        """Delete the texts of some rows."""
        self._run_many("DELETE FROM texts WHERE row = ?", ((row,) for row in rows))

    def check(self) -> None:
        """Read everything, so that any damage is found."""
        ((said, *_), *_) = self._run("PRAGMA integrity_check").fetchall()
        if said != "ok":
            raise damaged(self.folder, f"SQLite says: {said!s:.100}")
        for part, kind, content, seal in self._rows("SELECT * FROM pieces"):
            self._tested(kind, part, content, seal)
        for row, text_id, text, seal in self._rows("SELECT * FROM texts"):
            self._tested(text_id, row, text, seal)

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        cursor = self._run(query, values)
        self._cursors.append(cursor)
        return cursor

    def _text(self, row: int) -> tuple[str, str]:
        found = self._run("SELECT id, text, seal FROM texts WHERE row = ?", (row,)).fetchone()
        if found is None:
            raise damaged(self.folder, f"text {row} is missing")
        text_id, text, seal = found
        whole = self._tested(text_id, row, text, seal)
        return as_text(text_id), as_text(whole)

    def _tested(self, kind: object, part: object, content: object, seal: object) -> bytes:
        whole = isinstance(kind, bytes) and isinstance(content, bytes) and isinstance(part, int)
        if not whole or _seal(kind, part, content) != seal:  # type: ignore[arg-type]  # `whole` tells what they are
            raise damaged(self.folder, f"{FILE} does not have the content that was written to it")
        return content  # type: ignore[return-value]  # as above


class DiskFile:
    """The file of an index; holds it open only while it is read or written.

    Parameters
    ----------
    folder
        The folder that it is in.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / FILE

    def make(self) -> None:
        """Make the folder and the file, if they are not there.

        Raises
        ------
        InputError
            If the folder holds other files.
        WorkbenchError
            If it cannot be written.
        """
        self._make_folder()
        with self._opened("rwc") as connection:
            if self._format(connection) == 0:
                connection.execute("PRAGMA page_size = 16384")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(_SCHEMA)

    def _make_folder(self) -> None:
        own = {FILE + end for end in ("", "-journal", "-wal", "-shm")}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not self._path.exists():
                check_no_others(self.folder, own, "")
        except OSError as error:
            raise WorkbenchError(
                f"The index cannot be written to {self.folder}: {error}."
            ) from error

    @contextmanager
    def reading(self) -> Iterator[Pieces]:
        """Yield the index as it is now; what others write meanwhile is not seen.

        Raises
        ------
        InputError
            If there is none, or it is damaged.
        """
        with self._transaction("BEGIN") as pieces:
            yield pieces

    @contextmanager
    def writing(self) -> Iterator[Pieces]:
        """Yield the index to be changed: all of it is kept at the end, or nothing on an error.

        Raises
        ------
        InputError
            As for reading.
        WorkbenchError
            If another process writes for too long, or the disk is full.
        """
        with self._transaction("BEGIN IMMEDIATE") as pieces:
            yield pieces

    def copy_to(self, folder: Path) -> None:
        """Copy the index, as it is now, into a new or empty folder.

        Raises
        ------
        InputError
            If the folder holds something, or the index is damaged.
        WorkbenchError
            If it cannot be written.
        """
        other = DiskFile(folder)
        if other._path.exists():
            raise InputError(f"{folder} holds an index already. Choose an empty folder.")
        other._make_folder()
        with self._opened("rw") as connection, other._opened("rwc") as target:
            connection.backup(target)

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Pieces]:
        if not self._path.is_file():
            raise no_index(self.folder, FILE, MAKE)
        with self._opened("rw") as connection:
            self._check_format(connection)
            connection.execute(begin)
            with closing(Pieces(connection, self.folder)) as pieces:
                yield pieces
            connection.execute("COMMIT")  # on an error, closing undoes it

    @contextmanager
    def _opened(self, mode: str) -> Iterator[sqlite3.Connection]:
        with self._explained(), closing(self._connected(mode)) as connection:
            yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what SQLite raises in words of an index."""
        try:
            yield
        except UnicodeDecodeError:  # of SQLite's message, which quotes the damage
            raise damaged(self.folder, f"{FILE} cannot be read") from None
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if code in _BUSY:
                raise busy(self.folder, _folder.PATIENCE_S) from None
            if code in _DAMAGED or not isinstance(error, sqlite3.OperationalError):
                raise damaged(self.folder, f"{FILE}: {error}") from None
            raise WorkbenchError(
                f"The index in {self.folder} cannot be read or written: {error}."
            ) from error

    def _connected(self, mode: str) -> sqlite3.Connection:
        try:
            return self._connection(f"mode={mode}")
        except sqlite3.OperationalError as error:
            # A folder of somebody else's, where we may make no log beside the file: nor do they
            # write now, or there would be one.
            readonly = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY
            if not readonly or self._path.with_name(f"{FILE}-wal").exists():
                raise
            return self._connection("mode=ro&immutable=1")

    def _connection(self, options: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?{options}",
            uri=True,
            timeout=_folder.PATIENCE_S,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA secure_delete = ON")  # what was removed is gone
            connection.execute("PRAGMA cache_size = -16000")  # 16 MB
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_format(self, connection: sqlite3.Connection) -> None:
        found = self._format(connection)
        if found == 0:  # killed before there was anything in it
            raise no_index(self.folder, FILE, MAKE)
        if found > _FORMAT:
            raise later_format(self.folder, found, _FORMAT)

    def _format(self, connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


class FrozenFile(DiskFile):
    """The file of an index that nobody writes any more: that of a logged model, say.

    It is open as long as this is, without locks or files beside it, even if its folder (one that
    a model was fetched to) goes meanwhile.

    Parameters
    ----------
    folder
        The folder that it is in.

    Raises
    ------
    InputError
        If there is none, or it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if not self._path.is_file():
            raise no_index(folder, FILE, MAKE)
        with self._explained():
            self._kept = self._connection("mode=ro&immutable=1")
            self._check_format(self._kept)

    @contextmanager
    def _opened(self, mode: str) -> Iterator[sqlite3.Connection]:
        with self._explained():
            yield self._kept

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Pieces]:
        if begin != "BEGIN":
            raise InputError(
                f"The index in {self.folder} was opened with read_only=True, and does not change. "
                "save() it into another folder, and change that one."
            )
        with self._explained(), closing(Pieces(self._kept, self.folder)) as pieces:
            yield pieces  # no transaction, which threads would have to share


def as_bytes(text: str) -> bytes:
    """Return a text as bytes, broken UTF-16 too."""
    return text.encode("utf-8", "surrogatepass")


def as_text(raw: bytes) -> str:
    """Return the text that `as_bytes` took."""
    return raw.decode("utf-8", "surrogatepass")


def _seal(kind: bytes, part: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(b"%d " % part, zlib.crc32(kind)))
