"""A page with hostile texts, opened from disk in a real browser and used with mouse and keys.

The fixture `opened` checks of every page that nothing failed, was fetched or ran.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from playwright.sync_api import expect

from workbench.analysis import Projection
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.page import render_fragment, render_page
from workbench.views import View, map_view

pytestmark = pytest.mark.browser

AGAIN = re.compile(r"\s+")


def in_one_line(text: str) -> str:
    """Return a text as it is shown: with no line breaks."""
    return AGAIN.sub(" ", text).strip()


def eventually(found: Callable[[], object], expected: object, seconds: float = 5) -> None:
    """Wait until the page shows what is expected (Playwright's own cannot say half a character)."""
    end = time.monotonic() + seconds
    while (last := found()) != expected:
        assert time.monotonic() < end, f"{last!r} is not {expected!r}"
        time.sleep(0.05)


def test_pointing_shows_the_text_as_text(hostile: Any, opened: Callable[..., Any]) -> None:
    figure = opened(render_page([hostile.map], title="</title>&<b>")).figure()
    assert figure.page.title() == "</title>&<b>"
    expect(figure.part("title")).to_have_text(hostile.map.title)
    for row in range(12):
        figure.hover(*hostile.projection.coordinates[row].tolist())
        text = figure.part("readout").locator(".wb-text")
        eventually(text.all_text_contents, [in_one_line(hostile.corpus.texts[row])])
        assert text.locator("*").count() == 0
        expect(figure.part("readout")).to_contain_text(f"id-{row:02}")


def test_the_page_names_and_colours_as_python_does(
    hostile: Any, opened: Callable[..., Any]
) -> None:
    figure = opened(render_page([hostile.map], title="x")).figure()
    for ours, pythons in zip(figure.traces(), hostile.map.figure.data, strict=True):
        assert ours["name"] == pythons.name
        assert ours["rows"] == pythons.customdata.tolist()
        assert ours["color"] == pythons.marker.color
        np.testing.assert_array_equal(np.float32(ours["x"]), pythons.x)
    legend = figure.part("legend-name")
    assert set(legend.all_text_contents()) == {
        "$x$", "</script><script>window.ran = 6</script>", "<b>bold</b>", "(none)"
    }  # fmt: skip
    expect(figure.part("legend-title")).to_have_text("<i>kind</i>")
    assert figure.part("legend").locator("b, a, i, script").count() == 0


def test_colour_by_draws_other_traces(hostile: Any, opened: Callable[..., Any]) -> None:
    figure = opened(render_page([hostile.map], title="x")).figure()
    options = figure.part("color").locator("option").all_text_contents()
    assert options == ["nothing", "<i>kind</i>", "cluster", "length", "day"]
    figure.part("color").select_option("cluster")
    figure.until("plot.data.length === 3 && /^0/.test(plot.data[0].name)")
    rows = {tuple(trace["rows"]) for trace in figure.traces()}
    labels = hostile.clustering.labels
    assert rows == {tuple(np.flatnonzero(labels == label)) for label in range(3)}
    figure.part("color").select_option("length")
    figure.until("plot.data.length === 1 && plot.data[0].marker.showscale")
    (trace,) = figure.traces()
    assert trace["color"] == [len(text) for text in hostile.corpus.texts]
    figure.part("color").select_option("")
    figure.until("plot.data.length === 1 && !plot.data[0].marker.showscale")
    np.testing.assert_allclose(figure.traces()[0]["x"], hostile.projection.coordinates[:, 0])


def test_search_counts_and_rings(hostile: Any, opened: Callable[..., Any]) -> None:
    figure = opened(render_page([hostile.map], title="x")).figure()
    figure.part("search").fill("WINDOW.RAN")
    hits = [row for row, text in enumerate(hostile.corpus.texts) if "window.ran" in text]
    expect(figure.part("hits")).to_have_text(f"{len(hits)} matches")
    figure.until("plot.data.at(-1).name === 'matches'")
    rings = figure.traces()[-1]
    np.testing.assert_allclose(rings["x"], hostile.projection.coordinates[hits, 0])
    figure.part("search").fill("scri ran again")
    expect(figure.part("hits")).to_have_text("3 matches")
    figure.part("select-hits").click()
    assert figure.selected_ids() == ["id-12", "id-15", "id-23"]
    figure.part("search").fill("no such word")
    expect(figure.part("hits")).to_have_text("0 matches")
    expect(figure.part("select-hits")).to_be_hidden()
    figure.part("search").fill("")
    expect(figure.part("hits")).to_have_text("")
    figure.until("plot.data.every(trace => trace.name !== 'matches')")


def test_a_lasso_selects_and_lists(hostile: Any, opened: Callable[..., Any]) -> None:
    figure = opened(render_page([hostile.map], title="x")).figure()
    places = hostile.projection.coordinates
    left = places[:, 0] < np.median(places[:, 0])
    ids = [f"id-{row:02}" for row in np.flatnonzero(left)]
    middle = float(np.sort(places[:, 0])[11:13].mean())
    low, high = places.min(0) - 0.05, places.max(0) + 0.05
    figure.lasso((float(low[0]), float(low[1])), (middle, float(high[1])))
    expect(figure.part("count")).to_have_text("12 of 24 texts selected")
    assert figure.selected_ids() == ids
    shown = figure.part("table").locator("td.wb-text").all_text_contents()
    texts = [hostile.corpus.texts[row] for row in np.flatnonzero(left)]
    assert shown == [in_one_line(text) for text in texts]
    assert figure.part("table").locator("td *").count() == 0
    figure.until("plot.data[0].selectedpoints !== null")
    chosen = [t["rows"][i] for t in figure.traces() for i in t["selected"]]
    assert sorted(chosen) == np.flatnonzero(left).tolist()
    figure.part("clear").click()
    expect(figure.part("count")).to_have_text("")
    expect(figure.part("table")).to_be_hidden()
    figure.until("!plot.data[0].selectedpoints")


def test_clicking_a_cluster_lists_it_and_marks_it_on_the_map(
    hostile: Any, opened: Callable[..., Any]
) -> None:
    page = opened(render_page([hostile.map, hostile.clusters], title="x"))
    bars = page.figure(1)
    drawn = hostile.clusters.figure.data[0]
    for place in (0, 2):
        bars.click(float(drawn.x[place]) / 2, place)
        rows = np.flatnonzero(hostile.clustering.labels == drawn.customdata[place]).tolist()
        expect(bars.part("count")).to_have_text(f"{len(rows)} of 24 texts selected")
        assert bars.selected_ids() == [f"id-{row:02}" for row in rows]
    map_ = page.figure(0)
    expect(map_.part("count")).to_have_text(f"{len(rows)} of 24 texts selected")
    map_.until("plot.data[0].selectedpoints")
    chosen = [t["rows"][i] for t in map_.traces() for i in t["selected"]]
    assert sorted(chosen) == rows
    map_.part("clear").click()
    expect(bars.part("count")).to_have_text("")


def test_pointing_at_a_cluster_shows_its_exemplars(
    hostile: Any, opened: Callable[..., Any]
) -> None:
    bars = opened(render_page([hostile.clusters], title="x")).figure()
    bars.hover(float(hostile.clusters.figure.data[0].x[0]) / 2, 0)
    fact = hostile.clusters.meta["clusters"][0]
    texts = bars.part("readout").locator(".wb-text")
    lines = [in_one_line(hostile.corpus.texts[row]) for row in fact["exemplars"]]
    eventually(texts.all_text_contents, lines)
    expect(bars.part("readout")).to_contain_text(f"{fact['size']} texts, 33 %")


def test_clicking_a_cell_keeps_the_pair(hostile: Any, opened: Callable[..., Any]) -> None:
    page = opened(render_page([hostile.heatmap, hostile.map], title="x"))
    cells = page.figure()
    cells.click(5, 2)
    expect(cells.part("count")).to_have_text("2 of 24 texts selected")
    assert cells.selected_ids() == ["id-02", "id-05"]
    value = float(hostile.heatmap.figure.data[0].z[2, 5])
    expect(cells.part("value")).to_have_text(f"cosine {value:.4f}")
    cells.until("plot.layout.shapes.some(({ name }) => name === 'cell')")
    mark = "plot => plot.layout.shapes.find(({ name }) => name === 'cell')"
    shape = cells.part("plot").evaluate(mark)
    assert (shape["xanchor"], shape["yanchor"]) == (5, 2)
    cells.hover(9, 8)
    texts = cells.part("readout").locator(".wb-text")
    eventually(texts.all_text_contents, [in_one_line(hostile.corpus.texts[row]) for row in (8, 9)])
    expect(cells.part("readout")).to_contain_text(f"kept: id-02 and id-05, cosine {value:.4f}")
    expect(page.page.locator(".wb-count").nth(1)).to_have_text("2 of 24 texts selected")
    cells.click(5, 2)
    expect(cells.part("count")).to_have_text("")


def test_everything_can_be_reached_with_the_keyboard(
    hostile: Any, opened: Callable[..., Any]
) -> None:
    views = [hostile.map, hostile.clusters, hostile.heatmap]
    page = opened(render_page(views, title="x")).page
    opened_figures = page.locator(".workbench-host")
    expect(opened_figures).to_have_count(3)
    page.locator(".wb-color").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".wb-color").first).to_have_value("cluster")
    page.keyboard.press("Tab")
    expect(page.locator(".wb-search").first).to_be_focused()
    page.keyboard.type("fox")
    expect(page.locator(".wb-hits").first).to_have_text("2 matches")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".wb-count").first).to_have_text("2 of 24 texts selected")
    for control in page.locator(".workbench-host :is(select, input)").all():
        name = page.locator(f"label[for={control.get_attribute('id')}]")
        assert name.text_content()


