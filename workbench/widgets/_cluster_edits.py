"""The controls that edit clusters: merge, rename, split, reassign, undo; and the log in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

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

    Attributes
    ----------
    box
        The controls.
    """

    def __init__(self, act: Callable[[Callable[[ClusterEdits], ClusterEdits]], None]) -> None:
        self._act = act
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
        self.box = ipywidgets.VBox([self._chosen, *self._rows(), self._log])

    def show(self, clustering: Clustering, edits: ClusterEdits) -> None:
        """List the clusters as they are, and what was done to them."""
        kept = [label for label in self._chosen.value if label < len(clustering.clusters)]
        options = [(f"{one.name} ({one.size:,})", one.label) for one in clustering.clusters]
        self._chosen.options = options
        self._chosen.value = kept
        self._log.value = "\n".join(edits.sentences())

    def choose(self, labels: list[int]) -> None:
        """Choose clusters in the list."""
        self._chosen.value = tuple(labels)

    def _rows(self) -> tuple[Any, ...]:
        def made(text: str, act: Callable[[ClusterEdits], ClusterEdits], doc: str) -> Any:
            name = f"workbench-edit-{text.split()[0].lower()}"
            return button(text, name, lambda: self._act(act), doc=doc)

        return (
            row(
                made("Merge", self._merge, "Make the chosen clusters one"),
                made("Rename", self._rename, "Give the chosen cluster this name"),
                self._name,
            ),
            row(made("Split", self._split, "Split the chosen cluster by k-means"), self._parts),
            row(
                made("Assign unclustered", self._assign, "Put unclustered texts into the nearest"),
                self._least,
                made("Undo", lambda edits: edits.undo(), "Take the last edit back"),
            ),
        )

    def _merge(self, edits: ClusterEdits) -> ClusterEdits:
        return edits.merge(list(self._chosen.value), self._name.value.strip() or None)

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
