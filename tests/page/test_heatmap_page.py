"""Heatmaps in a real browser: pairs read by mouse and key, what they share, groups that list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from workbench.analysis import (
    block_similarities,
    similarity_difference,
    similarity_distribution,
    similarity_matrix,
)
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.page import render_page
from workbench.views import blocks_view, difference_view, heatmap_view

pytestmark = pytest.mark.browser

TEXTS = (
    "the red parcel is late",
    "my red parcel came broken",
    "the password is wrong",
    "<b>reset</b> the password",
)


MOUNT = """json => {
    const place = document.createElement("div");
    document.body.append(place);
    window.asked = [];
    window.mounted = workbenchHost.mount(place, JSON.parse(json), {
        library: () => window.workbenchPage.plotly,
        asks: (name) => name === "open_block",
        onAction: (name, value) => asked.push([name, value]),
        onSelection: (ids) => { window.told = ids; },
    });
}"""


def embedded(seed: int, name: str) -> Embeddings:
    corpus = Corpus(TEXTS * 8, tuple(f"t{row}" for row in range(32)))
    vectors = np.random.default_rng(seed).normal(size=(32, 6)) + 0.5
    return Embeddings.from_array(vectors, corpus, name=name)


def press(figure: Any, *keys: str) -> None:
    figure.part("plot").focus()
    for key in keys:
        figure.page.keyboard.press(key)


def test_a_pair_is_read_with_what_its_similarity_means(opened: Callable[..., Any]) -> None:
    matrix = similarity_matrix(embedded(0, "one"))
    other = similarity_matrix(embedded(1, "two"))
    found = similarity_distribution(matrix)
    view = heatmap_view(matrix, distribution=found, also=[other])
    figure = opened(render_page([view], title="x")).figure()
    press(figure, "ArrowRight")
    value = float(matrix.values[0, 1])
    readout = figure.part("readout")
    expect(readout).to_contain_text(f"cosine {value:.4f}, higher than")
    share = 100 * float(np.mean(found.baseline < value - 1e-5))
    said = readout.locator("> .wb-value").text_content()
    assert float(said.split("than ")[1].split(" %")[0]) == pytest.approx(share, abs=0.15)
    expect(readout).to_contain_text("of all 496 pairs of texts")
    expect(readout.locator("dl")).to_have_text(f"two{other.values[0, 1]:.4f}")
    # Eight of the 32 texts are the same: words in a tenth of the texts and more say nothing.
    expect(readout.locator("mark")).to_have_count(0)
    parts = figure.part("plot").evaluate("plot => plot.data.map(trace => trace.meta?.part ?? null)")
    assert parts[:3] == [None, "histogram", "baseline"]


def test_shared_words_are_marked_as_text(opened: Callable[..., Any]) -> None:
    fillers = tuple(f"other{row} words{row}" for row in range(40))
    texts = ("<i>red</i> parcel came", "a Red parcel went", *fillers)
    vectors = np.random.default_rng(0).normal(size=(42, 4))
    view = heatmap_view(similarity_matrix(Embeddings.from_array(vectors, texts)))
    figure = opened(render_page([view], title="x")).figure()
    press(figure, "ArrowRight")
    readout = figure.part("readout")
    expect(readout.locator("mark")).to_have_text(["red", "parcel", "Red", "parcel"])
    expect(readout).to_contain_text("words in both: red, parcel")
    assert readout.locator("i").count() == 0
    box = figure.pixel(1, 0)
    figure.page.mouse.move(*box)
    press(figure, "Enter")
    expect(figure.part("count")).to_have_text("2 of 42 texts selected")


def test_a_difference_tells_both_models(opened: Callable[..., Any]) -> None:
    one, two = (similarity_matrix(embedded(seed, name)) for seed, name in ((0, "one"), (1, "two")))
    figure = opened(render_page([difference_view(similarity_difference(one, two), order="given")],
                                title="x")).figure()  # fmt: skip
    press(figure, "ArrowRight")
    readout = figure.part("readout")
    expect(readout).to_contain_text(f"cosine difference {one.values[0, 1] - two.values[0, 1]:.4f}")
    expect(readout.locator("dl")).to_have_text(
        f"one{one.values[0, 1]:.4f}two{two.values[0, 1]:.4f}"
    )


def test_a_group_lists_its_texts_by_mouse_and_key(opened: Callable[..., Any]) -> None:
    vectors = embedded(0, "one")
    blocks = block_similarities(vectors, [("a", "b")[row % 2] for row in range(32)])
    figure = opened(render_page([blocks_view(blocks)], title="x")).figure()
    figure.click(0, 0)
    expect(figure.part("readout")).to_contain_text(f"mean cosine {blocks.values[0, 0]:.3f}")
    expect(figure.part("count")).to_have_text("16 of 32 texts selected")
    assert figure.selected_ids() == [f"t{row}" for row in range(0, 32, 2)]
    press(figure, "ArrowRight", "Enter")
    expect(figure.part("count")).to_have_text("32 of 32 texts selected")


def test_it_fits_a_narrow_page(opened: Callable[..., Any]) -> None:
    matrix = similarity_matrix(embedded(0, "one"))
    view = heatmap_view(matrix, order="similarity", distribution=similarity_distribution(matrix))
    narrow = {"width": 400, "height": 800}
    figure = opened(render_page([view], title="x"), viewport=narrow).figure()
    parts = figure.part("plot").evaluate("plot => plot.data.map(trace => trace.meta?.part ?? null)")
    assert "histogram" not in parts
    assert "tree" in parts
    width = figure.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 400


def test_a_group_that_opens_keeps_what_is_selected_elsewhere(opened: Callable[..., Any]) -> None:
    vectors = embedded(0, "one")
    names = [("a", "b")[row % 2] for row in range(32)]
    blocks = blocks_view(block_similarities(vectors, names))
    part = similarity_matrix(vectors.take(range(0, 32, 2)))
    group = heatmap_view(part, sampled_from=vectors.corpus, part="a (16 texts)")
    whole = heatmap_view(similarity_matrix(vectors))
    page = opened(render_page([whole], title="x"))
    other = page.figure()
    page.page.evaluate(MOUNT, blocks.to_json())
    second = page.figure(1)
    press(second, "Enter")
    assert page.page.evaluate("window.asked") == [["open_block", [0, 0]]]
    press(other, "ArrowRight", "Enter")
    for figure in (other, second):
        expect(figure.part("count")).to_have_text("2 of 32 texts selected")
    page.page.evaluate("json => mounted.update(JSON.parse(json))", group.to_json())
    expect(second.part("count")).to_contain_text("1 of 16 texts selected")
    expect(other.part("count")).to_have_text("2 of 32 texts selected")
    # The kernel knows of the one that was here; the other comes back with its group.
    state = """json => mounted.update({ ...JSON.parse(json), state: { selection: ["t0"] } })"""
    page.page.evaluate(state, blocks.to_json())
    expect(second.part("count")).to_have_text("2 of 32 texts selected")
    expect(other.part("count")).to_have_text("2 of 32 texts selected")
    assert page.page.evaluate("window.told") == ["t0", "t1"]


def test_groups_of_two_sets(opened: Callable[..., Any]) -> None:
    vectors = embedded(0, "one")
    columns = Embeddings.from_array(vectors.vectors[:6], TEXTS[:2] * 3)
    names = [("a", "b", "c")[row % 3] for row in range(32)]
    blocks = block_similarities(vectors, names, other=columns, other_by=["x", "y"] * 3)
    figure = opened(render_page([blocks_view(blocks)], title="x")).figure()
    press(figure, "ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight")
    expect(figure.part("readout")).to_contain_text(f"mean cosine {blocks.values[2, 1]:.3f}")
    press(figure, "Enter")
    expect(figure.part("count")).to_have_text("13 of 38 texts selected")


def test_a_page_gives_back_the_cells_and_the_texts_of_each_figure(
    opened: Callable[..., Any],
) -> None:
    vectors = embedded(0, "one")
    whole = heatmap_view(similarity_matrix(vectors))
    some = similarity_matrix(vectors.take(range(0, 32, 2)))
    part = heatmap_view(some, sampled_from=vectors.corpus)
    two_sets = heatmap_view(similarity_matrix(vectors.take(range(3)), vectors.take(range(5, 9))))
    page = opened(render_page([whole, part, two_sets], title="x"))
    for place, view in enumerate((whole, part, two_sets)):
        figure = page.figure(place)
        cells = figure.part("plot").evaluate("plot => plot.data[0].z.map(row => [...row])")
        np.testing.assert_array_equal(np.float32(cells), view.figure.data[0].z)
    figure = page.figure(1)
    press(figure, "ArrowRight", "Enter")
    assert figure.selected_ids() == ["t0", "t2"]


def test_a_kept_pair_is_marked_without_drawing_the_cells_again(opened: Callable[..., Any]) -> None:
    view = heatmap_view(similarity_matrix(embedded(0, "one")))
    figure = opened(render_page([view], title="x")).figure()
    figure.part("plot").evaluate("plot => { window.cells = plot.calcdata; }")
    figure.click(6, 2)
    figure.until("plot.querySelectorAll('.shapelayer path').length === 2")
    expect(figure.part("count")).to_have_text("2 of 32 texts selected")
    figure.until("plot.calcdata === window.cells")
    figure.part("clear").click()
    figure.until("plot.querySelectorAll('.shapelayer path').length === 0")
    figure.until("plot.calcdata === window.cells")
