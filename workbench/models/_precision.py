"""Vectors in fewer bits: int8 and one bit per dimension."""

from __future__ import annotations

from typing import TypeGuard, get_args

import numpy as np

from workbench._arrays import FloatArray, VectorArray, row_list
from workbench.errors import InputError, suggest
from workbench.models._spec import LongTexts, ModelSpec, Precision

__all__ = [
    "bytes_per_vector",
    "check_long_texts",
    "check_precision",
    "check_truncation",
    "dense_vectors",
    "quantized",
]

_LARGEST = 127


def check_precision(value: object, caller: str) -> Precision:
    """Return ``value`` if it is a precision, or raise an InputError with the nearest."""
    if _is_precision(value):
        return value
    names = get_args(Precision)
    raise InputError(f"{caller}: there is no precision {value!r}. {suggest(str(value), names)}")


def check_long_texts(value: object, caller: str) -> LongTexts:
    """Return ``value`` if it says what to do with long texts, or raise an InputError."""
    if _is_long_texts(value):
        return value
    names = get_args(LongTexts)
    raise InputError(
        f"{caller}: long_texts must be 'truncate' or 'chunk'; got {value!r}. "
        f"{suggest(str(value), names)}"
    )


def check_truncation(value: object, spec: ModelSpec, caller: str) -> None:
    """Raise an InputError unless ``value`` is None or a number of the model's dimensions."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if value is None or (whole and 1 <= int(value) <= spec.dimension):  # type: ignore[call-overload]  # `whole` tells what it is
        return
    raise InputError(
        f"{caller}: truncate_dim must be 1 to {spec.dimension}, the dimension of "
        f"{spec.name!r}; got {value!r}."
    )


def quantized(vectors: FloatArray, precision: Precision) -> VectorArray:
    """Return vectors as they are kept.

    Parameters
    ----------
    vectors
        Shape (n, d).
    precision
        ``int8``: each vector is scaled by its own largest component to ±127 and rounded, shape
        (n, d). It needs no calibration, and the cosine does not ask for the scale, which is lost.
        ``ubinary``: one bit per dimension, 1 where the number is above 0, shape (n, ceil(d / 8)),
        as sentence-transformers packs them.

    Raises
    ------
    InputError
        For ``ubinary``, if a vector is all zeros: the bits would give it a direction.
    """
    if precision == "float32":
        return vectors
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    if precision == "int8":
        shares = np.divide(vectors, largest, out=np.zeros_like(vectors), where=largest > 0)
        return np.asarray(np.rint(shares * np.float32(_LARGEST)), dtype=np.int8)
    zero = np.flatnonzero(largest == 0)
    if zero.size:
        raise InputError(
            f"{row_list(zero)} have an all-zero vector, which has no signs to keep as bits. Remove "
            "these texts (corpus.take), or choose precision='int8' or another model."
        )
    return np.packbits(vectors > 0, axis=1)


def dense_vectors(kept: VectorArray, precision: Precision, dimension: int) -> FloatArray:
    """Return kept vectors as float32 of shape (n, d): bits as -1 and 1."""
    if precision == "ubinary":
        bits = np.unpackbits(kept, axis=1, count=dimension)
        return np.asarray(bits, dtype=np.float32) * 2 - 1
    return np.asarray(kept, dtype=np.float32)


def bytes_per_vector(precision: Precision, dimension: int) -> int:
    """Return how many bytes a kept vector takes."""
    if precision == "ubinary":
        return -(-dimension // 8)
    return dimension if precision == "int8" else 4 * dimension


def _is_precision(value: object) -> TypeGuard[Precision]:
    return isinstance(value, str) and value in get_args(Precision)


def _is_long_texts(value: object) -> TypeGuard[LongTexts]:
    return isinstance(value, str) and value in get_args(LongTexts)
