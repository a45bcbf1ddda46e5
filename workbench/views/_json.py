"""Tables of texts and typed arrays as JSON, and back."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["decode_arrays", "frame_of", "object_frame", "plain_columns"]


def plain_columns(frame: pd.DataFrame) -> tuple[dict[str, list[Any]], list[str]]:
    """Return a table's columns as lists of JSON values, and the names of the date columns."""
    columns: dict[str, list[Any]] = {}
    dates: list[str] = []
    for name in frame.columns:
        series = frame[name]
        if pd.api.types.is_datetime64_any_dtype(series.dtype):
            dates.append(str(name))
            columns[str(name)] = _dates(series)
        else:
            columns[str(name)] = [_plain(value) for value in series.tolist()]
    return columns, dates


def frame_of(columns: Mapping[str, list[Any]], dates: Iterable[str] = ()) -> pd.DataFrame:
    """Return the table that :func:`plain_columns` took apart.

    Raises
    ------
    ValueError
        If the columns differ in length.
    """
    if len({len(values) for values in columns.values()}) > 1:
        raise ValueError("the columns of its texts differ in length")
    frame = object_frame(columns)
    return frame.assign(
        **{name: pd.to_datetime(frame[name], format="ISO8601") for name in dates if name in frame}
    )


def object_frame(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table that keeps strings as Python strings.

    pandas' own string columns refuse lone surrogates, which texts in the wild hold.
    """
    return pd.DataFrame({name: _series(values) for name, values in columns.items()})


def decode_arrays(value: Any) -> Any:
    """Return plotly JSON with its base64 typed arrays as numpy arrays."""
    if isinstance(value, dict):
        if "bdata" in value and "dtype" in value:
            flat = np.frombuffer(base64.b64decode(value["bdata"]), dtype=np.dtype(value["dtype"]))
            shape = str(value.get("shape", "")).split(",") if "shape" in value else [-1]
            return flat.reshape([int(size) for size in shape])
        return {key: decode_arrays(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [decode_arrays(inner) for inner in value]
    return value


def _series(values: Any) -> pd.Series[Any]:
    if isinstance(values, np.ndarray):
        return pd.Series(values, dtype=values.dtype)
    listed = list(values)
    if any(isinstance(value, str) for value in listed):
        return pd.Series(listed, dtype=object)
    return pd.Series(listed)


def _dates(series: pd.Series[Any]) -> list[str | None]:
    whole = bool((series.dropna() == series.dropna().dt.normalize()).all())
    written = series.dt.strftime("%Y-%m-%d" if whole else "%Y-%m-%dT%H:%M:%S.%f")
    return [None if pd.isna(value) else str(value) for value in written]


def _plain(value: Any) -> Any:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, (str, bool, int)) else str(value)
