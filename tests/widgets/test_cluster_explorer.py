from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import DBSCAN, OPTICS, AgglomerativeClustering, KMeans
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from workbench.analysis import ClusterEdits, Clustering, cluster, cluster_stability
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.views import View
from workbench.widgets import ClusterExplorer, FigureHost

TextsOf = Callable[[int], Embeddings]
Press = Callable[[ClusterExplorer, str], None]
Choose = Callable[[ClusterExplorer, str, str], None]
Find = Callable[[ClusterExplorer, str], Any]
Wait = Callable[..., None]


def idle(widget: ClusterExplorer) -> Callable[[], bool]:
    return lambda: not widget.busy


def test_the_first_clusters_are_there_at_once(texts_of: TextsOf) -> None:
    embeddings = texts_of(60)
    widget = ClusterExplorer(embeddings, method="kmeans", n_clusters=3)
    here = cluster(embeddings, method="kmeans", n_clusters=3)
    np.testing.assert_array_equal(widget.clustering.labels, here.labels)
    assert widget.status.text.startswith("3 clusters, silhouette 0.")
    assert widget.view().kind == "clusters"
    assert widget.view().state["parameters"] == {"n_clusters": 3}


def test_another_method_and_its_parameters(
    texts_of: TextsOf, choose: Choose, find: Find, press: Press, wait: Wait
) -> None:
    embeddings = texts_of(60)
    widget = ClusterExplorer(embeddings, method="kmeans", n_clusters=3)
    widget.selection = ["t5", "t50"]
    choose(widget, "workbench-method", "agglomerative")
    wait(idle(widget))
    assert len(widget.clustering.clusters) == 8
    find(widget, "workbench-parameter-n_clusters").set_state({"value": 4})
    press(widget, "workbench-compute")
    wait(idle(widget))
    here = cluster(embeddings, method="agglomerative", n_clusters=4)
    np.testing.assert_array_equal(widget.clustering.labels, here.labels)
    view = widget.view()
    assert view.state["selection"] == ["t5", "t50"]
    assert view.state["method"] == "agglomerative"
    assert view.texts["cluster"].tolist() == here.labels.tolist()


def test_word_choices_are_lists(
    texts_of: TextsOf, choose: Choose, press: Press, wait: Wait
) -> None:
    widget = ClusterExplorer(texts_of(60), min_cluster_size=5)
    assert widget.clustering.params["reduction"] == "umap"
    choose(widget, "workbench-parameter-reduction", "none")
    press(widget, "workbench-compute")
    wait(idle(widget))
    assert widget.clustering.params["reduction"] == "none"
    assert widget.clustering.params["min_cluster_size"] == 5


def test_too_many_texts_for_a_method_is_a_sentence(choose: Choose, wait: Wait) -> None:
    vectors = np.random.default_rng(0).normal(size=(10_001, 4))
    embeddings = Embeddings.from_array(vectors, [f"word{row % 50}" for row in range(10_001)])
    widget = ClusterExplorer(embeddings, method="kmeans", n_clusters=2)
    before = widget.clustering
    choose(widget, "workbench-method", "agglomerative")
    wait(idle(widget))
    assert widget.status.failed
    assert "agglomerative compares every pair of texts" in widget.status.text
    assert widget.clustering is before


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_texts(texts_of: TextsOf, choose: Choose, wait: Wait, n: int) -> None:
    widget = ClusterExplorer(texts_of(n))
    choose(widget, "workbench-method", "kmeans")
    wait(idle(widget))
    assert not widget.status.failed
    assert len(widget.view().texts) == n


def test_save(texts_of: TextsOf, press: Press) -> None:
    saved: list[View] = []
    widget = ClusterExplorer(texts_of(12), method="kmeans", on_save=saved.append)
    press(widget, "workbench-save")
    assert saved[0].state["method"] == "kmeans"


def test_unknown_options_are_refused(texts_of: TextsOf) -> None:
    with pytest.raises(InputError, match=r"'n_cluster'. Did you mean 'n_clusters'"):
        ClusterExplorer(texts_of(5), method="kmeans", n_cluster=3)
    with pytest.raises(InputError, match=r"'n_clusters'. It belongs to method='kmeans' and"):
        ClusterExplorer(texts_of(5), n_clusters=3)


