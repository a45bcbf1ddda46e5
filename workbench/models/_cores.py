"""The cores that a process has, shared with others."""

from __future__ import annotations

import os

__all__ = ["cores", "wait_asleep"]


def cores() -> int:
    """Return how many cores this process may use: what a container allows, not the host's."""
    from joblib import cpu_count

    return int(cpu_count())


def wait_asleep() -> None:
    """Let torch's idle threads sleep: on a busy machine, spinning ones cost most of the time.

    Of use before torch is imported; what the environment says already stays.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
