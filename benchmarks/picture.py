"""How large a report is, how soon its first figure is seen, and how fast it follows a person.

A report of 10,000 texts (map, clusters, a heatmap of 2,000 of them), a map of 20,000 texts and a
heatmap of 2,000, each opened from disk in Chromium, beside the bounds that they are held to.
Drawn: from opening the page to the frame that the first figure is in. Table: from the release of
a lasso's button to the rows of the table. Picture: from what a person does (colours by another
column, fades doubtful texts, clicks a cell) to the frame that shows it, where nothing must be
computed anew. Beside size and drawing stands plotly's own page of the same points with their texts
to hover, as ``write_html`` makes it: rounds take turns; printed are medians, and the median of each
round's ratio (above 1: ours is smaller or faster). Times grow with the machine's load.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

import plotly.graph_objects as go
from _results import Result, report
from playwright.sync_api import Browser, Page, sync_playwright

import workbench as wb
from workbench.analysis import Projection
from workbench.embeddings import Embeddings
from workbench.page import render_page

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
VIEWPORT = {"width": 1280, "height": 900}
# The frame that a figure is in: ours says so itself, plotly's has its points' canvas.
SEEN = """selector => new Promise((resolve) => {
    const look = () => document.querySelector(selector)
        ? setTimeout(() => resolve(performance.now()))
        : requestAnimationFrame(look);
    look();
})"""
OURS, PLOTLYS = '.workbench-host[data-drawn="true"]', ".gl-container canvas"
# The time from the release of the button to the first rows of the table.
WATCH_TABLE = """() => {
    let up = 0;
    window.addEventListener("pointerup", (event) => { up = event.timeStamp; }, true);
    const table = document.querySelector(".wb-table");
    new MutationObserver(() => {
        if (up && table.querySelector("tbody tr")) window.filled ??= performance.now() - up;
    }).observe(table, { childList: true, subtree: true });
}"""
# The time from an event on a control to the frame that plotly's next drawing is in.
CHANGE = """([selector, value]) => new Promise((resolve) => {
    const control = document.querySelector(selector);
    const start = performance.now();
    document.querySelector(".wb-plot").once("plotly_afterplot", () =>
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start))));
    if (value === null) return control.click();
    control.value = value;
    control.dispatchEvent(new Event("change", { bubbles: true }));
})"""
# The time from the release of the button on a cell to the frame that its mark is in.
WATCH_MARK = """() => {
    let up = 0;
    window.addEventListener("pointerup", (event) => { up = event.timeStamp; }, true);
    const plot = document.querySelector(".wb-plot");
    const look = () => {
        if (!plot.querySelector(".shapelayer path")) return requestAnimationFrame(look);
        setTimeout(() => { window.marked = performance.now() - up; });
    };
    look();
}"""
AREA = """() => {
    const plot = document.querySelector(".wb-plot");
    const { x, y } = plot.getBoundingClientRect();
    const { xaxis, yaxis } = plot._fullLayout;
    return [x + xaxis._offset, y + yaxis._offset, xaxis._length, yaxis._length];
}"""


def written(embeddings: Embeddings, path: Path, shown: int) -> Projection:
    """Write the report of some texts; return the projection that it shows first."""
    projection = wb.project(embeddings, method="pca")
    clustering = wb.cluster(embeddings, method="kmeans", n_clusters=20)
    matrix = wb.similarity_matrix(embeddings.sample(shown))
    heatmap = wb.views.heatmap_view(matrix, sampled_from=embeddings.corpus)
    wb.write_report(path, [projection, clustering, heatmap])
    return projection


def plotlys(projection: Projection, path: Path) -> None:
    """Write plotly's page of a projection, with the texts to hover."""
    x, y = projection.coordinates.T
    texts = projection.embeddings.corpus.texts
    go.Figure(go.Scattergl(x=x, y=y, mode="markers", text=texts)).write_html(path)


def opened(browser: Browser, path: Path, selector: str) -> tuple[Page, float]:
    """Return a page and the milliseconds until its first figure was seen."""
    page = browser.new_page(viewport=VIEWPORT)
    page.goto(path.as_uri(), wait_until="commit")
    return page, float(page.evaluate(SEEN, selector))


def drawn(browser: Browser, path: Path, selector: str) -> float:
    page, seen = opened(browser, path, selector)
    page.close()
    return seen


