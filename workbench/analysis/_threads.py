"""How many threads the libraries under numpy and scikit-learn may use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from threadpoolctl import ThreadpoolController, threadpool_limits

__all__ = ["one_blas_thread", "steady_threads"]

_LOCK = threading.Lock()
_limits: list[_Limit] = []  # that which is set now, if one is
_wanted = 0  # how many want it


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep the BLAS to one thread: what it adds up in several comes out otherwise in a last digit.

    The limit is the process' (not so with MKL or an OpenBLAS built on OpenMP: one per thread).
    Of those who want it at the same time the first has it set, and the last taken away.
    """
    global _wanted
    wanted = 0
    try:
        with _LOCK:
            if not _limits:
                _limits.append(_Limit())
            _limits[0].ready.wait()
            _wanted += 1
            wanted = 1
        yield
    finally:
        with _LOCK:
            _wanted -= wanted
            if not _wanted and _limits:
                _limits.pop().end()


@contextmanager
def steady_threads(n: int) -> Iterator[None]:
    """Keep scikit-learn's loops over n texts to two threads, so that a seed gives the same numbers.

    k-means and t-SNE add up partial sums in the order in which threads finish: two parts have
    the same sum in either order, three do not. A few texts are faster in one.
    """
    # The BLAS too, and first: at the end threadpoolctl sets it back as well, to what it was here
    # at the start (as k-means' own limit does), and another thread's limit would stay for good.
    with one_blas_thread(), threadpool_limits(limits=2 if n > 1000 else 1, user_api="openmp"):
        yield


class _Limit:
    """One thread for the BLAS, set and taken away by a thread that does nothing else.

    threadpoolctl lets only the thread that set a limit change it, as long as that one lives.
    """

    def __init__(self) -> None:
        self.ready, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        try:
            blas = ThreadpoolController().select(user_api="blas")
            limited = all(one["num_threads"] == 1 for one in blas.info())
            # By somebody else, perhaps for a while only: set back, their one would stay for good.
            with nullcontext() if limited else blas.limit(limits=1):
                self.ready.set()
                self._over.wait()
        finally:
            self.ready.set()

    def end(self) -> None:
        """Take the limit away."""
        self._over.set()
        self._thread.join()
