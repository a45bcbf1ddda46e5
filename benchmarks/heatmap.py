"""A heatmap of many texts: what travels and how long it takes to see, against plotly's imshow.

Both show the same matrix, in the same Chromium, each on a page of its own opened from disk: ours
with its texts as a report writes it, plotly's as ``write_html`` does. Data: what the page holds
beyond plotly.js (ours is compressed in the page; beside plotly's stands what gzip, a web server
say, would make of it). Drawn: from opening the page to the first picture after the cells are in.
Rounds take turns; printed are medians, and the median of each round's ratio (above 1: ours is
smaller or faster).
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
from pathlib import Path

import plotly.express as px
import plotly.offline
from _results import Result, report
from neighbors import seconds
from playwright.sync_api import Browser, sync_playwright

import workbench as wb
from workbench.analysis import SimilarityMatrix
from workbench.page import host_css, host_script, plotly_library, render_page
from workbench.views import heatmap_view

PEER = "plotly's `imshow`, `write_html`"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
# The cells are an image in the plot; two frames later it is on the screen.
SHOWN = """() => new Promise((resolve) => {
    const look = () => document.querySelector(".heatmaplayer image, .imagelayer image")
        ? requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())))
        : requestAnimationFrame(look);
    look();
})"""


def ours(matrix: SimilarityMatrix) -> str:
    """Return our page of a matrix."""
    return render_page([heatmap_view(matrix)], title="heatmap")


def plotlys(matrix: SimilarityMatrix) -> str:
    """Return plotly's page of the same matrix: the numbers alone, no texts."""
    return str(px.imshow(matrix.values).to_html(include_plotlyjs=True))


def fixed_parts() -> int:
    """Return how many bytes of our page are the library and the host, whatever it shows."""
    library = len(plotly_library()) * 4 // 3  # in base64
    return library + len(host_script().encode()) + len(host_css().encode())


def seconds_to_see(browser: Browser, path: Path) -> float:
    """Return how long after opening a page its cells are on the screen."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(path.as_uri(), wait_until="commit")
    shown = float(page.evaluate(SHOWN))
    page.close()
    return shown / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="minilm-static")
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    corpus = wb.samples.python_docs(options.texts)
    embeddings = wb.embed(corpus, options.model, progress=False)
    matrix = wb.similarity_matrix(embeddings)
    their_page, our_page = plotlys(matrix), ours(matrix)
    written = [
        (seconds(lambda: plotlys(matrix)), seconds(lambda: ours(matrix)))
        for _ in range(options.rounds)
    ]
    plain = len(plotly.offline.get_plotlyjs().encode())
    theirs, own = len(their_page.encode()) - plain, len(our_page.encode()) - fixed_parts()
    packed = len(gzip.compress(their_page.encode(), 6)) - len(plotly_library())
    sizes = f"{embeddings.spec.title()}, {len(corpus):,} × {len(corpus):,}"
    for size, note in ((theirs, "ours with the texts"), (packed, "the same, theirs gzipped")):
        pair = (size / 1e6, own / 1e6)
        report(Result.of_pairs("data in the page", PEER, sizes, [pair], unit="MB", note=note))
    report(Result.of_pairs("page written", PEER, sizes, written, note="ours with the texts"))
    if not Path(options.chromium).exists():
        report(Result.not_run("drawn", PEER, f"Chromium; there is no {options.chromium}"))
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=list(ARGUMENTS))
        paths = [Path(folder, f"{name}.html") for name in ("imshow", "workbench")]
        for path, page in zip(paths, (their_page, our_page), strict=True):
            path.write_text(page, encoding="utf-8", errors="replace")
        pairs = [
            (seconds_to_see(browser, paths[0]), seconds_to_see(browser, paths[1]))
            for _ in range(options.rounds)
        ]
        browser.close()
    report(Result.of_pairs("drawn", PEER, sizes, pairs))


if __name__ == "__main__":
    main()
