"""UMAP of umap-learn on given neighbours: a seed gives one layout, alone or beside others."""

from __future__ import annotations

from pickle import UnpicklingError

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray
from workbench.analysis._computed_once import NO_NOTES
from workbench.analysis._threads import one_blas_thread

__all__ = ["fit_umap"]


def fit_umap(
    vectors: FloatArray, graph: tuple[IntArray, FloatArray], **options: float
) -> tuple[FloatArray, NDArray[np.str_]]:
    """Return a layout (n, dimensions) from the spectral start, and notes.

    Where that start fails (equal texts do it), from PCA, with a note: umap would start at random;
    PCA keeps what the vectors look like at large.
    """
    import numba

    from workbench.analysis import _umap_compiled

    def once(init: str) -> FloatArray:
        found = _umap_compiled.fit(
            vectors,
            init=init,
            metric="cosine",
            n_jobs=1,  # which a seed sets anyway, with a warning
            precomputed_knn=(graph[0].copy(), graph[1].copy(), None),
            disconnection_distance=float("inf"),  # its 2.0 cuts off a text opposite to all
            **options,
        )
        return np.asarray(found, np.float32)

    def fit(init: str) -> FloatArray:
        try:
            return once(init)
        except (OSError, EOFError, UnpicklingError):  # what numba kept is damaged, the disk full
            _umap_compiled.compile_again()
            return once(init)

    threads = numba.get_num_threads()
    try:
        with one_blas_thread():  # or the spectral start differs in a last digit, and the map at all
            try:
                return fit("spectral"), NO_NOTES
            except _umap_compiled.SpectralStartError:
                second = "pca" if min(vectors.shape) > options["n_components"] else "random"
                note = f"UMAP's spectral start failed; it started from {second}."
                return fit(second), np.array([note])
    finally:
        numba.set_num_threads(threads)  # which umap sets, and leaves so when it is interrupted
