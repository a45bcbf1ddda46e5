"""The ways to sort texts into clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray
from workbench.analysis._computed_once import NO_NOTES, computed_once
from workbench.analysis._inputs import distinct_rows
from workbench.analysis._threads import steady_threads
from workbench.analysis.communities import community_labels
from workbench.analysis.neighbors import Neighbors
from workbench.analysis.parameters import ParameterValue
from workbench.analysis.reduction import Reduction, reduce_umap
from workbench.embeddings import Embeddings
from workbench.errors import InputError

__all__ = ["MOST_PAIRWISE", "Partition", "Reduce", "partition"]

MOST_PAIRWISE = 10_000
_STARTS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Labels as a method gave them, and how they came about.

    Parameters
    ----------
    labels
        Shape (n,), -1 for unclustered.
    reduction
        What the vectors were reduced by first; empty when they were not.
    changed
        Parameters that n texts did not allow as given, by name, as they were used.
    notes
        Sentences about what was done otherwise than asked.
    """

    labels: IntArray
    reduction: str = ""
    changed: tuple[tuple[str, ParameterValue], ...] = ()
    notes: tuple[str, ...] = ()


class Reduce(Protocol):
    """What reduces the vectors: ``reduce_umap``, or what keeps its result for the next call."""

    def __call__(
        self,
        embeddings: Embeddings,
        neighbors: Neighbors | None,
        /,
        *,
        dimensions: int,
        n_neighbors: int,
        min_dist: float,
        random_state: int,
    ) -> Reduction:
        """Return the reduction."""
        ...


def partition(
    embeddings: Embeddings,
    method: str,
    values: Mapping[str, ParameterValue],
    random_state: int,
    neighbors: Neighbors | None,
    reduce: Reduce = reduce_umap,
) -> Partition:
    """Return the labels that a method gives with checked parameter values.

    Raises
    ------
    InputError
        If a vector is all zeros, or there are too many texts for the method.
    """
    vectors = embeddings.unit()
    if method == "hdbscan":
        return _hdbscan(embeddings, vectors, values, random_state, neighbors, reduce)
    if method == "community":
        fewest = int(values["min_community_size"])
        threshold = float(values["threshold"])
        (found,) = computed_once(
            "community-1",
            (vectors, threshold, fewest),
            lambda: (community_labels(vectors, threshold=threshold, min_community_size=fewest),),
        )
        notes = _too_few(len(vectors), "min_community_size", fewest)
        if not notes and found.max() < 0:
            near = f"cosine of {values['threshold']} to {fewest - 1} others"
            notes = (f"No text has a {near}: none is clustered. Lower threshold.",)
        return Partition(found, notes=notes)
    return _counted(vectors, method, int(values["n_clusters"]), random_state)


def _counted(vectors: FloatArray, method: str, asked: int, random_state: int) -> Partition:
    """Return the labels of a method that is told how many clusters to make."""
    used = min(asked, len(distinct_rows(vectors.round(6))[0]))
    changed: tuple[tuple[str, ParameterValue], ...] = ()
    notes: tuple[str, ...] = ()
    if method == "agglomerative":
        _check_size(len(vectors), method, "method='kmeans' or 'hdbscan'")
    if used < asked:
        changed = (("n_clusters", used),)
        notes = (f"n_clusters={asked} was lowered to {used}: there are {used} distinct vectors.",)

    def compute() -> tuple[IntArray]:
        if method == "kmeans":
            return (_kmeans(vectors, used, random_state),)
        return (_agglomerative(vectors, used),)

    seed = random_state if method == "kmeans" else 0  # nothing else is random
    (labels,) = computed_once(f"{method}-1", (vectors, used, seed), compute)
    return Partition(labels, "", changed, notes)


def _kmeans(vectors: FloatArray, n_clusters: int, random_state: int) -> IntArray:
    """Return the labels of k-means on unit vectors, the best of four starts."""
    from sklearn.cluster import KMeans

    model = KMeans(n_clusters=n_clusters, n_init=_STARTS, random_state=random_state)
    with steady_threads(len(vectors)):
        return np.asarray(model.fit_predict(vectors), np.int64)


