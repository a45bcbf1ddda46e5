"""ClusterExplorer: clusters of texts, live."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from workbench.analysis import (
    CLUSTERING_PARAMETERS,
    ClusterEdits,
    Clustering,
    ClusterStability,
    Neighbors,
    ParameterSweep,
    checked,
    cluster_facts,
)
from workbench.analysis._estimators import Clusterer
from workbench.analysis.parameters import ParameterValue
from workbench.embeddings import Embeddings
from workbench.views import Json, View, clusters_view
from workbench.widgets._cluster_edits import EditForm
from workbench.widgets._cluster_start import started
from workbench.widgets._cluster_sweep import SweepForm, worth_trying
from workbench.widgets._computed import ComputedPanel, state_of
from workbench.widgets._controls import MethodForm, button, folded
from workbench.widgets._panel import OnSave, check_on_save
from workbench.widgets._status import sentence

__all__ = ["ClusterExplorer"]

_OPTIONS = ("neighbors", "method", "clustering", "random_state", "on_save")
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
        ``hdbscan`` (also where it is None), ``kmeans``, ``agglomerative``, ``community``, or a
        scikit-learn clusterer.
    clustering
        Clusters of these texts to begin with, instead of a method.
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
        method: str | Clusterer | None = None,
        clustering: Clustering | None = None,
        random_state: int = 0,
        on_save: OnSave = None,
        **params: ParameterValue,
    ) -> None:
        check_on_save(on_save)
        start = started(
            embeddings,
            clustering=clustering,
            method=method,
            params=params,
            options=_OPTIONS,
            neighbors=neighbors,
            random_state=random_state,
        )
        self._own = start.estimator
        self._told: list[Callable[[Clustering], object]] = []
        self._edit_form = EditForm(self._edit, self._selected_clusters)
        self._sweep_form = SweepForm(self._try_values, self._adopt)
        self._sweep: ParameterSweep | None = None
        self._edits_before: ClusterEdits | None = None
        self._take(start.clustering)
        doc = "Cluster again with other seeds and on parts of the texts, and compare"
        stable = button("How stable?", "workbench-stability", self._ask_stability, doc=doc)
        further = (
            folded("Choose by stability", "workbench-fold-sweep", self._sweep_form.box),
            folded("Edit the clusters", "workbench-fold-edit", self._edit_form.box),
        )
        super().__init__(
            self._draw(),
            source=(embeddings, neighbors),
            form=MethodForm(start.table, start.method, start.params),
            table=start.table,
            random_state=random_state,
            extra=(stable,),
            further=further,
            said=self._summary(),
            on_save=on_save,
        )
        self._offer_values()
        self._form.chooser.observe(lambda _: self._offer_values(), "value")

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
    def edits_before(self) -> ClusterEdits | None:
        """The edits of clusters that gave way to others; they replay when those are back."""
        return self._edits_before

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
        failed = self._replay(edits)
        if failed:
            self.status.fail(failed.strip())

    def _replay(self, edits: ClusterEdits) -> str:
        self._clustering = edits.apply(self._original)
        self._edits = edits
        return self._show()

    def _take(self, clustering: Clustering) -> None:
        """Take other clusters in; what was known of those before says nothing of them."""
        self._original = clustering
        self._clustering = clustering
        self._edits = ClusterEdits.of(clustering)
        self._stability = None

    def _draw(self) -> View:
        shown = self._clustering
        facts = cluster_facts(shown) if shown.clusters else None
        self._edit_form.show(shown, self._edits)
        return clusters_view(shown, facts=facts, stability=self._stability_shown())

    def _stability_shown(self) -> ClusterStability | None:
        """Return the stability, as long as no edit has made other groups of texts."""
        known, shown = self._stability, self._clustering
        if known is None or not np.array_equal(shown.labels, self._original.labels):
            return None
        return replace(known, clustering=shown)  # which may have other names

    def _show(self) -> str:
        """Show the clusters and tell of them; return what went wrong with those who were told."""
        self._host.show(self._draw())
        lost = ""
        for act in self._told:
            try:
                act(self._clustering)
            except Exception as error:
                lost = f" A function given to on_clustering failed: {sentence(error)}"
        return lost

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
        name = self._form.method
        method = name if name in CLUSTERING_PARAMETERS else self._own
        return {"method": method, **checked(name, self._form.params, self._table)}

    def _offer_values(self) -> None:
        self._sweep_form.offer(worth_trying(self._form.method, self._own))

    def _selected_clusters(self) -> list[int]:
        """Return the clusters of the selected texts, in order."""
        chosen = set(self.selection)
        rows = [
            row for row, one in enumerate(self._original.embeddings.corpus.ids) if one in chosen
        ]
        return sorted({int(label) for label in self._clustering.labels[rows]} - {-1})

    def _compute(self) -> None:
        self._begin(self._task, "Clustering.", self._params, self._received)

    def _received(self, value: Clustering) -> str:
        lost = self._edits
        self._take(value)
        failed = self._show()
        if not lost.edits:
            return f"{self._summary()}{failed}"
        self._edits_before = lost
        were = "1 edit was" if len(lost.edits) == 1 else f"{len(lost.edits)} edits were"
        kept = f"The {were} of the clusters before, and kept: edits_before."
        return f"{self._summary()} {kept}{failed}"

    def _ask_stability(self) -> None:
        def options() -> dict[str, object]:
            return {"clustering": self._original, "n_runs": _RUNS}

        self._begin("stability", "Clustering again.", options, self._held)

    def _held(self, value: ClusterStability) -> str:
        self._stability = replace(value, clustering=self._original)
        self._host.show(self._draw())
        held = self._stability.over_subsamples
        edited = "" if self._stability_shown() else " They are those without the edits."
        return (
            f"Adjusted Rand {held.estimate:.2f} ({held.low:.2f} to {held.high:.2f}) over parts of "
            f"the texts; each cluster says how far it holds.{edited}"
        )

    def _try_values(self) -> None:
        def options() -> dict[str, object]:
            asked = self._params()
            parameter, values = self._sweep_form.asked()
            asked.pop(parameter, None)
            return {**asked, "parameter": parameter, "values": values}

        self._begin("sweep", "Trying values.", options, self._swept)

    def _swept(self, value: ParameterSweep) -> str:
        self._sweep = value
        self._sweep_form.show(value)
        return f"Tried {len(value.values)} values of {value.parameter}."

    def _adopt(self, value: ParameterValue) -> None:
        assert self._sweep is not None
        self._give_up()  # what is running is about the clusters before
        swept, adopted = self._sweep, self._sweep.clustering(value)
        said = self._received(adopted)
        if adopted.estimator is not None:
            self._own = adopted.estimator
        if self._form.method == swept.method and swept.parameter in self._form.controls:
            self._form.controls[swept.parameter].value = value
        self.status.say(f"{swept.parameter}={value}: {said}")

    def _edit(self, change: Callable[[ClusterEdits], ClusterEdits]) -> None:
        try:
            failed = self._replay(change(self._edits))
        except Exception as error:
            self.status.fail(sentence(error))
            return
        said = self._edits.sentences()[-1:] or ("As it was computed.",)
        hidden = self._stability is not None and self._stability_shown() is None
        more = " How far the clusters hold was asked before the edits, so no bar says it."
        self.status.say(f"{said[0]} {self._summary()}{more if hidden else ''}{failed}")

    def _summary(self) -> str:
        value = self._clustering
        count = len(value.clusters)
        said = f"{count} cluster{'s' if count != 1 else ''}"
        if value.unclustered:
            said += f", {value.unclustered:,} of {len(value.labels):,} texts unclustered"
        if math.isfinite(value.silhouette):
            said += f", silhouette {value.silhouette:.2f}"
        return f"{said}."
