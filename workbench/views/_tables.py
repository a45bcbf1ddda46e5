"""HTML tables whose cells may be more than a text; texts are escaped here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from workbench._html import elide
from workbench.views._strings import without_controls

__all__ = ["boxed", "head", "items", "numbers", "said", "table", "text"]


def said(words: str, most: int = 1000) -> str:
    """Return a text as HTML that shows it as it is written."""
    return escape(without_controls(elide(words, most)))


def head(words: str, example: int | None = None) -> str:
    """Return a cell that names its row; a widget makes a button of one with an example's row."""
    marked = "" if example is None else f' data-example="{example}"'
    return f'<th scope="row"{marked}><bdi>{said(words, 80)}</bdi></th>'


def text(words: str, most: int = 400) -> str:
    """Return a cell that holds a text in whatever direction it is written."""
    return f'<td dir="auto">{said(words, most)}</td>'


def numbers(words: str, tone: str = "") -> str:
    """Return a cell that holds a number; ``tone`` is its class."""
    names = f"wb-number wb-{tone}" if tone else "wb-number"
    return f'<td class="{names}">{said(words)}</td>'


def items(words: Iterable[str]) -> str:
    """Return a list of texts."""
    return f"<ul>{''.join(f'<li>{said(one)}</li>' for one in words)}</ul>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """Return a table of cells that are HTML already; the header is not."""
    cells = "".join(f'<th scope="col"><bdi>{said(name, 80)}</bdi></th>' for name in header)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    named = f"<caption>{said(caption)}</caption>" if caption else ""
    inner = f"<table>{named}<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
    # A wide table is scrolled, with the keyboard too.
    keys = f'role="group" tabindex="0" aria-label="{said(caption or "Table")}"'
    return f'<div class="wb-scroll" {keys}>{inner}</div>'


def boxed(*parts: str) -> str:
    """Return pieces of HTML as one, in the style of comparisons."""
    return f'<div class="workbench-comparison">{"".join(parts)}</div>'
