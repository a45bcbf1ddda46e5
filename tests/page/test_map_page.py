"""A map in a real browser: legend, doubtful texts, real neighbours, and many texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from workbench.analysis import AlignedMaps, Projection, aligned_maps, map_quality, project
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.page import render_page
from workbench.views import View, map_view, view_of

pytestmark = pytest.mark.browser

MANY = 30_000
DRAWN = "plot.data.reduce((sum, trace) => sum + trace.x.length, 0)"


def embedded(count: int, seed: int = 0) -> Embeddings:
    """Return texts in three groups of decreasing size."""
    rng = np.random.default_rng(seed)
    owner = rng.choice(3, size=count, p=[0.5, 0.3, 0.2])
    corpus = Corpus(
        tuple(f"text number {row}" for row in range(count)),
        columns={"group": [f"group {one}" for one in owner]},
        label="group",
    )
    vectors = 4 * np.eye(8)[owner] + rng.normal(size=(count, 8))
    return Embeddings.from_array(vectors, corpus, name="random")


@pytest.fixture(scope="module")
def projection() -> Projection:
    return project(embedded(120), method="pca")


@pytest.fixture(scope="module")
def trusted(projection: Projection) -> View:
    return map_view(projection, quality=map_quality(projection))


@pytest.fixture(scope="module")
def thousands() -> View:
    return map_view(project(embedded(MANY), method="pca"))


def test_a_legend_entry_selects_its_texts(trusted: View, opened: Callable[..., Any]) -> None:
    figure = opened(render_page([trusted], title="x")).figure()
    entries = figure.part("legend-entry")
    sizes = trusted.texts["group"].value_counts()
    said = figure.part("legend-count").all_text_contents()
    assert said == [f"{size} · {100 * size / 120:.0f} %" for size in sizes]
    entries.nth(1).click()
    expect(figure.part("count")).to_have_text(f"{sizes.iloc[1]} of 120 texts selected")
    expect(entries.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(entries.nth(0)).to_have_attribute("aria-pressed", "false")
    entries.nth(0).focus()
    figure.page.keyboard.press("Enter")
    expect(figure.part("count")).to_have_text(f"{sizes.iloc[0]} of 120 texts selected")
    expect(entries.nth(0)).to_be_focused()  # a legend that is drawn again keeps the focus
    assert set(figure.selected_ids()) == set(
        trusted.texts["id"][trusted.texts["group"] == sizes.index[0]]
    )


def test_doubtful_texts_stand_back(trusted: View, opened: Callable[..., Any]) -> None:
    figure = opened(render_page([trusted], title="x")).figure()
    doubtful = np.flatnonzero(trusted.meta["doubtful"])
    assert 0 < len(doubtful) < 120
    figure.root.get_by_label("Fade doubtful texts").check()
    figure.until("plot.data.some(trace => trace.marker.opacity === 0.1)")
    faded = figure.part("plot").evaluate(
        "plot => plot.data.filter(t => t.marker.opacity === 0.1).flatMap(t => [...t.customdata])"
    )
    assert sorted(faded) == doubtful.tolist()
    assert sorted(row for trace in figure.traces() for row in trace["rows"]) == list(range(120))
    expect(figure.part("map-note")).to_have_text(trusted.meta["quality"])
    figure.root.get_by_label("Fade doubtful texts").uncheck()
    figure.until("plot.data.every(trace => trace.marker.opacity !== 0.1)")
    expect(figure.part("map-note")).to_be_hidden()


def test_pointing_draws_lines_to_the_real_neighbours(
    trusted: View, projection: Projection, opened: Callable[..., Any]
) -> None:
    figure = opened(render_page([trusted], title="x")).figure()
    row = 17
    figure.hover(*projection.coordinates[row].tolist())
    lines = figure.root.locator(".wb-over line")
    expect(lines).to_have_count(10)
    ends = lines.evaluate_all(
        "lines => lines.map(l => [+l.getAttribute('x2'), +l.getAttribute('y2')])"
    )
    box = figure.part("plot").bounding_box()
    wanted = [figure.pixel(*projection.coordinates[other].tolist())
              for other in trusted.meta["neighbors"][row]]  # fmt: skip
    np.testing.assert_allclose(ends, np.array(wanted) - [box["x"], box["y"]], atol=0.6)
    share = round(100 * float(trusted.texts["real_share"][row]))
    expect(figure.part("readout")).to_contain_text(f"{share} %")
    figure.page.mouse.move(5, 5)
    expect(lines).to_have_count(0)


def test_many_texts_are_thinned_and_it_says_so(thousands: View, opened: Callable[..., Any]) -> None:
    figure = opened(render_page([thousands], title="x")).figure()
    figure.until(f"{DRAWN} === 20000")
    note = figure.part("map-note")
    expect(note).to_contain_text("20,000 of 30,000 texts are drawn")
    shares = [trace["count"] / 20_000 for trace in figure.traces()]
    whole = thousands.texts["group"].value_counts(normalize=True).to_numpy()
    np.testing.assert_allclose(shares, whole, atol=0.01)  # a fair sample
    for _ in range(2):
        figure.part("plot").locator('[data-title="Zoom in"]').click()
        figure.page.wait_for_timeout(300)
    expect(note).to_be_hidden()
    x, y = (np.concatenate([trace[axis] for trace in figure.traces()]) for axis in ("x", "y"))
    ranges = figure.part("plot").evaluate(
        "plot => [plot._fullLayout.xaxis.range, plot._fullLayout.yaxis.range]"
    )
    all_x = np.concatenate([trace.x for trace in thousands.figure.data])
    all_y = np.concatenate([trace.y for trace in thousands.figure.data])
    (left, right), (low, high) = ranges
    inside = (all_x >= left) & (all_x <= right) & (all_y >= low) & (all_y <= high)
    assert len(x) == len(y) == np.count_nonzero(inside)  # detail came back: all of them


def test_a_lasso_selects_all_inside_drawn_or_not(
    thousands: View, opened: Callable[..., Any]
) -> None:
    figure = opened(render_page([thousands], title="x")).figure()
    places = np.zeros((MANY, 2))
    for trace in thousands.figure.data:
        places[trace.customdata] = np.column_stack([trace.x, trace.y])
    low, high = np.quantile(places, 0.3, axis=0), np.quantile(places, 0.6, axis=0)
    figure.lasso(tuple(low), tuple(high))
    expect(figure.part("count")).to_contain_text("of 30,000 texts selected")
    count = int(figure.part("count").text_content().split()[0].replace(",", ""))
    inside = np.count_nonzero(((places > low) & (places < high)).all(axis=1))
    assert count == pytest.approx(inside, rel=0.02)  # the outline is drawn to the pixel
    figure.until(f"plot.data.reduce((s, t) => s + (t.selectedpoints?.length ?? 0), 0) === {count}")


@pytest.fixture(scope="module")
def aligned() -> AlignedMaps:
    given = {"one": embedded(60), "two": Embeddings.from_array(
        embedded(60).vectors[:, ::-1] + 0.1, embedded(60).corpus, name="two")}  # fmt: skip
    return aligned_maps(given, method="pca", progress=False)


def test_aligned_maps_are_linked(aligned: AlignedMaps, opened: Callable[..., Any]) -> None:
    figure = opened(render_page([view_of(aligned)], title="x")).figure()
    figure.hover(*aligned.projections[0].coordinates[5].tolist())
    expect(figure.root.locator(".wb-over .wb-here")).to_have_count(2)  # once on each panel
    expect(figure.part("readout")).to_contain_text("text number 5")
    figure.part("color").select_option("movement: two")
    figure.until("plot.data.length === 2 && plot.data[0].marker.showscale")
    assert {trace["name"] for trace in figure.traces()} == {"movement: two"}
    assert figure.part("plot").locator(".colorbar").count() == 1


def test_pointing_on_one_figure_marks_the_text_on_the_other(
    trusted: View, projection: Projection, opened: Callable[..., Any]
) -> None:
    page = opened(render_page([trusted, map_view(projection)], title="x"))
    second, first = page.figure(1), page.figure(0)
    first.hover(*projection.coordinates[3].tolist())
    here = second.root.locator(".wb-over .wb-here")
    expect(here).to_have_count(1)
    box = second.part("plot").bounding_box()
    left, top = (float(here.get_attribute(name)) for name in ("cx", "cy"))
    wanted = second.part("plot").evaluate(
        "(plot, [x, y]) => { const {xaxis, yaxis} = plot._fullLayout;"
        " return [xaxis._offset + xaxis.d2p(x), yaxis._offset + yaxis.d2p(y)]; }",
        projection.coordinates[3].tolist(),
    )
    assert box is not None
    np.testing.assert_allclose([left, top], wanted, atol=0.6)


def sorted_map(count: int = 60_000) -> View:
    """Return a map of three groups, one after the other."""
    places = np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32)
    corpus = Corpus(
        tuple(f"text {row}" for row in range(count)),
        columns={"group": [f"group {3 * row // count}" for row in range(count)]},
        label="group",
    )
    embeddings = Embeddings.from_array(np.ones((count, 2)), corpus)
    return map_view(Projection(places, embeddings, "pca", {}, 0, float("nan"), 0))


def drawn_by_group(figure: Any) -> dict[str, int]:
    return {trace["name"]: trace["count"] for trace in figure.traces()}


def test_a_large_selection_and_the_rest_are_both_sampled(opened: Callable[..., Any]) -> None:
    figure = opened(render_page([sorted_map()], title="x")).figure()
    figure.part("legend-entry").nth(0).click()
    figure.part("legend-entry").nth(1).click(modifiers=["Shift"])
    note = figure.part("map-note")
    expect(note).to_contain_text("10,000 of 40,000 selected texts and 10,000 of 20,000 others")
    drawn = drawn_by_group(figure)
    assert drawn["group 2"] == 10_000
    assert drawn["group 0"] + drawn["group 1"] == 10_000
    assert drawn["group 0"] == pytest.approx(5_000, abs=300)
    figure.part("clear").click()
    figure.part("search").fill("text 12")
    expect(note).to_contain_text("found texts and")


def test_each_panel_of_aligned_maps_shows_all_in_sight(opened: Callable[..., Any]) -> None:
    first = embedded(24_000)
    second = Embeddings.from_array(
        np.random.default_rng(1).permutation(first.vectors), first.corpus, name="two"
    )
    maps = aligned_maps({"one": first, "two": second}, method="pca", progress=False)
    view = view_of(maps).with_state(viewport={"x": [-1, 0], "y": [-1, 0]})
    figure = opened(render_page([view], title="x")).figure()
    expect(figure.part("map-note")).to_be_hidden()
    inside = "t.x.filter((x, i) => x >= -1 && x <= 0 && t.y[i] >= -1 && t.y[i] <= 0).length"
    for axis, projection in zip(("x", "x2"), maps.projections, strict=True):
        x, y = projection.coordinates.T
        shown = figure.part("plot").evaluate(
            f"(plot, axis) => plot.data.filter(t => (t.xaxis ?? 'x') === axis)"
            f".reduce((sum, t) => sum + {inside}, 0)",
            axis,
        )
        assert shown == np.count_nonzero((x >= -1) & (x <= 0) & (y >= -1) & (y <= 0))


def test_what_has_no_number_has_an_entry_of_the_legend(opened: Callable[..., Any]) -> None:
    values = [float(row) if row % 3 else None for row in range(60)]
    corpus = Corpus(tuple(f"text {row}" for row in range(60)), columns={"size": values})
    embeddings = Embeddings.from_array(np.random.default_rng(0).normal(size=(60, 4)), corpus)
    view = map_view(project(embeddings, method="pca"), color_by="size")
    figure = opened(render_page([view], title="x")).figure()
    expect(figure.part("legend-entry")).to_have_text("(none)20 · 33 %")
    figure.part("legend-entry").click()
    assert figure.selected_ids() == [str(row) for row in range(0, 60, 3)]


def test_hours_are_told_apart_on_the_scale(opened: Callable[..., Any]) -> None:
    minutes = np.datetime64("2026-01-01T09:00", "ns") + np.arange(60).astype("timedelta64[m]")
    corpus = Corpus(tuple(f"text {row}" for row in range(60)), columns={"at": minutes})
    embeddings = Embeddings.from_array(np.random.default_rng(0).normal(size=(60, 4)), corpus)
    view = map_view(project(embeddings, method="pca"), color_by="at")
    figure = opened(render_page([view], title="x")).figure()
    ticks = figure.part("plot").evaluate("plot => plot.data[0].marker.colorbar.ticktext")
    assert ticks[0] == "2026-01-01 09:00"
    assert ticks[-1] == "2026-01-01 09:59"
    assert len(set(ticks)) == 5
