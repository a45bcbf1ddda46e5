from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from workbench.analysis import cluster, map_quality, nearest_neighbors, project
from workbench.embeddings import Embeddings, embed
from workbench.errors import InputError
from workbench.models import DenseEncoder, load_encoder, variant
from workbench.views import View
from workbench.widgets import EmbeddingMap, FigureHost

TextsOf = Callable[[int], Embeddings]
Press = Callable[[EmbeddingMap, str], None]
Choose = Callable[[EmbeddingMap, str, str], None]
Find = Callable[[EmbeddingMap, str], Any]
Wait = Callable[..., None]


def idle(widget: EmbeddingMap) -> Callable[[], bool]:
    return lambda: not widget.busy


def host_of(widget: EmbeddingMap) -> FigureHost:
    (host,) = (child for child in widget.children if isinstance(child, FigureHost))
    return host


@pytest.fixture
def slow(texts_of: TextsOf, find: Find) -> EmbeddingMap:
    """A map whose next run takes some seconds."""
    widget = EmbeddingMap(texts_of(300), method="tsne", max_iter=250)
    find(widget, "workbench-parameter-max_iter").set_state({"value": 10_000})
    return widget


def test_the_first_map_is_there_at_once(texts_of: TextsOf) -> None:
    embeddings = texts_of(60)
    widget = EmbeddingMap(embeddings, method="tsne", perplexity=8, random_state=3)
    here = project(embeddings, method="tsne", perplexity=8, random_state=3)
    np.testing.assert_array_equal(widget.projection.coordinates, here.coordinates)
    assert not widget.busy
    assert "t-SNE of 60 texts, trustworthiness 0." in widget.status.text
    assert widget.view().state["parameters"] == dict(here.params)


def test_a_change_of_method_computes_in_the_worker(
    texts_of: TextsOf, choose: Choose, find: Find, wait: Wait
) -> None:
    widget = EmbeddingMap(texts_of(60), method="pca", random_state=5)
    before = widget.projection
    choose(widget, "workbench-method", "tsne")
    assert widget.busy
    assert widget.status.busy
    assert widget.projection is before, "the last picture stays"
    assert not find(widget, "workbench-cancel").disabled
    wait(idle(widget))
    assert widget.projection.method == "tsne"
    assert widget.projection.random_state == 5
    assert widget.status.text.startswith("t-SNE of 60 texts, trustworthiness 0.")
    assert not widget.status.busy
    assert find(widget, "workbench-cancel").disabled
    view = widget.view()
    assert view.state["method"] == "tsne"
    assert "t-SNE" in view.title


def test_umap_and_clusters_in_the_worker(
    texts_of: TextsOf, choose: Choose, press: Press, wait: Wait
) -> None:
    embeddings = texts_of(40)
    neighbors = nearest_neighbors(embeddings)
    widget = EmbeddingMap(embeddings, neighbors=neighbors, method="pca")
    choose(widget, "workbench-method", "umap")
    wait(idle(widget), 120)
    here = project(embeddings, neighbors=neighbors)
    np.testing.assert_allclose(widget.projection.coordinates, here.coordinates, atol=1e-4)
    assert widget.projection.neighbors is neighbors
    assert widget.clustering is None
    host_of(widget).set_state({"viewport": {"x": [0, 1], "y": [0, 1]}})
    press(widget, "workbench-cluster")
    wait(idle(widget), 120)
    groups = cluster(embeddings, neighbors=neighbors)
    assert widget.clustering is not None
    np.testing.assert_array_equal(widget.clustering.labels, groups.labels)
    assert widget.status.text.startswith(f"Found {len(groups.clusters)} clusters")
    view = widget.view()
    assert view.state["color_by"] == "cluster"
    assert view.state["viewport"] == {"x": [0, 1], "y": [0, 1]}, "it is the same plane"
    assert view.texts["cluster"].tolist() == groups.labels.tolist()


def test_parameters_apply_when_compute_is_pressed(
    texts_of: TextsOf, press: Press, find: Find, wait: Wait
) -> None:
    widget = EmbeddingMap(texts_of(60), method="tsne", perplexity=8)
    field = find(widget, "workbench-parameter-perplexity")
    assert field.value == 8
    field.set_state({"value": 5.0})
    assert not widget.busy
    press(widget, "workbench-compute")
    wait(idle(widget))
    assert widget.projection.params["perplexity"] == 5


