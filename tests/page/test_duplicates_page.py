"""Pairs and thresholds in a real browser: pointed at, chosen by mouse and by key."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from workbench.analysis import (
    PairJudgments,
    ParaphrasePairs,
    duplicate_groups,
    paraphrase_mining,
    split_leakage,
)
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.page import render_page
from workbench.views import View, thresholds_view, view_of
from workbench.widgets._pair_card import _ESM, PairCard

from .live_model import MODEL
from .test_accessibility import AXE, RUN

pytestmark = pytest.mark.browser

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def pairs(hostile: Any) -> ParaphrasePairs:
    vectors = np.random.default_rng(2).normal(size=(24, 4))
    return paraphrase_mining(Embeddings.from_array(vectors, hostile.corpus), threshold=0.3)


@pytest.fixture(scope="module")
def curve_view(pairs: ParaphrasePairs) -> View:
    judgments = PairJudgments.of(pairs, n_strata=7)
    while len(judgments) < 25:
        place = judgments.next_pair()
        assert place is not None
        judgments = judgments.judge(bool(pairs.scores[place] > 0.7))
    return thresholds_view(judgments.curve(), threshold=0.7)


def test_pairs_are_read_and_listed(pairs: ParaphrasePairs, opened: Open) -> None:
    view = view_of(pairs)
    page = opened(render_page([view], title="x"))
    figure = page.figure()
    bins = view.meta["bins"]
    last = max(at for at, one in enumerate(bins) if one["count"])
    figure.part("plot").focus()
    page.page.keyboard.press("ArrowLeft")
    readout = figure.part("readout")
    score = view.texts["score"][bins[last]["rows"][0]]
    expect(readout).to_contain_text(f"{score:.3f}")
    first = view.texts.iloc[bins[last]["rows"][0]]
    expect(readout).to_contain_text(first["id_1"])
    page.page.keyboard.press("Enter")
    shown = bins[last]["rows"]
    assert figure.selected_ids() == [view.texts["id"][row] for row in shown]
    expect(figure.part("count")).to_contain_text(f"{len(shown)} of {len(view.texts)} pairs")

    at = next(at for at, one in enumerate(bins) if one["count"] > 1)
    figure.click((bins[at]["low"] + bins[at]["high"]) / 2, 1.0)
    assert figure.selected_ids() == [view.texts["id"][row] for row in bins[at]["rows"]]
    figure.part("twin-button").click()
    heads = figure.part("twin").locator("thead th").all_inner_texts()
    assert [head.strip() for head in heads] == ["id", "score", "id_1", "text_1", "id_2", "text_2"]


def test_groups_and_leaks_are_read_and_listed(
    pairs: ParaphrasePairs, hostile: Any, opened: Open
) -> None:
    texts = hostile.corpus.texts
    labelled = Corpus(texts, columns={"kind": np.array(texts, dtype=object)}, label="kind")
    train = pairs.embeddings
    test = Embeddings.from_array(train.vectors, labelled)
    values = duplicate_groups(pairs.above(0.9)), split_leakage(train, test, threshold=0.9)
    groups, leakage = (view_of(value) for value in values)
    page = opened(render_page([groups, leakage], title="x"))
    page.page.evaluate(AXE)
    for view, figure, at, words in (
        (groups, page.figure(0), 0, "groups of 2 texts, the least similar text of each"),
        (leakage, page.figure(1), len(leakage.meta["bins"]) - 1, "1 of 1 test text leaked (100 %"),
    ):
        figure.part("plot").focus()
        page.page.keyboard.press("ArrowLeft" if at else "ArrowRight")
        readout = figure.part("readout")
        expect(readout).to_contain_text(words)
        first = view.texts.iloc[view.meta["bins"][at]["rows"][0]]
        for side in ("kept", "dropped") if view is groups else ("test", "train"):
            expect(readout).to_contain_text(f"{side} {first[f'{side}_id']}")
        page.page.keyboard.press("Enter")
        chosen = view.meta["bins"][at]["rows"]
        assert figure.selected_ids() == [view.texts["id"][row] for row in chosen]
    for scheme in ("light", "dark"):
        page.page.emulate_media(color_scheme=scheme)
        page.page.wait_for_timeout(300)
        assert page.page.evaluate(RUN) == []


def test_a_threshold_is_read(curve_view: View, opened: Open) -> None:
    page = opened(render_page([curve_view], title="x"))
    figure = page.figure()
    figure.part("plot").focus()
    for _ in range(2):
        page.page.keyboard.press("ArrowRight")
    row = curve_view.texts.iloc[1]
    readout = figure.part("readout")
    expect(readout).to_contain_text(row["id"])
    expect(readout).to_contain_text(f"{row['n_pairs']}")
    expect(readout).to_contain_text(f"{round(100 * row['recall'])} %")
    expect(readout).not_to_contain_text("Use this threshold")  # there is no kernel
    page.page.keyboard.press("Enter")
    figure.hover(float(curve_view.meta["thresholds"][3]), float(curve_view.texts["precision"][3]))
    expect(readout).to_contain_text(curve_view.texts["id"][3])
    page.page.evaluate(AXE)
    for scheme in ("light", "dark"):
        page.page.emulate_media(color_scheme=scheme)
        page.page.wait_for_timeout(300)
        assert page.page.evaluate(RUN) == []


# ---- the card of a pair

CARD = """
window.card = (state) => {
  window.sent = [];
  window.model = new Model(state);
  window.model.send = (message) => window.sent.push(message);
  window.ended = render({ model: window.model, el: document.querySelector("#place") });
};
"""


def card_page(open_: Open) -> Page:
    module = _ESM.replace("export default { render };", "")
    page: Page = open_(
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>x</title>'
        f"<style>{PairCard._css}</style><main><h1>x</h1><div id=place></div></main>"
        f"<script>{module}\n{MODEL}\n{CARD}</script></html>"
    ).page
    return page


def state_of(pair: tuple[tuple[str, str], ...], number: int = 1) -> str:
    card = PairCard(lambda _: None)
    card.show(number, "Are these duplicates? 3 judged", pair)
    names = ("asked", "note", "ids", "texts", "number")
    return json.dumps({name: getattr(card, name) for name in names})


def test_keys_and_buttons_answer_for_the_pair_shown(opened: Open) -> None:
    page = card_page(opened)
    hostile = "the left door <img src=x onerror='window.ran = 8'>"
    pair = (("a1", hostile), ("a2", hostile.replace("left", "right")))
    page.evaluate(f"card({state_of(pair)})")
    card = page.get_by_role("group", name="Pair to judge")
    card.focus()
    for key in "sDku":
        page.keyboard.press(key)
    page.keyboard.press("Control+s")
    page.keyboard.press("x")
    page.get_by_role("button", name="Different").click()
    assert page.evaluate("sent.map(({ answer, number }) => [answer, number])") == [
        [name, 1] for name in ("same", "different", "skip", "undo", "different")
    ]
    expect(card).to_be_focused()
    marked = page.locator("mark").all_inner_texts()
    assert marked == ["left", "right"]
    assert page.locator("img").count() == 0
    page.evaluate(AXE)
    assert page.evaluate(RUN) == []

    page.evaluate(f"model.receive({state_of((), number=9)})")
    expect(page.get_by_role("button", name="Same")).to_be_disabled()
    page.keyboard.press("s")
    assert page.evaluate("sent.length") == 5
    page.evaluate(f"model.receive({state_of(pair, number=0)})")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    page.evaluate("ended()")
    assert page.evaluate("model.count()") == 0


def test_texts_with_few_words_in_common_are_not_marked(opened: Open) -> None:
    page = card_page(opened)
    page.evaluate(f"card({state_of((('a', 'one two three'), ('b', 'four five six seven')))})")
    assert page.locator("mark").count() == 0
    expect(page.locator(".workbench-pair-note")).to_have_text(
        "Few words in common, so nothing is marked."
    )
