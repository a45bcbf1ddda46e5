"""The heatmap of a similarity matrix, or of the difference of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from workbench._arrays import IntArray
from workbench.analysis import (
    Clustering,
    SimilarityDifference,
    SimilarityDistribution,
    SimilarityMatrix,
    similarity_difference,
)
from workbench.corpus import Corpus
from workbench.errors import InputError, suggest
from workbench.views._heatmap_figure import (
    Range,
    checked_range,
    difference_scale,
    draw_heatmap,
    scale_of,
)
from workbench.views._order import Order, Ordered, ordered, places_in
from workbench.views._texts import corpus_frame, label_column, table_columns
from workbench.views._view import View

__all__ = ["MOST_TEXTS", "Order", "difference_view", "heatmap_view"]

MOST_TEXTS = 2000
_QUANTILES = 1001


def heatmap_view(
    matrix: SimilarityMatrix,
    *,
    order: Order = "given",
    clustering: Clustering | None = None,
    distribution: SimilarityDistribution | None = None,
    also: Sequence[SimilarityMatrix] = (),
    color_range: Range | None = None,
    sampled_from: Corpus | None = None,
    columns_from: Corpus | None = None,
    part: str = "",
    random_state: int = 0,
) -> View:
    """Return the heatmap of a similarity matrix.

    Up to 200 texts a side the cells hold float32, above that 256 steps of the metric's range
    (cosine: -1 to 1; other metrics: the least to the greatest value), which is 20 times less to
    send. Above 2,000 texts a side a random sample is drawn, and the title says so. The colours
    of a cosine always run from 0 to 1, so that figures can be compared.

    Parameters
    ----------
    matrix
        Similarities of shape (n, m).
    order
        ``"given"``: as in the corpus. ``"label"``: grouped by the corpus' label.
        ``"cluster"``: by cluster. ``"similarity"``: like beside like (average linkage, its leaves
        ordered optimally up to 1,000 texts; up to 300 its tree stands in the margin).
    clustering
        Clusters of the texts, or of a corpus that they are some of.
    distribution
        How similar texts are in general: bars beside the matrix, a line for random pairs, and
        for each cell the share of random pairs that are less similar.
    also
        The same texts' similarities under other models, told for each cell.
    color_range
        The similarities at the ends of the colours, if others: the subtitle then says so.
    sampled_from
        The corpus that the matrix' texts were sampled from, if they were: the title then says
        of how many, and selections link to the other figures of that corpus.
    columns_from
        The same of the column texts, where they are others.
    part
        What the texts are, where somebody chose them instead of chance: two groups' names, say.
    random_state
        Seed of the sample drawn here.

    Raises
    ------
    InputError
        If the order is unknown, or is ``"label"`` and a corpus has no label, or the clusters, the
        distribution or the further matrices are of other texts, or the range is none.
    """
    colors = checked_range(color_range)
    _check_order("heatmap_view", order)
    if distribution is not None and distribution.matrix is not matrix:
        raise InputError("heatmap_view: distribution= is of another matrix. Make it of this one.")
    for other in also:
        similarity_difference(matrix, other)  # refuses other texts and another similarity
    row_order = _sample(len(matrix.rows.corpus), random_state)
    column_order = row_order
    if not matrix.symmetric:
        column_order = _sample(len(matrix.columns.corpus), random_state)
    values = matrix.values[np.ix_(row_order, column_order)]
    shown = ordered(matrix, row_order, column_order, values, order, clustering)
    sampled = (sampled_from, columns_from)
    texts, meta = _described(matrix, shown, order, sampled, clustering)
    meta["title"] = _title(matrix)
    meta["subtitle"] = _subtitle(matrix, shown.values.shape, order, sampled, part, colors)
    meta["part"] = part
    if distribution is not None and len(distribution.baseline):
        meta |= _baseline(distribution)
    cells = np.ix_(shown.rows, shown.columns)
    others = [(one.rows.spec.title(), one.values[cells]) for one in also]
    scale = scale_of(shown.values, matrix.metric, colors)
    return View(draw_heatmap(shown, texts, meta, scale, others, distribution), texts)


def difference_view(
    difference: SimilarityDifference,
    *,
    order: Order = "similarity",
    clustering: Clustering | None = None,
    color_range: Range | None = None,
    sampled_from: Corpus | None = None,
) -> View:
    """Return where two models differ: the first one's similarities minus the second's.

    The colours diverge from zero and reach to 0.5 on both sides (cosine), so that figures of
    different pairs of models can be compared; what lies beyond is told on the scale. The texts
    stand in the order of the first model. Each cell tells both similarities.

    Parameters
    ----------
    difference
        The two models' similarities of at most 2,000 texts a side.
    order, clustering, sampled_from
        As for a heatmap.
    color_range
        The differences at the ends of the colours, if others: ``(-x, x)``.

    Raises
    ------
    InputError
        If there are more texts, or the order is unknown or needs a label that is not there, or
        zero is not in the middle of the range.
    """
    colors = checked_range(color_range, around_zero=True)
    _check_order("difference_view", order)
    first, second = difference.first, difference.second
    if max(difference.values.shape) > MOST_TEXTS:
        raise InputError(
            f"difference_view: expected at most {MOST_TEXTS:,} texts a side; got "
            f"{difference.values.shape[0]:,} × {difference.values.shape[1]:,}. Take a sample of "
            "the embeddings first: embeddings.sample(2000)."
        )
    rows, columns = (np.arange(count) for count in difference.values.shape)
    shown = ordered(first, rows, columns, first.values, order, clustering)
    cells = np.ix_(shown.rows, shown.columns)
    sampled = (sampled_from, None)
    texts, meta = _described(first, shown, order, sampled, clustering)
    names = [one.rows.spec.title() for one in (first, second)]
    said = _subtitle(first, shown.values.shape, order, sampled, "", colors)
    meta |= {
        "title": difference.title(),
        "subtitle": f"{said} · red: more alike under {names[0]}, blue: under {names[1]}",
        "metric": f"{difference.metric} difference",
    }
    others = [(one.rows.spec.title(), one.values[cells]) for one in (first, second)]
    drawn = replace(shown, values=difference.values[cells])
    scale = difference_scale(drawn.values, difference.metric, colors)
    return View(draw_heatmap(drawn, texts, meta, scale, others), texts)


def _check_order(caller: str, order: object) -> None:
    known = ("given", "label", "cluster", "similarity")
    if order not in known:
        raise InputError(f"{caller}: order={order!r} is unknown. {suggest(str(order), known)}")


def _described(
    matrix: SimilarityMatrix,
    shown: Ordered,
    order: Order,
    sampled: tuple[Corpus | None, Corpus | None],
    clustering: Clustering | None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the table of texts, and what the figure says of itself."""
    rows, columns = matrix.rows.corpus, matrix.columns.corpus
    one = matrix.symmetric
    clusters = clustering if order == "cluster" else None
    texts, row_places, column_places = _texts(
        rows, columns, shown.rows, shown.columns, one, clusters
    )
    meta = {
        "kind": "heatmap",
        "corpus": _fingerprint(sampled[0] or rows, sampled[1] or columns, texts, one),
        "label": label_column(rows),
        "column_label": label_column(columns),
        "color_columns": [],
        "table": table_columns(texts, label_column(rows)),
        "metric": matrix.metric,
        "order": order,
        "rows": row_places.tolist(),
        "columns": column_places.tolist(),
    }
    return texts, meta


