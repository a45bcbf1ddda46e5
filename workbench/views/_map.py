"""The map: a projection's points, one trace per category."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench._arrays import FloatArray
from workbench.analysis import Clustering, MapQuality, Projection
from workbench.corpus import Corpus
from workbench.errors import InputError, suggest
from workbench.views._strings import plotly_text
from workbench.views._texts import (
    NONE,
    ColumnKind,
    category_name,
    color_columns,
    corpus_frame,
    label_column,
    same_corpus,
    table_columns,
)
from workbench.views._view import View
from workbench.views.theme import COLORSCALE, MOST_CATEGORIES, MUTED, PALETTE, SYMBOLS, template

if TYPE_CHECKING:
    from workbench.analysis.map_labels import MapLabel, MapLabels

__all__ = ["check_colors", "draw_map", "map_view"]

_OTHER, _UNCLUSTERED = "other", "unclustered"
_NEAREST = 10  # lines to more neighbours are a tangle


def map_view(
    projection: Projection,
    *,
    color_by: str | None = None,
    clustering: Clustering | None = None,
    quality: MapQuality | None = None,
    labels: MapLabels | None = None,
    scores: Mapping[str, FloatArray] | None = None,
) -> View:
    """Return the map of a projection.

    Parameters
    ----------
    projection
        Coordinates of shape (n, 2) and what they were made from.
    color_by
        A column of the corpus, or ``"cluster"``. Categories become one trace each (the 16 most
        frequent; the rest is "other"), numbers and dates a colour scale. By default the corpus'
        label, else the clusters, else nothing.
    clustering
        Clusters of the same texts, to colour by.
    quality
        How far this map can be trusted, in its title and text by text: the column ``real_share``,
        which texts are doubtful, and each text's ten real neighbours.
    labels
        Keywords on the map's dense regions.
    scores
        Numbers to colour by, by the column's name, each of shape (n,): the similarity to a query.

    Raises
    ------
    InputError
        If the column cannot colour points, or the clustering, quality or labels are of others.
    """
    corpus = projection.embeddings.corpus
    for name, other in (("quality", quality), ("labels", labels)):
        if other is not None and other.projection is not projection:
            raise InputError(f"map_view: the {name} given are of another map. Make them of this one.")
    texts, kinds = check_colors(corpus, None if scores else color_by, clustering)
    own: dict[str, FloatArray] = dict(scores or {})
    if quality is not None and quality.neighbors is not None:
        own["real_share"] = np.asarray(quality.real_share, np.float32)
    texts = texts.assign(**{name: values.round(4) for name, values in own.items()})
    kinds |= dict.fromkeys(own, "number")
    label = label_column(corpus)
    meta = {
        "kind": "map",
        "corpus": corpus.fingerprint,
        "title": _title(projection, quality),
        "subtitle": " ".join(projection.notes),
        "label": label,
        "color_columns": [{"name": name, "kind": kind} for name, kind in kinds.items()],
        "table": table_columns(texts, label),
        "color_by": color_by or next((name for name in (label, "cluster") if name in kinds), None),
        **_trust(quality),
        "labels": [_label(one) for one in labels.labels] if labels is not None else [],
    }
    return View(draw_map(projection.coordinates, texts, meta), texts)


def check_colors(
    corpus: Corpus, color_by: str | None, clustering: Clustering | None = None
) -> tuple[pd.DataFrame, dict[str, ColumnKind]]:
    """Return the table of texts and the columns that can colour them.

    Raises
    ------
    InputError
        If the column cannot colour points, or the clustering is of other texts.
    """
    same_corpus(corpus, clustering)
    texts = corpus_frame(corpus, clustering)
    kinds = color_columns(texts, label_column(corpus))
    if color_by is not None and color_by not in kinds:
        raise InputError(
            f"map_view: {color_by!r} cannot colour the points of {corpus.name!r}. "
            + (suggest(str(color_by), kinds) if kinds else "The corpus has no column that can.")
        )
    return texts, kinds


def draw_map(coordinates: FloatArray, texts: pd.DataFrame, meta: dict[str, Any]) -> go.Figure:
    """Return the figure of points of shape (n, 2), coloured as ``meta["color_by"]`` says."""
    column = meta["color_by"]
    kind = {entry["name"]: entry["kind"] for entry in meta["color_columns"]}.get(column)
    if column is None:
        groups = [_Group("texts", np.arange(len(texts)), {"color": PALETTE["light"][0]})]
    elif kind == "category":
        groups = _categories(texts, column)
    else:
        groups = _scale(texts[column], column, kind == "date")
    size, opacity = _size(len(texts))
    figure = go.Figure(layout=_layout(meta, len(groups) > 1))
    for group in groups:
        figure.add_scattergl(
            x=coordinates[group.rows, 0],
            y=coordinates[group.rows, 1],
            customdata=group.rows.astype(np.int32),
            name=plotly_text(group.name, 40),
            mode="markers",
            marker={"size": size, "opacity": opacity, **group.marker},
            hovertemplate="%{fullData.name}<extra></extra>",
            showlegend=len(groups) > 1 and group.name != column,
        )
    return figure


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows that share a trace."""

    name: str
    rows: np.ndarray[Any, Any]
    marker: dict[str, Any]


