"""Figures of models and of ranks without what is private.

Of models only the words of errors may quote texts. Ranks hold texts and a query. Neither holds a
column of the corpus.
"""

from __future__ import annotations

import copy

import plotly.graph_objects as go

from workbench.views._models import FAILURE
from workbench.views._strings import plotly_text
from workbench.views._view import View

__all__ = ["MODEL_KINDS", "redacted_models"]

MODEL_KINDS = ("models", "models-matrix", "ranks")
_STATE = ("selection", "viewport", "pinned")


def redacted_models(view: View, *, texts: bool) -> View:
    """Return a view of models or ranks, without texts if those may not be shown."""
    if texts:
        return view
    kept = view.texts.drop(columns=[FAILURE, "text"], errors="ignore")
    meta = copy.deepcopy(dict(view.meta))
    meta["table"] = [name for name in meta["table"] if name in kept.columns]
    if view.kind == "ranks":
        meta["subtitle"] = ""
        meta["failures"] = dict.fromkeys(meta.get("failures", {}), "")
    figure = go.Figure(view.figure)
    figure.update_layout(
        meta={"workbench": meta}, title_subtitle_text=plotly_text(meta["subtitle"], 200)
    )
    state = {name: value for name, value in view.state.items() if name in _STATE}
    return View(figure, kept, state)
