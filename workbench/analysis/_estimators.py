"""Any scikit-learn clusterer as a method: checked, cloned, seeded, its labels read."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray
from workbench._html import elide
from workbench.analysis._threads import steady_threads
from workbench.analysis.neighbors import Neighbors
from workbench.analysis.parameters import CLUSTERING_PARAMETERS, Parameter, ParameterValue
from workbench.analysis.partition import Partition, Reduce, partition
from workbench.analysis.reduction import reduce_umap
from workbench.embeddings import Embeddings
from workbench.errors import InputError

__all__ = [
    "ESTIMATOR_PARAMETERS",
    "Clusterer",
    "any_partition",
    "as_clusterer",
    "clusterer_name",
    "clusterer_params",
    "seeded",
    "takes_a_seed",
]

ESTIMATOR_PARAMETERS = (
    Parameter("reduction", "none", 0, 0, "What the vectors are reduced by", ("umap", "none")),
    Parameter("dimensions", 5, 2, 50, "Dimensions of the reduction"),
)
_N_NEIGHBORS = 15  # of the reduction; hdbscan's default, where it is a parameter


@runtime_checkable
class Clusterer(Protocol):
    """A scikit-learn clusterer, or a pipeline that ends in one."""

    def fit_predict(self, X: FloatArray, /) -> NDArray[np.integer]:  # noqa: N803  # scikit-learn's name
        """Return a label per row, negative for none."""
        ...

    def get_params(self, deep: bool = True) -> dict[str, object]:
        """Return the parameters by name."""
        ...

    def set_params(self, **params: object) -> object:
        """Set parameters by name."""
        ...


def as_clusterer(value: object) -> Clusterer:
    """Return an unfitted clone of a clusterer.

    Raises
    ------
    InputError
        If it is none, is a class instead of an object, or looks for outliers.
    """
    from sklearn.base import clone, is_outlier_detector

    if isinstance(value, type):
        raise InputError(f"method: got the class {value.__name__}; pass {value.__name__}().")
    if not isinstance(value, Clusterer):
        known = ", ".join(repr(name) for name in CLUSTERING_PARAMETERS)
        raise InputError(
            f"method: expected {known}, or a scikit-learn clusterer (an object with fit_predict "
            f"and get_params); got {type(value).__name__}."
        )
    with suppress(AttributeError, TypeError):  # clusterers of other libraries have no tags
        if is_outlier_detector(value):
            raise InputError(
                f"method: {type(value).__name__} tells outliers from the rest, it makes no "
                "clusters. Choose a clusterer."
            )
    return cast("Clusterer", clone(value))


def clusterer_name(estimator: Clusterer) -> str:
    """Return the class' name; of a pipeline, its steps' names: ``"PCA + KMeans"``."""
    steps = getattr(estimator, "steps", None)
    if steps:
        return " + ".join(type(step).__name__ for _, step in steps)
    return type(estimator).__name__


def clusterer_params(estimator: Clusterer) -> dict[str, ParameterValue]:
    """Return its parameters; what is neither number nor word as its repr, steps left out."""
    return {
        name: value if isinstance(value, int | float | str) else elide(repr(value))
        for name, value in sorted(estimator.get_params().items())
        if not hasattr(value, "get_params") and name not in ("steps", "transformer_list")
    }


def takes_a_seed(estimator: Clusterer) -> bool:
    """Return whether it, or a step of it, has a ``random_state``."""
    return any(_is_seed(name) for name in estimator.get_params())


def seeded(estimator: Clusterer, seed: int, *, always: bool = False) -> Clusterer:
    """Return a clone with this seed: where it has none, or ``always``."""
    from sklearn.base import clone

    copied = cast("Clusterer", clone(estimator))
    found = copied.get_params()
    wanted = {name for name in found if _is_seed(name) and (always or found[name] is None)}
    copied.set_params(**dict.fromkeys(wanted, seed))
    return copied


def any_partition(
    embeddings: Embeddings,
    method: str,
    estimator: Clusterer | None,
    values: Mapping[str, ParameterValue],
    random_state: int,
    neighbors: Neighbors | None,
    reduce: Reduce = reduce_umap,
) -> Partition:
    """Return the labels of a named method, or of an estimator where there is one.

    Raises
    ------
    InputError
        If a vector is all zeros, there are too many texts for the method, or the estimator
        cannot be fitted on them.
    """
    if estimator is None:
        return partition(embeddings, method, values, random_state, neighbors, reduce)
    points = embeddings.unit()
    reduction = ""
    notes: tuple[str, ...] = ()
    wanted = int(values["dimensions"])
    if values["reduction"] == "umap" and points.shape[1] > wanted:
        reduced = reduce(
            embeddings,
            neighbors,
            dimensions=wanted,
            n_neighbors=_N_NEIGHBORS,
            min_dist=0.0,
            random_state=random_state,
        )
        points, notes = reduced.coordinates, reduced.notes
        reduction = f"{reduced.method}, {wanted} dimensions"
    elif values["reduction"] == "umap":
        given = f"vectors of {points.shape[1]} dimensions cannot be reduced to {wanted}"
        notes = (f"No reduction: {given}.",)
    labels, noted = _fitted(estimator, points, method)
    changed = () if reduction or values["reduction"] == "none" else (("reduction", "none"),)
    return Partition(labels, reduction, changed, notes + noted)


def _is_seed(name: str) -> bool:
    return name.rpartition("__")[2] == "random_state"


def _fitted(
    estimator: Clusterer, points: FloatArray, method: str
) -> tuple[IntArray, tuple[str, ...]]:
    """Return a clone's labels, and what it warned of."""
    from sklearn.base import clone

    n = len(points)
    with warnings.catch_warnings(record=True) as caught, steady_threads(n):
        warnings.simplefilter("always")
        try:
            given = np.asarray(clone(estimator).fit_predict(points.copy()))
        except (TypeError, ValueError) as error:
            raise InputError(
                f"cluster: {method} cannot be fitted on {n:,} texts: {elide(str(error))}"
            ) from error
    if given.shape != (n,) or given.dtype.kind not in "iu":
        raise InputError(
            f"cluster: expected of {method} one whole number per text, shape ({n},); got "
            f"{given.dtype} of shape {given.shape}."
        )
    said = [str(each.message) for each in caught if issubclass(each.category, UserWarning)]
    notes = [f"{method}: {elide(message)}" for message in dict.fromkeys(said)]
    labels = given.astype(np.int64)
    if labels.max() < 0:
        notes.append(f"{method} put no text into a cluster. Change its parameters.")
    return np.maximum(labels, -1), tuple(notes)
