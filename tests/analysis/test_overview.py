from __future__ import annotations

import numpy as np

from workbench.analysis import Neighbors, cluster, project
from workbench.analysis.overview import map_and_clusters


def test_they_are_those_made_one_after_the_other(toy_neighbors: Neighbors) -> None:
    plane, found = map_and_clusters(toy_neighbors)
    toy = toy_neighbors.embeddings
    alone = project(toy, neighbors=toy_neighbors)
    np.testing.assert_array_equal(plane.coordinates, alone.coordinates)
    assert plane.trustworthiness == alone.trustworthiness
    np.testing.assert_array_equal(found.labels, cluster(toy, neighbors=toy_neighbors).labels)
