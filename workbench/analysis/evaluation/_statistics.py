"""From a table of examples to the number that a metric is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pandas as pd

from workbench.analysis.statistics import (
    AveragePrecision,
    BestF1,
    MacroF1,
    Mean,
    Pearson,
    Spearman,
    Statistic,
    VMeasure,
)

__all__ = ["statistic_of"]

_Build: TypeAlias = Callable[[pd.DataFrame], Statistic]


def _accuracy(examples: pd.DataFrame) -> Statistic:
    right = examples["label"].to_numpy() == examples["predicted"].to_numpy()
    return Mean(right.astype(np.float64))


_BUILD: dict[tuple[str, str], _Build] = {
    ("sts", "spearman"): lambda e: Spearman(e["score"].to_numpy(), e["similarity"].to_numpy()),
    ("sts", "pearson"): lambda e: Pearson(e["score"].to_numpy(), e["similarity"].to_numpy()),
    ("pair_classification", "average_precision"): lambda e: AveragePrecision(
        e["label"].to_numpy(), e["similarity"].to_numpy()
    ),
    ("pair_classification", "best_f1"): lambda e: BestF1(
        e["label"].to_numpy(), e["similarity"].to_numpy()
    ),
    ("clustering", "v_measure"): lambda e: VMeasure(e["label"].to_numpy(), e["cluster"].to_numpy()),
    ("classification", "accuracy"): _accuracy,
    ("classification", "macro_f1"): lambda e: MacroF1(
        e["label"].to_numpy(), e["predicted"].to_numpy()
    ),
}


def statistic_of(kind: str, metric: str, examples: pd.DataFrame) -> Statistic:
    """Return a metric of a kind of task, from its table of examples alone.

    What is listed here is computed from all examples at once; every other metric is the mean of
    the column of its name.
    """
    build = _BUILD.get((kind, metric))
    if build is not None:
        return build(examples)
    return Mean(examples[metric].to_numpy(dtype=np.float64))
