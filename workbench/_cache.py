"""Where the workbench keeps what it can make again."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

from workbench.errors import WorkbenchWarning

__all__ = ["cache_folder", "made_once", "written_whole"]

_DIGEST = "digest"


def cache_folder() -> Path:
    """Return ``$WORKBENCH_CACHE``, or the user's cache folder for the workbench."""
    chosen = os.environ.get("WORKBENCH_CACHE")
    return Path(chosen).expanduser() if chosen else user_cache_path("embedding-workbench")


@contextmanager
def written_whole(file: Path) -> Iterator[Path]:
    """Give a file to write that takes another's place at the end, or goes where that fails."""
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_name(f"{file.name}.{uuid.uuid4().hex}")
    try:
        yield scratch
        scratch.replace(file)
    finally:
        scratch.unlink(missing_ok=True)


def made_once(folder: Path, make: Callable[[Path], None]) -> None:
    """Let one process make a folder, whole or not at all; those that ask meanwhile wait for it.

    What is in it is compared with its digest, and made again where a file was damaged.

    Parameters
    ----------
    folder
        The folder.
    make
        Writes what the folder is to hold into an empty one.
    """
    from filelock import FileLock

    if _is_whole(folder):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if _is_whole(folder):
            return
        if (folder / _DIGEST).exists():
            warnings.warn(f"{folder} is damaged; it is made again.", WorkbenchWarning, stacklevel=3)
        scratch = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}")
        scratch.mkdir()
        try:
            make(scratch)
            (scratch / _DIGEST).write_text(_digest(scratch), encoding="ascii")
            shutil.rmtree(folder, ignore_errors=True)
            scratch.rename(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _is_whole(folder: Path) -> bool:
    try:
        return (folder / _DIGEST).read_text(encoding="ascii") == _digest(folder)
    except (OSError, ValueError):
        return False


def _digest(folder: Path) -> str:
    """Return a hash of all files in a folder."""
    total = hashlib.blake2b(digest_size=16)
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name != _DIGEST:
            total.update(file.relative_to(folder).as_posix().encode())
            with file.open("rb") as opened:
                total.update(hashlib.file_digest(opened, "blake2b").digest())
    return total.hexdigest()
