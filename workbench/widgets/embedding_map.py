"""EmbeddingMap: a live map of texts."""

from __future__ import annotations

import math
from typing import Any

from workbench._arrays import FloatArray
from workbench._html import elide
from workbench.analysis import (
    PROJECTION_PARAMETERS,
    Clustering,
    MapQuality,
    Neighbors,
    Projection,
    cluster,
    map_quality,
    project,
    query_similarity,
)
from workbench.analysis._inputs import as_embeddings
from workbench.analysis.map_labels import MapLabels, map_labels
from workbench.analysis.parameters import ParameterValue
from workbench.analysis.queries import check_fitted
from workbench.analysis.reduction import check_neighbors
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.models import Encoder
from workbench.views import Json, View, check_colors, map_view
from workbench.widgets._computed import ComputedPanel, state_of
from workbench.widgets._controls import METHOD_NAMES, MethodForm, button, check_options, entry, row
from workbench.widgets._given import given_alone, given_of
from workbench.widgets._panel import OnSave, check_on_save
from workbench.widgets._status import sentence
from workbench.widgets._warned import noted_warnings

__all__ = ["EmbeddingMap"]

_OPTIONS = (
    "encoder",
    "neighbors",
    "clustering",
    "projection",
    "method",
    "color_by",
    "random_state",
    "on_save",
)
_MEANING = ("refund has not arrived", "needs the encoder: EmbeddingMap(vectors, encoder=encoder)")


