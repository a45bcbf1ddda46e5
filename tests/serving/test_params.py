"""Parameters: declared, checked, their defaults filled in."""

from __future__ import annotations

import pytest

from workbench.errors import InputError
from workbench.serving._params import Param, values_of

PARAMS = (
    Param("top_k", "long", 10, 1, 100),
    Param("least", "double", 0.0),
    Param("plain", "boolean", False),
    Param("where", "string", None),
)


def test_defaults_are_filled_in() -> None:
    expected = {"top_k": 10, "least": 0.0, "plain": False, "where": None}
    assert values_of(None, PARAMS, "m") == values_of({}, PARAMS, "m") == expected


def test_given_values_have_the_declared_type() -> None:
    found = values_of({"top_k": 3.0, "least": 1, "plain": True, "where": "x"}, PARAMS, "m")
    assert found == {"top_k": 3, "least": 1.0, "plain": True, "where": "x"}
    assert (type(found["top_k"]), type(found["least"])) == (int, float)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"topk": 3}, "m: there is no parameter 'topk'. Did you mean 'top_k'"),
        ({"top_k": 0}, "top_k must be a whole number from 1 to 100; got 0"),
        ({"top_k": 101}, "top_k must be a whole number from 1 to 100; got 101"),
        ({"top_k": 2.5}, "top_k must be a whole number from 1 to 100; got 2.5"),
        ({"top_k": "3"}, "top_k must be a whole number from 1 to 100; got '3'"),
        ({"top_k": True}, "top_k must be a whole number"),
        ({"top_k": None}, "top_k must be a whole number"),
        ({"least": float("nan")}, "least must be a number; got nan"),
        ({"plain": 1}, "plain must be true or false; got 1"),
        ({"where": 3}, "where must be a text; got 3"),
        ({"top_k": 10**400}, "top_k must be a whole number from 1 to 100"),
        (["top_k"], "params is a dict by name; got list"),
    ],
)
def test_what_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        values_of(given, PARAMS, "m")


def test_a_model_without_parameters() -> None:
    with pytest.raises(InputError, match=r"there is no parameter 'x'. It has none"):
        values_of({"x": 1}, (), "m")