def test_cancel_keeps_the_picture(
    slow: EmbeddingMap, choose: Choose, press: Press, wait: Wait
) -> None:
    widget = slow
    before = widget.projection
    press(widget, "workbench-compute")
    press(widget, "workbench-cancel")
    wait(idle(widget), 5)
    assert widget.status.text == "Cancelled; the picture is as it was."
    assert widget.projection is before
    choose(widget, "workbench-method", "pca")
    wait(idle(widget))
    assert widget.projection.method == "pca"


def test_a_second_press_with_other_values_starts_again(
    slow: EmbeddingMap, press: Press, find: Find, wait: Wait
) -> None:
    widget = slow
    press(widget, "workbench-compute")
    pid = widget._worker.pid
    press(widget, "workbench-compute")
    assert widget._worker.pid == pid, "what runs already is not started again"
    find(widget, "workbench-parameter-max_iter").set_state({"value": 300})
    press(widget, "workbench-compute")
    assert widget.busy
    assert widget._worker.pid != pid
    assert not find(widget, "workbench-cancel").disabled
    wait(idle(widget))
    assert widget.projection.params["max_iter"] == 300
    assert not widget.status.failed


def test_a_crash_is_a_sentence(slow: EmbeddingMap, press: Press, find: Find, wait: Wait) -> None:
    widget = slow
    before = widget.projection
    press(widget, "workbench-compute")
    pid = widget._worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait(idle(widget), 10)
    assert widget.status.failed
    assert widget.status.text.startswith("The worker process ended unexpectedly (signal 9")
    assert widget.status.text.endswith("The picture is as it was.")
    assert widget.projection is before
    find(widget, "workbench-parameter-max_iter").set_state({"value": 300})
    press(widget, "workbench-compute")
    wait(idle(widget))
    assert not widget.status.failed


def test_selection_colour_and_search_survive_another_method(
    texts_of: TextsOf, choose: Choose, wait: Wait
) -> None:
    widget = EmbeddingMap(texts_of(30), method="pca")
    host = host_of(widget)
    host.set_state({"selection": ["t2", "t7"]})
    host.set_state({"controls": {"color_by": "length", "query": "late", "pinned": []}})
    host.set_state({"viewport": {"x": [0, 1], "y": [0, 1]}})
    assert widget.selection == ["t2", "t7"]
    assert widget.view().state["viewport"] == {"x": [0, 1], "y": [0, 1]}
    choose(widget, "workbench-method", "tsne")
    wait(idle(widget))
    assert widget.selection == ["t2", "t7"]
    state = widget.view().state
    assert state["selection"] == ["t2", "t7"]
    assert (state["color_by"], state["query"]) == ("length", "late")
    assert not state.get("viewport"), "the old map's section means nothing on another plane"


def test_selection_can_be_set_and_observed(texts_of: TextsOf) -> None:
    widget = EmbeddingMap(texts_of(12), method="pca")
    seen: list[list[str]] = []
    widget.observe(lambda change: seen.append(change["new"]), "selection")
    widget.selection = ["t7", "t11", "t7"]
    assert widget.selection == ["t11", "t7"]
    assert host_of(widget).selection == ["t11", "t7"]
    host_of(widget).set_state({"selection": ["t3"]})
    assert seen == [["t11", "t7"], ["t3"]]
    with pytest.raises(InputError, match=r"1 of the ids .* 't99'"):
        widget.selection = ["t1", "t99"]
    assert widget.selection == ["t3"]


def test_clusters_handed_over(texts_of: TextsOf, choose: Choose, wait: Wait) -> None:
    embeddings = texts_of(30)
    groups = cluster(embeddings, method="kmeans", n_clusters=3)
    widget = EmbeddingMap(embeddings, method="pca", clustering=groups, color_by="cluster")
    assert widget.view().meta["color_by"] == "cluster"
    choose(widget, "workbench-method", "tsne")
    wait(idle(widget))
    assert widget.view().texts["cluster"].tolist() == groups.labels.tolist()


def test_save_hands_over_the_current_view(texts_of: TextsOf, press: Press) -> None:
    saved: list[View] = []
    widget = EmbeddingMap(texts_of(12), method="pca", on_save=saved.append)
    widget.selection = ["t4"]
    press(widget, "workbench-save")
    (view,) = saved
    assert view.state["selection"] == ["t4"]
    assert view.state["method"] == "pca"
    assert widget.status.text.startswith("Saved at ")
    assert json.loads(view.to_json())["state"]["selection"] == ["t4"]


def test_a_save_that_fails_is_a_sentence(texts_of: TextsOf, press: Press) -> None:
    def full(_: View) -> None:
        raise OSError("the disk is full")

    widget = EmbeddingMap(texts_of(12), method="pca", on_save=full)
    press(widget, "workbench-save")
    assert widget.status.failed
    assert widget.status.text == "This view was not saved. OSError: the disk is full"


