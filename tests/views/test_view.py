"""A view is kept as JSON, and comes back as it was."""

from __future__ import annotations

import gc
import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from weakref import ref

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io
import pytest

from workbench.analysis import (
    ClusterFacts,
    Clustering,
    Projection,
    cluster_facts,
    map_quality,
    similarity_distribution,
    similarity_matrix,
)
from workbench.analysis.map_labels import map_labels
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.views import View, clusters_view, heatmap_view, map_view, view_of
from workbench.views._dispatch import _MEASURED, _once


@pytest.fixture
def figure() -> go.Figure:
    return go.Figure(go.Scatter(x=[1, 2], y=[3, 4]), layout={"title": {"text": "a &#60;b&#62;"}})


@pytest.fixture
def texts() -> pd.DataFrame:
    moments = ["2026-01-02T03:04:05.678901", None, "2026-03-04"]
    return pd.DataFrame(
        {
            "text": pd.Series(["<b>$x$</b>\x00\u202e", "lone \ud800", "三つ 🦊"], dtype=object),
            "id": ["0", "1", "2"],
            "number": [1.5, float("nan"), float("inf")],
            "count": [1, 2, 3],
            "day": pd.to_datetime(["2026-01-02", None, "2026-03-04"]),
            "moment": pd.to_datetime(moments, format="ISO8601"),
            "mixed": pd.Series([None, "word", 7], dtype=object),
            "flag": [True, False, True],
        }
    )


def test_round_trip_of_texts(figure: go.Figure, texts: pd.DataFrame) -> None:
    view = View(figure, texts, {"selection": ["0", "2"], "viewport": {"x": [0, 1.5]}, "query": "ü"})
    written = view.to_json()
    assert written.isascii()
    back = View.from_json(written.encode())
    assert list(back.texts.columns) == ["id", "text", *texts.columns[2:]]
    assert back.texts["text"].tolist() == texts["text"].tolist()
    assert back.texts["number"].fillna(-1).tolist() == [1.5, -1, -1], "JSON has no infinity"
    assert back.texts["count"].tolist() == [1, 2, 3]
    assert back.texts["mixed"].tolist() == [None, "word", 7]
    assert back.texts["flag"].tolist() == [True, False, True]
    for name in ("day", "moment"):
        pd.testing.assert_series_equal(back.texts[name], texts[name], check_dtype=False)
    assert back.state == view.state
    assert json.loads(back.to_json()) == json.loads(written)


def test_round_trip_of_typed_arrays(
    figure: go.Figure,
    texts: pd.DataFrame,
) -> None:
    cells = np.arange(6, dtype=np.uint8).reshape(2, 3)
    single = np.array([0.1, np.nan, np.inf], dtype=np.float32)
    figure.add_heatmap(z=cells)
    figure.add_scatter(x=single, y=np.arange(3, dtype=np.int32), customdata=[0, 1, 2])
    back = View.from_json(View(figure, texts).to_json()).figure
    assert back.data[1].z.dtype == np.uint8
    np.testing.assert_array_equal(back.data[1].z, cells)
    assert back.data[2].x.dtype == np.float32
    np.testing.assert_array_equal(back.data[2].x, single)
    np.testing.assert_array_equal(back.data[2].y, [0, 1, 2])


@pytest.mark.parametrize("kind", ["map", "heatmap", "clusters"])
def test_round_trip_of_each_kind(
    kind: str,
    corpus: Corpus,
    projected: Callable[..., Projection],
    clustered: Callable[..., Clustering],
    embedded: Callable[..., Embeddings],
) -> None:
    clustering = clustered(corpus, [0] * 7 + [1] * 4 + [-1], [["<b>"], ["$x$"]])
    view = {
        "map": lambda: map_view(projected(corpus), clustering=clustering),
        "heatmap": lambda: heatmap_view(similarity_matrix(embedded(corpus)), order="label"),
        "clusters": lambda: clusters_view(clustering),
    }[kind]().with_state(selection=["t1"])
    written = view.to_json()
    back = View.from_json(written)
    assert back.kind == kind
    assert json.loads(back.to_json()) == json.loads(written)
    assert back.title == view.title
    # Plain plotly reads the figure too.
    figure = plotly.io.from_json(json.dumps(json.loads(written)["figure"]))
    assert len(figure.data) == len(view.figure.data)


def test_the_title_is_plain_text(figure: go.Figure, texts: pd.DataFrame) -> None:
    assert View(figure, texts).title == "a <b>"
    assert View(go.Figure(), texts).title == "figure"
    assert View(go.Figure(), texts).kind == "figure"


def test_with_state_leaves_the_view_as_it_is(figure: go.Figure, texts: pd.DataFrame) -> None:
    chosen = ["0"]
    view = View(figure, texts, {"selection": chosen, "query": "a"})
    later = view.with_state(query="b", color_by="flag")
    assert view.state == {"selection": ["0"], "query": "a"}
    assert later.state == {"selection": ["0"], "query": "b", "color_by": "flag"}
    assert later.figure is view.figure
    chosen.append("1")
    assert view.state["selection"] == ["0"], "the state is a copy"


