"""The Explorer in JupyterLab: one selection, edits, a sweep; a group that opens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import Lab
from .jupyterlab import (
    PATIENCE_MS,
    cell_of,
    lasso,
    python,
    run_notebook,
    wait_for,
)

pytestmark = [pytest.mark.browser, pytest.mark.soak]

TEXTS = """\
import time, numpy as np, workbench as wb
from workbench.corpus import Corpus
rng = np.random.default_rng(0)
def texts_of(count):
    topics = np.arange(count) % 3
    words = ["refund money", "parcel late", "password login"]
    corpus = Corpus(
        tuple(f"{words[topic]} {row}" for row, topic in enumerate(topics)),
        columns={"topic": [words[topic] for topic in topics]}, label="topic", name="small",
    )
    vectors = 3 * np.eye(8)[topics] + rng.normal(size=(count, 8))
    return wb.Embeddings.from_array(vectors, corpus)
"""
EXPLORE = """\
explorer = wb.Explorer(texts_of({count}))
seen = []
explorer.observe(lambda change: seen.append(len(change.new)), "selection")
explorer
"""
GROUPS = """\
groups = wb.SimilarityHeatmap(texts_of(2100), order="label")
groups
"""


@pytest.fixture
def page(browser: Browser, lab: Lab) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1500, "height": 1100})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    page.close()
    assert wrong == []


@pytest.mark.parametrize("count", [600, 20_000])
def test_one_selection_edits_and_a_sweep(page: Page, lab: Lab, count: int) -> None:
    run_notebook(page, lab, f"explorer_{count}.ipynb", TEXTS, EXPLORE.format(count=count))
    widget = cell_of(page, EXPLORE[:20]).locator(".workbench-explorer")
    hosts = widget.locator(".workbench-host")
    expect(hosts).to_have_count(4, timeout=PATIENCE_MS)
    drawn, table = hosts.nth(0), hosts.nth(3)
    expect(drawn).to_have_attribute("data-drawn", "true", timeout=PATIENCE_MS)
    lasso(page, drawn, 0.02, 0.02, 0.96)
    wait_for(lambda: int(python(page, "len(explorer.selection)")) > count / 2)
    chosen = int(python(page, "len(explorer.selection)"))
    expect(table.locator(".wb-count")).to_have_text(f"{chosen:,} of {count:,} texts selected")
    wait_for(lambda: python(page, "explorer.clusters.selection == explorer.selection") == "True")

    # What is chosen while the kernel is busy is what stays.
    page.evaluate("window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel"
                  ".requestExecute({code: 'seen.clear(); time.sleep(3)'})")  # fmt: skip
    drawn.locator(".wb-color").select_option("topic")
    entries = drawn.locator(".wb-legend-entry")
    for topic in ("refund", "parcel", "password", "parcel"):
        entries.filter(has_text=topic).click()
        page.wait_for_timeout(200)
    third = f"{(count + 1) // 3:,} of {count:,} texts selected"
    wait_for(lambda: int(python(page, "len(seen)")) > 0)
    page.wait_for_timeout(1500)
    for host in (drawn, table):
        expect(host.locator(".wb-count")).to_have_text(third)
    expect(entries.filter(has_text="parcel")).to_have_attribute("aria-pressed", "true")
    chosen_topics = "explorer.texts.view().texts.set_index('id').loc[explorer.selection, 'topic']"
    assert python(page, f"set({chosen_topics})") == "{'parcel late'}"

    widget.get_by_role("button", name="Edit the clusters").press("Enter")
    clusters = widget.locator(".workbench-edit-clusters select")
    clusters.select_option(index=0)
    widget.locator(".workbench-edit-name input").fill("mine <b>")
    widget.locator(".workbench-edit-name input").press("Tab")
    widget.locator(".workbench-edit-rename").click()
    wait_for(lambda: "mine <b>" in python(page, "explorer.clusters.clustering.name_of(0)"))
    expect(drawn.locator(".wb-legend-name", has_text="mine <b>")).to_be_visible()

    widget.get_by_role("button", name="Choose by stability").press("Enter")
    values = widget.locator(".workbench-sweep-values input")
    values.fill("5, 10")
    values.press("Enter")
    sweep = widget.locator('.workbench-host[data-kind="sweep"]')
    expect(sweep).to_have_attribute("data-drawn", "true", timeout=4 * PATIENCE_MS)
    sweep.locator(".wb-plot").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    wait_for(lambda: "5" in python(page, "explorer.clusters.clustering.params['min_cluster_size']"))
    assert python(page, "len(explorer.clusters.edits.edits)") == "0"


def test_a_group_opens_and_closes(page: Page, lab: Lab) -> None:
    run_notebook(page, lab, "groups.ipynb", TEXTS, GROUPS)
    widget = cell_of(page, GROUPS[:20]).locator(".workbench-widget")
    host = widget.locator(".workbench-host")
    expect(host).to_have_attribute("data-kind", "blocks", timeout=PATIENCE_MS)
    expect(host).to_have_attribute("data-drawn", "true", timeout=PATIENCE_MS)
    host.locator(".wb-plot").focus()
    page.keyboard.press("ArrowRight")  # the first cell
    page.keyboard.press("ArrowRight")
    expect(host.locator(".wb-readout .wb-facts bdi.wb-value")).to_have_count(2)
    page.keyboard.press("Enter")
    expect(host).to_have_attribute("data-kind", "heatmap", timeout=PATIENCE_MS)
    assert python(page, "groups.matrix.values.shape") == "(1400, 1400)"
    widget.locator(".workbench-back").click()
    expect(host).to_have_attribute("data-kind", "blocks", timeout=PATIENCE_MS)
