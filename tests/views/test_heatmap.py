"""The heatmap: which value stands in which cell, and how exactly."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import numpy as np
import pytest
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from workbench.analysis import SimilarityMatrix, cluster, similarity_matrix
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.views import View, heatmap_view

Embedded = Callable[..., Embeddings]


def numbered(count: int, **further: object) -> Corpus:
    return Corpus(tuple(f"text {row}" for row in range(count)), **further)


def shown(view: View) -> np.ndarray:
    """Return the values that the cells stand for."""
    cells = view.figure.data[0].z
    if not view.meta["coded"]:
        return np.asarray(cells)
    low, high = view.meta["value_range"]
    return np.asarray(low + cells.astype(np.float64) / 255 * (high - low))


def expected(view: View, matrix: SimilarityMatrix) -> np.ndarray:
    """Return what the cells should hold, from the ids of the rows and columns."""
    ids = view.texts["id"].to_numpy()
    rows = matrix.rows.corpus.positions(ids[view.meta["rows"]])
    columns = matrix.columns.corpus.positions(ids[view.meta["columns"]])
    return matrix.values[np.ix_(rows, columns)]


def test_small_ones_are_exact(corpus: Corpus, embedded: Embedded) -> None:
    matrix = similarity_matrix(embedded(corpus))
    view = heatmap_view(matrix)
    assert view.figure.data[0].z.dtype == np.float32
    assert not view.meta["coded"]
    np.testing.assert_array_equal(view.figure.data[0].z, matrix.values)
    assert view.meta["rows"] == view.meta["columns"] == list(range(12))
    assert view.texts["id"].tolist() == list(corpus.ids)
    assert view.figure.layout.yaxis.autorange == "reversed", "the first text is on top"
    assert view.figure.layout.title.subtitle.text == "12 texts, in the order given"


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean", "manhattan"])
def test_large_ones_are_within_half_a_step(metric: str, embedded: Embedded) -> None:
    matrix = similarity_matrix(embedded(numbered(201)), metric=metric)
    view = heatmap_view(matrix)
    cells = view.figure.data[0].z
    assert cells.dtype == np.uint8
    low, high = view.meta["value_range"]
    step = (high - low) / 255
    assert np.abs(shown(view) - matrix.values).max() <= step / 2 + 1e-6
    if metric == "cosine":
        assert (low, high) == (-1, 1)
    else:
        assert (low, high) == pytest.approx((matrix.values.min(), matrix.values.max()))


@pytest.mark.parametrize("count", [12, 201])
def test_a_cosine_always_has_the_same_colours(count: int, embedded: Embedded) -> None:
    near = Embeddings.from_array(
        1 + 0.01 * embedded(numbered(count)).vectors, numbered(count), name="near"
    )
    for embeddings in (embedded(numbered(count)), near):
        drawn = heatmap_view(similarity_matrix(embeddings)).figure.data[0]
        code = 255 / 2 if count > 200 else 1
        zero = 255 / 2 if count > 200 else 0
        assert (drawn.zmin, drawn.zmax) == (zero, zero + code)
        names = [tick.removeprefix("≤ ") for tick in drawn.colorbar.ticktext]
        assert names == ["0.00", "0.25", "0.50", "0.75", "1.00"]
        np.testing.assert_allclose(drawn.colorbar.tickvals, zero + code * np.linspace(0, 1, 5))


def test_values_below_the_scale_are_told(embedded: Embedded) -> None:
    opposite = Embeddings.from_array([[1.0, 0], [-1, 0]], ["a", "b"])
    assert heatmap_view(similarity_matrix(opposite)).figure.data[0].colorbar.ticktext[0] == "≤ 0.00"
    alike = Embeddings.from_array([[1.0, 0], [1, 1]], ["a", "b"])
    assert heatmap_view(similarity_matrix(alike)).figure.data[0].colorbar.ticktext[0] == "0.00"


@pytest.mark.parametrize("metric", ["dot", "euclidean"])
def test_equal_values_can_be_drawn(metric: str) -> None:
    same = Embeddings.from_array(np.ones((201, 2)), numbered(201))
    view = heatmap_view(similarity_matrix(same, metric=metric))
    np.testing.assert_allclose(
        shown(view), similarity_matrix(same, metric=metric).values, atol=1e-6
    )


@pytest.mark.parametrize("count", [12, 230])
@pytest.mark.parametrize("order", ["given", "label", "similarity"])
def test_rows_and_columns_say_where_the_texts_went(
    order: str, count: int, embedded: Embedded
) -> None:
    topics = np.random.default_rng(3).choice(["a", "b", "c"], count)
    corpus = numbered(count, columns={"topic": topics}, label="topic")
    matrix = similarity_matrix(embedded(corpus))
    view = heatmap_view(matrix, order=order)
    rows = view.meta["rows"]
    assert sorted(rows) == list(range(count)), "a permutation"
    assert rows == view.meta["columns"]
    np.testing.assert_allclose(shown(view), expected(view, matrix), atol=1 / 255 + 1e-6)
    if order == "label":
        names = topics[rows].tolist()
        assert names == sorted(names)
        assert view.figure.layout.yaxis.ticktext == ("a", "b", "c")
        starts = [names.index(name) for name in "abc"]
        ends = [*starts[1:], count]
        middles = [(start + end - 1) / 2 for start, end in zip(starts, ends, strict=True)]
        assert list(view.figure.layout.yaxis.tickvals) == middles
    elif order == "similarity":
        assert neighbours(shown(view)) > neighbours(shown(heatmap_view(matrix)))


def test_texts_without_a_label_come_last(embedded: Embedded) -> None:
    labels = ["b", None, "a", "\ud800", None, "None"]
    corpus = numbered(6, columns={"l": labels}, label="l")
    view = heatmap_view(similarity_matrix(embedded(corpus)), order="label")
    assert view.meta["rows"] == [5, 2, 0, 3, 1, 4]
    assert view.figure.layout.yaxis.ticktext == ("None", "a", "b", "?", "(none)")
    assert View.from_json(view.to_json()).texts["l"].tolist() == labels


def test_clusters_stand_in_the_order_of_their_numbers() -> None:
    owner = np.random.default_rng(0).permutation(np.arange(48) % 12)
    vectors = 5 * np.eye(12)[owner] + 0.01
    embeddings = Embeddings.from_array(vectors, numbered(48))
    clustering = cluster(embeddings, method="kmeans", n_clusters=12)
    view = heatmap_view(similarity_matrix(embeddings), order="cluster", clustering=clustering)
    assert clustering.labels[view.meta["rows"]].tolist() == np.repeat(np.arange(12), 4).tolist()


def neighbours(values: np.ndarray) -> float:
    """Return how alike texts that stand side by side are, on average."""
    return float(np.diagonal(values, 1).mean())


def test_similarity_keeps_groups_together() -> None:
    topics = np.arange(40) % 4
    vectors = 5 * np.eye(4)[topics] + 0.1 * np.random.default_rng(0).normal(size=(40, 4))
    matrix = similarity_matrix(Embeddings.from_array(vectors, numbered(40)))
    drawn = topics[heatmap_view(matrix, order="similarity").meta["rows"]]
    assert np.count_nonzero(np.diff(drawn)) == 3
    distances = squareform(np.maximum(1 - matrix.values, 0), checks=False)
    scipys = topics[leaves_list(linkage(distances, "average", optimal_ordering=True))]
    assert drawn.tolist() in (scipys.tolist(), scipys[::-1].tolist())


@pytest.mark.parametrize("order", ["given", "label", "similarity"])
def test_two_sets_of_texts(order: str, corpus: Corpus, embedded: Embedded) -> None:
    other = numbered(5, columns={"label": list("baaab")}, label="label", name="others")
    matrix = similarity_matrix(embedded(corpus), embedded(other))
    view = heatmap_view(matrix, order=order)
    assert view.texts["id"].tolist() == [*corpus.ids, *other.ids]
    assert sorted(view.meta["rows"]) == list(range(12))
    assert sorted(view.meta["columns"]) == list(range(12, 17))
    places = np.array(view.meta["columns"]) - 12
    np.testing.assert_array_equal(
        view.figure.data[0].z, matrix.values[np.ix_(view.meta["rows"], places)]
    )
    assert view.title == "twelve × others · random · cosine similarity"
    assert view.meta["corpus"] == f"{corpus.fingerprint} × {other.fingerprint}"


def test_each_side_has_its_own_label(corpus: Corpus, embedded: Embedded) -> None:
    other = numbered(5, columns={"kind": list("baaab")}, label="kind")
    matrix = similarity_matrix(embedded(corpus), embedded(other))
    layout = heatmap_view(matrix, order="label").figure.layout
    assert layout.yaxis.ticktext == ("a", "b", "c", "(none)")
    assert layout.xaxis.ticktext == ("a", "b")
    assert layout.xaxis.tickvals == (1, 3.5)


def test_columns_sampled_before_are_told(corpus: Corpus, embedded: Embedded) -> None:
    other = numbered(9)
    matrix = similarity_matrix(embedded(corpus), embedded(other).take([1, 5]))
    view = heatmap_view(matrix, columns_from=other)
    assert view.meta["subtitle"].startswith("12 texts × a random sample of 2 of 9 texts, ")
    assert view.meta["corpus"] == f"{corpus.fingerprint} × {other.fingerprint}"


def test_long_labels_cost_what_they_are_long(embedded: Embedded) -> None:
    labels = ["x" * 5_000_000, *["a", "a\x00"] * 99]
    corpus = numbered(199, columns={"l": labels}, label="l")
    view = heatmap_view(similarity_matrix(embedded(corpus)), order="label")
    assert [labels[row] for row in view.meta["rows"]] == sorted(labels)
    assert view.figure.layout.yaxis.ticktext == ("a", "a\ufffd", "x" * 23 + "…")


def test_two_sets_with_the_same_ids(embedded: Embedded) -> None:
    view = heatmap_view(similarity_matrix(embedded(numbered(3)), embedded(numbered(2))))
    ids = ["row 0", "row 1", "row 2", "column 0", "column 1"]
    assert view.texts["id"].tolist() == ids


@pytest.fixture(scope="module")
def many() -> SimilarityMatrix:
    corpus = numbered(2100, columns={"parity": np.arange(2100) % 2}, label="parity")
    vectors = np.random.default_rng(0).normal(size=(2100, 4))
    return similarity_matrix(Embeddings.from_array(vectors, corpus, name="random"))


@pytest.mark.parametrize("order", ["given", "label", "similarity"])
def test_above_2000_texts_a_sample_is_drawn_and_told(order: str, many: SimilarityMatrix) -> None:
    view = heatmap_view(many, order=order, random_state=1)
    assert view.figure.data[0].z.shape == (2000, 2000)
    assert len(view.texts) == 2000
    said = view.figure.layout.title.subtitle.text
    assert said.startswith("a random sample of 2,000 of 2,100 texts, ")
    assert np.abs(shown(view) - expected(view, many)).max() <= 1 / 255 + 1e-6
    rows = many.rows.corpus.positions(view.texts["id"])
    assert (np.diff(rows) > 0).all(), "in the corpus' order"


def test_the_sample_follows_the_seed(many: SimilarityMatrix) -> None:
    first, again, other = (heatmap_view(many, random_state=seed).texts["id"] for seed in (1, 1, 2))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_a_sample_drawn_before_is_told(corpus: Corpus, embedded: Embedded) -> None:
    part = embedded(corpus).take([1, 5, 7])
    view = heatmap_view(similarity_matrix(part), sampled_from=corpus)
    said = view.figure.layout.title.subtitle.text
    assert said == "a random sample of 3 of 12 texts, in the order given"
    assert view.meta["corpus"] == corpus.fingerprint, "selections link to the whole corpus"


def test_hostile_ids_and_labels_are_shown_as_they_are(embedded: Embedded) -> None:
    ids = ("<b>i</b>", "$x$", "<script>")
    corpus = Corpus(("a", "b", "c"), ids, columns={"l": ["<i>", "$y$", "<i>"]}, label="l")
    matrix = similarity_matrix(embedded(corpus))
    for order, names in (("given", list(ids)), ("label", ["$y$", "<i>"])):
        ticks = heatmap_view(matrix, order=order).figure.layout.yaxis.ticktext
        assert not set("".join(ticks)) & set("<>$")
        assert [unescape(tick) for tick in ticks] == names


def test_orders_that_are_none(embedded: Embedded) -> None:
    matrix = similarity_matrix(embedded(numbered(3)))
    with pytest.raises(InputError, match=r"order='labels' is unknown.*label"):
        heatmap_view(matrix, order="labels")
    with pytest.raises(InputError, match="needs a corpus with a label; 'texts' has none"):
        heatmap_view(matrix, order="label")


def test_one_text(embedded: Embedded) -> None:
    view = heatmap_view(similarity_matrix(embedded(numbered(1))), order="similarity")
    assert view.figure.data[0].z.shape == (1, 1)
