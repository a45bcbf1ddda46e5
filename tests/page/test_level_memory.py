"""What 200 interactions leave behind on a page: nothing that grows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import CDPSession, expect

from workbench.analysis import map_quality
from workbench.page import render_page
from workbench.views import map_view

pytestmark = [pytest.mark.browser, pytest.mark.soak]

ROUNDS = 40  # of five interactions each


def counts(session: CDPSession) -> dict[str, float]:
    """Return bytes of script memory, and how many nodes and listeners live, after a collection."""
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    found = session.send("Performance.getMetrics")["metrics"]
    names = ("JSHeapUsedSize", "Nodes", "JSEventListeners")
    return {one["name"]: one["value"] for one in found if one["name"] in names}


def interact(figure: Any, places: Any, rng: np.random.Generator) -> None:
    """Hover, colour, search, draw a lasso and zoom: once each."""
    figure.hover(*places[rng.integers(len(places))].tolist())
    figure.part("color").select_option(["cluster", "real_share", ""][rng.integers(3)])
    figure.part("search").fill(str(rng.integers(10)))
    center, half = places[rng.integers(len(places))], np.ptp(places, axis=0) / 10
    low = np.maximum(center - half, places.min(0))
    figure.lasso(tuple(low), tuple(np.minimum(center + half, places.max(0))))
    expect(figure.part("count")).to_contain_text("selected")
    figure.part("plot").locator('[data-title="Autoscale"]').click()
    figure.page.wait_for_timeout(100)


def test_memory_of_a_page_stays_level(
    many: Callable[[int], Any], opened: Callable[..., Any]
) -> None:
    values = many(600)
    view = map_view(
        values.projection, clustering=values.clustering, quality=map_quality(values.projection)
    )
    figure = opened(render_page([view, values.clusters], title="x")).figure()
    session = figure.page.context.new_cdp_session(figure.page)
    session.send("Performance.enable")
    places = values.projection.coordinates.astype(np.float64)
    rng = np.random.default_rng(0)
    for _ in range(5):  # caches fill
        interact(figure, places, rng)
    before = counts(session)
    for _ in range(ROUNDS):
        interact(figure, places, rng)
    after = counts(session)
    assert after["JSHeapUsedSize"] < before["JSHeapUsedSize"] + 10e6
    assert after["Nodes"] < 1.3 * before["Nodes"] + 200
    assert after["JSEventListeners"] < 1.3 * before["JSEventListeners"] + 50
