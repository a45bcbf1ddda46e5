"""Whether clusters hold: the same ones again with other seeds, and without some of the texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import IntArray, freeze
from workbench._html import rows_table
from workbench._progress import Progress, ProgressOption, showing
from workbench.analysis._inputs import as_seed, as_whole
from workbench.analysis._reruns import (
    best_matches,
    groups,
    in_one_thread,
    is_random,
    made_again,
    mean_interval,
    rand_index,
    seeds,
    subsample_rows,
)
from workbench.analysis._side_by_side import MOST, side_by_side
from workbench.analysis.clustering import Clustering
from workbench.analysis.neighbors import Neighbors, nearest_neighbors
from workbench.analysis.significance import Interval
from workbench.errors import InputError

__all__ = ["VERDICTS", "ClusterStability", "as_clustering", "cluster_stability", "verdict"]

# The guidelines of fpc's clusterboot, from Hennig (2007): least mean Jaccard, word.
VERDICTS = (
    (0.85, "highly stable"),
    (0.75, "stable"),
    (0.6, "doubtful"),
    (0.0, "not to be trusted"),
)
_DISSOLVED, _RECOVERED = 0.5, 0.75
_FEWEST = 5
_Runs = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class ClusterStability:
    """How much of a clustering comes back when it is made again.

    Each run is compared with the clustering on the texts that both have: as a whole by the
    adjusted Rand index (0 is chance, 1 the same; the unclustered texts are one group), and per
    cluster by the Jaccard similarity to the cluster of the run that is most like it (C. Hennig
    2007, "Cluster-wise assessment of cluster stability", Computational Statistics & Data Analysis
    52; ``clusterboot`` of the R package fpc, its scheme ``"subset"``). A cluster without a text in
    a subsample is left out of that run.

    Parameters
    ----------
    clustering
        The clustering with its k clusters.
    seed_ari
        Adjusted Rand index of each run with another seed, shape (runs,); empty where the seed
        changes nothing.
    subsample_ari
        That of each run on a subsample (and with another seed), shape (runs,).
    seed_jaccard, subsample_jaccard
        Jaccard similarity of each cluster to its best match in each run, shape (runs, k); nan
        where a subsample has none of its texts.
    subsample
        The share of the texts in a subsample.
    random_state
        The seed that the runs' seeds were drawn with.
    notes
        Sentences about what was done otherwise than asked.
    """

    clustering: Clustering
    seed_ari: NDArray[np.float64]
    subsample_ari: NDArray[np.float64]
    seed_jaccard: NDArray[np.float64]
    subsample_jaccard: NDArray[np.float64]
    subsample: float
    random_state: int
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("seed_ari", "subsample_ari", "seed_jaccard", "subsample_jaccard"):
            object.__setattr__(self, name, freeze(np.asarray(getattr(self, name), np.float64)))

    @property
    def over_seeds(self) -> Interval:
        """Mean adjusted Rand index over seeds; nan where the seed changes nothing."""
        return mean_interval(self.seed_ari)

    @property
    def over_subsamples(self) -> Interval:
        """Mean adjusted Rand index over subsamples."""
        return mean_interval(self.subsample_ari)

    @property
    def jaccard(self) -> NDArray[np.float64]:
        """Mean Jaccard similarity of each cluster over subsamples, shape (k,)."""
        return _means(self.subsample_jaccard)

    @property
    def verdicts(self) -> tuple[str, ...]:
        """What `jaccard` says of each cluster, by the thresholds of fpc: `verdict`."""
        return tuple(verdict(value) for value in self.jaccard.tolist())

    def title(self) -> str:
        """Return what was made again, for titles."""
        return f"Stability of {self.clustering.title()}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cluster.

        Columns: ``cluster, cluster_name, size``; ``jaccard`` over subsamples with
        ``jaccard_low, jaccard_high``; ``recovered, dissolved`` (share of the subsamples in which
        it is at least 0.75, at most 0.5); ``jaccard_over_seeds``; ``verdict``.
        """
        found, runs = self.clustering.clusters, self.subsample_jaccard
        ends = [mean_interval(column) for column in runs.T]
        return pd.DataFrame(
            {
                "cluster": [one.label for one in found],
                "cluster_name": [one.name for one in found],
                "size": [one.size for one in found],
                "jaccard": self.jaccard,
                "jaccard_low": [max(end.low, 0.0) for end in ends],
                "jaccard_high": [end.high for end in ends],
                "recovered": _means(np.where(np.isnan(runs), np.nan, runs >= _RECOVERED)),
                "dissolved": _means(np.where(np.isnan(runs), np.nan, runs <= _DISSOLVED)),
                "jaccard_over_seeds": _means(self.seed_jaccard),
                "verdict": list(self.verdicts),
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the stability in numbers: a flat dict."""
        whole, seeded = self.over_subsamples, self.over_seeds
        words = self.verdicts
        return {
            "ari_over_subsamples": whole.estimate,
            "ari_over_subsamples_low": whole.low,
            "ari_over_subsamples_high": whole.high,
            "ari_over_seeds": seeded.estimate,
            "clusters": len(words),
            **{f"clusters_{word.replace(' ', '_')}": words.count(word) for _, word in VERDICTS},
            "runs": len(self.subsample_ari),
            "subsample": self.subsample,
            "random_state": self.random_state,
            "notes": " ".join(self.notes),
            "corpus_fingerprint": self.clustering.embeddings.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        whole = self.over_subsamples
        title = (
            f"{self.title()}: adjusted Rand {whole.estimate:.2f} over {len(self.subsample_ari)} "
            f"subsamples of {self.subsample:.0%}"
        )
        frame = self.to_frame()[["cluster_name", "size", "jaccard", "recovered", "verdict"]]
        rows: list[tuple[object, ...]] = list(frame.itertuples(index=False, name=None))
        if self.notes:
            rows.append((" ".join(self.notes), "", "", "", ""))
        return rows_table(title, ("cluster", "texts", "Jaccard", "recovered", "verdict"), rows)

    def __repr__(self) -> str:
        whole = self.over_subsamples.estimate
        return f"ClusterStability({self.clustering!r}, ari_over_subsamples={whole:.3f})"


def cluster_stability(
    clustering: Clustering,
    *,
    n_runs: int = 10,
    subsample: float = 0.8,
    random_state: int = 0,
    progress: ProgressOption = True,
) -> ClusterStability:
    """Return how much of a clustering comes back with other seeds, and without some texts.

    Parameters
    ----------
    clustering
        What `cluster` returned, not edited.
    n_runs
        How many runs with other seeds, and as many on subsamples (each with another seed too).
        Where the seed changes nothing, only these.
    subsample
        The share of the texts in a subsample, drawn without replacement.
    random_state
        The same number gives the same runs; more runs begin with the same ones.
    progress
        True for a bar, or a callable; it is called after each run.

    Raises
    ------
    InputError
        If there are fewer than 5 texts, there is only one group of texts (one cluster, or all
        are unclustered), the clustering was edited, or an option is out of range.
    """
    source = as_clustering(clustering, "cluster_stability")
    runs = as_whole(n_runs, "n_runs", 2, 1000)
    share = _as_share(subsample)
    seed = as_seed(random_state)
    _check(source)
    kept = runs
    notes: tuple[str, ...] = ()
    if not is_random(source):
        kept = 0
        notes = (f"{source.method} does not depend on a seed here: only subsamples were run.",)
    with showing(progress, "Clustering again", " runs") as report:
        again = _over_seeds(source, seeds(seed, 0, kept), runs, report)
        parts = _over_subsamples(source, seeds(seed, 1, runs), share, kept, report)
    return ClusterStability(source, again[0], parts[0], again[1], parts[1], share, seed, notes)


def verdict(jaccard: float) -> str:
    """Return what a mean Jaccard similarity says of a cluster.

    ``"highly stable"`` from 0.85, ``"stable"`` from 0.75, ``"doubtful"`` from 0.6 (a pattern, but
    which texts belong to it is highly doubtful), else ``"not to be trusted"``; ``"unknown"`` for
    nan. These are the guidelines of fpc's ``clusterboot``.
    """
    return next((word for least, word in VERDICTS if jaccard >= least), "unknown")


def as_clustering(value: object, caller: str) -> Clustering:
    """Return ``value`` if it is a Clustering, or raise an InputError that says how to make one."""
    if isinstance(value, Clustering):
        return value
    raise InputError(
        f"{caller}: expected a Clustering; got {type(value).__name__}. Make one with "
        "wb.cluster(embeddings)."
    )


def _over_seeds(
    clustering: Clustering, run_seeds: list[int], further: int, report: Progress
) -> _Runs:
    source = clustering.embeddings
    neighbors: Neighbors | None = None
    if run_seeds and clustering.reduction.startswith("umap"):
        wanted = clustering.params.get("n_neighbors", 15) if clustering.estimator is None else 15
        neighbors = nearest_neighbors(source, int(wanted))

    def compared(seed: int) -> tuple[IntArray, IntArray]:
        return clustering.labels, made_again(clustering, source, seed, neighbors)

    return _runs(clustering, run_seeds, compared, 0, len(run_seeds) + further, report)


def _over_subsamples(
    clustering: Clustering, run_seeds: list[int], share: float, before: int, report: Progress
) -> _Runs:
    source = clustering.embeddings

    def compared(seed: int) -> tuple[IntArray, IntArray]:
        rows = subsample_rows(len(source), share, seed)
        return clustering.labels[rows], made_again(clustering, source.take(rows), seed)

    return _runs(clustering, run_seeds, compared, before, before + len(run_seeds), report)


def _runs(
    clustering: Clustering,
    run_seeds: list[int],
    compared: Callable[[int], tuple[IntArray, IntArray]],
    done: int,
    total: int,
    report: Progress,
) -> _Runs:
    """Return the adjusted Rand index (runs,) and Jaccard similarities (runs, k) of some runs."""
    k = len(clustering.clusters)
    rand = np.empty(len(run_seeds))
    jaccard = np.empty((len(run_seeds), k))
    found = side_by_side(
        [partial(compared, seed) for seed in run_seeds],
        lambda count: report(done + count, total),
        most=MOST if in_one_thread(clustering) else 1,
    )
    for place, (ours, theirs) in enumerate(found):
        rand[place] = rand_index(ours, theirs)
        jaccard[place] = best_matches(ours, theirs, k)
    return rand, jaccard


def _means(runs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each column, nan left out; nan where nothing is left."""
    known = np.isfinite(runs)
    counts = known.sum(axis=0)
    sums = np.where(known, runs, 0.0).sum(axis=0)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def _as_share(value: object) -> float:
    if isinstance(value, int | float | np.number) and 0.1 <= float(value) <= 0.95:
        return float(value)
    raise InputError(f"subsample: expected a share of the texts from 0.1 to 0.95; got {value!r}.")


def _check(clustering: Clustering) -> None:
    n = len(clustering.embeddings)
    if n < _FEWEST:
        raise InputError(
            f"cluster_stability: expected at least {_FEWEST} texts; got {n}. Without some of "
            "so few there is nothing to find again."
        )
    if clustering.edits:
        raise InputError(
            "cluster_stability: this clustering was edited by hand, and no method makes it again. "
            "Take the one that the edits were applied to."
        )
    if groups(clustering) < 2:
        what = "all are unclustered" if clustering.unclustered else "all are in one cluster"
        raise InputError(
            f"cluster_stability: expected at least two groups of texts; of {n:,} texts {what}, "
            "which any other run agrees with by chance. Cluster with other parameters."
        )
