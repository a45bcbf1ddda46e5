"""Scores of pairs, and precision and recall by threshold, as figures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workbench.analysis import PairJudgments, ParaphrasePairs, paraphrase_mining
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.views import View, pairs_view, redacted, thresholds_view, view_of


@pytest.fixture
def pairs() -> ParaphrasePairs:
    vectors = np.random.default_rng(3).normal(size=(60, 5))
    corpus = Corpus(tuple(f"secret <b>text</b> {row}" for row in range(60)), name="some $x$")
    return paraphrase_mining(Embeddings.from_array(vectors, corpus), threshold=0.4)


@pytest.fixture
def judgments(pairs: ParaphrasePairs) -> PairJudgments:
    made = PairJudgments.of(pairs, n_strata=6)
    while len(made) < 40:
        place = made.next_pair()
        assert place is not None
        made = made.judge(bool(pairs.scores[place] > 0.7))
    return made


def test_every_pair_is_in_its_bar(pairs: ParaphrasePairs) -> None:
    view = pairs_view(pairs)
    (bars,) = view.figure.data
    edges = np.linspace(0.4, 1, 41)
    expected, _ = np.histogram(pairs.scores, edges)
    np.testing.assert_array_equal(bars.y, expected)
    np.testing.assert_allclose(bars.x, (edges[:-1] + edges[1:]) / 2)
    assert bars.customdata.tolist() == list(range(40))
    assert sum(one["count"] for one in view.meta["bins"]) == len(pairs)
    for one in view.meta["bins"]:
        rows = view.texts.iloc[one["rows"]]
        assert len(rows) == min(8, one["count"])
        assert rows["score"].between(one["low"] - 1e-4, one["high"] + 1e-4).all()
    assert view.kind == "pairs"
    assert view.texts["id"].is_unique
    first = view.texts.iloc[0]
    assert first["id"] == "1"
    assert first["text_2"] == pairs.to_frame(1)["text_2"][0]
    assert View.from_json(view.to_json()).texts.equals(view.texts)
    assert "&#36;x&#36;" in view.figure.layout.title.text


def test_no_pairs_and_equal_pairs_are_drawn() -> None:
    texts = Embeddings.from_array([[1, 0], [0, 1]], ["a", "b"])
    none = view_of(paraphrase_mining(texts, threshold=0.9))
    assert len(none.texts) == 0
    assert none.figure.data[0].y.sum() == 0
    same = Embeddings.from_array(np.ones((30, 2)), [str(row) for row in range(30)])
    equal = view_of(paraphrase_mining(same, threshold=1.0))
    assert equal.figure.data[0].y.tolist() == [0] * 39 + [435]
    assert len(equal.texts) == 8


def test_the_curves_are_the_judgments(judgments: PairJudgments) -> None:
    curve = judgments.curve()
    view = thresholds_view(curve, threshold=0.75)
    assert view.kind == view_of(judgments).kind == view_of(curve).kind == "thresholds"
    lines = {trace.name: trace for trace in view.figure.data if trace.name}
    np.testing.assert_array_equal(lines["precision"].x, curve.thresholds)
    np.testing.assert_array_equal(lines["precision"].y, curve.precision[:, 0])
    np.testing.assert_array_equal(lines["recall"].y, curve.recall[:, 0])
    assert lines["precision"].line.dash != lines["recall"].line.dash  # told apart without colour
    band = view.figure.data[0]
    np.testing.assert_array_equal(band.y[: len(curve.thresholds)], curve.precision[:, 1])
    np.testing.assert_array_equal(band.y[len(curve.thresholds) :][::-1], curve.precision[:, 2])
    bars = lines["pairs"]
    assert bars.y.sum() == len(judgments.pairs)
    assert bars.customdata.min() == 0
    assert bars.customdata.max() == len(curve.thresholds) - 1
    assert view.figure.layout.shapes[0].x0 == 0.75
    assert "40 pairs judged" in view.meta["subtitle"]
    assert "mined at cosine ≥ 0.4" in view.meta["subtitle"]
    assert view.texts["n_pairs"].tolist() == curve.n_pairs.tolist()
    assert not view_of(curve).figure.layout.shapes


def test_nothing_judged_claims_nothing(pairs: ParaphrasePairs) -> None:
    view = view_of(PairJudgments.of(pairs))
    assert all(math.isnan(value) for value in view.texts["precision"])
    assert view.texts["precision_low"].tolist() == [0] * len(view.texts)
    assert view.texts["precision_high"].tolist() == [1] * len(view.texts)
    View.from_json(view.to_json())


def test_private_texts_stay_out(pairs: ParaphrasePairs, judgments: PairJudgments) -> None:
    view = redacted(view_of(pairs), texts=False)
    assert "secret" not in view.to_json()
    assert list(view.texts.columns) == ["id", "score", "id_1", "id_2"]
    assert view.meta["table"] == ["score", "id_1", "id_2"]
    assert redacted(view_of(pairs), columns=[]).texts.equals(view_of(pairs).texts)
    assert "secret" not in view_of(judgments).to_json()
    assert redacted(view_of(judgments), texts=False, columns=[]).kind == "thresholds"
