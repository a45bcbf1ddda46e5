"""Figures for everyone: axe-core, keyboard, tables and sentences in place of pictures, zoom."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from playwright.sync_api import Page, expect

from workbench.analysis import Projection
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.page import render_page
from workbench.views import View, map_view
from workbench.views.comparison import comparison_sections

from ..comparisons import make_comparison
from .conftest import Figure

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map(
    ({ id, impact, nodes }) => `${impact}: ${id}: ${nodes[0].html.slice(0, 200)}`)"""


def map_of(places: Any, corpus: Corpus) -> View:
    embeddings = Embeddings.from_array(np.ones((len(corpus), 2)), corpus)
    coordinates = np.asarray(places, np.float32)
    return map_view(Projection(coordinates, embeddings, "pca", {}, 0, float("nan"), 0))


def use_all(page: Any, count: int) -> None:
    """Select texts, keep them, and show every figure's table."""
    figure = page.figure()
    figure.part("legend-entry").first.click()
    figure.part("keep-name").fill("kept")
    page.page.keyboard.press("Enter")
    for place in range(count):
        page.figure(place).part("twin-button").click()
    page.figure()


def test_axe_finds_no_fault(hostile: Any, opened: Open) -> None:
    views = [hostile.map, hostile.heatmap, hostile.clusters]
    sections = list(comparison_sections(make_comparison(3, 1)))
    page = opened(render_page(views, title="Tickets", sections=sections))
    use_all(page, page.page.locator(".workbench-host").count())
    page.page.evaluate(AXE)
    for scheme in ("light", "dark"):
        page.page.emulate_media(color_scheme=scheme)
        for width in (1280, 480):
            page.page.set_viewport_size({"width": width, "height": 900})
            page.page.wait_for_timeout(300)
            assert page.page.evaluate(RUN) == [], f"{scheme}, {width} pixels wide"


CROWDED = """() => {
    const shown = node => node.checkVisibility() && node.getBoundingClientRect().width > 0;
    const boxOf = node => node.getBoundingClientRect();
    const names = ".wb-head button, .wb-toolbar :is(button, select, input)," +
        ".wb-status :is(button, input, output), .wb-kept button, .wb-legend button," +
        ".wb-readout, .wb-rows, .wb-special, .wb-title";
    const found = [];
    for (const root of document.querySelectorAll(".workbench-host")) {
        const nodes = [...root.querySelectorAll(names)].filter(shown);
        nodes.forEach((node, at) => {
            const a = boxOf(node);
            const within = node.closest(".wb-legend, .wb-special");
            const cut = a.left < 0 || a.right > innerWidth;
            if (!within && cut) found.push(`cut: ${node.className}`);
            for (const other of nodes.slice(at + 1)) {
                const b = boxOf(other);
                if (node.contains(other) || other.contains(node) || within) continue;
                const apart = a.right <= b.left + 1 || b.right <= a.left + 1
                    || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
                if (!apart) found.push(`${node.className} over ${other.className}`);
            }
        });
    }
    return found;
}"""


