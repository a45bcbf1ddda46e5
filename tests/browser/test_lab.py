"""A newcomer's path in a real browser: run `02`, lasso, read, change the method, save, reload."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from mlflow import MlflowClient
from playwright.sync_api import Browser, Locator, Page, expect

from .conftest import Lab

pytestmark = pytest.mark.browser

RUN_MS = 240_000
PATIENCE_MS = 60_000
# JupyterLab's own traffic with its server is the only traffic there may be.
SERVER = "http://127.0.0.1"
MAP = "embedding_map ="


@pytest.fixture(scope="module")
def large_messages() -> list[int]:
    """The sizes of what the server sent over its sockets, in bytes."""
    return []


@pytest.fixture(scope="module")
def page(browser: Browser, lab: Lab, large_messages: list[int]) -> Iterator[Page]:
    """JupyterLab with notebook 02 open, executed from top to bottom."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: large_messages.append(len(frame))),
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
    open_lab(page, lab.url)
    expect(page.locator(".jp-NotebookPanel")).to_be_visible(timeout=PATIENCE_MS)
    open_notebook(page, "notebooks/02_explore_your_texts.ipynb")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    wait_until_idle(page)
    yield page
    assert elsewhere == []
    page.close()


def open_lab(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_function("window.jupyterapp !== undefined", timeout=PATIENCE_MS)
    page.evaluate("window.jupyterapp.restored.then(() => true)")


def open_notebook(page: Page, path: str) -> None:
    page.evaluate(f"window.jupyterapp.commands.execute('docmanager:open', {{path: '{path}'}})")
    page.wait_for_function(
        """path => {
            const panel = window.jupyterapp.shell.currentWidget;
            const session = panel?.context?.path === path && panel.context.sessionContext;
            return session && session.session?.kernel?.connectionStatus === 'connected'
                && session.session.kernel.status === 'idle';
        }""",
        arg=path,
        timeout=PATIENCE_MS,
    )


def wait_until_idle(page: Page) -> None:
    """Wait until every code cell has run and the kernel is idle; fail on an error's output."""
    page.wait_for_function(
        """() => {
            const panel = window.jupyterapp.shell.currentWidget;
            const cells = panel.content.widgets.filter(cell => cell.model.type === 'code');
            const failed = cells.some(cell => [...Array(cell.model.outputs.length).keys()]
                .some(i => cell.model.outputs.get(i).type === 'error'));
            const done = cells.every(cell => cell.model.executionCount)
                && panel.context.sessionContext.session.kernel.status === 'idle';
            return failed || done;
        }""",
        timeout=RUN_MS,
    )
    errors = page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets
            .filter(cell => cell.model.type === 'code')
            .flatMap(cell => cell.model.outputs.toJSON().filter(out => out.output_type === 'error'))
            .map(out => out.ename + ': ' + out.evalue)"""
    )
    assert errors == []


def python(page: Page, expression: str) -> str:
    """Return what an expression is worth in the notebook's kernel."""
    return page.evaluate(
        """async code => {
            const context = window.jupyterapp.shell.currentWidget.context;
            const kernel = context.sessionContext.session.kernel;
            const future = kernel.requestExecute({code: '', user_expressions: {it: code}});
            const reply = await future.done;
            const answer = reply.content.user_expressions.it;
            return answer.status === 'ok' ? answer.data['text/plain'] : answer.evalue;
        }""",
        expression,
    )


def cell_of(page: Page, source: str) -> Locator:
    """Scroll to the cell whose source begins so, and return it."""
    index = page.evaluate(
        """source => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            const index = notebook.widgets.findIndex(
                cell => cell.model.sharedModel.source.startsWith(source));
            return notebook.scrollToItem(index, 'start').then(() => index);
        }""",
        source,
    )
    page.wait_for_timeout(500)
    return page.locator(
        ".jp-NotebookPanel:not(.lm-mod-hidden) "
        f".jp-Notebook-cell[data-windowed-list-index='{index}']"
    )


def lasso(page: Page, plot: Locator) -> None:
    """Draw around the middle of a plot."""
    plot.locator(".js-plotly-plot").evaluate("plot => plot.scrollIntoView({block: 'center'})")
    page.wait_for_timeout(500)
    area = plot.locator(".nsewdrag").first.bounding_box()
    assert area is not None
    x, y, width, height = area["x"], area["y"], area["width"], area["height"]
    corners = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75), (0.25, 0.27)]
    page.mouse.move(x + corners[0][0] * width, y + corners[0][1] * height)
    page.mouse.down()
    for across, down in corners[1:]:
        page.mouse.move(x + across * width, y + down * height, steps=8)
    page.mouse.up()


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
    page.reload()
    open_lab(page, page.url)
    open_notebook(page, "notebooks/02_explore_your_texts.ipynb")
    widget = cell_of(page, MAP).locator(".workbench-widget")
    host = widget.locator(".workbench-host")
    expect(host.locator(".wb-title")).to_contain_text("PCA", timeout=PATIENCE_MS)
    expect(host.locator(".wb-count")).to_contain_text(f"{shown} of", timeout=PATIENCE_MS)
    expect(widget.locator(".workbench-method select")).to_have_value("PCA")


def test_plotly_travels_once_per_page(page: Page, large_messages: list[int]) -> None:
    """All figures of the notebook draw; plotly.js came once, and once more after the reload."""
    for source in (MAP, "explorer =", "wb.SimilarityHeatmap", "view = wb.open_view"):
        cell = cell_of(page, source)
        plot = cell.locator(".js-plotly-plot").first
        expect(plot).to_be_visible(timeout=PATIENCE_MS)
    assert len([size for size in large_messages if size > 1_000_000]) == 2


def wait_for(condition: object, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.2)
    pytest.fail("what was waited for did not come")
