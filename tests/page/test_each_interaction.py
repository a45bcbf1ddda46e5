"""What a person does with a figure, once each: by mouse and by key, live and in a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from workbench.analysis import (
    Clustering,
    Projection,
    block_similarities,
    cluster,
    map_labels,
    map_quality,
    project,
    similarity_matrix,
)
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.page import render_page
from workbench.views import View, blocks_view, heatmap_view, map_view, texts_view, view_of

from .conftest import Figure

pytestmark = [pytest.mark.browser, pytest.mark.soak]

TOPICS = ("refund money", "parcel late", "password login")
Show = Callable[[View], Figure]


@dataclass(frozen=True)
class Example:
    """Texts on three topics, and what was computed of them."""

    corpus: Corpus
    topics: np.ndarray[Any, Any]
    projection: Projection
    clustering: Clustering
    map: View
    matrix: View  # all pairs, or groups where they are too many
    clusters: View

    def rows(self, *topics: int) -> int:
        return int(np.isin(self.topics, topics).sum())

    def says(self, count: int) -> str:
        return f"{count:,} of {len(self.corpus):,} texts selected"


@pytest.fixture(scope="module", params=[600, 20_000])
def example(request: pytest.FixtureRequest) -> Example:
    count = request.param
    rng = np.random.default_rng(0)
    topics = rng.choice(3, size=count, p=[0.5, 0.3, 0.2])
    corpus = Corpus(
        tuple(f"{TOPICS[topic]} {row}" for row, topic in enumerate(topics)),
        columns={
            "topic": [TOPICS[topic] for topic in topics],
            "size": rng.normal(size=count),
            "day": np.datetime64("2026-01-01", "ns") + np.arange(count).astype("timedelta64[h]"),
        },
        label="topic",
    )
    vectors = 4 * np.eye(8)[topics] + rng.normal(size=(count, 8))
    embeddings = Embeddings.from_array(vectors, corpus)
    projection = project(embeddings, method="pca")
    clustering = cluster(embeddings, method="kmeans", n_clusters=3)
    drawn = map_view(
        projection,
        clustering=clustering,
        quality=map_quality(projection),
        labels=map_labels(projection),
    )
    matrix = (
        heatmap_view(similarity_matrix(embeddings), order="label")
        if count <= 2000
        else blocks_view(block_similarities(embeddings, corpus.columns["topic"]))
    )
    return Example(corpus, topics, projection, clustering, drawn, matrix, view_of(clustering))


@pytest.fixture(params=["report", "live"])
def show(request: pytest.FixtureRequest, opened: Callable[..., Any], live: Show) -> Show:
    if request.param == "live":
        return live
    return lambda view: opened(render_page([view], title="x")).figure()


def expect_selected(figure: Figure, example: Example, count: int) -> None:
    expect(figure.part("count")).to_have_text(example.says(count), timeout=20_000)


def selected(figure: Figure) -> int:
    return int(str(figure.part("count").text_content()).split()[0].replace(",", ""))


def legend(figure: Figure, topic: int) -> Any:
    return figure.part("legend-entry").filter(has_text=TOPICS[topic])


def test_a_map_by_mouse(example: Example, show: Show) -> None:
    figure = show(example.map)
    page, places = figure.page, example.projection.coordinates.astype(np.float64)
    expect(figure.root.locator(".wb-label").first).to_be_visible()
    row = int(np.argmin(np.linalg.norm(places - np.median(places, axis=0), axis=1)))
    figure.hover(*places[row].tolist())
    expect(figure.root.locator(".wb-over line")).to_have_count(10)

    figure.root.get_by_label("Fade doubtful texts").check()
    figure.until("plot.data.some(trace => trace.marker.opacity === 0.1)")
    figure.root.get_by_label("Fade doubtful texts").uncheck()
    for column in ("size", "day", "cluster", "real_share", "topic"):
        figure.part("color").select_option(column)
        scale = "true" if column in ("size", "day", "real_share") else "false"
        figure.until(f"plot.data.some(trace => trace.marker.showscale) === {scale}")

    legend(figure, 1).click()
    expect_selected(figure, example, example.rows(1))
    legend(figure, 2).click(modifiers=["Shift"])
    expect_selected(figure, example, example.rows(1, 2))
    figure.part("search").fill(TOPICS[1])
    expect(figure.part("hits")).to_contain_text("matches")
    figure.part("combine").select_option("intersect")
    figure.part("select-hits").click()
    expect_selected(figure, example, example.rows(1))
    figure.part("combine").select_option("subtract")
    legend(figure, 1).click()
    expect(figure.part("count")).to_have_text("")
    figure.part("search").fill("")

    figure.part("combine").select_option("replace")
    low, high = np.quantile(places, 0.1, axis=0), np.quantile(places, 0.7, axis=0)
    figure.lasso(tuple(low), tuple(high))
    some = 0.02 * np.ptp(places, axis=0)  # pixels: the outline is drawn by hand
    least, most = (
        int(((places > low + spare) & (places < high - spare)).all(axis=1).sum())
        for spare in (some, -some)
    )
    expect(figure.part("count")).to_contain_text("texts selected")
    figure.page.wait_for_timeout(300)
    lassoed = selected(figure)
    assert least <= lassoed <= most
    figure.part("plot").locator("[data-val=select]").click()
    figure.part("combine").select_option("add")
    figure.box(tuple(np.quantile(places, 0.4, axis=0)), tuple(places.max(axis=0)))
    expect(figure.part("count")).not_to_have_text(example.says(lassoed))
    assert selected(figure) > lassoed
    figure.part("combine").select_option("replace")

    legend(figure, 0).click()
    figure.part("keep-name").fill("mine")
    figure.part("keep").click()
    figure.part("clear").click()
    figure.part("recall").click()
    expect_selected(figure, example, example.rows(0))
    expect(figure.part("special-words")).to_contain_text("refund")
    figure.part("table").locator("th button", has_text="size").click()
    first = float(figure.part("table").locator("tbody tr").first.locator("td").nth(4).inner_text())
    sizes = np.asarray(example.corpus.columns["size"])[example.topics == 0]
    assert first == pytest.approx(sizes.min(), abs=0.01)
    figure.part("twin-button").click()
    expect(figure.part("twin").locator("tbody tr").first).to_be_visible()
    wide = figure.part("plot").evaluate("plot => plot._fullLayout.xaxis.range")
    figure.part("plot").locator('[data-title="Zoom in"]').click()
    figure.until("plot._fullLayout.xaxis.range[1] < given.end", end=wide[1])
    page.mouse.move(5, 5)


def test_a_map_by_key(example: Example, show: Show) -> None:
    figure = show(example.map)
    press = figure.page.keyboard.press
    figure.part("plot").focus()
    wide = figure.part("plot").evaluate("plot => plot._fullLayout.xaxis.range")
    press("ArrowRight")
    press("ArrowUp")
    expect(figure.root.locator(".wb-over line")).to_have_count(10)
    press("Enter")
    expect_selected(figure, example, 1)
    press("+")
    figure.until("plot._fullLayout.xaxis.range[1] < given.end", end=wide[1])
    press("Home")
    figure.until("Math.abs(plot._fullLayout.xaxis.range[1] - given.end) < 1e-6", end=wide[1])

    figure.root.get_by_label("Fade doubtful texts").focus()
    press("Space")
    figure.until("plot.data.some(trace => trace.marker.opacity === 0.1)")
    figure.part("color").focus()
    before = figure.part("color").input_value()
    press("ArrowUp")
    press("ArrowUp")
    assert figure.part("color").input_value() != before
    figure.part("color").select_option("topic")
    legend(figure, 1).focus()
    press("Enter")
    expect_selected(figure, example, example.rows(1))
    legend(figure, 2).focus()
    press("Shift+Enter")
    expect_selected(figure, example, example.rows(1, 2))
    figure.part("combine").focus()
    press("End")
    assert figure.part("combine").input_value() == "intersect"
    figure.part("search").focus()
    figure.page.keyboard.type(TOPICS[1])
    expect(figure.part("hits")).to_contain_text("matches")
    figure.part("select-hits").focus()
    press("Enter")
    expect_selected(figure, example, example.rows(1))
    figure.part("keep-name").focus()
    figure.page.keyboard.type("mine")
    press("Enter")
    figure.part("clear").focus()
    press("Enter")
    figure.part("recall").focus()
    press("Enter")
    expect_selected(figure, example, example.rows(1))
    figure.part("table").locator("th button", has_text="size").focus()
    press("Enter")
    expect(figure.part("table").locator("th[aria-sort=ascending]")).to_contain_text("size")
    figure.part("twin-button").focus()
    press("Enter")
    expect(figure.part("twin").locator("tbody tr").first).to_be_visible()


def test_a_matrix_by_mouse_and_key(example: Example, show: Show) -> None:
    figure = show(example.matrix)
    figure.hover(1, 0)
    expect(figure.part("readout")).to_contain_text("cosine")
    figure.click(1, 0)
    blocks = example.matrix.meta.get("blocks")
    pair = 2 if blocks is None else blocks[0]["size"] + blocks[1]["size"]
    expect_selected(figure, example, pair)
    figure.part("clear").click()
    figure.part("plot").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Enter"):
        figure.page.keyboard.press(key)
    assert selected(figure) > 0
    figure.part("twin-button").focus()
    figure.page.keyboard.press("Enter")
    expect(figure.part("twin").locator("tbody tr").first).to_be_visible()


def test_clusters_by_mouse_and_key(example: Example, show: Show) -> None:
    figure = show(example.clusters)
    sizes = [one["size"] for one in example.clusters.meta["clusters"]]
    figure.click(sizes[1] / 2, 1)
    expect_selected(figure, example, sizes[1])
    figure.part("clear").click()
    figure.part("plot").focus()
    figure.page.keyboard.press("ArrowDown")
    figure.page.keyboard.press("Enter")
    expect_selected(figure, example, sizes[0])
    figure.part("near-cluster").first.focus()
    figure.page.keyboard.press("Enter")
    near = dict(
        zip([one["label"] for one in example.clusters.meta["clusters"]], sizes, strict=True)
    )
    expect_selected(figure, example, near[example.clusters.meta["clusters"][0]["nearest"][0][0]])


def test_texts_by_mouse_and_key(example: Example, show: Show) -> None:
    figure = show(texts_view(example.corpus))
    figure.part("search").fill(TOPICS[2])
    expect(figure.part("hits")).to_contain_text(f"{example.rows(2):,} matches")
    figure.part("select-hits").click()
    expect_selected(figure, example, example.rows(2))
    figure.part("search").fill("")
    box = figure.root.locator(".wb-texts input[type=checkbox]").first
    box.click()
    expect_selected(figure, example, example.rows(2) - 1)
    figure.root.get_by_label("Show", exact=True).select_option("all")
    box.focus()
    figure.page.keyboard.press("Space")
    assert selected(figure) in (example.rows(2), example.rows(2) - 2)
