"""A few long computations at a time: those that leave the interpreter to other threads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

from workbench.models._cores import cores

__all__ = ["MOST", "go_on", "side_by_side"]

T = TypeVar("T")
MOST: Final = 4  # long ones, each of which has its own copy of what it computes with
_HERE = threading.local()


def side_by_side(
    works: Sequence[Callable[[], T]], report: Callable[[int], object], *, most: int = MOST
) -> list[T]:
    """Return what each work returns, in their order; as many run at a time as there are cores.

    Interrupted, or where one fails, those that have not begun are left out. Those that have are
    not waited for, at the end of the process neither (as an executor would): they end at the next
    `go_on`.

    Parameters
    ----------
    works
        What is to be done.
    report
        Called with the number of works done, in their order.
    most
        At a time. 1: for works that hold the interpreter, or have threads themselves.
    """
    call = _Call(works)
    threads = min(cores(), most, len(works))
    results: list[T] = []
    try:
        for _ in range(threads if threads > 1 else 0):
            threading.Thread(target=call.work_off, daemon=True).start()
        for work, future in zip(works, call.futures, strict=True):
            go_on()  # this thread may work for such a call itself
            results.append(future.result() if threads > 1 else work())
            report(len(results))
    finally:
        call.over = True
    return results


def go_on() -> None:
    """Return, unless this thread works for a call that was interrupted: then its work ends."""
    call = getattr(_HERE, "call", None)
    if call is not None and call.over:
        raise _NoLongerWantedError


class _NoLongerWantedError(Exception):
    """Ends a work that nobody waits for."""


class _Call(Generic[T]):
    """What waits to be done for one call, and what came of it."""

    def __init__(self, works: Sequence[Callable[[], T]]) -> None:
        self.futures: list[Future[T]] = [Future() for _ in works]
        self.waiting = deque(zip(works, self.futures, strict=True))
        self.failed = self.over = False

    def work_off(self) -> None:
        """Do what waits; runs in each of the threads."""
        _HERE.call = self
        while self.waiting and not (self.failed or self.over):
            try:
                work, future = self.waiting.popleft()
            except IndexError:  # another thread took the last one
                return
            try:
                result = work()
            except BaseException as error:
                self.failed = True
                future.set_exception(error)
            else:
                future.set_result(result)
