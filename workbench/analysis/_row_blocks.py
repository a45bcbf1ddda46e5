"""Work on a large matrix: a block of rows per core at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

from workbench._progress import Progress
from workbench.models._cores import cores

__all__ = ["in_row_blocks", "one_blas_thread"]

_LIMITING = threading.Lock()


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
    if len(blocks) < 2 or cores() == 1:
        for block in blocks:
            work(block)
            report(block.stop, count)
        return
    pool = ThreadPoolExecutor(cores())
    try:
        with one_blas_thread():
            for block, _ in zip(blocks, pool.map(work, blocks), strict=True):
                report(block.stop, count)
    finally:
        pool.shutdown(cancel_futures=True)  # interrupted, what has not begun is left out


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep the BLAS to one thread, as far as nobody else does so already.

    The limit is the process'. Whoever set one while another stands would restore that other: the
    last to end would leave the BLAS at one thread for good.
    """
    if not _LIMITING.acquire(blocking=False):
        yield
        return
    try:
        with threadpool_limits(1, user_api="blas"):
            yield
    finally:
        _LIMITING.release()
