from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from workbench.analysis import (
    PairJudgments,
    ParaphrasePairs,
    ThresholdChoice,
    paraphrase_mining,
    split_leakage,
)
from workbench.analysis._stratified import part_of_total, share_of, shares
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings, embed
from workbench.errors import InputError, WorkbenchWarning

from ..hashing_encoder import HashingEncoder


def pairs_of(sizes: list[int], low: float = 0.5) -> ParaphrasePairs:
    """Return pairs with so many scores in each of equal bins from ``low`` to 1, made by hand."""
    width = (1 - low) / len(sizes)
    scores = np.concatenate(
        [
            np.linspace(low + (at + 0.1) * width, low + (at + 0.9) * width, size)
            for at, size in enumerate(sizes)
        ]
    )[::-1]
    n = int(np.ceil((1 + math.sqrt(1 + 8 * len(scores))) / 2))
    rows1, rows2 = (rows[: len(scores)] for rows in np.triu_indices(n, 1))
    texts = Embeddings.from_array(np.ones((n, 2)), [f"text {row}" for row in range(n)])
    return ParaphrasePairs(
        rows1, rows2, scores.astype(np.float32), texts, None, low, None, len(scores)
    )


def judged_until(
    judgments: PairJudgments, count: int, truth: Callable[[int], bool]
) -> PairJudgments:
    while len(judgments) < count and (place := judgments.next_pair()) is not None:
        judgments = judgments.judge(truth(place))
    return judgments


def test_estimates_by_hand() -> None:
    """Strata of 100, 20 and 4 pairs; 10, 5 and 4 judged; 1, 4 and 4 of them the same."""
    known = shares(np.array([100, 20, 4]), np.array([10, 5, 4]), np.array([1, 4, 4]))
    # Totals: 100 · 0.1 = 10, 20 · 0.8 = 16, 4.
    assert share_of(known, 0)[0] == pytest.approx(30 / 124)
    assert share_of(known, 1)[0] == pytest.approx(20 / 24)
    assert share_of(known, 2) == (1.0, 1.0, 1.0)  # all were judged
    assert part_of_total(known, 0) == (1.0, 1.0, 1.0)
    assert part_of_total(known, 1)[0] == pytest.approx(20 / 30)
    assert part_of_total(known, 2)[0] == pytest.approx(4 / 30)
    # Wilson with n (N - 1) / (N - n): 10 · 99 / 90 = 11 draws, 5 · 19 / 15 = 6.333.
    lows, highs = [], []
    for share, n in ((0.1, 11.0), (0.8, 19 / 3)):
        z = 1.959964
        centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
        lows.append(centre - half)
        highs.append(centre + half)
    np.testing.assert_allclose(known.low[:2], lows, atol=1e-6)
    highs[1] = 19 / 20  # less than Wilson's: one of 20 was seen to be different
    np.testing.assert_allclose(known.high[:2], highs, atol=1e-6)
    below = math.hypot(100 * (0.1 - lows[0]), 20 * (0.8 - lows[1]))
    assert share_of(known, 0)[1] == pytest.approx((30 - below) / 124, abs=1e-6)
    # Recall's lower end by Donner and Zou's formula for the ratio inside / outside.
    one, two = 20.0, 10.0
    l1, u2 = 20 - 20 * (0.8 - lows[1]), 100 * highs[0]
    root = math.sqrt((one * two) ** 2 - l1 * u2 * (2 * one - l1) * (2 * two - u2))
    ratio = (one * two - root) / (u2 * (2 * two - u2))
    assert part_of_total(known, 1)[1] == pytest.approx(ratio / (1 + ratio), abs=1e-6)
    l2, u1 = 100 * lows[0], 20 - 20 * (0.8 - highs[1])
    root = math.sqrt((one * two) ** 2 - u1 * l2 * (2 * one - u1) * (2 * two - l2))
    ratio = (one * two + root) / (l2 * (2 * two - l2))
    assert part_of_total(known, 1)[2] == pytest.approx(ratio / (1 + ratio), abs=1e-6)


