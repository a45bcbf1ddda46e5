"""Array aliases, and the few checks and freezes that every layer needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.errors import InputError

__all__ = [
    "BoolArray",
    "FloatArray",
    "IntArray",
    "VectorArray",
    "as_matrix",
    "freeze",
    "row_list",
    "unit_rows",
]

FloatArray: TypeAlias = NDArray[np.float32]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]
VectorArray: TypeAlias = NDArray[Any]  # float32, or int8 / uint8 when quantised


def freeze(array: NDArray[Any]) -> NDArray[Any]:
    """Return a read-only array with the same values: a copy, unless nobody can write to it."""
    owner = array if array.base is None else array.base
    if not array.flags.writeable and isinstance(owner, np.ndarray) and not owner.flags.writeable:
        return array
    frozen = array.copy()
    frozen.flags.writeable = False
    return frozen


def unit_rows(vectors: FloatArray) -> FloatArray:
    """Return the rows (n, d) at length 1; one of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0))


def row_list(rows: Sequence[int] | NDArray[Any], most: int = 5) -> str:
    """Return ``"rows 3, 7, 9 and 12 more"`` (counted from 1) for a message."""
    count = len(rows)
    shown = ", ".join(str(int(row) + 1) for row in rows[:most])
    more = f" and {count - most} more" if count > most else ""
    return f"row{'s' if count != 1 else ''} {shown}{more}"


def as_matrix(values: ArrayLike, what: str) -> FloatArray:
    """Return ``values`` as a finite float32 matrix.

    Parameters
    ----------
    values
        Array-like of shape (n, d), n >= 1 and d >= 1.
    what
        What the matrix is, for the message.

    Raises
    ------
    InputError
        If it is not two-dimensional, is empty, not numeric, or holds NaN or infinity.
    """
    try:
        with np.errstate(over="ignore"):  # what overflows is infinite, and found below
            matrix = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{what}: expected numbers in a rectangular (n, d) array; got {type(values).__name__}"
            f" that cannot be read as one ({error})."
        ) from None
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise InputError(
            f"{what}: expected a non-empty array of shape (n, d); got shape {matrix.shape}."
        )
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if bad.size:
        raise InputError(
            f"{what}: {row_list(bad)} hold NaN or infinity. "
            "Remove these texts or mend their vectors."
        )
    return matrix
