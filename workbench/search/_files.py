"""An index as files: whole or not at all, checked on reading, nothing unpickled.

``index.json`` names the other files, which carry the hash of their bytes in their names: it is
replaced in one step, so a reader finds the old index or the new one, and any damage by hashing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from workbench.corpus import Corpus
from workbench.errors import InputError, WorkbenchError
from workbench.search._folder import (
    PATIENCE_S,
    busy,
    check_no_others,
    damaged,
    later_format,
    no_index,
)

__all__ = ["Stored", "plain_cells", "read_files", "write_files"]

_FORMAT = 1
_INDEX = "index.json"
_WRITING = ".writing-"


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """What an index' files hold.

    Parameters
    ----------
    corpus
        The texts.
    arrays
        Vectors and weights by name.
    facts
        What made them, as JSON.
    version
        A hash over all of it.
    """

    corpus: Corpus
    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any]
    version: str


def write_files(
    folder: Path,
    corpus: Corpus,
    arrays: Mapping[str, NDArray[Any]],
    facts: Mapping[str, Any],
    *,
    expected: str | None,
    overwrite: bool,
) -> str:
    """Write an index and return its version.

    Parameters
    ----------
    folder
        Where; made if need be.
    corpus, arrays, facts
        What to write.
    expected
        The version that this index was made from; None when it was not read from files.
    overwrite
        Whether an index of another version may be replaced.

    Raises
    ------
    InputError
        If the folder holds another version, or something else than an index.
    WorkbenchError
        If it cannot be written, or another writer does not finish.
    """
    from safetensors.numpy import save

    parts = {
        "corpus.parquet": _corpus_bytes(corpus),
        "arrays.safetensors": save({k: np.ascontiguousarray(v) for k, v in arrays.items()}),
    }
    names = {name: f"{_digest(raw)}-{name}" for name, raw in parts.items()}
    described = {
        "format": _FORMAT,
        "files": names,
        "corpus": {"name": corpus.name, "label": corpus.label, "source": corpus.source},
        **facts,
    }
    raw = _sealed(described)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _only_writer(folder):
            if not overwrite:
                _check_free(folder, expected)
            for name, content in parts.items():
                _write(folder / names[name], content)
            _write(folder / _INDEX, raw)
            _tidy(folder, set(names.values()))
    except OSError as error:
        raise WorkbenchError(f"The index cannot be written to {folder}: {error}.") from error
    return _digest(raw)


def read_files(folder: Path) -> Stored:
    """Return what an index' files hold.

    Raises
    ------
    InputError
        If there is no index, it is of a later format, or a file is missing or damaged.
    """
    for last in (False, True):
        raw, described = _described(folder)
        try:
            parts = {name: _read(folder / own) for name, own in described["files"].items()}
            break
        except FileNotFoundError as error:  # replaced while it was read: once more
            if last:
                name = Path(str(error.filename)).name
                raise damaged(folder, f"{name} is missing") from None
    from safetensors.numpy import load

    corpus = _corpus_from(parts["corpus.parquet"], described["corpus"])
    return Stored(corpus, load(parts["arrays.safetensors"]), described, _digest(raw))


def _described(folder: Path) -> tuple[bytes, dict[str, Any]]:
    try:
        raw = (folder / _INDEX).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise no_index(folder, _INDEX, "index.save(folder) writes one.") from None
    try:
        described = json.loads(raw)
        found = int(described["format"])
    except (ValueError, KeyError, TypeError):
        raise damaged(folder, f"{_INDEX} cannot be read") from None
    if found > _FORMAT:
        raise later_format(folder, found, _FORMAT)
    if _sealed(described) != raw:
        raise damaged(folder, f"{_INDEX} does not have the content that it was written with")
    return raw, described


def _sealed(described: Mapping[str, Any]) -> bytes:
    """Return a description as JSON with a hash over the rest of it."""
    plain = {name: fact for name, fact in described.items() if name != "digest"}
    digest = _digest(json.dumps(plain, sort_keys=True).encode())
    return json.dumps({**plain, "digest": digest}, indent=1, sort_keys=True).encode()


def _read(path: Path) -> bytes:
    raw = path.read_bytes()
    if not path.name.startswith(_digest(raw)):
        raise damaged(
            path.parent, f"{path.name} does not have the content that it was written with"
        )
    return raw


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, so that one of two writers goes first."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder / ".lock", timeout=PATIENCE_S):
            yield
    except Timeout:
        raise busy(folder, PATIENCE_S) from None


def _check_free(folder: Path, expected: str | None) -> None:
    if not (folder / _INDEX).exists():
        own = {path.name for path in folder.iterdir() if _is_ours(path.name)}  # of a killed save
        advice = ", or pass overwrite=True to add an index to it"
        check_no_others(folder, own | {".lock"}, advice)
        return
    there = _digest((folder / _INDEX).read_bytes())
    if expected is None:
        raise InputError(
            f"{folder} holds an index already. Pass overwrite=True to replace it, or load it with "
            "SearchIndex.load and add to that."
        )
    if there != expected:
        raise InputError(
            f"The index in {folder} was changed by somebody else since it was loaded. Load it "
            "again and repeat the change, or pass overwrite=True to lose theirs."
        )


def _tidy(folder: Path, kept: set[str]) -> None:
    for path in folder.glob("*-*"):
        if _is_ours(path.name) and path.name not in kept:
            path.unlink(missing_ok=True)


def _is_ours(name: str) -> bool:
    return name.startswith(_WRITING) or name.endswith(("-corpus.parquet", "-arrays.safetensors"))


def _write(path: Path, raw: bytes) -> None:
    scratch = path.with_name(f"{_WRITING}{uuid4().hex}")
    try:
        scratch.write_bytes(raw)
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def _corpus_bytes(corpus: Corpus) -> bytes:
    """Return a corpus as parquet: texts as bytes, so that broken UTF-16 comes back as it was."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"id": _texts(corpus.ids), "text": _texts(corpus.texts)}
    for name, values in corpus.columns.items():
        kind = "json" if values.dtype == object else "column"
        columns[f"{kind}:{name}"] = _column(name, values)
    target = BytesIO()
    pq.write_table(pa.table(columns), target, compression="zstd")
    return target.getvalue()


