"""Vectors to a few dimensions: UMAP, t-SNE and PCA, on shared neighbours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np

from workbench._arrays import FloatArray, IntArray
from workbench.analysis._computed_once import computed_once
from workbench.analysis._tsne import (
    TsneSettings,
    tsne_by_scikit_learn,
    tsne_by_scranpy,
    tsne_made_by,
    uses_scranpy,
)
from workbench.analysis._umap import fit_umap
from workbench.analysis.neighbors import SHARED_NEIGHBORS, Neighbors, nearest_neighbors
from workbench.embeddings import Embeddings
from workbench.errors import InputError

__all__ = ["Reduction", "check_neighbors", "reduce_pca", "reduce_tsne", "reduce_umap"]

_FEWEST_TSNE = 5
_SAME = 1e-6  # cosines in float32 are good to about this


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """Coordinates, and how they came about.

    Parameters
    ----------
    coordinates
        Shape (n, dimensions) float32.
    method
        What made them: ``umap``, ``tsne`` or ``pca``; not always what was asked for.
    neighbors
        Neighbours, of which the method used the first; None when it used none.
    changed
        Parameters that n texts did not allow as given, by name, as they were used.
    notes
        Sentences about what was done otherwise than asked.
    made_by
        The library that computed it, with its version; empty for texts that share one place.
    """

    coordinates: FloatArray
    method: str
    neighbors: Neighbors | None = None
    changed: tuple[tuple[str, int | float], ...] = ()
    notes: tuple[str, ...] = ()
    made_by: str = ""


def check_neighbors(neighbors: Neighbors | None, embeddings: Embeddings) -> None:
    """Raise an InputError unless the neighbours are these embeddings' own, by cosine."""
    if neighbors is None:
        return
    if not isinstance(neighbors, Neighbors):
        raise InputError(
            f"neighbors: expected what wb.nearest_neighbors returns; got "
            f"{type(neighbors).__name__}."
        )
    if neighbors.metric != "cosine":
        raise InputError(
            f"neighbors: expected neighbours by cosine; these are by {neighbors.metric}. "
            "Compute them with wb.nearest_neighbors(embeddings)."
        )
    theirs = neighbors.embeddings
    if theirs is not embeddings and not np.array_equal(theirs.vectors, embeddings.vectors):
        raise InputError(
            f"neighbors: these belong to other vectors ({theirs.title()}, {len(theirs):,} texts) "
            f"than {embeddings.title()} ({len(embeddings):,} texts). Compute them anew."
        )


def reduce_pca(vectors: FloatArray, dimensions: int, random_state: int) -> Reduction:
    """Return the first principal components; missing ones are zero.

    Parameters
    ----------
    vectors
        Unit vectors, shape (n, d).
    dimensions
        How many components.
    random_state
        Seed of scikit-learn's randomised solver, which it chooses for large matrices.
    """
    from sklearn.decomposition import PCA

    coordinates = np.zeros((len(vectors), dimensions), np.float32)
    kept = min(dimensions, *vectors.shape)
    if not _all_same(vectors):
        model = PCA(n_components=kept, random_state=random_state)
        coordinates[:, :kept] = model.fit_transform(vectors)
    return Reduction(coordinates, "pca", made_by=f"scikit-learn {version('scikit-learn')}")


def reduce_umap(
    embeddings: Embeddings,
    neighbors: Neighbors | None,
    *,
    dimensions: int,
    n_neighbors: int,
    min_dist: float,
    random_state: int,
) -> Reduction:
    """Return a UMAP reduction of the unit vectors, made from shared neighbours.

    With fewer than ``dimensions`` + 3 texts UMAP has no start; PCA stands in and a note says so.
    """
    vectors = embeddings.unit()
    n = len(vectors)
    same = _same_place(vectors, dimensions, "umap")
    if same is not None:
        return same
    if n < dimensions + 3:
        note = f"UMAP to {dimensions} dimensions needs {dimensions + 3} texts; {_stood_in(n)}"
        return replace(reduce_pca(vectors, dimensions, random_state), notes=(note,))
    used = min(n_neighbors, n - 1)
    # umap counts the text itself as its first neighbour.
    shared, notes = _enough(embeddings, neighbors, used - 1, "UMAP")
    graph = _with_self(shared, used)
    options = {
        "n_neighbors": used,
        "n_components": dimensions,
        "min_dist": min_dist,
        "random_state": random_state,
    }
    coordinates, noted = computed_once(
        "umap-1", (vectors, *graph, repr(options)), lambda: fit_umap(vectors, graph, **options)
    )
    changed: tuple[tuple[str, int | float], ...] = ()
    if used < n_neighbors:
        changed = (("n_neighbors", used),)
        notes += (f"n_neighbors={n_neighbors} was lowered to {used}: there are {n} texts.",)
    made_by = f"umap-learn {version('umap-learn')}"
    return Reduction(coordinates, "umap", shared, changed, (*notes, *map(str, noted)), made_by)


