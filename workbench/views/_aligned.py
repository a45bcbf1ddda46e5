"""Aligned maps: one corpus under several models, side by side, and what moved."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.analysis import AlignedMaps, Clustering
from workbench.errors import InputError
from workbench.views._draw_map import draw_maps
from workbench.views._map import check_colors
from workbench.views._texts import label_column, table_columns
from workbench.views._view import View

__all__ = ["MOST_PANELS", "aligned_view"]

MOST_PANELS = 6  # beyond these, none is large enough to read


def aligned_view(
    maps: AlignedMaps, *, color_by: str | None = None, clustering: Clustering | None = None
) -> View:
    """Return the maps of several models side by side, in the frame of the first.

    Each model but the first gives two columns to colour by: ``movement: <name>``, the distance
    of each text from its place on the first map as a share of the map's width, and ``moved:
    <name>``, whether that is further than 95 % of texts move between two seeds of one model.

    Parameters
    ----------
    maps
        At most 6 maps.
    color_by
        A column of the corpus, ``"cluster"``, or one of those above. By default the corpus'
        label, else the clusters, else what moved on the last map.
    clustering
        Clusters of the same texts, to colour by.

    Raises
    ------
    InputError
        If there are more than 6 maps, the column cannot colour points, or the clustering is of
        other texts.
    """
    if len(maps.names) > MOST_PANELS:
        raise InputError(
            f"aligned_view: expected at most {MOST_PANELS} maps; got {len(maps.names)}. Align "
            "fewer models, or show them in parts."
        )
    corpus = maps.corpus
    texts, kinds = check_colors(corpus, None, clustering)
    further: dict[str, Any] = {}
    for row, name in enumerate(maps.names[1:], 1):
        further[f"moved: {name}"] = np.where(maps.moved[row], "moved", "within chance").tolist()
        further[f"movement: {name}"] = maps.movement[row].round(4)
    texts = texts.assign(**{name: values for name, values in further.items() if name not in texts})
    kinds |= {name: "category" if name.startswith("moved") else "number" for name in further}
    if color_by is not None and color_by not in kinds:
        check_colors(corpus, color_by, clustering)  # raises: it knows what there is
    label = label_column(corpus)
    usual = (label, "cluster", f"moved: {maps.names[-1]}")
    meta = {
        "kind": "aligned",
        "corpus": corpus.fingerprint,
        "title": maps.title(),
        "subtitle": " ".join((*maps.notes, *maps.sentences())),  # the end may be cut
        "label": label,
        "color_columns": [{"name": name, "kind": kind} for name, kind in kinds.items()],
        "table": [*table_columns(texts, label)[:2], *further],
        "color_by": color_by or next(name for name in usual if name in kinds),
        "panels": [_panel(maps, row) for row in range(len(maps.names))],
        "labels": [],
    }
    return View(draw_maps([one.coordinates for one in maps.projections], texts, meta), texts)


def _panel(maps: AlignedMaps, row: int) -> dict[str, Any]:
    name, trust = maps.names[row], maps.projections[row].trustworthiness
    said = f"{name} · trustworthiness {trust:.2f}"
    if row:
        said += f" · residual {maps.residual[row]:.1%}"
    return {"name": said}