@pytest.fixture
def explorer(texts_of: TextsOf) -> ClusterExplorer:
    return ClusterExplorer(texts_of(60), method="kmeans", n_clusters=4)


def test_edits_are_a_log_that_replays(explorer: ClusterExplorer, find: Find, press: Press) -> None:
    before = explorer.clustering
    told: list[Clustering] = []
    explorer.on_clustering(told.append)
    find(explorer, "workbench-edit-clusters").set_state({"index": [0, 1]})
    find(explorer, "workbench-edit-name").set_state({"value": "both"})
    press(explorer, "workbench-edit-merge")
    assert len(explorer.clustering.clusters) == 3
    assert explorer.clustering.name_of(0) == "both"
    assert explorer.original is before
    assert told == [explorer.clustering]
    assert find(explorer, "workbench-edit-log").value == "Merged 0, 1 as 'both'."
    view = explorer.view()
    replayed = ClusterEdits.from_json(view.state["edits"]).apply(before)
    np.testing.assert_array_equal(replayed.labels, explorer.clustering.labels)
    assert view.texts["cluster"].tolist() == replayed.labels.tolist()
    column = explorer.cluster_column("group")
    assert column.name == "group"
    assert column["t0"] == explorer.clustering.name_of(int(explorer.clustering.labels[0]))
    press(explorer, "workbench-edit-undo")
    np.testing.assert_array_equal(explorer.clustering.labels, before.labels)
    assert explorer.view().state["edits"] is None


def test_split_rename_and_reassign(texts_of: TextsOf, find: Find, press: Press) -> None:
    explorer = ClusterExplorer(texts_of(60), method="community", threshold=0.75)
    assert explorer.clustering.unclustered > 0
    find(explorer, "workbench-edit-least").set_state({"value": -1.0})
    press(explorer, "workbench-edit-assign")
    assert explorer.clustering.unclustered == 0
    assert explorer.original.unclustered > 0  # the original is kept
    count = len(explorer.clustering.clusters)
    find(explorer, "workbench-edit-clusters").set_state({"index": [0]})
    press(explorer, "workbench-edit-split")
    assert len(explorer.clustering.clusters) == count + 1
    find(explorer, "workbench-edit-name").set_state({"value": "unclustered"})
    press(explorer, "workbench-edit-rename")
    assert explorer.status.failed
    assert "is what texts without a cluster are called" in explorer.status.text
    find(explorer, "workbench-edit-clusters").set_state({"index": [0, 1]})
    press(explorer, "workbench-edit-split")
    assert "choose one cluster in the list; 2 are chosen" in explorer.status.text


def test_stability_is_asked_for_and_shown(
    explorer: ClusterExplorer, press: Press, wait: Wait
) -> None:
    press(explorer, "workbench-stability")
    assert explorer.busy
    wait(idle(explorer))
    here = cluster_stability(explorer.original, progress=False)
    assert explorer.stability is not None
    np.testing.assert_array_equal(explorer.stability.jaccard, here.jaccard)
    assert explorer.stability.clustering is explorer.original
    assert f"Adjusted Rand {here.over_subsamples.estimate:.2f}" in explorer.status.text
    assert explorer.view().meta["clusters"][0]["verdict"] in here.verdicts


def test_a_value_that_was_tried_is_adopted(
    explorer: ClusterExplorer, find: Find, press: Press, choose: Choose, wait: Wait
) -> None:
    find(explorer, "workbench-sweep-values").set_state({"value": "2, 3 5"})
    press(explorer, "workbench-sweep")
    wait(idle(explorer))
    assert explorer.sweep is not None
    assert explorer.sweep.values == (2, 3, 5)
    choose(explorer, "workbench-sweep-adopt", "3")
    assert not explorer.busy  # nothing is computed again
    assert explorer.clustering is explorer.sweep.clustering(3)
    (host,) = (part for part in explorer._sweep_form.box.children if isinstance(part, FigureHost))
    host._answer(None, {"type": "action", "name": "adopt", "value": 5}, [])
    assert len(explorer.clustering.clusters) == 5
    assert explorer.view().state["parameters"] == {"n_clusters": 5}


