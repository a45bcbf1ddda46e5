"""Fast community detection, as in sentence-transformers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray

__all__ = ["community_labels"]

_BLOCK_CELLS = 4_000_000


def community_labels(
    vectors: FloatArray, *, threshold: float = 0.75, min_community_size: int = 10
) -> IntArray:
    """Return the community of each text, -1 for none, shape (n,).

    A community is a text and all texts whose cosine to it is at least ``threshold``. The largest
    come first; a later one loses the texts that an earlier one has, and is dropped when its
    centre is taken or fewer than ``min_community_size`` remain. These are the communities of
    ``sentence_transformers.util.community_detection``.

    Parameters
    ----------
    vectors
        Unit vectors, shape (n, d).
    threshold
        The least cosine.
    min_community_size
        The fewest texts, the centre among them.
    """
    n = len(vectors)
    centres, members = _candidates(vectors, np.float32(threshold), min_community_size)
    labels = np.full(n, -1, np.int64)
    sizes = np.array([np.bitwise_count(row).sum(dtype=np.int64) for row in members], np.int64)
    label = 0
    for place in np.argsort(-sizes, kind="stable"):
        if labels[centres[place]] >= 0:
            continue
        member = np.unpackbits(members[place], count=n).astype(np.bool_) & (labels < 0)
        if np.count_nonzero(member) >= min_community_size:
            member[centres[place]] = True
            labels[member] = label
            label += 1
    return labels


def _candidates(
    vectors: FloatArray, threshold: np.float32, fewest: int
) -> tuple[list[int], list[NDArray[np.uint8]]]:
    """Return the centres with enough texts around them, and those texts as packed bits."""
    n = len(vectors)
    centres: list[int] = []
    members: list[NDArray[np.uint8]] = []
    step = max(1, _BLOCK_CELLS // n)
    for start in range(0, n, step):
        near = vectors[start : start + step] @ vectors.T >= threshold
        rows = np.flatnonzero(near.sum(axis=1) >= fewest)
        centres.extend((start + rows).tolist())
        members.extend(np.packbits(near[rows], axis=1))
    return centres, members
