"""Small escaped HTML tables: how a value shows itself in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

__all__ = ["elide", "facts_table", "rows_table"]


def elide(text: str, most: int = 160) -> str:
    """Return a text on one line, cut to ``most`` characters with an ellipsis."""
    # Lone surrogates (halves of broken UTF-16) cannot be sent to a browser.
    start = text[: most * 4].encode("utf-8", "replace").decode("utf-8")
    line = " ".join(start.split())
    shortened = len(text) > most * 4 or len(line) > most
    return line[: most - 1] + "…" if shortened else line


def facts_table(title: str, facts: Mapping[str, object]) -> str:
    """Return a two-column table of names and values."""
    return rows_table(title, ("", ""), list(facts.items()))


def rows_table(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; every cell is escaped and elided."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(elide(_shown(cell)))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    thead = f"<thead><tr>{head}</tr></thead>" if any(header) else ""
    return f"<table><caption>{escape(title)}</caption>{thead}<tbody>{body}</tbody></table>"


def _shown(cell: object) -> str:
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)