def test_what_was_seen_is_certain() -> None:
    known = shares(np.array([10, 10]), np.array([9, 0]), np.array([8, 0]))
    assert known.low[0] >= 0.8  # 8 of 10 are known to be the same
    assert known.high[0] <= 0.9
    assert (known.low[1], known.high[1]) == (0.0, 1.0)
    assert math.isnan(share_of(known, 0)[0])
    assert math.isnan(part_of_total(known, 1)[0])
    assert share_of(known, 0)[1:] == pytest.approx((known.low[0] / 2, (1 + known.high[0]) / 2))
    assert share_of(known, 1)[1:] == (0.0, 1.0)
    # Ten unknown of the second: of 8 to 9 in the first and 0 to 10 there.
    assert part_of_total(known, 1)[1] == 0.0
    assert part_of_total(known, 1)[2] == pytest.approx(10 / (10 + 10 * known.low[0]))
    none = shares(np.array([5, 5]), np.array([5, 5]), np.array([0, 0]))
    assert math.isnan(part_of_total(none, 1)[0])  # a part of nothing


@pytest.mark.parametrize(
    ("sizes", "same", "count"),
    [
        ([930, 363, 138, 33, 7, 5, 2, 8, 13], [0, 0, 0, 0.02, 0.1, 0.3, 0.9, 1, 1], 60),
        ([400, 300, 200, 150, 100, 100, 80, 50], [0.05, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.97], 80),
    ],
)
def test_intervals_hold_the_truth_as_often_as_they_say(
    sizes: list[int], same: list[float], count: int
) -> None:
    """300 repetitions: where 95 % is true, fewer than 91.5 % have a probability of 0.5 %."""
    pairs = pairs_of(sizes)
    share = np.repeat(same, sizes)[::-1]
    rng = np.random.default_rng(11)
    held = []
    error = []
    for seed in range(300):
        truth = rng.random(len(share)) < share
        judgments = PairJudgments.of(pairs, n_strata=len(sizes), random_state=seed)
        curve = judged_until(judgments, count, lambda place, t=truth: bool(t[place])).curve()
        above = np.array([np.count_nonzero(truth[:n]) for n in curve.n_pairs])
        true = np.stack([above / curve.n_pairs, above / truth.sum()])
        found = np.stack([curve.precision, curve.recall])
        held.append((found[..., 1] - 1e-9 <= true) & (true <= found[..., 2] + 1e-9))
        error.append(found[..., 0] - true)
    assert np.mean(held, axis=0).min() > 0.915
    assert abs(np.nanmean(error, axis=0)[0]).max() < 0.02  # precision is not biased


def test_biased_judging_order_does_not_move_the_estimate() -> None:
    """Judged shares differ from all pairs' by far; the estimate does not."""
    sizes = [2000, 100, 20]
    truth = np.concatenate([np.ones(20), np.arange(100) % 2, np.arange(2000) % 10 == 0]) > 0
    judgments = judged_until(
        PairJudgments.of(pairs_of(sizes), n_strata=3), 150, lambda place: bool(truth[place])
    )
    raw = judgments.same.sum() / len(judgments)
    estimate, low, high = judgments.curve().precision[0]
    assert truth.mean() == pytest.approx(0.127, abs=1e-3)
    assert raw > 2 * truth.mean()
    assert low < truth.mean() < high
    assert abs(estimate - truth.mean()) < 0.06


