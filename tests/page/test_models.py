"""Figures of models and of ranks in a real browser, used with mouse and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from workbench.analysis.retrieval_search import SearchHits
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.page import render_page
from workbench.views import (
    View,
    agreement_view,
    forest_view,
    heatmap_view,
    ranks_view,
    tradeoff_view,
)
from workbench.views.comparison import comparison_sections
from workbench.views.theme import INK, MUTED, PALETTE

from ..comparisons import make_comparison, make_corpus
from .conftest import HOSTILE, Figure

pytestmark = pytest.mark.browser

NAMES = (
    "<b>$x$</b><script>window.ran = 1</script>",
    '"><img src=x onerror="window.ran=2">',
    "plain",
)
TASK = "sts: ticket pairs"


@pytest.fixture(scope="module")
def views() -> list[View]:
    """Return quality and speed, a forest and agreement: three models with names like markup."""
    comparison = make_comparison(3, 1, names=NAMES)
    assert comparison.agreement is not None
    return [
        tradeoff_view(comparison),
        forest_view(comparison, TASK, reference=NAMES[1]),
        agreement_view(comparison.agreement, fingerprint=comparison.fingerprint),
    ]


@pytest.fixture(scope="module")
def ranks() -> View:
    """Return what three models find in hostile texts."""
    corpus = make_corpus(texts=HOSTILE)
    queries = Embeddings.from_array(np.eye(2), Corpus((HOSTILE[0], "other")))
    searched = Embeddings.from_array(np.ones((len(corpus), 2)), corpus)
    scores = np.array([[0.9, 0.8, 0.25]] * 2)
    orders = ([0, 1, 2], [1, 0, 5], [2, 1, 7])
    hits = {
        name: SearchHits(np.array([order, order]), scores, queries, searched)
        for name, order in zip(NAMES, orders, strict=True)
    }
    return ranks_view(hits)


def place_of(view: View, row: int) -> tuple[float, float]:
    """Return where a model is drawn."""
    (trace,) = [t for t in view.figure.data if t.customdata is not None and t.customdata[0] == row]
    return float(trace.x[0]), float(trace.y[0])


def dimmed(figure: Figure) -> list[bool]:
    """Return, per drawn model, whether it stands back."""
    found: list[bool] = figure.part("plot").evaluate(
        "plot => plot.data.filter((t) => t.customdata).map((t) => (t.opacity ?? 1) < 1)"
    )
    return found


def test_pointing_at_a_model_shows_its_numbers(
    views: list[View], opened: Callable[..., Any]
) -> None:
    page = opened(render_page(views, title="x"))
    for place in (0, 1):
        figure = page.figure(place)
        for row in range(3):
            figure.hover(*place_of(views[place], row))
            expect(figure.part("value")).to_have_text(NAMES[row])
            said = figure.part("readout").inner_text()
            for name in ("score", "interval", "texts/s", "dimension"):
                assert f"{name}\n{views[place].texts[name][row]}" in said
        assert figure.part("readout").locator("b, img, script").count() == 0


def test_a_click_follows_a_model_through_all_figures(
    views: list[View], opened: Callable[..., Any]
) -> None:
    page = opened(render_page(views, title="x"))
    first, forest, matrix = (page.figure(place) for place in range(3))
    first.click(*place_of(views[0], 2))
    for figure in (first, forest, matrix):
        expect(figure.part("count")).to_have_text("1 of 3 models selected")
        assert figure.selected_ids() == ["plain"]
        assert figure.part("table").locator("thead th").first.text_content() == "model"
    forest.until("plot.data.some((trace) => trace.opacity < 1)")
    assert dimmed(forest) == [True, True, False]
    matrix.until("plot.data.length === 2")
    assert matrix.traces()[1]["x"] == [2]
    forest.click(*place_of(views[1], 2))
    expect(first.part("count")).to_have_text("")
    first.until("plot.data.every((trace) => (trace.opacity ?? 1) === 1)")


def test_shift_adds_a_model(views: list[View], opened: Callable[..., Any]) -> None:
    figure = opened(render_page(views[1:2], title="x")).figure()
    figure.click(*place_of(views[1], 0))
    expect(figure.part("count")).to_have_text("1 of 3 models selected")
    figure.page.keyboard.down("Shift")
    figure.click(*place_of(views[1], 1))
    figure.page.keyboard.up("Shift")
    expect(figure.part("count")).to_have_text("2 of 3 models selected")


def test_models_are_reached_with_the_keyboard(
    views: list[View], opened: Callable[..., Any]
) -> None:
    figure = opened(render_page(views[1:2], title="x")).figure()
    plot = figure.part("plot")
    assert plot.get_attribute("tabindex") == "0"
    assert plot.get_attribute("aria-label") == "Models: arrow keys and Enter"
    plot.focus()
    for expected in (0, 1, 2, 2):
        plot.press("ArrowDown")
        expect(figure.part("value")).to_have_text(NAMES[expected])
    plot.press("ArrowUp")
    plot.press("Enter")
    expect(figure.part("count")).to_have_text("1 of 3 models selected")
    assert figure.selected_ids() == [NAMES[1]]


def test_a_cell_tells_how_alike_two_models_are(
    views: list[View], opened: Callable[..., Any]
) -> None:
    figure = opened(render_page(views[2:], title="x")).figure()
    figure.hover(2, 0)
    expect(figure.part("value")).to_have_text(f"{NAMES[0]} and {NAMES[2]}")
    said = figure.part("readout").inner_text()
    for measure in views[2].meta["measures"]:
        assert f"{measure['name']}\n{measure['values'][0][2]:.3f}" in said
    figure.click(2, 0)
    expect(figure.part("count")).to_have_text("2 of 3 models selected")
    figure.until("plot.data.length === 2 && plot.data[1].x.length === 2")
    figure.part("plot").focus()
    figure.part("plot").press("ArrowDown")
    expect(figure.part("value")).to_have_text(NAMES[0])
    figure.part("plot").press("ArrowRight")
    expect(figure.part("value")).to_have_text(f"{NAMES[0]} and {NAMES[1]}")
    figure.part("plot").press("Enter")
    expect(figure.part("table").locator("tbody tr").nth(1)).to_contain_text(NAMES[1])


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_models_have_the_colours_of_the_theme(
    mode: str, views: list[View], opened: Callable[..., Any]
) -> None:
    page = opened(render_page(views[:2], title="x"), color_scheme=mode)
    colors = [trace["color"] for trace in page.figure(0).traces() if trace["rows"]]
    assert colors == list(PALETTE[mode][:3])
    shown = {t["color"] for t in page.figure(1).traces() if t["rows"]}
    assert shown == {PALETTE[mode][2], PALETTE[mode][5], INK[mode]}
    read = "plot => plot.data.map((trace) => trace.line?.color ?? null)"
    assert MUTED[mode] in page.figure(0).part("plot").evaluate(read)


def test_a_narrow_forest_keeps_room_for_its_rows(
    views: list[View], opened: Callable[..., Any]
) -> None:
    page = opened(render_page(views[1:2], title="x"), viewport={"width": 420, "height": 900})
    figure = page.figure()
    assert figure.part("plot").locator(".annotation").count() == 0
    width = figure.part("plot").evaluate("plot => plot._fullLayout.xaxis._length")
    assert width > 150


def test_twelve_long_names_do_not_overlap(opened: Callable[..., Any]) -> None:
    names = [f"organisation/embedding-model-{row:02}" for row in range(12)]
    comparison = make_comparison(12, 1, names=names)
    assert comparison.agreement is not None
    views = [
        tradeoff_view(comparison),
        forest_view(comparison, TASK),
        agreement_view(comparison.agreement),
    ]
    page = opened(render_page(views, title="x"))
    for place in range(3):
        figure = page.figure(place)
        for kind in (".ytick text", ".xtick text", ".legendtext", ".annotation-text"):
            boxes = (
                figure.part("plot")
                .locator(kind)
                .evaluate_all(
                    "nodes => nodes.map((node) => node.getBoundingClientRect())"
                    ".map((box) => [box.x, box.y, box.right, box.bottom])"
                )
            )
            for at, one in enumerate(boxes):
                for other in boxes[at + 1 :]:
                    apart = one[2] <= other[0] + 1 or other[2] <= one[0] + 1
                    below = one[3] <= other[1] + 1 or other[3] <= one[1] + 1
                    assert apart or below, (place, kind, one, other)


def test_ranks_show_texts_as_texts(ranks: View, opened: Callable[..., Any]) -> None:
    figure = opened(render_page([ranks], title="x")).figure()
    cards = figure.part("ranks-column").nth(1).locator("button")
    assert cards.count() == 3
    expect(cards.first.locator(".wb-ranks-words")).to_have_text(HOSTILE[1])
    assert figure.part("ranks").locator("script, img, b, a").count() == 0
    assert figure.part("ranks-model").all_text_contents() == [
        name if len(name) <= 60 else f"{name[:59]}…" for name in NAMES
    ]
    expect(figure.part("subtitle")).to_have_text(f"query: {HOSTILE[0]}")
    assert figure.part("alone").count() == 2
    # 0 and 1 are with the first and the second, 1 with the second and the third.
    assert figure.part("ranks-lines").locator("line").count() == 3


def test_pointing_at_a_text_tells_its_ranks(ranks: View, opened: Callable[..., Any]) -> None:
    figure = opened(render_page([ranks], title="x")).figure()
    card = figure.part("ranks-column").nth(2).locator("button").first
    card.hover()
    expect(figure.part("readout")).to_contain_text(HOSTILE[2])
    said = figure.part("readout").inner_text()
    assert "rank 3, cosine 0.250" in said
    assert "not among the first 3" in said
    assert "rank 1, cosine 0.900" in said
    assert figure.part("pointed").count() == 2


def test_a_text_is_chosen_with_mouse_or_keys(ranks: View, opened: Callable[..., Any]) -> None:
    corpus = make_corpus(texts=HOSTILE)
    from workbench.analysis import similarity_matrix

    vectors = Embeddings.from_array(np.random.default_rng(0).normal(size=(12, 4)), corpus)
    page = opened(render_page([ranks, heatmap_view(similarity_matrix(vectors))], title="x"))
    figure, other = page.figure(0), page.figure(1)
    card = figure.part("ranks-column").nth(0).locator("button").nth(1)
    card.click()
    expect(figure.part("count")).to_have_text("1 of 5 texts selected")
    expect(figure.root.locator("button[aria-pressed=true]")).to_have_count(3)
    expect(figure.part("chosen")).to_have_count(2)
    expect(other.part("count")).to_have_text("1 of 12 texts selected")
    assert other.selected_ids() == ["t01"]
    card.focus()
    page.page.keyboard.press("Enter")
    expect(figure.part("count")).to_have_text("")
    expect(card).to_be_focused()


def test_a_whole_comparison_opens_from_disk(opened: Callable[..., Any]) -> None:
    comparison = make_comparison(4, 2, names=NAMES, failed=1, corpus=make_corpus(texts=HOSTILE * 2))
    page = opened(render_page([], title="<b>", sections=comparison_sections(comparison)))
    for place in range(6):
        page.figure(place)
    assert page.page.locator(".wb-error:visible").count() == 0
    card = page.page.locator(".wb-card")
    expect(card.locator(".wb-sentence")).to_have_text(comparison.decision.sentence)
    order = page.page.locator("h2").all_text_contents()
    assert order.index("What the models read of the texts") < order.index("Scores")
    summary = page.page.locator("summary", has_text="all metrics").first
    summary.click()
    expect(page.page.get_by_text("further examples").first).to_be_visible()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_cards_can_be_read_in_light_and_dark(mode: str, opened: Callable[..., Any]) -> None:
    comparison = make_comparison(3, 1)
    page = opened(
        render_page([], title="x", sections=comparison_sections(comparison)), color_scheme=mode
    )
    contrast = """node => {
        const light = (color) => {
            const [r, g, b] = color.match(/[\\d.]+/g).map((c) => c / 255)
                .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const behind = (n) => {
            const color = getComputedStyle(n).backgroundColor;
            return /, 0\\)$/.test(color) ? behind(n.parentElement) : color;
        };
        const pair = [light(getComputedStyle(node).color), light(behind(node))];
        pair.sort((a, b) => a - b);
        return (pair[1] + 0.05) / (pair[0] + 0.05);
    }"""
    for part in (".wb-sentence", ".wb-card dt", ".wb-worse", ".wb-quiet", "summary", "thead th"):
        ratio = page.page.locator(f".workbench-comparison {part}").first.evaluate(contrast)
        assert ratio >= 4.5, (part, ratio)
