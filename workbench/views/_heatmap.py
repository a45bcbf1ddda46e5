"""The heatmap: a similarity matrix, as it is up to 200 texts, in 256 steps above."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench._arrays import FloatArray, IntArray
from workbench.analysis import SimilarityMatrix
from workbench.corpus import Corpus
from workbench.errors import InputError, suggest
from workbench.views._order import Order, ordered
from workbench.views._strings import plotly_text
from workbench.views._texts import category_name, corpus_frame, label_column, table_columns
from workbench.views._view import View
from workbench.views.theme import COLORSCALE, template

__all__ = ["MOST_TEXTS", "Order", "heatmap_view"]

MOST_TEXTS = 2000
_EXACT = 200
_TICKS = 36
_GROUPS = 30

Range: TypeAlias = "tuple[float, float]"


def heatmap_view(
    matrix: SimilarityMatrix,
    *,
    order: Order = "given",
    sampled_from: Corpus | None = None,
    columns_from: Corpus | None = None,
    random_state: int = 0,
) -> View:
    """Return the heatmap of a similarity matrix.

    Up to 200 texts a side the cells hold float32, above that 256 steps of the metric's range
    (cosine: -1 to 1; other metrics: the least to the greatest value), which is 20 times less to
    send. Above 2,000 texts a side a random sample is drawn, and the title says so. The colours
    of a cosine always run from 0 to 1.

    Parameters
    ----------
    matrix
        Similarities of shape (n, m).
    order
        ``"given"``: as in the corpus. ``"label"``: grouped by the corpus' label.
        ``"similarity"``: like beside like (average linkage, its leaves ordered optimally up to
        1,000 texts).
    sampled_from
        The corpus that the matrix' texts were sampled from, if they were: the title then says
        of how many, and selections link to the other figures of that corpus.
    columns_from
        The same of the column texts, where they are others.
    random_state
        Seed of the sample drawn here.

    Raises
    ------
    InputError
        If the order is unknown, or is ``"label"`` and a corpus has no label.
    """
    if order not in ("given", "label", "similarity"):
        known = ("given", "label", "similarity")
        raise InputError(f"heatmap_view: order={order!r} is unknown. {suggest(str(order), known)}")
    one = matrix.symmetric
    rows, columns = matrix.rows.corpus, matrix.columns.corpus
    row_order = _sample(len(rows), random_state)
    column_order = row_order if one else _sample(len(columns), random_state)
    values = matrix.values[np.ix_(row_order, column_order)]
    row_order, column_order, values = ordered(matrix, row_order, column_order, values, order)
    texts, row_places, column_places = _texts(rows, columns, row_order, column_order, one)
    meta = {
        "kind": "heatmap",
        "corpus": _fingerprint(sampled_from or rows, columns_from or columns, one),
        "title": _title(matrix),
        "subtitle": _subtitle(matrix, values.shape, order, (sampled_from, columns_from)),
        "label": label_column(rows),
        "column_label": label_column(columns),
        "color_columns": [],
        "table": table_columns(texts, label_column(rows)),
        "metric": matrix.metric,
        "order": order,
        "rows": row_places.tolist(),
        "columns": column_places.tolist(),
    }
    return View(_figure(values, texts, meta), texts)


def _sample(count: int, random_state: int) -> IntArray:
    if count <= MOST_TEXTS:
        return np.arange(count)
    drawn = np.random.default_rng(random_state).choice(count, MOST_TEXTS, replace=False)
    return np.sort(drawn)


def _texts(
    rows: Corpus, columns: Corpus, row_order: IntArray, column_order: IntArray, one: bool
) -> tuple[pd.DataFrame, IntArray, IntArray]:
    """Return the texts in the corpus' order, and where in them rows and columns are drawn from."""
    first, row_places = _drawn(rows, row_order)
    if one:
        return first, row_places, row_places
    second, column_places = _drawn(columns, column_order)
    if set(first["id"]) & set(second["id"]):
        first = first.assign(id=[f"row {text_id}" for text_id in first["id"]])
        second = second.assign(id=[f"column {text_id}" for text_id in second["id"]])
    both = pd.concat([first, second], ignore_index=True)
    return both, row_places, column_places + len(first)


def _drawn(corpus: Corpus, order: IntArray) -> tuple[pd.DataFrame, IntArray]:
    kept = np.sort(order)
    texts = corpus_frame(corpus).iloc[kept].reset_index(drop=True)
    return texts, np.searchsorted(kept, order)


def _fingerprint(rows: Corpus, columns: Corpus, one: bool) -> str:
    return rows.fingerprint if one else f"{rows.fingerprint} × {columns.fingerprint}"


