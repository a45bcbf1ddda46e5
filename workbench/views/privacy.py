"""What of the texts may be shown: views and tables without what is private.

With ``texts=False`` the texts go, and what quotes them: cluster names (their keywords are words
of the texts) and the words that somebody searched for. Ids stay. With ``columns=[…]`` all other
columns of the corpus go, and with them the categories, ticks and colours they gave.
"""

from __future__ import annotations

import copy
from collections.abc import Collection
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench.errors import InputError
from workbench.views._blocks import draw_blocks
from workbench.views._cluster_stability import stability_layout
from workbench.views._clusters import draw_clusters
from workbench.views._draw_leakage import draw_leakage
from workbench.views._draw_map import draw_maps, panels_of
from workbench.views._hierarchy import draw_hierarchy
from workbench.views._redacted_models import MODEL_KINDS, redacted_models, redacted_search
from workbench.views._silhouette import silhouette_layout
from workbench.views._strings import plotly_text
from workbench.views._texts import column_of
from workbench.views._view import Json, View

__all__ = ["redacted", "redacted_table"]

_OURS = (
    "id",
    "id_1",
    "id_2",
    "kept_id",
    "train_id",
    "decision",
    "judgment",
    "cluster",
    "real_share",
    "silhouette",
)  # columns that hold neither texts nor a corpus column
_KNOWN = (
    "map",
    "aligned",
    "heatmap",
    "blocks",
    "clusters",
    "stability",
    "silhouette",
    "hierarchy",
    "texts",
)
_QUOTING = ("text", "cluster_name")
_PAIRED = ("text_1", "text_2", "kept_text", "dropped_text", "test_text", "train_text")
_GROUPS = ("block", "row_name", "column_name")  # names of groups: a column's values, or words
_QUERY = "cosine to a query"  # instead of the query's words
_STATE = ("selection", "viewport", "pinned", "color_by")  # whose values are ids and names


def redacted(view: View, *, texts: bool = True, columns: Collection[str] | None = None) -> View:
    """Return a view that holds only what may be shown.

    Parameters
    ----------
    view
        A view of the workbench.
    texts
        Whether the texts may.
    columns
        The corpus columns that may; None: all. Names that the view does not have are ignored.

    Raises
    ------
    InputError
        If the figure was made elsewhere: nobody knows what its strings quote.
    """
    if texts and columns is None:
        return view
    if view.kind in MODEL_KINDS:
        return redacted_models(view, texts=texts)
    if view.kind == "search":
        return redacted_search(view, texts=texts, columns=columns)
    if view.kind in ("sweep", "thresholds"):
        return view  # numbers of a parameter's values: nothing of the texts
    if view.kind in ("pairs", "groups", "leakage"):
        return _paired(view, texts, columns)
    if view.kind not in _KNOWN:
        raise InputError(
            f"{view.title!r} was not drawn by the workbench, so its texts cannot be told from the "
            "rest. Leave it out, or show it with texts=True and all columns."
        )
    if not texts:
        view = _without_queries(view)
    kept = [name for name in view.texts.columns if _may_stay(str(name), texts, columns)]
    table = view.texts[kept].copy()
    if "cluster" in table and not texts:
        table["cluster_name"] = [_number(int(label)) for label in table["cluster"]]
    meta = _meta(view, {str(name) for name in table.columns}, texts)
    return View(_figure(view, table, meta), table, _state(view, set(table.columns), texts))


def _paired(view: View, texts: bool, columns: Collection[str] | None) -> View:
    """Return a figure of texts beside each other: without texts, with their ids alone."""
    kept = [name for name in view.texts.columns if texts or name not in _PAIRED]
    meta = {**view.meta, "table": [name for name in kept if name != "id"]}
    if view.kind == "leakage":
        if columns is not None and meta["label"] not in columns:
            meta["bins"] = [one for one in meta["bins"] if "name" not in one]
            meta["label"] = None
        return View(draw_leakage(meta), view.texts[kept], _state(view, set(), texts))
    figure = go.Figure(view.figure).update_layout(meta={"workbench": meta})
    if not texts:
        figure.layout.annotations = figure.layout.shapes = figure.layout.images = ()
    return View(figure, view.texts[kept], _state(view, set(), texts))


