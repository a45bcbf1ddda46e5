"""What was found while reading a table of texts, and what was done about it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Intake"]


@dataclass(frozen=True, slots=True)
class Intake:
    """Counts of nulls, blanks and duplicates; rows are counted from 1, as the data begin.

    Parameters
    ----------
    read
        How many rows the source had.
    nulls, blanks, duplicates
        The rows whose text is missing, is only white space, or repeats an earlier one.
    dropped
        How many rows were left out.
    notices
        What was guessed (a column, say), in sentences.
    """

    read: int = 0
    nulls: tuple[int, ...] = ()
    blanks: tuple[int, ...] = ()
    duplicates: tuple[int, ...] = ()
    dropped: int = 0
    notices: tuple[str, ...] = ()

    def summary(self) -> dict[str, int]:
        """Return the counts: a flat dict."""
        return {
            "rows_read": self.read,
            "nulls": len(self.nulls),
            "blanks": len(self.blanks),
            "duplicates": len(self.duplicates),
            "dropped": self.dropped,
        }

    def remark(self) -> str:
        """Return ``" (2 nulls, 1 duplicate; 2 dropped)"``, or nothing when there is nothing."""
        found = [
            f"{len(rows)} {word}{'s' if len(rows) != 1 else ''}"
            for word, rows in (
                ("null", self.nulls),
                ("blank", self.blanks),
                ("duplicate", self.duplicates),
            )
            if rows
        ]
        return f" ({', '.join(found)}; {self.dropped} dropped)" if found else ""