def test_strata_and_the_order_of_asking() -> None:
    judgments = PairJudgments.of(pairs_of([40, 0, 30, 20, 10]), n_strata=5)
    np.testing.assert_allclose(judgments.strata.edges, [0.5, 0.7, 0.8, 0.9])
    assert judgments.strata.sizes.tolist() == [40, 30, 20, 10]
    np.testing.assert_array_equal(judgments.curve().n_pairs, [100, 60, 30, 10])
    first = judged_until(judgments, 4, lambda _: True)
    assert first.judged.tolist() == [1, 1, 1, 1]
    assert judgments.strata.stratum[first.answers[0][0]] in (1, 2)  # the middle
    assert judged_until(judgments, 8, lambda _: True).judged.tolist() == [2, 2, 2, 2]
    other = judged_until(PairJudgments.of(judgments.pairs, n_strata=5, random_state=1), 4, bool)
    assert other.answers != first.answers
    everything = judged_until(judgments, 1000, lambda place: place < 30)
    assert len({place for place, _ in everything.answers}) == len(everything) == 100
    assert everything.next_pair() is None
    curve = everything.curve()
    np.testing.assert_allclose(curve.precision[:, 0], [0.3, 0.5, 1, 1])
    np.testing.assert_allclose(curve.recall[:, 0], [1, 1, 1, 1 / 3])
    np.testing.assert_allclose(curve.precision[:, 1:], curve.precision[:, :1].repeat(2, axis=1))
    with pytest.raises(InputError, match="all pairs were asked already"):
        everything.judge(True)


def test_places_within_a_stratum_are_drawn_at_random() -> None:
    pairs = pairs_of([50])
    drawn = [
        judged_until(PairJudgments.of(pairs, n_strata=1, random_state=seed), 5, bool).answers
        for seed in range(200)
    ]
    counts = np.bincount([place for one in drawn for place, _ in one], minlength=50)
    assert 5 < counts.min() <= counts.max() < 40  # 20 each, with a standard deviation of 4.2


def test_undo_and_skip() -> None:
    judgments = PairJudgments.of(pairs_of([20, 10]), n_strata=2)
    one = judgments.judge(True)
    assert one.undo().next_pair() == judgments.next_pair()
    assert judgments.undo().answers == ()
    skipped = judgments.skip()
    assert (len(skipped), skipped.summary()["skipped"]) == (0, 1)
    assert skipped.next_pair() != judgments.next_pair()
    assert math.isnan(skipped.curve().precision[0, 0])
    frame = one.skip().judge(False).to_frame()
    assert frame["judgment"].tolist() == ["same", "skipped", "different"]
    assert list(frame.columns) == ["score", "id_1", "text_1", "id_2", "text_2", "judgment"]
    with pytest.raises(InputError, match="judge: expected True"):
        judgments.judge("yes")


def some_pairs(seed: int = 3, threshold: float = 0.6, **options: object) -> ParaphrasePairs:
    vectors = np.random.default_rng(seed).normal(size=(80, 5))
    corpus = Corpus(tuple(f"<i>text {row}" for row in range(80)), name="some")
    texts = Embeddings.from_array(vectors, corpus, name="own model")
    return paraphrase_mining(texts, threshold=threshold, **options)


def test_a_choice_belongs_to_its_model() -> None:
    pairs = some_pairs()
    judgments = judged_until(PairJudgments.of(pairs), 60, lambda place: pairs.scores[place] > 0.8)
    choice = judgments.choose(min_precision=0.9)
    assert choice.threshold == pytest.approx(0.8)
    assert choice.precision.estimate == 1.0
    assert choice.recall.low < choice.recall.estimate <= 1.0
    assert choice.floor == pytest.approx(0.6)
    assert choice.judged == 60
    assert "0.800 for own model" in choice.title()
    assert "own model" in choice._repr_html_()
    assert choice.summary()["precision"] == 1.0
    again = ThresholdChoice.from_json(choice.to_json())
    assert again.summary() == choice.summary()
    assert again.identity == choice.identity
    found = paraphrase_mining(pairs.embeddings, threshold=again)
    assert list(found) == list(pairs.above(again)) == list(pairs.above(choice.threshold))
    assert split_leakage(pairs.embeddings, pairs.embeddings, threshold=again).threshold == 0.8
    other = Embeddings.from_array(pairs.embeddings.vectors, pairs.embeddings.corpus, name="another")
    with pytest.raises(InputError, match=r"chosen for 'own model'; these .* by 'another' \(name"):
        paraphrase_mining(other, threshold=again)
    with pytest.raises(InputError, match="does not transfer"):
        choice.check(other)


