"""The room beside a heatmap's cells, known before they are drawn: drawing 2,000² takes a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from workbench.analysis import similarity_distribution, similarity_matrix
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.page import render_page
from workbench.views import heatmap_view

pytestmark = pytest.mark.browser

# plotly paints the cells of a heatmap on a canvas of its own and shows them as an image.
COUNT = """
window.paints = 0;
const before = HTMLCanvasElement.prototype.toDataURL;
HTMLCanvasElement.prototype.toDataURL = function (...given) {
  window.paints += 1;
  return before.apply(this, given);
};
"""


def test_the_cells_are_painted_once_and_all_names_fit(opened: Callable[..., Any]) -> None:
    names = ["a", "a label of 24 characters", "<b>WWWWWWWWWWWWWWWWW</b>"]
    corpus = Corpus(
        tuple(f"text {row}" for row in range(210)),
        columns={"l": [names[row % 3] for row in range(210)]},
        label="l",
    )
    vectors = np.random.default_rng(0).normal(size=(210, 4))
    matrix = similarity_matrix(Embeddings.from_array(vectors, corpus))
    view = heatmap_view(matrix, order="label", distribution=similarity_distribution(matrix))
    html = render_page([view], title="x").replace("<head>", f"<head><script>{COUNT}</script>", 1)
    figure = opened(html).figure()
    assert figure.page.evaluate("window.paints") == 1
    inside = """plot => {
        const box = plot.getBoundingClientRect();
        return [...plot.querySelectorAll(".ytick text, .x2title, .ytitle, .cbaxis text")].map(
            (text) => text.getBoundingClientRect()).every((one) => one.width > 0 &&
            one.left >= box.left && one.right <= box.right && one.bottom <= box.bottom + 0.5);
    }"""
    assert figure.part("plot").evaluate(inside)
