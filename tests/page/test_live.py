"""The figure host as a widget: a model like anywidget's, whose kernel says what the test says."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .conftest import Figure, Values
from .live_model import data_of, trait

pytestmark = pytest.mark.browser


def test_a_pair_stays_pinned_and_reaches_the_kernel(
    hostile: Values, live: Callable[..., Figure]
) -> None:
    cells = live(hostile.heatmap)
    cells.click(5, 2)
    assert trait(cells.page, "controls")["pinned"] == ["id-02", "id-05"]
    assert trait(cells.page, "selection") == ["id-02", "id-05"]
    cells.until("plot.layout.shapes.some(({ name }) => name === 'cell')")
    cells.hover(9, 8)
    expect(cells.part("readout")).to_contain_text("kept: id-02 and id-05")
    cells.part("clear").click()
    cells.until("!plot.layout.shapes.some(({ name }) => name === 'cell')")
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
    cells.until("plot.layout.shapes.some(({ name }) => name === 'cell')")
    cells.page.evaluate("model.receive({ selection: ['id-07'] })")
    assert cells.selected_ids() == ["id-07"]
    cells.until("plot.layout.shapes.some(({ name }) => name === 'cell')")
    assert trait(cells.page, "controls") == state["controls"]


def test_an_ended_figure_tells_nothing_more(hostile: Values, live: Callable[..., Figure]) -> None:
    figure = live(hostile.map)
    saved = """async () => {
        const search = document.querySelector(".wb-search");
        search.value = "fox";
        search.dispatchEvent(new Event("input"));
        (await ended)();
        await new Promise(resolve => setTimeout(resolve, 400));
        return model.get("controls").query ?? "";
    }"""
    assert figure.page.evaluate(saved) == ""