def test_a_choice_tells_models_apart_by_what_changes_their_vectors() -> None:
    texts = Corpus(tuple(f"text {row}" for row in range(30)))
    vectors = embed(texts, HashingEncoder(), store=False, progress=False)
    pairs = paraphrase_mining(vectors, threshold=-1)
    judgments = judged_until(PairJudgments.of(pairs, n_strata=3), 40, lambda _: True)
    choice = judgments.choose(min_precision=0.5)
    choice.check(embed(texts, HashingEncoder(name="renamed"), store=False, progress=False))
    changed = embed(texts, HashingEncoder(revision="2"), store=False, progress=False)
    with pytest.raises(InputError, match=r"\(revision '1' and '2'\)"):
        choice.check(changed)
    small = embed(texts, HashingEncoder(), precision="int8", store=False, progress=False)
    with pytest.raises(InputError, match=r"precision 'float32' and 'int8'"):
        choice.check(small)


def test_no_choice_where_nothing_is_good_enough() -> None:
    judgments = PairJudgments.of(some_pairs())
    with pytest.raises(InputError, match="too few pairs were judged to estimate any precision"):
        judgments.choose()
    none = judged_until(judgments, 40, lambda _: False)
    with pytest.raises(InputError, match=r"no threshold has a precision of 0\.9; the best is"):
        none.choose()
    half = judged_until(judgments, 40, lambda place: place % 2 == 0)
    assert half.choose(min_precision=0.3).threshold < 1
    with pytest.raises(InputError, match=r"no threshold surely has a precision of 0\.99"):
        half.choose(min_precision=0.99, certain=True)
    for wrong in (0, 1.2, float("nan"), "0.9", True):
        with pytest.raises(InputError, match="min_precision: expected a share above 0"):
            half.choose(min_precision=wrong)


def test_judgments_are_kept_as_json() -> None:
    pairs = some_pairs()
    judgments = judged_until(PairJudgments.of(pairs, random_state=4), 25, lambda place: place < 40)
    judgments = judgments.skip().judge(False)
    text = judgments.to_json()
    assert "<i>" not in text  # ids only
    again = PairJudgments.from_json(text, some_pairs())
    assert again.answers == judgments.answers
    assert again.next_pair() == judgments.next_pair()
    np.testing.assert_array_equal(again.curve().precision, judgments.curve().precision)


def test_judgments_of_other_pairs_are_refused() -> None:
    text = PairJudgments.of(some_pairs()).judge(True).to_json()
    with pytest.raises(InputError, match=r"of other pairs \(floor 0\.6, not 0\.7\)"):
        PairJudgments.from_json(text, some_pairs(threshold=0.7))
    with pytest.raises(InputError, match=r"of other pairs \(top_k None, not 2\)"):
        PairJudgments.from_json(text, some_pairs(top_k=2))
    with pytest.raises(InputError, match="expected JSON"):
        PairJudgments.from_json("{", some_pairs())
    with pytest.raises(InputError, match="have format 9"):
        PairJudgments.from_json('{"format": 9}', some_pairs())
    kept = json.loads(text)
    for broken in ({}, [], {**kept, "answers": 3}, {**kept, "answers": [["1", "2"]]}):
        with pytest.raises(InputError, match=r"expected what PairJudgments\.to_json writes"):
            PairJudgments.from_json(json.dumps(broken), some_pairs())
    one, two, _ = kept["answers"][0]
    for answers in ([[one, one, True]], [[one, two, True]] * 2, [[one, two, "yes"]]):
        with pytest.raises(InputError, match="an answer is of no pair here, twice of one"):
            PairJudgments.from_json(json.dumps({**kept, "answers": answers}), some_pairs())


