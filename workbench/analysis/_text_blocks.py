"""Groups of texts that one can look into: by name, as given, or like beside like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray, freeze
from workbench.analysis._threads import steady_threads
from workbench.embeddings import Embeddings

__all__ = ["TextBlocks", "alike_blocks", "block_sums", "given_blocks", "named_blocks"]

_MOST_BLOCKS = 150
_TYPICAL_TEXTS = 1000  # of a block that is part of a larger group
_MOST_TEXTS = 2000  # of any block: its texts open as a full matrix
_FEWEST_TEXTS = 50  # of a block that no name makes, on average
_EXEMPLARS = 3
_SAMPLE, _SAMPLE_OF_PART = 2000, 50  # texts that k-means sees, at least and for each part
_SUM_ROWS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class TextBlocks:
    """Texts in b blocks.

    Parameters
    ----------
    embeddings
        The n texts.
    labels
        Each text's block, shape (n,), 0 to b - 1; read-only. No block is empty.
    names
        The blocks' names, distinct.
    exemplars
        The rows of the (up to three) texts nearest to each block's centre.
    groups
        The name of the group that each block is a part of; empty where no names made them.
    """

    embeddings: Embeddings
    labels: IntArray
    names: tuple[str, ...]
    exemplars: tuple[tuple[int, ...], ...]
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", freeze(self.labels))

    @property
    def sizes(self) -> IntArray:
        """How many texts each block has, shape (b,)."""
        return np.bincount(self.labels, minlength=len(self.names))

    def rows(self, block: int) -> IntArray:
        """Return the rows of a block's texts."""
        return np.flatnonzero(self.labels == block)


def named_blocks(source: Embeddings, names: Sequence[str], seed: int) -> TextBlocks:
    """Return blocks by name, in the order of the names, large ones in numbered parts."""
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    if len(counts) > _MOST_BLOCKS:
        kept = set(sorted(counts, key=lambda name: (-counts[name], name))[: _MOST_BLOCKS - 1])
        other = f"other ({len(counts) - len(kept)} names)"
        while other in kept:
            other = f"all {other}"
        names = [name if name in kept else other for name in names]
    vectors = source.unit()
    labels = np.empty(len(names), np.int64)
    found: list[str] = []
    groups: list[str] = []
    every = np.array(names, dtype=object)
    for name in sorted(set(names), key=_by_number):
        rows = np.flatnonzero(every == name)
        parts = -(-len(rows) // _TYPICAL_TEXTS)
        which = _in_parts(vectors[rows], parts, seed)
        labels[rows] = len(found) + which
        count = int(which.max()) + 1
        found += [name] if count == 1 else [f"{name} ({part + 1})" for part in range(count)]
        groups += [name] * count
    return replace(_blocks(source, vectors, labels, _distinct(found)), groups=tuple(groups))


def _by_number(name: str) -> tuple[int, str]:
    number = re.match(r"(\d{1,9}): ", name)  # clusters are called "10: words"
    return int(number[1]) if number else -1, name


def given_blocks(source: Embeddings) -> TextBlocks:
    """Return runs of as many texts each, in the order of the corpus."""
    count = len(source)
    size = max(min(_MOST_TEXTS, -(-count // _MOST_BLOCKS)), _FEWEST_TEXTS)
    labels = np.arange(count) // size
    starts = range(0, count, size)
    names = [f"texts {start + 1:,}\u2013{min(start + size, count):,}" for start in starts]
    return _blocks(source, source.unit(), labels, names)


def alike_blocks(source: Embeddings, seed: int) -> TextBlocks:
    """Return blocks of like texts (k-means), like blocks beside each other."""
    vectors = source.unit()
    wanted = min(_MOST_BLOCKS, -(-len(vectors) // _FEWEST_TEXTS))
    labels = _in_parts(vectors, wanted, seed)
    return _blocks(source, vectors, labels, [f"block {i + 1}" for i in range(labels.max() + 1)])


def block_sums(vectors: FloatArray, labels: IntArray, count: int) -> NDArray[np.float64]:
    """Return the sum of each block's vectors, shape (count, d)."""
    sums = np.zeros((count, vectors.shape[1]))
    for start in range(0, len(vectors), _SUM_ROWS):
        part = slice(start, start + _SUM_ROWS)
        np.add.at(sums, labels[part], vectors[part].astype(np.float64))
    return sums


def _blocks(
    source: Embeddings, vectors: FloatArray, labels: IntArray, names: list[str]
) -> TextBlocks:
    sums = block_sums(vectors, labels, len(names)).astype(np.float32)
    exemplars = []
    for block, centre in enumerate(sums):
        rows = np.flatnonzero(labels == block)
        nearest = np.argsort(-(vectors[rows] @ centre), kind="stable")[:_EXEMPLARS]
        exemplars.append(tuple(rows[nearest].tolist()))
    return TextBlocks(source, labels, tuple(names), tuple(exemplars))


def _distinct(names: list[str]) -> list[str]:
    """Return the names, each used once: a group may be called what a part of another is."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} [{seen[name]}]")
    return found


def _in_parts(vectors: FloatArray, parts: int, seed: int) -> IntArray:
    """Return k-means labels without gaps, like parts beside each other, none too large."""
    labels = _split(vectors, parts, seed) if parts > 1 else np.zeros(len(vectors), np.int64)
    while True:
        sizes = np.bincount(labels)
        large = np.flatnonzero(sizes > _MOST_TEXTS)
        if not len(large):
            break
        for block in large:
            rows = np.flatnonzero(labels == block)
            which = _split(vectors[rows], -(-len(rows) // _TYPICAL_TEXTS), seed)
            if not which.any():  # texts that are all the same
                which = np.arange(len(rows)) // _TYPICAL_TEXTS
            labels[rows] = np.where(which == 0, block, labels.max() + which)
    return _in_order(vectors, labels)


def _split(vectors: FloatArray, parts: int, seed: int) -> IntArray:
    """Return the nearest of so many centres for each text; k-means finds them on a sample."""
    from sklearn.cluster import MiniBatchKMeans

    most = max(_SAMPLE, _SAMPLE_OF_PART * parts)
    sample = vectors
    if len(vectors) > most:
        drawn = np.random.default_rng(seed).choice(len(vectors), most, replace=False)
        sample = vectors[np.sort(drawn)]
    model = MiniBatchKMeans(parts, random_state=seed, n_init=1, batch_size=1024, max_iter=20)
    with steady_threads(len(sample)):
        centres = model.fit(sample).cluster_centers_.astype(np.float32)
    labels = np.empty(len(vectors), np.int64)
    own = np.einsum("kd,kd->k", centres, centres)
    for start in range(0, len(vectors), _SUM_ROWS):
        part = slice(start, start + _SUM_ROWS)
        labels[part] = np.argmin(own - 2 * (vectors[part] @ centres.T), axis=1)
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _in_order(vectors: FloatArray, labels: IntArray) -> IntArray:
    """Number blocks so that like ones stand beside each other (optimal leaf ordering)."""
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering

    count = int(labels.max()) + 1
    if count < 3:
        return labels
    centres = block_sums(vectors, labels, count)
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    tree = linkage(centres, "average")
    order = leaves_list(optimal_leaf_ordering(tree, centres))
    place = np.empty(count, np.int64)
    place[order] = np.arange(count)
    return place[labels]
