"""What was done to a file: counts, and what made its vectors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench._html import facts_table
from workbench.models import ModelSpec

__all__ = ["EmbeddedFile"]


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedFile:
    """What `embed_file` did.

    Parameters
    ----------
    path
        The file with the vectors.
    column
        Their column.
    spec
        What made them.
    rows
        Rows of the file.
    nulls, blanks
        Rows without a text, and with only white space in it: their vector is null.
    encoded
        How many texts the model had to encode in this call: not those of an earlier call that
        was interrupted, and a text that repeats once.
    truncated
        Rows whose text is longer than the model reads, the rest of which is lost; None when that
        is not known, or the model reads texts of any length.
    """

    path: Path
    column: str
    spec: ModelSpec
    rows: int
    nulls: int
    blanks: int
    encoded: int
    truncated: int | None

    def summary(self) -> dict[str, Any]:
        """Return what was done in numbers: a flat dict."""
        return {
            "path": str(self.path),
            "column": self.column,
            "rows": self.rows,
            "nulls": self.nulls,
            "blanks": self.blanks,
            "encoded": self.encoded,
            **({} if self.truncated is None else {"truncated": self.truncated}),
            **{f"model_{name}": value for name, value in self.spec.summary().items()},
        }

    def sentence(self) -> str:
        """Return what was done, for people."""
        without = [
            f"{count:,} {word}"
            for count, word in ((self.nulls, "null"), (self.blanks, "blank"))
            if count
        ]
        parts = [
            f"{self.rows:,} rows, {self.encoded:,} texts encoded with {self.spec.title()}",
            f"no vector for {' and '.join(without)}" if without else "",
            f"{self.truncated:,} cut off at {self.spec.max_tokens} tokens"
            if self.truncated
            else "",
        ]
        return "; ".join(part for part in parts if part)

    def _repr_html_(self) -> str:
        facts = {"column": self.column, "done": self.sentence()}
        return facts_table(str(self.path), facts)