def test_values_that_are_none_are_a_sentence(
    explorer: ClusterExplorer, find: Find, press: Press
) -> None:
    find(explorer, "workbench-sweep-values").set_state({"value": "two, three"})
    press(explorer, "workbench-sweep")
    assert "expected numbers with commas, 5, 10, 20 say; got 'two, three'" in explorer.status.text
    find(explorer, "workbench-sweep-values").set_state({"value": " "})
    press(explorer, "workbench-sweep")
    assert explorer.status.failed or explorer.busy


def test_a_clusterer_of_scikit_learn(
    texts_of: TextsOf, choose: Choose, press: Press, wait: Wait
) -> None:
    explorer = ClusterExplorer(texts_of(60), method=AgglomerativeClustering(n_clusters=3))
    assert explorer.clustering.method == "AgglomerativeClustering"
    choose(explorer, "workbench-method", "kmeans")
    wait(idle(explorer))
    assert explorer.clustering.method == "kmeans"
    choose(explorer, "workbench-method", "AgglomerativeClustering")
    wait(idle(explorer))
    assert len(explorer.clustering.clusters) == 3


def test_a_clusterer_keeps_its_reduction(texts_of: TextsOf, find: Find) -> None:
    explorer = ClusterExplorer(texts_of(60), method=KMeans(3), reduction="umap", dimensions=3)
    assert explorer.original.reduction == "umap, 3 dimensions"
    assert find(explorer, "workbench-parameter-reduction").value == "umap"
    assert find(explorer, "workbench-parameter-dimensions").value == 3
    with pytest.raises(InputError, match=r"'reductions'. Did you mean 'reduction'"):
        ClusterExplorer(texts_of(60), method=KMeans(3), reductions="umap")


def test_values_of_a_clusterer_are_tried(
    texts_of: TextsOf, find: Find, press: Press, choose: Choose, wait: Wait
) -> None:
    own = Pipeline([("scale", StandardScaler()), ("k", KMeans(n_clusters=3))])
    explorer = ClusterExplorer(texts_of(60), method=own)
    values = find(explorer, "workbench-sweep-values")
    assert values.description == "k__n_clusters"
    values.set_state({"value": "2, 4"})
    press(explorer, "workbench-sweep")
    wait(idle(explorer))
    choose(explorer, "workbench-sweep-adopt", "4")
    assert len(explorer.clustering.clusters) == 4
    press(explorer, "workbench-compute")  # the adopted one is what is computed again
    wait(idle(explorer))
    assert len(explorer.clustering.clusters) == 4


def test_a_clusterer_without_such_a_parameter(texts_of: TextsOf, find: Find) -> None:
    explorer = ClusterExplorer(texts_of(20), method=DBSCAN(eps=0.3, metric="cosine"))
    assert find(explorer, "workbench-sweep").disabled
    description = find(explorer, "workbench-sweep-values").description
    assert description == "no values to try for this method"


def test_other_clusters_leave_the_edits_behind(
    explorer: ClusterExplorer, find: Find, press: Press, wait: Wait
) -> None:
    find(explorer, "workbench-edit-clusters").set_state({"index": [2]})
    find(explorer, "workbench-edit-name").set_state({"value": "third"})
    press(explorer, "workbench-edit-rename")
    kept = explorer.edits
    find(explorer, "workbench-parameter-n_clusters").set_state({"value": 5})
    press(explorer, "workbench-compute")
    wait(idle(explorer))
    assert not explorer.edits.edits
    assert "The 1 edit was of the clusters before" in explorer.status.text
    with pytest.raises(InputError, match="made for another clustering"):
        explorer.edit(kept)
    assert explorer.edits_before is kept
    find(explorer, "workbench-parameter-n_clusters").set_state({"value": 4})
    press(explorer, "workbench-compute")
    wait(idle(explorer))
    explorer.edit(kept)  # the clusters are those before: the log replays
    assert explorer.clustering.name_of(2) == "third"


