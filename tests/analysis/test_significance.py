from __future__ import annotations

import itertools
import time
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from workbench.analysis import _resampling
from workbench.analysis.significance import (
    Interval,
    PairedDifference,
    holm,
    intervals,
    paired_differences,
)
from workbench.analysis.statistics import (
    AveragePrecision,
    Mean,
    Pearson,
    Spearman,
    Statistic,
    VMeasure,
)
from workbench.errors import InputError


def correlated(n: int, models: int = 3, seed: int = 0) -> dict[str, Statistic]:
    rng = np.random.default_rng(seed)
    gold = rng.normal(size=n)
    return {
        f"model {row}": Spearman(gold, gold + (0.6 + 0.2 * row) * rng.normal(size=n))
        for row in range(models)
    }


def numbers(value: PairedDifference) -> tuple[object, ...]:
    return tuple(getattr(value, name) for name in PairedDifference.__dataclass_fields__)


def test_equal_to_scipy_bca() -> None:
    rng = np.random.default_rng(1)
    values = rng.exponential(size=50)
    x = rng.normal(size=80)
    y = x + rng.normal(size=80)
    found = intervals({"mean": Mean(values), "pearson": Pearson(x, y)}, n_resamples=20_000)
    # Ours is expanded: Student's quantile and √(n / (n - 1)) for the normal one.
    wide = [
        2 * stats.norm.cdf(stats.t.ppf(0.975, n - 1) * (n / (n - 1)) ** 0.5) - 1 for n in (50, 80)
    ]
    mean = stats.bootstrap(
        (values,), np.mean, method="BCa", n_resamples=20_000, confidence_level=wide[0], rng=0
    )
    pearson = stats.bootstrap(
        (x, y),
        lambda x, y: stats.pearsonr(x, y)[0],
        method="BCa",
        paired=True,
        vectorized=False,
        n_resamples=4_000,
        confidence_level=wide[1],
        rng=0,
    )
    for interval, expected, slack in (
        (found["mean"], mean, 0.01),
        (found["pearson"], pearson, 0.015),
    ):
        assert interval.low == pytest.approx(expected.confidence_interval.low, abs=slack)
        assert interval.high == pytest.approx(expected.confidence_interval.high, abs=slack)
        assert interval.method == "bootstrap (BCa)"
        assert interval.undefined == 0.0


def chao_wang_jost(labels: list[object]) -> float:
    """The entropy as the paper writes it, sum by sum."""
    counts = list(Counter(labels).values())
    n, once, twice = sum(counts), counts.count(1), counts.count(2)
    seen = sum(x / n * sum(1 / k for k in range(x, n)) for x in counts)
    if once == 0:
        return seen
    a = 2 * twice / ((n - 1) * once + 2 * twice) if twice else 2 / ((n - 1) * (once - 1) + 2)
    return seen + once / n * sum((1 - a) ** j / (j + n - 1) for j in range(1, 20_000))


def test_v_measure_by_the_jackknife_of_unbiased_entropies() -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(4, size=40)
    clusters = np.where(rng.random(40) < 0.7, labels, rng.integers(6, size=40))

    def unseen(rows: np.ndarray) -> float:
        both = list(zip(labels[rows].tolist(), clusters[rows].tolist(), strict=True))
        first, second = (
            chao_wang_jost(labels[rows].tolist()),
            chao_wang_jost(clusters[rows].tolist()),
        )
        return 2 * (first + second - chao_wang_jost(both)) / (first + second)

    everything = np.arange(40)
    without = np.array([unseen(np.delete(everything, row)) for row in everything])
    spread = np.sqrt(39 / 40 * np.sum((without - without.mean()) ** 2))
    expected = unseen(everything) + stats.t.ppf([0.025, 0.975], 39) * spread
    statistic = VMeasure(labels, clusters)
    found = intervals({"v": statistic})["v"]
    assert (found.low, found.high) == pytest.approx(tuple(np.clip(expected, 0, 1)), abs=1e-9)
    assert found.estimate == statistic.estimate()
    assert found.method == "jackknife"


