"""Write a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from workbench.errors import InputError

__all__ = ["write_text"]


def write_text(path: Path, content: str) -> Path:
    """Write a UTF-8 file by one rename, making its folder; return its path.

    Raises
    ------
    InputError
        If the path is a directory or cannot be written.
    """
    if path.is_dir():
        raise InputError(f"{str(path)!r} is a directory; expected a file such as report.html.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(content)
        # mkstemp's files are private; a report is for others.
        os.chmod(scratch, 0o644)
        os.replace(scratch, path)
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be written: {error.strerror or error}.") from None
    return path