def _title(projection: Projection, quality: MapQuality | None) -> str:
    parts = [projection.title()]
    if math.isfinite(projection.trustworthiness):
        parts.append(f"trustworthiness {projection.trustworthiness:.2f}")
    if quality is not None and math.isfinite(quality.continuity):
        parts.append(f"continuity {quality.continuity:.2f}")
    return " · ".join(parts)


def _trust(quality: MapQuality | None) -> dict[str, Any]:
    """Return what the figure host shows of a map's quality; the arrays travel as plotly's do."""
    if quality is None or quality.neighbors is None:
        return {}
    nearest = quality.neighbors.indices[:, :_NEAREST]
    return {
        "doubtful": quality.doubtful.astype(np.uint8),
        "neighbors": nearest.astype(np.uint16 if len(nearest) <= 2**16 else np.uint32),
        "quality": quality.sentence(),
    }


def _label(label: MapLabel) -> dict[str, Any]:
    place = {"x": round(float(label.x), 4), "y": round(float(label.y), 4)}
    return {**place, "level": label.level, "size": label.size, "words": list(label.keywords)}


def _layout(meta: dict[str, Any], legend: bool) -> dict[str, Any]:
    bare = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": ""}
    return {
        "template": template("light"),
        "title": {
            "text": plotly_text(meta["title"], 160),
            "subtitle": {"text": plotly_text(meta["subtitle"], 200)},
        },
        "height": 520,
        "dragmode": "lasso",
        "hovermode": "closest",
        "showlegend": legend,
        "legend": {"title": {"text": plotly_text(meta["color_by"] or "", 30)}},
        "xaxis": bare,
        "yaxis": bare,
        "meta": {"workbench": meta},
    }


def _size(count: int) -> tuple[float, float]:
    """Return marker size in pixels and opacity for a number of points."""
    for most, size, opacity in ((200, 10, 0.9), (1500, 8, 0.85), (6000, 6, 0.75)):
        if count <= most:
            return size, opacity
    return 4, 0.6


def _categories(texts: pd.DataFrame, column: str) -> list[_Group]:
    """Return one group per category, the most frequent first; ties by name."""
    by_cluster = column == "cluster"
    shown = texts["cluster_name" if by_cluster else column].tolist()
    names = np.array([category_name(value) for value in shown], dtype=object)
    quiet = {NONE, _UNCLUSTERED} if by_cluster else {NONE}
    counts = Counter(name for name in names if name not in quiet)
    order = sorted(counts, key=lambda name: (-counts[name], name))[:MOST_CATEGORIES]
    groups = [
        _Group(name, np.flatnonzero(names == name), _look(rank)) for rank, name in enumerate(order)
    ]
    grey = {"color": MUTED["light"], "symbol": "circle"}
    rest = np.array([name not in quiet and name not in order for name in names], dtype=bool)
    if rest.any():
        more = len(counts) - len(order)
        groups.append(_Group(f"{_OTHER} ({more} more)", np.flatnonzero(rest), grey))
    return groups + [
        _Group(name, np.flatnonzero(names == name), {**grey, "opacity": 0.4})
        for name in sorted(quiet)
        if (names == name).any()
    ]


def _look(rank: int) -> dict[str, str]:
    colors = PALETTE["light"]
    return {"color": colors[rank % len(colors)], "symbol": SYMBOLS[rank // len(colors)]}


def _scale(series: pd.Series[Any], column: str, dates: bool) -> list[_Group]:
    """Return the group with a value, on a colour scale, and the group without."""
    missing = series.isna().to_numpy()
    present = series[~missing]
    values = (
        present.to_numpy().astype("datetime64[ms]").astype(np.float64)
        if dates
        else present.to_numpy(dtype=np.float64)
    )
    title = {"text": plotly_text(column, 30), "font": {"size": 12}}
    bar: dict[str, Any] = {"title": title, "thickness": 12}
    if dates and len(values):
        ticks = np.linspace(values.min(), values.max(), 5)
        written = np.datetime_as_string(ticks.astype("datetime64[ms]"), unit="D")
        bar |= {"tickvals": ticks.tolist(), "ticktext": written.tolist()}
    marker = {"color": values, "colorscale": COLORSCALE, "showscale": True, "colorbar": bar}
    groups = [_Group(column, np.flatnonzero(~missing), marker)]
    if missing.any():
        grey = {"color": MUTED["light"], "opacity": 0.4}
        groups.append(_Group(NONE, np.flatnonzero(missing), grey))
    return groups