def reduce_tsne(
    embeddings: Embeddings,
    neighbors: Neighbors | None,
    *,
    perplexity: float,
    early_exaggeration: float,
    max_iter: int,
    random_state: int,
) -> Reduction:
    """Return a t-SNE reduction to two dimensions, made from shared neighbours.

    scikit-learn's starts from PCA, scranpy's (taken where it is installed) at random. t-SNE
    squares its distances, so it is given the straight-line ones between unit vectors, whose
    square is 2 (1 - cosine). With fewer than 5 texts PCA stands in and a note says so.
    """
    vectors = embeddings.unit()
    n = len(vectors)
    same = _same_place(vectors, 2, "tsne")
    if same is not None:
        return same
    if n < _FEWEST_TSNE:
        note = f"t-SNE needs {_FEWEST_TSNE} texts; {_stood_in(n)}"
        return replace(reduce_pca(vectors, 2, random_state), notes=(note,))
    used = min(perplexity, (n - 1) / 3)
    wanted = min(n - 1, int(3 * used + 1))  # as many as scikit-learn asks for
    shared, notes = _enough(embeddings, neighbors, wanted, "t-SNE")
    settings = TsneSettings(used, early_exaggeration, max_iter, random_state)
    indices = shared.indices[:, :wanted]
    chords = np.sqrt(2.0 * np.maximum(shared.distances[:, :wanted], 0.0))

    def compute() -> tuple[FloatArray]:
        if uses_scranpy():
            return (tsne_by_scranpy(indices, chords, settings),)
        start = reduce_pca(vectors, 2, random_state).coordinates
        return (tsne_by_scikit_learn(indices, chords, settings, start),)

    given = (vectors, indices, chords, repr(settings), tsne_made_by())
    (coordinates,) = computed_once("tsne-1", given, compute)
    changed: tuple[tuple[str, int | float], ...] = ()
    if used < perplexity:
        changed = (("perplexity", used),)
        notes += (f"perplexity={perplexity:g} was lowered to {used:.3g}: there are {n} texts.",)
    return Reduction(coordinates, "tsne", shared, changed, notes, tsne_made_by())


def _stood_in(n: int) -> str:
    return f"the {n} text{'s were' if n != 1 else ' was'} placed by PCA instead."


def _all_same(vectors: FloatArray) -> bool:
    return bool(np.abs(vectors - vectors[0]).max() < _SAME)


def _same_place(vectors: FloatArray, dimensions: int, method: str) -> Reduction | None:
    if len(vectors) == 1 or not _all_same(vectors):
        return None
    note = f"All {len(vectors)} texts have the same vector: they share one place."
    return Reduction(np.zeros((len(vectors), dimensions), np.float32), method, notes=(note,))


def _enough(
    embeddings: Embeddings, neighbors: Neighbors | None, wanted: int, method: str
) -> tuple[Neighbors, tuple[str, ...]]:
    """Return at least ``wanted`` neighbours per text: the ones given, if they are that many."""
    if neighbors is not None and neighbors.n_neighbors >= wanted:
        return neighbors, ()
    computed = nearest_neighbors(embeddings, max(wanted, SHARED_NEIGHBORS))
    if neighbors is None:
        return computed, ()
    note = (
        f"{method} needs {wanted} neighbours per text; the {neighbors.n_neighbors} handed over "
        "were too few, so they were computed anew."
    )
    return computed, (note,)


def _with_self(neighbors: Neighbors, count: int) -> tuple[IntArray, FloatArray]:
    """Return writable indices and cosine distances (n, count), each text its own first one."""
    n = len(neighbors.embeddings)
    indices = np.empty((n, count), np.int64)
    distances = np.zeros((n, count), np.float32)
    indices[:, 0] = np.arange(n)
    indices[:, 1:] = neighbors.indices[:, : count - 1]
    distances[:, 1:] = np.maximum(neighbors.distances[:, : count - 1], 0.0)
    return indices, distances
