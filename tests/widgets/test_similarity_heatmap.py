from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from workbench.analysis import cluster
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.views import View
from workbench.widgets import FigureHost, SimilarityHeatmap

TextsOf = Callable[[int], Embeddings]
Press = Callable[[SimilarityHeatmap, str], None]
Choose = Callable[[SimilarityHeatmap, str, str], None]
Find = Callable[[SimilarityHeatmap, str], Any]


def test_the_matrix_is_the_cosines(texts_of: TextsOf) -> None:
    embeddings = texts_of(12)
    widget = SimilarityHeatmap(embeddings)
    expected = cosine_similarity(embeddings.vectors)
    np.testing.assert_allclose(widget.matrix.values, expected, atol=1e-6)
    assert widget.view().kind == "heatmap"


def test_order_and_metric(texts_of: TextsOf, choose: Choose) -> None:
    widget = SimilarityHeatmap(texts_of(12))
    widget.selection = ["t3", "t5"]
    choose(widget, "workbench-order", "label")
    topics = [row % 3 for row in widget.view().meta["rows"]]
    assert sum(a != b for a, b in pairwise(topics)) == 2
    choose(widget, "workbench-metric", "euclidean")
    assert widget.matrix.metric == "euclidean"
    view = widget.view()
    assert (view.state["metric"], view.state["order"]) == ("euclidean", "label")
    assert view.state["selection"] == ["t3", "t5"]
    assert not widget.status.failed


def test_a_metric_that_does_not_work_is_a_sentence(choose: Choose) -> None:
    embeddings = Embeddings.from_array([[0.0, 0.0], [1.0, 0.0]], ["a", "b"])
    widget = SimilarityHeatmap(embeddings, metric="euclidean")
    before = widget.matrix
    choose(widget, "workbench-metric", "cosine")
    assert widget.status.failed
    assert "all-zero vector" in widget.status.text
    assert widget.matrix is before
    assert widget.view().state["metric"] == "euclidean"


def test_no_order_by_label_without_labels(find: Find) -> None:
    widget = SimilarityHeatmap(Embeddings.from_array(np.eye(3), ["a", "b", "c"]))
    orders = [value for _, value in find(widget, "workbench-order").options]
    assert orders == ["given", "similarity"]


def test_two_sets(texts_of: TextsOf) -> None:
    queries = Embeddings.from_array(np.eye(8)[:2], ["q1", "q2"])
    widget = SimilarityHeatmap(texts_of(6), queries, order="similarity")
    assert widget.matrix.values.shape == (6, 2)
    assert len(widget.view().texts) == 8


@pytest.fixture
def many() -> Embeddings:
    owner = np.arange(4000) % 4
    noise = np.random.default_rng(0).normal(size=(4000, 8))
    corpus = Corpus(
        tuple(f"text {row}" for row in range(4000)),
        columns={"kind": [f"kind {one}" for one in owner]},
        label="kind",
    )
    return Embeddings.from_array(3 * np.eye(8)[owner] + noise, corpus)


def test_many_texts_are_shown_in_groups_that_open(many: Embeddings, press: Press) -> None:
    widget = SimilarityHeatmap(many, order="label")
    assert widget.matrix is None
    assert widget.blocks is not None
    assert widget.blocks.names == ("kind 0", "kind 1", "kind 2", "kind 3")
    (host,) = (part for part in widget.children if isinstance(part, FigureHost))
    assert widget.view().kind == "blocks"
    widget.selection = ["1", "5"]
    host._answer(None, {"type": "action", "name": "open_block", "value": [0, 1]}, [])
    view = widget.view()
    assert view.kind == "heatmap"
    assert view.figure.data[0].z.shape == (2000, 2000)
    assert set(view.texts["kind"]) == {"kind 0", "kind 1"}
    assert view.meta["corpus"] == many.corpus.fingerprint, "selections link to the whole corpus"
    assert view.state["opened"] == [0, 1]
    assert widget.selection == ["1", "5"]
    press(widget, "workbench-back")
    assert widget.view().kind == "blocks"
    host._answer(None, {"type": "action", "name": "open_block", "value": [0, 9]}, [])
    assert "there is no cell (0, 9); there are 4 groups" in widget.status.text


