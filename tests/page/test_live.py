"""The figure host as a widget: a model like anywidget's, whose kernel says what the test says."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from workbench.page import host_module, packed, plotly_library
from workbench.views import View

from .conftest import Figure, Values

pytestmark = pytest.mark.browser

# What changes is told to all listeners at once, as Backbone does, to those who changed it too.
MODEL = """
const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
class Model {
  constructor(state) { this.state = state; this.listeners = {}; this.saved = 0; }
  get(name) { return this.state[name]; }
  on(name, action) { (this.listeners[name] ??= new Set()).add(action); }
  off(name, action) { this.listeners[name]?.delete(action); }
  emit(name, ...said) { for (const action of [...(this.listeners[name] ?? [])]) action(...said); }
  save_changes() { this.saved += 1; }
  set(name, value) { this.receive({ [name]: value }); }
  receive(changes) {
    const changed = Object.keys(changes).filter((name) => this.state[name] !== changes[name]);
    Object.assign(this.state, changes);
    for (const name of changed) this.emit(`change:${name}`);
  }
  send() {
    const library = new DataView(bytes(window.libraryText).buffer);
    setTimeout(() => this.emit("msg:custom", { type: "library" }, [library]));
  }
  count() { return Object.values(this.listeners).reduce((sum, some) => sum + some.size, 0); }
}
window.dataOf = (text) => new DataView(bytes(text).buffer);
window.start = (data, state) => {
  window.model = new Model({
    selection: [], selections: {}, hovered: null, viewport: {}, controls: {}, ...state,
    _data: dataOf(data),
  });
  const el = document.querySelector("main");
  window.ended = render({ model: window.model, el });
};
"""


def data_of(view: View, filler: str = "") -> str:
    """Return a view as the kernel sends it, in base64; a filler makes it slow to unpack."""
    artifact = {**json.loads(View(view.figure, view.texts).to_json()), "filler": filler}
    return base64.b64encode(packed(json.dumps(artifact))).decode()


@pytest.fixture
def live(opened: Callable[..., Any]) -> Callable[..., Figure]:
    """Show a view through a model, and return its figure."""

    def show(view: View, **state: Any) -> Figure:
        library = base64.b64encode(plotly_library()).decode()
        html = (
            '<!DOCTYPE html><meta charset="utf-8"><main></main>'
            f"<script>window.libraryText = '{library}';</script>"
            f'<script type="module">{host_module()}\n{MODEL}</script>'
        )
        page = opened(html)
        page.page.evaluate("([data, state]) => start(data, state)", [data_of(view), state])
        found: Figure = page.figure()
        return found

    return show


def trait(page: Page, name: str) -> Any:
    return page.evaluate("name => window.model.get(name)", name)


def test_a_pair_stays_pinned_and_reaches_the_kernel(
    hostile: Values, live: Callable[..., Figure]
) -> None:
    cells = live(hostile.heatmap)
    cells.click(5, 2)
    assert trait(cells.page, "controls")["pinned"] == ["id-02", "id-05"]
    assert trait(cells.page, "selection") == ["id-02", "id-05"]
    cells.until("plot.data.at(-1).marker?.symbol === 'square-open'")
    cells.hover(9, 8)
    expect(cells.part("readout")).to_contain_text("kept: id-02 and id-05")
    cells.part("clear").click()
    cells.until("plot.data.at(-1).marker?.symbol !== 'square-open'")
    assert trait(cells.page, "controls")["pinned"] == []
    assert trait(cells.page, "selection") == []


def test_what_is_kept_reaches_the_kernel_and_comes_from_it(
    hostile: Values, live: Callable[..., Figure]
) -> None:
    figure = live(hostile.map, selections={"before": ["id-03"]}, selection=["id-01", "id-04"])
    figure.part("keep-name").fill("pair")
    figure.page.keyboard.press("Enter")
    kept = {"before": ["id-03"], "pair": ["id-01", "id-04"]}
    assert trait(figure.page, "selections") == kept
    figure.page.evaluate("model.receive({ selections: { later: ['id-07', 'id-08', 'gone'] } })")
    assert figure.part("recall").all_text_contents() == ["later3"]
    figure.part("recall").click()
    assert trait(figure.page, "selection") == ["id-07", "id-08"]
    said = "2 of 24 texts selected; 1 of the 3 kept texts is no longer here"
    expect(figure.part("count")).to_have_text(said)
    assert trait(figure.page, "selections") == {"later": ["id-07", "id-08", "gone"]}


def test_the_last_of_two_views_stays(hostile: Values, live: Callable[..., Figure]) -> None:
    figure = live(hostile.clusters)
    slow = data_of(hostile.map, filler=random.Random(0).randbytes(4_000_000).hex())
    both = "([a, b]) => { for (const data of [a, b]) model.receive({ _data: dataOf(data) }); }"
    figure.page.evaluate(both, [slow, data_of(hostile.heatmap)])
    figure.page.wait_for_timeout(2000)
    expect(figure.root).to_have_attribute("data-kind", "heatmap")


def test_a_view_that_changes_while_the_first_is_unpacked(
    hostile: Values, live: Callable[..., Figure]
) -> None:
    figure = live(hostile.map)
    again = "([a, b]) => { start(a, {}); model.receive({ _data: dataOf(b) }); }"
    figure.page.evaluate(again, [data_of(hostile.map), data_of(hostile.clusters)])
    expect(figure.root).to_have_attribute("data-kind", "clusters")


def test_an_ended_view_listens_no_more(hostile: Values, live: Callable[..., Figure]) -> None:
    figure = live(hostile.map)
    assert figure.page.evaluate("model.count()") == 5
    assert figure.page.evaluate("workbenchPage.mounts.size") == 1
    figure.page.evaluate("ended.then((end) => end())")
    assert figure.page.evaluate("model.count()") == 0
    assert figure.page.evaluate("workbenchPage.mounts.size") == 0
    assert figure.page.evaluate("workbenchPage.drawn.size") == 0


def test_what_the_kernel_selects_leaves_the_pair(
    hostile: Values, live: Callable[..., Figure]
) -> None:
    state = {"controls": {"pinned": ["id-03", "id-04"]}, "selection": ["id-03", "id-04"]}
    cells = live(hostile.heatmap, **state)
    cells.until("plot.data.at(-1).marker?.symbol === 'square-open'")
    cells.page.evaluate("model.receive({ selection: ['id-07'] })")
    assert cells.selected_ids() == ["id-07"]
    cells.until("plot.data.at(-1).marker?.symbol === 'square-open'")
    assert trait(cells.page, "controls") == state["controls"]
