"""Leakage between two splits: how near each test text is to the train split, and which labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.analysis import SplitLeakage
from workbench.views._draw_leakage import draw_leakage
from workbench.views._json import object_frame
from workbench.views._numbers import percent
from workbench.views._pairs import EACH, some_places
from workbench.views._texts import category_name
from workbench.views._view import View

__all__ = ["leakage_view"]

_MOST_LABELS = 12


def leakage_view(leakage: SplitLeakage) -> View:
    """Return how similar each test text is to its nearest train text, and what leaked by label.

    The threshold is a line. Each bar names a few of its texts beside their nearest ones, and
    carries its place in ``customdata``; the table has a row per named text, the most similar first.
    """
    order = np.argsort(-leakage.similarities, kind="stable")
    bins = [*_by_similarity(leakage), *_by_label(leakage, order)]
    places = np.array(sorted({place for one in bins for place in one["rows"]}), dtype=np.int64)
    row_of = {place: row for row, place in enumerate(places.tolist())}
    for one in bins:
        one["rows"] = [row_of[place] for place in one["rows"]]
    rows = order[places]
    columns: dict[str, Any] = {
        "id": [str(place + 1) for place in places.tolist()],
        "similarity": leakage.similarities[rows].astype(np.float64).round(4),
    }
    for name, side, chosen in (
        ("test", leakage.test.corpus, rows),
        ("train", leakage.train.corpus, leakage.nearest[rows]),
    ):
        columns[f"{name}_id"] = [side.ids[row] for row in chosen.tolist()]
        columns[f"{name}_text"] = [side.texts[row] for row in chosen.tolist()]
    texts, share = object_frame(columns), leakage.share
    labels = leakage.test.corpus.labels
    meta: dict[str, Any] = {
        "kind": "leakage",
        "corpus": "",
        "title": leakage.title(),
        "subtitle": f"{int(leakage.leaked.sum()):,} of {len(leakage.test):,} test texts "
        f"({percent(share.estimate)}; 95 % interval {percent(share.low)} to {percent(share.high)}) "
        f"have a near-duplicate among the {len(leakage.train):,} of train: right of the line. "
        "Counts are logarithmic.",
        "label": leakage.test.corpus.label,
        "color_columns": [],
        "table": [name for name in texts.columns if name != "id"],
        "threshold": leakage.threshold,
        "labels": 0 if labels is None else len(set(map(category_name, labels))),
        "bins": bins,
    }
    return View(draw_leakage(meta), texts)


def _by_similarity(leakage: SplitLeakage) -> list[dict[str, Any]]:
    """Return a bar per bin, with the places by similarity of some of its texts."""
    edges, counts = leakage.histogram()
    ends = np.cumsum(counts[::-1])[::-1]
    least = min(leakage.threshold, 0.999)
    return [
        {
            "low": float(low),
            "high": float(high),
            "count": int(count),
            "leaked": bool(low >= least),
            "rows": some_places(int(end - count), int(end)).tolist(),
        }
        for low, high, count, end in zip(edges[:-1], edges[1:], counts, ends, strict=True)
    ]


def _by_label(leakage: SplitLeakage, order: Any) -> list[dict[str, Any]]:
    """Return a bar per label, those with the most leaked texts first, with their most similar."""
    labels = leakage.test.corpus.labels
    if labels is None:
        return []
    names = [category_name(label) for label in labels]
    inside = np.array(names, dtype=object)[order[: int(leakage.leaked.sum())]]
    frame = leakage.label_frame().head(_MOST_LABELS)
    facts = zip(*(frame[name].tolist() for name in frame.columns), strict=True)
    return [
        {
            "low": at - 0.5,
            "high": at + 0.5,
            "name": category_name(label),
            "count": leaked,
            "of": texts,
            "ends": [low, high],
            "rows": np.flatnonzero(inside == category_name(label))[:EACH].tolist(),
        }
        for at, (label, texts, leaked, _, low, high) in enumerate(facts)
    ]
