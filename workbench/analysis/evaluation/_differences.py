"""Whether the scores of several models or searches on the same examples differ."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from workbench.analysis.evaluation._scores import TaskScores
from workbench.analysis.significance import paired_differences
from workbench.errors import InputError

__all__ = ["compare_scores"]


def compare_scores(
    scores: Mapping[str, TaskScores],
    metric: str | None = None,
    *,
    confidence: float = 0.95,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return, for each pair, how they differ on the same examples (sign-flip test, Holm).

    Parameters
    ----------
    scores
        Name → scores on one task, two at least.
    metric
        What is compared; by default the main metric.
    confidence
        Of the intervals, which are not corrected for the number of pairs.
    random_state
        Seed of the test.

    Returns
    -------
    pandas.DataFrame
        One row per pair: ``a``, ``b``, ``metric``, ``difference`` (a minus b), ``low``, ``high``,
        ``p_adjusted`` (by 10,000 flips, so never below 2 / 10,001), ``verdict`` (``better``,
        ``worse``, ``can't tell yet``), and ``further_examples`` that would tell.

    Raises
    ------
    InputError
        If there are fewer than two, they were scored on different examples, or there is no such
        metric.
    """
    if len(scores) < 2:
        raise InputError(f"compare_scores: expected two scores or more; got {len(scores)}.")
    first = next(iter(scores.values()))
    examples = tuple(first.examples["example"])
    for name, own in scores.items():
        if own.task != first.task or tuple(own.examples["example"]) != examples:
            raise InputError(
                f"compare_scores: {name!r} was scored on other examples ({own.task}, {len(own)}) "
                f"than {next(iter(scores))!r} ({first.task}, {len(first)}); expected the same."
            )
    found = paired_differences(
        {name: own.statistic(metric) for name, own in scores.items()},
        metric=metric or first.main_metric,
        confidence=confidence,
        random_state=random_state,
    )
    columns = ["a", "b", "metric", "difference", "low", "high", "p_adjusted", "verdict"]
    columns.append("further_examples")
    rows = [tuple(getattr(one, name) for name in columns) for one in found]
    return pd.DataFrame(rows, columns=columns)
