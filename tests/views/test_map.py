"""The map: which points are in which trace, in which colour, under which name."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import numpy as np
import plotly.graph_objects as go
import pytest

from workbench.analysis import Clustering, Projection, map_quality
from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.views import View, map_view, redacted, view_of
from workbench.views.theme import MOST_CATEGORIES, MUTED, PALETTE, SYMBOLS

Make = Callable[..., Projection]


def drawn(view: View) -> dict[str, list[int]]:
    """Return the rows of each trace by its name."""
    return {trace.name: trace.customdata.tolist() for trace in view.figure.data}


def check_points(view: View, projection: Projection) -> None:
    """Each text is drawn once, where the projection put it."""
    rows = np.concatenate([trace.customdata for trace in view.figure.data])
    assert sorted(rows.tolist()) == list(range(len(projection.coordinates)))
    for trace in view.figure.data:
        assert trace.type == "scattergl"
        assert trace.customdata.dtype == np.int32
        np.testing.assert_array_equal(trace.x, projection.coordinates[trace.customdata, 0])
        np.testing.assert_array_equal(trace.y, projection.coordinates[trace.customdata, 1])


def test_one_trace_per_category_the_most_frequent_first(corpus: Corpus, projected: Make) -> None:
    projection = projected(corpus)
    view = map_view(projection)
    assert drawn(view) == {
        "a": [3, 4, 5, 6, 7],
        "b": [0, 1, 2],
        "c": [8, 9, 10],
        "(none)": [11],
    }
    check_points(view, projection)
    colors = [trace.marker.color for trace in view.figure.data]
    assert colors == [*PALETTE["light"][:3], MUTED["light"]]
    assert view.figure.layout.showlegend
    assert view.figure.layout.legend.title.text == "topic"
    assert view.meta["color_by"] == "topic"
    assert view.meta["corpus"] == corpus.fingerprint
    assert view.texts["id"].tolist() == list(corpus.ids)
    assert view.texts["text"].tolist() == list(corpus.texts)


def test_a_value_called_like_none_stays_apart_from_texts_that_have_none(projected: Make) -> None:
    corpus = Corpus(tuple("abcde"), columns={"kind": ["(none)", None, "(none)", None, None]})
    view = map_view(projected(corpus), color_by="kind")
    assert drawn(view) == {'"(none)"': [0, 2], "(none)": [1, 3, 4]}
    assert [trace.marker.color for trace in view.figure.data] == [
        PALETTE["light"][0],
        MUTED["light"],
    ]


def test_what_can_colour(corpus: Corpus, projected: Make) -> None:
    kinds = {
        entry["name"]: entry["kind"] for entry in map_view(projected(corpus)).meta["color_columns"]
    }
    assert kinds == {"topic": "category", "score": "number", "day": "date", "kept": "category"}


def test_the_rest_is_other(projected: Make) -> None:
    kinds = [f"kind {row % 20:02}" for row in range(60)]
    corpus = Corpus(tuple(map(str, range(60))), columns={"kind": kinds}, label="kind")
    projection = projected(corpus)
    view = map_view(projection)
    names = [trace.name for trace in view.figure.data]
    assert names == [f"kind {row:02}" for row in range(MOST_CATEGORIES)] + ["other (4 more)"]
    check_points(view, projection)
    looks = {(trace.marker.color, trace.marker.symbol) for trace in view.figure.data[:-1]}
    assert len(looks) == MOST_CATEGORIES, "no two categories look the same"
    assert {symbol for _, symbol in looks} == set(SYMBOLS)
    assert view.figure.data[-1].marker.color == MUTED["light"]


def test_numbers_have_a_scale(corpus: Corpus, projected: Make) -> None:
    projection = projected(corpus)
    view = map_view(projection, color_by="score")
    scaled, missing = view.figure.data
    assert missing.customdata.tolist() == [1]
    assert missing.name == "(none)"
    np.testing.assert_array_equal(scaled.marker.color, [0.5, *range(10)])
    assert scaled.marker.showscale
    assert scaled.marker.colorbar.title.text == "score"
    assert not scaled.showlegend
    check_points(view, projection)


def test_dates_have_a_scale(corpus: Corpus, projected: Make) -> None:
    scaled, missing = map_view(projected(corpus), color_by="day").figure.data
    assert missing.customdata.tolist() == [3]
    days = [row for row in range(12) if row != 3]
    first = np.datetime64("2026-01-01", "ms").astype(np.float64)
    np.testing.assert_array_equal(scaled.marker.color, first + np.array(days) * 86_400_000.0)
    ticks = scaled.marker.colorbar.ticktext
    assert (ticks[0], ticks[-1]) == ("2026-01-01", "2026-01-12")


def test_bools_are_categories(corpus: Corpus, projected: Make) -> None:
    assert set(drawn(map_view(projected(corpus), color_by="kept"))) == {"true", "false"}


def test_without_a_column_there_is_one_colour(projected: Make) -> None:
    view = map_view(projected(Corpus(("a", "b", "c"))))
    assert drawn(view) == {"texts": [0, 1, 2]}
    assert not view.figure.layout.showlegend
    assert view.meta["color_by"] is None


def test_clusters_give_colours_and_names(
    corpus: Corpus, projected: Make, clustered: Callable[..., Clustering]
) -> None:
    clustering = clustered(corpus, [0] * 6 + [1] * 4 + [-1] * 2, [["refund", "card"], ["late"]])
    projection = projected(corpus)
    view = map_view(projection, clustering=clustering, color_by="cluster")
    assert list(drawn(view)) == ["0: refund, card", "1: late", "unclustered"]
    check_points(view, projection)
    assert view.figure.data[2].marker.color == MUTED["light"]
    assert view.figure.data[2].marker.opacity < view.figure.data[0].marker.opacity
    assert view.texts["cluster"].tolist() == clustering.labels.tolist()
    unlabelled = Corpus(corpus.texts, corpus.ids)
    view = map_view(projected(unlabelled), clustering=clustering)
    assert view.meta["color_by"] == "cluster", "the clusters, when there is no label"


def test_clusters_of_other_texts_are_refused(
    corpus: Corpus, projected: Make, clustered: Callable[..., Clustering]
) -> None:
    other = clustered(Corpus(("a", "b")), [0, 0], [["word"]])
    with pytest.raises(InputError, match=r"'texts' \(2 texts\), the projection of 'twelve'"):
        map_view(projected(corpus), clustering=other)
    with pytest.raises(InputError, match=r"expected a Clustering; got list\. Make one with"):
        map_view(projected(corpus), clustering=[0] * 12)


def test_a_column_that_cannot_colour(corpus: Corpus, projected: Make) -> None:
    with pytest.raises(InputError, match=r"'topik' cannot colour the points of 'twelve'.*topic"):
        map_view(projected(corpus), color_by="topik")
    with pytest.raises(InputError, match="'text' cannot colour"):
        map_view(projected(corpus), color_by="text")
    with pytest.raises(InputError, match="The corpus has no column that can"):
        map_view(projected(Corpus(("a",))), color_by="topic")


def test_the_title_says_how_far_to_trust_it(corpus: Corpus, projected: Make) -> None:
    view = map_view(projected(corpus, notes=("PCA, because there are few texts.",)))
    assert view.title == "twelve · random · UMAP · trustworthiness 0.88"
    assert view.figure.layout.title.text == view.title
    assert view.figure.layout.title.subtitle.text == "PCA, because there are few texts."
    assert "trustworthiness" not in map_view(projected(corpus, trustworthiness=np.nan)).title


HOSTILE = ["<script>a()</script>", "<b>bold</b>", "$x$", "a & b", "<a href='x'>y</a>", "\x00l\n"]


def test_hostile_names_are_shown_as_they_are(projected: Make) -> None:
    corpus = Corpus(
        tuple(map(str, range(len(HOSTILE)))),
        columns={"<i>$k$": HOSTILE},
        name="<b>$corpus$</b>",
        label="<i>$k$",
    )
    figure = map_view(projected(corpus)).figure
    shown = [*(trace.name for trace in figure.data), *drawn_strings(figure)]
    for text in shown:
        assert not set(text) & set("<>$\x00\n"), text
    assert {unescape(trace.name) for trace in figure.data} == {*HOSTILE[:5], "\ufffdl"}
    assert unescape(figure.layout.legend.title.text) == "<i>$k$"


def drawn_strings(figure: go.Figure) -> list[str]:
    layout = figure.layout
    return [layout.title.text, layout.title.subtitle.text, layout.legend.title.text]


def test_quality_is_in_the_title_and_text_by_text(corpus: Corpus, projected: Make) -> None:
    projection = projected(corpus)
    quality = map_quality(projection, n_neighbors=3)
    view = map_view(projection, quality=quality)
    assert f"continuity {quality.continuity:.2f}" in view.title
    np.testing.assert_allclose(view.texts["real_share"], quality.real_share, atol=5e-5)
    np.testing.assert_array_equal(view.meta["doubtful"], quality.doubtful)
    assert quality.neighbors is not None
    np.testing.assert_array_equal(view.meta["neighbors"], quality.neighbors.indices[:, :10])
    assert view.meta["quality"] == quality.sentence()
    assert {"name": "real_share", "kind": "number"} in view.meta["color_columns"]
    back = View.from_json(view.to_json())
    np.testing.assert_array_equal(back.meta["neighbors"], view.meta["neighbors"])
    np.testing.assert_array_equal(back.meta["doubtful"], quality.doubtful)
    private = redacted(view, texts=False, columns=[])
    assert list(private.texts.columns) == ["id", "real_share"]
    assert view_of(quality).title == view.title


def test_quality_of_two_texts_says_nothing(projected: Make) -> None:
    projection = projected(Corpus(("one", "two")), trustworthiness=float("nan"))
    view = map_view(projection, quality=map_quality(projection))
    assert "doubtful" not in view.meta
    assert "real_share" not in view.texts


def test_scores_colour_points(corpus: Corpus, projected: Make) -> None:
    values = np.linspace(-1, 1, 12, dtype=np.float32)
    view = map_view(projected(corpus), scores={"like 'refund'": values}, color_by="like 'refund'")
    (trace,) = view.figure.data
    np.testing.assert_allclose(trace.marker.color, values, atol=5e-5)
    assert trace.marker.showscale
    with pytest.raises(InputError, match="have a column 'topic' already"):
        map_view(projected(corpus), scores={"topic": values})
    with pytest.raises(InputError, match="'like' cannot colour"):
        map_view(projected(corpus), scores={"like 'refund'": values}, color_by="like")


def test_quality_of_another_map_is_refused(corpus: Corpus, projected: Make) -> None:
    with pytest.raises(InputError, match="quality= is of another map"):
        map_view(projected(corpus), quality=map_quality(projected(corpus), n_neighbors=3))
