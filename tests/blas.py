"""How many threads the BLAS has."""

from __future__ import annotations

from threadpoolctl import threadpool_info


def blas_threads() -> dict[str, int]:
    """Return the threads of each BLAS that is loaded, by its file."""
    return {
        one["filepath"]: one["num_threads"]
        for one in threadpool_info()
        if one["user_api"] == "blas"
    }
