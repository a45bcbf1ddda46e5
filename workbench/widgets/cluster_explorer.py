"""ClusterExplorer: clusters of texts, live."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd

from workbench.analysis import (
    CLUSTERING_PARAMETERS,
    ClusterEdits,
    Clustering,
    ClusterStability,
    Neighbors,
    ParameterSweep,
    checked,
    cluster,
    cluster_facts,
)
from workbench.analysis._estimators import Clusterer, as_clusterer, clusterer_name
from workbench.analysis.parameters import ParameterValue
from workbench.embeddings import Embeddings
from workbench.views import Json, View, clusters_view
from workbench.widgets._cluster_edits import EditForm
from workbench.widgets._cluster_sweep import SweepForm
from workbench.widgets._computed import ComputedPanel, state_of
from workbench.widgets._controls import MethodForm, button, check_options, folded
from workbench.widgets._panel import OnSave, check_on_save
from workbench.widgets._status import sentence

__all__ = ["ClusterExplorer"]

_OPTIONS = ("neighbors", "method", "random_state", "on_save")
_RUNS = 10  # of a stability: as many on parts of the texts


class ClusterExplorer(ComputedPanel):
    """The clusters of texts, live: what they are about, how far they hold, and edits by hand.

    The first clusters are computed here and now. What is computed later (other clusters, their
    stability, a sweep over a parameter) is computed in a process of the widget's own while those
    before stay, and can be cancelled.

    Parameters
    ----------
    embeddings
        The n texts and their vectors.
    neighbors
        Their neighbours (``wb.nearest_neighbors``), so that no run computes them again.
    method
        ``hdbscan``, ``kmeans``, ``agglomerative``, ``community``, or a scikit-learn clusterer.
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
    _original: Clustering
    _clustering: Clustering
    _edits: ClusterEdits
    _stability: ClusterStability | None

    def __init__(
        self,
        embeddings: Embeddings,
        *,
        neighbors: Neighbors | None = None,
        method: str | Clusterer = "hdbscan",
        random_state: int = 0,
        on_save: OnSave = None,
        **params: ParameterValue,
    ) -> None:
        own = None if isinstance(method, str) else as_clusterer(method)
        name = method if isinstance(method, str) else clusterer_name(method)
        table = {**CLUSTERING_PARAMETERS, **({} if own is None else {name: ()})}
        if own is None:
            check_options("ClusterExplorer", _OPTIONS, params, name, table)
        check_on_save(on_save)
        self._own = own
        self._told: list[Callable[[Clustering], object]] = []
        self._edit_form = EditForm(self._edit)
        self._sweep_form = SweepForm(self._try_values, self._adopt)
        self._sweep: ParameterSweep | None = None
        self._take(
            cluster(
                embeddings, method=method, neighbors=neighbors, random_state=random_state, **params
            )
        )
        doc = "Cluster again with other seeds and on parts of the texts, and compare"
        stable = button("How stable?", "workbench-stability", self._ask_stability, doc=doc)
        further = (
            folded("Choose by stability", "workbench-fold-sweep", self._sweep_form.box),
            folded("Edit the clusters", "workbench-fold-edit", self._edit_form.box),
        )
        super().__init__(
            self._draw(),
            source=(embeddings, neighbors),
            form=MethodForm(table, name, params if own is None else {}),
            table=table,
            random_state=random_state,
            extra=(stable,),
            further=further,
            said=self._summary(),
            on_save=on_save,
        )
        self._sweep_form.offer(name)
        self._form.chooser.observe(lambda change: self._sweep_form.offer(change.new), "value")

    @property
    def clustering(self) -> Clustering:
        """The clusters shown, as a value: with the edits."""
        return self._clustering

    @property
    def original(self) -> Clustering:
        """The clusters as they were computed, without the edits."""
        return self._original

    @property
    def edits(self) -> ClusterEdits:
        """What was changed by hand: a log that replays on `original`."""
        return self._edits

    @property
    def stability(self) -> ClusterStability | None:
        """How far the computed clusters hold; None before it was asked for."""
        return self._stability

    @property
    def sweep(self) -> ParameterSweep | None:
        """What the values that were tried last gave; None before."""
        return self._sweep

    def cluster_column(self, name: str = "cluster") -> pd.Series[Any]:
        """Return the names of the clusters shown, one per text, with the texts' ids as index."""
        return self._edits.column(self._original, name)

    def on_clustering(self, act: Callable[[Clustering], object]) -> None:
        """Call a function with the clusters whenever others are shown."""
        self._told.append(act)

    def edit(self, edits: ClusterEdits) -> None:
        """Show the clusters with these edits in place of those before.

        Raises
        ------
        InputError
            If they were made for other clusters than `original`.
        """
        self._clustering = edits.apply(self._original)
        self._edits = edits
        self._show()

    def _take(self, clustering: Clustering) -> None:
        """Take other clusters in; what was known of those before says nothing of them."""
        self._original = clustering
        self._clustering = clustering
        self._edits = ClusterEdits.of(clustering)
        self._stability = None

    def _draw(self) -> View:
        shown = self._clustering
        facts = cluster_facts(shown) if shown.clusters else None
        known = None if self._edits.edits else self._stability
        self._edit_form.show(shown, self._edits)
        return clusters_view(shown, facts=facts, stability=known)

    def _show(self) -> None:
        self._host.show(self._draw())
        for act in self._told:
            act(self._clustering)

    def _state(self) -> dict[str, Json]:
        edits = self._edits.to_json() if self._edits.edits else None
        return {**state_of(self._original), "edits": edits}

    def _params(self) -> dict[str, object]:
        """Return the method and the parameters that the controls say.

        Raises
        ------
        InputError
            If a parameter is out of range.
        """
        method = self._form.method
        if method not in CLUSTERING_PARAMETERS:
            return {"method": self._own}
        return {"method": method, **checked(method, self._form.params, self._table)}

    def _compute(self) -> None:
        self._begin(self._task, "Clustering.", self._params, self._received)

    def _received(self, value: Clustering) -> str:
        lost = len(self._edits.edits)
        self._take(value)
        self._show()
        were = "1 edit was" if lost == 1 else f"{lost} edits were"
        said = f" The {were} of the clusters before." if lost else ""
        return f"{self._summary()}{said}"

    def _ask_stability(self) -> None:
        def options() -> dict[str, object]:
            return {"clustering": self._original, "n_runs": _RUNS}

        self._begin("stability", "Clustering again.", options, self._held)

    def _held(self, value: ClusterStability) -> str:
        self._stability = replace(value, clustering=self._original)
        self._host.show(self._draw())
        held = self._stability.over_subsamples
        edited = " They are those without the edits." if self._edits.edits else ""
        return (
            f"Adjusted Rand {held.estimate:.2f} ({held.low:.2f} to {held.high:.2f}) over parts of "
            f"the texts; each cluster says how far it holds.{edited}"
        )

    def _try_values(self) -> None:
        def options() -> dict[str, object]:
            asked = self._params()
            parameter, values = self._sweep_form.asked(str(asked["method"]))
            asked.pop(parameter, None)
            return {**asked, "parameter": parameter, "values": values}

        self._begin("sweep", "Trying values.", options, self._swept)

    def _swept(self, value: ParameterSweep) -> str:
        self._sweep = value
        self._sweep_form.show(value)
        return f"Tried {len(value.values)} values of {value.parameter}."

    def _adopt(self, value: ParameterValue) -> None:
        assert self._sweep is not None
        said = self._received(self._sweep.clustering(value))
        self.status.say(f"{self._sweep.parameter}={value}: {said}")

    def _edit(self, change: Callable[[ClusterEdits], ClusterEdits]) -> None:
        try:
            self.edit(change(self._edits))
        except Exception as error:
            self.status.fail(sentence(error))
        else:
            last = self._edits.sentences()[-1:] or ("As it was computed.",)
            self.status.say(f"{last[0]} {self._summary()}")

    def _summary(self) -> str:
        value = self._clustering
        count = len(value.clusters)
        said = f"{count} cluster{'s' if count != 1 else ''}"
        if value.unclustered:
            said += f", {value.unclustered:,} of {len(value.labels):,} texts unclustered"
        if math.isfinite(value.silhouette):
            said += f", silhouette {value.silhouette:.2f}"
        return f"{said}."
