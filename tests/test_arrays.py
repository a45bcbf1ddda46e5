from __future__ import annotations

import numpy as np
import pytest

from workbench._arrays import as_matrix, freeze, row_list
from workbench.errors import InputError


def test_a_frozen_array_cannot_be_written() -> None:
    frozen = freeze(np.arange(3))
    with pytest.raises(ValueError, match="read-only"):
        frozen[0] = 9


def test_a_view_is_copied_so_that_its_base_cannot_change_it() -> None:
    base = np.arange(6)
    frozen = freeze(base[:3])
    base[0] = 9
    assert frozen.tolist() == [0, 1, 2]


def test_a_read_only_view_is_copied_too() -> None:
    base = np.arange(6)
    view = base[:3]
    view.flags.writeable = False
    frozen = freeze(view)
    base[0] = 9
    assert frozen.tolist() == [0, 1, 2]


def test_what_is_frozen_already_is_not_copied() -> None:
    frozen = freeze(np.arange(3))
    assert freeze(frozen) is frozen


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([0], "row 1"),
        ([2, 6], "rows 3, 7"),
        (np.arange(5), "rows 1, 2, 3, 4, 5"),
        (np.arange(17), "rows 1, 2, 3, 4, 5 and 12 more"),
    ],
)
def test_rows_are_counted_from_one(rows: list[int], said: str) -> None:
    assert row_list(rows) == said


def test_a_matrix_is_float32() -> None:
    matrix = as_matrix([[1, 2], [3, 4]], "it")
    assert matrix.dtype == np.float32
    assert matrix.tolist() == [[1, 2], [3, 4]]
    assert as_matrix(matrix, "it") is matrix


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 2], r"it: expected a non-empty array of shape \(n, d\); got shape \(2,\)"),
        (np.empty((2, 0)), r"got shape \(2, 0\)"),
        ([[1], [2, 3]], "it: expected numbers in a rectangular.*got list"),
        ("text", "it: expected numbers.*got str"),
        ([[1, 2], [np.nan, 1]], "it: row 2 hold NaN or infinity"),
        ([[1e39, 2]], "it: row 1 hold NaN or infinity"),
        ([[None, 2]], "it: row 1 hold NaN or infinity"),
    ],
)
def test_what_is_no_matrix(values: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        as_matrix(values, "it")
