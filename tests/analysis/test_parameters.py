from __future__ import annotations

import numpy as np
import pytest

from workbench.analysis import CLUSTERING_PARAMETERS, PROJECTION_PARAMETERS, checked
from workbench.errors import InputError


@pytest.mark.parametrize("table", [PROJECTION_PARAMETERS, CLUSTERING_PARAMETERS])
def test_defaults_are_valid_and_filled_in(table: dict) -> None:
    for method, parameters in table.items():
        values = checked(method, {}, table)
        assert values == {parameter.name: parameter.default for parameter in parameters}
        assert checked(method, values, table) == values
        assert all(parameter.doc for parameter in parameters)


def test_numbers_become_the_defaults_type() -> None:
    given = {"n_neighbors": np.int64(30), "min_dist": np.float32(0.5)}
    values = checked("umap", given, PROJECTION_PARAMETERS)
    assert values == {"n_neighbors": 30, "min_dist": 0.5}
    assert type(values["n_neighbors"]) is int
    assert type(values["min_dist"]) is float
    assert checked("umap", {"n_neighbors": 30.0}, PROJECTION_PARAMETERS)["n_neighbors"] == 30


@pytest.mark.parametrize("wrong", [1, 201, 2.5, "15", None, True, float("nan")])
def test_values_out_of_range_or_type(wrong: object) -> None:
    with pytest.raises(InputError, match="n_neighbors: expected a whole number from 2 to 200"):
        checked("umap", {"n_neighbors": wrong}, PROJECTION_PARAMETERS)


def test_unknown_names() -> None:
    with pytest.raises(InputError, match=r"no method 'tsn'\. Did you mean 'tsne'"):
        checked("tsn", {}, PROJECTION_PARAMETERS)
    with pytest.raises(InputError, match=r"no parameter 'n_neighbours'\. Did you mean 'n_neigh"):
        checked("umap", {"n_neighbours": 5}, PROJECTION_PARAMETERS)
    with pytest.raises(InputError, match=r"'pca' has no parameter 'whiten'\. It takes none"):
        checked("pca", {"whiten": True}, PROJECTION_PARAMETERS)
    with pytest.raises(InputError, match=r"reduction: got 'pca'\. Known: 'umap', 'none'"):
        checked("hdbscan", {"reduction": "pca"}, CLUSTERING_PARAMETERS)


def test_tables_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        PROJECTION_PARAMETERS["umap"] = ()