@pytest.mark.parametrize("clusters", [np.zeros(30), np.arange(30), np.repeat(np.arange(15), 2)])
def test_v_measure_of_odd_tables_has_an_interval(clusters: np.ndarray) -> None:
    labels = np.repeat(["a", "b", "c"], 10)
    for found in intervals(
        {"v": VMeasure(labels, clusters), "same": VMeasure(clusters, clusters)}
    ).values():
        assert 0 <= found.low <= found.high <= 1


def test_every_sign_by_hand() -> None:
    # All 2^8 sign flips of 8 differences: the exact paired permutation test.
    first = np.array([0.9, 0.7, 0.8, 0.43, 1.0, 0.6, 0.3, 0.95])
    second = np.array([0.5, 0.6, 0.55, 0.5, 0.7, 0.45, 0.2, 0.6])
    share = first - second
    signs = np.array(list(itertools.product([1, -1], repeat=8)))
    flipped = signs @ share / 8
    exact = np.mean(np.abs(flipped) >= share.mean() - 1e-12)
    found = paired_differences(
        {"a": Mean(first), "b": Mean(second)}, metric="ndcg", n_resamples=200_000
    )[0]
    assert found.p_value == pytest.approx(exact, abs=2e-3)
    test = stats.permutation_test(
        (first, second), lambda x, y: np.mean(x - y), permutation_type="samples"
    )
    assert found.p_value == pytest.approx(test.pvalue, abs=2e-3)
    assert found.effect_size == pytest.approx(share.mean() / share.std(ddof=1))
    assert (found.a, found.b, found.metric, found.n) == ("a", "b", "ndcg", 8)


def test_flips_that_change_nothing_count_half() -> None:
    # The differences 1, 1, 1, 1 and -1: of 32 ways to flip them, flipping the -1 leads higher,
    # flipping it with one of the others changes nothing (four ways), nor does flipping none.
    found = paired_differences(
        {"a": Mean([1, 1, 1, 1, 0]), "b": Mean([0, 0, 0, 0, 1])},
        metric="hits",
        n_resamples=200_000,
    )[0]
    assert found.p_value == pytest.approx(2 * (1 + 4 / 2 + 1) / 32, abs=4e-3)


def test_correlations_are_compared_on_fishers_scale() -> None:
    rng = np.random.default_rng(6)
    gold = rng.normal(size=40)
    x, y = (gold + spread * rng.normal(size=40) for spread in (0.3, 0.6))
    found = paired_differences({"a": Pearson(gold, x), "b": Pearson(gold, y)}, metric="pearson")[0]

    def fisher(rows: np.ndarray) -> float:
        r = [np.corrcoef(gold[rows], side[rows])[0, 1] for side in (x, y)]
        return float(np.arctanh(r[0]) - np.arctanh(r[1]))

    everything = np.arange(40)
    without = np.array([fisher(np.delete(everything, row)) for row in everything])
    spread = np.sqrt(39 / 40 * np.sum((without - without.mean()) ** 2))
    ratio = fisher(everything) / spread
    assert found.effect_size == pytest.approx(ratio / np.sqrt(40))
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(ratio), 39), abs=0.01)
    assert found.difference == pytest.approx(
        np.corrcoef(gold, x)[0, 1] - np.corrcoef(gold, y)[0, 1]
    )
    assert (found.p_value < 0.05) == (found.low > 0)


def test_a_perfect_correlation_has_no_place_on_fishers_scale() -> None:
    rng = np.random.default_rng(7)
    gold = rng.normal(size=60)
    models = {"a": Spearman(gold, gold), "b": Spearman(gold, gold + rng.normal(size=60))}
    found = paired_differences(models, metric="spearman")[0]
    assert found.verdict == "better"
    assert 0 < found.low < found.difference < found.high
    both = {"a": Spearman(gold, gold), "b": Spearman(gold, gold**3)}
    assert paired_differences(both, metric="spearman")[0].verdict == "can't tell yet"