def _texts(texts: tuple[str, ...]) -> Any:
    import pyarrow as pa

    return pa.array([text.encode("utf-8", "surrogatepass") for text in texts], pa.binary())


def _column(name: str, values: NDArray[Any]) -> Any:
    import pyarrow as pa

    if values.dtype != object:
        return pa.array(values)
    return pa.array([json.dumps(one).encode() for one in plain_cells(values, name)], pa.binary())


def plain_cells(values: NDArray[Any], column: str) -> list[Any]:
    """Return objects as what JSON keeps apart: strings, numbers, booleans, nulls.

    Raises
    ------
    InputError
        If one is something else, which would not come back as it was.
    """
    cells = [one.item() if isinstance(one, np.generic) else one for one in values.tolist()]
    for row, one in enumerate(cells, 1):
        if one is not None and not isinstance(one, str | bool | int | float):
            raise InputError(
                f"An index keeps texts, numbers, booleans, dates and nulls; row {row} of column "
                f"{column!r} is {type(one).__name__} {one!r:.40}. Convert the column, or leave it "
                "out of the corpus."
            )
    return cells


def _corpus_from(raw: bytes, described: Mapping[str, Any]) -> Corpus:
    import pyarrow.parquet as pq

    table = pq.read_table(BytesIO(raw))

    def texts(name: str) -> tuple[str, ...]:
        return tuple(cell.decode("utf-8", "surrogatepass") for cell in table[name].to_pylist())

    columns: dict[str, Any] = {}
    for name in table.column_names[2:]:
        values = table[name]
        kind, _, own = name.partition(":")
        columns[own] = (
            np.array([json.loads(cell) for cell in values.to_pylist()] + [None], object)[:-1]
            if kind == "json"
            else values.to_numpy()
        )
    return Corpus(
        texts("text"),
        texts("id"),
        columns,
        str(described["name"]),
        described["label"],
        str(described["source"]),
    )


def _digest(raw: bytes) -> str:
    return hashlib.blake2b(raw, digest_size=16).hexdigest()
