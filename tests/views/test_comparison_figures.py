"""Figures of a comparison: what is drawn where, and what stands in their tables."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from workbench.analysis.comparison import Comparison
from workbench.analysis.retrieval_search import SearchHits
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.views import (
    AGREEMENT_MEASURES,
    View,
    agreement_view,
    forest_view,
    ranks_view,
    tradeoff_view,
    view_of,
)
from workbench.views._models import model_text
from workbench.views._numbers import decimals_for, fixed, percent, signed, three_digits
from workbench.views._tradeoff import pareto_front

from ..comparisons import make_comparison, make_corpus

HOSTILE = "<b>$x$</b><a href='javascript:1'>"


def points(view: View) -> dict[str, tuple[float, float]]:
    """Return where each model is drawn."""
    return {
        view.texts["id"][trace.customdata[0]]: (float(trace.x[0]), float(trace.y[0]))
        for trace in view.figure.data
        if trace.customdata is not None
    }


def hits(names: tuple[str, ...], orders: list[list[int]]) -> dict[str, SearchHits]:
    corpus = make_corpus(6)
    queries = Embeddings.from_array(np.eye(2), Corpus(("where is <it>?", "second")))
    texts = Embeddings.from_array(np.ones((6, 2)), corpus)
    return {
        name: SearchHits(
            np.array([order, order[::-1]]), np.array([[0.9, 0.5, 0.1]] * 2), queries, texts
        )
        for name, order in zip(names, orders, strict=True)
    }


# ---- quality and speed


def test_a_model_is_drawn_where_it_scores_and_how_fast_it_is() -> None:
    comparison = make_comparison(3, 2)
    view = tradeoff_view(comparison, "retrieval: help pages", "map")
    assert points(view) == {
        model.name: (
            pytest.approx(model.cost.texts_per_second),
            pytest.approx(model.scores["retrieval: help pages"].value("map")),
        )
        for model in comparison.models
    }
    bars = [trace.error_y for trace in view.figure.data if trace.customdata is not None]
    assert all(bar.array == pytest.approx([0.03]) for bar in bars)
    assert all(bar.arrayminus == pytest.approx([0.03]) for bar in bars)
    assert view.figure.layout.xaxis.type == "log"
    assert view.meta["task"] == "retrieval: help pages"
    assert view.meta["corpus"] == comparison.fingerprint


def test_the_first_task_and_its_main_metric_by_default() -> None:
    meta = tradeoff_view(make_comparison(2, 2)).meta
    assert (meta["task"], meta["metric"]) == ("sts: ticket pairs", "spearman")


def test_the_front_is_drawn_and_named() -> None:
    comparison = make_comparison(12, 1)
    view = tradeoff_view(comparison)
    # Six get faster as they get worse; the other six are slower than those, and worse.
    assert view.meta["front"] == list(comparison.names[:6])
    line = view.figure.data[0]
    assert line.mode == "lines"
    assert "Pareto front" in line.name
    assert list(line.y) == pytest.approx([0.82 - 0.06 * row for row in range(6)])
    assert sorted(line.x) == list(line.x)


@pytest.mark.parametrize("seed", range(20))
def test_the_front_holds_what_no_other_beats(seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 6, size=(12, 2)).astype(float)
    given = [(float(x), float(y)) for x, y in values]
    expected = {
        at for at, (x, y) in enumerate(given)
        if not any((a >= x and b > y) or (a > x and b >= y) for a, b in given)
    }  # fmt: skip
    found = pareto_front(given)
    assert set(found) == expected
    assert [given[at][0] for at in found] == sorted(given[at][0] for at in found)


def test_the_recommended_model_is_ringed() -> None:
    comparison = make_comparison(3, 1, settled=False)
    (ring,) = [
        trace for trace in tradeoff_view(comparison).figure.data if trace.name == "recommended"
    ]
    assert comparison.decision.model == "lsa"
    assert ring.x[0] == comparison.model("lsa").cost.texts_per_second


def test_who_is_not_drawn_is_said() -> None:
    comparison = make_comparison(3, 1, failed=1)
    view = tradeoff_view(comparison)
    assert set(points(view)) == {"all-MiniLM-L6-v2", "minilm-static"}
    assert "not drawn: lsa (failed)" in view.meta["subtitle"]
    assert view.texts["id"].tolist() == list(comparison.names), "its row stays"
    assert "cannot read" in view.texts["failure"][2]


@pytest.mark.parametrize(("low", "high"), [(90, 110), (100, 900), (3, 40_000), (0.001, 1e7)])
def test_speeds_have_round_numbers_on_their_axis(low: float, high: float) -> None:
    from workbench.views._tradeoff import _speed_axis

    axis = _speed_axis(low, high)
    assert axis["range"][0] < math.log10(low) < math.log10(high) < axis["range"][1]
    assert 2 <= len(axis["tickvals"]) <= 16
    assert all(float(text.replace(",", "")) == tick
               for text, tick in zip(axis["ticktext"], axis["tickvals"], strict=True))  # fmt: skip


def test_speed_needs_scores_and_times() -> None:
    with pytest.raises(InputError, match="no model was scored"):
        tradeoff_view(make_comparison(2, 0))
    with pytest.raises(InputError, match="was timed"):
        tradeoff_view(make_comparison(2, 1, timed=False))
    with pytest.raises(InputError, match="no task 'stss'"):
        tradeoff_view(make_comparison(2, 1), "stss")
    with pytest.raises(InputError, match="has no 'map'"):
        tradeoff_view(make_comparison(2, 1), None, "map")


# ---- forest


def test_a_forest_has_the_best_on_top_and_marks_against_the_reference() -> None:
    comparison = make_comparison(3, 1)
    view = forest_view(comparison, "sts: ticket pairs", reference="minilm-static")
    places = points(view)
    assert [name for name, (_, row) in sorted(places.items(), key=lambda item: item[1][1])] == [
        "all-MiniLM-L6-v2", "minilm-static", "lsa"
    ]  # fmt: skip
    assert view.texts["against the reference"].tolist() == [
        "▲ +0.060 [0.030, 0.090]",
        "◆ reference",
        "▼ −0.060 [−0.090, −0.030]",
    ]
    names = [trace.name for trace in view.figure.data if trace.customdata is not None]
    assert names == [
        "shown better than the reference", "the reference", "shown worse than the reference"
    ]  # fmt: skip
    assert view.figure.layout.yaxis.ticktext == ("all-MiniLM-L6-v2", "minilm-static", "lsa")
    assert view.meta["reference"] == "minilm-static"


def test_a_forest_says_who_failed() -> None:
    view = forest_view(make_comparison(3, 1, failed=1), "sts: ticket pairs")
    notes = [note.text for note in view.figure.layout.annotations]
    assert notes[-1] == "failed"
    assert len(points(view)) == 2
    assert len(view.figure.layout.yaxis.ticktext) == 3


def test_an_undecided_difference_is_marked_so() -> None:
    view = forest_view(make_comparison(2, 1, settled=False), "sts: ticket pairs")
    assert view.texts["against the reference"].tolist() == [
        "? +0.010 [−0.020, 0.040]", "◆ reference"
    ]  # fmt: skip


def test_a_forest_refuses_what_is_not_there() -> None:
    comparison = make_comparison(2, 1)
    with pytest.raises(InputError, match="no model 'lsb'"):
        forest_view(comparison, "sts: ticket pairs", reference="lsb")
    with pytest.raises(InputError, match="no task"):
        forest_view(comparison, "x")


# ---- agreement


@pytest.mark.parametrize("measure", list(AGREEMENT_MEASURES))
def test_agreement_is_drawn_as_it_was_measured(measure: str) -> None:
    comparison = make_comparison(4, 0)
    assert comparison.agreement is not None
    view = agreement_view(comparison.agreement, measure, fingerprint=comparison.fingerprint)
    (cells,) = view.figure.data
    np.testing.assert_allclose(cells.z, getattr(comparison.agreement, measure), atol=1e-6)
    assert cells.texttemplate == "%{z:.2f}"
    assert view.meta["corpus"] == comparison.fingerprint
    told = {entry["name"]: entry["values"] for entry in view.meta["measures"]}
    assert told["linear CKA"][0][1] == pytest.approx(comparison.agreement.cka[0, 1], abs=1e-4)


def test_thirteen_models_have_no_numbers_in_their_cells() -> None:
    comparison = make_comparison(13, 0)
    assert view_of(comparison).figure.data[0].texttemplate == ""


def test_who_is_most_alike_is_in_the_table() -> None:
    view = view_of(make_comparison(3, 0).agreement)
    assert view.texts["most like"][2].startswith("all-MiniLM-L6-v2 (0.")
    assert view.texts["least like"][0].startswith("lsa (0.")


def test_an_unknown_measure_is_refused() -> None:
    with pytest.raises(InputError, match="measure='overlp' is unknown"):
        agreement_view(make_comparison(2, 0).agreement, "overlp")


# ---- the view of a comparison


def test_a_comparison_shows_quality_and_speed_or_agreement() -> None:
    assert view_of(make_comparison(3, 1)).meta["front"]
    assert view_of(make_comparison(3, 1, timed=False)).meta["reference"] == "all-MiniLM-L6-v2"
    assert view_of(make_comparison(3, 0)).kind == "models-matrix"
    with pytest.raises(InputError, match="no model was scored"):
        view_of(make_comparison(1, 0))


def test_names_reach_plotly_escaped_and_as_they_are_in_tables() -> None:
    comparison = make_comparison(2, 1, names=[HOSTILE, "b" * 60], failed=0)
    for view in (tradeoff_view(comparison), forest_view(comparison, "sts: ticket pairs"),
                 view_of(comparison.agreement)):  # fmt: skip
        assert view.texts["id"][0] == HOSTILE
        drawn = view.figure.to_dict()
        drawn["layout"].pop("meta")
        written = repr(drawn)
        assert "<b>" not in written
        assert "<a" not in written
        assert "$" not in written
        again = View.from_json(view.to_json())
        assert json.loads(again.to_json()) == json.loads(view.to_json())


def test_long_names_lose_their_middle() -> None:
    name = "organisation/embedding-model-truncated-to-128"
    assert model_text(name) == "organisation/…del-truncated-to-128"
    assert len(model_text("x" * 500)) == 34
    assert model_text("short & sweet") == "short &#38; sweet"


# ---- ranks


def test_ranks_join_the_same_text() -> None:
    view = ranks_view(hits(("a", "b"), [[5, 0, 2], [0, 5, 3]]))
    assert view.texts["id"].tolist() == ["t00", "t02", "t03", "t05"]
    assert view.texts["found by"].tolist() == [
        "2 of 2 models",
        *["1 of 2 models"] * 2,
        "2 of 2 models",
    ]
    assert view.meta["ranks"] == [[3, 0, 1], [0, 3, 2]]
    lines = view.figure.data[0]
    assert list(lines.x) == [0, 1, None, 0, 1, None]
    assert list(lines.y) == [1, 2, None, 2, 1, None]
    assert view.meta["subtitle"] == "query: where is <it>?"
    assert view.meta["corpus"] == make_corpus(6).fingerprint
    assert "&#60;it&#62;" in view.figure.layout.title.subtitle.text


def test_the_second_query_has_its_own_ranks() -> None:
    view = ranks_view(hits(("a",), [[5, 0, 2]]), 1)
    assert view.meta["ranks"] == [[1, 0, 2]]


def test_texts_reach_no_plotly_string_of_ranks() -> None:
    view = ranks_view(hits(("a", "b"), [[5, 0, 2], [0, 5, 3]]))
    assert "parcel" not in repr(view.figure.to_dict())
    assert "parcel" in view.texts["text"][0]


def test_ranks_refuse_what_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="at least one"):
        ranks_view({})
    with pytest.raises(InputError, match="query=2 is not among the 2"):
        ranks_view(hits(("a",), [[5, 0, 2]]), 2)
    mixed = hits(("a", "b"), [[5, 0, 2], [0, 5, 3]])
    other = Embeddings.from_array(np.ones((3, 2)), Corpus(("x", "y", "z")))
    mixed["b"] = SearchHits(np.array([[0]]), np.array([[0.5]]), mixed["a"].queries, other)
    with pytest.raises(InputError, match="'b' searched other texts"):
        ranks_view(mixed)


# ---- numbers


@pytest.mark.parametrize(
    ("value", "written"),
    [(12_345, "12,300"), (4.567, "4.57"), (0.02346, "0.0235"), (0, "0"), (None, "–"),
     (math.nan, "–"), (99.96, "100"), (1e6, "1,000,000")],
)  # fmt: skip
def test_three_digits(value: float | None, written: str) -> None:
    assert three_digits(value) == written


def test_decimals_go_with_the_width_of_intervals() -> None:
    assert [decimals_for([width]) for width in (350, 3.5, 0.2, 0.04, 0.004, 1e-9)] == [
        0,
        1,
        2,
        3,
        4,
        5,
    ]
    assert decimals_for([]) == decimals_for([math.nan, 0.0]) == 3


def test_signs_and_shares() -> None:
    assert (fixed(-0.0004, 3), signed(0.02, 2), signed(-0.02, 2)) == ("0.000", "+0.02", "−0.02")
    assert [percent(share) for share in (0, 0.004, 0.031, 0.5, math.nan)] == [
        "0 %", "0.4 %", "3.1 %", "50 %", "–"
    ]  # fmt: skip


def test_the_table_leaves_out_columns_of_which_nothing_is_known() -> None:
    comparison: Comparison = make_comparison(2, 1, timed=False)
    texts: pd.DataFrame = forest_view(comparison, "sts: ticket pairs").texts
    assert "texts/s" not in texts
    assert "failure" not in texts


def test_redacted_ranks_hold_no_text_and_no_query() -> None:
    from workbench.views import redacted

    view = ranks_view(hits(("a", "b"), [[5, 0, 2], [0, 5, 3]]))
    before = view.to_json()
    small = redacted(view, texts=False)
    for word in ("parcel", "password", "where is"):
        assert word in before
        assert word not in small.to_json()
    assert small.texts.columns.tolist() == ["id", "found by"]
    assert small.meta["ranks"] == view.meta["ranks"]
    assert view.to_json() == before