def test_clusters_found_before_are_taken(
    texts_of: TextsOf, find: Find, press: Press, wait: Wait
) -> None:
    embeddings = texts_of(60)
    found = cluster(embeddings, method="kmeans", n_clusters=5)
    explorer = ClusterExplorer(embeddings, clustering=found)
    assert explorer.clustering is found
    assert find(explorer, "workbench-method").value == "kmeans"
    assert find(explorer, "workbench-parameter-n_clusters").value == 5
    press(explorer, "workbench-stability")
    wait(idle(explorer))
    assert explorer.stability is not None
    again = ClusterExplorer(texts_of(60), clustering=found)  # equal texts and vectors
    np.testing.assert_array_equal(again.clustering.labels, found.labels)
    own = cluster(embeddings, method=KMeans(n_clusters=2))
    assert find(ClusterExplorer(embeddings, clustering=own), "workbench-method").value == "KMeans"
    with pytest.raises(InputError, match=r"got clustering= and method="):
        ClusterExplorer(embeddings, clustering=found, method="kmeans")
    with pytest.raises(InputError, match=r"got clustering= and n_clusters="):
        ClusterExplorer(embeddings, clustering=found, n_clusters=2)
    with pytest.raises(InputError, match="these are clusters of"):
        ClusterExplorer(texts_of(30), clustering=found)
    with pytest.raises(InputError, match="expected a Clustering; got str"):
        ClusterExplorer(embeddings, clustering="kmeans")


def test_clusters_of_the_selection_are_chosen_and_merged(
    explorer: ClusterExplorer, find: Find, press: Press
) -> None:
    labels = explorer.clustering.labels
    press(explorer, "workbench-edit-merge")
    assert "choose at least two clusters in the list; got 0" in explorer.status.text
    explorer.selection = [f"t{np.flatnonzero(labels == label)[0]}" for label in (1, 3)]
    press(explorer, "workbench-edit-selected")
    assert find(explorer, "workbench-edit-clusters").value == (1, 3)
    press(explorer, "workbench-edit-merge")
    assert explorer.edits.sentences() == ("Merged 1, 3.",)
    assert find(explorer, "workbench-edit-clusters").value == (1,)
    assert find(explorer, "workbench-edit-assign").disabled  # none is unclustered
    press(explorer, "workbench-edit-undo")
    assert find(explorer, "workbench-edit-undo").disabled
    assert find(explorer, "workbench-edit-clusters").value == ()  # 1 was another cluster


def test_stability_stays_with_the_groups_it_was_asked_for(
    explorer: ClusterExplorer, find: Find, press: Press, choose: Choose, wait: Wait
) -> None:
    press(explorer, "workbench-stability")
    wait(idle(explorer))
    find(explorer, "workbench-edit-clusters").set_state({"index": [0]})
    find(explorer, "workbench-edit-name").set_state({"value": "named"})
    press(explorer, "workbench-edit-rename")
    assert "verdict" in explorer.view().meta["clusters"][0]  # another name, the same texts
    assert "asked before the edits" not in explorer.status.text
    press(explorer, "workbench-edit-split")
    assert "verdict" not in explorer.view().meta["clusters"][0]
    assert "asked before the edits, so no bar says it" in explorer.status.text
    press(explorer, "workbench-edit-undo")
    assert "verdict" in explorer.view().meta["clusters"][0]


def test_a_value_adopted_while_stability_runs_ends_that_run(
    explorer: ClusterExplorer, find: Find, press: Press, choose: Choose, wait: Wait
) -> None:
    find(explorer, "workbench-sweep-values").set_state({"value": "2, 3"})
    press(explorer, "workbench-sweep")
    wait(idle(explorer))
    press(explorer, "workbench-stability")
    choose(explorer, "workbench-sweep-adopt", "2")
    assert not explorer.busy
    assert find(explorer, "workbench-cancel").disabled
    assert explorer.status.text.startswith("n_clusters=2: 2 clusters")
    assert find(explorer, "workbench-parameter-n_clusters").value == 2
    press(explorer, "workbench-stability")
    wait(idle(explorer))
    assert explorer.stability is not None
    assert len(explorer.stability.jaccard) == 2


