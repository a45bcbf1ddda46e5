"""What each cluster is like: how dense, how clear, next to which, and who stands apart in it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from workbench._arrays import BoolArray, IntArray, freeze
from workbench._html import rows_table
from workbench.analysis._inputs import renamed
from workbench.analysis._nearest import top_k
from workbench.analysis._silhouettes import SAME, Doubles, cluster_sums, within_clusters
from workbench.analysis.clustering import Clustering
from workbench.analysis.stability import as_clustering
from workbench.errors import InputError

__all__ = ["ClusterFacts", "cluster_facts"]

_NEAREST = 3
_FENCE = 1.5
_FEWEST_FENCED = 4  # quartiles of fewer say nothing
_BLOCK_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class ClusterFacts:
    """Numbers about k clusters and their n texts, by cosine of the real vectors.

    Nothing is sampled: means of cosines are products with mean vectors.

    Parameters
    ----------
    clustering
        The clustering.
    density
        Mean cosine of two different texts of each cluster, shape (k,); nan for one text. Unlike
        the mean cosine to the centre it does not rise because a cluster is small.
    silhouette
        Mean silhouette of each cluster's texts, shape (k,).
    nearest, nearest_similarity
        The (up to three) clusters nearest to each, and the cosine of the two centres (the mean
        unit vectors), nearest first, shape (k, m). By the mean cosine of their texts, a dense
        cluster would be the nearest one of all others.
    point_silhouette
        Silhouette of each text, -1 to 1, shape (n,): that of
        ``sklearn.metrics.silhouette_samples(..., metric="cosine")`` over the clustered texts, 0
        where a text is alone in its cluster; nan for unclustered ones, and where there is only
        one cluster. Below 0 a text is nearer to another cluster than to its own.
    point_other
        The other cluster nearest to each text by mean cosine, shape (n,); -1 where there is none,
        or the text is unclustered.
    point_closeness
        Cosine of each text to the centre of the others of its cluster, shape (n,); nan for
        unclustered ones and where a text is alone.
    outlier
        Whether a text lies far out in its cluster, shape (n,): its closeness is below the first
        quartile by more than 1.5 times the distance of the quartiles (Tukey 1977, "Exploratory
        data analysis"). None in clusters of fewer than 4 texts.
    notes
        Sentences about what could not be said.
    """

    clustering: Clustering
    density: Doubles
    silhouette: Doubles
    nearest: IntArray
    nearest_similarity: Doubles
    point_silhouette: Doubles
    point_other: IntArray
    point_closeness: Doubles
    outlier: BoolArray
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, freeze(value))

    def outliers(self, label: int) -> IntArray:
        """Return the rows of a cluster's outliers, the farthest first.

        Raises
        ------
        InputError
            If there is no such cluster.
        """
        self._check(label)
        rows = np.flatnonzero(self.outlier & (self.clustering.labels == label))
        return rows[np.argsort(self.point_closeness[rows], kind="stable")]

    def nearest_to(self, label: int) -> tuple[tuple[int, float], ...]:
        """Return the clusters nearest to one, each with the centres' cosine, nearest first.

        Raises
        ------
        InputError
            If there is no such cluster.
        """
        self._check(label)
        pair = self.nearest[label].tolist(), self.nearest_similarity[label].tolist()
        return tuple(zip(*pair, strict=True))

    def title(self) -> str:
        """Return what is described, for titles."""
        return f"Clusters of {self.clustering.title()}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cluster.

        Columns: ``cluster, cluster_name, size, density, silhouette, misplaced`` (texts of
        silhouette below 0), ``outliers, nearest`` (label; missing where there is only one
        cluster), ``nearest_name, nearest_similarity``.
        """
        found, labels = self.clustering.clusters, self.clustering.labels
        k, any_near = len(found), self.nearest.shape[1] > 0
        near = self.nearest[:, 0] if any_near else np.full(k, -1)
        below = labels[self.point_silhouette < 0]
        return pd.DataFrame(
            {
                "cluster": [one.label for one in found],
                "cluster_name": [one.name for one in found],
                "size": [one.size for one in found],
                "density": self.density,
                "silhouette": self.silhouette,
                "misplaced": np.bincount(below, minlength=k),
                "outliers": np.bincount(labels[self.outlier], minlength=k),
                "nearest": pd.array([x if x >= 0 else None for x in near.tolist()], dtype="Int64"),
                "nearest_name": [found[x].name if x >= 0 else "" for x in near.tolist()],
                "nearest_similarity": self.nearest_similarity[:, 0] if any_near else np.nan,
            }
        )

    def texts_frame(self) -> pd.DataFrame:
        """Return one row per text: `Clustering.to_frame` with the numbers of each text.

        After ``cluster_name``: ``silhouette, other_cluster, closeness, outlier``.
        """
        frame = self.clustering.to_frame()
        own = {
            "silhouette": self.point_silhouette,
            "other_cluster": self.point_other,
            "closeness": self.point_closeness,
            "outlier": self.outlier,
        }
        frame = frame.rename(columns=lambda name: renamed(name, tuple(own)))
        for place, (name, values) in enumerate(own.items(), start=4):
            frame.insert(place, name, values)
        return frame

    def summary(self) -> dict[str, float | int | str]:
        """Return the facts in numbers: a flat dict."""
        known = self.point_silhouette[np.isfinite(self.point_silhouette)]
        dense = self.density[np.isfinite(self.density)]
        return {
            "clusters": len(self.density),
            "silhouette": float(known.mean()) if len(known) else float("nan"),
            "misplaced": int(np.count_nonzero(known < 0)),
            "outliers": int(np.count_nonzero(self.outlier)),
            "density_lowest": float(dense.min()) if len(dense) else float("nan"),
            "density_highest": float(dense.max()) if len(dense) else float("nan"),
            "notes": " ".join(self.notes),
            "corpus_fingerprint": self.clustering.embeddings.corpus.fingerprint,
        }

    def _check(self, label: int) -> None:
        if label == -1:
            raise InputError("ClusterFacts: the unclustered texts (-1) are no cluster.")
        self.clustering.name_of(label)

    def _repr_html_(self) -> str:
        shown = ["cluster_name", "size", "density", "silhouette", "misplaced", "outliers"]
        frame = self.to_frame()[[*shown, "nearest_name"]]
        return rows_table(self.title(), list(frame.columns), frame.itertuples(index=False))

    def __repr__(self) -> str:
        return f"ClusterFacts({self.clustering!r})"


def cluster_facts(clustering: Clustering) -> ClusterFacts:
    """Return what each cluster is like: density, silhouettes, nearest clusters, outliers.

    Raises
    ------
    InputError
        If it is no clustering, or all its texts are unclustered.
    """
    source = as_clustering(clustering, "cluster_facts")
    labels, k = source.labels, len(source.clusters)
    if k == 0:
        raise InputError(
            f"cluster_facts: all {len(labels):,} texts are unclustered, so there is no cluster to "
            "describe. Cluster with other parameters."
        )
    vectors = source.embeddings.unit()
    sums, sizes = cluster_sums(vectors, labels, k), np.bincount(labels[labels >= 0], minlength=k)
    silhouettes, others, closeness = within_clusters(vectors, labels, sums, sizes)
    within = np.einsum("kd,kd->k", sums, sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.where(sizes > 1, (within - sizes) / (sizes * (sizes - 1.0)), np.nan)
    # Texts opposite to each other have no centre: nothing is near it.
    lengths = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), SAME)
    nearest, similarity = _nearest(sums / lengths)
    clear = labels >= 0
    per_cluster = np.bincount(labels[clear], weights=silhouettes[clear], minlength=k) / sizes
    return ClusterFacts(
        clustering=source,
        density=np.clip(density, -1.0, 1.0),
        silhouette=per_cluster,
        nearest=nearest,
        nearest_similarity=similarity,
        point_silhouette=silhouettes,
        point_other=others,
        point_closeness=closeness,
        outlier=_outliers(closeness, labels, k),
        notes=_notes(sizes),
    )


