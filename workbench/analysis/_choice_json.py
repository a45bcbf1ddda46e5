"""The fields of a threshold's choice, read from JSON: each is checked where it comes in."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any, NoReturn

from workbench._html import elide
from workbench.analysis.significance import Interval
from workbench.errors import InputError

__all__ = ["checked_fields"]

_ROUNDING = 1e-9  # by which an end of an interval may miss its estimate
_Json = dict[str, Any]


def checked_fields(kept: object, identity: Collection[str]) -> _Json:
    """Return a choice's fields by name.

    Parameters
    ----------
    kept
        What the JSON holds.
    identity
        The fields of a model's identity; ``name`` may be there, too.

    Raises
    ------
    InputError
        If a field is missing or cannot have been written; it is named.
    """
    given = _object(kept, "the whole")
    threshold = _number(given, "threshold", -1, 1)
    return {
        "threshold": threshold,
        "model": _words(given, "model"),
        "identity": _identity(given, identity),
        "precision": _interval(given, "precision"),
        "recall": _interval(given, "recall"),
        "floor": _number(given, "floor", -1, threshold),
        "min_precision": _min_precision(given),
        "judged": _count(given, "judged"),
        "corpus": _words(given, "corpus"),
    }


def _identity(kept: _Json, names: Collection[str]) -> tuple[tuple[str, Any], ...]:
    """Return what of a model changes its vectors, in the order in which it was written."""
    given = _object(_field(kept, "identity"), "identity")
    if set(given) - {"name"} != set(names):
        _refuse("identity", f"the fields {', '.join(names)}", list(given))
    for name, value in given.items():
        if not isinstance(value, str | int | None) or isinstance(value, bool):
            _refuse(f"identity.{name}", "a string, a whole number or null", value)
    return tuple(given.items())


def _interval(kept: _Json, name: str) -> Interval:
    """Return a share with its interval; an estimate of null is one that is not known."""
    given = _object(_field(kept, name), name)
    low = _number(given, f"{name}.low", 0, 1)
    high = _number(given, f"{name}.high", low, 1)
    estimate = math.nan
    if _field(given, f"{name}.estimate") is not None:
        estimate = _number(given, f"{name}.estimate", low - _ROUNDING, high + _ROUNDING)
    confidence = _number(given, f"{name}.confidence", 0, 1)
    undefined = _number(given, f"{name}.undefined", 0, 1)
    return Interval(estimate, low, high, confidence, _words(given, f"{name}.method"), undefined)


def _min_precision(kept: _Json) -> float | None:
    if _field(kept, "min_precision") is None:
        return None
    share = _number(kept, "min_precision", 0, 1)
    return share or _refuse("min_precision", "a share above 0", share)


def _count(kept: _Json, name: str) -> int:
    value = _field(kept, name)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    _refuse(name, "a whole number from 0", value)


def _words(kept: _Json, name: str) -> str:
    value = _field(kept, name)
    if isinstance(value, str) and value:
        return value
    _refuse(name, "a string that is not empty", value)


def _number(kept: _Json, name: str, least: float, most: float) -> float:
    value = _field(kept, name)
    if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
        return float(value)
    _refuse(name, f"a number from {least:.6g} to {most:.6g}", value)


def _object(value: object, name: str) -> _Json:
    return value if isinstance(value, dict) else _refuse(name, "an object", value)


def _field(kept: _Json, name: str) -> Any:
    """Return the field that a dotted name ends in."""
    own = name.rpartition(".")[2]
    if own in kept:
        return kept[own]
    raise InputError(
        f"ThresholdChoice.from_json: {name} is missing; expected what ThresholdChoice.to_json "
        "writes."
    )


def _refuse(name: str, expected: str, value: object) -> NoReturn:
    raise InputError(
        f"ThresholdChoice.from_json: {name}: expected {expected}, as ThresholdChoice.to_json "
        f"writes; got {elide(repr(value), 60)}."
    )
