"""The controls that edit clusters: merge, rename, split, reassign, undo; and the log in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets
import numpy as np

from workbench.analysis import ClusterEdits, Clustering
from workbench.errors import InputError
from workbench.widgets._controls import button, row

__all__ = ["EditForm"]

_SHOWN = 8  # lines of the list of clusters


class EditForm:
    """A list of clusters, and a button for each edit.

    Parameters
    ----------
    act
        Called with a function that takes the log of edits and returns a longer (or shorter) one;
        what it raises is for the user.
    selected
        Called for the labels of the clusters that the selected texts are in.

    Attributes
    ----------
    box
        The controls.
    """

    def __init__(
        self,
        act: Callable[[Callable[[ClusterEdits], ClusterEdits]], None],
        selected: Callable[[], Sequence[int]],
    ) -> None:
        self._act = act
        self._selected = selected
        self._before: tuple[Clustering, ClusterEdits] | None = None  # what was shown
        self._chosen = ipywidgets.SelectMultiple(
            description="Clusters",
            rows=_SHOWN,
            style={"description_width": "initial"},
            layout={"width": "min(100%, 36em)"},
        )
        self._chosen.add_class("workbench-edit-clusters")
        self._name = _field(ipywidgets.Text, "Name", "workbench-edit-name", value="", width="22em")
        self._parts = _field(
            ipywidgets.BoundedIntText, "Parts", "workbench-edit-parts", value=2, min=2, max=100
        )
        self._least = _field(
            ipywidgets.BoundedFloatText,
            "Least cosine",
            "workbench-edit-least",
            value=0.3,
            min=-1.0,
            max=1.0,
            step=0.05,
        )
        self._log = ipywidgets.Textarea(
            description="Edits",
            disabled=True,
            rows=3,
            style={"description_width": "initial"},
            layout={"width": "min(100%, 36em)"},
        )
        self._log.add_class("workbench-edit-log")
        doc = "Choose in the list the clusters that the selected texts are in"
        take = button("Clusters of the selection", "workbench-edit-selected", self._take, doc=doc)
        self.box = ipywidgets.VBox([self._chosen, row(take), *self._rows(), self._log])

    def show(self, clustering: Clustering, edits: ClusterEdits) -> None:
        """List the clusters as they are, and what was done to them."""
        count, steps = len(clustering.clusters), len(edits.edits)
        shown, log = self._before or (clustering, edits)
        kept = self._chosen.value if log.clustering == edits.clustering else ()
        if count < len(shown.clusters):  # labels above the smallest have moved down
            kept = kept[:1]
        if steps < len(log.edits) and not np.array_equal(clustering.labels, shown.labels):
            kept = ()  # of what is undone: the numbers are those of other clusters
        options = [(f"{one.name} ({one.size:,})", one.label) for one in clustering.clusters]
        self._chosen.options = options
        self._chosen.value = kept if all(label < count for label in kept) else ()
        if steps > len(log.edits):
            self._name.value = ""
        self._before = (clustering, edits)
        self._assign_button.disabled = not (count and clustering.unclustered)
        self._undo_button.disabled = not steps
        self._log.value = "\n".join(edits.sentences())

    def _take(self) -> None:
        self._chosen.value = tuple(self._selected())

    def _rows(self) -> tuple[Any, ...]:
        def made(text: str, act: Callable[[ClusterEdits], ClusterEdits], doc: str) -> Any:
            name = f"workbench-edit-{text.split()[0].lower()}"
            return button(text, name, lambda: self._act(act), doc=doc)

        self._undo_button = made("Undo", lambda edits: edits.undo(), "Take the last edit back")
        doc = "Put unclustered texts into the nearest cluster"
        self._assign_button = made("Assign unclustered", self._assign, doc)
        return (
            row(
                made("Merge", self._merge, "Make the chosen clusters one"),
                made("Rename", self._rename, "Give the chosen cluster this name"),
                self._name,
            ),
            row(made("Split", self._split, "Split the chosen cluster by k-means"), self._parts),
            row(self._assign_button, self._least, self._undo_button),
        )

    def _merge(self, edits: ClusterEdits) -> ClusterEdits:
        chosen = list(self._chosen.value)
        if len(chosen) < 2:
            raise InputError(f"merge: choose at least two clusters in the list; got {len(chosen)}.")
        return edits.merge(chosen, self._name.value.strip() or None)

    def _rename(self, edits: ClusterEdits) -> ClusterEdits:
        return edits.rename(self._one("rename"), self._name.value)

    def _split(self, edits: ClusterEdits) -> ClusterEdits:
        return edits.split(self._one("split"), self._parts.value)

    def _assign(self, edits: ClusterEdits) -> ClusterEdits:
        return edits.reassign_unclustered(min_similarity=self._least.value)

    def _one(self, edit: str) -> int:
        chosen = self._chosen.value
        if len(chosen) != 1:
            raise InputError(f"{edit}: choose one cluster in the list; {len(chosen)} are chosen.")
        return int(chosen[0])


def _field(kind: Any, text: str, name: str, *, width: str = "14em", **options: Any) -> Any:
    made = kind(
        description=text,
        style={"description_width": "initial"},
        layout={"width": width, "max_width": "100%"},
        **options,
    )
    made.add_class(name)
    return made
