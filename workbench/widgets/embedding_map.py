"""EmbeddingMap: a live map of texts."""

from __future__ import annotations

import math

from workbench.analysis import (
    PROJECTION_PARAMETERS,
    Clustering,
    Neighbors,
    Projection,
    cluster,
    project,
)
from workbench.analysis.parameters import ParameterValue
from workbench.embeddings import Embeddings
from workbench.views import Json, check_colors, map_view
from workbench.widgets._computed import ComputedPanel, state_of
from workbench.widgets._controls import METHOD_NAMES, MethodForm, button, check_options
from workbench.widgets._panel import OnSave, check_on_save
from workbench.widgets._worker import Result

__all__ = ["EmbeddingMap"]

_OPTIONS = ("neighbors", "clustering", "method", "color_by", "random_state", "on_save")


class EmbeddingMap(ComputedPanel):
    """A map of texts, live: point, lasso, search, colour, and choose another method.

    The first map is computed here and now. Later ones are computed in a process of the widget's
    own while the map before stays, and can be cancelled.

    Parameters
    ----------
    embeddings
        The n texts and their vectors.
    neighbors
        Their neighbours (``wb.nearest_neighbors``), so that no map computes them again.
    clustering
        Clusters of the same texts, to colour by. Without it, a button makes some.
    method
        ``umap``, ``tsne`` or ``pca``.
    color_by
        A column of the corpus, or ``"cluster"``; by default the corpus' label.
    random_state
        The seed of every map.
    on_save
        Called with the current view by the save button: ``run.log``, say.
    **params
        The method's parameters: ``PROJECTION_PARAMETERS``.

    Attributes
    ----------
    selection : list of str
        The ids of the selected texts, sorted; can be observed and set.

    Raises
    ------
    InputError
        If an option is unknown (the nearest names are offered) or cannot be used.
    """

    _task = "project"

    def __init__(
        self,
        embeddings: Embeddings,
        *,
        neighbors: Neighbors | None = None,
        clustering: Clustering | None = None,
        method: str = "umap",
        color_by: str | None = None,
        random_state: int = 0,
        on_save: OnSave = None,
        **params: ParameterValue,
    ) -> None:
        check_options("EmbeddingMap", _OPTIONS, params, method, PROJECTION_PARAMETERS)
        check_on_save(on_save)
        find_clusters = color_by == "cluster" and clustering is None
        if isinstance(embeddings, Embeddings):  # before anything is computed
            check_colors(embeddings.corpus, None if find_clusters else color_by, clustering)
        self._projection = project(
            embeddings, method=method, neighbors=neighbors, random_state=random_state, **params
        )
        if find_clusters:
            clustering = cluster(embeddings, neighbors=neighbors, random_state=random_state)
        self._clustering = clustering
        doc = "Find clusters (HDBSCAN) and colour the map by them"
        self._cluster_button = button("Find clusters", "workbench-cluster", self._cluster, doc=doc)
        super().__init__(
            map_view(self._projection, color_by=color_by, clustering=clustering),
            source=(embeddings, neighbors),
            form=MethodForm(PROJECTION_PARAMETERS, method, params),
            table=PROJECTION_PARAMETERS,
            random_state=random_state,
            extra=() if clustering is not None else (self._cluster_button,),
            said=self._summary(self._projection),
            on_save=on_save,
        )

    @property
    def projection(self) -> Projection:
        """The map shown, as a value."""
        return self._projection

    @property
    def clustering(self) -> Clustering | None:
        """The clusters that can colour the map; None before there are any."""
        return self._clustering

    def _state(self) -> dict[str, Json]:
        return state_of(self._projection)

    def _cluster(self) -> None:
        self._start("cluster", "Finding clusters.", {})

    def _received(self, value: Result) -> None:
        shown = self._host.view()
        if isinstance(value, Clustering):
            self._clustering = value
            self._cluster_button.layout.display = "none"
            view = map_view(self._projection, color_by="cluster", clustering=value)
            viewport = shown.state["viewport"]
            self._host.show(view.with_state(color_by="cluster", viewport=viewport))
            return
        self._projection = value
        color_by = str(shown.state.get("color_by", shown.meta["color_by"] or ""))
        view = map_view(value, color_by=color_by or None, clustering=self._clustering)
        self._host.show(view)

    def _summary(self, value: Result) -> str:
        if isinstance(value, Clustering):
            return f"Found {len(value.clusters)} clusters."
        texts = len(value.embeddings)
        said = f"{METHOD_NAMES[value.method]} of {texts:,} text{'s' if texts != 1 else ''}"
        if not math.isfinite(value.trustworthiness):
            return f"{said}."
        return f"{said}, trustworthiness {value.trustworthiness:.2f}."