def table_after_lasso(browser: Browser, path: Path) -> float:
    """Draw around nearly half of a map's width; return how long the table took."""
    page, _ = opened(browser, path, OURS)
    page.wait_for_timeout(500)
    left, top, width, height = page.evaluate(AREA)
    page.evaluate(WATCH_TABLE)
    page.mouse.move(left + 0.05 * width, top + 0.05 * height)
    page.mouse.down()
    for x, y in ((0.5, 0.05), (0.5, 0.95), (0.05, 0.95), (0.05, 0.05)):
        page.mouse.move(left + x * width, top + y * height, steps=4)
    page.wait_for_timeout(300)  # a hand rests before it lets go
    page.mouse.up()
    page.wait_for_function("window.filled")
    taken = float(page.evaluate("window.filled"))
    page.close()
    return taken


def picture_after(selector: str, value: str | None) -> Callable[[Browser, Path], float]:
    """Return what measures a control of a map."""

    def measure(browser: Browser, path: Path) -> float:
        page, _ = opened(browser, path, OURS)
        page.wait_for_timeout(500)
        taken = float(page.evaluate(CHANGE, [selector, value]))
        page.close()
        return taken

    return measure


def mark_after_click(browser: Browser, path: Path) -> float:
    """Click a cell of a heatmap; return how long its mark took."""
    page, _ = opened(browser, path, OURS)
    page.wait_for_timeout(500)
    left, top, width, height = page.evaluate(AREA)
    page.mouse.move(left + width / 2, top + height / 4)
    page.mouse.move(left + width / 3, top + height / 4, steps=3)
    page.wait_for_timeout(200)  # plotly drops a click that comes before it has looked
    page.evaluate(WATCH_MARK)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function("window.marked")
    taken = float(page.evaluate("window.marked"))
    page.close()
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="minilm-static")
    parser.add_argument("--report", type=int, default=10_000, help="texts of the report")
    parser.add_argument("--map", type=int, default=20_000, help="texts of the map")
    parser.add_argument("--matrix", type=int, default=2000, help="texts of the heatmap")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    corpus = wb.samples.python_docs(max(options.report, options.map))
    embeddings = wb.embed(corpus, options.model, progress=False)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        ours, theirs, many, cells = (
            Path(folder, f"{name}.html") for name in ("report", "plotly", "map", "heatmap")
        )
        plotlys(written(embeddings.take(range(options.report)), ours, options.matrix), theirs)
        wb.write_report(many, wb.project(embeddings.take(range(options.map)), method="pca"))
        matrix = wb.similarity_matrix(embeddings.take(range(options.matrix)))
        cells.write_text(render_page([wb.views.heatmap_view(matrix)], title="heatmap"))
        browser = playwright.chromium.launch(executable_path=options.chromium, args=list(ARGUMENTS))
        measured: dict[str, tuple[Callable[[Browser, Path], float], Path]] = {
            "lasso to table": (table_after_lasso, many),
            "colour by another column": (picture_after(".wb-color", "package"), many),
            "fade doubtful texts": (picture_after(".wb-option-doubtful", None), many),
            "click a cell": (mark_after_click, cells),
        }
        first, taken = [], []
        for _ in range(options.rounds):
            first.append((drawn(browser, ours, OURS), drawn(browser, theirs, PLOTLYS)))
            taken.append([work(browser, path) for work, path in measured.values()])
        browser.close()
        sizes = [path.stat().st_size / 1e6 for path in (ours, theirs)]
    peer, given = "plotly's `write_html` of the points", f"{options.report:,} texts"
    report(
        Result.of_pairs("report", peer, given, [(sizes[1], sizes[0])], unit="MB", note="≤ 10 MB")
    )
    opened_in = [(theirs / 1000, ours / 1000) for ours, theirs in first]
    report(Result.of_pairs("its first figure drawn", peer, given, opened_in, note="≤ 3 s"))
    for name, times in zip(measured, zip(*taken, strict=True), strict=True):
        count = options.matrix if name == "click a cell" else options.map
        bound = 100 if name.endswith("table") else 150
        spread = f"{min(times):.0f} to {max(times):.0f}"
        note = f"{statistics.median(times):.0f} ms ({spread}), ≤ {bound} ms"
        report(Result(name, sizes=f"{count:,} texts", note=note))


if __name__ == "__main__":
    main()
