"""What a figure says of each cluster: names, numbers, how far it holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from workbench.analysis import ClusterFacts, Clustering, ClusterStability
from workbench.analysis.stability import VERDICTS
from workbench.views._texts import color_columns, corpus_frame, label_column, table_columns
from workbench.views.theme import MOST_CATEGORIES, MUTED, PALETTE

__all__ = ["MOST_BARS", "REST", "cluster_bars", "cluster_meta", "rank_color", "verdict_mark"]

MOST_BARS = 40
REST = -2  # what the bar of all smaller clusters carries instead of a label
_OUTLIERS = 3  # texts of a cluster that are named
_Bar = dict[str, Any]


def cluster_meta(
    clustering: Clustering,
    kind: str,
    subtitle: str,
    *,
    facts: ClusterFacts | None = None,
    stability: ClusterStability | None = None,
    whole: bool = True,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return what a figure of clusters says of itself, and the table of texts behind it.

    Its ``clusters`` are the 40 largest and, where it shows the ``whole``, one of all others and
    one of the unclustered texts; its ``smaller`` are the others, for lists and tables.
    """
    corpus = clustering.embeddings.corpus
    texts = corpus_frame(corpus, clustering)
    label = label_column(corpus)
    columns = color_columns(texts, label)
    bars = cluster_bars(clustering, facts=facts, stability=stability)
    others = _others(clustering, len(bars)) if whole else []
    meta = {
        "kind": kind,
        "corpus": corpus.fingerprint,
        "title": clustering.title(),
        "subtitle": subtitle,
        "label": label,
        "color_columns": [{"name": name, "kind": kind} for name, kind in columns.items()],
        "table": table_columns(texts, label),
        "clusters": [*bars[:MOST_BARS], *others],
        "smaller": bars[MOST_BARS:],
    }
    return meta, texts


def cluster_bars(
    clustering: Clustering,
    *,
    facts: ClusterFacts | None = None,
    stability: ClusterStability | None = None,
) -> list[_Bar]:
    """Return one dict per cluster, the largest first; ``rank`` is the colour on the map."""
    named = sorted(clustering.clusters, key=lambda found: (-found.size, found.name))
    held = {} if stability is None else _held(stability)
    return [
        {
            "label": found.label,
            "size": found.size,
            "name": found.name,
            "exemplars": [int(row) for row in found.exemplars],
            "rank": rank,
            "keywords": list(found.keywords),
            **_known(facts, found.label),
            **held.get(found.label, {}),
        }
        for rank, found in enumerate(named)
    ]


def _others(clustering: Clustering, count: int) -> list[_Bar]:
    """Return the bars of what has none of its own: smaller clusters, unclustered texts."""
    alone, clustered = clustering.unclustered, len(clustering.labels) - clustering.unclustered
    largest = sorted((found.size for found in clustering.clusters), reverse=True)[:MOST_BARS]
    bars = []
    if count > MOST_BARS:
        name = f"{count - MOST_BARS} smaller clusters"
        bars.append(_bar(REST, clustered - sum(largest), name))
    if alone:
        bars.append(_bar(-1, alone, "unclustered"))
    return bars


def _bar(label: int, size: int, name: str) -> _Bar:
    return {"label": label, "size": size, "name": name, "exemplars": [], "rank": -1}


def _known(facts: ClusterFacts | None, label: int) -> _Bar:
    if facts is None:
        return {}
    far = facts.outliers(label)
    return {
        "density": _rounded(facts.density[label]),
        "silhouette": _rounded(facts.silhouette[label]),
        "far": len(far),
        "outliers": [int(row) for row in far[:_OUTLIERS]],
        "nearest": [[near, _rounded(cosine)] for near, cosine in facts.nearest_to(label)],
    }


def _held(stability: ClusterStability) -> Mapping[int, _Bar]:
    """Return how far each cluster holds, by label."""
    names = ("jaccard", "jaccard_low", "jaccard_high")
    frame = stability.to_frame()
    columns = [[_rounded(value) for value in frame[name]] for name in names]
    return {
        label: {
            **dict(zip(names, numbers, strict=True)),
            "verdict": word,
            "mark": verdict_mark(word),
        }
        for label, word, *numbers in zip(frame["cluster"], frame["verdict"], *columns, strict=True)
    }


def verdict_mark(word: str) -> str:
    """Return a verdict as three signs, the more of them filled the better: ``"●●○"``."""
    words = [verdict for _, verdict in reversed(VERDICTS)]
    filled = words.index(word) if word in words else 0
    return "●" * filled + "○" * (len(words) - 1 - filled)


def _rounded(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None


def rank_color(rank: int) -> str:
    """Return the colour that the map gives the cluster of a rank by size; -1 is none."""
    colors = PALETTE["light"]
    return colors[rank % len(colors)] if 0 <= rank < MOST_CATEGORIES else MUTED["light"]
