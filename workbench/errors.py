"""Errors and warnings for the person who meets them.

Every message says what was got, what was expected and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "InputError",
    "MissingExtraError",
    "ModelUnavailableError",
    "TrackingUnavailableError",
    "WorkbenchError",
    "WorkbenchWarning",
    "suggest",
]


class WorkbenchError(Exception):
    """The base of every error that the workbench raises on purpose."""


class InputError(WorkbenchError, ValueError):
    """An argument, file or table that cannot be used as it is."""


class ModelUnavailableError(WorkbenchError, OSError):
    """A model that is unknown, not installed, or out of reach."""


class TrackingUnavailableError(WorkbenchError, ConnectionError):
    """A tracking store that cannot be opened or does not answer."""


class MissingExtraError(WorkbenchError, ImportError):
    """An optional library that is not installed."""


class WorkbenchWarning(UserWarning):
    """Something was done that the user should know of."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Return a sentence that offers the names nearest to a wrong one.

    Parameters
    ----------
    name
        The name that was not found.
    known
        The names that exist.

    Returns
    -------
    str
        ``"Did you mean 'a' or 'b'?"``, or the whole list when nothing is near.
    """
    names = [str(candidate) for candidate in known]
    lowered = {candidate.lower(): candidate for candidate in names}
    near = [lowered[hit] for hit in difflib.get_close_matches(name.lower(), lowered, n=3)]
    if near:
        return f"Did you mean {' or '.join(repr(candidate) for candidate in near)}?"
    shown = ", ".join(repr(candidate) for candidate in names[:20])
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"Known: {shown or 'none'}{more}."