def test_a_matrix_can_be_read_with_the_keyboard(hostile: Any, opened: Callable[..., Any]) -> None:
    cells = opened(render_page([hostile.heatmap], title="x")).figure()
    cells.part("plot").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowUp", "ArrowLeft"):
        cells.page.keyboard.press(key)
    cells.page.keyboard.press("Enter")
    assert cells.selected_ids() == ["id-00", "id-01"]


def test_it_follows_the_readers_scheme(hostile: Any, opened: Callable[..., Any]) -> None:
    page = opened(render_page([hostile.map, hostile.heatmap], title="x"), color_scheme="dark")
    figure = page.figure()
    for mode in ("dark", "light"):
        page.page.emulate_media(color_scheme=mode)
        expect(figure.root).to_have_attribute("data-theme", mode)
        ink = {"light": "#24292f", "dark": "#e4e6ea"}[mode]
        figure.until("plot._fullLayout.font.color === given.ink", ink=ink)
        shown = figure.root.evaluate("root => getComputedStyle(root).color")
        assert shown == {"light": "rgb(36, 41, 47)", "dark": "rgb(228, 230, 234)"}[mode]


def test_a_state_that_was_kept_is_shown(hostile: Any, opened: Callable[..., Any]) -> None:
    view = hostile.map.with_state(
        selection=["id-03", "id-07"], color_by="cluster", query="again",
        viewport={"x": [-1.5, 2.5], "y": [-2, 1]},
    )  # fmt: skip
    figure = opened(render_page([view], title="x")).figure()
    expect(figure.part("count")).to_have_text("2 of 24 texts selected")
    expect(figure.part("color")).to_have_value("cluster")
    expect(figure.part("hits")).to_have_text("12 matches")
    ranges = figure.part("plot").evaluate(
        "p => [p._fullLayout.xaxis.range, p._fullLayout.yaxis.range]"
    )
    assert ranges == [[-1.5, 2.5], [-2, 1]]


