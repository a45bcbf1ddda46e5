"""What a ClusterExplorer begins with: clusters found before, or computed here and now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workbench.analysis import CLUSTERING_PARAMETERS, Clustering, Neighbors, cluster
from workbench.analysis._estimators import (
    ESTIMATOR_PARAMETERS,
    Clusterer,
    as_clusterer,
    clusterer_name,
)
from workbench.analysis.parameters import ParameterTable, ParameterValue
from workbench.embeddings import Embeddings
from workbench.widgets._controls import check_options
from workbench.widgets._given import given_alone, given_of
from workbench.widgets._worker import check_sendable

__all__ = ["Start", "started"]


@dataclass(frozen=True, slots=True)
class Start:
    """The first clusters, and what the controls say of them.

    Parameters
    ----------
    clustering
        The clusters.
    estimator
        The scikit-learn clusterer that the user gave; None where there is none.
    method
        The method's name.
    params
        Its parameters, for the fields.
    table
        The methods to choose from, with their parameters.
    """

    clustering: Clustering
    estimator: Clusterer | None
    method: str
    params: Mapping[str, ParameterValue]
    table: ParameterTable


def started(
    embeddings: Embeddings,
    *,
    clustering: Clustering | None,
    method: str | Clusterer | None,
    params: Mapping[str, ParameterValue],
    options: Iterable[str],
    neighbors: Neighbors | None,
    random_state: int,
) -> Start:
    """Return the clusters to begin with.

    Raises
    ------
    InputError
        If an option is unknown, the clusters are of other texts or vectors, a method is given
        beside them, or the worker process could not read a clusterer.
    """
    if clustering is not None:
        return _taken(embeddings, clustering, method, params)
    chosen = "hdbscan" if method is None else method
    estimator = None if isinstance(chosen, str) else as_clusterer(chosen)
    name = chosen if isinstance(chosen, str) else clusterer_name(chosen)
    table = _table(name, estimator)
    check_options("ClusterExplorer", options, params, name, table)
    if estimator is not None:  # the first clusters are found here, later ones in the worker
        check_sendable(estimator, "method")
    found = cluster(
        embeddings, method=chosen, neighbors=neighbors, random_state=random_state, **params
    )
    return Start(found, estimator, name, params, table)


def _taken(
    embeddings: Embeddings,
    clustering: Clustering,
    method: str | Clusterer | None,
    params: Mapping[str, ParameterValue],
) -> Start:
    given_alone("ClusterExplorer", "clustering", "The clusters have", method, params)
    clustering = given_of(embeddings, clustering, Clustering)
    name, estimator = clustering.method, clustering.estimator
    table = _table(name, estimator)
    own = {one.name for one in table.get(name, ())}
    used = {name: value for name, value in clustering.params.items() if name in own}
    return Start(clustering, estimator, name, used, table)


def _table(name: str, estimator: Clusterer | None) -> ParameterTable:
    own = {} if estimator is None else {name: ESTIMATOR_PARAMETERS}
    return {**CLUSTERING_PARAMETERS, **own}
