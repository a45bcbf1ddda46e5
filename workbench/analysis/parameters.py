"""The methods' parameters: one table each for projections and clusterings.

The functions check against these tables, and the widgets' controls are made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from workbench.errors import InputError, suggest

__all__ = [
    "CLUSTERING_PARAMETERS",
    "PROJECTION_PARAMETERS",
    "Parameter",
    "ParameterTable",
    "ParameterValue",
    "checked",
]

ParameterValue: TypeAlias = int | float | str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a method.

    Parameters
    ----------
    name
        Its keyword.
    default
        Its default; the type says what is accepted (int, float or str).
    low, high
        The smallest and largest value accepted; unused when there are choices.
    doc
        One sentence for a tooltip.
    choices
        The values accepted, when they are words.
    """

    name: str
    default: ParameterValue
    low: float
    high: float
    doc: str
    choices: tuple[str, ...] = ()

    def checked(self, value: object) -> ParameterValue:
        """Return a value as the default's type.

        Raises
        ------
        InputError
            If it is of another type, out of range, or none of the choices.
        """
        if self.choices:
            if value in self.choices:
                return str(value)
            raise InputError(f"{self.name}: got {value!r}. {suggest(str(value), self.choices)}")
        whole = isinstance(self.default, int)
        if isinstance(value, int | float | np.number) and not isinstance(value, bool):
            number = float(value)
            if self.low <= number <= self.high and (number.is_integer() or not whole):
                return int(number) if whole else number
        raise InputError(
            f"{self.name}: expected a {'whole ' if whole else ''}number from {self.low:g} to "
            f"{self.high:g} (default {self.default}); got {value!r}."
        )


ParameterTable: TypeAlias = Mapping[str, tuple[Parameter, ...]]

_N_NEIGHBORS = Parameter(
    "n_neighbors", 15, 2, 200, "Neighbours per text, itself among them: few show detail, many shape"
)
_N_CLUSTERS = Parameter("n_clusters", 8, 1, 500, "How many clusters to make")

PROJECTION_PARAMETERS: ParameterTable = MappingProxyType(
    {
        "umap": (
            _N_NEIGHBORS,
            Parameter("min_dist", 0.1, 0.0, 0.99, "How close points may lie: small packs clusters"),
        ),
        "tsne": (
            Parameter("perplexity", 30.0, 1.0, 200.0, "About how many neighbours count per text"),
            Parameter(
                "early_exaggeration", 12.0, 1.0, 100.0, "How far apart clusters start: large, far"
            ),
            Parameter("max_iter", 1000, 250, 10_000, "Steps of the optimisation at most"),
        ),
        "pca": (),
    }
)
CLUSTERING_PARAMETERS: ParameterTable = MappingProxyType(
    {
        "hdbscan": (
            Parameter("min_cluster_size", 10, 2, 1000, "The fewest texts that make a cluster"),
            Parameter(
                "min_samples", 5, 1, 1000, "Neighbours that make a text dense: many leave more out"
            ),
            Parameter(
                "max_share", 0.8, 0.05, 1.0, "Split a cluster with a larger share of the texts"
            ),
            Parameter(
                "reduction", "umap", 0, 0, "What the vectors are reduced by", ("umap", "none")
            ),
            Parameter("dimensions", 5, 2, 50, "Dimensions of the reduction"),
            _N_NEIGHBORS,
        ),
        "kmeans": (_N_CLUSTERS,),
        "agglomerative": (_N_CLUSTERS,),
        "community": (
            Parameter("threshold", 0.75, 0.0, 1.0, "The least cosine to a community's centre"),
            Parameter("min_community_size", 10, 1, 1000, "The fewest texts that make a community"),
        ),
    }
)


def checked(
    method: str, params: Mapping[str, object], table: ParameterTable
) -> dict[str, ParameterValue]:
    """Return a method's parameters, the defaults filled in.

    Parameters
    ----------
    method
        One of the table's methods.
    params
        Values by name.
    table
        ``PROJECTION_PARAMETERS`` or ``CLUSTERING_PARAMETERS``.

    Raises
    ------
    InputError
        If the method or a parameter is unknown (the nearest names are offered), or a value is
        of the wrong type or out of range.
    """
    if method not in table:
        raise InputError(f"There is no method {method!r}. {suggest(str(method), table)}")
    known = {parameter.name: parameter for parameter in table[method]}
    unknown = [name for name in params if name not in known]
    if unknown:
        advice = suggest(unknown[0], known) if known else "It takes none."
        raise InputError(f"Method {method!r} has no parameter {unknown[0]!r}. {advice}")
    return {
        name: parameter.checked(params.get(name, parameter.default))
        for name, parameter in known.items()
    }
