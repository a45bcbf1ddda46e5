"""What widgets with a figure share: the selection, what is kept of it, the column it becomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.views import View
from workbench.widgets import EmbeddingMap, FigureHost, SimilarityHeatmap

TextsOf = Callable[[int], Embeddings]


def test_a_kept_selection_is_a_column(texts_of: TextsOf) -> None:
    panel = SimilarityHeatmap(texts_of(5))
    assert panel.column().tolist() == [None] * 5
    panel.selections = {"late": ["t3", "t1", "t3"], "rude": ["t3"]}
    assert panel.selections == {"late": ["t1", "t3"], "rude": ["t3"]}
    column = panel.column("mine")
    assert column.to_dict() == {
        "t0": None, "t1": "late", "t2": None, "t3": "late, rude", "t4": None
    }  # fmt: skip
    assert (column.name, column.index.name) == ("mine", "id")
    frame = panel.matrix.embeddings.corpus.to_frame().set_index("id")
    assert frame.join(column)["mine"].tolist() == column.tolist()


def test_what_is_kept_goes_to_the_figure_and_comes_from_it(texts_of: TextsOf) -> None:
    panel = SimilarityHeatmap(texts_of(5))
    heard: list[Any] = []
    panel.observe(lambda change: heard.append(change["new"]), "selections")
    panel.selections = {"late": ["t1"]}
    assert panel.view().state["selections"] == {"late": ["t1"]}
    # A linked figure may hold more texts than this one.
    kept = {"late": ["t1"], "all": ["a text elsewhere", "t0"]}
    panel._host.set_state({"selections": kept})
    assert panel.selections == kept
    assert panel.column().tolist() == ["all", "late", None, None, None]
    assert heard == [{"late": ["t1"]}, kept]
    restored = FigureHost(View.from_json(panel.view().to_json()))
    assert restored.selections == kept


def test_a_map_coloured_by_what_is_kept_can_be_made_anew(
    texts_of: TextsOf, choose: Callable[..., None], wait: Callable[..., None]
) -> None:
    panel = EmbeddingMap(texts_of(12), method="pca")
    panel.selections = {"late": ["t1"]}
    panel._host.set_state({"controls": {"color_by": "kept selections"}})
    choose(panel, "workbench-method", "tsne")
    wait(lambda: not panel.busy)
    assert not panel.status.failed
    assert panel.projection.method == "tsne"
    state = panel.view().state
    assert (state["color_by"], state["selections"]) == ("kept selections", {"late": ["t1"]})


def test_unknown_ids_are_not_kept(texts_of: TextsOf) -> None:
    panel = SimilarityHeatmap(texts_of(5))
    said = r"selections: 1 of the ids of 'late' are not in this figure, the first is 't9'"
    with pytest.raises(InputError, match=said):
        panel.selections = {"late": ["t1", "t9"]}
    assert panel.selections == {}
