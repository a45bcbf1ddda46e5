"""A redacted view holds nothing that quotes a text, and no column that was not named."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest

from workbench.analysis import (
    Clustering,
    Projection,
    block_similarities,
    similarity_difference,
    similarity_matrix,
)
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.views import (
    View,
    blocks_view,
    clusters_view,
    difference_view,
    heatmap_view,
    map_view,
    redacted,
)
from workbench.views.privacy import redacted_table

SECRET, HIDDEN, LABEL = "confidential", "Ulm", "billing"


@pytest.fixture
def private() -> Corpus:
    return Corpus(
        tuple(f"{SECRET} text {row}" for row in range(12)),
        columns={
            "topic": [LABEL, "other"] * 6,
            "birthplace": [HIDDEN, "Bonn", "Köln"] * 4,
            "age": range(12),
        },
        label="topic",
    )


@pytest.fixture
def views(
    private: Corpus,
    projected: Callable[..., Projection],
    clustered: Callable[..., Clustering],
    embedded: Callable[..., Embeddings],
) -> dict[str, View]:
    clustering = clustered(private, [0] * 6 + [1] * 4 + [-1] * 2, [[SECRET, "card"], ["late"]])
    matrix = similarity_matrix(embedded(private))
    made = {
        "map": map_view(projected(private), clustering=clustering, color_by="birthplace"),
        "by cluster": map_view(projected(private), clustering=clustering, color_by="cluster"),
        "heatmap": heatmap_view(matrix, order="label"),
        "given": heatmap_view(matrix),
        "clusters": clusters_view(clustering),
        **pairs_of(private, embedded, clustering),
    }
    state = {"query": SECRET, "color_by": "birthplace", "selection": ["1"], "pinned": ["1", "2"]}
    return {name: view.with_state(**state) for name, view in made.items()}


def pairs_of(
    private: Corpus, embedded: Callable[..., Embeddings], clustering: Clustering
) -> dict[str, View]:
    """Return the other figures of pairs of texts, named after labels and clusters."""
    vectors = embedded(private)
    matrix = similarity_matrix(vectors)
    names = [clustering.name_of(int(label)) for label in clustering.labels]
    labels = [LABEL, "other"] * 6
    difference = similarity_difference(matrix, similarity_matrix(embedded(private)))
    opened = f"{names[0]} (6 texts) and {LABEL}, {HIDDEN} (4)"
    return {
        "clustered": heatmap_view(matrix, order="cluster", clustering=clustering),
        "opened": heatmap_view(matrix, part=opened),
        "difference": difference_view(difference, order="label"),
        "blocks": blocks_view(block_similarities(vectors, labels)),
        "groups": blocks_view(block_similarities(vectors, names, other=vectors.take([0, 1, 5]))),
    }


NAMES = ["map", "by cluster", "heatmap", "given", "clusters"]
NAMES += ["clustered", "opened", "difference", "blocks", "groups"]


@pytest.mark.parametrize("name", NAMES)
def test_no_text_is_left(name: str, views: dict[str, View]) -> None:
    view = views[name]
    assert SECRET in view.to_json()
    small = redacted(view, texts=False)
    written = small.to_json()
    assert SECRET not in written
    assert "card" not in written, "keywords are words of the texts"
    assert "text" not in small.texts.columns
    assert small.texts["id"].tolist() == view.texts["id"].tolist()
    assert HIDDEN in written, "columns were not asked to be hidden"
    assert small.state == {"color_by": "birthplace", "selection": ["1"], "pinned": ["1", "2"]}
    assert json.loads(View.from_json(written).to_json()) == json.loads(written)


@pytest.mark.parametrize("name", NAMES)
def test_only_named_columns_are_left(name: str, views: dict[str, View]) -> None:
    written = (small := redacted(views[name], columns=["topic", "unheard of"])).to_json()
    assert HIDDEN not in written
    assert "birthplace" not in written
    assert "age" not in json.loads(written)["texts"]
    assert SECRET in written, "texts were not asked to be hidden"
    assert LABEL in written
    assert "color_by" not in small.state
    assert small.state["query"] == SECRET


@pytest.mark.parametrize("name", NAMES)
def test_neither(name: str, views: dict[str, View]) -> None:
    small = redacted(views[name], texts=False, columns=[])
    written = small.to_json()
    for word in (SECRET, HIDDEN, LABEL, "birthplace", "topic", "card"):
        assert word not in written, word
    assert set(small.texts.columns) <= {"id", "cluster", "cluster_name"}
    assert small.meta["label"] is None
    names = {entry["name"] for entry in small.meta["color_columns"]}
    coloured = "cluster" in small.texts and small.kind != "heatmap"
    assert names == ({"cluster"} if coloured else set())


def test_the_points_stay_where_they_are(views: dict[str, View]) -> None:
    def places(view: View) -> dict[int, tuple[float, float]]:
        return {
            int(row): (float(x), float(y))
            for trace in view.figure.data
            for row, x, y in zip(trace.customdata, trace.x, trace.y, strict=True)
        }

    small = redacted(views["map"], texts=False, columns=[])
    assert places(small) == places(views["map"])
    assert [trace.name for trace in small.figure.data] == ["texts"]


def test_clusters_keep_their_numbers(views: dict[str, View]) -> None:
    small = redacted(views["by cluster"], texts=False)
    assert [trace.name for trace in small.figure.data] == ["cluster 0", "cluster 1", "unclustered"]
    bars = redacted(views["clusters"], texts=False).figure
    assert bars.layout.yaxis.ticktext == ("cluster 0", "cluster 1", "unclustered")
    np.testing.assert_array_equal(bars.data[0].x, views["clusters"].figure.data[0].x)


def test_cells_stay_as_they_are(views: dict[str, View]) -> None:
    small = redacted(views["heatmap"], texts=False, columns=[])
    np.testing.assert_array_equal(small.figure.data[0].z, views["heatmap"].figure.data[0].z)
    assert small.meta["rows"] == views["heatmap"].meta["rows"]
    assert not small.figure.layout.yaxis.ticktext


@pytest.mark.parametrize("name", NAMES)
def test_what_somebody_wrote_on_a_figure_goes_too(name: str, views: dict[str, View]) -> None:
    figure = go.Figure(views[name].figure).add_annotation(text=f"see {SECRET}", x=0, y=0)
    assert SECRET not in redacted(View(figure, views[name].texts), texts=False).to_json()


def test_the_columns_own_label_goes_too(
    private: Corpus, embedded: Callable[..., Embeddings]
) -> None:
    other = Corpus(("a", "b"), ("x", "y"), columns={"owner": ["Ann", "Bob"]}, label="owner")
    matrix = similarity_matrix(embedded(private), embedded(other))
    small = redacted(heatmap_view(matrix, order="label"), columns=["topic"])
    assert "Ann" not in small.to_json()
    assert small.figure.layout.yaxis.ticktext == (LABEL, "other")
    small = redacted(heatmap_view(matrix, order="label"), columns=["owner"])
    assert LABEL not in small.to_json()
    assert small.figure.layout.xaxis.ticktext == ("Ann", "Bob")


def test_the_view_itself_is_as_it_was(views: dict[str, View]) -> None:
    for view in views.values():
        before = view.to_json()
        assert redacted(view) is view
        redacted(view, texts=False, columns=[])
        assert view.to_json() == before


def test_what_others_drew_is_refused(private: Corpus) -> None:
    view = View(go.Figure(), private.to_frame())
    with pytest.raises(InputError, match="was not drawn by the workbench"):
        redacted(view, texts=False)


@pytest.mark.parametrize(("texts", "columns"), [(False, None), (True, ["age"]), (False, [])])
def test_a_table_of_groups_does_not_name_them(
    texts: bool, columns: list[str] | None, private: Corpus, embedded: Callable[..., Embeddings]
) -> None:
    frame = block_similarities(embedded(private), [SECRET, LABEL] * 6).to_frame()
    assert SECRET in frame["row_name"].tolist()
    small = redacted_table(frame, private.columns, texts=texts, columns=columns)
    assert "row_name" not in small
    assert "column_name" not in small
    assert small["mean_cosine"].tolist() == frame["mean_cosine"].tolist()


def test_columns_with_the_names_of_ours_are_told_by_their_own_names(
    projected: Callable[..., Projection], clustered: Callable[..., Clustering]
) -> None:
    own = {name: [f"{name}'s", "b"] * 2 for name in ("cluster", "cluster_column", "id", "plain")}
    corpus = Corpus(tuple("abcd"), columns=own)
    clustering = clustered(corpus, [0, 0, 1, 1], [["a"], ["b"]])
    names = ["cluster_column", "cluster_column_column", "id_column", "plain"]
    for view in (clusters_view(clustering), map_view(projected(corpus), clustering=clustering)):
        assert set(names) <= set(view.texts.columns)
        for written, name in zip(names, own, strict=True):
            assert view.texts[written].tolist() == own[name]
            kept = redacted(view, columns=[name]).texts
            assert [one for one in kept if one in names] == [written]
            table = redacted_table(clustering.to_frame(), corpus.columns, columns=[name])
            assert [one for one in table if one in names] == [written]
    table = redacted_table(corpus.to_frame(), corpus.columns, columns=["cluster"])
    assert list(table) == ["id", "text", "cluster"]


@pytest.mark.parametrize("columns", [None, ["topic"]])
def test_what_somebody_searched_for_is_not_told(
    columns: list[str] | None, private: Corpus, projected: Callable[..., Projection]
) -> None:
    numbers = np.linspace(0, 1, 12, dtype=np.float32)
    names = [f"cosine to '{words}'" for words in ("foo1 bar2", "bar2 foo1")]
    scores = {names[0]: numbers, names[1]: -numbers}
    view = map_view(projected(private), scores=scores, color_by=names[0])
    view = View.from_json(view.with_state(color_by=names[1], query="foo1").to_json())
    small = View.from_json(redacted(view, texts=False, columns=columns).to_json())
    for word in ("foo1", "bar2"):
        assert word not in small.to_json()
    renamed = ["cosine to a query", "cosine to a query 2"]
    if columns is None:
        assert small.meta["scores"] == renamed
        assert small.meta["color_by"] == renamed[0]
        assert small.state["color_by"] == renamed[1]
        assert small.texts[renamed[1]].tolist() == view.texts[names[1]].tolist()
        assert set(renamed) <= {entry["name"] for entry in small.meta["color_columns"]}
    else:
        assert not set(renamed) & set(small.texts.columns)
        assert small.meta["color_by"] is None
    assert names[0] in redacted(view, columns=None).meta["scores"], "texts may be shown"


def test_a_column_that_is_called_like_a_query_stays_apart(
    projected: Callable[..., Projection],
) -> None:
    corpus = Corpus(("a", "b", "c"), columns={"cosine to a query": [7, 8, 9]})
    numbers = np.array([0.1, 0.2, 0.3], np.float32)
    view = redacted(map_view(projected(corpus), scores={"cosine to 'x'": numbers}), texts=False)
    assert view.texts["cosine to a query"].tolist() == [7, 8, 9]
    assert view.meta["scores"] == ["cosine to a query 2"]
