"""Work on a large matrix: a block of rows per core at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from threadpoolctl import threadpool_limits

from workbench._progress import Progress
from workbench.analysis._side_by_side import side_by_side
from workbench.models._cores import cores

__all__ = ["in_row_blocks", "one_blas_thread"]

_LOCK = threading.Lock()
_limits: list[threadpool_limits] = []  # one for each who wants the limit; the first set it


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
        side_by_side([partial(work, block) for block in blocks], done, most=cores())


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep the BLAS to one thread: what it adds up in several comes out otherwise in a last digit.

    The limit is the process'. Of those who want it at the same time the first sets it, and the
    last takes it away.
    """
    with _LOCK:
        limit = _limits[0] if _limits else threadpool_limits(1, user_api="blas")
        _limits.append(limit)
    try:
        yield
    finally:
        with _LOCK:
            _limits.pop()
            if not _limits:
                limit.restore_original_limits()
