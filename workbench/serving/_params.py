"""The parameters of a served model: declared with their defaults, checked before any work."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, Literal, TypeAlias

from workbench.errors import InputError, suggest

__all__ = ["Param", "ParamType", "values_of"]

ParamType: TypeAlias = Literal["long", "double", "boolean", "string"]
"""MLflow's names for a whole number, a number, true or false, a text."""

_EXPECTED = {
    "long": "a whole number",
    "double": "a number",
    "boolean": "true or false",
    "string": "a text",
}


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter.

    Parameters
    ----------
    name, dtype
        Its name and MLflow's name of its type.
    default
        What it is when it is not given; None is allowed only then.
    low, high
        The range of a number, both ends included.
    """

    name: str
    dtype: ParamType
    default: Any
    low: float = -math.inf
    high: float = math.inf

    def checked(self, value: object, model: str) -> Any:
        """Return a value of the parameter's type, or raise an InputError."""
        if value is None and self.default is None:
            return None
        if self.dtype == "boolean" and isinstance(value, bool):
            return value
        if self.dtype == "string" and isinstance(value, str):
            return value
        number = self._number(value)
        if number is not None and self.low <= number <= self.high:
            return int(number) if self.dtype == "long" else number
        bounds = f" from {self.low:g} to {self.high:g}" if math.isfinite(self.low) else ""
        raise InputError(
            f"{model}: {self.name} must be {_EXPECTED[self.dtype]}{bounds}; got {value!r:.60}."
        )

    def defaulting(self, value: object, model: str) -> Param:
        """Return the parameter with another default, or raise an InputError."""
        return replace(self, default=self.checked(value, model))

    def _number(self, value: object) -> float | None:
        if isinstance(value, bool) or not isinstance(value, Real):
            return None
        try:
            number = float(value)
        except OverflowError:
            return None
        if self.dtype == "long":
            return number if number.is_integer() else None
        return number if self.dtype == "double" and math.isfinite(number) else None


def values_of(
    given: Mapping[str, object] | None, params: Sequence[Param], model: str
) -> dict[str, Any]:
    """Return every parameter's value.

    Raises
    ------
    InputError
        If one is unknown, of another type, or out of its range.
    """
    if given is not None and not isinstance(given, Mapping):
        raise InputError(f"{model}: params is a dict by name; got {type(given).__name__}.")
    known = {param.name: param for param in params}
    for name in given or {}:
        if name not in known:
            raise InputError(
                f"{model}: there is no parameter {name!r}. "
                + (suggest(str(name), known) if known else "It has none.")
            )
    return {
        name: param.checked((given or {}).get(name, param.default), model)
        for name, param in known.items()
    }
