"""UMAP of umap-learn on given neighbours: seeded, its compiled code kept, several at a time."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pickle import UnpicklingError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray
from workbench.analysis._computed_once import NO_NOTES

__all__ = ["fit_umap"]

_LOCK = threading.Lock()
_fits: list[warnings.catch_warnings[None]] = []


def fit_umap(
    vectors: FloatArray, graph: tuple[IntArray, FloatArray], **options: float
) -> tuple[FloatArray, NDArray[np.str_]]:
    """Fit from the spectral start; where that fails (equal texts do it), from PCA, with a note."""
    with _only_what_matters():
        import umap
    import numba

    _keep_what_is_compiled()

    def fit(init: str) -> FloatArray:
        model = umap.UMAP(
            init=init,
            metric="cosine",
            n_jobs=1,  # which a seed sets anyway, with a warning
            precomputed_knn=(graph[0].copy(), graph[1].copy(), None),
            disconnection_distance=float("inf"),  # its 2.0 cuts off a text opposite to all
            **options,
        )
        with _only_what_matters():
            return np.asarray(model.fit_transform(vectors), np.float32)

    threads = numba.get_num_threads()
    try:
        try:
            return fit("spectral"), NO_NOTES
        except (OSError, EOFError, UnpicklingError):  # what was kept is damaged, or the disk full
            _compile_again()
            return fit("spectral"), NO_NOTES
    except UserWarning as warning:
        if "Spectral initialisation failed" not in str(warning):
            raise
        second = "pca" if min(vectors.shape) > options["n_components"] else "random"
        note = f"UMAP's spectral start failed; it started from {second}."
        return fit(second), np.array([note])
    finally:
        numba.set_num_threads(threads)  # which umap sets, and leaves so when it is interrupted


@contextmanager
def _only_what_matters() -> Iterator[None]:
    """Silence warnings of umap that say nothing here, and stop at the one that counts.

    Filters are the process': of several fits at once the first sets them, the last restores.
    """
    with _LOCK:
        context = _fits[0] if _fits else warnings.catch_warnings()
        if not _fits:
            context.__enter__()
            # Of umap/__init__: TensorFlow is not there for the parametric variant.
            warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
            # There is no search index, which only umap's transform would need.
            warnings.filterwarnings("ignore", r"precomputed_knn\[2\]", UserWarning)
            # umap would start at random then; PCA keeps what the vectors look like at large.
            warnings.filterwarnings("error", "Spectral initialisation failed", UserWarning)
        _fits.append(context)
    try:
        yield
    finally:
        with _LOCK:
            _fits.pop()
            if not _fits:
                context.__exit__(None, None, None)


@cache
def _keep_what_is_compiled() -> None:
    """Let numba keep umap's compiled functions on disk, which umap does not ask it for.

    To compile them takes most of the time of a map of 1,000 texts in a fresh process. The layout
    itself, which is most of the rest, leaves the interpreter to other threads.
    """
    from umap import layouts

    with suppress(AttributeError):  # another version's: it holds on to it
        layouts._nb_optimize_layout_euclidean_single_epoch.targetoptions["nogil"] = True
    for function in _compiled_of_umap():
        with suppress(RuntimeError):  # no folder that numba may write to
            function.enable_caching()


def _compile_again() -> None:
    """Forget what numba keeps of umap's functions, and keep nothing more in this process."""
    from numba.core.caching import NullCache

    for function in _compiled_of_umap():
        with suppress(OSError):
            function._cache.flush()
        function._cache = NullCache()


def _compiled_of_umap() -> Iterator[Any]:
    from numba.core.dispatcher import Dispatcher
    from umap import layouts, umap_, utils

    for module in (layouts, umap_, utils):
        for function in vars(module).values():
            if isinstance(function, Dispatcher) and function.py_func.__module__ == module.__name__:
                yield function
