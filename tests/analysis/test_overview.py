from __future__ import annotations

import numpy as np
import pytest

from workbench.analysis import Neighbors, cluster, map_and_clusters, project
from workbench.embeddings import Embeddings
from workbench.errors import InputError


def test_they_are_those_made_one_after_the_other(toy: Embeddings, toy_neighbors: Neighbors) -> None:
    plane, found = map_and_clusters(toy, neighbors=toy_neighbors, random_state=3)
    options = {"neighbors": toy_neighbors, "random_state": 3}
    alone = project(toy, **options)
    np.testing.assert_array_equal(plane.coordinates, alone.coordinates)
    assert plane.trustworthiness == alone.trustworthiness
    np.testing.assert_array_equal(found.labels, cluster(toy, **options).labels)
    assert (plane.random_state, found.random_state) == (3, 3)


def test_neighbors_are_computed_once_where_there_are_none(toy: Embeddings) -> None:
    plane, found = map_and_clusters(toy)
    np.testing.assert_array_equal(plane.coordinates, project(toy).coordinates)
    assert plane.neighbors is not None
    assert plane.neighbors.n_neighbors == 30
    assert plane.embeddings is found.embeddings is toy


def test_what_is_no_embedding_or_has_no_direction_is_refused(toy: Embeddings) -> None:
    with pytest.raises(InputError, match="map_and_clusters: expected Embeddings; got list"):
        map_and_clusters([[1.0, 2.0]])
    with pytest.raises(InputError, match="random_state"):
        map_and_clusters(toy, random_state=-1)
    zero = Embeddings.from_array(np.zeros((9, 4)), [f"text {row}" for row in range(9)])
    with pytest.raises(InputError, match="an all-zero vector"):
        map_and_clusters(zero)
