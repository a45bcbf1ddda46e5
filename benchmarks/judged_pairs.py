"""Do the intervals of precision and recall hold? A simulation of judging with known truth.

Each repetition makes the truth anew, judges the pairs that PairJudgments asks for, and compares
the curve with the truth of all pairs. Prints, for precision and recall, how often the 95 % interval
holds the true value at the worst and at the median threshold, its mean width, and the largest bias
of the estimate.
"""

from __future__ import annotations

import argparse
import math

import numpy as np
from _results import Result, report
from numpy.typing import NDArray

from workbench.analysis import PairJudgments, ParaphrasePairs
from workbench.embeddings import Embeddings

# Pairs by stratum of score, the lowest first, and the share of duplicates in each.
SETTINGS: dict[str, tuple[list[int], list[float]]] = {
    "few duplicates, all on top": (
        [930, 363, 138, 33, 7, 5, 2, 8, 13],
        [0.0, 0.0, 0.0, 0.02, 0.1, 0.3, 0.9, 1.0, 1.0],
    ),
    "some at every score": (
        [3000, 1200, 500, 200, 100, 60, 40, 30, 20, 20],
        [0.005, 0.02, 0.08, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0, 1.0],
    ),
    "many": (
        [400, 300, 200, 150, 100, 100, 80, 50],
        [0.05, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.97],
    ),
}


def pairs_of(sizes: list[int]) -> ParaphrasePairs:
    """Return pairs with so many scores in each of equal bins from 0.5 to 1."""
    width = 0.5 / len(sizes)
    scores = np.concatenate(
        [
            np.linspace(0.5 + (at + 0.1) * width, 0.5 + (at + 0.9) * width, size)
            for at, size in enumerate(sizes)
        ]
    )[::-1].astype(np.float32)
    n = math.ceil((1 + math.sqrt(1 + 8 * len(scores))) / 2)
    rows1, rows2 = (rows[: len(scores)] for rows in np.triu_indices(n, 1))
    texts = Embeddings.from_array(np.ones((n, 2)), [f"text {row}" for row in range(n)])
    return ParaphrasePairs(rows1, rows2, scores, texts, None, 0.5, None, len(scores))


def repetition(
    pairs: ParaphrasePairs, truth: NDArray[np.bool_], strata: int, count: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the true precision and recall, shape (2, k), and what was found, (2, k, 3)."""
    judgments = PairJudgments.of(pairs, n_strata=strata, random_state=seed)
    while len(judgments) < count and (place := judgments.next_pair()) is not None:
        judgments = judgments.judge(bool(truth[place]))
    curve = judgments.curve()
    above = np.array([np.count_nonzero(truth[:n]) for n in curve.n_pairs])
    true = np.stack([above / curve.n_pairs, above / max(1, truth.sum())])
    return true, np.stack([curve.precision, curve.recall])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=300)
    options = parser.parse_args()
    for name, (sizes, shares) in SETTINGS.items():
        pairs = pairs_of(sizes)
        share = np.repeat(shares, sizes)[::-1]
        for count in (60, 120, 250):
            rng = np.random.default_rng(count)
            found = [
                repetition(pairs, rng.random(len(share)) < share, len(sizes), count, seed)
                for seed in range(options.repetitions)
            ]
            true, told = (np.stack(part) for part in zip(*found, strict=True))
            held = (told[..., 1] - 1e-9 <= true) & (true <= told[..., 2] + 1e-9)
            for at, what in enumerate(("precision", "recall")):
                rates = held[:, at].mean(axis=0)
                width = (told[:, at, :, 2] - told[:, at, :, 1]).mean()
                bias = abs(np.nanmean(told[:, at, :, 0] - true[:, at], axis=0)).max()
                note = (
                    f"held {100 * rates.min():.1f} % at the worst threshold, "
                    f"{100 * np.median(rates):.1f} % at the median one; mean width {width:.2f}, "
                    f"largest bias {bias:.3f}"
                )
                sizes = f"{name}; {count} judged, {options.repetitions} times"
                report(Result(f"95 % interval of {what}", "the truth", sizes, note=note))


if __name__ == "__main__":
    main()
