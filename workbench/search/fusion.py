"""Hybrid search: several rankings of one query made into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np

from workbench._arrays import IntArray
from workbench.analysis._inputs import as_whole
from workbench.errors import InputError, suggest
from workbench.search._ranking import Ranked

__all__ = ["Fusion", "Hybrid", "reciprocal_rank_fusion", "weighted_fusion"]

Fusion: TypeAlias = Literal["rrf", "weighted"]

_FUSIONS = ("rrf", "weighted")
_LARGEST_K = 10_000


@dataclass(frozen=True, slots=True)
class Hybrid:
    """How the rankings of several methods become one.

    Parameters
    ----------
    methods
        Two or three of ``dense``, ``bm25`` and ``sparse``.
    fusion
        ``rrf``: reciprocal rank fusion, which looks at places only (Cormack, Clarke and Büttcher,
        "Reciprocal rank fusion outperforms Condorcet", SIGIR 2009). ``weighted``: the sum of
        scores, each method's scaled to 0 to 1 over its candidates.
    weights
        Method → how much it counts, above 0; by default 1 each.
    k
        The constant of ``rrf``: the larger, the less the first places stand out.
    depth
        How many candidates each method gives.

    Raises
    ------
    InputError
        If a method, the fusion or a weight is not one, or fewer than two methods are named.
    """

    methods: tuple[str, ...] = ("dense", "bm25")
    fusion: Fusion = "rrf"
    weights: Mapping[str, float] = field(default_factory=dict)
    k: int = 60
    depth: int = 100

    def __post_init__(self) -> None:
        given: object = self.methods
        methods = tuple(given) if isinstance(given, list | tuple) else ()
        if len(methods) < 2 or len(set(methods)) != len(methods) or "hybrid" in methods:
            raise InputError(
                "Hybrid: expected two or more different methods of 'dense', 'bm25' and 'sparse'; "
                f"got {given!r:.80}."
            )
        if self.fusion not in _FUSIONS:
            raise InputError(
                f"Hybrid: there is no fusion {self.fusion!r}. {suggest(str(self.fusion), _FUSIONS)}"
            )
        as_whole(self.k, "Hybrid: k", 1, _LARGEST_K)
        as_whole(self.depth, "Hybrid: depth", 1, _LARGEST_K)
        weights: object = self.weights
        if not isinstance(weights, Mapping):
            raise InputError(
                f"Hybrid: weights is a dict by method, {{'dense': 2.0}} say; got {weights!r:.60}."
            )
        for method, weight in self.weights.items():
            if method not in methods:
                raise InputError(
                    f"Hybrid: there is no method {method!r} to weigh. {suggest(method, methods)}"
                )
            number = isinstance(weight, int | float) and not isinstance(weight, bool)
            if not number or not 0 < float(weight) < np.inf:
                raise InputError(
                    f"Hybrid: a weight is a number above 0; {method!r} has {weight!r}."
                )
        object.__setattr__(self, "methods", methods)
        object.__setattr__(self, "weights", MappingProxyType(dict(self.weights)))

    def fused(self, rankings: Sequence[Ranked], top_k: int) -> Ranked:
        """Return one ranking of one query from those of its methods, in their order."""
        weights = [float(self.weights.get(method, 1.0)) for method in self.methods]
        if self.fusion == "rrf":
            return reciprocal_rank_fusion([rows for rows, _ in rankings], weights, self.k, top_k)
        return weighted_fusion(rankings, weights, top_k)

    def title(self) -> str:
        """Return the fusion in words."""
        shares = [
            f"{method} × {self.weights[method]}" if method in self.weights else method
            for method in self.methods
        ]
        how = f"reciprocal ranks, k = {self.k}" if self.fusion == "rrf" else "weighted scores"
        return f"{' + '.join(shares)} ({how})"


def reciprocal_rank_fusion(
    rankings: Sequence[IntArray], weights: Sequence[float], k: int, top_k: int
) -> Ranked:
    """Return rows by the sum of ``weight / (k + rank)`` over the rankings that hold them.

    Parameters
    ----------
    rankings
        Rows, best first; ranks count from 1.
    weights
        One per ranking.
    k
        The constant.
    top_k
        How many rows to return at most; equal sums stay in the order of rows.
    """
    parts = [
        (rows, weight / (k + np.arange(1, len(rows) + 1)))
        for rows, weight in zip(rankings, weights, strict=True)
    ]
    return _summed(parts, top_k)


def weighted_fusion(rankings: Sequence[Ranked], weights: Sequence[float], top_k: int) -> Ranked:
    """Return rows by the weighted sum of their scores, each ranking's scaled to 0 to 1.

    ``(score - lowest) / (highest - lowest)`` over the ranking's candidates (1 where all are
    equal); a row that a ranking does not hold gets 0 of it. The sum is divided by the weights'.
    """
    whole = sum(weights)
    parts = []
    for (rows, scores), weight in zip(rankings, weights, strict=True):
        values = scores.astype(np.float64)
        span = float(np.ptp(values)) if len(values) else 0.0
        scaled = (values - values.min()) / span if span > 0 else np.ones(len(values))
        parts.append((rows, scaled * weight / whole))
    return _summed(parts, top_k)


def _summed(parts: Sequence[tuple[IntArray, np.ndarray]], top_k: int) -> Ranked:
    every, which = np.unique(np.concatenate([rows for rows, _ in parts]), return_inverse=True)
    sums = np.zeros(len(every))
    np.add.at(sums, which, np.concatenate([values for _, values in parts]))
    order = np.argsort(-sums, kind="stable")[:top_k]
    return every[order], sums[order].astype(np.float32)
