"""How similar texts are in general: what a similarity of 0.6 means here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray, freeze
from workbench._html import facts_table
from workbench.analysis._inputs import as_embeddings, as_seed, as_whole
from workbench.analysis.similarity import SimilarityMatrix, comparable
from workbench.embeddings import Embeddings
from workbench.errors import InputError

__all__ = ["SimilarityDistribution", "similarity_distribution"]

_BINS = 50
_MOST_PAIRS = 1_000_000
_BLOCK = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityDistribution:
    """The similarities of a matrix beside those of random pairs of texts.

    Parameters
    ----------
    matrix
        The similarities; a text's similarity to itself is left out.
    edges
        The bounds of 50 bins of equal width, shape (51,), float64.
    shares
        The share of the matrix' pairs in each bin, shape (50,); 0 where there is no pair.
    baseline
        Similarities of random pairs of different texts, ascending, shape (p,) float32; all
        pairs where they are not more than were asked for.
    baseline_shares
        The share of them in each bin, shape (50,).
    all_pairs
        Whether the baseline is all pairs instead of random ones.
    random_state
        The seed.
    """

    matrix: SimilarityMatrix
    edges: NDArray[np.float64]
    shares: NDArray[np.float64]
    baseline: FloatArray
    baseline_shares: NDArray[np.float64]
    all_pairs: bool
    random_state: int

    def __post_init__(self) -> None:
        for name in ("edges", "shares", "baseline", "baseline_shares"):
            object.__setattr__(self, name, freeze(getattr(self, name)))

    @property
    def embeddings(self) -> Embeddings:
        """The row texts' embeddings."""
        return self.matrix.rows

    def share_below(self, value: float) -> float:
        """Return the share of random pairs that are less similar, 0 to 1; nan without pairs."""
        if not len(self.baseline):
            return float("nan")
        return float(np.searchsorted(self.baseline, np.float32(value)) / len(self.baseline))

    def title(self) -> str:
        """Return what is compared, for titles."""
        return f"{self.matrix.title()} · distribution"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per bin: ``low, high, share, baseline_share``."""
        return pd.DataFrame(
            {
                "low": self.edges[:-1],
                "high": self.edges[1:],
                "share": self.shares,
                "baseline_share": self.baseline_shares,
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the distribution in numbers: a flat dict."""
        known = {
            f"random_pairs_{name}": float(np.quantile(self.baseline, share))
            for name, share in (("median", 0.5), ("p95", 0.95), ("p99", 0.99))
            if len(self.baseline)
        }
        return {
            "metric": self.matrix.metric,
            "pairs": len(self.matrix.pairs()),
            "random_pairs": len(self.baseline),
            **known,
            "random_state": self.random_state,
            "corpus_fingerprint": self.matrix.rows.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        return facts_table(self.title(), self.summary())

    def __repr__(self) -> str:
        return f"SimilarityDistribution({self.matrix!r}, {len(self.baseline)} random pairs)"


def similarity_distribution(
    matrix: SimilarityMatrix,
    *,
    baseline: Embeddings | None = None,
    n_pairs: int = 10_000,
    random_state: int = 0,
) -> SimilarityDistribution:
    """Return the similarities of a matrix beside those of random pairs of different texts.

    Parameters
    ----------
    matrix
        The similarities.
    baseline
        The texts that random pairs are drawn from, by the same model: the whole corpus where the
        matrix is of some of it. By default the matrix' own texts (a row and a column text).
    n_pairs
        How many random pairs, with replacement; all pairs where there are not more.
    random_state
        The same number gives the same pairs.

    Raises
    ------
    InputError
        If it is no SimilarityMatrix, or the baseline's vectors are by another model.
    """
    if not isinstance(matrix, SimilarityMatrix):
        raise InputError(
            "similarity_distribution: expected what wb.similarity_matrix returns; got "
            f"{type(matrix).__name__}."
        )
    count = as_whole(n_pairs, "n_pairs", 1, _MOST_PAIRS)
    seed = as_seed(random_state)
    left, right = matrix.rows, matrix.columns
    if baseline is not None:
        left = right = as_embeddings(baseline, "similarity_distribution: baseline")
        own = matrix.rows
        if left.dimension != own.dimension or left.spec != own.spec:
            raise InputError(
                f"similarity_distribution: the baseline's vectors ({left.spec.title()}, "
                f"{left.dimension} dimensions) are by another model than the matrix' "
                f"({own.spec.title()}, {own.dimension} dimensions). Use one model."
            )
    n, m, one = len(left), len(right), left is right
    whole = (n * (n - 1) // 2 if one else n * m) <= count
    rows, columns = _drawn_pairs(n, m, one, None if whole else count, seed)
    units = comparable(left, matrix.metric), comparable(right, matrix.metric)
    random = np.sort(_pairwise(*units, rows, columns, matrix.metric))
    pairs = matrix.pairs()
    edges = _edges(pairs, random, matrix.metric)
    return SimilarityDistribution(
        matrix, edges, _shares(pairs, edges), random, _shares(random, edges), whole, seed
    )


def _drawn_pairs(
    n: int, m: int, one: bool, count: int | None, seed: int
) -> tuple[IntArray, IntArray]:
    """Return random pairs of different texts, or all of them when count is None."""
    if count is None and one:
        rows, columns = np.triu_indices(n, 1)
    elif count is None:
        rows, columns = (side.ravel() for side in np.indices((n, m)))
    else:
        rng = np.random.default_rng(seed)
        rows = rng.integers(n, size=count)
        columns = rng.integers(m - 1 if one else m, size=count)
        columns = columns + (columns >= rows) if one else columns
    return rows, columns


def _pairwise(
    left: FloatArray, right: FloatArray, rows: IntArray, columns: IntArray, metric: str
) -> FloatArray:
    found = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _BLOCK):
        part = slice(start, start + _BLOCK)
        a, b = left[rows[part]], right[columns[part]]
        if metric in ("cosine", "dot"):
            found[part] = np.einsum("ij,ij->i", a, b)
        elif metric == "manhattan":
            found[part] = -np.abs(a - b).sum(axis=1)
        else:
            found[part] = -np.linalg.norm(a - b, axis=1)
    return np.clip(found, -1.0, 1.0) if metric == "cosine" else found


def _edges(pairs: FloatArray, random: FloatArray, metric: str) -> NDArray[np.float64]:
    if metric == "cosine":  # the same for all models
        return np.linspace(-1.0, 1.0, _BINS + 1)
    both = [*(side for side in (pairs, random) if len(side))]
    low = min((float(side.min()) for side in both), default=0.0)
    high = max((float(side.max()) for side in both), default=1.0)
    return np.linspace(low, high if high > low else low + 1.0, _BINS + 1)


def _shares(values: FloatArray, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
    return np.asarray(counts / max(len(values), 1), np.float64)
