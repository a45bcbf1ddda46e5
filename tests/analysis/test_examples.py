from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from workbench.analysis.evaluation import TaskScores
from workbench.analysis.examples import example_merits, merit_meaning
from workbench.analysis.significance import Interval
from workbench.models import ModelSpec


def scores(kind: str, metrics: tuple[str, ...], **columns: list[Any]) -> TaskScores:
    examples = pd.DataFrame({"example": [str(row) for row in range(5)], **columns})
    intervals = {metric: Interval(0.5, 0.4, 0.6, 0.95, "by hand") for metric in metrics}
    spec = ModelSpec("toy", "custom", "1", 2)
    return TaskScores("made up", kind, metrics, spec, examples, {}, intervals)


def test_a_pair_does_well_where_its_two_ranks_are_near() -> None:
    given = scores("sts", ("spearman",), score=[1, 2, 3, 4, 5], similarity=[5, 2, 3, 4, 1])
    assert example_merits(given).tolist() == [0, 1, 1, 1, 0]
    tied = scores("sts", ("spearman",), score=[0, 0, 0, 0, 9], similarity=[1, 2, 3, 4, 5])
    # Four equal scores lie between the first and the fourth place: 1.5 of 4 others below.
    assert example_merits(tied) == pytest.approx([0.625, 0.875, 0.875, 0.625, 1])


def test_a_labelled_pair_does_well_at_its_end() -> None:
    given = scores(
        "pair_classification",
        ("average_precision",),
        label=[1, 0, 1, 0, 1],
        similarity=[0.9, 0.8, 0.2, 0.1, 0.5],
    )
    assert example_merits(given).tolist() == [1, 0.25, 0.25, 1, 0.5]


def test_a_text_does_well_among_its_label_or_when_predicted() -> None:
    label = ["a", "a", "b", "b", "b"]
    clustered = scores("clustering", ("v_measure",), label=label, cluster=[0, 0, 0, 1, 1])
    assert example_merits(clustered) == pytest.approx([2 / 3, 2 / 3, 1 / 3, 1, 1])
    named = scores(
        "classification", ("accuracy",), label=label, predicted=["a", "b", "b", "a", "b"]
    )
    assert example_merits(named).tolist() == [1, 0, 1, 0, 1]


def test_a_metric_that_is_a_mean_is_its_own_merit() -> None:
    numbers = {"map": [0.1, 0.2, 0.3, 0.4, 0.5], "mrr@10": [1.0, 0.5, 0.0, 0.2, 0.1]}
    given = scores("reranking", ("map", "mrr@10"), **numbers)
    np.testing.assert_array_equal(example_merits(given), numbers["map"])
    np.testing.assert_array_equal(example_merits(given, "mrr@10"), numbers["mrr@10"])
    assert merit_meaning("reranking") == ""
    assert merit_meaning("sts").startswith("how close a pair's rank")
