"""The map of a projection, with how far it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbench._arrays import FloatArray
from workbench.analysis import Clustering, MapQuality, Projection
from workbench.analysis.map_labels import MapLabel, MapLabels
from workbench.corpus import Corpus
from workbench.errors import InputError, suggest
from workbench.views._draw_map import draw_maps
from workbench.views._texts import (
    ColumnKind,
    color_columns,
    corpus_frame,
    label_column,
    same_corpus,
    table_columns,
)
from workbench.views._view import View

__all__ = ["check_colors", "map_view"]

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
            raise InputError(f"map_view: {name}= is of another map than this one. Make it anew.")
    texts, kinds = check_colors(corpus, None, clustering)
    own: dict[str, FloatArray] = dict(scores or {})
    taken = next((name for name in own if name in texts), None)
    if taken is not None:
        raise InputError(f"map_view: the texts have a column {taken!r} already. Name it otherwise.")
    if quality is not None and quality.neighbors is not None:
        own["real_share"] = np.asarray(quality.real_share, np.float32)
    texts = texts.assign(**{name: values.round(4) for name, values in own.items()})
    kinds |= dict.fromkeys(own, "number")
    if color_by is not None and color_by not in kinds:
        check_colors(corpus, color_by, clustering)  # raises: it knows what there is
    label = label_column(corpus)
    meta = {
        "kind": "map",
        "corpus": corpus.fingerprint,
        "title": _title(projection, quality),
        "subtitle": " ".join(projection.notes),
        "label": label,
        "color_columns": [{"name": name, "kind": kind} for name, kind in kinds.items()],
        "table": [*(scores or {}), *table_columns(texts, label)],
        "scores": list(scores or {}),  # whose names quote what somebody searched for
        "color_by": color_by or next((name for name in (label, "cluster") if name in kinds), None),
        **_trust(quality),
        "labels": [_label(one) for one in labels.labels] if labels is not None else [],
    }
    return View(draw_maps([projection.coordinates], texts, meta), texts)


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
