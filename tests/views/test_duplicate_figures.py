"""Scores of pairs, and precision and recall by threshold, as figures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workbench.analysis import (
    PairJudgments,
    ParaphrasePairs,
    SplitLeakage,
    duplicate_groups,
    paraphrase_mining,
    split_leakage,
)
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.views import View, pairs_view, redacted, thresholds_view, view_of


@pytest.fixture
def pairs() -> ParaphrasePairs:
    vectors = np.random.default_rng(3).normal(size=(60, 5))
    corpus = Corpus(tuple(f"secret <b>text</b> {row}" for row in range(60)), name="some $x$")
    return paraphrase_mining(Embeddings.from_array(vectors, corpus), threshold=0.4)


@pytest.fixture
def leakage() -> SplitLeakage:
    rng = np.random.default_rng(3)
    train = Embeddings.from_array(rng.normal(size=(60, 5)), [f"secret {row}" for row in range(60)])
    vectors = np.concatenate([train.vectors[:6], rng.normal(size=(44, 5))])
    labels = np.array([f"<b>label</b> {row % 14}" for row in range(49)] + [None], dtype=object)
    corpus = Corpus(
        tuple(f"secret text {row}" for row in range(50)),
        tuple(f"t{row}" for row in range(50)),
        {"kind": labels},
        label="kind",
        name="held out",
    )
    return split_leakage(train, Embeddings.from_array(vectors, corpus), threshold=0.95)


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


def test_every_group_is_in_the_bar_of_its_size() -> None:
    sizes = [2, 3, 2, 12, 25, 2]
    spread = [np.linspace(0, min(4 * size, 12), size) for size in sizes]
    angles = np.concatenate([*(40.0 * at + one for at, one in enumerate(spread)), [350.0]])
    vectors = np.stack([np.cos(np.deg2rad(angles)), np.sin(np.deg2rad(angles))], axis=1)
    ids = tuple(f"t{row}" for row in range(len(angles)))
    corpus = Corpus(tuple(f"secret {one}" for one in ids), ids)
    mined = paraphrase_mining(Embeddings.from_array(vectors, corpus), threshold=0.99)
    view = view_of(duplicate_groups(mined))
    assert view.kind == "groups"
    bins = view.meta["bins"]
    assert [one["sizes"] for one in bins] == [[size, size] for size in range(2, 10)] + [
        [10, 19],
        [20, 49],
    ]
    assert [one["count"] for one in bins] == [3, 1, 0, 0, 0, 0, 0, 0, 1, 1]
    (bars,) = view.figure.data
    assert bars.y.tolist() == [one["count"] for one in bins]
    assert view.figure.layout.xaxis.ticktext[-2:] == ("10–19", "20–49")
    for one in bins:
        inside = view.texts.iloc[one["rows"]]["texts"]
        assert len(inside) == one["count"]
        assert inside.between(*one["sizes"]).all()
    assert (np.diff(view.texts["similarity"]) >= 0).all()
    chain = view.texts.set_index("id").loc["1"]  # 3 texts within 12 degrees, the first kept
    assert chain["similarity"] == pytest.approx(math.cos(math.radians(12)), abs=1e-4)
    assert (chain["kept_id"], chain["dropped_id"]) == ("t2", "t4")
    assert (chain["kept_text"], chain["dropped_text"]) == ("secret t2", "secret t4")
    assert "40 of 47 texts are dropped, 13 of them less similar" in view.meta["subtitle"]
    assert "6 groups of duplicates at cosine ≥ 0.99" in view.title
    assert View.from_json(view.to_json()).texts.equals(view.texts)
    private = redacted(view, texts=False, columns=[])
    assert "secret" not in private.to_json()
    assert list(private.texts.columns) == ["id", "texts", "similarity", "kept_id", "dropped_id"]


def test_groups_that_lose_nothing_and_no_groups_are_drawn() -> None:
    same = Embeddings.from_array(np.ones((2, 2)), ["a", "b"])
    both = duplicate_groups(paraphrase_mining(same, threshold=1.0)).decide(keep=["0", "1"])
    view = view_of(both)
    assert view.texts["kept_id"].tolist() == ["0"]
    assert view.texts["dropped_id"].tolist() == [None]
    none = view_of(duplicate_groups(paraphrase_mining(same.take([0]), threshold=0.9)))
    assert len(none.texts) == 0
    assert none.figure.data[0].y.tolist() == [0]


def test_every_test_text_is_in_its_bar_and_in_that_of_its_label(leakage: SplitLeakage) -> None:
    view = view_of(leakage)
    assert view.kind == "leakage"
    others, leaked, by_label = view.figure.data
    assert leaked.y.sum() == leakage.leaked.sum() >= 6
    assert others.y.sum() == 50 - leakage.leaked.sum()
    assert leaked.x.min() > 0.95 > others.x.max()
    assert view.figure.layout.shapes[0].x0 == 0.95
    frame = leakage.label_frame()
    assert by_label.x.tolist() == frame["leaked"][:12].tolist()
    assert by_label.text[0] == f"{frame['leaked'][0]} of {frame['texts'][0]}"
    assert view.figure.layout.yaxis2.ticktext[0].startswith("&#60;b&#62;label")
    assert "in the 12 of 15 labels with most" in view.figure.layout.xaxis2.title.text
    bins = view.meta["bins"]
    customdata = np.concatenate([trace.customdata for trace in view.figure.data])
    assert sorted(customdata) == list(range(len(bins))) == list(range(52))
    for one in bins:
        rows = view.texts.iloc[one["rows"]]
        assert len(rows) == min(8, one["count"])
        if "name" in one:
            kinds = leakage.test.corpus["kind"]
            assert {kinds[int(name[1:])] for name in rows["test_id"]} <= {one["name"]}
            assert (rows["similarity"] >= 0.95).all()
        else:
            assert rows["similarity"].between(one["low"] - 1e-4, one["high"] + 1e-4).all()
    best = view.texts.set_index("test_id").loc["t3"]
    assert (best["train_id"], best["train_text"]) == ("3", "secret 3")
    assert best["similarity"] == pytest.approx(1)
    assert f"{leakage.leaked.sum()} of 50 test texts" in view.meta["subtitle"]
    assert View.from_json(view.to_json()).texts.equals(view.texts)


def test_splits_without_labels_and_private_ones(leakage: SplitLeakage) -> None:
    bare = view_of(split_leakage(leakage.train, leakage.train, threshold=1.0))
    assert [trace.name for trace in bare.figure.data] == ["others", "leaked"]
    assert bare.figure.data[1].y.sum() == 60
    view = view_of(leakage)
    hidden = redacted(view, columns=[])
    assert "label</b>" not in hidden.to_json()
    assert "#60;b" not in hidden.to_json()
    assert hidden.figure.data[1].y.tolist() == view.figure.data[1].y.tolist()
    assert hidden.texts.equals(view.texts)
    ids_only = redacted(view, texts=False, columns=["kind"])
    assert "secret" not in ids_only.to_json()
    assert len(ids_only.figure.data) == 3
    assert list(ids_only.texts.columns) == ["id", "similarity", "test_id", "train_id"]


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