def redacted_table(
    frame: pd.DataFrame,
    corpus_columns: Collection[str],
    *,
    texts: bool = True,
    columns: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return a value's table with only what may be shown.

    Parameters
    ----------
    frame
        What ``to_frame`` gave.
    corpus_columns
        The names of the corpus' own columns.
    texts
        Whether texts may; if not, no strings stay but ids and allowed corpus columns.
    columns
        The corpus columns that may; None: all.
    """
    own = _written_as(corpus_columns, {str(name) for name in frame.columns})

    def stays(name: str, values: pd.Series[Any]) -> bool:
        if name in own:
            return columns is None or own[name] in columns
        if name in _GROUPS:
            return texts and columns is None
        quotes = pd.api.types.is_object_dtype(values) or pd.api.types.is_string_dtype(values)
        return texts or name in _OURS or not quotes

    chosen = [stays(str(name), frame.iloc[:, at]) for at, name in enumerate(frame.columns)]
    return frame.loc[:, chosen]


def _written_as(corpus_columns: Collection[str], written: set[str]) -> dict[str, str]:
    """Return the corpus' own columns in a value's table: name there -> name in the corpus.

    A table that has a column of that name itself (``id``, ``text``, ``cluster``) marks the
    corpus' one. Where it does not, even ``cluster`` is the corpus' own. Of ``cluster`` and
    ``cluster_column``, a table marks both or none.
    """
    own: dict[str, str] = {}
    for name in sorted(corpus_columns, key=len, reverse=True):
        marked = f"{name}_column"
        own[marked if marked in written and marked not in own else name] = name
    return {name: of for name, of in own.items() if name not in ("id", "text")}


def _may_stay(name: str, texts: bool, columns: Collection[str] | None) -> bool:
    if name in _OURS:
        return True
    if name in _QUOTING:
        return texts
    if name == "block":  # as a column of the corpus it would have another name here
        return False
    return columns is None or column_of(name) in columns


def _without_queries(view: View) -> View:
    """Rename the columns of similarities to a query, which quote it."""
    free = (f"{_QUERY} {number}" if number > 1 else _QUERY for number in count(1))
    unused = (name for name in free if name not in view.texts)
    names = dict(zip(view.meta.get("scores", []), unused, strict=False))
    if view.kind != "map" or not names:
        return view
    meta = copy.deepcopy(dict(view.meta))
    for entry in meta["color_columns"]:
        entry["name"] = names.get(entry["name"], entry["name"])
    for role in ("table", "scores"):
        meta[role] = [names.get(name, name) for name in meta[role]]
    meta["color_by"] = names.get(meta["color_by"], meta["color_by"])
    color_by = view.state.get("color_by")
    state = {**view.state, "color_by": names.get(str(color_by), color_by)}
    figure = go.Figure(view.figure).update_layout(meta={"workbench": meta})
    return View(figure, view.texts.rename(columns=names), state)


def _number(label: int) -> str:
    return "unclustered" if label == -1 else f"cluster {label}"


def _meta(view: View, kept: set[str], texts: bool) -> dict[str, Any]:
    """Return what the figure says of itself, without the columns that left."""
    meta = copy.deepcopy(dict(view.meta))
    colors = meta.get("color_columns", [])
    meta["color_columns"] = [entry for entry in colors if entry["name"] in kept]
    for listed in ("table", "scores"):
        if listed in meta:
            meta[listed] = [name for name in meta[listed] if name in kept]
    for role in ("label", "column_label", "color_by"):
        if meta.get(role) not in kept:
            meta[role] = None
    for side in ("blocks", "column_blocks"):
        for number, block in enumerate(meta.get(side, [])):
            block["name"] = f"block {number + 1}"  # of a label that may be private, or of a cluster
            block.pop("group", None)
    if part := meta.pop("part", ""):  # the same names
        meta["subtitle"] = meta["subtitle"].replace(part, "the texts of chosen groups")
    if not texts:
        meta.pop("labels", None)  # their words are words of the texts
        _unname(meta)
    return meta


def _unname(meta: dict[str, Any]) -> None:
    """Take the names and keywords of clusters away: they are words of the texts."""
    for bar in [*meta.get("clusters", []), *meta.get("smaller", [])]:
        bar.pop("keywords", None)
        if bar["label"] >= 0:
            bar["name"] = _number(bar["label"])
    for node in meta.get("nodes", []):
        node["keywords"] = []
        node["name"] = _number(node["clusters"][0]) if node["name"] else ""


def _figure(view: View, table: pd.DataFrame, meta: dict[str, Any]) -> go.Figure:
    """Draw again, so that nothing of the old strings is left."""
    if view.kind == "clusters":
        return draw_clusters(meta)
    if view.kind == "blocks":
        return draw_blocks(np.asarray(view.figure.data[0].z), meta)
    if view.kind == "hierarchy":
        return draw_hierarchy(meta)
    if view.kind == "stability":
        return go.Figure(view.figure.data, stability_layout(meta))
    if view.kind == "silhouette":
        axis = view.figure.layout.yaxis
        return go.Figure(
            view.figure.data, silhouette_layout(meta, list(axis.tickvals), float(axis.range[0]))
        )
    if view.kind == "texts":
        return go.Figure(layout={"height": 40, "meta": {"workbench": meta}})
    if view.kind in ("map", "aligned"):
        return draw_maps(panels_of(view.figure, len(table)), table, meta)
    figure = go.Figure(view.figure)
    figure.update_layout(meta={"workbench": meta})
    figure.layout.title.subtitle.text = plotly_text(str(meta.get("subtitle", "")), 200)
    # What somebody wrote on the figure may quote a text; update_layout would keep it.
    figure.layout.annotations = figure.layout.shapes = figure.layout.images = ()
    bare = {"tickvals": None, "ticktext": None, "showticklabels": False}
    if meta.get("order") == "cluster":
        figure.update_yaxes(bare).update_xaxes(bare)
    if meta.get("order") == "label":
        figure.update_yaxes(bare if meta["label"] is None else {})
        figure.update_xaxes(bare if meta["column_label"] is None else {})
    return figure


def _state(view: View, kept: set[str], texts: bool) -> dict[str, Json]:
    state = {
        name: value
        for name, value in view.state.items()
        if texts or name in _STATE or isinstance(value, bool | int | float)
    }
    if state.get("color_by") not in kept:
        state.pop("color_by", None)
    return state
