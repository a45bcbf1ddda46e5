"""How many threads the libraries under numpy and scikit-learn may use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from weakref import ref

from threadpoolctl import get_cached_controller

__all__ = ["one_blas_thread", "steady_threads"]

_LOCK = threading.RLock()  # a block left suspended may be collected, and end, in whoever holds it
_wishes: list[ref[_Wish]] = []
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
        wish.over = True
        _end()


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

    over = False


def _wanted() -> bool:
    wishes = [wish() for wish in tuple(_wishes)]
    return any(wish is not None and not wish.over for wish in wishes)


def _begin(wish: _Wish) -> None:
    global _keeper
    with _LOCK:
        if not _wanted():
            _wishes.clear()
        _wishes.append(ref(wish))
        if _keeper is None or _keeper.over:
            if _keeper is not None:
                _keeper.join()  # an interrupt left it to end alone
            keeper = _Keeper()
            keeper.start()
            keeper.ready.get()
            _keeper = keeper


def _end() -> None:
    global _keeper
    with _LOCK:
        if not _wanted() and _keeper is not None:
            _keeper.over = True
            _keeper.told.put(None)
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
        self.over = False
        self.told: SimpleQueue[None] = SimpleQueue()  # an Event that is interrupted stays locked
        self._blas = get_cached_controller().select(user_api="blas").lib_controllers
        self._before: dict[str, int] = {}

    def run(self) -> None:
        """Keep it until nobody wants it."""
        try:
            self._limit()
        finally:
            self.ready.put(None)
        while not (self.over or self._forgotten()):
            try:
                self.told.get(timeout=_LOOKS)
            except Empty:
                self._limit()  # which has no effect while another thread's limit lasts
        for library in self._blas:
            if library.filepath in self._before:
                library.set_num_threads(self._before[library.filepath])

    def _forgotten(self) -> bool:
        """Tell whether an interrupt took the last wish away, and let nobody count on this one."""
        if _wanted() or not _LOCK.acquire(blocking=False):
            return False
        try:
            self.over = not _wanted()
            return self.over
        finally:
            _LOCK.release()

    def _limit(self) -> None:
        for library in self._blas:
            threads = library.num_threads
            if threads > 1:
                self._before[library.filepath] = threads
                library.set_num_threads(1)