def _notes(sizes: IntArray) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if len(sizes) == 1:
        notes = ("There is one cluster: no text has a silhouette, and no cluster a nearest one.",)
    alone = int(np.count_nonzero(sizes == 1))
    if alone:
        what = "1 cluster has" if alone == 1 else f"{alone} clusters have"
        notes += (f"{what} one text, and so no density.",)
    return notes


def _nearest(centres: Doubles) -> tuple[IntArray, Doubles]:
    """Return the clusters nearest to each by their centres' cosine, shape (k, m) each."""
    k = len(centres)
    m = min(_NEAREST, k - 1)
    nearest, similarity = np.empty((k, m), np.int64), np.empty((k, m))
    step = max(1, _BLOCK_CELLS // k)
    for start in range(0, k if m else 0, step):
        block = centres[start : start + step] @ centres.T
        places = np.arange(len(block))
        block[places, start + places] = -np.inf
        chosen = slice(start, start + len(block))
        nearest[chosen], similarity[chosen] = top_k(block, m)  # type: ignore[arg-type]  # float64, which it keeps
    return nearest, np.clip(similarity, -1.0, 1.0)


def _outliers(closeness: Doubles, labels: IntArray, k: int) -> BoolArray:
    """Return which texts are below Tukey's fence of their cluster's closeness, shape (n,)."""
    found = np.zeros(len(labels), np.bool_)
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(k + 1))
    for label in range(k):
        rows = order[starts[label] : starts[label + 1]]
        if len(rows) < _FEWEST_FENCED:
            continue
        values = np.nan_to_num(closeness[rows], nan=1.0)
        low, high = np.quantile(values, (0.25, 0.75))
        found[rows] = values < low - _FENCE * (high - low) - SAME
    return found
