"""The figure host's traits, messages and outputs, as a browser and a notebook use them."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from plotly.offline import get_plotlyjs
from traitlets import TraitError

from workbench.analysis import similarity_matrix
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.page import plotly_library
from workbench.views import View, view_of
from workbench.widgets import FigureHost
from workbench.widgets.figure_host import renders_static

STATE: dict[str, Any] = {
    "selection": ["t2", "t10", "gone"],
    "query": "refund",
    "color_by": "topic",
    "viewport": {"x": [0, 1], "y": [2, 3]},
}


@pytest.fixture
def embeddings(texts_of: Callable[[int], Embeddings]) -> Embeddings:
    return texts_of(12)


@pytest.fixture
def view(embeddings: Embeddings) -> View:
    return view_of(similarity_matrix(embeddings))


@pytest.fixture(autouse=True)
def first_of_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FigureHost, "_library_shown", False)
    monkeypatch.delenv("WORKBENCH_RENDER", raising=False)


def sent(host: FigureHost, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    """Collect what the host sends to the browser from now on."""
    messages: list[tuple[Any, Any]] = []

    def send(content: Any, buffers: Any = None) -> None:
        messages.append((content, buffers))

    monkeypatch.setattr(host, "send", send)
    return messages


def unpacked(host: FigureHost) -> dict[str, Any]:
    """Return the view as the browser reads it."""
    found: dict[str, Any] = json.loads(gzip.decompress(host._data))
    return found


def test_it_starts_as_the_view_was_left(view: View) -> None:
    host = FigureHost(view.with_state(**STATE))
    assert host.selection == ["t10", "t2"], "sorted, and without ids that are not there"
    assert host.controls == {"query": "refund", "color_by": "topic"}
    assert host.viewport == STATE["viewport"]
    assert host.hovered is None
    said = {"selected_before": [3, 2]}
    assert unpacked(host)["state"] == said, "the state travels as traits, but for what is gone"
    assert unpacked(host)["texts"]["id"] == view.texts["id"].tolist()


def test_a_selection_is_checked_and_sorted(view: View) -> None:
    host = FigureHost(view)
    heard: list[list[str]] = []
    host.observe(lambda change: heard.append(change["new"]), "selection")
    host.selection = ["t2", "t10", "t2"]
    assert host.selection == ["t10", "t2"]
    host.selection = ["t10", "t2"]
    assert heard == [["t10", "t2"]], "the same texts are no news"
    with pytest.raises(TraitError, match=r"selection: 2 ids are not in this view, the first is"):
        host.selection = ["t1", "x9", "y"]
    assert host.selection == ["t10", "t2"]


def test_a_selection_arrives_from_the_browser(view: View) -> None:
    host = FigureHost(view)
    host.set_state({"selection": ["t3", "t1"], "hovered": "t5", "viewport": STATE["viewport"]})
    host.set_state({"controls": {"color_by": "", "query": "x", "pinned": ["t1", "t3"]}})
    assert host.view().state == {
        "selection": ["t1", "t3"],
        "viewport": STATE["viewport"],
        "color_by": "",
        "query": "x",
        "pinned": ["t1", "t3"],
    }
    assert host.hovered == "t5"
    assert host.view().figure is view.figure


def test_what_is_kept_arrives_and_stays(view: View, embeddings: Embeddings) -> None:
    kept = {"late": ["t3", "t1"], "gone": ["x1", "t0"]}
    host = FigureHost(view.with_state(selections=kept))
    assert host.selections == {"late": ["t1", "t3"], "gone": ["t0", "x1"]}
    host.set_state({"selections": {"late": ["t3", "t1", "t3"], "new": ["t9"]}})
    assert host.selections == {"late": ["t1", "t3"], "new": ["t9"]}
    assert host.view().state["selections"] == host.selections
    assert unpacked(host)["state"] == {}
    again = FigureHost(View.from_json(host.view().to_json()))
    assert again.selections == host.selections
    again.show(view_of(similarity_matrix(embeddings.take([1, 2]))))
    assert again.selections == host.selections, "also what this view does not hold"
    again.show(view.with_state(selections={"other": ["t5"], "new": ["t8"]}))
    assert again.selections == {"late": ["t1", "t3"], "new": ["t8"], "other": ["t5"]}
    again.selections = {}
    assert again.view().state["selections"] == {}, "nothing is kept any more"
    for damaged in ("late", ["late"], {"late": "t1"}, {"late": None}):
        assert FigureHost(view.with_state(selections=damaged)).selections == {}


def test_controls_that_are_none_of_ours_stay_out_of_the_state(view: View) -> None:
    host = FigureHost(view)
    host.controls = {"query": "x", "other": 1}
    assert "other" not in host.view().state


def test_another_view_keeps_what_was_done(view: View, embeddings: Embeddings) -> None:
    host = FigureHost(view)
    host.selection = ["t1", "t10", "t3"]
    host.controls = {"query": "card", "color_by": "topic"}
    host.viewport = {"x": [0, 1], "y": [0, 1]}
    host.hovered = "t1"
    smaller = view_of(similarity_matrix(embeddings.take([1, 2, 3])))
    host.show(smaller)
    assert host.selection == ["t1", "t3"], "the texts that it holds too"
    assert host.controls == {"query": "card", "color_by": "topic"}
    assert host.viewport == {}, "its own"
    assert host.hovered is None
    assert unpacked(host)["texts"]["id"] == ["t1", "t2", "t3"]
    host.show(view.with_state(query="late", selection=["t0"]))
    assert host.selection == ["t0"]
    assert host.controls == {"query": "late", "color_by": "topic"}


def test_what_is_no_view_is_refused(view: View) -> None:
    with pytest.raises(InputError, match="FigureHost: expected a View; got str"):
        FigureHost("view")
    with pytest.raises(InputError, match=r"FigureHost has no option 'vieww'.*view"):
        FigureHost(view, vieww=1)
    host = FigureHost(view)
    with pytest.raises(InputError, match="expected a View; got Figure"):
        host.show(view.figure)


def test_each_request_for_the_library_is_answered_once(
    view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = FigureHost(view)
    messages = sent(host, monkeypatch)
    host._handle_custom_msg({"type": "library"}, [])
    assert len(messages) == 1
    content, (library,) = messages[0]
    assert content == {"type": "library"}
    assert gzip.decompress(library).decode() == get_plotlyjs()
    for other in ({"type": "other"}, {}, "library", None, ["library"]):
        host._handle_custom_msg(other, [])
    assert len(messages) == 1
    host._handle_custom_msg({"type": "library"}, [])
    assert len(messages) == 2


def test_the_library_does_not_travel_with_each_figure(view: View) -> None:
    state = FigureHost(view).get_state()
    size = sum(len(value) for value in state.values() if isinstance(value, (str, bytes)))
    assert size < 300_000 < len(plotly_library())


def test_the_live_bundle_has_a_table_for_where_no_kernel_is(view: View) -> None:
    hostile = View(view.figure, view.texts.assign(text="<script>alert(1)</script>"))
    data, _ = FigureHost(hostile)._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    table = data["text/html"]
    assert "<script" not in table
    assert table.count("&lt;script&gt;") == 10, "the first ten texts"
    assert "t9" in table
    assert "t10" not in table


def test_the_static_bundle_brings_the_library_once(
    view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_RENDER", "static")
    assert renders_static()
    host = FigureHost(view)
    host.selection = ["t4"]
    pages = [host._repr_mimebundle_()[0] for _ in range(3)]
    assert all(set(page) == {"text/html", "text/plain"} for page in pages)
    counts = [page["text/html"].count('class="workbench-library"') for page in pages]
    assert counts == [1, 0, 0]
    assert len(pages[0]["text/html"]) > 1_000_000 > 100_000 > len(pages[1]["text/html"])
    ids = {re.search(r'<div id="([\w-]+)"', page["text/html"])[1] for page in pages}
    assert len(ids) == 3


def test_it_names_itself(view: View) -> None:
    host = FigureHost(view.with_state(selection=["t1"]))
    assert repr(host) == f"FigureHost({view.title!r}, 1 selected)"


def test_a_live_library_is_not_marked_as_shown(view: View) -> None:
    FigureHost(view)._repr_mimebundle_()
    assert not renders_static()
    assert not FigureHost._library_shown
