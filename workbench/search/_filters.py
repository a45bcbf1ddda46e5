"""Which texts a search may find: conditions on the columns of their table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import BoolArray
from workbench.corpus import Corpus
from workbench.errors import InputError

__all__ = ["Where", "check_found", "checked_where", "rows_where", "values_met"]

Where: TypeAlias = Mapping[str, Any]
"""Column → a value, a list of values, or ``{"min": a, "max": b}`` (either may be left out)."""

_BOUNDS = {"min", "max"}


def rows_where(corpus: Corpus, where: Where | None) -> BoolArray:
    """Return which texts meet every condition, shape (n,).

    Parameters
    ----------
    corpus
        The texts and their columns.
    where
        Conditions by column; None: all texts.

    Raises
    ------
    InputError
        If there is no such column, a bound cannot be compared with it, or no text is left.
    """
    kept = np.ones(len(corpus), dtype=np.bool_)
    for column, wanted in checked_where(where, corpus).items():
        kept &= values_met(corpus[column], column, wanted)
    check_found(kept, where, corpus.name)
    return kept


def checked_where(where: object, corpus: Corpus) -> Where:
    """Return conditions, none for None, or raise an InputError unless they name columns."""
    if where is None:
        return {}
    if not isinstance(where, Mapping):
        raise InputError(
            "search: where is a dict by column, {'topic': 'refund'} say; got "
            f"{type(where).__name__} {where!r:.60}."
        )
    for column in where:
        if not isinstance(column, str):
            raise InputError(f"search: where names columns by a text; got {column!r:.60}.")
        _ = corpus[column]
    return where


def check_found(kept: BoolArray, where: Where | None, name: str) -> None:
    """Raise an InputError if no text meets the conditions."""
    if not kept.any():
        raise InputError(f"search: no text of {name!r} meets where={dict(where or {})!r:.200}.")


def values_met(values: NDArray[Any], column: str, wanted: object) -> BoolArray:
    """Return which values of a column meet a condition, shape (n,)."""
    if isinstance(wanted, Mapping):
        return _within(values, column, wanted)
    listed = wanted if isinstance(wanted, Collection) and not isinstance(wanted, str) else [wanted]
    series = pd.Series(values)
    try:
        return np.asarray(series.isin([_bound(one, series) for one in listed]), dtype=np.bool_)
    except (TypeError, ValueError, OverflowError):
        raise _incomparable(series, column, wanted) from None


def _within(values: NDArray[Any], column: str, bounds: Mapping[str, object]) -> BoolArray:
    if not bounds or not set(bounds) <= _BOUNDS:
        raise InputError(
            f"search: a range of {column!r} is {{'min': a, 'max': b}}, one of them at least; got "
            f"{dict(bounds)!r:.100}."
        )
    series = pd.Series(values)
    kept = np.array(series.notna(), dtype=np.bool_)
    present = series[kept]
    try:
        low, high = (_bound(bounds.get(name), series) for name in ("min", "max"))
        met = np.ones(len(present), dtype=np.bool_)
        if low is not None:
            met &= np.asarray(present >= low, dtype=np.bool_)
        if high is not None:
            met &= np.asarray(present <= high, dtype=np.bool_)
    except (TypeError, ValueError, OverflowError):
        raise _incomparable(series, column, dict(bounds)) from None
    kept[kept] = met
    return kept


def _incomparable(series: pd.Series[Any], column: str, wanted: object) -> InputError:
    return InputError(
        f"search: column {column!r} ({series.dtype}) cannot be compared with {wanted!r:.100}."
    )


def _bound(value: object, series: pd.Series[Any]) -> Any:
    """Return a bound as the column's own kind: a date may be given as a text."""
    if value is None or series.dtype.kind != "M":
        return value
    moment = pd.Timestamp(value)  # type: ignore[arg-type]  # what is no date is refused by the caller
    return moment.tz_convert("UTC").tz_localize(None) if moment.tzinfo else moment
