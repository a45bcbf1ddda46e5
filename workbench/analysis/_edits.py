"""The edits that clusters can have: what each does to labels and names, and how it says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from workbench._arrays import FloatArray, IntArray
from workbench.analysis._inputs import as_seed, as_whole, distinct_rows
from workbench.analysis._threads import steady_threads
from workbench.errors import InputError

__all__ = ["Edit", "Merge", "Reassign", "Rename", "Split"]

_UNCLUSTERED = "unclustered"


@dataclass(frozen=True, slots=True)
class Merge:
    """Clusters made one: it takes the smallest of the labels, and those above close the gaps."""

    labels: tuple[int, ...]
    name: str = ""

    def named(self, names: list[str]) -> list[str]:
        """Return the clusters' given names after the edit; raise an InputError if it cannot be."""
        for label in self.labels:
            check_label("merge", label, len(names))
        if len(set(self.labels)) < 2:
            raise InputError(
                f"merge: expected at least two different clusters; got {list(self.labels)}."
            )
        first, gone = min(self.labels), set(self.labels) - {min(self.labels)}
        kept = ["" if place == first else name for place, name in enumerate(names)]
        if self.name:
            others = [name for place, name in enumerate(kept) if place not in gone]
            kept[first] = as_name("merge", self.name, others)
        return [name for place, name in enumerate(kept) if place not in gone]

    def relabelled(self, labels: IntArray, vectors: FloatArray) -> IntArray:
        """Return the labels after the edit, shape (n,)."""
        first, gone = min(self.labels), set(self.labels) - {min(self.labels)}
        k = int(labels.max()) + 1
        kept = [label for label in range(k) if label not in gone]
        new = np.full(k + 1, -1, np.int64)  # the last place is that of label -1
        new[kept] = np.arange(len(kept))
        new[list(gone)] = new[first]
        return np.asarray(new[labels])

    def sentence(self) -> str:
        """Return what was done."""
        which = ", ".join(str(label) for label in sorted(set(self.labels)))
        return f"Merged {which}{f' as {self.name!r}' if self.name else ''}."


@dataclass(frozen=True, slots=True)
class Rename:
    """A cluster given a name."""

    label: int
    name: str

    def named(self, names: list[str]) -> list[str]:
        """Return the clusters' given names after the edit; raise an InputError if it cannot be."""
        check_label("rename", self.label, len(names))
        others = [name for place, name in enumerate(names) if place != self.label]
        name = as_name("rename", self.name, others)
        return [name if place == self.label else old for place, old in enumerate(names)]

    def relabelled(self, labels: IntArray, vectors: FloatArray) -> IntArray:
        """Return the labels as they are."""
        return labels

    def sentence(self) -> str:
        """Return what was done."""
        return f"Named {self.label} {self.name!r}."


@dataclass(frozen=True, slots=True)
class Split:
    """A cluster made several by k-means: the largest part keeps its label, others come last."""

    label: int
    n_clusters: int = 2
    random_state: int = 0

    def named(self, names: list[str]) -> list[str]:
        """Return the clusters' given names after the edit; raise an InputError if it cannot be."""
        check_label("split", self.label, len(names))
        as_whole(self.n_clusters, "split: n_clusters", 2, 100)
        as_seed(self.random_state)
        kept = ["" if place == self.label else name for place, name in enumerate(names)]
        return kept + [""] * (self.n_clusters - 1)

    def relabelled(self, labels: IntArray, vectors: FloatArray) -> IntArray:
        """Return the labels after the edit, shape (n,)."""
        from sklearn.cluster import KMeans

        rows = np.flatnonzero(labels == self.label)
        distinct = len(distinct_rows(vectors[rows].round(6))[0])
        if distinct < self.n_clusters:
            raise InputError(
                f"split: cluster {self.label} has {len(rows)} texts with {distinct} distinct "
                f"vectors, which cannot be {self.n_clusters} clusters. Lower n_clusters."
            )
        model = KMeans(self.n_clusters, n_init=10, random_state=self.random_state)
        with steady_threads(len(rows)):
            parts = model.fit_predict(vectors[rows])
        first = np.unique(parts, return_index=True)[1]
        order = np.lexsort((first, -np.bincount(parts)))
        new = np.empty(self.n_clusters, np.int64)
        new[order] = [self.label, *(labels.max() + np.arange(1, self.n_clusters))]
        split = labels.copy()
        split[rows] = new[parts]
        return split

    def sentence(self) -> str:
        """Return what was done."""
        return f"Split {self.label} in {self.n_clusters}."


@dataclass(frozen=True, slots=True)
class Reassign:
    """Unclustered texts put into the cluster whose centre is nearest by cosine."""

    min_similarity: float = 0.0

    def named(self, names: list[str]) -> list[str]:
        """Return the clusters' given names after the edit; raise an InputError if it cannot be."""
        given: object = self.min_similarity
        if isinstance(given, bool) or not isinstance(given, int | float) or not -1 <= given <= 1:
            raise InputError(
                f"reassign_unclustered: min_similarity: expected a cosine from -1 (all texts) "
                f"to 1; got {given!r}."
            )
        if not names:
            raise InputError(
                "reassign_unclustered: all texts are unclustered, so there is no cluster to put "
                "them into. Cluster with other parameters."
            )
        return names

    def relabelled(self, labels: IntArray, vectors: FloatArray) -> IntArray:
        """Return the labels after the edit, shape (n,)."""
        k = int(labels.max()) + 1
        centres = np.stack([vectors[labels == label].mean(axis=0) for label in range(k)])
        # Opposite texts have no centre: nothing is near it.
        centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
        rows = np.flatnonzero(labels < 0)
        cosines = vectors[rows] @ centres.T
        near = cosines.max(axis=1) >= np.float32(self.min_similarity)
        if self.min_similarity <= -1.0:
            near[:] = True  # also a text opposite to all, where rounding says -1.0000001
        moved = labels.copy()
        moved[rows[near]] = cosines[near].argmax(axis=1)
        return moved

    def sentence(self) -> str:
        """Return what was done."""
        least = f" of cosine {self.min_similarity:g} and more"
        return f"Put unclustered texts into the nearest cluster{least}."


Edit: TypeAlias = Merge | Rename | Split | Reassign


def check_label(caller: str, label: object, count: int) -> None:
    """Raise an InputError unless ``label`` is one of ``count`` clusters."""
    if isinstance(label, int) and not isinstance(label, bool) and 0 <= label < count:
        return
    if label == -1:
        raise InputError(
            f"{caller}: -1 are the unclustered texts, which are no cluster. "
            "reassign_unclustered() puts them into the nearest one."
        )
    known = f"there are {count}, numbered from 0" if count else "all texts are unclustered"
    raise InputError(f"{caller}: there is no cluster {label!r}; {known}.")


def as_name(caller: str, name: object, others: list[str]) -> str:
    """Return a cluster's name, or raise an InputError: it is blank, reserved, or another's."""
    if not isinstance(name, str) or not name.strip():
        raise InputError(f"{caller}: expected a name in words; got {name!r}.")
    if name == _UNCLUSTERED:
        raise InputError(f"{caller}: {name!r} is what texts without a cluster are called.")
    if name in others:
        raise InputError(f"{caller}: another cluster is named {name!r}. Merge the two, or differ.")
    return name