def _agglomerative(vectors: FloatArray, n_clusters: int) -> IntArray:
    """Return the labels of average linkage by cosine; nothing about it is random."""
    from sklearn.cluster import AgglomerativeClustering

    if len(vectors) == 1:
        return np.zeros(1, np.int64)
    model = AgglomerativeClustering(n_clusters=n_clusters, metric="cosine", linkage="average")
    return np.asarray(model.fit_predict(vectors), np.int64)


def _hdbscan(
    embeddings: Embeddings,
    vectors: FloatArray,
    values: Mapping[str, ParameterValue],
    random_state: int,
    neighbors: Neighbors | None,
    reduce: Reduce,
) -> Partition:
    """Return the labels of HDBSCAN, after a UMAP reduction unless it is declined.

    On 2,000 sentence vectors of 384 dimensions HDBSCAN leaves nine of ten texts unclustered.
    """
    n = len(vectors)
    notes = _too_few(n, "min_cluster_size", int(values["min_cluster_size"]))
    if notes:
        return Partition(np.full(n, -1, np.int64), notes=notes)
    if len(distinct_rows(vectors.round(6))[0]) == 1:
        note = f"All {n} texts have the same vector: they are one cluster."
        return Partition(np.zeros(n, np.int64), notes=(note,))
    points, reduction = vectors, ""
    changed: tuple[tuple[str, ParameterValue], ...] = ()
    if values["reduction"] == "umap" and vectors.shape[1] > int(values["dimensions"]):
        options = {name: int(values[name]) for name in ("dimensions", "n_neighbors")}
        reduced = reduce(embeddings, neighbors, **options, min_dist=0.0, random_state=random_state)
        points, notes, changed = reduced.coordinates, reduced.notes, reduced.changed
        reduction = f"{reduced.method}, {values['dimensions']} dimensions"
    elif values["reduction"] == "umap":
        given = (
            f"vectors of {vectors.shape[1]} dimensions cannot be reduced to {values['dimensions']}"
        )
        _check_size(n, f"hdbscan without a reduction ({given})", "fewer dimensions=")
        changed = (("reduction", "none"),)
        notes = (f"No reduction: {given}.",)
    else:
        _check_size(n, "hdbscan without a reduction", "reduction='umap'")
    samples = int(values["min_samples"])
    if samples > n:
        changed += (("min_samples", n),)
        notes += (f"min_samples={samples} was lowered to {n}: there are {n} texts.",)
    least = min(samples, n)
    labels, noted = computed_once(
        "hdbscan-1",
        (points, values["min_cluster_size"], values["max_share"], least),
        lambda: _densest(points, values, least),
    )
    return Partition(labels, reduction, changed, (*notes, *map(str, noted)))


def _densest(
    points: FloatArray, values: Mapping[str, ParameterValue], min_samples: int
) -> tuple[IntArray, NDArray[np.str_]]:
    """Return HDBSCAN's labels, one that holds most texts split where it can be; and notes.

    HDBSCAN prefers the most persistent clusters. Where a few texts lie far from all others (in
    another language, say), the others are one such cluster, however much there is inside it.
    """
    from sklearn.cluster import HDBSCAN

    def fit(largest: int | None) -> IntArray:
        model = HDBSCAN(
            min_cluster_size=int(values["min_cluster_size"]),
            min_samples=min_samples,
            max_cluster_size=largest,
            copy=True,  # else a FutureWarning; `points` may be read-only
        )
        return np.asarray(model.fit_predict(points), np.int64)

    labels = fit(None)
    most = max(int(float(values["max_share"]) * len(points)), int(values["min_cluster_size"]))
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    if sizes.max() <= most:
        return labels, NO_NOTES
    again = fit(most)
    inside = again[labels == sizes.argmax()]
    if np.mean(inside < 0) > 0.5:  # there is nothing in it to split it into
        return labels, NO_NOTES
    share = f"{sizes.max() / len(points):.0%}"
    note = f"A cluster of {share} of the texts was split (max_share={values['max_share']})."
    return again, np.array([note])


def _too_few(n: int, name: str, fewest: int) -> tuple[str, ...]:
    if n >= fewest:
        return ()
    return (f"{n} texts are fewer than {name}={fewest}: none is clustered. Lower {name}.",)


def _check_size(n: int, method: str, instead: str) -> None:
    if n > MOST_PAIRWISE:
        raise InputError(
            f"cluster: {method} compares every pair of texts and takes at most "
            f"{MOST_PAIRWISE:,}; got {n:,}. Use {instead}, or a sample: embeddings.take(rows)."
        )
