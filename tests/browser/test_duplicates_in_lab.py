"""Duplicates judged in JupyterLab by keyboard alone: judge, choose, group, write, reload."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import Lab
from .jupyterlab import PATIENCE_MS, cell_of, python, run_notebook, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.soak]

NAME = "duplicates.ipynb"
STUDIO = """\
import workbench as wb
tickets = wb.samples.support_tickets()
vectors = wb.embed(tickets, "all-MiniLM-L6-v2", progress=False)
pairs = wb.paraphrase_mining(vectors, threshold=0.5)
saved = []
studio = wb.ThresholdStudio(pairs, on_save=saved.append)
studio
"""


@pytest.fixture
def page(browser: Browser, lab: Lab) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    run_notebook(page, lab, NAME, STUDIO)
    yield page
    page.close()
    assert wrong == []


def test_judge_choose_and_write_by_keyboard(page: Page, lab: Lab) -> None:
    widget = cell_of(page, STUDIO[:10]).locator(".workbench-widget")
    card = widget.get_by_role("group", name="Pair to judge")
    expect(card.locator(".workbench-pair-side")).to_have_count(2, timeout=PATIENCE_MS)
    status = widget.locator(".workbench-status")
    card.focus()
    for number, (key, said) in enumerate(
        [("s", "Judged the same"), ("d", "Judged different"), ("k", "Skipped"), ("u", "Took")], 1
    ):
        before = card.locator(".workbench-pair-id").all_inner_texts()
        page.keyboard.press(key)
        expect(status).to_contain_text(said, timeout=PATIENCE_MS)
        if number < 4:
            assert card.locator(".workbench-pair-id").all_inner_texts() != before
        expect(card).to_be_focused()
    assert python(page, "[same for _, same in studio.judgments.answers]") == "[True, False]"

    # The rest is judged as the samples' column says, which a person would read.
    python(page, JUDGE)
    wait_for(lambda: int(python(page, "len(studio.judgments)")) >= 60)
    widget.get_by_role("button", name="Lowest threshold").focus()
    page.keyboard.press("Enter")
    expect(status).to_contain_text("The lowest such threshold", timeout=PATIENCE_MS)
    threshold = float(python(page, "studio.threshold"))
    assert 0.7 < threshold < 0.95

    plot = widget.get_by_role("application", name="Thresholds")
    plot.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    wait_for(lambda: float(python(page, "studio.threshold")) == 0.95)
    expect(widget.get_by_label("Threshold", exact=True)).to_have_value("0.95")
    expect(widget).to_contain_text("13 dropped, 704 of 717 left")

    name = widget.get_by_label("File")
    name.fill("left.csv")
    name.press("Enter")
    expect(status).to_contain_text("Wrote 704 texts to left.csv", timeout=PATIENCE_MS)
    assert (lab.root / "left.csv").read_text(encoding="utf-8").startswith("id,text,topic")
    name.press("Enter")
    expect(status).to_contain_text("is there already, and stays as it is")
    widget.get_by_role("button", name="Save").press("Enter")
    wait_for(lambda: python(page, "[one.kind for one in saved]") == "['thresholds']")


JUDGE = """[studio.judge(pair in copies) for copies in [{
    tuple(sorted((row, tickets.ids.index(of))))
    for row, of in enumerate(tickets['duplicate_of']) if of in tickets.ids
}] for _ in range(60) for place in [studio.judgments.next_pair()]
 for pair in [(int(pairs.rows1[place]), int(pairs.rows2[place]))]] and None"""
