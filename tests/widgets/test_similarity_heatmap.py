from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.views import View
from workbench.widgets import SimilarityHeatmap

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


def test_many_texts_are_sampled_and_it_says_so() -> None:
    vectors = np.random.default_rng(0).normal(size=(20_000, 8))
    embeddings = Embeddings.from_array(vectors, [f"text {row}" for row in range(20_000)])
    widget = SimilarityHeatmap(embeddings)
    view = widget.view()
    assert widget.matrix.values.shape == (2000, 2000)
    assert view.meta["subtitle"].startswith("a random sample of 2,000 of 20,000 texts")
    assert view.meta["corpus"] == embeddings.corpus.fingerprint
    again = SimilarityHeatmap(embeddings).view()
    assert again.texts["id"].tolist() == view.texts["id"].tolist()
    other = SimilarityHeatmap(embeddings, random_state=1).view()
    assert other.texts["id"].tolist() != view.texts["id"].tolist()


def test_many_other_texts_are_sampled_too() -> None:
    vectors = np.random.default_rng(0).normal(size=(20_000, 4))
    rows = Embeddings.from_array(vectors, [f"text {row}" for row in range(20_000)])
    columns = Embeddings.from_array(-vectors, [f"other {row}" for row in range(20_000)])
    widget = SimilarityHeatmap(rows, columns)
    assert widget.matrix.values.shape == (2000, 2000)
    sample = "a random sample of 2,000 of 20,000 texts"
    assert widget.view().meta["subtitle"].startswith(f"{sample} × {sample}")
    assert SimilarityHeatmap(rows, rows).matrix.symmetric


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
    ],
)
def test_what_cannot_be_is_refused(texts_of: TextsOf, options: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        SimilarityHeatmap(texts_of(5), **options)


def test_no_embeddings_are_refused() -> None:
    with pytest.raises(InputError, match="expected Embeddings; got list"):
        SimilarityHeatmap([[1.0]])  # type: ignore[arg-type]
