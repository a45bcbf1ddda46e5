"""Are the intervals and the paired test calibrated? A simulation with known truth.

Each repetition draws fresh examples for two models that are equally good, with correlated errors.
Prints a Markdown table: how often the 95 % interval of a model holds the true value, and how often
the paired test at 5 % sees a difference where there is none; with what other methods would do on
the same data. The figures in CALIBRATION.md took 6 minutes of one core.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

import numpy as np
from _settings import Doubles, Setting, settings
from scipy.stats import t

from workbench.analysis._bootstrap import bca_ends, jackknife_ends
from workbench.analysis._jackknife import Jackknife, difference, sign_flips
from workbench.analysis._label_statistics import UnseenVMeasure
from workbench.analysis._paired import on_fishers_scale
from workbench.analysis._resampling import drawn
from workbench.analysis.significance import intervals, paired_differences
from workbench.analysis.statistics import Statistic, VMeasure

COVERAGE, FALSE_ALARMS = (93.5, 96.5), (3.5, 6.5)
ALL_INTERVALS = ("percentile", "BCa", "studentised", "jackknife")
OTHER_TESTS = ("percentile", "BCa", "t")
HEADER = (
    "| setting | n | coverage | missed: low > truth, high < truth | false alarms "
    "| coverage of percentile · BCa · studentised · jackknife "
    "| false alarms of paired bootstrap: percentile · BCa · t |"
)


def resampled(
    statistic: Statistic, jackknife: Jackknife, n_resamples: int, seed: int
) -> tuple[Doubles, Doubles]:
    """Return the statistic of each resample, and the standard error in each (linearised)."""
    values, errors = [], []
    for counts in drawn(statistic.n, n_resamples, seed):
        values.append(statistic.resampled(counts))
        first = counts @ jackknife.centred / statistic.n
        second = counts @ jackknife.centred**2 / statistic.n
        errors.append(np.sqrt(np.clip(second - first**2, 0, None) / (statistic.n - 1)))
    return np.concatenate(values), np.concatenate(errors)


def interval_ends(
    jackknife: Jackknife, values: Doubles, errors: Doubles, other: Jackknife
) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval by each method; the jackknife's is made from ``other``."""
    defined = np.isfinite(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = (values - jackknife.estimate) / errors
    ratios = ratios[np.isfinite(ratios)]  # none where all examples are alike
    high, low = np.quantile(ratios, [0.975, 0.025]) if len(ratios) else (0.0, 0.0)
    spread = jackknife.standard_error
    return {
        "percentile": (
            float(np.quantile(values[defined], 0.025)),
            float(np.quantile(values[defined], 0.975)),
        ),
        "BCa": bca_ends(jackknife, values[defined], 0.95),
        "studentised": (jackknife.estimate - high * spread, jackknife.estimate - low * spread),
        "jackknife": jackknife_ends(other, 0.95),
    }


def unseen(statistic: Statistic, jackknife: Jackknife) -> Jackknife:
    """Return the jackknife with a V-measure's entropies unbiased."""
    if not isinstance(statistic, VMeasure):
        return jackknife
    return Jackknife.of(UnseenVMeasure(statistic), 0)


def alarms(jackknife: Jackknife, values: Doubles, n_resamples: int, seed: int) -> dict[str, bool]:
    """Return whether each method sees a difference at 5 %."""
    flipped = next(iter(sign_flips([jackknife], n_resamples, seed)))
    values = values[np.isfinite(values)]
    low, high = np.quantile(values, [0.025, 0.975])
    bca_low, bca_high = bca_ends(jackknife, values, 0.95)
    ratio = abs(jackknife.estimate) / max(float(np.std(values, ddof=1)), 1e-300)
    return {
        "sign flips": jackknife.defined and flipped.p_value() < 0.05,
        "percentile": bool(low > 0 or high < 0),
        "BCa": bool(bca_low > 0 or bca_high < 0),
        "t": bool(ratio > t.ppf(0.975, jackknife.n - 1)),
    }


def same_as_public(first: Statistic, second: Statistic, n_resamples: int) -> None:
    """Assert that what is counted below is what the public functions give."""
    mine = Jackknife.of(first, 0)
    values, errors = resampled(first, mine, n_resamples, 0)
    ends = interval_ends(mine, values, errors, unseen(first, mine))[
        "jackknife" if isinstance(first, VMeasure) else "BCa"
    ]
    public = intervals({"a": first}, n_resamples=n_resamples)["a"]
    np.testing.assert_allclose(ends, (public.low, public.high), rtol=1e-9)
    gap = difference(mine, Jackknife.of(second, 0), on_fishers_scale(first))
    p = next(iter(sign_flips([gap], n_resamples, 0))).p_value()
    pair = {"a": first, "b": second}
    compared = paired_differences(pair, metric="", n_resamples=n_resamples)[0]
    np.testing.assert_allclose(p, compared.p_value, rtol=1e-9)


def row(setting: Setting, n: int, repetitions: int, n_resamples: int) -> str:
    """Return one line of the table."""
    rng = np.random.default_rng([n, *setting.name.encode()])
    same_as_public(*setting.draw(rng, n), n_resamples)
    low, high, alarm = Counter[str](), Counter[str](), Counter[str]()
    undefined = 0
    for seed in range(repetitions):
        pair = setting.draw(rng, n)
        first, second = (Jackknife.of(statistic, seed) for statistic in pair)
        values, errors = resampled(pair[0], first, n_resamples, seed)
        others = resampled(pair[1], second, n_resamples, seed)[0]
        if not np.isfinite(values).mean() > 0.5 or not np.isfinite(others).mean() > 0.5:
            undefined += 1
            continue
        other = unseen(pair[0], first)
        for method, ends in interval_ends(first, values, errors, other).items():
            low[method] += setting.truth < ends[0]
            high[method] += setting.truth > ends[1]
        gap = difference(first, second, on_fishers_scale(pair[0]))
        seen = alarms(gap, values - others, n_resamples, seed)
        alarm.update(method for method in seen if seen[method])
    share = 100 / (repetitions - undefined)
    ours = "jackknife" if isinstance(pair[0], VMeasure) else "BCa"
    covered = {method: 100 - share * (low[method] + high[method]) for method in ALL_INTERVALS}
    return (
        f"| {setting.name} | {n} | {marked(covered[ours], COVERAGE, n)} "
        f"| {share * low[ours]:.1f}, {share * high[ours]:.1f} "
        f"| {marked(share * alarm['sign flips'], FALSE_ALARMS, n)} "
        f"| {' · '.join(f'{covered[method]:.1f}' for method in ALL_INTERVALS)} "
        f"| {' · '.join(f'{share * alarm[method]:.1f}' for method in OTHER_TESTS)} |"
    )


def marked(value: float, goal: tuple[float, float], n: int) -> str:
    """Return the value, bold where it misses the goal for 100 examples or more."""
    shown = f"{value:.1f}"
    return shown if n < 100 or goal[0] <= round(value, 1) <= goal[1] else f"**{shown}**"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=2000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--examples", type=int, nargs="+", default=[30, 100, 400])
    options = parser.parse_args()
    start = time.process_time()
    print(HEADER)
    print("|---|--:|--:|--:|--:|--:|--:|")
    for setting in settings():
        for n in options.examples:
            print(row(setting, n, options.repetitions, options.resamples), flush=True)
    print(f"\n{options.repetitions:,} repetitions, {time.process_time() - start:.0f} s of CPU")


if __name__ == "__main__":
    main()