def test_groups_of_like_texts(many: Embeddings, choose: Choose) -> None:
    widget = SimilarityHeatmap(many, order="label")
    choose(widget, "workbench-order", "similarity")
    assert widget.blocks is not None
    assert widget.blocks.names[0] == "block 1"
    widget.open_block(0, 0)
    assert widget.matrix is not None
    assert len(widget.matrix.values) == widget.blocks.sizes[0]


def test_many_texts_by_another_metric_are_sampled_and_it_says_so(many: Embeddings) -> None:
    widget = SimilarityHeatmap(many, metric="dot")
    view = widget.view()
    assert view.meta["subtitle"].startswith("a random sample of 2,000 of 4,000 texts")
    other = SimilarityHeatmap(many, metric="dot", random_state=1).view()
    assert other.texts["id"].tolist() != view.texts["id"].tolist()


def test_other_models_are_told_and_taken_away(texts_of: TextsOf) -> None:
    one = texts_of(30)
    other = Embeddings.from_array(one.vectors[:, ::-1] ** 3 + 0.1, one.corpus, name="other")
    widget = SimilarityHeatmap(one, also=[other])
    (told,) = widget.view().meta["also"]
    assert told["name"] == "other"
    np.testing.assert_allclose(told["z"], cosine_similarity(other.vectors), atol=1e-5)
    difference = SimilarityHeatmap(one, minus=other).view()
    expected = cosine_similarity(one.vectors) - cosine_similarity(other.vectors)
    drawn = np.asarray(difference.figure.data[0].z)
    np.testing.assert_allclose(drawn, expected, atol=1e-5)
    (cells,) = (trace for trace in difference.figure.data if trace.type == "heatmap")
    assert (cells.zmin, cells.zmax) == (-0.5, 0.5)
    with pytest.raises(InputError, match="is of other texts than 'small'"):
        SimilarityHeatmap(one, also=[texts_of(29)])


def test_order_by_cluster(texts_of: TextsOf, find: Find) -> None:
    one = texts_of(30)
    clustering = cluster(one, method="kmeans", n_clusters=3)
    widget = SimilarityHeatmap(one, order="cluster", clustering=clustering)
    labels = clustering.labels[widget.view().meta["rows"]]
    assert np.count_nonzero(np.diff(labels)) == 2
    with pytest.raises(InputError, match="order='cluster' needs clusters of the texts of 'small'"):
        SimilarityHeatmap(one, order="cluster")


def test_many_other_texts_are_in_groups_too(many: Embeddings) -> None:
    columns = Embeddings.from_array(-many.vectors[:30], [f"other {row}" for row in range(30)])
    widget = SimilarityHeatmap(many, columns, order="given")
    assert widget.blocks is not None
    assert not widget.blocks.symmetric
    assert widget.blocks.names[0] == "texts 1–50"
    widget.open_block(1, 0)
    assert widget.matrix is not None
    expected = cosine_similarity(many.vectors[50:100], columns.vectors)
    np.testing.assert_allclose(widget.matrix.values, expected, atol=1e-5)
    assert widget.view().meta["subtitle"].startswith("texts 51–100 (50 texts) × texts 1–30 (30), ")
    with pytest.raises(InputError, match=r"no cell \(0, 1\); there are 80 × 1 groups"):
        widget.open_block(0, 1)
    assert SimilarityHeatmap(many, many).blocks is not None
    by_dot = SimilarityHeatmap(columns, many, metric="dot").view()
    assert by_dot.meta["subtitle"].startswith("30 texts × a random sample of 2,000 of 4,000 texts")


