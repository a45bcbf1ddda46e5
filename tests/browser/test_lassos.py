"""Every lasso reaches Python, with hover on, at many points."""

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

SOURCE = """\
import numpy as np, workbench as wb
rng = np.random.default_rng(0)
texts = [f"text number {{i}}" for i in range({points})]
vectors = wb.Embeddings.from_array(rng.uniform(-1, 1, size=({points}, 3)), texts)
live = wb.EmbeddingMap(vectors, method="pca")
seen = []
live.observe(lambda change: seen.append(len(change.new)), "selection")
live
"""


@pytest.fixture
def page(browser: Browser, lab: Lab) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    yield page
    page.close()


@pytest.mark.parametrize(("points", "lassos"), [(5_000, 6), (20_000, 24)])
def test_every_lasso_reaches_python(page: Page, lab: Lab, points: int, lassos: int) -> None:
    name = f"lassos_{points}_{lassos}.ipynb"
    run_notebook(page, lab, name, SOURCE.format(points=points))
    host = cell_of(page, "import numpy").locator(".workbench-host")
    expect(host.locator(".js-plotly-plot")).to_be_visible(timeout=PATIENCE_MS)
    for done in range(lassos):
        # Each square is another one, so that each selection differs from the one before.
        lasso(page, host, left=0.2 + 0.015 * done, top=0.3 + 0.01 * (done % 5), size=0.25)
        wait_for(lambda done=done: int(python(page, "len(seen)")) > done)
    assert python(page, "len(seen)") == str(lassos)
    assert python(page, "min(seen) > 0") == "True"
