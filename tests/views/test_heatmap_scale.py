"""The scale beside a heatmap: bars of its pairs, a line of random ones, ends that say so."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from workbench.analysis import similarity_difference, similarity_distribution, similarity_matrix
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.views import View, difference_view, heatmap_view


def embedded(vectors: np.ndarray) -> Embeddings:
    return Embeddings.from_array(vectors, [f"text {row}" for row in range(len(vectors))])


def scaled(embeddings: Embeddings, **options: object) -> View:
    matrix = similarity_matrix(embeddings)
    found = similarity_distribution(matrix, n_pairs=500)
    return heatmap_view(matrix, distribution=found, **options)


def part(view: View, name: str) -> object:
    (found,) = (trace for trace in view.figure.data if (trace.meta or {}).get("part") == name)
    return found


def test_bars_are_shares_of_the_pairs_along_the_colours() -> None:
    vectors = np.random.default_rng(0).normal(size=(40, 6)) + 1.0
    view = scaled(embedded(vectors))
    cosines = cosine_similarity(vectors)[np.triu_indices(40, 1)]
    counts, edges = np.histogram(cosines, np.linspace(0, 1, 26))
    counts[0] += np.count_nonzero(cosines < 0)
    bars = part(view, "histogram")
    np.testing.assert_allclose(bars.y, (edges[:-1] + edges[1:]) / 2)
    np.testing.assert_allclose(bars.x, counts / 780, atol=1e-6)
    assert sum(part(view, "baseline").x) == pytest.approx(1)
    assert (view.meta["random_pairs"], view.meta["all_pairs"]) == (500, False)


def test_a_pile_at_the_end_is_cut_and_its_share_is_on_it() -> None:
    vectors = np.random.default_rng(0).normal(size=(210, 4))
    view = scaled(embedded(vectors))
    bars = part(view, "histogram")
    below = np.count_nonzero(similarity_matrix(embedded(vectors)).pairs() < 0.04) / (210 * 209 / 2)
    assert bars.x[0] == pytest.approx(below, abs=1e-3)
    longest = view.figure.layout.xaxis2.range[0]
    assert max(bars.x[1:]) < longest < bars.x[0]
    assert list(bars.text) == [f"{below:.0%}".replace("%", " %"), *[""] * 24]
    even = scaled(embedded(np.random.default_rng(0).normal(size=(40, 6)) + 1.0))
    assert even.figure.layout.xaxis2.range is None


def test_few_texts_are_compared_with_all_pairs() -> None:
    matrix = similarity_matrix(embedded(np.eye(3) + 0.2))
    found = similarity_distribution(matrix)
    assert found.all_pairs
    assert heatmap_view(matrix, distribution=found).meta["all_pairs"]


def test_the_scale_of_a_difference_says_where_it_ends() -> None:
    one, other = (similarity_matrix(embedded(rows)) for rows in (np.eye(3), np.ones((3, 3))))
    bar = difference_view(similarity_difference(one, other)).figure.data[0].colorbar
    assert list(bar.ticktext) == ["≤ −0.50", "−0.25", "0.00", "0.25", "0.50"]


@pytest.mark.parametrize(
    ("ends", "names"),
    [
        ((0.9, 0.906), ["≤ 0.9000", "0.9015", "0.9030", "0.9045", "≥ 0.9060"]),
        ((0.5, 0.9), ["≤ 0.50", "0.60", "0.70", "0.80", "≥ 0.90"]),
        ((0.0, 0.7), ["≤ 0.00", "0.17", "0.35", "0.52", "≥ 0.70"]),
    ],
)
def test_ticks_have_the_decimals_that_tell_them_apart(
    ends: tuple[float, float], names: list[str]
) -> None:
    source = embedded(np.random.default_rng(0).normal(size=(30, 3)))
    view = heatmap_view(similarity_matrix(source), color_range=ends)
    assert list(view.figure.data[0].colorbar.ticktext) == names


@pytest.mark.parametrize("ends", ["01", ("0", "1"), ("0", 1)])
def test_ends_of_the_colours_are_numbers(ends: object) -> None:
    matrix = similarity_matrix(embedded(np.eye(3) + 0.2))
    with pytest.raises(InputError, match=r"color_range: expected two numbers, .* got .*0.*1"):
        heatmap_view(matrix, color_range=ends)
