"""What is saved from a widget comes back from MLflow: selection, names, options, edits."""

from __future__ import annotations

import numpy as np
import pytest
from ipywidgets import Widget

from workbench.analysis import ClusterEdits
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.tracking import open_view, track
from workbench.widgets import ClusterExplorer, EmbeddingMap, FigureHost


@pytest.fixture
def embeddings() -> Embeddings:
    owner = np.arange(40) % 4
    noise = np.random.default_rng(0).normal(size=(40, 6))
    corpus = Corpus(tuple(f"text {row}" for row in range(40)), name="forty")
    return Embeddings.from_array(4 * np.eye(6)[owner] + noise, corpus)


def test_a_map_comes_back_as_it_was(store: str, embeddings: Embeddings) -> None:
    with track("saved", store) as run:
        drawn = EmbeddingMap(embeddings, method="pca", on_save=run.log)
        drawn.selection = ["3", "5"]
        drawn.selections = {"mine": ["3", "5", "7"]}
        (host,) = (part for part in drawn.children if isinstance(part, FigureHost))
        host.set_state({"controls": {"color_by": "real_share", "options": {"doubtful": True}}})
        drawn._save()
        assert "Saved" in drawn.status.text
    view = open_view(run.id, "map", store)
    assert view.state["selection"] == ["3", "5"]
    assert view.state["selections"] == {"mine": ["3", "5", "7"]}
    assert view.state["color_by"] == "real_share"
    assert view.state["options"] == {"doubtful": True}
    assert view.state["method"] == "pca"
    shown = FigureHost(view)
    assert shown.selection == ["3", "5"]
    assert shown.controls["options"] == {"doubtful": True}
    assert shown.selections == {"mine": ["3", "5", "7"]}
    Widget.close_all()


def test_edits_replay_on_the_same_clusters(store: str, embeddings: Embeddings) -> None:
    with track("saved", store) as run:
        explorer = ClusterExplorer(embeddings, method="kmeans", n_clusters=4, on_save=run.log)
        original = explorer.clustering
        explorer.edit(ClusterEdits.of(original).merge([0, 1], "both").split(1))
        explorer._save()
    view = open_view(run.id, "clusters", store)
    edits = ClusterEdits.from_json(str(view.state["edits"]))
    again = edits.apply(original)
    np.testing.assert_array_equal(again.labels, explorer.clustering.labels)
    assert view.texts["cluster"].tolist() == again.labels.tolist()
    assert view.state["parameters"] == {"n_clusters": 4}
    Widget.close_all()