def test_fragments_find_each_other_in_any_order(hostile: Any, opened: Callable[..., Any]) -> None:
    amd = "<script>window.define = () => { throw 1; }; window.define.amd = {};</script>"
    html = "".join(
        [
            f'<!DOCTYPE html><meta charset="utf-8">{amd}',
            render_fragment(hostile.clusters, with_library=False),
            render_fragment(hostile.map, with_library=True),
            render_fragment(hostile.heatmap, with_library=False),
        ]
    )
    page = opened(html)
    kinds = [page.figure(place).root.get_attribute("data-kind") for place in range(3)]
    assert kinds == ["clusters", "map", "heatmap"]
    assert page.page.evaluate("typeof window.Plotly") == "undefined"


def test_a_fragment_whose_library_is_missing_says_so(
    hostile: Any, opened: Callable[..., Any]
) -> None:
    page = opened(render_fragment(hostile.map, with_library=False)).page
    expect(page.locator("table")).to_be_visible()
    said = page.locator("[data-workbench-view]")
    expect(said).to_contain_text("that output is not in this page", timeout=8000)
    expect(page.locator("table")).to_be_visible()  # it is all there is to read


def test_nine_maps_on_one_page(hostile: Any, opened: Callable[..., Any]) -> None:
    page = opened(render_page([hostile.map] * 9, title="x"))
    for place in (0, 8, 0):
        figure = page.figure(place)
        figure.hover(*hostile.projection.coordinates[7].tolist())
        expect(figure.part("readout")).to_contain_text("id-07")
    assert page.page.locator('[data-drawn="true"]').count() <= 6


