"""A search in JupyterLab: ask, see why, mark with mouse and keys, filter, export, reload."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import ROOT, Lab
from .jupyterlab import (
    PATIENCE_MS,
    cell_of,
    open_lab,
    open_notebook,
    python,
    run_notebook,
    wait_for,
)

pytestmark = [pytest.mark.browser, pytest.mark.soak]

NAME = "searches.ipynb"
SEARCH = f"""\
import sys
sys.path.insert(0, {str(ROOT)!r})
import workbench as wb
from tests.hashing_encoder import HashingEncoder
def index_of(corpus, encoder):
    vectors = wb.embed(corpus, encoder, store=False, progress=False)
    return wb.SearchIndex.build(vectors, encoder, sparse_encoder="idf", progress=False)
tickets = wb.samples.support_tickets()
searched = wb.SearchExplorer(
    index_of(tickets.take(range(30)), "all-MiniLM-L6-v2"),
    queries=["Where is my parcel?", "I want my <b>money</b> back"],
)
searched
"""
MANY = """\
copies = [f"{tickets.texts[row % 717]} {row}" for row in range(20_000)]
many = wb.SearchExplorer(index_of(wb.Corpus(tuple(copies)), HashingEncoder()), top_k=20)
many
"""


@pytest.fixture
def page(browser: Browser, lab: Lab) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 1400})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    run_notebook(page, lab, NAME, SEARCH, MANY)
    yield page
    page.close()
    assert wrong == []


def test_search_mark_and_export(page: Page, lab: Lab) -> None:
    widget = cell_of(page, SEARCH[:10]).locator(".workbench-widget")
    widget.get_by_role("button", name="Next").click()
    cards = widget.locator(".wb-ranks-text")
    expect(widget.locator(".wb-subtitle")).to_have_text(
        "query: Where is my parcel?", timeout=PATIENCE_MS
    )
    expect(widget.get_by_role("group", name="dense").locator(".wb-ranks-text")).to_have_count(10)
    expect(widget.locator(".workbench-status")).to_contain_text("Hits: dense 10")

    cards.first.focus()
    expect(widget.locator(".wb-why")).to_contain_text("shared words")
    page.keyboard.press("r")
    expect(cards.first).to_have_attribute("data-mark", "relevant", timeout=PATIENCE_MS)
    expect(cards.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("n")
    second = widget.locator(".wb-ranks-text[data-place='0-1']")
    expect(second).to_have_attribute("data-mark", "not relevant", timeout=PATIENCE_MS)
    widget.locator(".wb-hit-mark[data-place='0-2-r']").click()
    wait_for(lambda: python(page, "sum(map(len, searched.marks.values()))") == "3")
    status = widget.locator(".workbench-status")
    expect(status).to_contain_text("This query: 2 relevant, 1 not relevant. 1 query has marks.")

    widget.get_by_role("checkbox", name="hybrid").uncheck()
    expect(widget.get_by_role("group", name="hybrid")).to_have_count(0, timeout=PATIENCE_MS)
    widget.get_by_role("button", name="Filter and least scores").click()
    widget.get_by_label("Search in").select_option("topic")
    values = widget.locator(".workbench-filter-values select")
    values.select_option(index=0)
    expect(widget.locator(".wb-subtitle")).to_contain_text(
        "only texts with topic: ", timeout=PATIENCE_MS
    )

    widget.get_by_role("button", name="Marks").click()
    expect(widget.locator(".workbench-marked-queries")).to_contain_text("Where is my parcel?")
    widget.get_by_label("File", exact=True).fill("judged.csv")
    widget.get_by_role("button", name="Export as CSV").click()
    expect(status).to_contain_text("Wrote 3 marks to", timeout=PATIENCE_MS)
    assert len((lab.root / "judged.csv").read_text().splitlines()) == 4
    assert python(page, "searched.retrieval_set.summary()['judgements']") == "3"

    search_many(page)
    reloaded(page)
    widget = cell_of(page, SEARCH[:10]).locator(".workbench-widget")
    expect(widget.locator(".wb-subtitle")).to_contain_text("only texts with topic: ")


def search_many(page: Page) -> None:
    widget = cell_of(page, MANY[:10]).locator(".workbench-widget")
    query = widget.get_by_label("Query", exact=True)
    query.fill("the courier lost my parcel 717")
    query.press("Enter")
    expect(widget.locator(".wb-ranks-text")).to_have_count(80, timeout=PATIENCE_MS)
    query.fill(" ")
    query.press("Enter")
    expect(widget.locator(".workbench-status")).to_have_text(
        "The query is empty. Type what to search for.", timeout=PATIENCE_MS
    )


def reloaded(page: Page) -> None:
    """Reload the browser until ipywidgets has found its models again (see test_lab)."""
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_timeout(1500)
    for _ in range(4):
        open_lab(page, page.url)
        open_notebook(page, NAME)
        cell = cell_of(page, SEARCH[:10])
        found = cell.locator(".wb-subtitle")
        lost = cell.get_by_text("Error displaying widget")
        expect(found.or_(lost).first).to_be_visible(timeout=PATIENCE_MS)
        if found.count():
            return
