"""Labels over a map: as many as there is room for, none over another, more as one zooms."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from workbench.page._host import host_css, host_script

from .conftest import HOSTILE

pytestmark = pytest.mark.browser

WIDTH, HEIGHT, LEFT, TOP = 900, 440, 24, 64
PAGE = """<!doctype html><meta charset="utf-8"><style>{css}</style>
<div class="workbench-host" data-theme="light" style="width: 940px">
<div class="wb-overlay" style="height: 520px"></div></div>
<script>{script}</script>
"""
# Draws so that the plot shows `zoom`-th parts of 0 to 1 around a middle; returns text and box.
DRAW = """([labels, zoom, [x, y], [width, height, left, top]]) => {
    const overlay = document.querySelector(".wb-overlay");
    const place = (value, middle, size) => ((value - middle) * zoom + 0.5) * size;
    window.placed.placeLabels(overlay, labels, {
        toPixel: (a, b) => [left + place(a, x, width), top + height - place(b, y, height)],
        width, height, left, top,
    });
    const from = overlay.getBoundingClientRect();
    return [...overlay.children].map((node) => {
        const box = node.getBoundingClientRect();
        return {
            text: node.textContent, name: node.className, dir: node.dir,
            nodes: node.childNodes.length,
            hidden: node.getAttribute("aria-hidden"), size: getComputedStyle(node).fontSize,
            left: box.left - from.left, right: box.right - from.left,
            top: box.top - from.top, bottom: box.bottom - from.top,
        };
    });
}"""
AREA = (WIDTH, HEIGHT, LEFT, TOP)


@pytest.fixture
def draw(opened: Callable[..., Any]) -> Callable[..., list[dict[str, Any]]]:
    """Open a page with nothing but the overlay, and return what draws on it."""
    script = host_script()
    ready = "window.workbenchHost ="
    assert script.count(ready) == 1
    html = PAGE.format(
        css=host_css(), script=script.replace(ready, f"window.placed = host_labels;\n{ready}")
    )
    page = opened(html).page

    def drawn(
        labels: list[dict[str, Any]],
        zoom: float = 1.0,
        middle: tuple[float, float] = (0.5, 0.5),
        area: tuple[int, int, int, int] = AREA,
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = page.evaluate(DRAW, [labels, zoom, middle, area])
        check_boxes(found, area)
        return found

    drawn.page = page
    return drawn


def check_boxes(found: list[dict[str, Any]], area: tuple[int, int, int, int] = AREA) -> None:
    """Check that no label lies over another, nor beyond the plot."""
    width, height, left, top = area
    for place, one in enumerate(found):
        assert one["right"] > one["left"]
        assert one["bottom"] > one["top"]
        assert one["left"] >= left - 0.5
        assert one["right"] <= left + width + 0.5
        assert one["top"] >= top - 0.5
        assert one["bottom"] <= top + height + 0.5
        for other in found[:place]:
            across = one["left"] < other["right"] and other["left"] < one["right"]
            assert not (across and one["top"] < other["bottom"] and other["top"] < one["bottom"])


def labels_of(*counts: int, seed: int = 0) -> list[dict[str, Any]]:
    """Return so many labels of each level at random places, in mixed order."""
    rng = np.random.default_rng(seed)
    words = ["refund", "parcel", "password", "sofa", "lamp", "voucher", "tokenizer", "id"]
    levels = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    return [
        {
            "x": float(rng.uniform()),
            "y": float(rng.uniform()),
            "level": int(level),
            "size": int(rng.integers(5, 900)) // (int(level) + 1),
            "text": f"{', '.join(rng.choice(words, 2, replace=False))}, {row}",
        }
        for row, level in enumerate(levels)
    ]


def texts(found: list[dict[str, Any]]) -> set[str]:
    return {one["text"] for one in found}


def test_labels_never_overlap_and_more_come_as_one_zooms(draw: Any) -> None:
    labels = labels_of(12, 40, 120, 300)
    whole = draw(labels)
    assert 8 <= len(whole) <= 15
    levels = {label["text"]: label["level"] for label in labels}
    assert {levels[text] for text in texts(whole)} <= {0, 1}
    inside = 0
    for zoom in (1.5, 2, 3, 5):
        found = draw(labels, zoom)
        assert 5 <= len(found) <= 15
        near = {
            label["text"]
            for label in labels
            if max(abs(label["x"] - 0.5), abs(label["y"] - 0.5)) < 0.5 / zoom
        }
        assert texts(found) <= near
        assert len(found) > len(texts(whole) & near)
        inside = max(inside, *(levels[one["text"]] for one in found))
    assert inside == 3
    assert texts(draw(labels)) == texts(whole)


def test_coarser_levels_and_larger_regions_come_first(draw: Any) -> None:
    place = {"x": 0.5, "y": 0.5}
    crowd = [
        {**place, "level": 1, "size": 500, "text": "finer"},
        *({**place, "level": 0, "size": size, "text": f"size {size}"} for size in (20, 90, 40)),
    ]
    found = draw(crowd)
    assert found[0]["text"] == "size 90"
    middle = (LEFT + WIDTH / 2, TOP + HEIGHT / 2)
    assert (found[0]["left"] + found[0]["right"]) / 2 == pytest.approx(middle[0], abs=1)
    assert (found[0]["top"] + found[0]["bottom"]) / 2 == pytest.approx(middle[1], abs=1)
    spread = [{**one, "x": 0.2 + 0.2 * row} for row, one in enumerate(crowd)]
    sizes = {one["text"]: one["size"] for one in draw(spread)}
    assert sizes == {"finer": "13px", "size 20": "14px", "size 90": "14px", "size 40": "14px"}


def test_a_label_at_the_edge_moves_in_and_one_outside_is_left_out(draw: Any) -> None:
    corners = [
        {"x": x, "y": y, "level": 0, "size": 9, "text": f"a long label at {x} and {y}"}
        for x in (0.0, 1.0)
        for y in (0.0, 1.0)
    ]
    outside = {"x": 1.01, "y": 0.5, "level": 0, "size": 99, "text": "outside"}
    assert texts(draw([*corners, outside])) == texts(corners)


def test_a_text_that_breaks_takes_no_more_room_than_its_lines(draw: Any) -> None:
    place = {"x": 0.5, "y": 0.5, "level": 0, "size": 9}
    found = draw([{**place, "text": "subscription, cancelled, coffee"}])
    lines = """() => {
        const range = document.createRange();
        range.selectNodeContents(document.querySelector(".wb-label"));
        return [...range.getClientRects()].map((line) => line.width);
    }"""
    widths = draw.page.evaluate(lines)
    assert len(widths) == 2
    assert found[0]["right"] - found[0]["left"] == pytest.approx(max(widths), abs=2.5)
    assert found[0]["bottom"] - found[0]["top"] < 40
    draw.page.evaluate("document.querySelector('.workbench-host').style.width = '450px'")
    narrow = draw([{**place, "text": "subscription, cancelled, coffee"}], area=(400, 400, 0, 0))
    assert len(draw.page.evaluate(lines)) == 3
    assert narrow[0]["right"] - narrow[0]["left"] < min(130, max(widths))
    assert 40 < narrow[0]["bottom"] - narrow[0]["top"] < 60


def test_a_small_plot_has_fewer_labels(draw: Any) -> None:
    labels = labels_of(12, 40, 120)
    small = draw(labels, area=(300, 200, 10, 10))
    assert 1 <= len(small) <= 3
    assert texts(small) <= {label["text"] for label in labels if label["level"] == 0}
    assert draw(labels, area=(20, 8, 0, 0)) == []
    assert draw([]) == []


def test_hostile_texts_are_texts(draw: Any) -> None:
    rows = [text.replace("\x00", "") for text in HOSTILE]
    labels = [
        {
            "x": 0.2 + 0.3 * (row % 3),
            "y": 0.1 + row // 3 * 0.25,
            "level": 0,
            "size": 9,
            "text": text,
        }
        for row, text in enumerate(rows)
    ]
    labels.append({"x": 0.5, "y": 0.98, "level": 0, "size": 5, "text": "long" * 60})
    found = draw(json.loads(json.dumps(labels)))
    assert len(found) >= 10
    assert texts(found) <= texts(labels)
    for one in found:
        assert (one["name"], one["dir"], one["hidden"]) == ("wb-label", "auto", "true")
        assert one["nodes"] == 1
    assert draw.page.locator(".wb-overlay *").count() == len(found)


def test_labels_are_cleared_and_measured_anew_when_they_can_be_seen(draw: Any) -> None:
    labels, page = labels_of(10), draw.page
    whole = draw(labels)
    page.evaluate("window.placed.clearLabels(document.querySelector('.wb-overlay'))")
    assert page.locator(".wb-label").count() == 0
    show = "shown => { document.querySelector('.workbench-host').hidden = !shown; }"
    page.evaluate(show, False)
    fresh = labels_of(10, seed=1)
    assert draw(fresh) == []
    page.evaluate(show, True)
    assert len(draw(fresh)) >= 5
    assert draw(labels) == whole


def test_what_is_over_an_outline_of_the_ground_can_be_read(draw: Any) -> None:
    draw(labels_of(5))
    look = """() => {
        const { color, textShadow } = getComputedStyle(document.querySelector(".wb-label"));
        return [color, textShadow];
    }"""
    light = draw.page.evaluate(look)
    draw.page.evaluate("document.querySelector('.workbench-host').dataset.theme = 'dark'")
    dark = draw.page.evaluate(look)
    assert (light[0], dark[0]) == ("rgb(36, 41, 47)", "rgb(228, 230, 234)")
    assert "rgb(255, 255, 255)" in light[1]
    assert "rgb(22, 24, 28)" in dark[1]