def test_a_narrow_page(hostile: Any, opened: Callable[..., Any]) -> None:
    size = {"width": 380, "height": 800}
    page = opened(
        render_page([hostile.map, hostile.clusters, hostile.heatmap], title="x"), viewport=size
    )
    for place in range(3):
        page.figure(place)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 380


def test_maps_in_sight_are_drawn_before_others(hostile: Any, opened: Callable[..., Any]) -> None:
    size = {"width": 1280, "height": 1300}
    page = opened(render_page([hostile.map] * 12, title="x"), viewport=size)
    page.page.add_style_tag(content="main {display: grid; grid-template-columns: 1fr 1fr 1fr}")
    page.page.wait_for_timeout(1500)  # all that are near have been drawn by now
    seen = """() => [...document.querySelectorAll(".workbench-host")].filter(host => {
        const { top, bottom } = host.getBoundingClientRect();
        return top < innerHeight && bottom > 0;
    }).map(host => host.dataset.drawn)"""
    for place in (0, 11, 0):
        page.figure(place)
        eventually(lambda: set(page.page.evaluate(seen)), {"true"})
    assert page.page.locator('[data-drawn="true"]').count() <= 6


def test_clusters_can_be_walked_through_with_the_arrow_keys(
    hostile: Any, opened: Callable[..., Any]
) -> None:
    bars = opened(render_page([hostile.clusters], title="x")).figure()
    bars.part("cluster").focus()
    for fact in hostile.clusters.meta["clusters"]:
        bars.page.keyboard.press("ArrowDown")
        rows = np.flatnonzero(hostile.clustering.labels == fact["label"])
        eventually(bars.selected_ids, [f"id-{row:02}" for row in rows])
        expect(bars.part("cluster")).to_have_value(str(fact["label"]))
    bars.part("clear").click()
    expect(bars.part("cluster")).to_have_value("")


def test_what_can_be_focused_has_a_name(hostile: Any, opened: Callable[..., Any]) -> None:
    none = View(go.Figure(go.Bar(x=[1], y=[1])), pd.DataFrame({"id": ["a"]}))
    page = opened(render_page([hostile.heatmap, hostile.clusters, none], title="x"))
    cells, bars, plain = page.figure(0), page.figure(1), page.figure(2)
    expect(cells.part("plot")).to_have_accessible_name(
        "Matrix of similarities: arrow keys and Enter"
    )
    expect(bars.part("plot")).to_have_accessible_name("Clusters: arrow keys and Enter")
    for figure in (cells, bars):
        expect(figure.part("plot")).to_have_attribute("tabindex", "0")
        expect(figure.part("readout")).to_have_attribute("aria-live", "polite")
    expect(plain.part("plot")).to_have_attribute("tabindex", "-1")
    expect(plain.part("plot")).to_have_role("img")
    expect(plain.part("readout")).not_to_have_attribute("aria-live", "polite")
    for figure in (cells, bars, plain):
        expect(figure.part("readout")).to_have_attribute("tabindex", "0")  # it scrolls


def test_foxes_are_counted_as_python_counts_them(opened: Callable[..., Any]) -> None:
    corpus = Corpus(("a", "b"), columns={"kind": ["🦊" * 39, "🦊" * 41]}, label="kind")
    coordinates = np.zeros((2, 2), dtype=np.float32)
    embeddings = Embeddings.from_array(np.eye(2), corpus)
    projection = Projection(coordinates, embeddings, "pca", {}, 0, float("nan"), 0)
    view = map_view(projection)
    figure = opened(render_page([view], title="x")).figure()
    assert [trace["name"] for trace in figure.traces()] == [t.name for t in view.figure.data]
    assert view.figure.data[0].name == "🦊" * 39
