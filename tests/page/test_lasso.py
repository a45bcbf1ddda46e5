"""Each lasso gives one selection, whatever the pointer hovers over on its way."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from workbench.page import render_page

pytestmark = pytest.mark.browser

MOUNT = """async (written) => {
    const { plotly } = window.workbenchPage;
    window.told = { selections: [], hovers: 0, controls: 0, viewports: 0 };
    const place = document.createElement("div");
    document.querySelector("main").replaceChildren(place);
    window.mounted = window.workbenchHost.mount(place, JSON.parse(written), {
        library: () => plotly,
        onSelection: (ids) => window.told.selections.push(ids),
        onHover: (id) => { if (id !== null) window.told.hovers += 1; },
        onControls: () => { window.told.controls += 1; },
        onViewport: () => { window.told.viewports += 1; },
    });
}"""

DRAWN = """plot.data.reduce((count, trace) => count + (trace.selectedpoints?.length ?? 0), 0)
    === window.told.selections.at(-1).length"""


def check_lassos(values: Any, page: Any, lassos: int) -> None:
    """Draw rectangles at random; each selects once, and exactly what is inside."""
    page.figure()  # it brings plotly.js
    page.page.evaluate(MOUNT, values.map.to_json())
    figure = page.figure()
    places = values.projection.coordinates.astype(np.float64)
    rng = np.random.default_rng(4)
    told: dict[str, Any] = {}
    for number in range(1, lassos + 1):
        center = places[rng.integers(len(places))]
        half = np.ptp(places, axis=0) * rng.uniform(0.06, 0.15)
        low = np.maximum(center - half, places.min(0))
        high = np.minimum(center + half, places.max(0))
        figure.hover(*center.tolist())
        page.page.wait_for_function("given => window.told.hovers >= given", arg=number)
        figure.lasso(tuple(low), tuple(high))
        page.page.wait_for_function(
            "given => window.told.selections.length >= given", arg=number, timeout=30_000
        )
        figure.until(DRAWN)
        page.page.wait_for_timeout(300)  # what would come twice comes now
        told = page.page.evaluate("window.told")
        assert len(told["selections"]) == number, "one event per lasso"
        check_inside(told["selections"][-1], places, low, high)
        said = f"{len(told['selections'][-1]):,} of {len(places):,} texts selected"
        assert figure.part("count").text_content() == said
    assert (told["controls"], told["viewports"]) == (0, 0)


def check_inside(ids: list[str], places: Any, low: Any, high: Any) -> None:
    """Check a selection but for points within a pixel or so of the line."""
    assert ids == sorted(ids)
    chosen = np.zeros(len(places), dtype=bool)
    chosen[[int(text_id) for text_id in ids]] = True
    margin = 0.004 * np.ptp(places, axis=0)

    def within(spare: Any) -> Any:
        return ((places > low + spare) & (places < high - spare)).all(1)

    assert chosen[within(margin)].all()
    assert not chosen[~within(-margin)].any()
    assert chosen.any()


def test_three_lassos(many: Callable[[int], Any], hostile: Any, opened: Callable[..., Any]) -> None:
    check_lassos(many(5000), opened(render_page([hostile.map], title="x")), 3)


@pytest.mark.soak
@pytest.mark.parametrize("count", [5000, 20_000])
def test_twenty_four_lassos(
    count: int, many: Callable[[int], Any], hostile: Any, opened: Callable[..., Any]
) -> None:
    check_lassos(many(count), opened(render_page([hostile.map], title="x")), 24)


def test_a_drag_soon_after_another_is_heard(hostile: Any, opened: Callable[..., Any]) -> None:
    page = opened(render_page([hostile.map], title="x"))
    page.figure()
    page.page.evaluate(MOUNT, hostile.map.to_json())
    figure = page.figure()
    places = hostile.projection.coordinates.astype(np.float64)
    low, high = places.min(0) - 0.05, places.max(0) + 0.05
    (left, bottom), (right, top) = figure.pixel(*low), figure.pixel(*high)
    mouse = page.page.mouse
    mouse.move(left, top)
    mouse.down()
    mouse.up()
    mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        mouse.move(x, y, steps=4)
        page.page.wait_for_timeout(120)
    mouse.up()
    page.page.wait_for_function("window.told.selections.at(-1)?.length === 24", timeout=5000)


def test_what_the_kernel_sets_is_not_told_back(hostile: Any, opened: Callable[..., Any]) -> None:
    page = opened(render_page([hostile.map], title="x"))
    page.figure()
    page.page.evaluate(MOUNT, hostile.map.to_json())
    figure = page.figure()
    page.page.evaluate("window.mounted.setSelection(['id-02', 'id-01', 'unknown'])")
    page.page.evaluate("window.mounted.setControls({color_by: 'cluster', query: 'fox'})")
    page.page.evaluate("window.mounted.setViewport({x: [-1, 1], y: [-1, 1]})")
    figure.until("plot._fullLayout.xaxis.range[1] === 1")
    assert figure.selected_ids() == ["id-01", "id-02"]
    assert figure.part("hits").text_content() == "2 matches"
    told = page.page.evaluate("window.told")
    assert told == {"selections": [], "hovers": 0, "controls": 0, "viewports": 0}
    # Another map in its place keeps the tool; another view the selection and the search.
    figure.part("plot").locator("[data-val=pan]").click()
    page.page.evaluate(
        "written => window.mounted.update(JSON.parse(written))", hostile.map.to_json()
    )
    figure.until("plot._fullLayout.dragmode === 'pan' && !plot._fullLayout.selections.length")
    page.page.wait_for_timeout(300)
    assert figure.part("plot").evaluate("plot => plot._fullLayout.dragmode") == "pan"
    page.page.evaluate(
        "written => window.mounted.update(JSON.parse(written))", without_state(hostile)
    )
    figure.until("plot.data.some(trace => trace.type === 'bar')")
    assert figure.selected_ids() == ["id-01", "id-02"]
    assert figure.part("search").input_value() == "fox"
    page.page.evaluate("window.mounted.destroy()")
    assert page.page.evaluate("window.workbenchPage.drawn.size") == 0


def without_state(values: Any) -> str:
    artifact = json.loads(values.clusters.to_json())
    del artifact["state"]
    return json.dumps(artifact)
