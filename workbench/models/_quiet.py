"""Loading a model without the library's report and bars on the user's screen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet_loading"]

_LOCK = threading.Lock()
_loading: list[tuple[int, bool]] = []  # what was set before, once for each that loads now


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Silence transformers' loading report and weight bar; restore its settings afterwards.

    They are the process': of several that load at once, the last to end restores them.
    """
    from transformers.utils import logging

    with _LOCK:
        now = logging.get_verbosity(), logging.is_progress_bar_enabled()
        _loading.append(_loading[0] if _loading else now)
        logging.set_verbosity_error()
        logging.disable_progress_bar()
    try:
        yield
    finally:
        with _LOCK:
            verbosity, bars = _loading.pop()
            if not _loading:
                logging.set_verbosity(verbosity)
                if bars:
                    logging.enable_progress_bar()
