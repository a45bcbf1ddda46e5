from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics

from workbench.analysis._resampling import drawn, left_out
from workbench.analysis.statistics import (
    AveragePrecision,
    BestF1,
    MacroF1,
    Mean,
    Pearson,
    Spearman,
    Statistic,
    VMeasure,
)
from workbench.errors import InputError

Rows = NDArray[np.int64]
Case = tuple[Statistic, Callable[[Rows], float]]


def best_f1(labels: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    precision, recall, _ = metrics.precision_recall_curve(labels, scores)
    return float(np.max(2 * precision * recall / np.maximum(precision + recall, 1e-300)))


def cases(n: int, seed: int, digits: int) -> dict[str, Case]:
    """Return each statistic and its independent reference on the rows drawn; many ties."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n).round(digits)
    y = (x + rng.normal(size=n)).round(digits)
    yes = (x + 0.5 * rng.normal(size=n) > 0.2).astype(float)
    k = rng.choice(np.array(["refund", "card", "login", "other"]), size=n)
    c = np.where(rng.random(n) < 0.6, k, rng.choice(np.array(["card", "other", "new"]), size=n))
    return {
        "mean": (Mean(x), lambda r: float(x[r].mean())),
        "spearman": (Spearman(x, y), lambda r: float(stats.spearmanr(x[r], y[r])[0])),
        "pearson": (Pearson(x, y), lambda r: float(stats.pearsonr(x[r], y[r])[0])),
        "ap": (
            AveragePrecision(yes, y),
            lambda r: float(metrics.average_precision_score(yes[r], y[r])),
        ),
        "best f1": (BestF1(yes, y), lambda r: best_f1(yes[r], y[r])),
        "v": (VMeasure(k, c), lambda r: float(metrics.v_measure_score(k[r], c[r]))),
        "macro f1": (MacroF1(k, c), lambda r: float(metrics.f1_score(k[r], c[r], average="macro"))),
    }


NAMES = list(cases(5, 0, 0))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("n", "digits"), [(12, 0), (40, 1), (150, 6)])
def test_resamples_equal_scipy_and_scikit_learn(name: str, n: int, digits: int) -> None:
    statistic, reference = cases(n, n, digits)[name]
    assert statistic.n == n
    assert statistic.estimate() == pytest.approx(reference(np.arange(n)), abs=1e-9)
    counts = next(drawn(n, 25, 7))
    for value, drawn_times in zip(statistic.resampled(counts), counts, strict=True):
        rows = np.repeat(np.arange(n), drawn_times.astype(int))
        assert value == pytest.approx(reference(rows), abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_leaving_one_out_and_fractions(name: str) -> None:
    statistic, reference = cases(30, 3, 1)[name]
    counts = np.concatenate(list(left_out(30, 0)))
    for row, value in enumerate(statistic.resampled(counts)):
        assert value == pytest.approx(reference(np.delete(np.arange(30), row)), abs=1e-9)
    # Only the proportions of the counts matter.
    half = statistic.resampled(counts * 0.5)
    np.testing.assert_allclose(half, statistic.resampled(counts), atol=1e-12)


def test_undefined_resamples_are_nan() -> None:
    labels, scores = np.array([1, 1, 0, 0, 0]), np.array([0.9, 0.8, 0.3, 0.2, 0.1])
    negatives = np.array([[0, 0, 2, 2, 1]])
    same = np.array([[0, 0, 5, 0, 0]])
    for kind in (AveragePrecision, BestF1):
        assert np.isnan(kind(labels, scores).resampled(negatives)).all()
    for correlation in (Spearman, Pearson):
        assert np.isnan(correlation(labels, scores).resampled(negatives)).all()
        assert np.isnan(correlation(scores, scores + 0.1).resampled(same)).all()
    assert np.isnan(Spearman(np.full(9, 0.7), np.arange(9.0)).estimate())
    assert np.isnan(Pearson(np.full(9, 0.1), np.arange(9.0)).estimate())
    assert np.isnan(BestF1(np.zeros(5), scores).threshold())


def test_one_class_by_definition() -> None:
    assert VMeasure(["a"] * 6, [3] * 6).estimate() == 1.0
    assert VMeasure(["a"] * 6, [0, 0, 0, 1, 1, 1]).estimate() == 0.0
    assert VMeasure([0, 0, 0, 1, 1, 1], ["a"] * 6).estimate() == 0.0
    assert AveragePrecision(np.ones(5), np.arange(5.0)).estimate() == 1.0


def test_pearson_far_from_zero_and_nearly_constant() -> None:
    rng = np.random.default_rng(0)
    x, y = 1e6 + rng.normal(size=40), 0.5 + 1e-9 * rng.normal(size=40)
    expected = stats.pearsonr(x, y)[0]
    assert Pearson(x, y).estimate() == pytest.approx(expected, abs=1e-9)


def test_threshold_is_that_of_sentence_transformers() -> None:
    from sentence_transformers.sentence_transformer.evaluation import BinaryClassificationEvaluator

    rng = np.random.default_rng(0)
    for digits in (1, 6):
        labels = rng.integers(2, size=60)
        scores = (labels + rng.normal(size=60)).round(digits)
        f1, _, _, threshold = BinaryClassificationEvaluator.find_best_f1_and_threshold(
            scores, labels, True
        )
        ours = BestF1(labels, scores)
        assert ours.estimate() == pytest.approx(f1, abs=1e-9)
        assert ours.threshold() == pytest.approx(threshold)
        assert metrics.f1_score(labels, scores >= ours.threshold()) == pytest.approx(f1)
    assert BestF1([1, 1, 1], [0.5, 0.7, 0.6]).threshold() == 0.5


def test_values_are_kept_read_only() -> None:
    values = np.arange(5.0)
    mean = Mean(values)
    values[0] = 99.0
    assert mean.estimate() == 2.0
    with pytest.raises(ValueError, match="read-only"):
        mean.values[0] = 1.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Mean([1.0, float("nan")]), r"Mean: values: row 2 hold NaN or infinity"),
        (lambda: Mean([]), r"at least one; got shape \(0,\)"),
        (lambda: Mean(["a", "b"]), r"cannot be read as numbers"),
        (lambda: Spearman([1, 2, 3], [1, 2]), r"Spearman: expected two arrays .* got 3 and 2"),
        (lambda: AveragePrecision([0, 1, 2], [1, 2, 3]), r"the labels 0 and 1; got 2 as well"),
        (lambda: BestF1([0, 1], [0.1, np.inf]), r"BestF1: scores: row 2 hold NaN"),
        (lambda: VMeasure(["a", None], [0, 1]), r"VMeasure: labels: row 2 have no label"),
        (lambda: MacroF1([], []), r"MacroF1: labels: expected one label per example"),
        (lambda: MacroF1([1, 2], [1]), r"MacroF1: expected two arrays of one length"),
        (lambda: Mean([1, 2, 3]).resampled(np.ones((2, 4))), r"counts of shape \(resamples, 3\)"),
    ],
)
def test_bad_input_is_named(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
