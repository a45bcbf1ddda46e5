"""Mean similarities between groups of texts, without a matrix of all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray, freeze
from workbench._html import facts_table
from workbench.analysis._inputs import as_embeddings, as_seed, steady_threads
from workbench.embeddings import Embeddings
from workbench.errors import InputError

__all__ = ["BlockSimilarities", "block_similarities"]

_MOST_BLOCKS = 150
_MOST_TEXTS = 1000  # of a block: two of them open as a full matrix
_EXEMPLARS = 3
_SUM_ROWS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class BlockSimilarities:
    """The mean cosine of all pairs of texts between b blocks.

    Parameters
    ----------
    values
        Mean cosine of a text of one block and a text of the other, shape (b, b) float32, -1 to 1;
        within a block of different texts (nan for one text).
    labels
        Each text's block, shape (n,).
    names
        The blocks' names.
    exemplars
        The rows of the (up to three) texts nearest to each block's centre.
    embeddings
        The n texts.
    """

    values: FloatArray
    labels: IntArray
    names: tuple[str, ...]
    exemplars: tuple[tuple[int, ...], ...]
    embeddings: Embeddings

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", freeze(self.values))
        object.__setattr__(self, "labels", freeze(self.labels))

    @property
    def sizes(self) -> IntArray:
        """How many texts each block has, shape (b,)."""
        return np.bincount(self.labels, minlength=len(self.names))

    def rows(self, block: int) -> IntArray:
        """Return the rows of a block's texts."""
        return np.flatnonzero(self.labels == block)

    def title(self) -> str:
        """Return what is compared, for titles."""
        return f"{self.embeddings.title()} · mean cosine of {len(self.names)} blocks"

    def to_frame(self) -> pd.DataFrame:
        """Return the blocks' mean cosines, with their names as index and columns."""
        return pd.DataFrame(self.values, index=list(self.names), columns=list(self.names))

    def summary(self) -> dict[str, float | int | str]:
        """Return the blocks in numbers: a flat dict."""
        within = np.diagonal(self.values)
        between = self.values[~np.eye(len(self.values), dtype=bool)]
        return {
            "texts": len(self.labels),
            "blocks": len(self.names),
            "largest": int(self.sizes.max()),
            "mean_within": float(np.nanmean(within)) if np.isfinite(within).any() else float("nan"),
            "mean_between": float(between.mean()) if between.size else float("nan"),
            "corpus_fingerprint": self.embeddings.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        return facts_table(self.title(), self.summary())

    def __repr__(self) -> str:
        return f"BlockSimilarities({len(self.names)} blocks of {len(self.labels)} texts)"


def block_similarities(
    embeddings: Embeddings, names: Sequence[str] | None = None, *, random_state: int = 0
) -> BlockSimilarities:
    """Return the mean cosine between blocks of texts.

    The mean over all pairs is the product of the blocks' sums of unit vectors, so that no matrix
    of all pairs is made. Blocks above 1,000 texts are split by k-means, and numbered; where there
    would be more than 150, the smallest named ones are one block, "other".

    Parameters
    ----------
    embeddings
        The n texts.
    names
        The name of each text's block; None: blocks of like texts (k-means), in an order that puts
        like beside like.
    random_state
        The seed of k-means.

    Raises
    ------
    InputError
        If there are not as many names as texts, or a vector is all zeros.
    """
    source = as_embeddings(embeddings, "block_similarities")
    seed = as_seed(random_state)
    vectors = source.unit()
    if names is None:
        labels, found = _alike(vectors, seed)
    else:
        if len(names) != len(vectors):
            raise InputError(
                f"block_similarities: got {len(names):,} names for {len(vectors):,} texts."
            )
        labels, found = _named(vectors, list(names), seed)
    sums = _sums(vectors, labels, len(found))
    sizes = np.bincount(labels, minlength=len(found)).astype(np.float64)
    values = (sums @ sums.T) / np.outer(sizes, sizes)
    own = np.einsum("bd,bd->b", sums, sums) - sizes  # a text with itself has cosine 1
    with np.errstate(divide="ignore", invalid="ignore"):
        np.fill_diagonal(values, np.where(sizes > 1, own / (sizes * (sizes - 1)), np.nan))
    return BlockSimilarities(
        np.clip(values, -1.0, 1.0).astype(np.float32),
        labels,
        tuple(found),
        tuple(_nearest(vectors, labels, block, sums) for block in range(len(found))),
        source,
    )


def _sums(vectors: FloatArray, labels: IntArray, count: int) -> NDArray[np.float64]:
    sums = np.zeros((count, vectors.shape[1]))
    for start in range(0, len(vectors), _SUM_ROWS):
        part = slice(start, start + _SUM_ROWS)
        np.add.at(sums, labels[part], vectors[part].astype(np.float64))
    return sums


def _nearest(
    vectors: FloatArray, labels: IntArray, block: int, sums: NDArray[np.float64]
) -> tuple[int, ...]:
    rows = np.flatnonzero(labels == block)
    closeness = vectors[rows] @ sums[block].astype(np.float32)
    return tuple(rows[np.argsort(-closeness, kind="stable")[:_EXEMPLARS]].tolist())


def _named(vectors: FloatArray, names: list[str], seed: int) -> tuple[IntArray, list[str]]:
    """Return blocks by name, in the order of the names, large ones in numbered parts."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    if len(counts) > _MOST_BLOCKS:
        kept = set(sorted(counts, key=lambda name: (-counts[name], name))[: _MOST_BLOCKS - 1])
        names = [name if name in kept else "other" for name in names]
    labels = np.empty(len(names), np.int64)
    found: list[str] = []
    every = np.array(names, dtype=object)
    for name in sorted(set(names)):
        rows = np.flatnonzero(every == name)
        parts = -(-len(rows) // _MOST_TEXTS)
        which = _split(vectors[rows], parts, seed) if parts > 1 else np.zeros(len(rows), np.int64)
        labels[rows] = len(found) + which
        count = int(which.max()) + 1
        found += [name] if count == 1 else [f"{name} ({part + 1})" for part in range(count)]
    return labels, found


def _alike(vectors: FloatArray, seed: int) -> tuple[IntArray, list[str]]:
    """Return blocks of like texts, like blocks beside each other."""
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering

    wanted = min(_MOST_BLOCKS, max(20, -(-len(vectors) // 300)), len(vectors))
    labels = _split(vectors, wanted, seed)
    count = int(labels.max()) + 1
    if count > 2:
        centres = _sums(vectors, labels, count)
        centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
        tree = linkage(centres, "average", metric="cosine")
        order = leaves_list(optimal_leaf_ordering(tree, centres, metric="cosine"))
        place = np.empty(count, np.int64)
        place[order] = np.arange(count)
        labels = place[labels]
    return labels, [f"block {number + 1}" for number in range(count)]


def _split(vectors: FloatArray, parts: int, seed: int) -> IntArray:
    """Return k-means labels, numbered without gaps."""
    from sklearn.cluster import MiniBatchKMeans

    model = MiniBatchKMeans(parts, random_state=seed, n_init=1, batch_size=4096)
    with steady_threads(len(vectors)):
        labels = model.fit_predict(vectors)
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)
