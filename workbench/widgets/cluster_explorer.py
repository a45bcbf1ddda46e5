"""ClusterExplorer: clusters of texts, live."""

from __future__ import annotations

import math

from workbench.analysis import CLUSTERING_PARAMETERS, Clustering, Neighbors, cluster
from workbench.analysis.parameters import ParameterValue
from workbench.embeddings import Embeddings
from workbench.views import Json, clusters_view
from workbench.widgets._computed import ComputedPanel, state_of
from workbench.widgets._controls import MethodForm, check_options
from workbench.widgets._panel import OnSave, check_on_save
from workbench.widgets._worker import Result

__all__ = ["ClusterExplorer"]

_OPTIONS = ("neighbors", "method", "random_state", "on_save")


class ClusterExplorer(ComputedPanel):
    """The clusters of texts, live: sizes and keywords, and by a click the texts of one.

    The first clusters are computed here and now. Later ones are computed in a process of the
    widget's own while those before stay, and can be cancelled.

    Parameters
    ----------
    embeddings
        The n texts and their vectors.
    neighbors
        Their neighbours (``wb.nearest_neighbors``), so that no run computes them again.
    method
        ``hdbscan``, ``kmeans``, ``agglomerative`` or ``community``.
    random_state
        The seed of every run.
    on_save
        Called with the current view by the save button: ``run.log``, say.
    **params
        The method's parameters: ``CLUSTERING_PARAMETERS``.

    Attributes
    ----------
    selection : list of str
        The ids of the selected texts, sorted; can be observed and set.

    Raises
    ------
    InputError
        If an option is unknown (the nearest names are offered) or cannot be used.
    """

    _task = "cluster"

    def __init__(
        self,
        embeddings: Embeddings,
        *,
        neighbors: Neighbors | None = None,
        method: str = "hdbscan",
        random_state: int = 0,
        on_save: OnSave = None,
        **params: ParameterValue,
    ) -> None:
        check_options("ClusterExplorer", _OPTIONS, params, method, CLUSTERING_PARAMETERS)
        check_on_save(on_save)
        self._clustering = cluster(
            embeddings, method=method, neighbors=neighbors, random_state=random_state, **params
        )
        super().__init__(
            clusters_view(self._clustering),
            source=(embeddings, neighbors),
            form=MethodForm(CLUSTERING_PARAMETERS, method, params),
            table=CLUSTERING_PARAMETERS,
            random_state=random_state,
            said=self._summary(self._clustering),
            on_save=on_save,
        )

    @property
    def clustering(self) -> Clustering:
        """The clusters shown, as a value."""
        return self._clustering

    def _state(self) -> dict[str, Json]:
        return state_of(self._clustering)

    def _received(self, value: Result) -> None:
        assert isinstance(value, Clustering)
        self._clustering = value
        self._host.show(clusters_view(value))

    def _summary(self, value: Result) -> str:
        assert isinstance(value, Clustering)
        count = len(value.clusters)
        said = f"{count} cluster{'s' if count != 1 else ''}"
        if value.unclustered:
            said += f", {value.unclustered:,} of {len(value.labels):,} texts unclustered"
        if math.isfinite(value.silhouette):
            said += f", silhouette {value.silhouette:.2f}"
        return f"{said}."
