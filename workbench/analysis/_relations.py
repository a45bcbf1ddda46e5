"""How alike several models are on the same texts: shared neighbours, CKA, rank correlation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray

__all__ = [
    "first_copies",
    "linear_cka",
    "neighbor_keys",
    "pair_ranks",
    "rank_correlations",
    "shared_share",
]

_MOST_ROWS = 2000  # up to here all pairs are taken
_SAMPLE = 500_000
_BLOCK_CELLS = 1_000_000  # 8 MB of float64 at a time
_SAME = 1e-13  # mean squared distance from the mean: float32 unit vectors are good to 1e-14
_DECIMALS = 12  # equal cosines differ in the sixteenth

Matrix = NDArray[np.float64]


def linear_cka(units: Sequence[FloatArray]) -> tuple[Matrix, Matrix]:
    """Return the linear CKA of every two models, and what chance gives.

    ‖XᵀY‖² / (‖XᵀX‖ ‖YᵀY‖) of the centred vectors: products of (d, d), never of (n, n). Chance
    is the exact mean over all permutations of one model's rows, tr K tr L / ((n - 1) ‖K‖ ‖L‖).

    Parameters
    ----------
    units
        Unit vectors of the same n texts, one (n, d) per model.

    Returns
    -------
    tuple
        Two (m, m) matrices; NaN where a model gives all texts the same vector.
    """
    count, n = len(units), len(units[0])
    means = [unit.mean(axis=0, dtype=np.float64) for unit in units]
    products = np.empty((count, count))
    traces = np.empty(count)
    for i in range(count):
        for j in range(i, count):
            cross = _cross(units[i], units[j], means[i], means[j])
            products[i, j] = products[j, i] = float((cross**2).sum())
            if i == j:
                traces[i] = np.trace(cross)
    own = np.sqrt(np.diag(products))
    own[traces < n * _SAME] = np.nan
    scale = np.outer(own, own)
    cka = products / scale
    cka[np.diag_indices(count)] = np.where(np.isnan(own), np.nan, 1.0)
    return cka, np.outer(traces, traces) / ((n - 1) * scale)


def pair_ranks(units: Sequence[FloatArray], random_state: int) -> tuple[list[Matrix], int | None]:
    """Return the ranks of the cosines of the same pairs of texts, for each model.

    Parameters
    ----------
    units
        Unit vectors of the same n texts, one (n, d) per model.
    random_state
        Above 2,000 texts, some 500,000 distinct pairs are drawn with this seed: the texts are
        shuffled, and each is paired with the same number of those that follow it.

    Returns
    -------
    tuple
        Per model the ranks (p,), equal cosines sharing their mean rank; and p when the pairs
        were drawn, None when they are all.
    """
    from scipy.stats import rankdata

    n = len(units[0])
    if n <= _MOST_ROWS:
        return [rankdata(_all_cosines(unit)) for unit in units], None
    order = np.random.default_rng(random_state).permutation(n)
    lags = max(1, min(_SAMPLE // n, (n - 1) // 2))
    return [rankdata(_some_cosines(unit[order], lags)) for unit in units], lags * n


def rank_correlations(ranks: Sequence[Matrix]) -> Matrix:
    """Return Pearson's correlation of every two rankings (p,), NaN where one is constant."""
    centred = [rank - rank.mean() for rank in ranks]
    lengths = [float(np.sqrt(one @ one)) or float("nan") for one in centred]
    found = np.empty((len(ranks), len(ranks)))
    for i, one in enumerate(centred):
        found[i, i] = 1.0 if lengths[i] > 0 else np.nan
        for j in range(i):
            value = float(one @ centred[j]) / (lengths[i] * lengths[j])
            found[i, j] = found[j, i] = np.clip(value, -1.0, 1.0)
    return found


def _cross(one: FloatArray, other: FloatArray, mean: Matrix, other_mean: Matrix) -> Matrix:
    """Return XᵀY of the centred vectors, shape (d, e), in float64."""
    total = np.zeros((one.shape[1], other.shape[1]))
    step = max(1, _BLOCK_CELLS // max(one.shape[1], other.shape[1]))
    for start in range(0, len(one), step):
        rows = slice(start, start + step)
        left = one[rows] - mean
        total += left.T @ (left if other is one else other[rows] - other_mean)
    return total


def _all_cosines(unit: FloatArray) -> Matrix:
    """Return the cosines of all pairs of rows, in float64; equal ones are equal."""
    exact = _exact(unit)
    return np.round((exact @ exact.T)[np.triu_indices(len(exact), 1)], _DECIMALS)


def _some_cosines(unit: FloatArray, lags: int) -> Matrix:
    """Return the cosines of each row with the next rows, around the end, shape (lags * n,)."""
    exact = _exact(unit)
    n = len(exact)
    around = np.concatenate([exact, exact[:lags]])
    found = np.empty((lags, n))
    step = max(1, _BLOCK_CELLS // exact.shape[1])
    for start in range(0, n, step):
        stop = min(start + step, n)
        for lag in range(1, lags + 1):
            following = around[start + lag : stop + lag]
            found[lag - 1, start:stop] = np.einsum("ij,ij->i", exact[start:stop], following)
    return np.round(found.ravel(), _DECIMALS)


def _exact(unit: FloatArray) -> Matrix:
    exact = unit.astype(np.float64)
    return np.asarray(exact / np.sqrt(np.einsum("ij,ij->i", exact, exact))[:, None])


def first_copies(texts: tuple[str, ...]) -> IntArray:
    """Return the row of the first text that is the same, for each text, shape (n,)."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(text, row) for row, text in enumerate(texts)], np.int64)


def neighbor_keys(texts: IntArray) -> IntArray:
    """Return, per row of (n, k), distinct sorted keys: a text and which occurrence of it."""
    k = texts.shape[1]
    ordered = np.sort(texts, axis=1)
    place = np.broadcast_to(np.arange(k), ordered.shape)
    start = np.where(np.diff(ordered, axis=1, prepend=-1) != 0, place, 0)
    return np.asarray(ordered * k + place - np.maximum.accumulate(start, axis=1))


def shared_share(one: IntArray, other: IntArray) -> Matrix:
    """Return the share of keys that are in both, per row."""
    both = np.sort(np.concatenate([one, other], axis=1), axis=1)
    return np.asarray((both[:, 1:] == both[:, :-1]).sum(axis=1) / one.shape[1])
