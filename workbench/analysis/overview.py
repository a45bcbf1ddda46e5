"""A first look at texts: their map and their clusters, at the same time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from workbench.analysis._inputs import as_embeddings, as_seed
from workbench.analysis._side_by_side import side_by_side
from workbench.analysis.clustering import Clustering, cluster
from workbench.analysis.neighbors import SHARED_NEIGHBORS, Neighbors, nearest_neighbors
from workbench.analysis.projection import Projection, project
from workbench.embeddings import Embeddings

__all__ = ["map_and_clusters"]


def map_and_clusters(
    embeddings: Embeddings, *, neighbors: Neighbors | None = None, random_state: int = 0
) -> tuple[Projection, Clustering]:
    """Return what `project` and `cluster` give at their defaults, in about the time of one.

    Parameters
    ----------
    embeddings
        The n texts.
    neighbors
        Their neighbours by cosine, where they are known; else they are computed once.
    random_state
        The seed of both.

    Raises
    ------
    InputError
        As `project` and `cluster` do.
    """
    source = as_embeddings(embeddings, "map_and_clusters")
    seed = as_seed(random_state)
    near = nearest_neighbors(source, SHARED_NEIGHBORS) if neighbors is None else neighbors
    options: Any = {"neighbors": near, "random_state": seed}
    works: list[Callable[[], Any]] = [
        partial(project, source, **options),
        partial(cluster, source, **options),
    ]
    plane, found = side_by_side(works, lambda done: None)
    return plane, found
