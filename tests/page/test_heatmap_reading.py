"""A heatmap in a real browser, read otherwise than by its colours: table, summary, boxes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from workbench.analysis import block_similarities, similarity_difference, similarity_matrix
from workbench.embeddings import Embeddings
from workbench.page import render_page
from workbench.views import View, blocks_view, difference_view, heatmap_view

pytestmark = pytest.mark.browser


def embedded(count: int, seed: int = 0) -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(count, 6)) + 0.5
    return Embeddings.from_array(vectors, [f"text {row}" for row in range(count)])


def opens(opened: Callable[..., Any], view: View, **context: Any) -> Any:
    return opened(render_page([view], title="x"), **context).figure()


@pytest.mark.parametrize("count", [30, 210])
def test_the_summary_tells_the_middle_and_the_most_similar(
    opened: Callable[..., Any], count: int
) -> None:
    matrix = similarity_matrix(embedded(count))
    figure = opens(opened, heatmap_view(matrix, order="similarity"))
    figure.part("twin-button").click()
    pairs = matrix.pairs()
    step = 0.0 if count <= 200 else 1 / 255
    said = figure.part("summary").text_content()
    assert f"Half of the {len(pairs):,} pairs have a cosine of up to " in said
    middle = float(said.split("up to ")[1].split(";")[0])
    assert middle == pytest.approx(float(np.median(pairs)), abs=0.006 + step)
    most = float(said.rsplit(": ", 1)[1].rstrip("."))
    assert most == pytest.approx(float(pairs.max()), abs=0.006 + step)


def test_a_difference_lists_the_pairs_that_differ_most(opened: Callable[..., Any]) -> None:
    one, two = (similarity_matrix(embedded(30, seed)) for seed in (0, 1))
    difference = similarity_difference(one, two)
    figure = opens(opened, difference_view(difference))
    figure.part("twin-button").click()
    frame = difference.to_frame()
    cells = figure.part("twin-rows").locator("tbody tr").first.locator("td").all_text_contents()
    assert {cells[0], cells[2]} == {frame["row_id"][0], frame["column_id"][0]}
    told = [float(cell.replace("\u2212", "-")) for cell in cells[4:]]
    expected = frame.loc[0, ["difference", "first", "second"]].to_list()
    assert told == pytest.approx(expected, abs=0.006)
    size = frame["difference"].abs().mean()
    expect(figure.part("summary")).to_contain_text(f"435 pairs differ by {size:.4f} on average")


def test_a_box_selects_the_texts_of_its_cells(opened: Callable[..., Any]) -> None:
    figure = opens(opened, heatmap_view(similarity_matrix(embedded(30))))
    assert not figure.root.locator("[data-val=lasso]").count()
    boxed(figure, (3.0, 5.0), (5.0, 6.0))
    expect(figure.part("count")).to_have_text("4 of 30 texts selected")
    assert figure.selected_ids() == ["3", "4", "5", "6"]
    names = [f"kind {row // 10}" for row in range(30)]
    figure = opens(opened, blocks_view(block_similarities(embedded(30), names)))
    boxed(figure, (0.2, 1.8), (0.3, 2.2))
    expect(figure.part("count")).to_have_text("20 of 30 texts selected")


def boxed(figure: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    figure.root.locator("[data-val=select]").click()
    figure.box(start, end)


def test_a_text_with_itself_is_told_once(opened: Callable[..., Any]) -> None:
    figure = opens(opened, heatmap_view(similarity_matrix(embedded(5))))
    figure.hover(2, 2)
    readout = figure.part("readout")
    expect(readout).to_contain_text("cosine 1.0000, the text with itself")
    expect(readout.locator("p.wb-text")).to_have_text(["text 2"])


def test_no_more_height_than_a_narrow_page_needs(opened: Callable[..., Any]) -> None:
    matrix = similarity_matrix(embedded(30))
    figure = opens(opened, heatmap_view(matrix), viewport={"width": 480, "height": 900})
    assert figure.part("plot").bounding_box()["height"] < 460
