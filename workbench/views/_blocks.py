"""Blocks of many texts as a heatmap: a cell is the mean similarity of two groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.analysis import BlockSimilarities
from workbench.errors import InputError
from workbench.views._heatmap_figure import matrix_layout, matrix_ticks, scale_colors, scale_of
from workbench.views._texts import corpus_frame, label_column, table_columns
from workbench.views._view import View

__all__ = ["blocks_view", "draw_blocks"]


def blocks_view(blocks: BlockSimilarities) -> View:
    """Return the mean cosine of each two blocks, on the colours of every heatmap.

    A block of one text has no cell of its own on the diagonal. The table of texts says in
    ``block`` which block a text is in; each block's most typical texts are told with it.

    Raises
    ------
    InputError
        If two sets of texts were compared.
    """
    if not blocks.symmetric:
        raise InputError(
            "blocks_view: draws the blocks of one set of texts; these are of two. Look at "
            ".to_frame()."
        )
    corpus = blocks.embeddings.corpus
    texts = corpus_frame(corpus)
    texts["block"] = np.array(blocks.names, dtype=object)[blocks.labels].tolist()
    label = label_column(corpus)
    meta: dict[str, Any] = {
        "kind": "blocks",
        "corpus": corpus.fingerprint,
        "title": blocks.title(),
        "subtitle": f"{len(blocks.labels):,} texts; a cell is the mean of all pairs of two blocks",
        "label": label,
        "color_columns": [],
        "table": [*table_columns(texts, label), "block"],
        "metric": "cosine",
        "labels_of": blocks.labels.astype(np.uint8 if len(blocks.names) < 256 else np.uint16),
        "blocks": [
            {"name": name, "size": int(size), "exemplars": list(exemplars)}
            for name, size, exemplars in zip(
                blocks.names, blocks.sizes, blocks.row_blocks.exemplars, strict=True
            )
        ],
    }
    return View(draw_blocks(np.asarray(blocks.values), meta), texts)


def draw_blocks(values: np.ndarray[Any, Any], meta: dict[str, Any]) -> go.Figure:
    """Return the cells, named by ``meta["blocks"]``."""
    known = np.nan_to_num(values, nan=1.0)
    figure = go.Figure(layout=matrix_layout(meta, False))
    figure.add_heatmap(
        z=values,
        **scale_colors(known, scale_of(known, "cosine"), False, "mean cosine"),
        hovertemplate="row %{y}, column %{x}<extra></extra>",
    )
    names = [block["name"] for block in meta["blocks"]]
    figure.update_layout(yaxis=matrix_ticks((), names, 24), xaxis={"showticklabels": False})
    return figure
