"""What of the texts may leave the process."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from workbench.views import View

__all__ = ["Privacy"]


@dataclass(frozen=True, slots=True)
class Privacy:
    """What of the texts may leave the process.

    Parameters
    ----------
    texts
        Whether the texts, and what quotes them, may.
    columns
        The corpus columns that may; None: all.
    """

    texts: bool = True
    columns: tuple[str, ...] | None = None

    def allows(self, column: str | None) -> bool:
        """Return whether a corpus column may be written; None: one that is not known."""
        return self.columns is None or column in self.columns

    def table(self, frame: pd.DataFrame, corpus_columns: Collection[str]) -> pd.DataFrame:
        """Return a value's table with only what may be written."""
        from workbench.views.privacy import redacted_table

        return redacted_table(frame, corpus_columns, texts=self.texts, columns=self.columns)

    def view(self, view: View) -> View:
        """Return a view with only what may be written."""
        from workbench.views.privacy import redacted

        if self.texts and self.columns is None:
            return view
        return redacted(view, texts=self.texts, columns=self.columns)
