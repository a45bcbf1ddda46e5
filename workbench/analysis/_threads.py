"""How many threads the libraries under numpy and scikit-learn may use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from weakref import WeakSet

from threadpoolctl import get_cached_controller

__all__ = ["one_blas_thread", "steady_threads"]

_LOCK = threading.RLock()  # a block left suspended may be collected, and end, in whoever holds it
_wishes: WeakSet[_Wish] = WeakSet()
_keeper: _Keeper | None = None
_LOOKS = 0.05  # seconds between a keeper's looks


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep the BLAS to one thread: what it adds up in several comes out otherwise in a last digit.

    The limit is the process', from the first who wants it to the last. It has no effect on MKL and
    on an OpenBLAS built on OpenMP, whose limits are each thread's own.
    """
    wish = _Wish()
    try:
        _begin(wish)
        yield
    finally:
        _end(wish)


@contextmanager
def steady_threads(n: int) -> Iterator[None]:
    """Keep scikit-learn's loops over n texts to two threads, so that a seed gives the same numbers.

    k-means and t-SNE add up partial sums in the order in which threads finish: two parts have
    the same sum in either order, three do not. A few texts are faster in one. The BLAS has one
    thread, also that of other computations in this process.
    """
    loops = get_cached_controller().select(user_api="openmp")
    # k-means limits the BLAS too, and at its end sets it back to what it found. Begun within
    # another thread's limit and ended after it, that would be one thread for good.
    with one_blas_thread(), loops.limit(limits=2 if n > 1000 else 1):
        yield


class _Wish:
    """Somebody's wish for the limit: it ends with their block, whatever interrupts it."""


def _begin(wish: _Wish) -> None:
    global _keeper
    with _LOCK:
        _wishes.add(wish)
        if _keeper is None or _keeper.over.is_set():
            if _keeper is not None:
                _keeper.join()  # an interrupt left it to end alone
            keeper = _Keeper()
            keeper.start()
            keeper.ready.get()
            _keeper = keeper


def _end(wish: _Wish) -> None:
    global _keeper
    with _LOCK:
        _wishes.discard(wish)
        if not _wishes and _keeper is not None:
            _keeper.over.set()
            _keeper.join()
            _keeper = None


class _Keeper(threading.Thread):
    """Keeps the BLAS to one thread, and gives back what it had.

    A thread of its own, which does nothing else: threadpoolctl lets only the thread that set a
    limit change it, as long as that one lives.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ready: SimpleQueue[None] = SimpleQueue()
        self.over = threading.Event()
        self._blas = get_cached_controller().select(user_api="blas").lib_controllers
        self._before: dict[str, int] = {}

    def run(self) -> None:
        """Keep it until nobody wants it."""
        self._limit()
        self.ready.put(None)
        while not self.over.wait(_LOOKS):
            self._limit()  # which has no effect while another thread's limit lasts
            if not _wishes and _LOCK.acquire(blocking=False):  # an interrupt took the last one away
                try:
                    if not _wishes:
                        self.over.set()
                        self._give_back()
                        return
                finally:
                    _LOCK.release()
        self._give_back()

    def _limit(self) -> None:
        for library in self._blas:
            threads = library.num_threads
            if threads > 1:
                self._before[library.filepath] = threads
                library.set_num_threads(1)

    def _give_back(self) -> None:
        for library in self._blas:
            if library.filepath in self._before:
                library.set_num_threads(self._before[library.filepath])
