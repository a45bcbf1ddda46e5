"""What a page holds of views: each text once, and arrays as bytes."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from numpy.typing import NDArray

from workbench.page._payload import payload
from workbench.views import View


def unpacked(*views: View) -> tuple[dict[str, Any], bytes]:
    texts, arrays = (gzip.decompress(base64.b64decode(part)) for part in payload(views))
    return json.loads(texts), arrays


def view_of_cells(values: NDArray[Any], ids: tuple[str, ...] = ("a",), **texts: Any) -> View:
    return View(go.Figure(go.Heatmap(z=values)), pd.DataFrame({"id": ids, **texts}))


def test_arrays_travel_as_their_bytes() -> None:
    view = View(
        go.Figure(go.Scatter(x=np.float32([1.5, -2]), y=np.uint16([3, 4]))),
        pd.DataFrame({"id": ["a", "b"]}),
    )
    found, arrays = unpacked(view, view)
    for figure in (shown["figure"] for shown in found["views"]):
        (trace,) = figure["data"]
        assert trace["x"] == {"dtype": "f4", "bdata": [0, 8]}
        assert trace["y"] == {"dtype": "u2", "bdata": [8, 4]}
    assert len(arrays) == 12, "equal arrays once"
    assert np.frombuffer(arrays[:8], "<f4").tolist() == [1.5, -2]
    assert np.frombuffer(arrays[8:], "<u2").tolist() == [3, 4]


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_symmetric_matrix_travels_as_a_triangle(dtype: str) -> None:
    values = np.array([[1, 2, 3], [2, 4, 5], [3, 5, 6]], dtype=dtype)
    found, arrays = unpacked(view_of_cells(values))
    cells = found["views"][0]["figure"]["data"][0]["z"]
    assert cells["bdata"] == [0, 6 * values.itemsize, 1]
    assert cells["shape"].replace(" ", "") == "3,3"
    assert np.frombuffer(arrays, dtype).tolist() == [1, 2, 3, 4, 5, 6]


def test_other_matrices_travel_whole() -> None:
    nearly = np.array([[1, 2], [3, 1]], dtype=np.uint8)
    found, arrays = unpacked(view_of_cells(nearly), view_of_cells(np.ones((2, 3), np.uint8)))
    one, other = (shown["figure"]["data"][0]["z"]["bdata"] for shown in found["views"])
    assert (one, other) == ([0, 4], [4, 6])
    assert list(arrays) == [1, 2, 3, 1, *[1] * 6]


def test_some_of_the_texts_are_rows_of_all() -> None:
    cells = np.uint8([[0]])
    part = view_of_cells(cells, ("c", "a"), text=["three", "one"], rank=[1, 2])
    whole = view_of_cells(cells, ("a", "b", "c"), text=["one", "two", "three"], rank=[7, 8, 9])
    found, _ = unpacked(part, whole)
    columns = found["columns"]
    of_part, of_whole = (shown["texts"] for shown in found["views"])
    assert {name: columns[key] for name, key in of_whole.items()} == {
        "id": ["a", "b", "c"],
        "text": ["one", "two", "three"],
        "rank": [7, 8, 9],
    }
    (key, rows) = of_part["text"]
    assert key == of_whole["text"]
    assert columns[rows] == [2, 0]
    assert of_part["id"] == [of_whole["id"], rows]
    assert columns[of_part["rank"]] == [1, 2], "other values are its own"


def test_equal_ids_of_other_texts_are_not_mixed_up() -> None:
    cells = np.uint8([[0]])
    whole = view_of_cells(cells, ("a", "b"), text=["one", "two"])
    part = view_of_cells(cells, ("a",), text=["another"])
    found, _ = unpacked(whole, part)
    assert found["columns"][found["views"][1]["texts"]["text"]] == ["another"]
