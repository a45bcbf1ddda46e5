"""What is said of an index' folder: that it is none, damaged, taken, or written to by others."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from workbench.errors import InputError, WorkbenchError

__all__ = [
    "PATIENCE_S",
    "as_folder",
    "busy",
    "check_no_others",
    "damaged",
    "later_format",
    "no_index",
]

PATIENCE_S = 20.0


def as_folder(folder: object) -> Path:
    """Return a folder's path, or raise an InputError."""
    if not isinstance(folder, str | Path) or not str(folder).strip():
        raise InputError(f"An index is in a folder; got {type(folder).__name__} {folder!r:.60}.")
    return Path(folder).expanduser()


def no_index(folder: Path, file: str, how: str) -> InputError:
    """Return the error for a folder without an index."""
    return InputError(f"There is no index in {folder}: it has no {file}. {how}")


def damaged(folder: Path, what: str) -> InputError:
    """Return the error for a damaged index."""
    return InputError(f"The index in {folder} is damaged: {what}. Build it again from the texts.")


def later_format(folder: Path, found: int, own: int) -> InputError:
    """Return the error for an index of a later version."""
    return InputError(
        f"The index in {folder} was written by a later version (format {found}; this one reads "
        f"up to {own}). Update the workbench."
    )


def busy(folder: Path, seconds: float) -> WorkbenchError:
    """Return the error for an index that another process writes to."""
    return WorkbenchError(
        f"Another process has been writing to the index in {folder} for {seconds:.0f} s. "
        "Wait until it is done."
    )


def check_no_others(folder: Path, own: Collection[str], advice: str) -> None:
    """Raise an InputError if a folder without an index holds other files than its own."""
    others = [path.name for path in folder.iterdir() if path.name not in own]
    if others:
        raise InputError(
            f"{folder} holds other files ({others[0]!r}, say) and no index. Choose an empty "
            f"folder{advice}."
        )
