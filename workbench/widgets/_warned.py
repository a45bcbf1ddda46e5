"""What the workbench warns of in a widget is said in its status line, not under the cell."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from workbench.errors import WorkbenchWarning

__all__ = ["noted_warnings"]


@contextmanager
def noted_warnings() -> Iterator[list[str]]:
    """Collect what the workbench warns of; the warnings of others go where they went."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", WorkbenchWarning)
        try:
            yield said
        finally:
            ours = [one for one in caught if issubclass(one.category, WorkbenchWarning)]
            said += [str(one.message) for one in ours]
    for other in caught:
        if other not in ours:
            warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)