def test_a_run_can_be_cancelled(
    explorer: ClusterExplorer, find: Find, press: Press, wait: Wait
) -> None:
    before = explorer.view().figure
    find(explorer, "workbench-sweep-values").set_state({"value": "2 3 4 5 6 7 8 9 10 11 12"})
    press(explorer, "workbench-sweep")
    press(explorer, "workbench-cancel")
    wait(idle(explorer))
    assert explorer.status.text == "Cancelled; the picture is as it was."
    assert explorer.sweep is None
    assert explorer.view().figure == before


def test_all_texts_unclustered(texts_of: TextsOf, find: Find, press: Press) -> None:
    explorer = ClusterExplorer(texts_of(12), method="community", threshold=0.99)
    assert explorer.clustering.unclustered == 12
    assert explorer.view().figure.layout.yaxis.ticktext == ("unclustered",)
    assert find(explorer, "workbench-edit-assign").disabled
    press(explorer, "workbench-stability")
    assert set(explorer.cluster_column()) == {"unclustered"}


def test_identical_texts(press: Press, wait: Wait) -> None:
    same = Embeddings.from_array(np.ones((6, 4), np.float32), ["the same text"] * 6)
    explorer = ClusterExplorer(same, method="kmeans", n_clusters=3)
    press(explorer, "workbench-compute")
    wait(idle(explorer))
    assert not explorer.status.failed
    assert len(explorer.clustering.clusters) == 1


def test_a_clusterer_with_an_infinite_parameter_can_be_saved(texts_of: TextsOf) -> None:
    view = ClusterExplorer(texts_of(60), method=OPTICS(max_eps=np.inf, metric="cosine")).view()
    parameters = view.state["parameters"]
    assert isinstance(parameters, dict)
    assert parameters["max_eps"] == "inf"
    assert parameters["min_samples"] == 5


def test_a_clusterer_that_cannot_travel_is_refused_before_any_work(
    texts_of: TextsOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def far(one: Any, other: Any) -> float:
        return float(np.abs(one - other).sum())

    far.__module__ = far.__qualname__ = "__main__"
    mine = type("Mine", (KMeans,), {"__module__": "__main__"})
    monkeypatch.delattr("workbench.widgets._cluster_start.cluster")
    for method, said in (
        (mine(2), r"method: .*Mine is defined in this notebook.*from my_module import Mine"),
        (Pipeline([("k", mine(2))]), "Mine is defined in this notebook"),
        (DBSCAN(metric=far), r"far is defined in this notebook.*a \.py file beside the notebook"),
        (DBSCAN(metric=lambda one, other: 0.0), "cannot be given this.*lambda"),
    ):
        with pytest.raises(InputError, match=said):
            ClusterExplorer(texts_of(30), method=method)


def test_who_is_told_of_clusters_may_fail(
    explorer: ClusterExplorer, press: Press, choose: Choose, wait: Wait
) -> None:
    seen: list[Any] = []
    explorer.on_clustering(lambda found: 1 / 0)
    explorer.on_clustering(seen.append)
    choose(explorer, "workbench-method", "agglomerative")
    wait(idle(explorer))
    assert "A function given to on_clustering failed: ZeroDivisionError" in explorer.status.text
    assert "as it was" not in explorer.status.text
    assert seen == [explorer.clustering]
    edits = explorer.edits.rename(0, "mine")
    explorer.edit(edits)
    assert explorer.status.text.startswith("A function given to on_clustering failed")
    press(explorer, "workbench-edit-undo")
    assert "As it was computed." in explorer.status.text
    assert "A function given to on_clustering failed" in explorer.status.text


def test_progress_of_a_run_that_was_replaced_is_dropped(
    explorer: ClusterExplorer, press: Press, wait: Wait
) -> None:
    press(explorer, "workbench-stability")
    first = explorer._run
    press(explorer, "workbench-sweep")
    explorer._count(first, 7, 48)
    assert "48" not in explorer.status.progress
    wait(idle(explorer))
    assert explorer.sweep is not None