class EmbeddingMap(ComputedPanel):
    """A map of texts, live: point, lasso, search, colour, and choose another method.

    Beside the map stands how far it can be trusted, and pointing at a text shows its real
    neighbours. The first map is computed here and now. Later ones are computed in a process of
    the widget's own while the map before stays, and can be cancelled.

    Parameters
    ----------
    embeddings
        The n texts and their vectors.
    encoder
        The model that made them: with it, texts can be coloured by their similarity to a query.
    neighbors
        Their neighbours (``wb.nearest_neighbors``), so that no map computes them again.
    clustering
        Clusters of the same texts, to colour by. Without it, a button makes some.
    projection
        A map of theirs, to begin with: what `wb.project` or `wb.map_and_clusters` returned.
    method
        ``umap`` (by default), ``tsne`` or ``pca``, of the first map.
    color_by
        A column of the corpus, or ``"cluster"``; by default the corpus' label.
    random_state
        The seed of every map that is computed here.
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

    _task = "map"

    def __init__(
        self,
        embeddings: Embeddings,
        *,
        encoder: Encoder | None = None,
        neighbors: Neighbors | None = None,
        clustering: Clustering | None = None,
        projection: Projection | None = None,
        method: str | None = None,
        color_by: str | None = None,
        random_state: int = 0,
        on_save: OnSave = None,
        **params: ParameterValue,
    ) -> None:
        source = as_embeddings(embeddings, "EmbeddingMap")
        if projection is not None:
            given_alone("EmbeddingMap", "projection", "The map has", method, params)
            projection = given_of(source, projection, Projection)
            method, params = projection.method, dict(projection.params)
        method = method or "umap"
        check_options("EmbeddingMap", _OPTIONS, params, method, PROJECTION_PARAMETERS)
        check_on_save(on_save)
        _check_encoder(encoder)
        check_neighbors(neighbors, source)
        find_clusters = color_by == "cluster" and clustering is None
        check_colors(source.corpus, None if find_clusters else color_by, clustering)
        self._encoder = encoder
        self._query = ""
        self._scores: dict[str, FloatArray] = {}
        if projection is None:
            projection = project(
                source, method=method, neighbors=neighbors, random_state=random_state, **params
            )
        known = projection.neighbors or neighbors
        self._quality = map_quality(projection, neighbors=known)
        self._labels = map_labels(projection)
        if find_clusters:
            clustering = cluster(source, neighbors=known, random_state=random_state)
        self._clustering = clustering
        doc = "Find clusters (HDBSCAN) and colour the map by them"
        self._cluster_button = button("Find clusters", "workbench-cluster", self._cluster, doc=doc)
        self._only_idle = (self._cluster_button,)
        hint = _MEANING[encoder is None]
        self._meaning = entry("Colour by meaning", "workbench-meaning", self._ask, placeholder=hint)
        self._meaning.disabled = encoder is None
        super().__init__(
            self._draw(color_by),
            source=(source, neighbors),
            form=MethodForm(PROJECTION_PARAMETERS, method, params),
            table=PROJECTION_PARAMETERS,
            random_state=random_state,
            extra=() if clustering is not None else (self._cluster_button,),
            further=(row(self._meaning),),
            said=self._summary(),
            on_save=on_save,
        )

    @property
    def projection(self) -> Projection:
        """The map shown, as a value."""
        return self._quality.projection

    @property
    def quality(self) -> MapQuality:
        """How far the map shown can be trusted."""
        return self._quality

    @property
    def clustering(self) -> Clustering | None:
        """The clusters that can colour the map; None before there are any."""
        return self._clustering

    def color_by_meaning(self, query: str) -> None:
        """Colour the texts by their similarity to a query, as if it were typed.

        A query longer than the model reads is said in the status.

        Raises
        ------
        InputError
            If the widget has no encoder, the query is blank, or the model knows no word of it.
        """
        if self._encoder is None:
            raise InputError(
                "EmbeddingMap: colouring by meaning needs the model that made the vectors. "
                "Make the map with EmbeddingMap(vectors, encoder=encoder)."
            )
        with noted_warnings() as warned:
            similarity = query_similarity(query, self.projection.embeddings, self._encoder)
        self._query, self._meaning.value = query, query
        self._scores = {_column(query, self.projection.embeddings): similarity}
        self._show_colored(next(iter(self._scores)))
        self.status.say(" ".join([f"Coloured by cosine to {elide(query, 80)!r}.", *warned]))

    def show_clusters(self, clustering: Clustering) -> None:
        """Colour the texts by other clusters of theirs.

        Raises
        ------
        InputError
            If it is no clustering of these texts.
        """
        check_colors(self.projection.embeddings.corpus, "cluster", clustering)
        self._clustering = clustering
        self._cluster_button.layout.display = "none"
        self._show_colored("cluster")

    def _spare(self) -> tuple[Any, ...]:
        return (*super()._spare(), self._cluster_button)

    def _draw(self, color_by: str | None) -> View:
        return map_view(
            self.projection,
            color_by=color_by,
            clustering=self._clustering,
            quality=self._quality,
            labels=self._labels,
            scores=self._scores,
        )

    def _show_colored(self, color_by: str) -> None:
        """Draw the same places in another colour."""
        viewport = self._host.viewport
        self._host.show(self._draw(color_by).with_state(color_by=color_by, viewport=viewport))

    def _state(self) -> dict[str, Json]:
        return {**state_of(self.projection), "meaning": self._query}

    def _ask(self) -> None:
        self.status.say("Comparing.", busy=True)
        try:
            self.color_by_meaning(self._meaning.value)
        except Exception as error:
            self.status.fail(sentence(error))

    def _cluster(self) -> None:
        self._start("cluster", "Finding clusters.", {}, self._clustered)

    def _clustered(self, value: Clustering) -> str:
        self.show_clusters(value)
        return f"Found {len(value.clusters)} clusters."

    def _received(self, value: tuple[MapQuality, MapLabels]) -> str:
        self._quality, self._labels = value
        shown = self._host.view()
        color_by = str(shown.state.get("color_by", shown.meta["color_by"] or ""))
        known = {column["name"] for column in shown.meta["color_columns"]}  # not what is kept
        self._host.show(self._draw(color_by if color_by in known else None))
        return self._summary()

    def _summary(self) -> str:
        shown = self.projection
        texts = len(shown.embeddings)
        said = f"{METHOD_NAMES[shown.method]} of {texts:,} text{'s' if texts != 1 else ''}"
        if not math.isfinite(shown.trustworthiness):
            return f"{said}."
        quality = f"trustworthiness {shown.trustworthiness:.2f}"
        return f"{said}, {quality}, continuity {self._quality.continuity:.2f}."


def _check_encoder(encoder: object) -> None:
    if encoder is not None and not isinstance(encoder, Encoder):
        raise InputError(
            f"EmbeddingMap: encoder: expected an Encoder; got {type(encoder).__name__}. "
            "wb.load_encoder(name) makes one."
        )
    if encoder is not None:
        check_fitted(encoder)


def _column(query: str, embeddings: Embeddings) -> str:
    """Return what the column of similarities to a query is called: not as one of the corpus."""
    name = f"cosine to {elide(query, 40)!r}"
    return f"{name} (query)" if name in embeddings.corpus.columns else name