def test_a_choice_that_cannot_be_read() -> None:
    pairs = some_pairs()
    choice = judged_until(PairJudgments.of(pairs), 40, lambda _: True).choose()
    kept = json.loads(choice.to_json())
    with pytest.raises(InputError, match="expected JSON"):
        ThresholdChoice.from_json("?")
    with pytest.raises(InputError, match="has format 2"):
        ThresholdChoice.from_json(json.dumps({**kept, "format": 2}))
    with pytest.raises(InputError, match=r"the whole: expected an object, as .*; got \[1\]\."):
        ThresholdChoice.from_json("[1]")
    for name in set(kept) - {"format"}:
        without = {key: value for key, value in kept.items() if key != name}
        with pytest.raises(InputError, match=rf"{name} is missing; expected what Threshold"):
            ThresholdChoice.from_json(json.dumps(without))
    unknown = replace(choice, recall=replace(choice.recall, estimate=math.nan))
    assert math.isnan(ThresholdChoice.from_json(unknown.to_json()).recall.estimate)
    by_hand = replace(choice, min_precision=None, judged=0)
    assert ThresholdChoice.from_json(by_hand.to_json()).summary() == by_hand.summary()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("threshold", "high", "a number from -1 to 1, as .* got 'high'"),
        ("threshold", 1.5, "a number from -1 to 1, as .* got 1.5"),
        ("threshold", math.nan, "a number from -1 to 1, as .* got nan"),
        ("threshold", True, "a number from -1 to 1, as .* got True"),
        ("model", 7, "a string that is not empty, as .* got 7"),
        ("model", "", "a string that is not empty, as .* got ''"),
        ("identity", ["revision"], r"an object, as .* got \['revision'\]"),
        ("identity", {"revision": "1"}, r"the fields revision, .* got \['revision'\]"),
        ("identity.revision", 0.5, "a string, a whole number or null, as .* got 0.5"),
        ("identity.truncate_dim", True, "a string, a whole number or null, as .* got True"),
        ("precision", 3, "an object, as .* got 3"),
        ("precision.low", -0.1, "a number from 0 to 1, as .* got -0.1"),
        ("precision.low", None, "a number from 0 to 1, as .* got None"),
        ("precision.high", 0.1, "a number from 0.5 to 1, as .* got 0.1"),
        ("precision.estimate", 0.4, "a number from 0.5 to 0.9, as .* got 0.4"),
        ("recall.estimate", math.inf, "a number from 0.5 to 0.9, as .* got inf"),
        ("recall.confidence", 95, "a number from 0 to 1, as .* got 95"),
        ("recall.method", None, "a string that is not empty, as .* got None"),
        ("recall.undefined", "0", "a number from 0 to 1, as .* got '0'"),
        ("floor", 0.9, "a number from -1 to 0.8, as .* got 0.9"),
        ("floor", None, "a number from -1 to 0.8, as .* got None"),
        ("min_precision", 0, "a share above 0, as .* got 0"),
        ("min_precision", "0.9", "a number from 0 to 1, as .* got '0.9'"),
        ("judged", 2.5, "a whole number from 0, as .* got 2.5"),
        ("judged", -1, "a whole number from 0, as .* got -1"),
        ("corpus", None, "a string that is not empty, as .* got None"),
    ],
)
def test_each_field_of_a_choice_is_checked(name: str, value: object, said: str) -> None:
    kept = json.loads(
        judged_until(PairJudgments.of(some_pairs()), 40, lambda _: True).choose().to_json()
    )
    share = {**kept["precision"], "estimate": 0.7, "low": 0.5, "high": 0.9}
    kept.update(threshold=0.8, floor=0.6, precision=share, recall=dict(share))
    outer, _, inner = name.partition(".")
    changed = {**kept[outer], inner: value} if inner else value
    with pytest.raises(InputError, match=rf"ThresholdChoice\.from_json: {name}: expected {said}\."):
        ThresholdChoice.from_json(json.dumps({**kept, outer: changed}))


