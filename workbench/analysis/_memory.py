"""By how much the process grows while something is done."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

__all__ = ["highest_growth"]

_STATUS = Path("/proc/self/statm")
_INTERVAL_S = 0.002


def highest_growth(work: Callable[[], object]) -> float:
    """Return by how many bytes the process' main memory grew, at most, while ``work`` ran.

    What is free but not given back to the system would hide a growth, so it is given back first
    (glibc). On Linux a thread reads the resident memory every 2 ms: what comes and goes within
    that is not seen. Elsewhere the process' high-water mark is read, which tells only a growth
    beyond what the process had at any time before; 0 where there is none (Windows).
    """
    gc.collect()
    _give_back()
    before = _resident()
    peak = before
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(_INTERVAL_S):
            peak = max(peak, _resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return float(max(peak, _resident()) - before)


def _resident() -> int:
    """Return resident bytes, or the highest they have been where the system tells no more."""
    try:
        import resource
    except ImportError:
        return 0
    if _STATUS.exists():
        return int(_STATUS.read_text().split()[1]) * resource.getpagesize()
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest if sys.platform == "darwin" else highest * 1024


def _give_back() -> None:
    import ctypes

    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
