"""The layout that all figures share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.views._strings import plotly_text
from workbench.views.theme import template

__all__ = ["layout_of"]


def layout_of(meta: Mapping[str, Any], height: int, **more: Any) -> dict[str, Any]:
    """Return a figure's layout: title and subtitle of ``meta``, no dragging unless asked for."""
    return {
        "template": template("light"),
        "title": {
            "text": plotly_text(meta["title"], 160),
            "subtitle": {"text": plotly_text(meta["subtitle"], 200)},
        },
        "height": height,
        "dragmode": False,
        "hovermode": "closest",
        "meta": {"workbench": dict(meta)},
        **more,
    }
