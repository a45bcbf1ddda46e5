from __future__ import annotations

import pytest
from ipywidgets import BoundedFloatText, BoundedIntText, Dropdown

from workbench.analysis import CLUSTERING_PARAMETERS, PROJECTION_PARAMETERS, checked
from workbench.errors import InputError
from workbench.widgets._controls import METHOD_NAMES, MethodForm
from workbench.widgets._status import StatusLine, sentence


@pytest.mark.parametrize("table", [PROJECTION_PARAMETERS, CLUSTERING_PARAMETERS])
def test_the_fields_are_those_of_the_table(table: dict[str, object]) -> None:
    for method, parameters in table.items():
        form = MethodForm(table, method, {})
        assert form.params == checked(method, {}, table)
        assert [field.description for field in form.fields.children] == [
            parameter.name for parameter in parameters
        ]
        assert method in METHOD_NAMES


def test_kinds_and_ranges() -> None:
    form = MethodForm(CLUSTERING_PARAMETERS, "hdbscan", {"max_share": 0.4, "reduction": "none"})
    fields = form.controls
    assert isinstance(fields["min_cluster_size"], BoundedIntText)
    assert (fields["min_cluster_size"].min, fields["min_cluster_size"].max) == (2, 1000)
    assert isinstance(fields["max_share"], BoundedFloatText)
    assert fields["max_share"].value == 0.4
    assert isinstance(fields["reduction"], Dropdown)
    assert fields["reduction"].value == "none"
    fields["min_cluster_size"].set_state({"value": 10**9})
    assert form.params["min_cluster_size"] == 1000


def test_a_method_keeps_its_values_while_another_is_chosen() -> None:
    form = MethodForm(PROJECTION_PARAMETERS, "umap", {"n_neighbors": 7})
    form.chooser.value = "pca"
    assert form.params == {}
    assert form.fields.children == ()
    form.chooser.value = "umap"
    assert form.params["n_neighbors"] == 7


def test_status() -> None:
    status = StatusLine("ready")
    assert (status.text, status.failed, status.busy) == ("ready", False, False)
    status.say("computing", busy=True)
    assert (status.text, status.failed, status.busy) == ("computing", False, True)
    status.fail("no")
    assert (status.text, status.failed, status.busy) == ("no", True, False)


def test_sentence() -> None:
    assert sentence(InputError("so it is")) == "so it is"
    assert sentence(OSError("disk full")) == "OSError: disk full"
    assert len(sentence(ValueError("x\n" * 10_000))) <= 600
