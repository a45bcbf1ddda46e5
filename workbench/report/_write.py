"""Write a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

from workbench.errors import InputError

__all__ = ["check_place", "write_text"]


def check_place(path: Path) -> None:
    """Refuse a path at which no file can be made: before the work that would fill it.

    Raises
    ------
    InputError
        If the path is a directory, or the folder that it would be made in is none or is closed.
    """
    if os.path.isdir(path):  # unlike Path's, answers for a name that cannot be one, too
        raise InputError(f"{str(path)!r} is a directory; expected a file such as report.html.")
    nearest = next(folder for folder in path.absolute().parents if os.path.exists(folder))
    if not os.path.isdir(nearest):
        raise InputError(
            f"{str(path)!r} cannot be written: {str(nearest)!r} is a file; expected a folder "
            "there. Choose another path."
        )
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise InputError(
            f"{str(path)!r} cannot be written: the folder {str(nearest)!r} takes no files from "
            "you. Choose another path, or mend its permissions."
        )


def write_text(path: Path, content: str) -> Path:
    """Write a UTF-8 file by one rename, making its folder; return its path.

    Raises
    ------
    InputError
        If the path is a directory or cannot be written.
    """
    check_place(path)
    # Not tempfile's: its files are private, and who may read a report is for the umask to say.
    scratch = path.with_name(f".writing-{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with scratch.open("x", encoding="utf-8", errors="replace", newline="\n") as file:
                file.write(content)
            os.replace(scratch, path)
        finally:
            scratch.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"{str(path)!r} cannot be written: {reason}. Choose another path."
        ) from None
    return path