def test_two_large_groups_open_against_each_other() -> None:
    owner = np.arange(4000) // 1500
    noise = np.random.default_rng(0).normal(size=(4000, 4))
    corpus = Corpus(
        tuple(f"text {row}" for row in range(4000)),
        columns={"kind": [f"kind {one}" for one in owner]},
        label="kind",
    )
    first = Embeddings.from_array(noise, corpus)
    second = Embeddings.from_array(noise**3 + 0.1, corpus, name="other")
    widget = SimilarityHeatmap(first, order="label", also=[second])
    assert widget.blocks is not None
    blocks = widget.blocks
    pair = next(
        (i, j)
        for i in range(len(blocks.names))
        for j in range(len(blocks.names))
        if i != j and blocks.sizes[i] + blocks.sizes[j] > 1500
    )
    widget.selection = [corpus.ids[blocks.rows(pair[0])[0]]]
    widget.open_block(*pair)
    assert widget.matrix is not None
    view = widget.view()
    assert view.meta["corpus"] == corpus.fingerprint, "it stays linked to the other figures"
    assert "random sample" not in view.meta["subtitle"]
    assert f"{blocks.names[pair[0]]} (" in view.meta["subtitle"]
    assert len(widget.selection) == 1
    rows, columns = (widget.matrix.rows, widget.matrix.columns)
    (told,) = view.meta["also"]
    low, high = told["range"]
    ids = view.texts["id"].to_numpy()
    down, across = (corpus.positions(ids[view.meta[side]]) for side in ("rows", "columns"))
    expected = cosine_similarity(second.vectors[down], second.vectors[across])
    np.testing.assert_allclose(low + told["z"] / 255 * (high - low), expected, atol=1 / 255)
    assert {len(rows), len(columns)} == set(view.figure.data[0].z.shape)
    outside = next(one for one in corpus.ids if one not in set(ids))
    with pytest.raises(InputError, match="1 of the ids are not in this figure"):
        widget.selection = [outside]


def test_two_groups_stand_beside_random_pairs_of_all_texts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Groups of so many texts that two are shown against each other are rare.
    monkeypatch.setattr("workbench.widgets.similarity_heatmap.MOST_TEXTS", 1200)
    owner = np.repeat([0, 1, 2], [1200, 1200, 600])
    corpus = Corpus(
        tuple(f"text {row}" for row in range(3000)),
        columns={"kind": [f"kind {one}" for one in owner]},
        label="kind",
    )
    noise = np.random.default_rng(0).normal(size=(3000, 4))
    embeddings = Embeddings.from_array(5 * np.eye(4)[owner] + noise, corpus)
    widget = SimilarityHeatmap(embeddings, order="label")
    baselines = []
    for cell in ((0, 0), (1, 3)):
        widget.open_block(*cell)
        baselines.append(widget.view().meta["random"])
    assert widget.matrix is not None
    assert not widget.matrix.symmetric
    np.testing.assert_array_equal(*baselines)


def test_a_range_of_colours(texts_of: TextsOf, many: Embeddings) -> None:
    for embeddings in (texts_of(12), many):
        view = SimilarityHeatmap(embeddings, color_range=(0.2, 0.8)).view()
        cells = view.figure.data[0]
        assert (cells.zmin, cells.zmax) == (0.2, 0.8)
        assert "colours from 0.2 to 0.8" in view.meta["subtitle"]
    with pytest.raises(InputError, match=r"color_range: expected two numbers.*got \(1, 0\)"):
        SimilarityHeatmap(texts_of(5), color_range=(1, 0))
    with pytest.raises(InputError, match=r"zero in the middle.*Give \(-0.4, 0.4\)"):
        SimilarityHeatmap(texts_of(5), minus=texts_of(5), color_range=(-0.1, 0.4))


def test_a_difference_of_many_is_of_a_sample_and_says_so(many: Embeddings) -> None:
    view = SimilarityHeatmap(many, minus=many).view()
    assert view.meta["subtitle"].startswith("a random sample of 2,000 of 4,000 texts")
    assert view.meta["corpus"] == many.corpus.fingerprint
    with pytest.raises(InputError, match="compares models on one set of texts"):
        SimilarityHeatmap(many, Embeddings.from_array(np.eye(8), list("abcdefgh")), minus=many)


def test_a_sample_is_ordered_by_clusters_of_the_whole(many: Embeddings) -> None:
    clustering = cluster(many, method="kmeans", n_clusters=4)
    view = SimilarityHeatmap(many, order="cluster", clustering=clustering, metric="dot").view()
    places = many.corpus.positions(view.texts["id"].to_numpy()[view.meta["rows"]])
    assert np.count_nonzero(np.diff(clustering.labels[places])) == 3
    assert view.texts["cluster"].tolist() == (
        clustering.labels[many.corpus.positions(view.texts["id"])].tolist()
    )
    grouped = SimilarityHeatmap(many, order="cluster", clustering=clustering)
    assert grouped.blocks is not None
    assert len(set(grouped.blocks.row_blocks.groups)) == 4
    for order in ("cluster", "labels"):
        with pytest.raises(InputError, match=f"order='{order}'"):
            SimilarityHeatmap(many, order=order)


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("order", ["given", "label", "similarity"])
def test_few_texts(texts_of: TextsOf, n: int, order: Any) -> None:
    assert SimilarityHeatmap(texts_of(n), order=order).matrix.values.shape == (n, n)


