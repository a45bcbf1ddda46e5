"""Stability, silhouettes, hierarchy and sweep as figures: each number where it belongs."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from workbench.analysis import (
    ClusterFacts,
    ClusterHierarchy,
    Clustering,
    ClusterStability,
    ParameterSweep,
    cluster,
    cluster_facts,
    cluster_hierarchy,
    cluster_stability,
    sweep,
)
from workbench.analysis.stability import verdict
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.views import View, clusters_view, redacted, view_of
from workbench.views._cluster_bars import verdict_mark


def embedded(count: int = 80, groups: int = 4) -> Embeddings:
    owner = np.arange(count) % groups
    words = ("refund", "parcel", "password", "coffee")
    corpus = Corpus(
        tuple(f"{words[one % 4]} secret{one} {row}" for row, one in enumerate(owner)),
        columns={"flank": ["a", "b"] * (count // 2)},
        label="flank",
    )
    width = max(8, groups)
    noise = np.random.default_rng(1).normal(size=(count, width))
    return Embeddings.from_array(5 * np.eye(width)[owner] + noise, corpus, name="groups")


@pytest.fixture(scope="module")
def clustering() -> Clustering:
    return cluster(embedded(), method="kmeans", n_clusters=4)


@pytest.fixture(scope="module")
def facts(clustering: Clustering) -> ClusterFacts:
    return cluster_facts(clustering)


@pytest.fixture(scope="module")
def stability(clustering: Clustering) -> ClusterStability:
    return cluster_stability(clustering, n_runs=3, progress=False)


@pytest.fixture(scope="module")
def hierarchy(clustering: Clustering) -> ClusterHierarchy:
    return cluster_hierarchy(clustering)


@pytest.fixture(scope="module")
def swept() -> ParameterSweep:
    return sweep(embedded(), method="kmeans", parameter="n_clusters", values=[2, 4, 6], n_runs=3,
                 progress=False)  # fmt: skip


def test_bars_carry_what_is_known_of_each_cluster(
    clustering: Clustering, facts: ClusterFacts, stability: ClusterStability
) -> None:
    view = clusters_view(clustering, facts=facts, stability=stability)
    held = stability.to_frame()
    for bar, text in zip(view.meta["clusters"], view.figure.data[0].text, strict=True):
        label = bar["label"]
        assert bar["density"] == pytest.approx(facts.density[label], abs=1e-4)
        assert bar["silhouette"] == pytest.approx(facts.silhouette[label], abs=1e-4)
        assert [near for near, _ in bar["nearest"]] == [n for n, _ in facts.nearest_to(label)]
        assert bar["verdict"] == held["verdict"][label]
        assert text == f"{bar['size']} {bar['mark']} {bar['verdict']}, {bar['jaccard']:.2f}"
        assert bar["far"] == len(facts.outliers(label))
        assert bar["outliers"] == facts.outliers(label)[:3].tolist()
    assert f"adjusted Rand {stability.over_subsamples.estimate:.2f}" in view.meta["subtitle"]
    other = cluster(embedded(), method="kmeans", n_clusters=3)
    with pytest.raises(InputError, match="facts= is of other clusters"):
        clusters_view(other, facts=facts)


def test_stability_shows_means_with_intervals(stability: ClusterStability) -> None:
    view = view_of(stability)
    (points,) = view.figure.data
    held = stability.to_frame().set_index("cluster")
    order = points.customdata.tolist()
    np.testing.assert_allclose(points.x, held["jaccard"][order], atol=1e-4)
    high = points.x + np.asarray(points.error_x.array)
    np.testing.assert_allclose(high, held["jaccard_high"][order], atol=2e-4)
    words = [note.text for note in view.figure.layout.annotations]
    assert words == ["not to be trusted", "doubtful", "stable", "highly stable"]
    assert [shape.x0 for shape in view.figure.layout.shapes] == [0.0, 0.6, 0.75, 0.85]
    assert f"{stability.over_subsamples.estimate:.2f}" in view.meta["subtitle"]


def test_silhouettes_are_sorted_within_each_cluster(facts: ClusterFacts) -> None:
    view = view_of(facts)
    rows = np.concatenate([trace.customdata for trace in view.figure.data])
    assert sorted(rows.tolist()) == list(range(80))
    for trace, bar in zip(view.figure.data, view.meta["clusters"], strict=True):
        assert set(facts.clustering.labels[trace.customdata]) == {bar["label"]}
        np.testing.assert_allclose(trace.x, facts.point_silhouette[trace.customdata], atol=1e-6)
        assert (np.diff(trace.x) <= 0).all()
    assert view.meta["misplaced"] == np.flatnonzero(facts.point_silhouette < 0).tolist()
    mean = np.nanmean(facts.point_silhouette)
    (line,), (note,) = view.figure.layout.shapes, view.figure.layout.annotations
    assert line.x0 == line.x1 == pytest.approx(mean, abs=1e-4)
    assert note.text == f"mean {mean:.2f}"
    assert f"Mean {mean:.2f}; " in view.meta["subtitle"]
    ends = [(trace.y[0], trace.y[-1]) for trace in view.figure.data]
    assert all(end < start for (_, end), (start, _) in pairwise(ends))


def test_many_silhouettes_are_thinned_and_it_says_so() -> None:
    many = cluster(embedded(4000), method="kmeans", n_clusters=4)
    view = view_of(cluster_facts(many))
    drawn = sum(len(trace.x) for trace in view.figure.data)
    assert 1300 <= drawn <= 1504
    assert "Each bar stands for 3 texts" in view.meta["subtitle"]


def test_a_small_cluster_among_many_texts_is_drawn_by_its_middle_text() -> None:
    which = np.repeat(np.arange(3), (9000, 6, 4))
    noise = np.random.default_rng(0).normal(0, 0.01, (len(which), 3))
    corpus = Corpus(tuple(f"text {row}" for row in range(len(which))))
    source = Embeddings.from_array(np.eye(3)[which] + noise, corpus)
    facts = cluster_facts(cluster(source, method="kmeans", n_clusters=3))
    view = view_of(facts)
    assert view.meta["each"] == 7
    for trace, bar in list(zip(view.figure.data, view.meta["clusters"], strict=True))[1:]:
        rows = np.flatnonzero(facts.clustering.labels == bar["label"])
        assert len(rows) in (6, 4)
        falling = rows[np.argsort(-facts.point_silhouette[rows], kind="stable")]
        assert trace.customdata.tolist() == [falling[(len(rows) - 1) // 2]]


def test_boxes_begin_where_their_parents_end(hierarchy: ClusterHierarchy) -> None:
    view = view_of(hierarchy)
    (boxes,) = view.figure.data
    nodes = hierarchy.nodes
    begin, end = np.asarray(boxes.base), np.asarray(boxes.base) + np.asarray(boxes.x)
    for at, node in enumerate(nodes):
        ends = node.similarity if len(node.clusters) > 1 else 1.0
        assert end[at] == pytest.approx(ends, abs=1e-3)
        if node.parent >= 0:
            assert begin[at] == pytest.approx(nodes[node.parent].similarity, abs=1e-3)
    leaves = np.sort(np.asarray(boxes.y)[:4])
    assert leaves.tolist() == [0, 1, 2, 3]
    assert boxes.y[-1] == pytest.approx(1.5)  # the last node spans all of them
    assert boxes.width[-1] == pytest.approx(4, abs=0.1)


def test_names_stand_beyond_cosine_1_and_ticks_do_not(hierarchy: ClusterHierarchy) -> None:
    view = view_of(hierarchy)
    (boxes,) = view.figure.data
    single = [len(node.clusters) == 1 for node in hierarchy.nodes]
    assert list(boxes.textposition) == ["outside" if one else "inside" for one in single]
    axis = view.figure.layout.xaxis
    assert axis.range[1] > 1.2 > 1.0 >= max(axis.tickvals)


def test_clusters_that_are_one_at_1_have_boxes(hierarchy: ClusterHierarchy) -> None:
    nodes = tuple(replace(node, similarity=1.0) for node in hierarchy.nodes)
    (boxes,) = view_of(replace(hierarchy, nodes=nodes)).figure.data
    assert min(boxes.x[:4]) > 0
    assert max(np.asarray(boxes.base) + np.asarray(boxes.x)) <= 1.0


def test_a_sweep_marks_the_best_value(swept: ParameterSweep) -> None:
    view = view_of(swept)
    frame = swept.to_frame()
    assert [trace.name for trace in view.figure.data] == [
        "stability", "silhouette", "clusters", "unclustered_share"
    ]  # fmt: skip
    for trace in view.figure.data:
        np.testing.assert_allclose(trace.y, frame[trace.name])
    assert view.texts["id"].tolist() == ["2", "4", "6"]
    best = swept.values.index(swept.best())
    assert view.meta["best"] == best
    assert [shape.x0 for shape in view.figure.layout.shapes] == [best]
    assert [(note.x, note.text) for note in view.figure.layout.annotations] == [(best, "best")]
    assert view.figure.layout.xaxis.ticktext == ("2", "4", "6")


@pytest.mark.parametrize("which", ["stability", "facts", "hierarchy", "clustering", "swept"])
def test_an_artifact_comes_back_and_a_private_one_quotes_nothing(
    which: str, request: pytest.FixtureRequest
) -> None:
    view = view_of(request.getfixturevalue(which))
    back = View.from_json(view.to_json())
    assert back.kind == view.kind
    assert json.dumps(back.meta["title"]) == json.dumps(view.meta["title"])
    private = redacted(view, texts=False, columns=[])
    written = private.to_json()
    assert not [word for word in ("refund", "secret", "parcel", "flank") if word in written]
    assert len(private.figure.data) == len(view.figure.data)


@pytest.fixture(scope="module")
def crowd() -> Clustering:
    return cluster(embedded(400, 60), method="kmeans", n_clusters=60)


def test_more_clusters_than_are_drawn_are_said(crowd: Clustering) -> None:
    silhouettes = view_of(cluster_facts(crowd))
    held = view_of(cluster_stability(crowd, n_runs=2, progress=False))
    for view in (silhouettes, held):
        assert "The 40 largest of 60 clusters are drawn." in view.meta["subtitle"]
        assert len(view.meta["clusters"]) == 40
        assert len(view.meta["smaller"]) == 20
    assert len(silhouettes.figure.data) == 40
    low, high = sorted(silhouettes.figure.layout.yaxis.range)
    apart = np.diff(silhouettes.figure.layout.yaxis.tickvals) / (high - low)
    assert apart.min() * (silhouettes.figure.layout.height - 200) > 14  # pixels: names stand apart
    assert len(held.figure.data[0].x) == 40
    tree = view_of(cluster_hierarchy(crowd))
    assert tree.figure.layout.height == 150 + 1200
    assert len({node["name"] for node in tree.meta["nodes"][:60]}) == 60
    private = redacted(tree, texts=False).to_json()
    assert not [word for word in ("refund", "secret", "parcel") if word in private]


@pytest.mark.parametrize(
    ("jaccard", "mark"),
    [(0.9, "●●●"), (0.8, "●●○"), (0.6, "●○○"), (0.2, "○○○"), (float("nan"), "○○○")],
)
def test_a_verdict_has_a_mark(jaccard: float, mark: str) -> None:
    assert verdict_mark(verdict(jaccard)) == mark


def test_identical_texts_have_figures() -> None:
    same = Embeddings.from_array(np.ones((6, 4), np.float32), ["the same text"] * 6)
    for clustering in (cluster(same, method="kmeans", n_clusters=1), cluster(same)):
        if clustering.clusters:
            tree = view_of(cluster_hierarchy(clustering))
            assert (np.asarray(tree.figure.data[0].x) > 0).all()
            assert view_of(cluster_facts(clustering)).meta["mean"] is None
        assert view_of(clustering).kind == "clusters"


@pytest.mark.parametrize("n", [1, 2, 3])
def test_figures_of_few_texts(n: int) -> None:
    few = cluster(embedded(4).take(range(n)), method="kmeans", n_clusters=n)
    assert view_of(few).figure.data[0].x.sum() == n
    assert sum(len(trace.x) for trace in view_of(cluster_facts(few)).figure.data) == n
    assert len(view_of(cluster_hierarchy(few)).figure.data[0].x) == 2 * n - 1


def test_one_cluster_and_none() -> None:
    one = cluster(embedded(8, 1), method="kmeans", n_clusters=1)
    assert len(view_of(cluster_hierarchy(one)).figure.data[0].x) == 1
    silhouettes = view_of(cluster_facts(one))
    assert "nan" not in silhouettes.meta["subtitle"]
    assert silhouettes.figure.layout.shapes == ()
    none = cluster(embedded(8), method="hdbscan")
    assert view_of(none).figure.layout.yaxis.ticktext == ("unclustered",)
    with pytest.raises(InputError, match="all 8 texts are unclustered"):
        cluster_hierarchy(none)
