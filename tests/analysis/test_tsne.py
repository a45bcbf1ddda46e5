from __future__ import annotations

from importlib.metadata import version

import numpy as np
import pytest
from sklearn import manifold
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors

from workbench._arrays import FloatArray
from workbench.analysis import Neighbors, nearest_neighbors, project
from workbench.analysis import _tsne as tsne
from workbench.analysis._tsne import TsneSettings, tsne_by_scikit_learn, tsne_by_scranpy
from workbench.corpus import samples
from workbench.embeddings import Embeddings, embed
from workbench.models import DenseEncoder

PLAIN = TsneSettings(perplexity=30.0, early_exaggeration=12.0, max_iter=1_000, random_state=0)


@pytest.fixture(scope="module")
def tickets(minilm: DenseEncoder) -> Embeddings:
    return embed(samples.support_tickets(), minilm, progress=False)


@pytest.fixture(scope="module")
def near(tickets: Embeddings) -> Neighbors:
    return nearest_neighbors(tickets, 91)


def chords(near: Neighbors) -> FloatArray:
    return np.asarray(np.sqrt(2.0 * np.maximum(near.distances, 0.0)))


def trust(found: Embeddings, layout: FloatArray) -> float:
    return float(manifold.trustworthiness(found.vectors, layout, n_neighbors=15, metric="cosine"))


@pytest.fixture(scope="module")
def reference(tickets: Embeddings) -> float:
    """How far scikit-learn's own map, on neighbours that it looks for itself, is to be trusted."""
    return trust(tickets, TSNE(random_state=0).fit_transform(tickets.unit()))


def test_scranpys_map_is_as_good_as_scikit_learns(
    tickets: Embeddings, near: Neighbors, reference: float
) -> None:
    layout = tsne_by_scranpy(near.indices, chords(near), PLAIN)
    assert layout.shape == (len(tickets), 2)
    assert trust(tickets, layout) == pytest.approx(reference, abs=0.01)
    again = tsne_by_scranpy(near.indices, chords(near), PLAIN)
    np.testing.assert_array_equal(again, layout)
    other = TsneSettings(30.0, 12.0, 1_000, random_state=1)
    assert not np.allclose(tsne_by_scranpy(near.indices, chords(near), other), layout, atol=1.0)


@pytest.mark.parametrize("seed", [2**31, 2**32 - 1])
def test_a_seed_larger_than_scranpys_own(near: Neighbors, seed: int) -> None:
    settings = TsneSettings(30.0, 12.0, 20, random_state=seed)
    layout = tsne_by_scranpy(near.indices, chords(near), settings)
    assert np.isfinite(layout).all()


def test_a_short_run_of_scranpys_is_as_good(
    tickets: Embeddings, near: Neighbors, reference: float
) -> None:
    short = TsneSettings(30.0, 12.0, max_iter=250, random_state=0)
    layout = tsne_by_scranpy(near.indices, chords(near), short)
    assert trust(tickets, layout) == pytest.approx(reference, abs=0.02)


def test_scikit_learn_is_given_the_exact_neighbours(
    tickets: Embeddings, near: Neighbors, reference: float
) -> None:
    graph = tsne._graph(near.indices, chords(near))
    exact = NearestNeighbors(n_neighbors=91, algorithm="brute")
    exact.fit(tickets.unit().astype(np.float64))
    np.testing.assert_allclose(
        graph.toarray(), exact.kneighbors_graph(mode="distance").toarray(), atol=1e-3
    )
    start = tickets.unit()[:, :2]
    layout = tsne_by_scikit_learn(near.indices, chords(near), PLAIN, start)
    assert trust(tickets, layout) == pytest.approx(reference, abs=0.01)


def test_a_map_says_what_made_it(tickets: Embeddings, monkeypatch: pytest.MonkeyPatch) -> None:
    few = tickets.take(range(60))
    found = project(few, method="tsne")
    assert found.made_by == found.summary()["made_by"] == f"scranpy {version('scranpy')}"
    monkeypatch.setattr(tsne, "find_spec", lambda name: None)
    plain = project(few, method="tsne")
    assert plain.made_by == f"scikit-learn {version('scikit-learn')}"
    assert plain.trustworthiness == pytest.approx(found.trustworthiness, abs=0.05)
    assert project(few).made_by == f"umap-learn {version('umap-learn')}"


@pytest.mark.parametrize("n", [5, 6, 10, 40])
def test_few_points_and_equal_ones(n: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(n, 8)).astype(np.float32)
    vectors[n // 2 :] = vectors[0]
    equal = Embeddings.from_array(vectors, [f"text {row}" for row in range(n)])
    layout = project(equal, method="tsne").coordinates
    assert np.isfinite(layout).all()
