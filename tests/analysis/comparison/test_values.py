from __future__ import annotations

import math

import pytest

from workbench.analysis.comparison import Comparison
from workbench.errors import InputError

from ...comparisons import make_comparison


@pytest.fixture
def comparison() -> Comparison:
    return make_comparison(models=3, tasks=2)


def test_the_long_table_has_a_row_per_model_task_and_metric(comparison: Comparison) -> None:
    frame = comparison.to_frame("long")
    assert list(frame.columns[:3]) == ["model_name", "model_revision", "task_name"]
    assert len(frame) == 3 * (2 + 3)
    first = frame.iloc[0]
    assert (first["metric"], first["score"]) == ("spearman", pytest.approx(0.82))
    assert (first["low"], first["high"]) == (pytest.approx(0.79), pytest.approx(0.85))
    assert first["examples"] == 40


def test_the_wide_table_has_a_row_per_task_and_a_column_per_model(comparison: Comparison) -> None:
    frame = comparison.to_frame("wide")
    assert list(frame.columns) == ["task_name", "metric", *comparison.names]
    assert list(frame["metric"]) == ["spearman", "ndcg@10"]
    assert list(frame["lsa"]) == [pytest.approx(0.70), pytest.approx(0.70)]


def test_a_failed_model_has_an_empty_place_in_the_wide_table() -> None:
    frame = make_comparison(models=3, failed=1).to_frame("wide")
    assert math.isnan(frame["lsa"][0])


def test_what_is_not_there_is_named_with_what_is(comparison: Comparison) -> None:
    with pytest.raises(InputError, match=r"no model 'lsi'.*Did you mean 'lsa'"):
        comparison.model("lsi")
    with pytest.raises(InputError, match=r"no task 'sts'.*sts: ticket pairs"):
        comparison.metrics("sts")
    with pytest.raises(InputError, match=r"no difference of 'lsa' and 'none' in 'spearman'"):
        comparison.difference("sts: ticket pairs", "spearman", "lsa", "none")
    with pytest.raises(InputError, match="format is 'wide' or 'long'; got 'tall'"):
        comparison.to_frame("tall")


def test_the_summary_is_flat_and_the_table_of_a_notebook_is_escaped() -> None:
    comparison = make_comparison(names=["<script>alert(1)</script>"])
    assert comparison.summary()["models"] == 3
    html = comparison._repr_html_()
    assert "&lt;script&gt;" in html
    assert "<script>" not in html


def test_the_fingerprint_tells_comparisons_apart() -> None:
    three = make_comparison(models=3).fingerprint
    assert three == make_comparison(models=3).fingerprint
    assert three != make_comparison(models=2).fingerprint
