"""Projection: the texts on a plane, with how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import FloatArray, freeze
from workbench._html import facts_table
from workbench.analysis._computed_once import computed_once
from workbench.analysis._inputs import as_embeddings, as_seed, renamed
from workbench.analysis.neighbors import Neighbors
from workbench.analysis.parameters import PROJECTION_PARAMETERS, ParameterValue, checked
from workbench.analysis.quality import MOST_ROWS, trustworthiness
from workbench.analysis.reduction import (
    Reduction,
    check_neighbors,
    reduce_pca,
    reduce_tsne,
    reduce_umap,
)
from workbench.embeddings import Embeddings

__all__ = ["Projection", "project"]

_TRUST_NEIGHBORS = 15
_NAMES = {"umap": "UMAP", "tsne": "t-SNE", "pca": "PCA"}


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Projection:
    """Each text's place on a map.

    Parameters
    ----------
    coordinates
        Read-only float32 array of shape (n, 2); the units mean nothing.
    embeddings
        The n texts and their vectors.
    method
        What made the map: ``umap``, ``tsne`` or ``pca``. With too few texts for the method that
        was asked for it is ``pca``, and a note says so.
    params
        The method's parameters, as they were used.
    random_state
        The seed.
    trustworthiness
        0 to 1: whether texts that are near on the map are near by cosine; NaN below 3 texts.
    trustworthiness_k
        Over how many neighbours per text that was measured; 0 below 3 texts.
    neighbors
        Neighbours, of which the method used the first; None when it used none.
    notes
        Sentences about what was done otherwise than asked.
    made_by
        The library that laid the texts out, with its version; with another one the map differs.
    """

    coordinates: FloatArray
    embeddings: Embeddings
    method: str
    params: Mapping[str, ParameterValue]
    random_state: int
    trustworthiness: float
    trustworthiness_k: int
    neighbors: Neighbors | None = None
    notes: tuple[str, ...] = ()
    made_by: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "coordinates", freeze(self.coordinates))
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        # A read-only mapping cannot be pickled, and values come back from worker processes.
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return type(self), tuple({**values, "params": dict(self.params)}.values())

    def title(self) -> str:
        """Return what is on the map, for titles."""
        return f"{self.embeddings.title()} · {_NAMES[self.method]}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per text: ``id, x, y, text`` and the corpus' columns."""
        corpus = self.embeddings.corpus
        further = {renamed(name, ("id", "x", "y", "text")): corpus[name] for name in corpus.columns}
        x, y = self.coordinates.T
        frame = {"id": list(corpus.ids), "x": x, "y": y, "text": list(corpus.texts), **further}
        return pd.DataFrame(frame)

    def summary(self) -> dict[str, float | int | str]:
        """Return the map in numbers: a flat dict."""
        return {
            "method": self.method,
            "texts": len(self.embeddings),
            "trustworthiness": self.trustworthiness,
            "trustworthiness_k": self.trustworthiness_k,
            "random_state": self.random_state,
            "made_by": self.made_by,
            **self.params,
            "notes": " ".join(self.notes),
            "corpus_fingerprint": self.embeddings.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        return facts_table(self.title(), self.summary())

    def __repr__(self) -> str:
        return (
            f"Projection({len(self.embeddings)} texts, {self.method!r}, "
            f"trustworthiness={self.trustworthiness:.3f} (k={self.trustworthiness_k}))"
        )


def project(
    embeddings: Embeddings,
    *,
    method: str = "umap",
    random_state: int = 0,
    neighbors: Neighbors | None = None,
    **params: ParameterValue,
) -> Projection:
    """Return each text's place on a map, by cosine.

    UMAP's and t-SNE's of 500 texts or more is kept on disk, and read when it is asked for again.

    Parameters
    ----------
    embeddings
        The n texts.
    method
        ``umap``, ``tsne`` or ``pca``.
    random_state
        The same number gives the same map.
    neighbors
        The texts' neighbours by cosine, where they are known: UMAP takes ``n_neighbors`` - 1 of
        them, t-SNE 3 × ``perplexity`` + 1; where they are fewer, they are computed anew and a
        note says so. PCA needs none.
    **params
        The method's parameters: ``PROJECTION_PARAMETERS``. Values that n texts do not allow
        (``n_neighbors``, ``perplexity``) are lowered, and a note says so.

    Raises
    ------
    InputError
        If the method or a parameter is unknown or out of range, the neighbours are those of
        other vectors, or a vector is all zeros.
    """
    source = as_embeddings(embeddings, "project")
    values = checked(method, params, PROJECTION_PARAMETERS)
    seed = as_seed(random_state)
    check_neighbors(neighbors, source)
    vectors = source.unit()
    reduction = _reduced(source, vectors, method, values, seed, neighbors)
    kept = {**values, **dict(reduction.changed)} if reduction.method == method else {}
    k = min(_TRUST_NEIGHBORS, (len(source) - 1) // 2)
    trust = float("nan")
    notes = reduction.notes
    if k:
        trust = _trust(vectors, reduction.coordinates, k, seed)
    if k and len(source) > MOST_ROWS:
        notes += (f"Trustworthiness is the mean over a sample of {MOST_ROWS:,} texts.",)
    return Projection(
        coordinates=reduction.coordinates,
        embeddings=source,
        method=reduction.method,
        params=kept,
        random_state=seed,
        trustworthiness=trust,
        trustworthiness_k=k,
        neighbors=reduction.neighbors,
        notes=notes,
        made_by=reduction.made_by,
    )


def _trust(vectors: FloatArray, coordinates: FloatArray, k: int, seed: int) -> float:
    def compute() -> tuple[NDArray[np.float64]]:
        return (np.array(trustworthiness(vectors, coordinates, k, random_state=seed)),)

    return float(computed_once("trustworthiness-1", (vectors, coordinates, k, seed), compute)[0])


def _reduced(
    source: Embeddings,
    vectors: FloatArray,
    method: str,
    values: Mapping[str, ParameterValue],
    seed: int,
    neighbors: Neighbors | None,
) -> Reduction:
    if method == "umap":
        return reduce_umap(
            source,
            neighbors,
            dimensions=2,
            n_neighbors=int(values["n_neighbors"]),
            min_dist=float(values["min_dist"]),
            random_state=seed,
        )
    if method == "tsne":
        return reduce_tsne(
            source,
            neighbors,
            perplexity=float(values["perplexity"]),
            early_exaggeration=float(values["early_exaggeration"]),
            max_iter=int(values["max_iter"]),
            random_state=seed,
        )
    return reduce_pca(np.asarray(vectors), 2, seed)
