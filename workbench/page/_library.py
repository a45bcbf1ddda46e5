"""plotly.js, compressed."""

from __future__ import annotations

import gzip
from functools import cache

__all__ = ["plotly_library"]


@cache
def plotly_library() -> bytes:
    """Return the plotly package's own plotly.js, gzipped (1.5 MB)."""
    from plotly.offline import get_plotlyjs

    return gzip.compress(get_plotlyjs().encode(), compresslevel=9, mtime=0)