def test_no_save_button_without_on_save(texts_of: TextsOf, find: Find) -> None:
    with pytest.raises(AssertionError, match="0 controls"):
        find(EmbeddingMap(texts_of(5), method="pca"), "workbench-save")


def test_on_save_can_be_set_later(texts_of: TextsOf, press: Press, find: Find) -> None:
    saved: list[View] = []
    widget = EmbeddingMap(texts_of(5), method="pca")
    assert widget.on_save is None
    widget.on_save = saved.append
    press(widget, "workbench-save")
    assert len(saved) == 1
    with pytest.raises(InputError, match=r"on_save: expected a function .* got str"):
        widget.on_save = "run"
    widget.on_save = None
    with pytest.raises(AssertionError, match="0 controls"):
        find(widget, "workbench-save")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"colour_by": "topic"}, r"no option 'colour_by'. Did you mean 'color_by'"),
        ({"n_neighbours": 5}, r"no option 'n_neighbours'. Did you mean 'n_neighbors'"),
        ({"perplexity": 5}, r"no option 'perplexity'. It belongs to method='tsne'"),
        ({"method": "umpa"}, r"no method 'umpa'. Did you mean 'umap'"),
        ({"method": "umpa", "min_dist": 0.5}, r"no method 'umpa'"),
        ({"method": "pca", "color_by": "topci"}, r"'topci' .* Did you mean 'topic'"),
        ({"method": "pca", "on_save": "run"}, r"on_save: expected a function .* got str"),
        ({"method": "tsne", "perplexity": 0}, r"perplexity: expected a number from 1 to 200"),
    ],
)
def test_what_cannot_be_is_refused(texts_of: TextsOf, options: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        EmbeddingMap(texts_of(12), **options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"color_by": "topci"}, "'topci' .* Did you mean 'topic'"),
        ({"clustering": 1}, "expected a Clustering; got int"),
    ],
)
def test_nothing_is_computed_before_the_options_are_checked(
    texts_of: TextsOf, monkeypatch: pytest.MonkeyPatch, options: Any, said: str
) -> None:
    monkeypatch.delattr("workbench.widgets.embedding_map.project")
    with pytest.raises(InputError, match=said):
        EmbeddingMap(texts_of(12), **options)


def test_a_map_made_before_is_shown(
    texts_of: TextsOf, choose: Choose, wait: Wait, find: Find
) -> None:
    embeddings = texts_of(40)
    made = project(embeddings, method="tsne", perplexity=5, random_state=7)
    widget = EmbeddingMap(embeddings, projection=made)
    assert widget.projection is made
    assert find(widget, "workbench-method").value == "tsne"
    assert find(widget, "workbench-parameter-perplexity").value == 5
    again = replace(embeddings)
    other = EmbeddingMap(again, projection=made)
    assert other.projection.embeddings is again
    np.testing.assert_array_equal(other.projection.coordinates, made.coordinates)
    choose(widget, "workbench-method", "pca")
    wait(idle(widget))
    assert widget.projection.method == "pca"


def test_a_map_that_cannot_be_shown_is_refused(texts_of: TextsOf) -> None:
    embeddings = texts_of(12)
    made = project(embeddings, method="pca")
    with pytest.raises(InputError, match="projection: expected a Projection; got str"):
        EmbeddingMap(embeddings, projection="pca")
    with pytest.raises(InputError, match=r"projection: this is a map of .*, not of"):
        EmbeddingMap(texts_of(13), projection=made)
    with pytest.raises(InputError, match=r"got projection= and method=\. The map has a method"):
        EmbeddingMap(embeddings, projection=made, method="pca")
    with pytest.raises(InputError, match="got projection= and min_dist="):
        EmbeddingMap(embeddings, projection=made, min_dist=0.1)
    with pytest.raises(InputError, match="EmbeddingMap: expected Embeddings; got list"):
        EmbeddingMap([[1.0, 2.0]], projection=made)
    with pytest.raises(InputError, match="neighbors: these belong to other vectors"):
        EmbeddingMap(embeddings, projection=made, neighbors=nearest_neighbors(texts_of(13), 3))


