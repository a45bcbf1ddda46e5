"""Clustering: the texts in groups, with what each group is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from workbench._arrays import FloatArray, IntArray, freeze
from workbench._html import rows_table
from workbench.analysis._estimators import (
    ESTIMATOR_PARAMETERS,
    Clusterer,
    any_partition,
    as_clusterer,
    clusterer_name,
    clusterer_params,
    seeded,
)
from workbench.analysis._inputs import as_embeddings, as_seed, renamed
from workbench.analysis._silhouettes import mean_silhouette
from workbench.analysis._threads import one_blas_thread
from workbench.analysis.keywords import class_keywords
from workbench.analysis.neighbors import Neighbors
from workbench.analysis.parameters import CLUSTERING_PARAMETERS, ParameterValue, checked
from workbench.analysis.partition import Reduce
from workbench.analysis.reduction import check_neighbors, reduce_umap
from workbench.embeddings import Embeddings
from workbench.errors import InputError

__all__ = ["Cluster", "Clustering", "cluster", "clustered", "with_labels"]

_EXEMPLARS = 3


@dataclass(frozen=True, slots=True)
class Cluster:
    """One group of texts.

    Parameters
    ----------
    label
        Its number; 0 is the largest cluster, until clusters are edited.
    size
        How many texts it has.
    exemplars
        The rows of the (up to three) texts nearest to its centre by cosine, nearest first.
    keywords
        The words that set it apart (c-TF-IDF), the strongest first.
    given_name
        The name that somebody gave it; empty when nobody has.
    """

    label: int
    size: int
    exemplars: tuple[int, ...]
    keywords: tuple[str, ...]
    given_name: str = ""

    @property
    def name(self) -> str:
        """The given name, or the label and three keywords: ``"3: refund, money, card"``."""
        if self.given_name:
            return self.given_name
        return f"{self.label}: {', '.join(self.keywords[:3])}" if self.keywords else str(self.label)


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Clustering:
    """Each text's cluster.

    Parameters
    ----------
    labels
        Read-only int64 array of shape (n,): 0 is the largest cluster (until clusters are
        edited), -1 means unclustered.
    embeddings
        The n texts and their vectors.
    method
        ``hdbscan``, ``kmeans``, ``agglomerative``, ``community``, or the class of a scikit-learn
        clusterer (of a pipeline, its steps: ``"PCA + KMeans"``).
    params
        The method's parameters, as they were used; of a clusterer, what is neither a number nor a
        word as its repr.
    random_state
        The seed.
    reduction
        What the vectors were reduced by first (``"umap, 5 dimensions"``); empty: by nothing.
    silhouette
        -1 to 1, on the unit vectors by cosine, unclustered texts left out; NaN for fewer than two
        clusters.
    clusters
        The clusters in the order of their labels.
    notes
        Sentences about what was done otherwise than asked.
    edits
        Sentences about what was changed by hand since, in order (``ClusterEdits``).
    estimator
        The scikit-learn clusterer, seeded and not fitted; None for the other methods.
    """

    labels: IntArray
    embeddings: Embeddings
    method: str
    params: Mapping[str, ParameterValue]
    random_state: int
    reduction: str
    silhouette: float
    clusters: tuple[Cluster, ...]
    notes: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()
    estimator: Clusterer | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", freeze(self.labels))
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        # A read-only mapping cannot be pickled, and values come back from worker processes.
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return type(self), tuple({**values, "params": dict(self.params)}.values())

    @property
    def unclustered(self) -> int:
        """How many texts are in no cluster."""
        return int(np.count_nonzero(self.labels < 0))

    def name_of(self, label: int) -> str:
        """Return a cluster's name: ``"3: refund, money, card"``, or ``"unclustered"`` for -1.

        Raises
        ------
        InputError
            If there is no such cluster.
        """
        if label == -1:
            return "unclustered"
        if 0 <= label < len(self.clusters):
            return self.clusters[label].name
        raise InputError(
            f"There is no cluster {label!r}; there are {len(self.clusters)}, numbered from 0 "
            "(-1: unclustered)."
        )

    def title(self) -> str:
        """Return how the texts were clustered, for titles."""
        edited = ", edited" if self.edits else ""
        count = len(self.clusters)
        return f"{self.embeddings.title()} · {self.method}, {count} clusters{edited}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per text: ``id, text, cluster, cluster_name``, the corpus' columns."""
        corpus = self.embeddings.corpus
        taken = ("id", "text", "cluster", "cluster_name")
        further = {renamed(name, taken): corpus[name] for name in corpus.columns}
        names = [self.name_of(label) for label in self.labels.tolist()]
        frame = {"id": list(corpus.ids), "text": list(corpus.texts), "cluster": self.labels}
        return pd.DataFrame({**frame, "cluster_name": names, **further})

    def summary(self) -> dict[str, float | int | str]:
        """Return the clustering in numbers: a flat dict."""
        return {
            "method": self.method,
            "texts": len(self.embeddings),
            "clusters": len(self.clusters),
            "unclustered": self.unclustered,
            "largest": max((found.size for found in self.clusters), default=0),
            "smallest": min((found.size for found in self.clusters), default=0),
            "silhouette": self.silhouette,
            "reduced_by": self.reduction,
            "random_state": self.random_state,
            **self.params,
            "notes": " ".join(self.notes),
            **({"edits": " ".join(self.edits)} if self.edits else {}),
            "corpus_fingerprint": self.embeddings.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        texts = self.embeddings.corpus.texts
        rows: list[tuple[object, ...]] = [
            (found.label, found.size, ", ".join(found.keywords), texts[found.exemplars[0]])
            for found in self.clusters
        ]
        rows.append(("unclustered", self.unclustered, "", " ".join(self.notes)))
        header = ("cluster", "texts", "keywords", "nearest to its centre")
        return rows_table(f"{self.title()}, silhouette {self.silhouette:.3f}", header, rows)

    def __repr__(self) -> str:
        return (
            f"Clustering({len(self.embeddings)} texts, {self.method!r}, "
            f"{len(self.clusters)} clusters, {self.unclustered} unclustered, "
            f"silhouette={self.silhouette:.3f})"
        )


def cluster(
    embeddings: Embeddings,
    *,
    method: str | Clusterer = "hdbscan",
    random_state: int = 0,
    neighbors: Neighbors | None = None,
    **params: ParameterValue,
) -> Clustering:
    """Return the texts in clusters.

    Of 500 texts or more the labels are kept on disk, and read when the same are asked for again,
    but those of a clusterer of one's own.

    Parameters
    ----------
    embeddings
        The n texts.
    method
        ``hdbscan`` (on a UMAP reduction, which the result names), ``kmeans`` (on unit vectors),
        ``agglomerative`` (average linkage, cosine), ``community`` (sentence-transformers'
        community detection), or any scikit-learn clusterer: an object with ``fit_predict``, such
        as ``DBSCAN(eps=0.3, metric="cosine")`` or a pipeline. It is cloned, and fitted on the
        unit vectors; its time and memory are its own. The BLAS has one thread meanwhile, so that
        a seed gives the same numbers.
    random_state
        The same number gives the same clusters. A clusterer gets it where its own is None.
    neighbors
        The texts' neighbours by cosine, where they are known; only the reduction uses them.
    **params
        The method's parameters: ``CLUSTERING_PARAMETERS``. Values that n texts do not allow are
        lowered, and a note says so. Beside a clusterer, which has its own, only ``reduction``
        (``"umap"``: it is fitted on a reduction, which the result names) and ``dimensions``.

    Raises
    ------
    InputError
        If the method or a parameter is unknown or out of range, the neighbours are those of
        other vectors, a vector is all zeros, there are more than 10,000 texts for
        ``agglomerative`` (or for ``hdbscan`` with ``reduction="none"``), or a clusterer cannot
        be fitted on these texts.
    """
    source = as_embeddings(embeddings, "cluster")
    seed = as_seed(random_state)
    estimator = None
    if isinstance(method, str):
        name, values = method, checked(method, params, CLUSTERING_PARAMETERS)
    else:
        estimator = seeded(as_clusterer(method), seed)
        name = clusterer_name(estimator)
        values = checked(name, params, {name: ESTIMATOR_PARAMETERS})
    check_neighbors(neighbors, source)
    return clustered(source, name, estimator, values, seed, neighbors)


def clustered(
    source: Embeddings,
    method: str,
    estimator: Clusterer | None,
    values: Mapping[str, ParameterValue],
    seed: int,
    neighbors: Neighbors | None,
    reduce: Reduce = reduce_umap,
) -> Clustering:
    """Return the texts in clusters by checked values: what `cluster` does once all is checked."""
    found = any_partition(source, method, estimator, values, seed, neighbors, reduce)
    labels = _by_size(found.labels)
    vectors = source.unit()
    own = {} if estimator is None else clusterer_params(estimator)
    return Clustering(
        labels=labels,
        embeddings=source,
        method=method,
        params={**own, **values, **dict(found.changed)},
        random_state=seed,
        reduction=found.reduction,
        silhouette=mean_silhouette(vectors, labels),
        clusters=_described(source, vectors, labels),
        notes=found.notes,
        estimator=estimator,
    )


def with_labels(
    clustering: Clustering, labels: IntArray, names: Sequence[str], edits: Sequence[str]
) -> Clustering:
    """Return a clustering with other labels, described anew.

    Parameters
    ----------
    clustering
        What it was.
    labels
        Shape (n,): -1, and every number from 0 to k - 1.
    names
        The k clusters' given names, empty for none.
    edits
        Sentences about what was changed.
    """
    vectors = clustering.embeddings.unit()
    found = _described(clustering.embeddings, vectors, labels)
    return replace(
        clustering,
        labels=labels,
        silhouette=mean_silhouette(vectors, labels),
        clusters=tuple(
            replace(one, given_name=name) for one, name in zip(found, names, strict=True)
        ),
        edits=tuple(edits),
    )


def _by_size(labels: IntArray) -> IntArray:
    """Return the labels renumbered: 0 the largest cluster, equal ones by their first row."""
    found, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    kept = found >= 0
    order = np.lexsort((first[kept], -sizes[kept]))
    new = np.full(len(found), -1, np.int64)
    new[np.flatnonzero(kept)[order]] = np.arange(len(order))
    return np.asarray(new[np.searchsorted(found, labels)], np.int64)


def _described(source: Embeddings, vectors: FloatArray, labels: IntArray) -> tuple[Cluster, ...]:
    keywords = class_keywords(source.corpus.texts, labels)
    clusters = []
    with one_blas_thread():
        for label in range(int(labels.max()) + 1):
            rows = np.flatnonzero(labels == label)
            closeness = vectors[rows] @ vectors[rows].mean(axis=0)
            nearest = rows[np.argsort(-closeness, kind="stable")[:_EXEMPLARS]]
            clusters.append(Cluster(label, len(rows), tuple(nearest.tolist()), keywords[label]))
    return tuple(clusters)
