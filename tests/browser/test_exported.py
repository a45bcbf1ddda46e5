"""The executed tutorial as HTML, opened from disk: it works with no kernel and no network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from workbench.errors import InputError, WorkbenchError
from workbench.report import write_notebooks

pytestmark = [pytest.mark.browser, pytest.mark.soak]

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_MS = 30_000


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tutorial")
    notebook = folder / "02_explore_your_texts.ipynb"
    notebook.write_bytes((ROOT / "notebooks/02_explore_your_texts.ipynb").read_bytes())
    (written,) = write_notebooks([notebook], folder / "html")
    return written


@pytest.fixture
def page(browser: Browser, exported: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, offline=True)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("file:", "blob:", "data:"))
            else wrong.append(request.url)
        ),
    )
    page.goto(exported.as_uri())
    yield page
    context.close()
    assert wrong == []


def test_every_figure_draws_as_one_scrolls(page: Page) -> None:
    hosts = page.locator(".workbench-host")
    assert hosts.count() == 4 + 4, "four figures, and the four that the Explorer holds"
    assert page.locator("script.workbench-library").count() == 1
    for index in range(hosts.count()):
        hosts.nth(index).scroll_into_view_if_needed()
        drawn = hosts.nth(index).locator(".js-plotly-plot, .wb-texts")
        expect(drawn.first).to_be_visible(timeout=PATIENCE_MS)
        expect(hosts.nth(index)).to_have_attribute("data-drawn", "true", timeout=PATIENCE_MS)


def test_search_select_and_read_without_a_kernel(page: Page) -> None:
    first, clusters = page.locator(".workbench-host").nth(0), page.locator(".workbench-host").nth(1)
    first.scroll_into_view_if_needed()
    first.locator(".wb-search").fill("coffee")
    expect(first.locator(".wb-hits")).to_contain_text("matches", timeout=PATIENCE_MS)
    first.locator(".wb-select-hits").click()
    expect(first.locator(".wb-table tbody tr").first).to_contain_text("coffee", ignore_case=True)

    clusters.scroll_into_view_if_needed()
    clusters.locator(".wb-cluster").select_option(index=1)
    expect(clusters.locator(".wb-count")).to_contain_text("texts selected")
    # Figures of one corpus share their selection.
    expect(first.locator(".wb-count")).to_have_text(clusters.locator(".wb-count").inner_text())


def test_nothing_of_a_kernel_is_left(page: Page) -> None:
    content = page.content()
    assert "Encoding with" not in page.inner_text("body")
    for host in ("cdn.jsdelivr", "cdnjs", "unpkg", "require.min.js", "MathJax.js"):
        assert host not in content


def test_a_cell_that_fails_is_named(tmp_path: Path) -> None:
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    nbformat.write(notebook, tmp_path / "broken.ipynb")
    with pytest.raises(WorkbenchError, match=r"broken\.ipynb: a cell failed: ZeroDivisionError"):
        list(write_notebooks([tmp_path / "broken.ipynb"], tmp_path))
    with pytest.raises(InputError, match="There is no notebook"):
        list(write_notebooks([tmp_path / "none.ipynb"], tmp_path))
