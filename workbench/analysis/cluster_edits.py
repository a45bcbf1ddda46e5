"""Edits of clusters by hand: a log that replays on the clustering it was made for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from workbench._html import elide, rows_table
from workbench.analysis._edits import Edit, Merge, Reassign, Rename, Split
from workbench.analysis._kept_json import kept_json
from workbench.analysis.clustering import Clustering, with_labels
from workbench.analysis.stability import as_clustering
from workbench.errors import InputError

__all__ = ["ClusterEdits"]

_FORMAT = 1
_KINDS: dict[str, type[Edit]] = {
    "merge": Merge,
    "rename": Rename,
    "split": Split,
    "reassign_unclustered": Reassign,
}


@dataclass(frozen=True, slots=True, eq=False)
class ClusterEdits:
    """Edits of one clustering, in order; each method returns a longer log.

    The clustering itself stays as it is: `apply` returns another one. Labels are those that the
    clustering has after the edits before; no edit renumbers more than it must, so that colours
    stay. Begin with ``ClusterEdits.of(clustering)``.

    Parameters
    ----------
    corpus
        Fingerprint of the texts.
    model
        The title of what made the vectors.
    clustering
        Fingerprint of the labels.
    n_clusters
        How many clusters there are before the first edit.
    edits
        The edits.

    Raises
    ------
    InputError
        If an edit names a cluster that is not there at that point, or cannot be.
    """

    corpus: str
    model: str
    clustering: str
    n_clusters: int
    edits: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        self._names()

    @classmethod
    def of(cls, clustering: Clustering) -> ClusterEdits:
        """Return an empty log for a clustering.

        Raises
        ------
        InputError
            If it is no clustering, or was edited already.
        """
        source = as_clustering(clustering, "ClusterEdits.of")
        if source.edits:
            raise InputError(
                "ClusterEdits.of: this clustering was edited already. Add to the log of its "
                "edits, or begin with the clustering they were applied to."
            )
        corpus, model, labels = _identity(source)
        return cls(corpus, model, labels, len(source.clusters))

    def merge(self, labels: Sequence[int], name: str | None = None) -> ClusterEdits:
        """Return the log with clusters made one, under the smallest of their labels.

        Labels above those that go move down. Without a name it is called by its keywords.

        Raises
        ------
        InputError
            If there are not two different labels, one is not there, or the name is another's.
        """
        given: object = labels
        if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray):
            raise InputError(f"merge: expected a list of labels; got {given!r}.")
        plain = tuple(_plain(label) for label in labels)
        if name is not None and not name:
            raise InputError("merge: expected a name in words, or None; got ''.")
        return self._with(Merge(plain, name or ""))

    def rename(self, label: int, name: str) -> ClusterEdits:
        """Return the log with a cluster given a name.

        Raises
        ------
        InputError
            If it is not there, or the name is blank, another cluster's, or ``"unclustered"``.
        """
        return self._with(Rename(_plain(label), name))

    def split(self, label: int, n_clusters: int = 2, random_state: int = 0) -> ClusterEdits:
        """Return the log with a cluster made several, by k-means on its unit vectors.

        The largest part keeps the label, the others get the next free ones; a given name goes.

        Raises
        ------
        InputError
            If it is not there, or ``n_clusters`` is not from 2 to 100. `apply` raises one where
            the cluster has fewer distinct vectors than that.
        """
        return self._with(Split(_plain(label), _plain(n_clusters), _plain(random_state)))

    def reassign_unclustered(self, *, min_similarity: float = 0.0) -> ClusterEdits:
        """Return the log with unclustered texts put into the nearest cluster.

        Nearest is the largest cosine to a cluster's centre, as it is before this edit.

        Parameters
        ----------
        min_similarity
            The least cosine; other texts stay unclustered. -1 leaves none.

        Raises
        ------
        InputError
            If the cosine is out of range, or there is no cluster.
        """
        return self._with(Reassign(min_similarity))

    def undo(self) -> ClusterEdits:
        """Return the log without its last edit; an empty one as it is."""
        return replace(self, edits=self.edits[:-1])

    def apply(self, clustering: Clustering) -> Clustering:
        """Return the clustering as edited; the one given stays as it is.

        Its ``edits`` say what was done, its silhouette and keywords are computed anew, and its
        label 0 is not necessarily the largest cluster. A log without edits returns what it got.

        Raises
        ------
        InputError
            If the log was made for another clustering, or a cluster cannot be split.
        """
        source = as_clustering(clustering, "ClusterEdits.apply")
        self._check(source)
        if not self.edits:
            return source
        labels, vectors = source.labels, source.embeddings.unit()
        for edit in self.edits:
            labels = edit.relabelled(labels, vectors)
        return with_labels(source, labels, self._names(), self.sentences())

    def column(self, clustering: Clustering, name: str = "cluster") -> pd.Series[str]:
        """Return the edited clusters' names, one per text, with the texts' ids as index.

        Raises
        ------
        InputError
            As `apply`.
        """
        edited = self.apply(clustering)
        names = [edited.name_of(label) for label in edited.labels.tolist()]
        ids = pd.Index(edited.embeddings.corpus.ids, name="id", dtype=object)
        return pd.Series(names, index=ids, name=name, dtype=object)

    def sentences(self) -> tuple[str, ...]:
        """Return what each edit did, in words."""
        return tuple(edit.sentence() for edit in self.edits)

    def title(self) -> str:
        """Return what was edited, for titles."""
        count = len(self.edits)
        return f"{count} edit{'s' if count != 1 else ''} of {self.n_clusters} clusters"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per edit: ``step, edit, what``."""
        kinds = {cls: name for name, cls in _KINDS.items()}
        return pd.DataFrame(
            {
                "step": range(1, len(self.edits) + 1),
                "edit": [kinds[type(edit)] for edit in self.edits],
                "what": list(self.sentences()),
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the log as a flat dict."""
        return {
            "edits": len(self.edits),
            "what": " ".join(self.sentences()),
            "clusters_before": self.n_clusters,
            "clusters": len(self._names()),
            "clustering_fingerprint": self.clustering,
            "corpus_fingerprint": self.corpus,
        }

    def to_json(self) -> str:
        """Return the log as ASCII JSON that :meth:`from_json` reads."""
        kinds = {cls: name for name, cls in _KINDS.items()}
        log = [{"edit": kinds[type(edit)], **asdict(edit)} for edit in self.edits]
        about = {name: getattr(self, name) for name in ("corpus", "model", "clustering")}
        return json.dumps({"format": _FORMAT, **about, "clusters": self.n_clusters, "edits": log})

    @classmethod
    def from_json(cls, text: str | bytes) -> ClusterEdits:
        """Return the log that :meth:`to_json` wrote.

        Raises
        ------
        InputError
            If the text is not such a log, or was written in a later format.
        """
        kept = kept_json(text, "ClusterEdits.from_json", "the log has", _FORMAT)
        try:
            corpus, model, labels = (str(kept[name]) for name in ("corpus", "model", "clustering"))
            edits = tuple(_edit(one) for one in kept["edits"])
            return cls(corpus, model, labels, int(kept["clusters"]), edits)
        except InputError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"ClusterEdits.from_json: expected what ClusterEdits.to_json writes; "
                f"{type(error).__name__}: {elide(str(error))}."
            ) from None

    def _with(self, edit: Edit) -> ClusterEdits:
        return replace(self, edits=(*self.edits, edit))

    def _names(self) -> list[str]:
        """Return the clusters' given names after all edits; raise an InputError for a wrong one."""
        names = [""] * self.n_clusters
        for edit in self.edits:
            names = edit.named(names)
        return names

    def _check(self, clustering: Clustering) -> None:
        corpus, model, labels = _identity(clustering)
        if clustering.edits:
            raise InputError(
                "ClusterEdits.apply: this clustering was edited already. Apply the log to the one "
                "it was made for."
            )
        if corpus != self.corpus:
            raise InputError(
                f"ClusterEdits.apply: the edits were made for other texts (fingerprint "
                f"{self.corpus}) than these of {clustering.embeddings.corpus.name!r} ({corpus})."
            )
        if model != self.model or labels != self.clustering:
            raise InputError(
                f"ClusterEdits.apply: the edits were made for another clustering of these texts "
                f"({self.n_clusters} clusters of vectors by {self.model}) than this one "
                f"({clustering.title()}). Use the same model, method, parameters and seed."
            )

    def _repr_html_(self) -> str:
        return rows_table(self.title(), ("", "edit"), list(enumerate(self.sentences(), start=1)))

    def __repr__(self) -> str:
        return f"ClusterEdits({self.title()!r})"


def _identity(clustering: Clustering) -> tuple[str, str, str]:
    """Return the fingerprint of the texts, the model's title, the fingerprint of the labels."""
    embeddings = clustering.embeddings
    raw = np.ascontiguousarray(clustering.labels, "<i8").tobytes()
    labels = hashlib.blake2b(raw, digest_size=8).hexdigest()
    return embeddings.corpus.fingerprint, embeddings.spec.title(), labels


def _edit(kept: dict[str, Any]) -> Edit:
    """Return an edit from its JSON."""
    values = dict(kept)
    kind = values.pop("edit")
    if kind not in _KINDS:
        raise InputError(
            f"ClusterEdits.from_json: there is no edit {kind!r}; expected {', '.join(_KINDS)}."
        )
    if kind == "merge":
        values["labels"] = tuple(values["labels"])
    return _KINDS[kind](**values)


def _plain(value: int | np.integer) -> int:
    """Return a numpy integer as an int, which JSON takes; anything else as it is."""
    return int(value) if isinstance(value, np.integer) else value