def test_interval_and_p_value_agree_and_are_near_the_t_test() -> None:
    rng = np.random.default_rng(3)
    for shift in (0.0, 0.08, 0.1, 0.12, 0.3):
        first, second = rng.normal(shift, 0.5, size=120), rng.normal(0, 0.5, size=120)
        found = paired_differences({"a": Mean(first), "b": Mean(second)}, metric="score")[0]
        expected = stats.ttest_rel(first, second)
        assert found.p_value == pytest.approx(expected.pvalue, abs=0.02)
        ends = expected.confidence_interval(0.95)
        assert (found.low, found.high) == pytest.approx((ends.low, ends.high), abs=0.01)
        assert (found.p_value < 0.05) == (found.low > 0 or found.high < 0)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.9, 0.6]) == (1.0, 1.0)
    assert holm([]) == ()
    with pytest.raises(InputError, match=r"p-values from 0 to 1; got \[1\.2\]"):
        holm([1.2])


def test_verdicts_and_what_would_settle_them() -> None:
    rng = np.random.default_rng(4)
    base = rng.normal(size=200)
    models = {
        "good": Mean(base + 0.5 + 0.3 * rng.normal(size=200)),
        "plain": Mean(base),
        "alike": Mean(base + 0.02 + 0.3 * rng.normal(size=200)),
    }
    found = {(each.a, each.b): each for each in paired_differences(models, metric="score")}
    assert list(found) == [("good", "plain"), ("good", "alike"), ("plain", "alike")]
    assert found["good", "plain"].verdict == "better"
    assert found["good", "plain"].further_examples == 0
    undecided = found["plain", "alike"]
    assert undecided.verdict == "can't tell yet"
    adjusted = holm([each.p_value for each in found.values()])
    assert tuple(each.p_adjusted for each in found.values()) == adjusted
    # The power of a z test of that size, at the strictest of Holm's three steps, is just 80 %.
    assert undecided.further_examples is not None
    for more, enough in ((0, True), (-1, False)):
        n = undecided.n + undecided.further_examples + more
        reach = abs(undecided.effect_size) * np.sqrt(n) - stats.norm.isf(0.025 / 3)
        assert bool(stats.norm.cdf(reach) >= 0.8) is enough
    turned = paired_differences(dict(reversed(models.items())), metric="score")
    assert next(each for each in turned if each.b == "good").verdict == "worse"


def test_two_models_need_what_the_textbook_says() -> None:
    rng = np.random.default_rng(9)
    share = rng.normal(size=50)
    share += 0.1 - share.mean()
    found = paired_differences({"a": Mean(share), "b": Mean(np.zeros(50))}, metric="score")[0]
    d = 0.1 / share.std(ddof=1)
    needed = ((stats.norm.isf(0.025) + stats.norm.ppf(0.8)) / d) ** 2
    assert found.further_examples == int(np.ceil(needed)) - 50


def test_no_difference_at_all() -> None:
    models = correlated(40, models=1)
    found = paired_differences({"a": models["model 0"], "b": models["model 0"]}, metric="spearman")
    assert found[0].p_value == found[0].p_adjusted == 1.0
    assert (found[0].difference, found[0].effect_size) == (0.0, 0.0)
    assert found[0].further_examples is None
    assert found[0].verdict == "can't tell yet"


def test_a_constant_difference_is_a_difference() -> None:
    found = paired_differences(
        {"a": Mean(np.full(30, 0.75)), "b": Mean(np.full(30, 0.5))}, metric="ndcg"
    )[0]
    assert (found.low, found.high, found.verdict) == (0.25, 0.25, "better")
    assert found.effect_size == np.inf
    few = paired_differences(
        {"a": Mean(np.full(5, 0.75)), "b": Mean(np.full(5, 0.5))}, metric="ndcg"
    )[0]
    assert few.p_value == pytest.approx(2 / 32, abs=0.01)  # five of five, on either side
    assert few.verdict == "can't tell yet"
    assert few.further_examples is None