def test_save(texts_of: TextsOf, press: Press) -> None:
    saved: list[View] = []
    widget = SimilarityHeatmap(texts_of(5), on_save=saved.append)
    press(widget, "workbench-save")
    assert saved[0].state["order"] == "given"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"metrik": "dot"}, r"no option 'metrik'. Did you mean 'metric'"),
        ({"metric": "cosin"}, r"'cosin'. Did you mean 'cosine'"),
        ({"order": "labels"}, r"'labels' is unknown. Did you mean 'label'"),
        ({"on_save": 1}, "on_save: expected a function"),
        ({"random_state": -1}, "random_state: expected a whole number from 0"),
        ({"order": "given", "clustering": "x"}, "expected a Clustering; got str"),
        ({"also": [Corpus(("a",))]}, "expected Embeddings; got Corpus"),
        ({"minus": Corpus(("a",))}, "expected Embeddings; got Corpus"),
        ({"also": Embeddings.from_array(np.eye(2), ["a", "b"])}, r"Write also=\[vectors\]"),
        ({"also": [Embeddings.from_array(np.eye(2), ["a", "b"])]}, "is of other texts than"),
    ],
)
def test_what_cannot_be_is_refused(texts_of: TextsOf, options: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        SimilarityHeatmap(texts_of(5), **options)


def test_no_embeddings_are_refused() -> None:
    with pytest.raises(InputError, match="expected Embeddings; got list"):
        SimilarityHeatmap([[1.0]])


def test_what_would_be_left_out_is_refused(texts_of: TextsOf) -> None:
    one, two = texts_of(5), texts_of(4)
    again = Embeddings.from_array(one.vectors, one.corpus, name="again")
    with pytest.raises(InputError, match=r"also= compares .* leave other= out"):
        SimilarityHeatmap(one, two, also=[again])
    with pytest.raises(InputError, match=r"minus= compares .* leave other= out"):
        SimilarityHeatmap(one, two, minus=again)
    with pytest.raises(InputError, match=r"leave also= out"):
        SimilarityHeatmap(one, minus=again, also=[again])


def test_a_seed_of_numpy_can_be_saved(texts_of: TextsOf) -> None:
    view = SimilarityHeatmap(texts_of(5), random_state=np.int64(3)).view()
    assert view.state["random_state"] == 3
    assert View.from_json(view.to_json()).state == view.state


@pytest.mark.parametrize("cell", [(0, 99), (1.5, 0), ("a", 0), (None, 0)])
def test_a_cell_that_is_not_there(many: Embeddings, cell: Any) -> None:
    widget = SimilarityHeatmap(many, order="label")
    with pytest.raises(InputError, match="open_block: there is no cell"):
        widget.open_block(*cell)
    widget._host._answer(None, {"type": "action", "name": "open_block", "value": [*cell]}, [])
    assert "open_block: there is no cell" in widget.status.text
    assert widget.matrix is None


def test_what_was_selected_before_a_group_opened_comes_back(many: Embeddings, find: Find) -> None:
    widget = SimilarityHeatmap(many, order="label")
    assert widget.blocks is not None
    inside = many.corpus.ids[widget.blocks.row_blocks.rows(0)[0]]
    other = many.corpus.ids[widget.blocks.row_blocks.rows(0)[1]]
    outside = many.corpus.ids[widget.blocks.row_blocks.rows(1)[0]]
    widget.selection = [inside, outside]
    widget.open_block(0, 0)
    assert widget.selection == [inside]
    assert widget.view().state["order"] == "similarity"
    assert find(widget, "workbench-order").disabled
    widget.selection = [other]
    widget.open_block(2, 2)  # straight from one group to another
    assert widget.selection == []
    widget._close_block()
    assert widget.selection == sorted([other, outside])
    assert widget.view().state["order"] == "label"
    assert not find(widget, "workbench-order").disabled
