"""Which examples a model does well on, also where a metric is no mean over examples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.analysis.evaluation import TaskScores

__all__ = ["example_merits", "merit_meaning"]

_MEANINGS = {
    "sts": "how close a pair's rank by cosine is to its rank by score (1: equal)",
    "pair_classification": "how far to its side of all pairs the cosine puts a pair (1: the end)",
    "clustering": "the share of the texts in its cluster that have its label",
    "classification": "whether the label is predicted",
}


def merit_meaning(kind: str) -> str:
    """Return what :func:`example_merits` measures on a kind of task; empty: the metric itself."""
    return _MEANINGS.get(kind, "")


def example_merits(scores: TaskScores, metric: str | None = None) -> NDArray[np.float64]:
    """Return how well a model does on each example, shape (n,); more is better.

    It is for finding examples to look at. A metric that is a mean over examples is what each
    contributes; for the others see :func:`merit_meaning`.

    Parameters
    ----------
    scores
        A model's scores on a task.
    metric
        By default the main one; it matters for retrieval and reranking only.
    """
    chosen = scores.main_metric if metric is None else metric
    find = _FINDERS.get(scores.kind)
    if find is not None:
        return find(scores.examples)
    return scores.examples[chosen].to_numpy(dtype=np.float64)


def _rank_agreement(examples: pd.DataFrame) -> NDArray[np.float64]:
    ranks = [_shares_below(examples[name]) for name in ("score", "similarity")]
    return np.asarray(1.0 - np.abs(ranks[0] - ranks[1]))


def _own_side(examples: pd.DataFrame) -> NDArray[np.float64]:
    place = _shares_below(examples["similarity"])
    return np.where(examples["label"].to_numpy() == 1, place, 1.0 - place)


def _same_label(examples: pd.DataFrame) -> NDArray[np.float64]:
    cells = examples.groupby(["cluster", "label"])["example"].transform("size")
    clusters = examples.groupby("cluster")["example"].transform("size")
    return np.asarray(cells.to_numpy() / clusters.to_numpy(), dtype=np.float64)


def _predicted(examples: pd.DataFrame) -> NDArray[np.float64]:
    right = examples["label"].to_numpy() == examples["predicted"].to_numpy()
    return np.asarray(right, dtype=np.float64)


def _shares_below(values: pd.Series[float]) -> NDArray[np.float64]:
    """Return the share of the other values below each, equal ones counted half, shape (n,)."""
    others = max(1, len(values) - 1)
    return np.asarray((values.rank() - 1.0).to_numpy() / others, dtype=np.float64)


_FINDERS: dict[str, Callable[[pd.DataFrame], NDArray[np.float64]]] = {
    "sts": _rank_agreement,
    "pair_classification": _own_side,
    "clustering": _same_label,
    "classification": _predicted,
}
