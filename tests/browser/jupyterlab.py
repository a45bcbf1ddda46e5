"""What a person does in JupyterLab, for the tests: open, run, scroll, draw, ask the kernel."""

from __future__ import annotations

import time
from collections.abc import Callable

import nbformat
import pytest
from playwright.sync_api import Locator, Page

from .conftest import Lab

RUN_MS = 240_000
PATIENCE_MS = 90_000


def open_lab(page: Page, url: str) -> None:
    """Open JupyterLab and wait until the notebook that its address names is there."""
    page.goto(url)
    page.wait_for_function("window.jupyterapp !== undefined", timeout=PATIENCE_MS)
    page.evaluate("window.jupyterapp.restored.then(() => true)")
    page.locator(".jp-NotebookPanel:visible").first.wait_for(timeout=PATIENCE_MS)


def open_notebook(page: Page, path: str) -> None:
    page.evaluate(f"window.jupyterapp.commands.execute('docmanager:open', {{path: '{path}'}})")
    page.wait_for_function(
        """path => {
            // Tabs that JupyterLab restores late may take the foreground: take it back.
            const { shell } = window.jupyterapp;
            const panel = [...shell.widgets('main')].find(tab => tab.context?.path === path);
            if (!panel) return false;
            if (shell.currentWidget !== panel) {
                shell.activateById(panel.id);
                return false;
            }
            const session = panel.context.sessionContext;
            return session.session?.kernel?.connectionStatus === 'connected'
                && session.session.kernel.status === 'idle';
        }""",
        arg=path,
        timeout=PATIENCE_MS,
    )


def run_notebook(page: Page, lab: Lab, path: str, *sources: str) -> None:
    """Open a notebook, made of the cells if any are given, and run it from top to bottom."""
    if sources:
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), lab.root / path)
    open_lab(page, lab.url)
    open_notebook(page, path)
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    wait_until_idle(page)


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


def lasso(
    page: Page, plot: Locator, left: float = 0.25, top: float = 0.25, size: float = 0.5
) -> None:
    """Draw around a square part of a plot; all in fractions of its width and height."""
    plot.locator(".js-plotly-plot").evaluate("plot => plot.scrollIntoView({block: 'center'})")
    page.wait_for_timeout(500)
    area = plot.locator(".nsewdrag").first.bounding_box()
    assert area is not None
    x, y, width, height = area["x"], area["y"], area["width"], area["height"]
    right, bottom = left + size, top + size
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top + 0.02)]
    page.mouse.move(x + corners[0][0] * width, y + corners[0][1] * height)
    page.mouse.down()
    for across, down in corners[1:]:
        page.mouse.move(x + across * width, y + down * height, steps=8)
    page.mouse.up()


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.2)
    pytest.fail("what was waited for did not come")
