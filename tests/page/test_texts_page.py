"""The table of texts in a browser: it lists what is selected on the figures beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from workbench.page import render_page
from workbench.views import texts_view

pytestmark = pytest.mark.browser


def test_it_lists_what_is_selected_elsewhere(hostile: Any, opened: Callable[..., Any]) -> None:
    views = [hostile.map, texts_view(hostile.corpus, clustering=hostile.clustering)]
    page = opened(render_page(views, title="x"))
    table, figure = page.figure(1), page.figure(0)
    rows = table.root.locator(".wb-texts tbody tr")
    expect(rows).to_have_count(24)
    figure.part("legend-entry").first.click()
    expect(rows).to_have_count(6)
    expect(figure.part("table")).to_be_hidden()  # listed once, in the table
    expect(table.root.locator("input:checked")).to_have_count(6)
    table.root.get_by_label("Show", exact=True).select_option("all")
    expect(rows).to_have_count(24)


def test_ticking_selects_by_mouse_and_key(hostile: Any, opened: Callable[..., Any]) -> None:
    views = [texts_view(hostile.corpus), hostile.map]
    page = opened(render_page(views, title="x"))
    figure, table = page.figure(1), page.figure(0)
    table.root.get_by_label("Select id-03").check()
    expect(figure.part("count")).to_have_text("1 of 24 texts selected")
    table.root.get_by_label("Show", exact=True).select_option("all")
    box = table.root.get_by_label("Select id-05")
    box.focus()
    page.page.keyboard.press("Space")
    expect(figure.part("count")).to_have_text("2 of 24 texts selected")
    expect(box).to_be_focused()
    table.root.get_by_label("Select id-03").uncheck()
    expect(figure.part("count")).to_have_text("1 of 24 texts selected")


def test_it_searches_and_sorts(hostile: Any, opened: Callable[..., Any]) -> None:
    table = opened(render_page([texts_view(hostile.corpus)], title="x")).figure()
    table.part("search").fill("again")
    rows = table.root.locator(".wb-texts tbody tr")
    expect(rows).to_have_count(12)
    table.root.locator(".wb-texts th button", has_text="length").click()
    lengths = [int(cell) for cell in rows.locator("td:nth-child(5)").all_text_contents()]
    assert lengths == sorted(len(text) for text in hostile.corpus.texts[12:])
