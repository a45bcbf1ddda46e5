"""Text that goes into plotly: its pseudo-HTML and MathJax must find nothing to do."""

from __future__ import annotations

import re

from workbench._html import elide

__all__ = ["plotly_text", "without_controls"]

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ENTITIES = {"&": "&#38;", "<": "&#60;", ">": "&#62;", "$": "&#36;"}
_SPECIAL = re.compile("[&<>$]")


def plotly_text(text: str, most: int = 60) -> str:
    """Return a text that plotly shows as it is written.

    Plotly reads a subset of HTML in every string it draws (and ``$…$`` as TeX where a page has
    MathJax). Entities survive both. Bidi marks are dropped and control characters replaced,
    because neither ends where the string ends in SVG.

    Parameters
    ----------
    text
        Any text.
    most
        Characters to keep; more are cut with an ellipsis.
    """
    line = without_controls(_BIDI.sub("", elide(text, most)))
    return _SPECIAL.sub(lambda match: _ENTITIES[match[0]], line)


def without_controls(text: str) -> str:
    """Return a text with its control characters replaced, which neither SVG nor HTML may hold."""
    return _CONTROL.sub("\ufffd", text)
