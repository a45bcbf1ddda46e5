"""What several methods find, in a real browser: why, marks, keys, hostile texts, a narrow page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from workbench.corpus import Corpus
from workbench.page import render_page
from workbench.search import MatchReasons, SearchResults
from workbench.views import View, redacted, search_view

from .conftest import HOSTILE, Figure
from .live_model import data_of
from .test_accessibility import AXE, CROWDED, RUN

pytestmark = pytest.mark.browser

QUERY = "Fox NUL <b>window</b> HALF"
CORPUS = Corpus(
    HOSTILE,
    tuple(f"t{row:02}" for row in range(12)),
    columns={"<i>kind</i>": ["<b>bold</b>", "$x$"] * 6},
    name="<script>window.ran = 7</script>",
    label="<i>kind</i>",
)


def found(*rows: int) -> SearchResults:
    scores = np.linspace(0.9, 0.1, len(rows)).astype(np.float32)
    return SearchResults((QUERY,), (np.array(rows, np.int64),), (scores,), CORPUS, "<b>how</b>")


def view_with(**marks: bool) -> View:
    words = {7: {"fox": 1.5}, 8: {"nul": 0.75}, 10: {"half": 0.5}, 0: {"window": 2.0}}
    reasons = {
        CORPUS.ids[row]: MatchReasons(QUERY, HOSTILE[row], 0.25, words.get(row, {}), {"<t>": 0.125})
        for row in range(12)
    }
    results = {
        "dense": found(7, 0, 8, 1),
        "bm25": found(8, 7, 10),
        "none": found(),
        "last": found(7),
    }
    return search_view(results, reasons=reasons, marks=marks, failures={"bad": "<b>why</b>"})


def card(figure: Figure, place: str) -> Any:
    return figure.root.locator(f".wb-ranks-text[data-place='{place}']")


def test_why_a_hit_was_found(opened: Callable[..., Any]) -> None:
    figure = opened(render_page([view_with(t07=True, t08=False)], title="x")).figure()
    assert figure.part("ranks-column").count() == 5
    expect(figure.part("ranks-how").first).to_have_text("<b>how</b>")
    assert (
        figure.root.locator(".wb-ranks :is(script, img, b, svg:not(.wb-ranks-lines))").count() == 0
    )
    expect(figure.part("ranks-nothing")).to_contain_text("No text shares a word")
    expect(figure.part("ranks-failed")).to_have_text("This method failed. <b>why</b>")
    assert figure.part("ranks-lines").locator("line").count() == 2, "between neighbours only"
    expect(card(figure, "0-0").locator("mark")).to_have_text(["fox"])
    expect(card(figure, "0-2").locator("mark")).to_have_text(["NUL"])
    expect(card(figure, "0-1").locator("mark")).to_have_text(["window"])
    expect(card(figure, "0-0")).to_have_attribute("data-mark", "relevant")
    expect(card(figure, "0-0").locator(".wb-hit-marked")).to_have_text("✓")
    expect(card(figure, "1-0").locator(".wb-hit-marked")).to_have_text("✗")
    assert figure.part("hit-mark").count() == 0, "nobody hears of marks here"

    card(figure, "1-0").hover()
    said = figure.part("readout")
    for words in ("rank 3, score 0.3667", "rank 1 (▲ 2), score 0.9000", "not among the first 1",
                  "nul +0.75", "<t> +0.13", "not relevant", "0.250"):  # fmt: skip
        expect(said).to_contain_text(words)
    expect(said.locator("mark")).to_have_text(["NUL"])
    card(figure, "0-1").click()
    card(figure, "1-0").hover()
    expect(said).to_contain_text("nul +0.75")
    figure.part("title").hover()
    expect(said).to_contain_text("window +2.00")  # back to what was chosen
    assert figure.selected_ids() == ["t00"]


def test_hits_are_walked_with_the_arrow_keys(opened: Callable[..., Any]) -> None:
    figure = opened(render_page([view_with()], title="x")).figure()
    tabs = figure.root.locator(".wb-ranks-text[tabindex='0']")
    expect(tabs).to_have_count(1)
    card(figure, "0-0").focus()
    for key, place in (
        ("ArrowDown", "0-1"), ("ArrowDown", "0-2"), ("ArrowRight", "1-0"), ("ArrowDown", "1-1"),
        ("ArrowRight", "3-0"), ("ArrowRight", "3-0"), ("ArrowUp", "3-0"), ("ArrowLeft", "1-1"),
        ("ArrowLeft", "0-0"), ("r", "0-0"),
    ):  # fmt: skip
        figure.page.keyboard.press(key)
        expect(card(figure, place)).to_be_focused()
        expect(tabs).to_have_count(1)
    figure.page.keyboard.press("Enter")
    assert figure.selected_ids() == ["t07"]
    expect(card(figure, "0-0")).to_be_focused()


def test_marks_are_asked_for_with_mouse_and_keys(live: Callable[..., Figure]) -> None:
    figure = live(view_with(t07=True), _asked=["mark"])
    page = figure.page
    page.evaluate("() => { window.sent = []; model.send = (said) => sent.push(said); }")
    expect(figure.part("readout")).to_contain_text("r marks a hit relevant, n not relevant")
    card(figure, "0-1").focus()
    page.keyboard.press("r")
    page.keyboard.press("n")
    page.get_by_role("button", name="not relevant: fox").first.click()
    figure.root.locator("[data-place='0-0-r']").click()  # taken back
    asked = [
        (one["name"], one["value"]["id"], one["value"]["mark"]) for one in page.evaluate("sent")
    ]
    assert asked == [
        ("mark", "t00", "relevant"),
        ("mark", "t00", "not relevant"),
        ("mark", "t07", "not relevant"),
        ("mark", "t07", None),
    ]
    assert page.evaluate("sent.every(({ value }) => value.query === 'Fox NUL <b>window</b> HALF')")
    card(figure, "0-1").focus()  # while the pointer rests on another hit
    page.evaluate("data => model.receive({ _data: dataOf(data) })", data_of(view_with(t00=True)))
    expect(card(figure, "0-1")).to_have_attribute("data-mark", "relevant")
    expect(card(figure, "0-1")).to_be_focused()
    expect(figure.part("readout")).to_contain_text("window +2.00")
    expect(figure.root.locator("[data-place='0-1-r']")).to_have_attribute("aria-pressed", "true")


def test_a_table_and_sentences(opened: Callable[..., Any]) -> None:
    figure = opened(render_page([view_with(t07=True)], title="x")).figure()
    figure.part("twin-button").click()
    rows = (
        figure.part("twin-rows")
        .locator("tr")
        .evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.textContent))")
    )
    assert rows[0] == [
        "id", "text", "rank: dense", "rank: bm25", "rank: none", "rank: last", "rank: bad",
        "mark", "cosine", "shared words",
    ]  # fmt: skip
    assert [rows[1][0], *rows[1][2:]] == ["t07", "1", "2", "", "1", "", "relevant", "0.25", "fox"]
    assert len(rows) == 6
    summary = figure.part("summary").inner_text()
    for said in (f"query: {QUERY}.", "5 hits, 0 of them selected, 1 marked relevant.",
                 "dense finds first: fox", "none finds nothing."):  # fmt: skip
        assert said in summary
    expect(figure.part("plot")).to_have_accessible_description(summary)


def test_private_texts_are_not_in_the_page(opened: Callable[..., Any]) -> None:
    html = render_page([redacted(view_with(t07=True), texts=False, columns=[])], title="x")
    figure = opened(html).figure()
    expect(card(figure, "0-0").locator(".wb-ranks-words")).to_have_text("t07")
    card(figure, "0-0").hover()
    expect(figure.part("readout")).to_contain_text("cosine")
    assert "family" not in figure.root.inner_text()
    assert "fox" not in figure.root.inner_text()


def test_axe_finds_no_fault_and_nothing_is_cut(opened: Callable[..., Any]) -> None:
    page = opened(render_page([view_with(t07=True)], title="Searches"))
    figure = page.figure()
    card(figure, "0-0").click()
    figure.part("twin-button").click()
    page.page.evaluate(AXE)
    for scheme in ("light", "dark"):
        page.page.emulate_media(color_scheme=scheme)
        for width in (1280, 480):
            page.page.set_viewport_size({"width": width, "height": 900})
            page.page.wait_for_timeout(300)
            assert page.page.evaluate(RUN) == [], f"{scheme}, {width} pixels wide"
            assert page.page.evaluate(CROWDED) == []
            assert page.page.evaluate("document.documentElement.scrollWidth") <= width


def test_axe_finds_no_fault_where_hits_are_marked(live: Callable[..., Figure]) -> None:
    figure = live(view_with(t07=True, t08=False), _asked=["mark"])
    figure.page.evaluate(AXE)
    figure.page.evaluate("document.documentElement.lang = 'en'; document.title = 'x'")
    found = figure.page.evaluate(RUN)
    bare = ("page-has-heading-one", "region", "landmark")  # of the page around it
    assert [one for one in found if not any(name in one for name in bare)] == []
