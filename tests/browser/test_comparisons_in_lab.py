"""Models compared in JupyterLab: choose, click, see why, ask all of them, reload."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

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

NAME = "comparisons.ipynb"
COMPARE = f"""\
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.comparisons import make_comparison, make_corpus
from tests.hashing_encoder import HashingEncoder
import workbench as wb
from workbench.widgets import ModelComparison, QueryComparison
compared = ModelComparison(make_comparison(3, 2))
compared
"""
ASK = """\
encoders = {"first": HashingEncoder(), "second": HashingEncoder(prompt="x")}
class Short(HashingEncoder):
    def encode(self, texts, /, batch_size=32, **options):
        return super().encode(texts, batch_size)[:, :3]
vectors = {name: wb.embed(make_corpus(), one, store=False) for name, one in encoders.items()}
asked = QueryComparison(vectors | {"cut": vectors["first"]}, encoders | {"cut": Short()})
asked
"""


@pytest.fixture
def page(browser: Browser, lab: Lab) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    run_notebook(page, lab, NAME, COMPARE, ASK)
    yield page
    page.close()
    assert wrong == []


def test_choose_click_and_see(page: Page) -> None:
    widget = cell_of(page, COMPARE[:10]).locator(".workbench-widget")
    expect(widget.locator(".wb-sentence")).to_contain_text("Take all-MiniLM-L6-v2")
    widget.get_by_label("Task").select_option("retrieval: help pages")
    widget.get_by_label("Metric").select_option("mrr@10")
    first = widget.locator(".workbench-host").first
    expect(first.locator(".wb-title")).to_contain_text("retrieval", timeout=PATIENCE_MS)

    click_model(page, first, place=2)
    wait_for(lambda: python(page, "compared.pair") == "('lsa', 'all-MiniLM-L6-v2')")
    expect(widget.get_by_role("heading", name="Why: lsa against all-MiniLM-L6-v2")).to_be_visible()
    expect(widget).to_contain_text("lsa is shown worse. The difference is −0.12")

    widget.get_by_role("tab", name="Scores").click()
    forest = widget.locator(".workbench-host:visible")
    expect(forest.locator(".wb-count")).to_have_text("1 of 3 models selected", timeout=PATIENCE_MS)
    widget.get_by_role("tab", name="Agreement").click()
    widget.get_by_label("Measure").select_option("linear CKA")
    expect(widget.locator(".wb-title:visible")).to_contain_text("CKA", timeout=PATIENCE_MS)

    example = widget.locator("button.workbench-example").first
    example.focus()
    page.keyboard.press("Enter")
    expect(example).to_have_attribute("aria-pressed", "true")
    details = widget.locator(".workbench-details")
    expect(details).to_contain_text(f"Example {example.inner_text()}", timeout=PATIENCE_MS)
    expect(details).to_contain_text("ndcg@10")

    ask(page, cell_of(page, ASK[:10]).locator(".workbench-widget"))
    reloaded(page)
    widget = cell_of(page, COMPARE[:10]).locator(".workbench-widget")
    expect(widget.get_by_label("Metric")).to_have_value("mrr@10")
    expect(widget.locator(".workbench-details")).to_contain_text("ndcg@10")
    expect(widget.locator("button.workbench-example[aria-pressed=true]")).to_have_count(1)
    asked = cell_of(page, ASK[:10]).locator(".workbench-widget")
    expect(asked.locator(".wb-subtitle")).to_have_text("query: Where is my parcel?")


def ask(page: Page, widget: Locator) -> None:
    """Type a query, and keep the first text that a model found."""
    query = widget.get_by_label("Query")
    query.fill("Where is my parcel?")
    query.press("Enter")
    cards = widget.locator(".wb-ranks-text")
    expect(cards).to_have_count(20, timeout=PATIENCE_MS)
    expect(widget.get_by_role("group", name="cut")).to_contain_text("This model failed.")
    cards.first.focus()
    page.keyboard.press("Enter")
    wait_for(lambda: python(page, "len(asked.selection)") == "1")
    first = "asked.hits['first'].corpus.corpus.ids[asked.hits['first'].indices[0, 0]]"
    assert python(page, f"asked.selection == [{first}]") == "True"


def click_model(page: Page, host: Locator, place: int) -> None:
    """Click the point of the model at a place of the comparison."""
    plot = host.locator(".js-plotly-plot")
    expect(plot).to_be_visible(timeout=PATIENCE_MS)
    plot.evaluate("plot => plot.scrollIntoView({block: 'center'})")
    page.wait_for_timeout(500)
    x, y = plot.evaluate(
        """(plot, place) => {
            const box = plot.getBoundingClientRect();
            const { xaxis, yaxis } = plot._fullLayout;
            const trace = plot.data.find(({ customdata }) => customdata?.[0] === place);
            return [box.x + xaxis._offset + xaxis.d2p(trace.x[0]),
                box.y + yaxis._offset + yaxis.d2p(trace.y[0])];
        }""",
        place,
    )
    page.mouse.move(x - 30, y - 30)
    page.mouse.move(x, y, steps=3)
    page.wait_for_timeout(150)
    page.mouse.down()
    page.mouse.up()


def reloaded(page: Page) -> None:
    """Reload the browser until ipywidgets has found its models again (see test_lab)."""
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_timeout(1500)
    for _ in range(4):
        open_lab(page, page.url)
        open_notebook(page, NAME)
        cell = cell_of(page, COMPARE[:10])
        found = cell.locator(".wb-sentence")
        lost = cell.get_by_text("Error displaying widget")
        expect(found.or_(lost).first).to_be_visible(timeout=PATIENCE_MS)
        if found.count():
            return
