"""Figures about clusters in a real browser: each drawn, pointed at, chosen by mouse and by key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from workbench.analysis import (
    cluster,
    cluster_facts,
    cluster_hierarchy,
    cluster_stability,
    sweep,
)
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.page import render_page
from workbench.views import View, clusters_view, view_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def views(hostile: Any) -> dict[str, View]:
    clustering = hostile.clustering
    vectors = clustering.embeddings
    facts = cluster_facts(clustering)
    stability = cluster_stability(clustering, n_runs=2, progress=False)
    values = sweep(
        vectors, method="kmeans", parameter="n_clusters", values=[2, 3], n_runs=2, progress=False
    )
    return {
        "clusters": clusters_view(clustering, facts=facts, stability=stability),
        "stability": view_of(stability),
        "silhouette": view_of(facts),
        "hierarchy": view_of(cluster_hierarchy(clustering)),
        "sweep": view_of(values),
    }


def rows_of(hostile: Any, label: int) -> list[str]:
    rows = np.flatnonzero(hostile.clustering.labels == label)
    return [f"id-{row:02}" for row in rows]


@pytest.mark.parametrize("kind", ["clusters", "stability", "silhouette"])
def test_a_cluster_is_read_and_chosen_with_keys(
    kind: str, views: dict[str, View], hostile: Any, opened: Callable[..., Any]
) -> None:
    figure = opened(render_page([views[kind]], title="x")).figure()
    first = views[kind].meta["clusters"][0]
    figure.part("plot").focus()
    figure.page.keyboard.press("ArrowDown")
    readout = figure.part("readout")
    expect(readout).to_contain_text(f"{first['size']} texts")
    if kind != "stability":
        expect(readout).to_contain_text(f"{first['silhouette']:.2f}")
        expect(readout.locator(".wb-near-cluster")).to_have_count(2)
    figure.until("plot.layout.yaxis.ticktext[0].startsWith('<b>▸')")
    figure.page.keyboard.press("Enter")
    assert figure.selected_ids() == rows_of(hostile, first["label"])


def test_all_that_is_known_of_clusters_is_in_their_table(
    views: dict[str, View], opened: Callable[..., Any]
) -> None:
    view = views["clusters"]
    figure = opened(render_page([view], title="x")).figure()
    figure.part("twin-button").click()
    heads = figure.part("twin").locator("thead th").all_inner_texts()
    assert [head.strip() for head in heads] == [
        "cluster", "texts", "share in %", "mean cosine", "silhouette", "far out",
        "nearest cluster", "its cosine", "stability (Jaccard)", "from", "to", "verdict",
        "keywords", "text",
    ]  # fmt: skip
    first = view.meta["clusters"][0]
    row = figure.part("twin").locator("tbody tr").first
    expect(row).to_contain_text(first["verdict"])
    expect(row).to_contain_text(f"{first['density']:.4g}")


def test_a_click_on_a_bar_and_on_its_neighbour(
    views: dict[str, View], hostile: Any, opened: Callable[..., Any]
) -> None:
    figure = opened(render_page([views["clusters"]], title="x")).figure()
    second = views["clusters"].meta["clusters"][1]
    figure.click(second["size"] / 2, 1)
    expect(figure.part("count")).to_contain_text(f"{second['size']} of 24")
    near = second["nearest"][0][0]
    figure.part("near-cluster").first.click()
    expect(figure.part("count")).to_contain_text("of 24 texts selected")
    assert figure.selected_ids() == rows_of(hostile, near)


def test_a_silhouette_is_read_and_misplaced_texts_are_chosen(
    views: dict[str, View], hostile: Any, opened: Callable[..., Any]
) -> None:
    view = views["silhouette"]
    figure = opened(render_page([view], title="x")).figure()
    trace = view.figure.data[0]
    figure.hover(float(trace.x[2]) / 2, float(trace.y[2]))
    row = int(trace.customdata[2])
    expect(figure.part("readout")).to_contain_text(f"id-{row:02}")
    button = figure.part("misplaced")
    if view.meta["misplaced"]:
        button.click()
        assert figure.selected_ids() == [f"id-{row:02}" for row in view.meta["misplaced"]]
    else:
        expect(button).to_be_hidden()


def test_boxes_of_the_hierarchy(
    views: dict[str, View], hostile: Any, opened: Callable[..., Any]
) -> None:
    view = views["hierarchy"]
    figure = opened(render_page([view], title="x")).figure()
    leaf = view.meta["nodes"][0]
    (boxes,) = view.figure.data
    figure.click(float(boxes.base[0] + boxes.x[0] / 2), float(boxes.y[0]))
    assert figure.selected_ids() == rows_of(hostile, leaf["clusters"][0])
    figure.part("plot").focus()
    figure.page.keyboard.press("ArrowLeft")
    parent = view.meta["nodes"][leaf["parent"]]
    expect(figure.part("near-cluster")).to_have_count(len(parent["clusters"]))
    figure.page.keyboard.press("Enter")
    joined = {i for label in parent["clusters"] for i in rows_of(hostile, label)}
    expect(figure.part("count")).to_have_text(f"{len(joined)} of 24 texts selected")
    figure.page.keyboard.press("ArrowRight")
    figure.page.keyboard.press("ArrowDown")  # to the lower of its parts
    figure.page.keyboard.press("Enter")
    lower = max((node for node in view.meta["nodes"] if node["parent"] == leaf["parent"]),
                key=lambda node: node["low"])  # fmt: skip
    expect(figure.part("count")).to_have_text(f"{lower['size']} of 24 texts selected")


ACTIONS = """async (written) => {
    const { plotly } = window.workbenchPage;
    window.asked = [];
    const place = document.createElement("div");
    document.querySelector("main").replaceChildren(place);
    window.workbenchHost.mount(place, JSON.parse(written), {
        library: () => plotly, onAction: (name, value) => window.asked.push([name, value]),
        asks: (name) => name === "adopt",
    });
}"""


def test_a_value_of_a_sweep_is_asked_for(
    views: dict[str, View], opened: Callable[..., Any]
) -> None:
    page = opened(render_page([views["sweep"]], title="x"))
    alone = page.figure()  # it brings plotly.js
    alone.part("plot").focus()
    alone.page.keyboard.press("ArrowRight")
    expect(alone.part("readout")).to_contain_text("n_clusters")
    assert alone.part("adopt").count() == 0, "nobody would answer"
    page.page.evaluate(ACTIONS, views["sweep"].to_json())
    figure = page.figure()
    figure.part("plot").focus()
    figure.page.keyboard.press("ArrowRight")
    expect(figure.part("readout")).to_contain_text("n_clusters")
    figure.page.keyboard.press("ArrowRight")
    figure.page.keyboard.press("Enter")
    assert figure.page.evaluate("window.asked") == [["adopt", "3"]]
    figure.hover(0, float(views["sweep"].figure.data[0].y[0]))
    expect(figure.part("readout")).to_contain_text("stability (adjusted Rand)")
    figure.part("adopt").click()
    assert figure.page.evaluate("window.asked") == [["adopt", "3"], ["adopt", "2"]]


def test_a_bar_that_stands_for_several_texts_marks_each_of_them(
    many: Callable[[int], Any], opened: Callable[..., Any]
) -> None:
    values = many(4000)
    view = view_of(cluster_facts(values.clustering))
    figure = opened(render_page([view], title="x")).figure()
    trace = view.figure.data[0]
    not_drawn = sorted(set(np.flatnonzero(values.clustering.labels == 0)) - set(trace.customdata))
    alone = next(row for row in not_drawn if row >= 1000)  # no other number begins with it
    figure.part("search").fill(f"number {alone}")
    figure.part("select-hits").click()
    marked = "plot.data.map(({ marker }) => marker.opacity.filter?.((one) => one === 1).length)"
    figure.until(f"String({marked}) === '1,0,0'")


def test_nothing_in_names_is_markup(views: dict[str, View], opened: Callable[..., Any]) -> None:
    page = opened(render_page(list(views.values()), title="x"))
    for place in range(len(views)):
        figure = page.figure(place)
        assert figure.part("plot").locator("b, a, img, [onload]").count() == 0


def test_where_the_keyboard_is_lies_above_what_is_told_of_it(opened: Callable[..., Any]) -> None:
    corpus = Corpus(tuple(f"word{row // 2} text {row}" for row in range(80)))
    vectors = np.repeat(np.random.default_rng(0).normal(size=(40, 16)), 2, axis=0)
    embeddings = Embeddings.from_array(vectors, corpus, name="random")
    view = view_of(cluster(embeddings, method="kmeans", n_clusters=40))
    size = {"width": 480, "height": 700}
    figure = opened(render_page([view], title="x"), viewport=size).figure()
    figure.part("plot").focus()
    marked = """plot => {
        const label = [...plot.querySelectorAll(".ytick text")]
            .find(one => one.textContent.includes("▸"));
        return label.getBoundingClientRect().bottom;
    }"""
    for _ in range(25):
        figure.page.keyboard.press("ArrowDown")
    figure.until("plot.layout.yaxis.ticktext[24].startsWith('<b>▸')")
    box = figure.part("readout").bounding_box()
    assert box is not None
    assert figure.part("plot").evaluate(marked) <= box["y"]
    assert box["y"] + box["height"] <= 700