def test_what_is_no_view(figure: go.Figure, texts: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="expected a plotly figure; got dict"):
        View({}, texts)
    with pytest.raises(InputError, match="needs a column 'id' with distinct values"):
        View(figure, texts.drop(columns="id"))
    with pytest.raises(InputError, match="needs a column 'id' with distinct values"):
        View(figure, texts.assign(id="same"))
    with pytest.raises(InputError, match=r"ids are strings; got 0 \(int\)"):
        View(figure, texts.assign(id=range(3)))
    with pytest.raises(InputError, match=r"expected the texts as a DataFrame .* got list"):
        View(figure, [{"id": "0"}])
    with pytest.raises(InputError, match="state must hold JSON values only"):
        View(figure, texts, {"selection": {1, 2}})
    with pytest.raises(InputError, match="state must hold JSON values only"):
        View(figure, texts, {"viewport": {"x": [0, float("nan")]}})  # no browser could read it


def test_what_is_no_artifact(figure: go.Figure, texts: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="expected JSON"):
        View.from_json("<html>")
    for other in ("[]", "{}", '{"data":[],"layout":{}}', "null"):
        with pytest.raises(InputError, match="expected an object with 'format'"):
            View.from_json(other)
    whole = json.loads(View(figure, texts).to_json())
    broken = {"dtype": "f4", "bdata": "AAA", "shape": "2"}
    for change in (
        {"texts": []},
        {"texts": {"id": ["0"], "text": ["a", "b"]}},
        {"figure": {"data": [{"type": "scatter", "x": broken}]}},
        {"figure": 1},
        {"texts": {**whole["texts"], "day": ["soon"] * 3}},
    ):
        with pytest.raises(InputError, match=r"the artifact is damaged \("):
            View.from_json(json.dumps({**whole, **change}))
    later = View(figure, texts).to_json().replace('"format":1', '"format":2')
    with pytest.raises(InputError, match=r"has format 2; this version reads 1\. Install a newer"):
        View.from_json(later)


def test_a_notebook_shows_facts(figure: go.Figure, texts: pd.DataFrame) -> None:
    figure.update_layout(title=None, meta={"workbench": {"title": "<script>", "kind": "map"}})
    shown = View(figure, texts, {"selection": ["0", "1"]})._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "selected" in shown


def test_view_of(
    corpus: Corpus,
    projected: Callable[..., Projection],
    clustered: Callable[..., Clustering],
    embedded: Callable[..., Embeddings],
) -> None:
    clustering = clustered(corpus, [0] * 12, [["word"]])
    view = view_of(projected(corpus))
    assert view.kind == "map"
    assert view_of(view) is view
    assert view_of(clustering).kind == "clusters"
    embeddings = embedded(corpus)
    assert view_of(similarity_matrix(embeddings)).meta["order"] == "label"
    unlabelled = embedded(Corpus(corpus.texts))
    assert view_of(similarity_matrix(unlabelled)).meta["order"] == "similarity"
    assert view_of(similarity_matrix(embeddings, unlabelled)).meta["order"] == "similarity"


def test_a_projection_is_shown_with_its_quality_and_labels(
    corpus: Corpus, projected: Callable[..., Projection]
) -> None:
    view = view_of(projected(corpus))
    assert "continuity" in view.title
    assert "real_share" in view.texts
    assert "labels" in view.meta


def test_what_a_view_shows_of_a_value_is_measured_once_while_it_lives(
    corpus: Corpus, clustered: Callable[..., Clustering], embedded: Callable[..., Embeddings]
) -> None:
    calls = []

    def measure(value: Clustering) -> ClusterFacts:
        calls.append(len(value.labels))
        return cluster_facts(value)

    clustering = clustered(corpus, [0] * 6 + [1] * 6, [["word"], ["other"]])
    first, again = _once(measure, clustering), _once(measure, clustering)
    assert calls == [12]
    assert again.clustering is clustering
    assert again.density is first.density
    _once(measure, replace(clustering, random_state=1))
    assert calls == [12, 12]
    gone = ref(clustering)
    del clustering, first, again
    gc.collect()
    assert gone() is None, "what was measured does not keep it"


def test_two_views_of_a_value_are_alike(
    corpus: Corpus,
    projected: Callable[..., Projection],
    clustered: Callable[..., Clustering],
    embedded: Callable[..., Embeddings],
) -> None:
    clustering = clustered(corpus, [0] * 6 + [1] * 6, [["word"], ["other"]])
    matrix, projection = similarity_matrix(embedded(corpus)), projected(corpus)
    for value in (projection, clustering, matrix):
        assert view_of(value).to_json() == view_of(value).to_json()
    for measure in (map_quality, map_labels):
        assert projection in _MEASURED[measure]
    assert clustering in _MEASURED[cluster_facts]
    assert matrix in _MEASURED[similarity_distribution]
    assert len(pickle.loads(pickle.dumps(clustering)).labels) == 12


def test_there_is_no_view_of_anything_else() -> None:
    with pytest.raises(InputError, match=r"no view of dict\. Give it a projection"):
        view_of({})
