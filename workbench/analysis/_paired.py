"""Whether two models differ on the same examples: sign flips, Holm's correction, a verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from workbench.analysis._inputs import as_seed
from workbench.analysis._jackknife import Jackknife, SignFlips, difference, sign_flips
from workbench.analysis._resampling import check_request
from workbench.analysis.statistics import AveragePrecision, Pearson, Spearman, Statistic
from workbench.errors import InputError

__all__ = ["PairedDifference", "holm", "paired_differences"]

_POWER = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class PairedDifference:
    """How model ``a`` differs from model ``b`` on the same examples.

    Parameters
    ----------
    a, b
        The names of the models.
    metric
        What is compared.
    difference
        The statistic of ``a`` minus that of ``b``.
    low, high
        The confidence interval of the difference, not corrected for the number of pairs.
    p_value
        Two-sided, by flipping signs at random; it agrees with the interval.
    p_adjusted
        The same after Holm's correction over all pairs compared.
    effect_size
        The difference over √n times its jackknife standard error: for means, Cohen's d_z.
    n
        How many examples both were compared on.
    further_examples
        How many more would settle it with a probability of 80 %, were the true difference the
        one seen: at the level 1 - confidence divided by the number of pairs, so that it holds
        whatever the other pairs show. 0 when settled, None when no difference was seen.
    verdict
        ``"better"``, ``"worse"`` or ``"can't tell yet"``: a against b, by ``p_adjusted``.

    Notes
    -----
    Where a statistic is undefined, or one example decides whether it is, the numbers are nan and
    the p-values 1.
    """

    a: str
    b: str
    metric: str
    difference: float
    low: float
    high: float
    p_value: float
    p_adjusted: float
    effect_size: float
    n: int
    further_examples: int | None
    verdict: str


def paired_differences(
    statistics_by_model: Mapping[str, Statistic],
    *,
    metric: str,
    confidence: float = 0.95,
    n_resamples: int = 10_000,
    random_state: int = 0,
) -> tuple[PairedDifference, ...]:
    """Compare every two models on the same examples.

    Parameters
    ----------
    statistics_by_model
        The same statistic of each model, on the same examples in the same order; two or more.
    metric
        Its name, for the results.
    confidence
        Between 0.5 and 1.
    n_resamples
        How many random flips of signs, at least 200. No p-value is below 2 / (1 + this number):
        from 23 models on (253 pairs) Holm's correction asks for more than 10,000.
    random_state
        The seed: the same one gives the same numbers, in any order of models.

    Returns
    -------
    tuple of PairedDifference
        One per pair, in the order of ``statistics_by_model``.

    Raises
    ------
    InputError
        If there are fewer than 2 models or 5 examples, if the models differ in their number of
        examples, or an option is out of range.
    """
    sizes = {name: statistic.n for name, statistic in statistics_by_model.items()}
    check_request(sizes, confidence, n_resamples)
    if len(sizes) < 2 or len(set(sizes.values())) > 1:
        shown = ", ".join(f"{name!r} with {n} examples" for name, n in sizes.items())
        raise InputError(
            "paired_differences: expected two or more models, all on the same examples; got "
            f"{shown or 'none'}."
        )
    seed = as_seed(random_state)
    jackknives = {name: Jackknife.of(each, seed) for name, each in statistics_by_model.items()}
    pairs = list(combinations(sizes, 2))
    # Computed in one direction and turned round, so that rounding is the same in both.
    scaled = all(on_fishers_scale(each) for each in statistics_by_model.values())
    found = [difference(jackknives[max(pair)], jackknives[min(pair)], scaled) for pair in pairs]
    flipped = list(sign_flips(found, n_resamples, seed))
    p_values = [_p_value(*each) for each in zip(found, flipped, strict=True)]
    adjusted = holm(p_values)
    return tuple(
        _Compared(jackknife, flips, p, p_adjusted, len(pairs)).between(a, b, metric, confidence)
        for (a, b), jackknife, flips, p, p_adjusted in zip(
            pairs, found, flipped, p_values, adjusted, strict=True
        )
    )


def holm(p_values: ArrayLike) -> tuple[float, ...]:
    """Return p-values corrected for their number by Holm's step-down method (1979).

    Parameters
    ----------
    p_values
        The p-values, in any order; none may be nan.

    Returns
    -------
    tuple of float
        In the same order, each at least as large as it was and at most 1.

    Raises
    ------
    InputError
        If one is not from 0 to 1.
    """
    values = np.asarray(p_values, dtype=np.float64)
    if values.ndim != 1 or not ((values >= 0) & (values <= 1)).all():
        raise InputError(f"holm: expected p-values from 0 to 1; got {p_values!r}.")
    order = np.argsort(values, kind="stable")
    stepped = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return tuple(float(value) for value in adjusted)


def on_fishers_scale(statistic: Statistic) -> bool:
    """Whether a statistic varies the less the nearer it is to 1, as correlations do."""
    return isinstance(statistic, AveragePrecision | Pearson | Spearman)


def _p_value(jackknife: Jackknife, flipped: SignFlips) -> float:
    """Return the p-value of no difference; 1 where nothing can be said."""
    return flipped.p_value() if jackknife.defined else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """The later of two names against the earlier one, before it is turned the right way."""

    jackknife: Jackknife
    flipped: SignFlips
    p_value: float
    p_adjusted: float
    pairs: int

    def between(self, a: str, b: str, metric: str, confidence: float) -> PairedDifference:
        """Return the difference of a against b."""
        sign = 1.0 if a > b else -1.0
        gap = sign * self.jackknife.estimate
        low, high = math.nan, math.nan
        if self.jackknife.defined:
            low, high = sorted(sign * end for end in self.flipped.ends(confidence))
        effect = sign * self.effect_size()
        settled = self.p_adjusted < 1 - confidence
        return PairedDifference(
            a,
            b,
            metric,
            gap + 0.0,  # no -0.0
            low + 0.0,
            high + 0.0,
            self.p_value,
            self.p_adjusted,
            effect + 0.0,
            self.jackknife.n,
            0 if settled else self.further_examples(effect, 1 - confidence),
            ("better" if gap > 0 else "worse") if settled else "can't tell yet",
        )

    def effect_size(self) -> float:
        """Return the difference in standard deviations of one example's share in it."""
        if not self.jackknife.defined:
            return math.nan
        difference, error = self.jackknife.estimate, self.jackknife.standard_error
        if error <= 1e-12 * abs(difference):
            return math.copysign(math.inf, difference) if difference else 0.0
        return difference / (error * math.sqrt(self.jackknife.n))

    def further_examples(self, effect: float, alpha: float) -> int | None:
        """Return how many more examples a true difference of this size needs."""
        if not effect or not math.isfinite(effect):
            return None
        # At the level of the strictest of Holm's steps: enough whatever the other pairs show.
        reach = float(norm.isf(alpha / (2 * self.pairs)) + norm.ppf(_POWER))
        return max(1, math.ceil((reach / effect) ** 2) - self.jackknife.n)
