"""A newcomer's path in a real browser: run `02`, lasso, read, change the method, save, reload."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import pytest
from mlflow import MlflowClient
from playwright.sync_api import Browser, Page, expect

from workbench.page import plotly_library

from .conftest import Lab
from .jupyterlab import (
    PATIENCE_MS,
    cell_of,
    lasso,
    open_lab,
    open_notebook,
    python,
    run_notebook,
    wait_for,
)

pytestmark = pytest.mark.browser

# JupyterLab's own traffic with its server is the only traffic there may be.
SERVER = "http://127.0.0.1"
MAP = "embedding_map ="
LOADED = -1


@pytest.fixture(scope="module")
def traffic() -> list[int]:
    """The sizes of what the server sent over its sockets, in bytes; LOADED where a page loads."""
    return []


@pytest.fixture(scope="module")
def page(browser: Browser, lab: Lab, traffic: list[int]) -> Iterator[Page]:
    """JupyterLab with notebook 02 open, executed from top to bottom."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.on("load", lambda: traffic.append(LOADED))
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: traffic.append(len(frame))),
    )
    elsewhere: list[str] = []
    page.on(
        "request",
        lambda request: (
            elsewhere.append(request.url)
            if not request.url.startswith((SERVER, "data:", "blob:"))
            else None
        ),
    )
    run_notebook(page, lab, "notebooks/02_explore_your_texts.ipynb")
    yield page
    assert elsewhere == []
    page.close()


def test_the_tutorial_is_used_as_a_reader_would(page: Page, lab: Lab) -> None:
    widget = cell_of(page, MAP).locator(".workbench-widget")
    host = widget.locator(".workbench-host")
    expect(host.locator(".js-plotly-plot")).to_be_visible(timeout=PATIENCE_MS)

    # A lasso reaches Python and fills the table.
    lasso(page, host)
    expect(host.locator(".wb-count")).to_contain_text("texts selected", timeout=PATIENCE_MS)
    shown = int(host.locator(".wb-count").inner_text().split()[0].replace(",", ""))
    assert shown > 5
    rows = host.locator(".wb-table tbody tr")
    assert rows.count() == min(shown, 200)
    wait_for(lambda: python(page, "len(embedding_map.selection)") == str(shown))
    assert rows.first.locator("td").first.inner_text() in python(page, "embedding_map.selection")

    # Another method: the picture changes, the selection stays.
    widget.locator(".workbench-method select").select_option("PCA")
    widget.locator(".workbench-compute").click()
    expect(host.locator(".wb-title")).to_contain_text("PCA", timeout=PATIENCE_MS)
    assert python(page, "embedding_map.projection.method") == "'pca'"
    expect(host.locator(".wb-count")).to_contain_text(f"{shown} of")

    # Save: the view is in MLflow, with the selection in its state.
    widget.locator(".workbench-save").click()
    expect(widget.locator(".workbench-status").first).to_contain_text("Saved", timeout=PATIENCE_MS)
    run_id = python(page, "run.id").strip("'")
    names = {f.path for f in MlflowClient(lab.tracking_uri).list_artifacts(run_id, "figures")}
    assert {"figures/map.html", "figures/map.view.json"} <= names
    assert python(page, f"len(wb.open_view('{run_id}', 'map').state['selection'])") == str(shown)

    # The browser is reloaded, the kernel lives on: the same state is there.
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_timeout(1500)
    reload(page)
    widget = cell_of(page, MAP).locator(".workbench-widget")
    host = widget.locator(".workbench-host")
    expect(host.locator(".wb-title")).to_contain_text("PCA", timeout=PATIENCE_MS)
    expect(host.locator(".wb-count")).to_contain_text(f"{shown} of", timeout=PATIENCE_MS)
    expect(widget.locator(".workbench-method select")).to_have_value("PCA")


def reload(page: Page) -> None:
    """Reload the browser until ipywidgets has found its models again.

    It asks the kernel for them and gives up after 4 s, which a busy machine may need.
    """
    for _ in range(4):
        open_lab(page, page.url)
        open_notebook(page, "notebooks/02_explore_your_texts.ipynb")
        cell = cell_of(page, MAP)
        found = cell.locator(".workbench-host")
        lost = cell.get_by_text("Error displaying widget")
        expect(found.or_(lost).first).to_be_visible(timeout=PATIENCE_MS)
        if found.count():
            return


def test_plotly_travels_once_per_page(page: Page, traffic: list[int]) -> None:
    """All figures of the notebook draw; plotly.js came once per page that was loaded."""
    for source in (MAP, "explorer =", "wb.SimilarityHeatmap", "view = wb.open_view"):
        cell = cell_of(page, source)
        plot = cell.locator(".js-plotly-plot").first
        expect(plot).to_be_visible(timeout=PATIENCE_MS)
    library = len(plotly_library())
    sent = [
        sum(library <= size < library + 10_000 for size in sizes)
        for key, sizes in groupby(traffic, key=lambda size: size == LOADED)
        if not key
    ]
    assert max(sent) == 1
    assert sum(sent) >= 2  # the first page's, and the reloaded one's
