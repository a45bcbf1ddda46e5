"""A few long computations at a time: those that leave the interpreter to other threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

from workbench.models._cores import cores

__all__ = ["side_by_side"]

T = TypeVar("T")
_MOST = 4  # at a time: each has its own copy of what it computes with


def side_by_side(
    works: Sequence[Callable[[], T]], report: Callable[[int], object], *, threads: bool = True
) -> list[T]:
    """Return what each work returns, in their order; as many run at a time as there are cores.

    Interrupted, or where one fails, those that have not begun are left out. Those that have are
    not waited for, at the end of the process neither, as an executor would.

    Parameters
    ----------
    works
        What is to be done.
    report
        Called with the number of works done, in their order.
    threads
        False: one after the other, for works that hold the interpreter or have threads themselves.
    """
    many = min(cores(), _MOST, len(works)) if threads else 1
    waiting = deque((work, Future[T]()) for work in works)
    futures = [future for _, future in waiting]
    results: list[T] = []
    try:
        for _ in range(many if many > 1 else 0):
            Thread(target=_do, args=(waiting, len(works)), daemon=True).start()
        for future in futures:
            if many < 2:
                _do(waiting, 1)
            results.append(future.result())
            report(len(results))
    finally:
        waiting.clear()
    return results


def _do(waiting: deque[tuple[Callable[[], T], Future[T]]], most: int) -> None:
    """Do what waits, up to so many of it."""
    for _ in range(most):
        try:
            work, future = waiting.popleft()
        except IndexError:  # all is begun, or the rest is no longer wanted
            return
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)
