"""Blocks of many texts as a heatmap: a cell is the mean similarity of two groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench.analysis import BlockSimilarities
from workbench.analysis.blocks import TextBlocks
from workbench.views._heatmap_figure import (
    ON_DARK,
    Range,
    checked_range,
    group_lines,
    matrix_layout,
    matrix_ticks,
    scale_colors,
    scale_of,
)
from workbench.views._texts import corpus_frame, label_column, table_columns
from workbench.views._view import View

__all__ = ["blocks_view", "draw_blocks"]

_HOW = {"similarity": "blocks of like texts", "given": "blocks in the order given"}


def blocks_view(blocks: BlockSimilarities, *, color_range: Range | None = None) -> View:
    """Return the mean cosine of each two blocks, on the colours of every heatmap.

    A block of one text has no cell of its own on the diagonal. The table of texts says in
    ``block`` which block a text is in; each block's most typical texts are told with it.

    Parameters
    ----------
    blocks
        The texts in blocks, of one set or of two.
    color_range
        The mean cosines at the ends of the colours, if other than 0 and 1.

    Raises
    ------
    InputError
        If the range is none.
    """
    colors = checked_range(color_range)
    rows, columns = blocks.row_blocks, blocks.column_blocks
    texts, one = _texts(blocks), blocks.symmetric
    corpora = [side.embeddings.corpus for side in (rows, columns)]
    label = label_column(corpora[0])
    ends = "" if colors is None else f" · colours from {colors[0]:g} to {colors[1]:g}"
    how = _HOW.get(blocks.by, "blocks by name, large ones in parts")
    of = [f"{len(side.labels):,} texts" for side in ((rows,) if one else (rows, columns))]
    meta: dict[str, Any] = {
        "kind": "blocks",
        "corpus": " × ".join(corpus.fingerprint for corpus in corpora[: len(of)]),
        "title": blocks.title(),
        "subtitle": f"{' × '.join(of)} in {how}; a cell is the mean of all pairs of two{ends}",
        "label": label,
        "column_label": label_column(corpora[1]),
        "color_columns": [],
        "table": [*table_columns(texts.drop(columns="block"), label), "block"],
        "metric": "cosine",
        "color_range": None if colors is None else list(colors),
        "labels_of": _labels(blocks),
        "blocks": _described(rows, 0),
        **({} if one else {"column_blocks": _described(columns, len(rows.labels))}),
    }
    return View(draw_blocks(np.asarray(blocks.values), meta), texts)


def draw_blocks(values: np.ndarray[Any, Any], meta: dict[str, Any]) -> go.Figure:
    """Return the cells, named by ``meta["blocks"]`` (and ``meta["column_blocks"]``)."""
    ends = meta.get("color_range")
    known = np.where(np.isfinite(values), values, np.float32(1.0))
    scale = scale_of(known, "cosine", (ends[0], ends[1]) if ends else None)
    figure = go.Figure(layout=matrix_layout(meta, False))
    figure.add_heatmap(
        z=values,
        **scale_colors(known, scale, False, "mean cosine"),
        hovertemplate="row %{y}, column %{x}<extra></extra>",
    )
    sides = [meta["blocks"], meta.get("column_blocks", meta["blocks"])]
    names = [[block["name"] for block in side] for side in sides]
    groups = [_groups(side) for side in sides]
    across = matrix_ticks(groups[1], names[1], 24)
    if "column_blocks" not in meta:
        across = {"showticklabels": False}
    figure.update_layout(yaxis=matrix_ticks(groups[0], names[0], 24), xaxis=across)
    shape = (len(names[0]), len(names[1]))
    figure.update_layout(shapes=group_lines(groups[0], groups[1], shape, ON_DARK))
    return figure


def _groups(blocks: list[dict[str, Any]]) -> list[str]:
    """Return each block's group; nothing where no group has more than one block."""
    groups = [block.get("group", "") for block in blocks]
    return groups if 1 < len(set(groups)) < len(groups) else []


def _described(side: TextBlocks, offset: int) -> list[dict[str, Any]]:
    groups = [{"group": group} for group in side.groups] or [{} for _ in side.names]
    return [
        {"name": name, "size": int(size), "exemplars": [row + offset for row in exemplars], **group}
        for name, size, exemplars, group in zip(
            side.names, side.sizes, side.exemplars, groups, strict=True
        )
    ]


def _labels(blocks: BlockSimilarities) -> np.ndarray[Any, Any]:
    """Return the block of each text of the table; those of columns come after those of rows."""
    labels = blocks.row_blocks.labels
    if not blocks.symmetric:
        labels = np.r_[labels, blocks.column_blocks.labels + len(blocks.row_blocks.names)]
    return labels.astype(np.uint16)


def _texts(blocks: BlockSimilarities) -> pd.DataFrame:
    first = _frame(blocks.row_blocks)
    if blocks.symmetric:
        return first
    second = _frame(blocks.column_blocks)
    if set(first["id"]) & set(second["id"]):
        first = first.assign(id=[f"row {text_id}" for text_id in first["id"]])
        second = second.assign(id=[f"column {text_id}" for text_id in second["id"]])
    return pd.concat([first, second], ignore_index=True)


def _frame(side: TextBlocks) -> pd.DataFrame:
    texts = corpus_frame(side.embeddings.corpus)
    return texts.assign(block=np.array(side.names, dtype=object)[side.labels].tolist())
