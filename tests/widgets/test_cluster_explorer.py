from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from workbench.analysis import cluster
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.views import View
from workbench.widgets import ClusterExplorer

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
