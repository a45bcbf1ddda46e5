"""A first look at texts: their map and their clusters, at the same time."""

from __future__ import annotations

from collections.abc import Callable

from workbench.analysis._side_by_side import side_by_side
from workbench.analysis.clustering import Clustering, cluster
from workbench.analysis.neighbors import Neighbors
from workbench.analysis.projection import Projection, project

__all__ = ["map_and_clusters"]


def map_and_clusters(neighbors: Neighbors) -> tuple[Projection, Clustering]:
    """Return what `project` and `cluster` give at their defaults, in the time of one of them.

    Parameters
    ----------
    neighbors
        The texts' neighbours by cosine, at least 15 of each.
    """
    embeddings = neighbors.embeddings
    works: list[Callable[[], Projection | Clustering]] = [
        lambda: project(embeddings, neighbors=neighbors),
        lambda: cluster(embeddings, neighbors=neighbors),
    ]
    plane, found = side_by_side(works, lambda done: None)
    assert isinstance(plane, Projection)
    assert isinstance(found, Clustering)
    return plane, found
