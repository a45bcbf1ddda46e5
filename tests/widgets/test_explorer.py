from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ipywidgets.widgets.widget import _instances
from traitlets import TraitError

from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.views import View
from workbench.widgets import ClusterExplorer, EmbeddingMap, Explorer, SimilarityHeatmap

TextsOf = Callable[[int], Embeddings]


@pytest.fixture
def explorer(texts_of: TextsOf) -> Explorer:
    return Explorer(texts_of(60))


def test_one_selection_among_all_parts(explorer: Explorer) -> None:
    parts = (explorer.map, explorer.clusters, explorer.heatmap, explorer.texts)
    explorer.selection = ["t5", "t7"]
    assert [part.selection for part in parts] == [["t5", "t7"]] * 4
    explorer.map.selection = ["t1"]
    assert explorer.selection == ["t1"]
    assert [part.selection for part in parts] == [["t1"]] * 4
    assert explorer.selection == ["t1"]
    explorer.heatmap.selection = ["t2"]  # it may hold some of the texts only
    assert explorer.selection == ["t1"]
    explorer.map.selections = {"mine": ["t3", "t4"]}
    kept = [part.selections for part in (explorer, *parts)]
    assert kept == [{"mine": ["t3", "t4"]}] * 5


def test_what_a_page_says_is_not_told_back_to_it(explorer: Explorer) -> None:
    told: list[Any] = []
    explorer.clusters._host.observe(told.append, "selection")
    explorer.texts.set_state({"selection": ["t2", "t3"]})  # as the browser would
    assert explorer.selection == ["t2", "t3"]
    assert told == [], "the figures of a page have told each other"
    explorer.clusters._host.set_state({"selection": ["t2", "t3"]})
    assert explorer.clusters.selection == ["t2", "t3"]
    explorer.observe(lambda change: setattr(explorer, "selection", ["t9"]), "selection")
    explorer.texts.set_state({"selection": ["t5"]})
    assert explorer.clusters.selection == ["t9"], "what Python made of it is told"


def test_ids_that_are_not_here_are_refused(explorer: Explorer) -> None:
    with pytest.raises(TraitError, match="1 ids are not in this view, the first is 'nope'"):
        explorer.selection = ["nope"]
    assert explorer.selection == []


def test_other_clusters_colour_the_map_and_fill_the_table(
    explorer: Explorer, find: Callable[..., Any], press: Callable[..., None]
) -> None:
    assert explorer.map.clustering is explorer.clusters.clustering
    find(explorer.clusters, "workbench-edit-clusters").set_state({"index": [0]})
    find(explorer.clusters, "workbench-edit-name").set_state({"value": "mine"})
    press(explorer.clusters, "workbench-edit-rename")
    assert explorer.map.clustering is explorer.clusters.clustering
    assert "mine" in set(explorer.map.view().texts["cluster_name"])
    assert explorer.map.view().state["color_by"] == "cluster"
    assert "mine" in set(explorer.texts.view().texts["cluster_name"])


def test_each_part_saves(texts_of: TextsOf, press: Callable[..., None]) -> None:
    saved: list[View] = []
    explorer = Explorer(texts_of(30), on_save=saved.append)
    press(explorer.map, "workbench-save")
    press(explorer.heatmap, "workbench-save")
    assert [view.kind for view in saved] == ["map", "heatmap"]


def test_closing_ends_the_worker_processes(explorer: Explorer) -> None:
    explorer.clusters._compute()
    assert explorer.clusters.busy
    explorer.close()
    assert not explorer.clusters.busy
    assert explorer.clusters._worker is not None
    assert explorer.clusters._worker.pid is None


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_texts(texts_of: TextsOf, n: int) -> None:
    explorer = Explorer(texts_of(n))
    assert len(explorer.texts.view().texts) == n


def test_unknown_options_are_refused(texts_of: TextsOf) -> None:
    with pytest.raises(InputError, match=r"'enkoder'. Did you mean 'encoder'"):
        Explorer(texts_of(5), enkoder=None)


@pytest.mark.parametrize("kind", [EmbeddingMap, ClusterExplorer, SimilarityHeatmap, Explorer])
def test_closing_keeps_nothing(texts_of: TextsOf, kind: Any) -> None:
    embeddings = texts_of(30)
    before = set(_instances)
    kind(embeddings).close()
    assert set(_instances) == before
