"""umap-learn with what the workbench wants of its compiled functions; numba is imported here."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from numba.core.caching import FunctionCache, NullCache
from numba.core.dispatcher import Dispatcher

with warnings.catch_warnings():
    # Of umap/__init__: it says that TensorFlow is not there for the parametric variant.
    warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
    import umap
from umap import layouts, spectral, umap_, utils

__all__ = ["SpectralStartError", "compile_again", "fit"]

_OPTIONS = (
    # Most of the time of a map, in one thread for the seed's sake: leave the interpreter to others.
    (layouts, "_nb_optimize_layout_euclidean_single_epoch", {"nogil": True}),
    # numba has threads that two of ours must not use at once (its "workqueue", on macOS).
    (umap_, "smooth_knn_dist", {"parallel": False}),
    (umap_, "compute_membership_strengths", {"parallel": False}),
)
_HERE = threading.local()


class SpectralStartError(Exception):
    """UMAP found no spectral start."""


def fit(vectors: Any, **options: Any) -> Any:
    """Return the coordinates of a UMAP, one of several at a time.

    Raises
    ------
    SpectralStartError
        Where umap-learn would warn and start at random.
    """
    _HERE.fitting = True
    try:
        return umap.UMAP(**options).fit_transform(vectors)
    finally:
        _HERE.fitting = False


def compile_again() -> None:
    """Forget what numba keeps of umap's functions, and keep nothing more in this process."""
    for function in _compiled():
        with suppress(OSError):
            function._cache.flush()
        function._cache = NullCache()


class _CacheByOptions(FunctionCache):
    """numba's cache on disk; its own takes what was compiled with other options."""

    def __init__(self, function: Any) -> None:
        super().__init__(function.py_func)  # type: ignore[no-untyped-call]  # numba's own
        self._options = repr(sorted(function.targetoptions.items()))

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        key = super()._index_key(sig, codegen)  # type: ignore[no-untyped-call]  # numba's own
        return (*key, self._options)


def _compiled() -> Iterator[Any]:
    for module in (layouts, umap_, utils):
        for function in vars(module).values():
            if isinstance(function, Dispatcher) and function.py_func.__module__ == module.__name__:
                yield function


def _prepare() -> None:
    """Choose the options, and let numba keep what it compiles, which umap does not ask it for.

    To compile it takes most of the time of a map of 1,000 texts in a fresh process.
    """
    for module, name, options in _OPTIONS:
        function = getattr(module, name, None)
        if isinstance(function, Dispatcher):  # else another version of umap: as it comes
            function.targetoptions.update(options)
            if function.overloads:  # somebody used umap before
                function.recompile()
    for function in _compiled():
        with suppress(RuntimeError):  # no folder that numba may write to
            function._cache = _CacheByOptions(function)
    # Not by filters of warnings: these are the process', and other threads change them.
    umap_.warn = spectral.warn = _warn


def _warn(message: Any, category: Any = None, stacklevel: int = 1, **others: Any) -> None:
    """Stand for ``warnings.warn`` in umap's modules; outside of `fit` it is the same."""
    if getattr(_HERE, "fitting", False):
        if "precomputed_knn[2]" in str(message):  # the search index, for umap's transform alone
            return
        if "Spectral initialisation failed" in str(message):
            raise SpectralStartError
    warnings.warn(message, category, stacklevel=stacklevel + 1, **others)


_prepare()
