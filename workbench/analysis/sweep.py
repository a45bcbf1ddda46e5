"""One parameter of a clustering method at several values: quality and stability of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import freeze
from workbench._html import rows_table
from workbench._progress import Progress, ProgressOption, showing
from workbench.analysis._estimators import (
    ESTIMATOR_PARAMETERS,
    Clusterer,
    as_clusterer,
    clusterer_name,
    seeded,
)
from workbench.analysis._inputs import as_embeddings, as_seed, as_whole
from workbench.analysis._reruns import (
    SharedReduction,
    groups,
    in_one_thread,
    made_again,
    mean_interval,
    rand_index,
    seeds,
    subsample_rows,
)
from workbench.analysis._side_by_side import MOST, side_by_side
from workbench.analysis.clustering import Clustering, clustered
from workbench.analysis.neighbors import Neighbors
from workbench.analysis.parameters import CLUSTERING_PARAMETERS, ParameterValue, checked
from workbench.analysis.reduction import check_neighbors
from workbench.analysis.significance import Interval
from workbench.embeddings import Embeddings
from workbench.errors import InputError, suggest

__all__ = ["ParameterSweep", "sweep"]

_SUBSAMPLE = 0.8
_FEWEST = 5
_MOST_UNCLUSTERED = 0.5
_Values = dict[str, ParameterValue]


@dataclass(frozen=True, slots=True, eq=False)
class ParameterSweep:
    """The clusterings that the values of one parameter give.

    Parameters
    ----------
    embeddings
        The texts.
    method
        The clustering method.
    parameter
        The parameter's name.
    values
        Its v values, numbers in ascending order.
    clusterings
        The clustering of each value.
    ari
        Adjusted Rand index of each value's clustering with the one made again on each subsample
        (of 80 % of the texts, the same for all values), shape (v, runs); nan where a clustering
        is only one group of texts.
    random_state
        The seed.
    """

    embeddings: Embeddings
    method: str
    parameter: str
    values: tuple[ParameterValue, ...]
    clusterings: tuple[Clustering, ...]
    ari: NDArray[np.float64]
    random_state: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "ari", freeze(np.asarray(self.ari, np.float64)))

    @property
    def stability(self) -> tuple[Interval, ...]:
        """Mean adjusted Rand index over the subsamples, for each value."""
        return tuple(mean_interval(runs) for runs in self.ari)

    def clustering(self, value: ParameterValue) -> Clustering:
        """Return the clustering of a value.

        Raises
        ------
        InputError
            If the value is none of the sweep's.
        """
        if value in self.values:
            return self.clusterings[self.values.index(value)]
        known = ", ".join(str(one) for one in self.values)
        raise InputError(
            f"ParameterSweep: {self.parameter}={value!r} was not tried; got {known}. Sweep again "
            "with it among the values."
        )

    def best(self) -> ParameterValue:
        """Return the value that gives the most stable clusters, and among these the clearest.

        Only clusterings of at least two clusters that leave out at most half of the texts count.
        Of those, the ones within one standard error of the most stable one are equally stable
        (the rule of Breiman et al. 1984, "Classification and regression trees"); among these it
        is the one of the highest silhouette, of equals the one of fewer clusters.

        Raises
        ------
        InputError
            If no value gives such a clustering.
        """
        most = _MOST_UNCLUSTERED * len(self.embeddings)
        held = self.stability
        usable = [
            place
            for place, one in enumerate(self.clusterings)
            if len(one.clusters) >= 2 and one.unclustered <= most
        ]
        if not usable:
            raise InputError(
                f"ParameterSweep.best: no value of {self.parameter} gives two clusters and leaves "
                "at most half of the texts unclustered. Try other values."
            )
        steadiest = max(usable, key=lambda place: held[place].estimate)
        runs = self.ari[steadiest]
        least = runs.mean() - runs.std(ddof=1) / math.sqrt(len(runs)) - 1e-9
        equal = [place for place in usable if held[place].estimate >= least]

        def clearest(place: int) -> tuple[float, int]:
            one = self.clusterings[place]
            return (-one.silhouette if math.isfinite(one.silhouette) else 2.0, len(one.clusters))

        return self.values[min(equal, key=clearest)]

    def title(self) -> str:
        """Return what was tried, for titles."""
        tried = f"{len(self.values)} values of {self.parameter}"
        return f"{self.embeddings.title()} · {self.method}, {tried}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per value, the parameter's name first.

        Columns: ``clusters, unclustered_share, silhouette, stability, stability_low,
        stability_high, notes``.
        """
        n, found, held = len(self.embeddings), self.clusterings, self.stability
        return pd.DataFrame(
            {
                self.parameter: list(self.values),
                "clusters": [len(one.clusters) for one in found],
                "unclustered_share": [one.unclustered / n for one in found],
                "silhouette": [one.silhouette for one in found],
                "stability": [interval.estimate for interval in held],
                "stability_low": [interval.low for interval in held],
                "stability_high": [interval.high for interval in held],
                "notes": [" ".join(one.notes) for one in found],
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the sweep in numbers: a flat dict; ``best`` is empty where there is none."""
        try:
            best: ParameterValue = self.best()
        except InputError:
            best = ""
        return {
            "method": self.method,
            "parameter": self.parameter,
            "values": ", ".join(str(value) for value in self.values),
            "best": best,
            "runs": int(self.ari.shape[1]),
            "random_state": self.random_state,
            "corpus_fingerprint": self.embeddings.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        return rows_table(self.title(), list(frame.columns), frame.itertuples(index=False))

    def __repr__(self) -> str:
        return f"ParameterSweep({self.method!r}, {self.parameter!r}, {len(self.values)} values)"


def sweep(
    embeddings: Embeddings,
    *,
    method: str | Clusterer,
    parameter: str,
    values: Sequence[ParameterValue],
    random_state: int = 0,
    n_runs: int = 5,
    neighbors: Neighbors | None = None,
    progress: ProgressOption = True,
    **params: ParameterValue,
) -> ParameterSweep:
    """Return the clusterings that the values of one parameter give, with their stability.

    A UMAP reduction is made once per subsample, not once per value, unless the values are its own.

    Parameters
    ----------
    embeddings
        The n texts, at least 5.
    method
        As in `cluster`.
    parameter
        Its parameter: ``n_clusters`` or ``min_cluster_size``, say.
    values
        The values to try; each once.
    random_state
        The same number gives the same numbers.
    n_runs
        How many subsamples of 80 % of the texts each value is tried again on.
    neighbors
        The texts' neighbours by cosine, where they are known; only the reduction uses them.
    progress
        True for a bar, or a callable; it is called after each clustering, or
        (HDBSCAN, several at a time) after those of a subsample.
    **params
        The method's other parameters.

    Raises
    ------
    InputError
        As `cluster`, for any of the values, before the first is tried; if there is no value, or
        there are fewer than 5 texts.
    """
    source = as_embeddings(embeddings, "sweep")
    if len(source) < _FEWEST:
        raise InputError(f"sweep: expected at least {_FEWEST} texts; got {len(source)}.")
    seed = as_seed(random_state)
    runs = as_whole(n_runs, "n_runs", 2, 1000)
    check_neighbors(neighbors, source)
    tried = _as_values(values)
    name, plans = _plans(method, parameter, tried, params, seed)
    total = len(tried) * (1 + runs)
    with showing(progress, f"Trying {parameter}", " clusterings") as report:
        reduce = SharedReduction()
        found = []
        for estimator, own in plans:
            found.append(clustered(source, name, estimator, own, seed, neighbors, reduce))
            report(len(found), total)
        ari = _stabilities(tuple(found), source, seeds(seed, 1, runs), report)
    return ParameterSweep(source, name, parameter, tried, tuple(found), ari, seed)


def _stabilities(
    found: tuple[Clustering, ...], source: Embeddings, run_seeds: list[int], report: Progress
) -> NDArray[np.float64]:
    """Return each clustering's adjusted Rand index with itself on each subsample, (v, runs)."""
    count, total = len(found), len(found) * (1 + len(run_seeds))
    shared = in_one_thread(*found)

    def run(place: int) -> list[float]:
        seed = run_seeds[place]
        rows = subsample_rows(len(source), _SUBSAMPLE, seed)
        part, reduce = source.take(rows), SharedReduction()
        ari = []
        for one in found:
            again = made_again(one, part, seed, reduce=reduce) if groups(one) > 1 else None
            ari.append(math.nan if again is None else rand_index(one.labels[rows], again))
            if not shared:
                report(count * (1 + place) + len(ari), total)
        return ari

    def done(runs: int) -> None:
        if shared:
            report(count * (1 + runs), total)

    works = [partial(run, place) for place in range(len(run_seeds))]
    return np.transpose(side_by_side(works, done, most=MOST if shared else 1))


def _plans(
    method: str | Clusterer,
    parameter: str,
    tried: tuple[ParameterValue, ...],
    params: Mapping[str, ParameterValue],
    seed: int,
) -> tuple[str, list[tuple[Clusterer | None, _Values]]]:
    """Return the method's name, and for each value the clusterer and the checked parameters."""
    if parameter in params:
        raise InputError(f"sweep: {parameter!r} is what is tried; leave {parameter}= away.")
    if isinstance(method, str):
        table = CLUSTERING_PARAMETERS
        named = [checked(method, {**params, parameter: value}, table) for value in tried]
        return method, [(None, own) for own in named]
    given = as_clusterer(method)
    name = clusterer_name(given)
    fixed = checked(name, params, {name: ESTIMATOR_PARAMETERS})
    known = given.get_params()
    if parameter not in known:
        raise InputError(
            f"sweep: {name} has no parameter {parameter!r}. {suggest(parameter, known)}"
        )
    plans: list[tuple[Clusterer | None, _Values]] = []
    for value in tried:
        clusterer = as_clusterer(given)
        clusterer.set_params(**{parameter: value})
        plans.append((seeded(clusterer, seed), dict(fixed)))
    return name, plans


def _as_values(values: object) -> tuple[ParameterValue, ...]:
    if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray | range):
        raise InputError(
            f"sweep: expected values in a list, such as [5, 10, 20]; got {type(values).__name__}."
        )
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    wrong = [value for value in plain if not isinstance(value, int | float | str)]
    if wrong or not plain:
        got = f"{wrong[0]!r}" if wrong else "none"
        raise InputError(f"sweep: expected at least one value, a number or a word; got {got}.")
    each = list(dict.fromkeys(plain))
    if not any(isinstance(value, str) for value in each):
        each.sort()
    return tuple(each)
