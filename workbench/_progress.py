"""Progress as a callable: the library reports, the caller decides how it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeAlias

__all__ = ["Progress", "ProgressOption", "showing", "silent"]


class Progress(Protocol):
    """Called with how much is done and how much there is, after each step."""

    def __call__(self, done: int, total: int, /) -> None: ...


ProgressOption: TypeAlias = "bool | Progress"


def silent(done: int, total: int, /) -> None:
    """Report nothing."""


@contextmanager
def showing(progress: ProgressOption, description: str, unit: str = " texts") -> Iterator[Progress]:
    """Yield the callable to report to, and close what it showed.

    Parameters
    ----------
    progress
        ``True``: a tqdm bar with rate and remaining time, which goes away at the end (a bar
        left open is blank in an exported notebook). ``False``: nothing. A callable: that one.
    description
        What is being done.
    unit
        What is counted.
    """
    if callable(progress):
        yield progress
        return
    if not progress:
        yield silent
        return
    from tqdm.auto import tqdm

    bar = None

    def report(done: int, total: int, /) -> None:
        nonlocal bar
        if bar is None:
            bar = tqdm(desc=description, unit=unit, total=total, initial=done, leave=False)
        bar.update(done - bar.n)

    try:
        yield report
    finally:
        if bar is not None:
            bar.close()