@pytest.mark.parametrize(("width", "scale"), [(640, 2), (1280, 1)])
def test_nothing_overlaps_or_is_cut(width: int, scale: int, hostile: Any, opened: Open) -> None:
    views = [hostile.map, hostile.heatmap, hostile.clusters]
    size = {"width": width, "height": 900 // scale}
    page = opened(render_page(views, title="x"), viewport=size, device_scale_factor=scale)
    use_all(page, 3)
    page.figure().part("search").fill("window.ran")
    expect(page.figure().part("select-hits")).to_be_visible()
    assert page.page.evaluate(CROWDED) == []
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    if scale == 1:
        for place in range(3):
            box = page.figure(place).part("toolbar").bounding_box()
            assert box is not None
            assert box["height"] <= 64, "two lines"


def facts(figure: Figure) -> str:
    return figure.part("readout").locator(".wb-facts").inner_text().split("\n")[0]


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_map_is_walked_with_the_arrow_keys(opened: Open) -> None:
    places = [[row % 10, row // 10] for row in range(100)]
    corpus = Corpus(tuple(f"text {row}" for row in range(100)))
    figure = opened(render_page([map_of(places, corpus)], title="x")).figure()
    plot, page = figure.part("plot"), figure.page
    expect(plot).to_have_role("application")
    expect(plot).to_have_accessible_name(re.compile("Map of texts. Arrow keys go from text"))
    expect(figure.part("readout")).to_have_attribute("aria-live", "polite")
    plot.focus()
    press(page, "ArrowRight")
    start = int(facts(figure))
    assert start in (44, 45, 54, 55), "the middle"
    press(page, "ArrowRight", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowDown")
    at = start + 1 + 20 - 2 - 10
    assert facts(figure) == str(at)
    press(page, "Enter")
    press(page, "ArrowDown", "Space")
    assert figure.selected_ids() == [str(at - 10), str(at)]
    press(page, "Enter")
    assert figure.selected_ids() == [str(at)], "what is selected is taken back"
    press(page, *["ArrowLeft"] * 12)
    assert facts(figure) == str((at - 10) // 10 * 10), "no further than the last text"
    low, high = plot.evaluate("plot => plot._fullLayout.xaxis.range")
    press(page, "+")
    figure.until("plot._fullLayout.xaxis.range[1] < given.high", high=high)
    closer = plot.evaluate("plot => plot._fullLayout.xaxis.range")
    assert closer[1] - closer[0] == pytest.approx(0.6 * (high - low))
    assert closer[0] == pytest.approx(0.6 * low), "around the text, at 0"
    press(page, *["ArrowRight"] * 9)
    assert int(facts(figure)) % 10 == 9
    figure.until("plot._fullLayout.xaxis.range[1] > 9")  # it follows
    press(page, "-")
    press(page, "Home")
    figure.until("Math.abs(plot._fullLayout.xaxis.range[1] - given.high) < 1e-6", high=high)
    assert figure.selected_ids() == [str(at)]


def test_texts_on_one_place_are_walked_through(opened: Open) -> None:
    places = [[0, 0], [1, 0], [1, 0], [1, 0], [2, 0], [1, 1]]
    figure = opened(render_page([map_of(places, Corpus(tuple("abcdef")))], title="x")).figure()
    figure.part("plot").focus()
    press(figure.page, *["ArrowLeft"] * 6)
    seen = [facts(figure)]
    for _ in range(4):
        press(figure.page, "ArrowRight")
        seen.append(facts(figure))
    assert seen == ["0", "1", "2", "3", "4"]
    press(figure.page, "ArrowLeft", "ArrowLeft", "ArrowLeft")
    assert facts(figure) == "1"


def table(figure: Figure) -> list[list[str]]:
    rows = figure.part("twin-rows").locator("tr")
    return rows.evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )


def test_every_figure_has_a_table_and_sentences(hostile: Any, opened: Open) -> None:
    none = pd.DataFrame({"id": pd.Series([], dtype=object)})
    plain = View(go.Figure(go.Bar(x=[1, 2], y=[0.5, 0.25], name="<b>bars</b>")), none)
    page = opened(render_page([hostile.map, hostile.heatmap, hostile.clusters, plain], title="x"))
    texts = [" ".join(text.split()) for text in hostile.corpus.texts]

    figure = page.figure(0)
    figure.part("twin-button").click()
    expect(figure.part("twin-button")).to_have_attribute("aria-expanded", "true")
    rows = table(figure)
    assert rows[0][:3] == ["id", "text", "<i>kind</i>"]
    assert [row[0] for row in rows[1:]] == list(hostile.corpus.ids)
    assert rows[3][1] == texts[2]
    said = f"{hostile.map.title}. 24 texts, 0 of them selected. Coloured by <i>kind</i>: "
    summary = figure.part("summary").inner_text()
    assert summary.startswith(said)
    assert "<b>bold</b> 6" in summary
    expect(figure.part("plot")).to_have_accessible_description(summary)
    figure.part("twin-button").click()
    expect(figure.part("twin")).to_be_hidden()

    figure = page.figure(1)
    figure.part("twin-button").click()
    values = np.asarray(hostile.heatmap.figure.data[0].z, dtype=np.float64)
    np.fill_diagonal(values, -np.inf)
    rows = table(figure)
    assert rows[0] == [
        "id",
        "text",
        "most similar",
        "cosine",
        "second",
        "cosine",
        "third",
        "cosine",
    ]
    for row in (0, 13, 23):
        best = np.argsort(-values[row], kind="stable")[:3]
        cells = rows[row + 1]
        assert cells[2::2] == [f"id-{place:02}" for place in best]
        found = [float(cell) for cell in cells[3::2]]
        np.testing.assert_allclose(found, values[row, best], atol=1e-4)

    figure = page.figure(2)
    figure.part("twin-button").click()
    bars = hostile.clusters.meta["clusters"]
    assert [row[:3] for row in table(figure)[1:]] == [
        [bar["name"], str(bar["size"]), f"{100 * bar['size'] / 24:.1f}"] for bar in bars
    ]
    expect(figure.part("plot")).to_have_role("application")  # it has keys

    figure = page.figure(3)
    figure.part("twin-button").click()
    expect(figure.part("plot")).to_have_role("img")
    assert table(figure) == [
        ["series", "x", "y"], ["<b>bars</b>", "1", "0.5"], ["<b>bars</b>", "2", "0.25"]
    ]  # fmt: skip
    expect(figure.part("combine")).to_be_hidden()


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_mode_bar_works_with_keys(key: str, hostile: Any, opened: Open) -> None:
    figure = opened(render_page([hostile.map], title="x")).figure()
    figure.part("plot").locator("[data-val=pan]").focus()
    press(figure.page, key)
    figure.until("plot._fullLayout.dragmode === 'pan'")
    expect(figure.part("count")).to_have_text("")


def test_the_keyboard_is_never_lost(hostile: Any, opened: Open) -> None:
    figure = opened(render_page([hostile.map], title="x")).figure()
    for name in ("one", "two"):
        figure.part("legend-entry").first.click()
        figure.part("keep-name").fill(name)
        press(figure.page, "Enter")
        figure.part("clear").focus()
        press(figure.page, "Enter")
        expect(figure.part("plot")).to_be_focused()
    figure.part("forget").first.focus()
    press(figure.page, "Enter")
    expect(figure.part("forget")).to_be_focused()
    press(figure.page, "Enter")
    expect(figure.part("plot")).to_be_focused()


def test_alt_and_enter_take_away(hostile: Any, opened: Open) -> None:
    figure = opened(render_page([hostile.map], title="x")).figure()
    figure.part("plot").focus()
    press(figure.page, "ArrowRight", "Enter")
    assert len(figure.selected_ids()) == 1
    press(figure.page, "Alt+Enter")
    expect(figure.part("count")).to_have_text("")
