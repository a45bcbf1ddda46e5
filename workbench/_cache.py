"""Where the workbench keeps what it can make again."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path

__all__ = ["cache_folder", "made_once"]


def cache_folder() -> Path:
    """Return ``$WORKBENCH_CACHE``, or the user's cache folder for the workbench."""
    chosen = os.environ.get("WORKBENCH_CACHE")
    return Path(chosen).expanduser() if chosen else user_cache_path("embedding-workbench")


def made_once(folder: Path, sign: str, make: Callable[[Path], None]) -> None:
    """Let one process make a folder, whole or not at all; those that ask meanwhile wait for it.

    Parameters
    ----------
    folder
        The folder.
    sign
        A file that is in it when it is made.
    make
        Writes what the folder is to hold into an empty one.
    """
    from filelock import FileLock

    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if (folder / sign).exists():
            return
        scratch = Path(tempfile.mkdtemp(dir=folder.parent))
        try:
            make(scratch)
            shutil.rmtree(folder, ignore_errors=True)
            scratch.rename(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