def _baseline(distribution: SimilarityDistribution) -> dict[str, Any]:
    """Return what says how many random pairs are less similar than a cell."""
    baseline = distribution.baseline
    at = np.linspace(0, len(baseline) - 1, min(len(baseline), _QUANTILES)).round().astype(np.int64)
    return {"random": baseline[at].astype(np.float64).round(4).tolist(),
            "random_pairs": len(baseline), "all_pairs": distribution.all_pairs}  # fmt: skip


def _sample(count: int, random_state: int) -> IntArray:
    if count <= MOST_TEXTS:
        return np.arange(count)
    drawn = np.random.default_rng(random_state).choice(count, MOST_TEXTS, replace=False)
    return np.sort(drawn)


def _texts(
    rows: Corpus,
    columns: Corpus,
    row_order: IntArray,
    column_order: IntArray,
    one: bool,
    clustering: Clustering | None,
) -> tuple[pd.DataFrame, IntArray, IntArray]:
    """Return the texts in the corpus' order, and where in them rows and columns are drawn from."""
    first, row_places = _drawn(rows, row_order, clustering)
    if one:
        return first, row_places, row_places
    second, column_places = _drawn(columns, column_order, clustering)
    if set(first["id"]) & set(second["id"]):
        first = first.assign(id=[f"row {text_id}" for text_id in first["id"]])
        second = second.assign(id=[f"column {text_id}" for text_id in second["id"]])
    both = pd.concat([first, second], ignore_index=True)
    return both, row_places, column_places + len(first)


def _drawn(
    corpus: Corpus, order: IntArray, clustering: Clustering | None = None
) -> tuple[pd.DataFrame, IntArray]:
    kept = np.sort(order)
    at = None if clustering is None else places_in(clustering, corpus)
    if clustering is None or at is None:
        texts = corpus_frame(corpus).iloc[kept]
    else:
        texts = corpus_frame(clustering.embeddings.corpus, clustering).iloc[at[kept]]
    return texts.reset_index(drop=True), np.searchsorted(kept, order)


def _fingerprint(rows: Corpus, columns: Corpus, texts: pd.DataFrame, one: bool) -> str:
    """Return what links figures: one corpus, also where rows and columns are parts of it."""
    same = rows.fingerprint == columns.fingerprint and set(texts["id"]) <= set(rows.ids)
    return rows.fingerprint if one or same else f"{rows.fingerprint} × {columns.fingerprint}"


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
    part: str,
    colors: Range | None,
) -> str:
    given = (matrix.rows.corpus, matrix.columns.corpus)
    whole = [len(one or other) for one, other in zip(sampled, given, strict=True)]
    sides = [
        f"a random sample of {shown:,} of {total:,} texts" if shown < total else f"{total:,} texts"
        for shown, total in zip(drawn, whole, strict=True)
    ]
    how = {"given": "in the order given", "label": "grouped by label", "cluster": "by cluster"}
    said = part or (sides[0] if matrix.symmetric else " × ".join(sides))
    ends = "" if colors is None else f" · colours from {colors[0]:g} to {colors[1]:g}"
    return f"{said}, {how.get(order, 'ordered by similarity')}{ends}"
