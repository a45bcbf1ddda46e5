"""What was kept as JSON, read again: it is JSON, and of the format that this version reads."""

from __future__ import annotations

import json
from typing import Any

from workbench.errors import InputError

__all__ = ["kept_json"]


def kept_json(text: str | bytes, caller: str, what: str, reads: int) -> Any:
    """Return what some JSON holds; whether it is what was written is for the caller to see.

    Parameters
    ----------
    text
        The JSON.
    caller
        Who reads it, for messages.
    what
        What is kept, with its verb: ``"the log has"``.
    reads
        The format that this version reads.

    Raises
    ------
    InputError
        If it is no JSON, or was written in another format.
    """
    try:
        kept = json.loads(text)
    except (TypeError, ValueError) as error:
        raise InputError(f"{caller}: expected JSON; {error}.") from None
    if isinstance(kept, dict) and kept.get("format", reads) != reads:
        raise InputError(
            f"{caller}: {what} format {kept['format']!r}; this version reads {reads}. Install a "
            "newer embedding-workbench."
        )
    return kept