def test_no_embeddings_are_refused(texts_of: TextsOf) -> None:
    with pytest.raises(InputError, match="expected Embeddings; got list"):
        EmbeddingMap([[1.0, 2.0]])
    near = nearest_neighbors(texts_of(13), 3)
    with pytest.raises(InputError, match="EmbeddingMap: expected Embeddings; got list"):
        EmbeddingMap([[1.0, 2.0]], neighbors=near)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_texts(texts_of: TextsOf, choose: Choose, wait: Wait, n: int) -> None:
    widget = EmbeddingMap(texts_of(n))
    choose(widget, "workbench-method", "tsne")
    wait(idle(widget))
    assert not widget.status.failed
    assert len(widget.view().texts) == n


def test_hostile_texts_stay_texts(choose: Choose, wait: Wait, press: Press) -> None:
    texts = [
        "<script>alert(1)</script>",
        "$\\alpha$",
        "\0",
        "\u202eabc",
        "🙂",
        "\udc80",
        '"\n',
        "</b>",
    ]
    embeddings = Embeddings.from_array(np.eye(8), texts, name="<b>bold</b>")
    saved: list[View] = []
    widget = EmbeddingMap(embeddings, method="pca", on_save=saved.append)
    choose(widget, "workbench-method", "tsne")
    wait(idle(widget))
    press(widget, "workbench-save")
    assert "<b>bold</b> · t-SNE" in widget.status.text, "as text: the line shows no markup"
    assert saved[0].texts["text"].tolist() == texts


@pytest.mark.soak
def test_twenty_thousand_texts(wait: Wait, press: Press) -> None:
    vectors = np.random.default_rng(0).normal(size=(20_000, 16))
    embeddings = Embeddings.from_array(vectors, [f"text {row}" for row in range(20_000)])
    widget = EmbeddingMap(embeddings, method="pca")
    first = widget.projection.coordinates
    widget.selection = [str(row) for row in range(0, 20_000, 7)]
    press(widget, "workbench-compute")
    wait(idle(widget), 60)
    assert not widget.status.failed
    np.testing.assert_allclose(widget.projection.coordinates, first, atol=1e-5)
    assert len(widget.selection) == 2858


def test_results_come_on_the_loop_that_asked(texts_of: TextsOf, press: Press) -> None:
    threads: set[str] = set()

    async def session() -> EmbeddingMap:
        widget = EmbeddingMap(texts_of(20), method="pca")
        widget.status.observe(lambda _: threads.add(threading.current_thread().name), "text")
        press(widget, "workbench-compute")
        async with asyncio.timeout(60):
            while widget.busy:
                await asyncio.sleep(0.02)
        return widget

    widget = asyncio.run(session())
    assert threads == {threading.current_thread().name}
    assert not widget.status.failed


def test_compute_right_after_cancel_computes(texts_of: TextsOf, press: Press) -> None:
    async def session() -> EmbeddingMap:
        widget = EmbeddingMap(texts_of(20), method="pca")
        for name in ("compute", "cancel", "compute"):
            press(widget, f"workbench-{name}")
        async with asyncio.timeout(60):
            while widget.busy:
                await asyncio.sleep(0.02)
        return widget

    assert asyncio.run(session()).status.text.startswith("PCA of 20 texts")


def test_a_loop_that_ended_is_not_waited_for(texts_of: TextsOf, press: Press, wait: Wait) -> None:
    widget = EmbeddingMap(texts_of(20), method="pca")

    async def ask() -> None:
        press(widget, "workbench-compute")

    asyncio.run(ask())
    wait(idle(widget))
    assert not widget.status.failed


def test_closing_ends_the_worker(texts_of: TextsOf, press: Press, wait: Wait) -> None:
    widget = EmbeddingMap(texts_of(20), method="pca")
    press(widget, "workbench-compute")
    wait(idle(widget))
    assert widget._worker.pid is not None
    widget.close()
    assert widget._worker.pid is None


def test_closing_keeps_no_part(texts_of: TextsOf) -> None:
    widget = EmbeddingMap(texts_of(20), method="pca")
    host = host_of(widget)
    assert host.comm is not None
    widget.close()
    assert host.comm is None
    assert widget.status.comm is None


def test_it_shows_itself(texts_of: TextsOf, monkeypatch: pytest.MonkeyPatch) -> None:
    widget = EmbeddingMap(texts_of(12), method="pca")
    widget.selection = ["t1"]
    assert repr(widget).startswith("EmbeddingMap('small · random · PCA · trustworthiness 0.")
    assert repr(widget).endswith("', 1 selected)")
    assert "application/vnd.jupyter.widget-view+json" in str(widget._repr_mimebundle_())
    monkeypatch.setenv("WORKBENCH_RENDER", "static")
    bundle = str(widget._repr_mimebundle_())
    assert "text/html" in bundle
    assert "widget-view" not in bundle