def test_an_undefined_statistic_says_nothing() -> None:
    gold = np.arange(20.0)
    constant, right = Spearman(gold, np.ones(20)), Spearman(gold, gold)
    interval = intervals({"spearman": constant}, n_resamples=200)["spearman"]
    assert np.isnan([interval.estimate, interval.low, interval.high]).all()
    found = paired_differences({"a": constant, "b": right}, metric="spearman")[0]
    assert np.isnan([found.difference, found.low, found.high, found.effect_size]).all()
    assert (found.p_value, found.p_adjusted) == (1.0, 1.0)
    assert (found.verdict, found.further_examples) == ("can't tell yet", None)


def test_undefined_resamples_are_counted() -> None:
    labels = np.zeros(12)
    labels[:2] = 1
    found = intervals({"ap": AveragePrecision(labels, np.linspace(1, 0, 12))})["ap"]
    assert found.undefined == pytest.approx((10 / 12) ** 12, abs=0.02)
    assert (found.low, found.high) == (1.0, 1.0)
    labels[1] = 0  # without its one positive example it is undefined
    one = AveragePrecision(labels, np.linspace(1, 0, 12))
    two = AveragePrecision(labels, np.linspace(0, 1, 12))
    assert paired_differences({"a": one, "b": two}, metric="ap")[0].p_value == 1.0


def test_same_seed_same_numbers_whatever_else_is_asked() -> None:
    models = correlated(60)
    alone = intervals({"model 1": models["model 1"]}, n_resamples=500)["model 1"]
    others: dict[str, Statistic] = {"mean": Mean(np.arange(90.0)), **models}
    among = intervals(dict(reversed(others.items())), n_resamples=500)["model 1"]
    assert (alone.low, alone.high) == (among.low, among.high)
    other = intervals({"model 1": models["model 1"]}, n_resamples=500, random_state=1)["model 1"]
    assert (alone.low, alone.high) != (other.low, other.high)


def test_the_order_of_models_changes_nothing() -> None:
    models = correlated(60)
    straight = paired_differences(models, metric="spearman", n_resamples=500)
    turned = paired_differences(dict(reversed(models.items())), metric="spearman", n_resamples=500)
    again = {(each.a, each.b): each for each in turned}
    for each in straight:
        other = again[each.b, each.a]
        assert each.difference == -other.difference
        assert (each.low, each.high) == (-other.high, -other.low)
        assert (each.p_value, each.p_adjusted) == (other.p_value, other.p_adjusted)
        assert each.further_examples == other.further_examples
    pair = {name: models[name] for name in ("model 0", "model 2")}
    alone = paired_differences(pair, metric="spearman", n_resamples=500)[0]
    among = next(each for each in straight if (each.a, each.b) == ("model 0", "model 2"))
    assert (alone.low, alone.high, alone.p_value) == (among.low, among.high, among.p_value)


def test_the_size_of_a_block_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    models = correlated(70)
    before = (
        intervals(models, n_resamples=300),
        paired_differences(models, metric="spearman", n_resamples=300),
    )
    monkeypatch.setattr(_resampling, "_BLOCK_CELLS", 7 * 70)
    after = (
        intervals(models, n_resamples=300),
        paired_differences(models, metric="spearman", n_resamples=300),
    )
    for name in models:
        assert (before[0][name].low, before[0][name].high) == (
            after[0][name].low,
            after[0][name].high,
        )
    assert [numbers(each) for each in before[1]] == [numbers(each) for each in after[1]]


def test_groups_of_examples_stand_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    models = correlated(900, models=2)
    single = intervals(models)["model 0"], paired_differences(models, metric="spearman")[0]
    monkeypatch.setattr(_resampling, "_MOST_GROUPS", 400)  # two or three examples each
    grouped = intervals(models)["model 0"], paired_differences(models, metric="spearman")[0]
    assert grouped[0].low == pytest.approx(single[0].low, abs=1e-3)
    assert grouped[0].high == pytest.approx(single[0].high, abs=1e-3)
    assert grouped[1].n == 900
    assert grouped[1].low == pytest.approx(single[1].low, abs=4e-3)
    assert grouped[1].effect_size == pytest.approx(single[1].effect_size, rel=0.1)


