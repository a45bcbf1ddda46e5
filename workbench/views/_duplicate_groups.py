"""Groups of duplicates: how many there are of each size, and the text of each worth a look."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench._arrays import IntArray
from workbench.analysis import DuplicateGroups
from workbench.views._json import object_frame
from workbench.views._layout import layout_of
from workbench.views._pairs import EACH, count_axis
from workbench.views._view import View

__all__ = ["groups_view"]

_SINGLE = 10  # sizes below it have a bar each
_STEPS = (1, 2, 5)  # of every power of ten, for larger ones


def groups_view(groups: DuplicateGroups) -> View:
    """Return how many groups have which size; each bar names a few of its groups.

    The table has a row per group, the one with the least similar text first: the text dropped
    that is least similar to what is kept, beside the kept one. Each bar carries its place in
    ``customdata``.
    """
    texts, sizes = _table(groups)
    starts = _starts(int(sizes.max(initial=2)))
    bins = []
    for at, (first, after) in enumerate(pairwise(starts)):
        rows = np.flatnonzero((sizes >= first) & (sizes < after))
        bins.append(
            {
                "low": at - 0.5,
                "high": at + 0.5,
                "sizes": [first, after - 1],
                "count": len(rows),
                "rows": rows[:EACH].tolist(),
            }
        )
    meta: dict[str, Any] = {
        "kind": "groups",
        "corpus": "",
        "title": groups.title(),
        "subtitle": _subtitle(groups),
        "label": None,
        "color_columns": [],
        "table": [name for name in texts.columns if name != "id"],
        "bins": bins,
    }
    counts = np.array([one["count"] for one in bins], dtype=np.int64)
    axis = {
        "title": {"text": "texts in a group"},
        "tickvals": list(range(len(bins))),
        "ticktext": [str(a) if a == b else f"{a}–{b}" for a, b in (one["sizes"] for one in bins)],
        "range": [-0.6, max(len(bins), 4) - 0.4],
        "zeroline": False,
    }
    figure = go.Figure(layout=layout_of(meta, 340, xaxis=axis, yaxis=count_axis(counts, "groups")))
    figure.add_bar(
        x=np.arange(len(bins), dtype=np.int32),
        y=counts,
        customdata=np.arange(len(bins), dtype=np.int32),
        width=0.8,
        name="groups",
        meta={"color": 0},
        hovertemplate="%{y} groups<extra></extra>",
    )
    return View(figure, texts)


def _subtitle(groups: DuplicateGroups) -> str:
    facts = groups.summary()
    chained = int(facts["dropped_below_threshold"])
    said = f"{facts['dropped']:,} of {facts['texts']:,} texts are dropped"
    if chained:
        said += f", {chained:,} of them less similar to what is kept than the threshold"
    return f"{said}. The axis of counts is logarithmic."


def _starts(largest: int) -> list[int]:
    """Return the smallest size of each bar, and what is above the last one's largest."""
    starts = list(range(2, min(largest, _SINGLE - 1) + 2))
    power = _SINGLE
    while starts[-1] <= largest:
        starts += [start for step in _STEPS if (start := step * power) > starts[-1]]
        power *= 10
    return [start for at, start in enumerate(starts) if at == 0 or starts[at - 1] <= largest]


def _table(groups: DuplicateGroups) -> tuple[Any, IntArray]:
    """Return the table, a row per group, and how many texts each has."""
    members = np.flatnonzero(groups.labels >= 0)
    likeness = np.where(groups.kept, np.float32(2.0), groups.similarities)[members]  # kept: last
    order = members[np.lexsort((likeness, groups.labels[members]))]
    _, first = np.unique(groups.labels[order], return_index=True)
    least = order[first]
    least = least[np.argsort(groups.similarities[least], kind="stable")]
    kept, sizes = groups.nearest[least], groups.sizes[groups.labels[least]]
    corpus = groups.embeddings.corpus
    dropped = [None if groups.kept[row] else row for row in least.tolist()]
    columns: dict[str, Any] = {
        "id": [str(label) for label in groups.labels[least].tolist()],
        "texts": sizes,
        "similarity": groups.similarities[least].astype(np.float64).round(4),
        "kept_id": [corpus.ids[row] for row in kept.tolist()],
        "kept_text": [corpus.texts[row] for row in kept.tolist()],
        "dropped_id": [None if row is None else corpus.ids[row] for row in dropped],
        "dropped_text": [None if row is None else corpus.texts[row] for row in dropped],
    }
    return object_frame(columns), sizes
