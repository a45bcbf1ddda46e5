"""Whatever form the input has, it is the same rows; the first bad one is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.errors import InputError
from workbench.serving._rows import rows_of

PAIR = ("sentence_1", "sentence_2")
PAIRS = [("a", "x"), ("b", "y")]


@pytest.mark.parametrize(
    "data",
    [
        pd.DataFrame({"sentence_1": ["a", "b"], "sentence_2": ["x", "y"]}),
        pd.DataFrame({"id": ["1", "2"], "sentence_2": ["x", "y"], "sentence_1": ["a", "b"]}),
        pd.DataFrame({0: ["a", "b"], 1: ["x", "y"]}),
        pd.DataFrame({"sentence_1": [["a", "b"]], "sentence_2": [["x", "y"]]}),
        {"sentence_1": ["a", "b"], "sentence_2": ["x", "y"]},
        {"sentence_1": np.array(["a", "b"]), "sentence_2": pd.Series(["x", "y"])},
        [{"sentence_1": "a", "sentence_2": "x"}, {"sentence_1": "b", "sentence_2": "y", "id": 7}],
        [("a", "x"), ("b", "y")],
        [["a", "x"], ["b", "y"]],
        np.array(PAIRS),
        np.array(PAIRS, dtype=object),
    ],
)
def test_two_columns(data: object) -> None:
    assert rows_of(data, PAIR, "m") == PAIRS


def test_one_row_of_two_columns() -> None:
    assert rows_of({"sentence_1": "a", "sentence_2": "x"}, PAIR, "m") == PAIRS[:1]


@pytest.mark.parametrize(
    "data",
    [
        pd.DataFrame({"query": ["a", "b"]}),
        pd.DataFrame({"year": [1, 2], "query": ["a", "b"]}),
        pd.DataFrame({0: ["a", "b"]}),
        pd.Series(["a", "b"], name="anything"),
        {"query": ["a", "b"]},
        ["a", "b"],
        ("a", "b"),
        [{"query": "a"}, {"query": "b"}],
        np.array(["a", "b"]),
        np.array([["a"], ["b"]]),
    ],
)
def test_one_column(data: object) -> None:
    assert rows_of(data, ("query",), "m") == [("a",), ("b",)]


@pytest.mark.parametrize("data", ["a", {"query": "a"}, ["a"], [{"query": "a"}], np.array("a")])
def test_one_row_of_one_column(data: object) -> None:
    assert rows_of(data, ("query",), "m") == [("a",)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"sentence_1": ["a"]}, "m: there is no column 'sentence_2'; expected the columns 'sent"),
        ({"sentence_1": ["a"], "sentence2": ["b"]}, "Did you mean 'sentence2'"),
        (pd.DataFrame({"x": ["a"]}), "no column 'sentence_1'.*got 'x'"),
        (
            [{"sentence_1": "a", "sentence_2": "b"}, {"sentence_1": "a"}],
            "m: row 2: there is no",
        ),
        ([("a", "b"), ("a",)], "row 2 has 1 texts; expected the columns"),
        (["a", "b"], "row 1 is str 'a'; expected a dict or a tuple"),
        ("a", "expected a table, a list or a dict with the columns"),
        (7, "expected a table, a list or a dict with the columns.*got int 7"),
        (None, "got NoneType None"),
        (
            {"sentence_1": ["a", "b"], "sentence_2": ["x"]},
            "columns have 2, 1 rows; expected as",
        ),
        ({"sentence_1": ["a", None], "sentence_2": ["x", "y"]}, "row 2 of 'sentence_1' is null"),
        ({"sentence_1": ["a", np.nan], "sentence_2": ["x", "y"]}, "row 2 of 'sentence_1' is null"),
        ({"sentence_1": ["a", pd.NA], "sentence_2": ["x", "y"]}, "row 2 of 'sentence_1' is null"),
        (
            {"sentence_1": ["a", "b"], "sentence_2": ["x", " \n"]},
            "row 2 of 'sentence_2' is an em",
        ),
        (
            {"sentence_1": ["a", 3], "sentence_2": ["x", "y"]},
            "row 2 of 'sentence_1' is int 3",
        ),
        ({"sentence_1": ["a", b"b"], "sentence_2": ["x", "y"]}, "row 2 .* is bytes b'b'; expected"),
        ([], "expected one row at least; the batch is empty"),
        ({"sentence_1": [], "sentence_2": []}, "the batch is empty"),
        (pd.DataFrame({"sentence_1": [], "sentence_2": []}), "the batch is empty"),
        (
            pd.DataFrame([["a", "b", "c"]], columns=["sentence_1", "sentence_1", "sentence_2"]),
            "there are two columns 'sentence_1'",
        ),
        (pd.DataFrame(), "there is no column 'sentence_1'; .*got none"),
    ],
)
def test_what_is_refused(data: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rows_of(data, PAIR, "m")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "row 1 of 'query' is null"),
        (["a", None], "row 2 of 'query' is null"),
        (["a", ["b"]], r"row 2 of 'query' is list \['b'\]; expected a text"),
        ([], "the batch is empty"),
        (3.5, "row 1 of 'query' is float 3.5; expected a text"),
        ({"quary": ["a"]}, "no column 'query'.*Did you mean 'quary'"),
        (
            pd.DataFrame({"wrong": ["a"]}),
            "no column 'query'; expected the column 'query', got",
        ),
    ],
)
def test_what_is_refused_of_one_column(data: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rows_of(data, ("query",), "m")
