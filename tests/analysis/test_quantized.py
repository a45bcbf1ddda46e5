"""Analyses read the numbers that quantised vectors stand for."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity, manhattan_distances
from sklearn.neighbors import NearestNeighbors

from workbench.analysis import cluster, nearest_neighbors, project, similarity_matrix
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.models import ModelSpec, Precision
from workbench.models._precision import quantized


def in_precision(made: Embeddings, precision: Precision) -> Embeddings:
    spec = ModelSpec("toy", "custom", "1", made.dimension, precision=precision)
    return Embeddings(quantized(made.vectors, precision), made.corpus, spec)


@pytest.mark.parametrize("precision", ["int8", "ubinary"])
def test_cosines_neighbours_maps_and_clusters(toy: Embeddings, precision: Precision) -> None:
    made = in_precision(toy, precision)
    numbers = np.array(made.dense())
    matrix = similarity_matrix(made)
    np.testing.assert_allclose(matrix.values, cosine_similarity(numbers), atol=1e-5)
    near = nearest_neighbors(made, 5)
    brute = NearestNeighbors(metric="cosine", algorithm="brute").fit(numbers)
    distances, _ = brute.kneighbors(n_neighbors=5)
    np.testing.assert_allclose(near.distances, distances, atol=1e-5)
    assert project(made, method="pca").coordinates.shape == (120, 2)
    assert len(set(cluster(made, method="kmeans", n_clusters=3).labels)) == 3


def test_int8_is_near_to_float32(toy: Embeddings) -> None:
    exact = similarity_matrix(toy).values
    np.testing.assert_allclose(
        similarity_matrix(in_precision(toy, "int8")).values, exact, atol=0.01
    )


@pytest.mark.parametrize("metric", ["dot", "euclidean", "manhattan"])
def test_int8_has_no_lengths(toy: Embeddings, metric: str) -> None:
    made = in_precision(toy, "int8")
    with pytest.raises(InputError, match=f"'toy' have kept their directions.*'{metric}' says noth"):
        similarity_matrix(made, metric=metric)
    with pytest.raises(InputError, match="Use metric='cosine'"):
        nearest_neighbors(made, 3, metric=metric)


def test_bits_have_distances(toy: Embeddings) -> None:
    made = in_precision(toy, "ubinary")
    values = similarity_matrix(made, metric="manhattan").values
    np.testing.assert_allclose(values, -manhattan_distances(made.dense()), atol=1e-5)


def test_neighbours_of_other_precision_are_other_neighbours(toy: Embeddings) -> None:
    with pytest.raises(InputError, match="belong to other vectors"):
        project(in_precision(toy, "int8"), neighbors=nearest_neighbors(toy, 20))