def test_what_can_be_judged() -> None:
    with pytest.raises(InputError, match=r"no pair of cosine ≥ 0\.999 to judge"):
        PairJudgments.of(some_pairs(threshold=0.999))
    with pytest.raises(InputError, match="n_strata: expected a whole number from 1 to 100"):
        PairJudgments.of(some_pairs(), n_strata=0)
    with pytest.raises(InputError, match="random_state: expected a whole number"):
        PairJudgments.of(some_pairs(), random_state=-1)
    with pytest.raises(InputError, match=r"PairJudgments\.of: expected ParaphrasePairs; got list"):
        PairJudgments.of([])
    with pytest.warns(WorkbenchWarning, match="the 10 most"):
        cut = some_pairs(max_pairs=10)
    with pytest.raises(InputError, match=r"max_pairs left \d+ pairs out"):
        PairJudgments.of(cut)
    whole = PairJudgments.of(cut.above(cut.floor))
    assert len(whole.pairs) == 9
    assert whole.strata.edges[0] == cut.floor > cut.scores[-1]
    same = Embeddings.from_array(np.ones((4, 2)), list("abcd"))
    equal = PairJudgments.of(paraphrase_mining(same, threshold=1.0))
    assert equal.strata.sizes.tolist() == [6]
    other = paraphrase_mining(same, same.take([1, 2]), threshold=0.5)
    between = judged_until(PairJudgments.of(other), 3, lambda _: True)
    assert PairJudgments.from_json(between.to_json(), other).answers == between.answers


def test_what_is_shown() -> None:
    pairs = some_pairs()
    judgments = judged_until(PairJudgments.of(pairs), 30, lambda place: place < 50)
    curve = judgments.curve()
    assert list(curve.to_frame().columns) == [
        "threshold",
        "n_pairs",
        "precision",
        "precision_low",
        "precision_high",
        "recall",
        "recall_low",
        "recall_high",
    ]
    assert "30 judged" in judgments.title()
    assert "judged" in judgments._repr_html_()
    assert "precision_low" in curve._repr_html_()
    assert curve.summary()["judged"] == 30
    assert repr(curve) == f"ThresholdCurve({len(curve.thresholds)} thresholds, 30 judged)"
    assert repr(judgments) == f"PairJudgments(30 of {len(pairs)} pairs judged)"
    with pytest.raises(ValueError, match="read-only"):
        curve.precision[0] = 1


def test_any_threshold_can_be_a_choice() -> None:
    pairs = some_pairs()
    judgments = judged_until(PairJudgments.of(pairs), 60, lambda place: pairs.scores[place] > 0.8)
    # At an edge it is what the curve says there.
    curve = judgments.curve()
    own = judgments.at(float(curve.thresholds[4]))
    np.testing.assert_allclose([own.precision.estimate, own.precision.low, own.precision.high],
                               curve.precision[4])  # fmt: skip
    assert own.recall.estimate == pytest.approx(curve.recall[4, 0])
    assert own.min_precision is None
    assert own.floor == curve.thresholds[0]
    assert "min_precision" not in own.summary()
    assert ThresholdChoice.from_json(own.to_json()).min_precision is None
    with pytest.raises(InputError, match=r"PairJudgments\.at: no pair has a cosine of 1 or more"):
        judgments.at(1.0)
    with pytest.raises(InputError, match="only pairs at or above"):
        judgments.at(0.5)


def test_a_threshold_within_a_stratum_by_hand() -> None:
    """One stratum of 10 pairs, all judged but the last; the first 4 are the same."""
    judgments = PairJudgments.of(pairs_of([10]), n_strata=1)
    judgments = judged_until(judgments, 10, lambda place: place < 4)
    scores = judgments.pairs.scores
    choice = judgments.at(float(scores[4]))  # five pairs, four of them the same
    assert choice.precision.estimate == pytest.approx(0.8)
    assert choice.recall.estimate == pytest.approx(1.0)
    assert judgments.at(float(scores[1])).recall.estimate == pytest.approx(0.5)
    half = PairJudgments.of(judgments.pairs, n_strata=1)
    half = judged_until(half, 5, lambda place: place < 4)
    judged = {place for place, _ in half.answers}
    above = judged & set(range(6))
    expected = len(above & set(range(4))) / len(above)
    assert half.at(float(scores[5])).precision.estimate == pytest.approx(expected)
