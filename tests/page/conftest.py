"""Pages of hostile texts, and a real Chromium that opens them from disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from workbench.analysis import Clustering, Projection, cluster, project, similarity_matrix
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.views import View, clusters_view, heatmap_view, map_view

from .live_model import data_of, live_page

HOSTILE = (
    "<script>window.ran = 1; alert(1)</script>",
    '<img src=x onerror="window.ran = 2">',
    r"$\alpha$ and \(x\) and $$y$$",
    "</script><script>window.ran = 3</script>",
    "\"double\" 'single' `back` &amp; &lt;b&gt; \\u003c",
    "two\nlines\r\nand\ta tab",
    "\u202eright to left\u202c \u2066isolate\u2069 \u200f",
    "fox 🦊 family 👩‍👩‍👧 三つ é",
    "a NUL \x00 and \x1b and \ufffe",
    "<!-- comment --> <style>* {display: none}</style>",
    "half of a surrogate \ud83e here",
    '"><svg onload="window.ran = 4"><a href="javascript:window.ran=5">x</a>',
)


@dataclass
class Values:
    """What a page shows: views of one corpus, and the values behind them."""

    corpus: Corpus
    projection: Projection
    clustering: Clustering
    map: View
    heatmap: View
    clusters: View


def values_of(corpus: Corpus, groups: int = 3) -> Values:
    """Return views of texts whose vectors lie in as many groups, one after the other."""
    owner = np.arange(len(corpus)) % groups
    noise = np.random.default_rng(0).normal(size=(len(corpus), 8))
    embeddings = Embeddings.from_array(4 * np.eye(8)[owner] + 0.4 * noise, corpus, name="random")
    projection = project(embeddings, method="pca")
    clustering = cluster(embeddings, method="kmeans", n_clusters=groups)
    return Values(
        corpus,
        projection,
        clustering,
        map_view(projection, clustering=clustering),
        heatmap_view(similarity_matrix(embeddings.take(range(min(len(corpus), 100))))),
        clusters_view(clustering),
    )


def hostile_corpus() -> Corpus:
    """Return 24 texts that would like to be markup, with columns that would, too."""
    count = 24
    texts = tuple(f"{HOSTILE[row % 12]}{'' if row < 12 else ' again'}" for row in range(count))
    kinds = [
        ("<b>bold</b>", "$x$", "</script><script>window.ran = 6</script>", None)[row % 4]
        for row in range(count)
    ]
    return Corpus(
        texts,
        tuple(f"id-{row:02}" for row in range(count)),
        columns={
            "<i>kind</i>": kinds,
            "length": [len(text) for text in texts],
            "day": np.datetime64("2026-01-01", "ns") + np.arange(count).astype("timedelta64[D]"),
        },
        name="<script>window.ran = 7</script>",
        label="<i>kind</i>",
    )


@pytest.fixture(scope="session")
def hostile() -> Values:
    return values_of(hostile_corpus())


@pytest.fixture(scope="session")
def many() -> Callable[[int], Values]:
    """Make views of plain texts."""

    def make(count: int) -> Values:
        return values_of(Corpus(tuple(f"text number {row}" for row in range(count))))

    return make


@dataclass
class Opened:
    """A page that was opened from disk, and all that went wrong on it."""

    page: Page
    wrong: list[str] = field(default_factory=list)

    def figure(self, place: int = 0) -> Figure:
        """Return a figure once it is drawn."""
        root = self.page.locator(".workbench-host").nth(place)
        root.scroll_into_view_if_needed()
        expect(root).to_have_attribute("data-drawn", "true", timeout=30_000)
        return Figure(self.page, root)


@dataclass
class Figure:
    """One figure on a page."""

    page: Page
    root: Locator

    def part(self, name: str) -> Locator:
        return self.root.locator(f".wb-{name}")

    def traces(self) -> list[dict[str, Any]]:
        """Return what plotly was last told to draw."""
        read = """plot => plot.data.map(trace => ({
            name: trace.name, type: trace.type, count: trace.x?.length,
            rows: trace.customdata ? [...trace.customdata] : null,
            x: trace.x ? [...trace.x] : null, y: trace.y ? [...trace.y] : null,
            selected: trace.selectedpoints ?? null, color: trace.marker?.color ?? null,
        }))"""
        found: list[dict[str, Any]] = self.part("plot").evaluate(read)
        return found

    def until(self, condition: str, **arguments: Any) -> None:
        """Wait until a JavaScript condition of `plot` (and of `given`) holds."""
        self.page.wait_for_function(
            f"([plot, given]) => {condition}",
            arg=[self.part("plot").element_handle(), arguments],
            timeout=20_000,
        )

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Return where on the page the data place (x, y) is."""
        self.part("plot").scroll_into_view_if_needed()
        where = """(plot, [x, y]) => {
            const box = plot.getBoundingClientRect();
            const { xaxis, yaxis } = plot._fullLayout;
            return [box.x + xaxis._offset + xaxis.d2p(x), box.y + yaxis._offset + yaxis.d2p(y)];
        }"""
        left, top = self.part("plot").evaluate(where, [x, y])
        return left, top

    def hover(self, x: float, y: float) -> None:
        left, top = self.pixel(x, y)
        self.page.mouse.move(left - 30, top - 30)
        self.page.mouse.move(left, top, steps=3)
        # plotly looks at most every 50 ms, and drops a click that comes before it has looked.
        self.page.wait_for_timeout(120)

    def click(self, x: float, y: float) -> None:
        self.hover(x, y)
        self.page.mouse.down()
        self.page.mouse.up()

    def lasso(self, low: tuple[float, float], high: tuple[float, float]) -> None:
        """Draw around the rectangle between two data places, slowly enough to hover."""
        (left, bottom), (right, top) = self.pixel(*low), self.pixel(*high)
        mouse = self.page.mouse
        mouse.move(left, bottom)
        mouse.down()
        for x, y in ((right, bottom), (right, top), (left, top), (left, bottom)):
            mouse.move(x, y, steps=6)
        mouse.up()

    def box(self, low: tuple[float, float], high: tuple[float, float]) -> None:
        """Draw a box from one data place to another, where boxes are drawn."""
        mouse = self.page.mouse
        mouse.move(*self.pixel(*low))
        mouse.down()
        mouse.move(*self.pixel(*high), steps=6)
        mouse.up()

    def selected_ids(self) -> list[str]:
        """Return the ids in the table of selected texts."""
        cells = self.part("table").locator("tbody tr td:first-child")
        return cells.all_text_contents()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open HTML from a file; at the end nothing may have failed, been fetched or run."""
    pages: list[Opened] = []

    def open_(html: str, **context: Any) -> Opened:
        path = tmp_path / f"page-{len(pages)}.html"
        path.write_text(html, encoding="utf-8")
        options = {"viewport": {"width": 1280, "height": 900}, **context}
        shown = Opened(browser.new_context(**options).new_page())
        pages.append(shown)
        page, wrong = shown.page, shown.wrong
        page.on("pageerror", lambda error: wrong.append(f"page error: {error}"))
        page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
        page.on("request", lambda request: note_request(request.url, wrong))
        page.on("dialog", lambda dialog: (wrong.append("a dialog"), dialog.dismiss()))
        page.goto(path.as_uri())
        return shown

    yield open_
    for shown in pages:
        assert shown.page.evaluate("window.ran") is None, "a text ran"
        shown.page.context.close()
        assert not shown.wrong


def note_request(url: str, wrong: list[str]) -> None:
    if urlsplit(url).scheme not in ("file", "data", "blob"):
        wrong.append(f"request: {url}")


@pytest.fixture
def live(opened: Callable[..., Opened]) -> Callable[..., Figure]:
    """Show a view through a model, and return its figure."""

    def show(view: View, **state: Any) -> Figure:
        page = opened(live_page())
        page.page.evaluate("([data, state]) => start(data, state)", [data_of(view), state])
        return page.figure()

    return show
