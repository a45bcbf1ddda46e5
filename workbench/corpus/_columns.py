"""Columns of a corpus: plain read-only numpy arrays, whatever the table held them in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import freeze
from workbench.errors import InputError

__all__ = ["plain_column", "text_series"]


def plain_column(name: str, values: Any) -> NDArray[Any]:
    """Return a column as a read-only array of numbers, booleans, dates or objects.

    Dates are in UTC and without a zone. A null is NaN among numbers, NaT among dates and None
    among objects.

    Raises
    ------
    InputError
        If the values are not one-dimensional.
    """
    try:
        series = _series(values)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"Corpus: column {name!r} must be a one-dimensional list or array ({error})."
        ) from None
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    array = _unwrapped(series) if series.dtype != object else _object_array(series)
    return freeze(array.copy())


def text_series(values: Any) -> pd.Series[Any]:
    """Return a series that keeps its strings as Python strings.

    pandas' own string columns refuse lone surrogates, which texts in the wild hold.
    """
    return pd.Series(values, dtype=object)


def _series(values: Any) -> pd.Series[Any]:
    dtype = getattr(values, "dtype", None)
    if dtype is None:
        values = list(values)
        return text_series(values) if any(isinstance(v, str) for v in values) else pd.Series(values)
    if isinstance(values, np.ndarray) and values.dtype.kind in "OU":
        return text_series(values)
    return pd.Series(values)


def _unwrapped(series: pd.Series[Any]) -> NDArray[Any]:
    if not isinstance(series.dtype, pd.api.extensions.ExtensionDtype):
        return np.asarray(series.to_numpy())
    if not pd.api.types.is_numeric_dtype(series.dtype):
        return _object_array(series.astype(object))
    if not series.isna().any():
        return np.asarray(series.to_numpy())
    if pd.api.types.is_bool_dtype(series.dtype):
        return _object_array(series.astype(object))
    return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))


def _object_array(series: pd.Series[Any]) -> NDArray[Any]:
    """Return objects with None for nulls; dates and decimals, as parquet has them, converted."""
    kind = pd.api.types.infer_dtype(series, skipna=True)
    if kind in ("date", "datetime"):
        return np.asarray(pd.to_datetime(series, utc=True).dt.tz_localize(None).to_numpy())
    if kind == "decimal":
        return np.asarray(pd.to_numeric(series).to_numpy(dtype=np.float64))
    array = np.array(series.to_numpy(), dtype=object)
    array[pd.isna(array)] = None
    return array
