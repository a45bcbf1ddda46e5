"""Figures of models, of ranks and of searches without what is private.

Of models only the words of errors may quote texts. Ranks hold texts and a query. Neither holds a
column of the corpus. A search holds its label too, shared words, and which texts were searched.
"""

from __future__ import annotations

import copy
from collections.abc import Collection
from typing import Any

import plotly.graph_objects as go

from workbench.views._models import FAILURE
from workbench.views._search import searched_part
from workbench.views._strings import plotly_text
from workbench.views._texts import column_of
from workbench.views._view import View

__all__ = ["MODEL_KINDS", "redacted_models", "redacted_search"]

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
    figure = _figure(view, meta)
    state = {name: value for name, value in view.state.items() if name in _STATE}
    return View(figure, kept, state)


def redacted_search(view: View, *, texts: bool, columns: Collection[str] | None) -> View:
    """Return a view of a search without texts or columns that may not be shown."""

    def may(column: str) -> bool:
        return columns is None or column in columns

    meta = copy.deepcopy(dict(view.meta))
    label = meta["label"]
    gone = [label] if label is not None and not may(column_of(label)) else []
    meta["where"] = {name: said for name, said in meta["where"].items() if may(name)}
    if gone:
        meta["label"] = None
    if not texts:
        gone.append("text")
        meta["query"] = ""
        meta["failures"] = dict.fromkeys(meta["failures"], "")
        meta["why"] = [{"similarity": one["similarity"]} for one in meta.get("why", [])]
    asked = [f"query: {meta['query']}"] if meta["query"] else []
    meta["subtitle"] = "; ".join([*asked, *searched_part(meta["where"])])
    kept = view.texts.drop(columns=gone, errors="ignore")
    meta["table"] = [name for name in meta["table"] if name in kept.columns]
    quoting = {"where"} if columns is not None or not texts else set()
    state = {
        name: value
        for name, value in view.state.items()
        if name not in quoting and (texts or name in _STATE)
    }
    return View(_figure(view, meta), kept, state)


def _figure(view: View, meta: dict[str, Any]) -> go.Figure:
    """Return the figure with what it says of itself replaced."""
    figure = go.Figure(view.figure)
    figure.update_layout(
        meta={"workbench": meta}, title_subtitle_text=plotly_text(meta["subtitle"], 200)
    )
    return figure
