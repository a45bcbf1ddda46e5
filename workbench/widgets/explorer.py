"""Explorer: map, clusters, heatmap and texts of one corpus, with one selection among them."""

from __future__ import annotations

from typing import Any

import ipywidgets
from traitlets import Dict, List, Unicode, validate

from workbench.analysis import Neighbors, map_and_clusters, nearest_neighbors
from workbench.analysis.neighbors import SHARED_NEIGHBORS
from workbench.embeddings import Embeddings
from workbench.errors import InputError, suggest
from workbench.models import Encoder
from workbench.page import fallback_table
from workbench.views import texts_view
from workbench.widgets._panel import OnSave, check_on_save, close_parts
from workbench.widgets.cluster_explorer import ClusterExplorer
from workbench.widgets.embedding_map import EmbeddingMap
from workbench.widgets.figure_host import FigureHost, known_ids, renders_static
from workbench.widgets.similarity_heatmap import SimilarityHeatmap

__all__ = ["Explorer"]

_OPTIONS = ("encoder", "neighbors", "random_state", "on_save")


class Explorer(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Map, clusters, heatmap and table of the same texts, live, with one selection among them.

    Each part is a widget of its own, and works as it does alone; the table lists the texts that
    are selected on any of them. Clusters that are found or edited colour the map.

    Parameters
    ----------
    embeddings
        The n texts and their vectors.
    encoder
        The model that made them: with it, texts can be coloured by their similarity to a query.
    neighbors
        Their neighbours (``wb.nearest_neighbors``); computed once when None.
    random_state
        The seed of every map, clustering and sample.
    on_save
        Called with a part's view by its save button: ``run.log``, say.

    Attributes
    ----------
    selection : list of str
        The ids of the selected texts, sorted; can be observed and set.
    selections : dict of str to list of str
        What was kept of selections: sorted ids by name; can be observed and set.
    map, clusters, heatmap, texts
        The parts.

    Raises
    ------
    InputError
        If an option is unknown (the nearest names are offered) or cannot be used.
    """

    selection = List(Unicode())
    selections = Dict(key_trait=Unicode(), value_trait=List(Unicode()))
    _made: tuple[Any, ...] = ()  # also when the constructor stopped half-way

    def __init__(
        self,
        embeddings: Embeddings,
        *,
        encoder: Encoder | None = None,
        neighbors: Neighbors | None = None,
        random_state: int = 0,
        on_save: OnSave = None,
        **unknown: object,
    ) -> None:
        for name in unknown:
            raise InputError(f"Explorer has no option {name!r}. {suggest(name, _OPTIONS)}")
        check_on_save(on_save)
        if neighbors is None:
            neighbors = nearest_neighbors(embeddings, SHARED_NEIGHBORS)
        shared: dict[str, Any] = {"random_state": random_state, "on_save": on_save}
        plane, found = map_and_clusters(embeddings, neighbors=neighbors, random_state=random_state)
        self.clusters = ClusterExplorer(embeddings, clustering=found, neighbors=neighbors, **shared)
        self.map = EmbeddingMap(
            embeddings,
            encoder=encoder,
            neighbors=neighbors,
            projection=plane,
            clustering=self.clusters.clustering,
            **shared,
        )
        self.heatmap = SimilarityHeatmap(embeddings, order="similarity", **shared)
        self.texts = FigureHost(texts_view(embeddings.corpus, clustering=self.clusters.clustering))
        self._made = (self.map, self.clusters, self.heatmap, self.texts)
        self.clusters.on_clustering(self._recolor)
        beside = ipywidgets.Box(
            [self.clusters, self.heatmap], layout={"flex_flow": "row wrap", "width": "100%"}
        )
        for part in beside.children:
            for name, value in (("flex", "1 1 480px"), ("min_width", "0"), ("width", "auto")):
                setattr(part.layout, name, value)
        super().__init__([self.map, beside, self.texts], layout={"width": "100%"})
        self.add_class("workbench-explorer")
        self._hosts = [part if part is self.texts else part._host for part in self._made]
        for host in self._hosts:
            host.observe(self._gather, ["selection", "selections"])
        self.observe(self._spread, ["selection", "selections"])

    def _gather(self, change: Any) -> None:
        """Take what one part says; a heatmap of many texts holds some of them, or blocks."""
        if change.owner is not self.heatmap._host or change.name == "selections":
            setattr(self, change.name, change.new)

    def _spread(self, change: Any) -> None:
        """Tell the parts what Python chose.

        What a person chose its page has told them already: said again, and later, it would undo
        what the person has chosen since.
        """
        if any(host.hears and getattr(host, change.name) == change.new for host in self._hosts):
            return
        for host in self._hosts:
            value = change.new
            if host is self.heatmap._host and change.name == "selection":
                known = set(host.view().texts["id"])
                value = [one for one in value if one in known]
            setattr(host, change.name, value)

    @validate("selection")
    def _known(self, proposal: Any) -> list[str]:
        return known_ids(proposal["value"], self.texts.view())

    def _recolor(self, clustering: Any) -> None:
        """Show other clusters on the map and in the table."""
        self.map.show_clusters(clustering)
        self.texts.show(texts_view(clustering.embeddings.corpus, clustering=clustering))

    def close(self) -> None:
        """Close the widget, its parts, and their worker processes."""
        for part in self._made:
            part.close()
        close_parts(self)

    def _repr_mimebundle_(self, **kwargs: object) -> Any:
        if not renders_static():
            data = super()._repr_mimebundle_(**kwargs)
            return {**data, "text/html": fallback_table(self.texts.view())}
        shown = [part._repr_mimebundle_(**kwargs)[0]["text/html"] for part in self._made]
        return {"text/html": "".join(shown), "text/plain": repr(self)}, {}

    def __repr__(self) -> str:
        return f"Explorer({self.map.view().title!r}, {len(self.selection)} selected)"
