"""Neighbours, layouts and clusters of many texts are kept on disk: the same ones are read again.

A notebook that runs again has its map at once, and a sweep that was interrupted goes on.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from workbench._cache import cache_folder, written_whole
from workbench.analysis._side_by_side import go_on
from workbench.errors import InputError

__all__ = ["NO_NOTES", "clear_results", "computed_once", "results_size"]

Arrays = tuple[NDArray[Any], ...]
NO_NOTES: Final[NDArray[np.str_]] = np.array([], dtype=np.str_)
_FEWEST = 500  # texts: with fewer, computing is hardly slower than reading
_LIMIT = "WORKBENCH_RESULTS_MB"
_MOST_MB = "1000"
_DECISIVE = ("numpy", "scipy", "scikit-learn", "umap-learn", "numba", "scranpy", "knncolle")
_MOST_FILES = 2000  # all of which are looked at whenever one is written
_LARGEST = 0.25  # of the limit: one result does not drive out all others
_DIGEST_SIZE = 16


def computed_once(
    name: str, inputs: tuple[NDArray[Any] | str | float, ...], compute: Callable[[], Arrays]
) -> Arrays:
    """Return the arrays that ``compute`` returns: from disk, where the same were computed before.

    The folder holds at most ``WORKBENCH_RESULTS_MB`` (1,000; 0: nothing is kept), and no result
    of more than a quarter of it; what was not used for longest goes. Nothing in it is a text.

    Parameters
    ----------
    name
        What is computed, with a number that rises when it is computed otherwise.
    inputs
        All that decides the result; the first has a row per text. The versions of the libraries
        are added.
    compute
        Returns arrays of numbers or words.

    Raises
    ------
    InputError
        If ``WORKBENCH_RESULTS_MB`` is not a number from 0.
    """
    go_on()
    limit = _limit()
    rows = inputs[0]
    if not limit or not isinstance(rows, np.ndarray) or len(rows) < _FEWEST:
        return compute()
    file = _folder() / f"{name}-{_key(inputs)}.arrays"
    found = _read(file)
    if found is None:
        found = compute()
        if sum(one.nbytes for one in found) <= _LARGEST * limit:
            with suppress(OSError, MemoryError):  # a full disk, or one that may not be written to
                _write(file, found)
                _make_room(file.parent, limit)
    return found


def results_size() -> int:
    """Return how many bytes are kept."""
    return sum(stat.st_size for _, stat in _kept(_folder()))


def clear_results() -> None:
    """Delete all that was kept."""
    for path, _ in _kept(_folder()):
        path.unlink(missing_ok=True)


def _folder() -> Path:
    return cache_folder() / "results"


def _kept(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """Return all files, that which was not used for longest first."""
    found = []
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):  # another process makes room
            found.append((path, path.stat()))
    return sorted(found, key=lambda one: one[1].st_mtime)


def _limit() -> float:
    """Return how many bytes may be kept."""
    asked = os.environ.get(_LIMIT, _MOST_MB)
    with suppress(ValueError):
        if float(asked) >= 0:
            return float(asked) * 1e6
    raise InputError(
        f"{_LIMIT} is {asked!r}; expected how many MB of maps, neighbours and clusters are kept, "
        "from 0."
    )


def _key(inputs: tuple[NDArray[Any] | str | float, ...]) -> str:
    digest = hashlib.blake2b(_libraries().encode(), digest_size=_DIGEST_SIZE)
    for value in inputs:
        if isinstance(value, np.ndarray):
            digest.update(f"{value.dtype.str}{value.shape}".encode())
            digest.update(np.ascontiguousarray(value).data)
        else:
            digest.update(f"{value!r};".encode())
    return digest.hexdigest()


@cache
def _libraries() -> str:
    """Return the versions of all that computes."""
    found = []
    for name in _DECISIVE:
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return ", ".join(found)


def _read(file: Path) -> Arrays | None:
    """Return what a file holds; None where there is none, or it is damaged."""
    try:
        raw = file.read_bytes()
    except OSError:
        return None
    with suppress(OSError):  # a disk that may only be read
        os.utime(file)
    content = raw[:-_DIGEST_SIZE]
    if hashlib.blake2b(content, digest_size=_DIGEST_SIZE).digest() != raw[-_DIGEST_SIZE:]:
        return None
    with np.load(BytesIO(content)) as held:
        return tuple(held[name] for name in held.files)


def _write(file: Path, arrays: Arrays) -> None:
    """Write a file, whole or not at all: the arrays as numpy saves them, and their digest."""
    with written_whole(file) as scratch, scratch.open("w+b") as opened:
        np.savez(opened, *arrays)
        opened.seek(0)
        digest = hashlib.file_digest(opened, lambda: hashlib.blake2b(digest_size=_DIGEST_SIZE))
        opened.seek(0, os.SEEK_END)
        opened.write(digest.digest())


def _make_room(folder: Path, limit: float) -> None:
    """Delete what was not used for longest, beyond the limit."""
    known = _kept(folder)
    size, count = sum(stat.st_size for _, stat in known), len(known)
    for path, stat in known:
        if size <= limit and count <= _MOST_FILES:
            return
        path.unlink(missing_ok=True)
        size, count = size - stat.st_size, count - 1