def _title(matrix: SimilarityMatrix) -> str:
    name = matrix.rows.corpus.name
    if not matrix.symmetric:
        name = f"{name} × {matrix.columns.corpus.name}"
    return f"{name} · {matrix.rows.spec.title()} · {matrix.metric} similarity"


def _subtitle(
    matrix: SimilarityMatrix,
    drawn: tuple[int, ...],
    order: Order,
    sampled: tuple[Corpus | None, Corpus | None],
) -> str:
    given = (matrix.rows.corpus, matrix.columns.corpus)
    whole = [len(one or other) for one, other in zip(sampled, given, strict=True)]
    sides = [
        f"a random sample of {shown:,} of {total:,} texts" if shown < total else f"{total:,} texts"
        for shown, total in zip(drawn, whole, strict=True)
    ]
    how = {"given": "in the order given", "label": "grouped by label"}
    said = sides[0] if matrix.symmetric else " × ".join(sides)
    return f"{said}, {how.get(order, 'ordered by similarity')}"


def _figure(values: FloatArray, texts: pd.DataFrame, meta: dict[str, Any]) -> go.Figure:
    coded = max(values.shape) > _EXACT
    span, scale = _range(values, meta["metric"]), _colors(values, meta["metric"])
    codes = _codes(values, span) if coded else values
    meta |= {"coded": coded, "value_range": list(span)}
    ticks = np.linspace(scale[0], scale[1], 5)
    names = [f"{tick:.2f}" for tick in ticks]
    if float(values.min()) < scale[0] - 1e-6:
        names[0] = f"≤ {names[0]}"
    where = _codes(ticks, span, np.float64) if coded else ticks
    figure = go.Figure(layout=_layout(meta))
    figure.add_heatmap(
        z=codes,
        zmin=float(where[0]),
        zmax=float(where[-1]),
        colorscale=COLORSCALE,
        colorbar={
            "title": {"text": meta["metric"], "font": {"size": 12}},
            "thickness": 12,
            "tickvals": where.tolist(),
            "ticktext": [plotly_text(name) for name in names],
        },
        hovertemplate="row %{y}, column %{x}<extra></extra>",
    )
    figure.update_yaxes(_ticks(texts, meta["rows"], meta["order"], meta["label"]))
    # A matrix with itself has the same names on both sides: once is enough.
    same = meta["rows"] == meta["columns"]
    across = _ticks(texts, meta["columns"], meta["order"], meta["column_label"])
    figure.update_xaxes({"showticklabels": False} if same else across)
    return figure


def _range(values: FloatArray, metric: str) -> Range:
    """Return the range that codes span."""
    if metric == "cosine":
        return -1.0, 1.0
    low, high = float(values.min()), float(values.max())
    return low, high if high > low else low + 1.0


def _colors(values: FloatArray, metric: str) -> Range:
    """Return the range that colours span: for a cosine always the same, to compare figures."""
    return (0.0, 1.0) if metric == "cosine" else _range(values, metric)


def _codes(values: Any, span: Range, dtype: Any = np.uint8) -> Any:
    scaled = (np.asarray(values, dtype=np.float64) - span[0]) / (span[1] - span[0]) * 255
    return scaled if dtype is np.float64 else np.clip(np.rint(scaled), 0, 255).astype(dtype)


def _layout(meta: dict[str, Any]) -> dict[str, Any]:
    bare = {"showgrid": False, "zeroline": False, "showline": False, "ticks": ""}
    return {
        "template": template("light"),
        "title": {
            "text": plotly_text(meta["title"], 160),
            "subtitle": {"text": plotly_text(meta["subtitle"], 200)},
        },
        "height": 600,
        "hovermode": "closest",
        "xaxis": {**bare, "constrain": "domain", "side": "bottom"},
        "yaxis": {**bare, "constrain": "domain", "autorange": "reversed", "scaleanchor": "x"},
        "meta": {"workbench": meta},
    }


def _ticks(texts: pd.DataFrame, rows: list[int], order: Order, label: str | None) -> dict[str, Any]:
    """Return an axis' ticks: the label's groups in that order, else ids when there are few."""
    if order == "label" and label in texts:
        names = [category_name(value) for value in texts[label].iloc[rows]]
        labels = np.array(names, dtype=object)
        starts = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1]])
        if len(starts) <= _GROUPS:
            ends = np.r_[starts[1:], len(labels)]
            names = [plotly_text(labels[start], 24) for start in starts]
            return {"tickvals": ((starts + ends - 1) / 2).tolist(), "ticktext": names}
    if len(rows) <= _TICKS:
        names = [plotly_text(str(text_id), 12) for text_id in texts["id"].iloc[rows]]
        return {"tickvals": list(range(len(rows))), "ticktext": names}
    return {"showticklabels": False}