def test_colouring_by_meaning_says_what_it_needs(texts_of: TextsOf, find: Find) -> None:
    widget = EmbeddingMap(texts_of(30), method="pca")
    box = find(widget, "workbench-meaning")
    assert box.disabled
    assert box.placeholder == "needs the encoder: EmbeddingMap(vectors, encoder=encoder)"
    with pytest.raises(InputError, match="needs the model that made the vectors"):
        widget.color_by_meaning("refund")
    with pytest.raises(InputError, match="encoder: expected an Encoder; got str"):
        EmbeddingMap(texts_of(30), method="pca", encoder="minilm")


@pytest.fixture
def searchable(tiny_encoder: DenseEncoder) -> EmbeddingMap:
    texts = ["the parcel is late", "reset my password", "the card was charged", "a late parcel"]
    vectors = embed(texts, tiny_encoder, store=False, progress=False)
    return EmbeddingMap(vectors, encoder=tiny_encoder, method="pca")


def test_a_query_colours_and_is_kept(searchable: EmbeddingMap, find: Find) -> None:
    box = find(searchable, "workbench-meaning")
    box.set_state({"value": "reset my password"})
    box._handle_custom_msg({"event": "submit"}, [])
    view = searchable.view()
    column = "cosine to 'reset my password'"
    assert view.state["color_by"] == column
    assert view.state["meaning"] == "reset my password"
    assert view.texts[column][1] == pytest.approx(1.0, abs=1e-4)
    assert view.texts[column].idxmax() == 1
    assert host_of(searchable).controls["color_by"] == column
    assert "Coloured by cosine to 'reset my password'" in searchable.status.text
    box.set_state({"value": " "})
    box._handle_custom_msg({"event": "submit"}, [])
    assert searchable.status.failed
    assert searchable.view().state["color_by"] == column  # the picture is as it was


def test_a_query_that_the_model_cuts_is_said_in_the_status(
    searchable: EmbeddingMap, find: Find
) -> None:
    said = "The query is longer than 'tiny' reads (32 tokens of 16): the rest is not searched for."
    box = find(searchable, "workbench-meaning")
    box.set_state({"value": "parcel " * 30})
    box._handle_custom_msg({"event": "submit"}, [])
    assert searchable.status.text.endswith(said)
    assert not searchable.status.failed
    assert not searchable.status.busy
    searchable.color_by_meaning("parcel")
    assert searchable.status.text == "Coloured by cosine to 'parcel'."
    searchable.color_by_meaning("late " * 30)
    assert searchable.status.text.endswith(said)


def test_the_map_says_how_far_it_can_be_trusted(texts_of: TextsOf) -> None:
    widget = EmbeddingMap(texts_of(60), method="pca")
    again = map_quality(widget.projection)
    np.testing.assert_array_equal(widget.quality.real_share, again.real_share)
    assert f"continuity {again.continuity:.2f}" in widget.view().title
    assert f"continuity {again.continuity:.2f}" in widget.status.text


def test_the_status_names_the_step(slow: EmbeddingMap, press: Press, wait: Wait) -> None:
    press(slow, "workbench-compute")
    wait(lambda: slow.status.progress == "step 1 of 3: placing the texts")
    press(slow, "workbench-cancel")
    wait(idle(slow))
    assert slow.status.progress == ""


def test_clusters_are_not_asked_for_while_a_map_is_computed(
    slow: EmbeddingMap, press: Press, find: Find, wait: Wait
) -> None:
    press(slow, "workbench-compute")
    assert find(slow, "workbench-cluster").disabled
    press(slow, "workbench-cancel")
    wait(idle(slow))
    assert not find(slow, "workbench-cluster").disabled


def test_an_encoder_that_has_read_nothing_is_refused(texts_of: TextsOf) -> None:
    embeddings = texts_of(30)
    with pytest.raises(InputError, match=r"lsa has not read any texts.*encoder\.fit"):
        EmbeddingMap(embeddings, encoder=load_encoder("lsa"), method="pca")
    with pytest.raises(InputError, match="lsa has not read any texts"):
        EmbeddingMap(
            embeddings, encoder=variant(load_encoder("lsa"), precision="int8"), method="pca"
        )
    lsa = load_encoder("lsa").fit(embeddings.corpus.texts)
    vectors = embed(embeddings.corpus, lsa, store=False, progress=False)
    widget = EmbeddingMap(vectors, encoder=lsa, method="pca")
    widget.color_by_meaning("refund money")
    assert widget.view().state["color_by"] == "cosine to 'refund money'"