def test_the_mean_over_groups_of_unequal_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_resampling, "_MOST_GROUPS", 40)
    values = np.random.default_rng(0).normal(0.2, 1, size=130)  # groups of 3 and 4
    models = {"a": Mean(values), "b": Mean(np.zeros(130))}
    found = paired_differences(models, metric="score", n_resamples=20_000)[0]
    assert (found.low + found.high) / 2 == pytest.approx(values.mean(), abs=0.02)
    half = 1.96 * values.std() / np.sqrt(130)
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.25)


def test_many_examples_take_little_time_and_memory() -> None:
    models = correlated(20_000, models=2)
    tracemalloc.start()
    start = time.process_time()
    found = paired_differences(models, metric="spearman", n_resamples=1000)
    intervals(models, n_resamples=200)
    assert time.process_time() - start < 60
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6  # 20,000² counts would be 3.2 GB
    assert found[0].verdict == "better"


def test_quick_enough_for_an_sts_set() -> None:
    models = correlated(1400, models=1)
    start = time.process_time()
    intervals(models, n_resamples=10_000)
    assert time.process_time() - start < 2


def test_coverage_and_false_alarms_roughly() -> None:
    """A small simulation; the real one is in benchmarks/calibration.py."""
    rng = np.random.default_rng(5)
    covered = alarms = 0
    for seed in range(200):
        easy = rng.normal(size=100)
        scores = [stats.norm.cdf(easy + rng.normal(size=100)) ** 0.5 for _ in range(2)]
        found = intervals({"a": Mean(scores[0])}, n_resamples=300, random_state=seed)["a"]
        covered += found.low <= 2 / 3 <= found.high
        models = {"a": Mean(scores[0]), "b": Mean(scores[1])}
        pair = paired_differences(models, metric="m", n_resamples=300, random_state=seed)[0]
        alarms += pair.verdict != "can't tell yet"
    assert 0.87 <= covered / 200 <= 0.99
    assert alarms / 200 <= 0.11


@pytest.mark.parametrize("confidence", [0.8, 0.99])
def test_confidence(confidence: float) -> None:
    values = np.random.default_rng(0).normal(size=100)
    found = intervals({"a": Mean(values)}, confidence=confidence)["a"]
    assert isinstance(found, Interval)
    half = stats.norm.ppf((1 + confidence) / 2) * values.std() / 10
    assert found.high - found.low == pytest.approx(2 * half, rel=0.05)
    assert found.confidence == confidence


def test_bad_input_is_named() -> None:
    few, more = Mean([0.1, 0.2, 0.3, 0.4]), Mean(np.arange(9.0))
    with pytest.raises(InputError, match=r"recall: expected at least 5 examples .* got 4"):
        intervals({"recall": few})
    with pytest.raises(InputError, match=r"a: expected at least 5 examples .* got 4"):
        paired_differences({"a": few, "b": few}, metric="recall")
    with pytest.raises(InputError, match=r"two or more models.* got 'a' with 9 examples"):
        paired_differences({"a": more}, metric="recall")
    with pytest.raises(InputError, match="got 'a' with 9 examples, 'b' with 8 examples"):
        paired_differences({"a": more, "b": Mean(np.arange(8.0))}, metric="recall")
    with pytest.raises(InputError, match=r"confidence: expected a share .* got 95"):
        intervals({"a": more}, confidence=95)
    with pytest.raises(InputError, match="n_resamples: expected a whole number from 200"):
        intervals({"a": more}, n_resamples=10)
    with pytest.raises(InputError, match="random_state: expected a whole number"):
        paired_differences({"a": more, "b": more}, metric="m", random_state=-1)
    assert intervals({}) == {}
