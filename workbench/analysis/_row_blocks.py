"""Work on a large matrix: a block of rows per core at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from threadpoolctl import threadpool_limits

from workbench._progress import Progress
from workbench.analysis._side_by_side import side_by_side

__all__ = ["in_row_blocks", "one_blas_thread"]

_LOCK = threading.Lock()
_limits: list[_Limit] = []  # that which is set now, if one is
_wanted = 0  # how many want it


def in_row_blocks(count: int, step: int, work: Callable[[slice], None], report: Progress) -> None:
    """Call ``work`` with slices of ``count`` rows, as many at a time as there are cores.

    Each works in one thread. Matrix products shared out by the BLAS itself leave the steps between
    them to one core, and its other threads wait for the next product by spinning: a third of the
    CPU time of the quality of a map of 20,000 texts, a sixth of that of their neighbours.

    Parameters
    ----------
    count
        How many rows.
    step
        The most rows of a slice.
    work
        Fills its rows of something; what it calls must leave the interpreter to other threads, as
        numpy does.
    report
        Called after each block, in their order.
    """
    blocks = [slice(start, min(start + step, count)) for start in range(0, count, step)]

    def done(how_many: int) -> None:
        report(blocks[how_many - 1].stop, count)

    with one_blas_thread():
        side_by_side([partial(work, block) for block in blocks], done, most=len(blocks))


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep the BLAS to one thread: what it adds up in several comes out otherwise in a last digit.

    The limit is the process' (not so with an OpenBLAS built on OpenMP, which has one per thread).
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
            with threadpool_limits(1, user_api="blas"):
                self.ready.set()
                self._over.wait()
        finally:
            self.ready.set()

    def end(self) -> None:
        """Take the limit away."""
        self._over.set()
        self._thread.join()
