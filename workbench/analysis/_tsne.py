"""t-SNE on neighbours that are known: by scranpy where it is installed, else by scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np

from workbench._arrays import FloatArray, IntArray
from workbench.analysis._threads import steady_threads

__all__ = [
    "TsneSettings",
    "tsne_by_scikit_learn",
    "tsne_by_scranpy",
    "tsne_made_by",
    "uses_scranpy",
]


@dataclass(frozen=True, slots=True)
class TsneSettings:
    """What decides a t-SNE layout besides the neighbours; names as scikit-learn's."""

    perplexity: float
    early_exaggeration: float
    max_iter: int
    random_state: int

    def learning_rate(self, n: int) -> float:
        """Return scikit-learn's automatic one for n points (Belkina et al. 2019)."""
        return max(n / self.early_exaggeration / 4, 50.0)


def uses_scranpy() -> bool:
    """Tell whether the compiled t-SNE of libscran is here (the extra ``fast``)."""
    return all(find_spec(name) is not None for name in ("scranpy", "knncolle"))


def tsne_made_by() -> str:
    """Return the library that lays out t-SNE here, with its version."""
    name = "scranpy" if uses_scranpy() else "scikit-learn"
    return f"{name} {version(name)}"


def tsne_by_scranpy(indices: IntArray, distances: FloatArray, settings: TsneSettings) -> FloatArray:
    """Return a layout (n, 2), from a random start; the same number gives the same one.

    Barnes-Hut like scikit-learn's, with libscran's coarser and faster repulsion (theta = 1).

    Parameters
    ----------
    indices, distances
        Each point's nearest others and its distances to them, shape (n, k).
    settings
        The settings.
    """
    import knncolle
    import scranpy

    # As many as scikit-learn's of 1,000 steps; from a random start a shorter run needs the others.
    exaggerated = min(250, settings.max_iter // 4)
    known = knncolle.FindKnnResults(indices.astype(np.uint32), distances.astype(np.float64))
    layout = scranpy.run_tsne(
        known,
        perplexity=settings.perplexity,
        num_neighbors=indices.shape[1],
        exaggeration_factor=settings.early_exaggeration,
        early_exaggeration_iterations=exaggerated,
        momentum_switch_iterations=exaggerated,
        max_iterations=settings.max_iter,
        # A quarter of scikit-learn's step, whose gradient has a factor of 4: from a random start
        # the whole of it makes worse maps of some hundreds of texts.
        eta=settings.learning_rate(len(indices)),
        seed=settings.random_state % 2**31,  # it takes no larger ones
        num_threads=2,  # any number gives the same layout
    )
    return np.ascontiguousarray(layout, dtype=np.float32)


def tsne_by_scikit_learn(
    indices: IntArray, distances: FloatArray, settings: TsneSettings, start: FloatArray
) -> FloatArray:
    """Return a layout (n, 2).

    Parameters
    ----------
    indices, distances, settings
        As `tsne_by_scranpy` takes them.
    start
        Where the points are at first, shape (n, 2), at any scale.
    """
    from sklearn.manifold import TSNE

    model = TSNE(
        perplexity=settings.perplexity,
        early_exaggeration=settings.early_exaggeration,
        max_iter=settings.max_iter,
        metric="precomputed",
        init=start / start[:, 0].std() * np.float32(1e-4),
        random_state=settings.random_state,
    )
    with steady_threads(len(indices)):
        return np.asarray(model.fit_transform(_graph(indices, distances)), np.float32)


def _graph(indices: IntArray, distances: FloatArray):  # type: ignore[no-untyped-def]  # scipy has no types
    """Return a sparse (n, n) matrix of distances, each point's own 0 stored first."""
    from scipy.sparse import csr_matrix

    n, k = indices.shape
    columns = np.concatenate([np.arange(n)[:, None], indices], axis=1)
    values = np.concatenate([np.zeros((n, 1), np.float32), distances], axis=1)
    starts = np.arange(0, n * (k + 1) + 1, k + 1)
    return csr_matrix((values.ravel(), columns.ravel(), starts), shape=(n, n))
