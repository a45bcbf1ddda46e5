"""One map laid over another as a whole: orthogonal Procrustes analysis on robust anchors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import BoolArray, FloatArray

__all__ = ["fitted", "gaps", "superimposed"]

_STEPS = 20  # it settles in a few
_FAR = 2.5  # times the root mean square distance: further off are no anchors
_FEWEST = 4
_SAME = 1e-6  # share of the width: coordinates are float32

Matrix = NDArray[np.float64]


def superimposed(
    frame: Matrix, moving: FloatArray, candidates: BoolArray
) -> tuple[Matrix, BoolArray]:
    """Return a map laid over another by all candidates but those far off, and which these are.

    Not by the half that fits best, as least trimmed squares would: where half of the texts are
    one round cluster, that fits the cluster, at any angle.
    """
    chosen = candidates
    placed = fitted(frame, moving, chosen)
    for _ in range(_STEPS):
        gap = gaps(frame, placed)
        limit = _FAR * np.sqrt((gap[chosen] ** 2).mean())
        close = candidates & (gap <= limit + _SAME * np.ptp(frame, axis=0).max())
        if np.count_nonzero(close) < _FEWEST or np.array_equal(close, chosen):
            break
        chosen = close
        placed = fitted(frame, moving, chosen)
    return placed, chosen


def fitted(frame: Matrix, moving: FloatArray, anchors: BoolArray) -> Matrix:
    """Return a map turned, mirrored, scaled and shifted so that its anchors fit the frame's."""
    exact = moving.astype(np.float64)
    there, here = frame[anchors].mean(axis=0), exact[anchors].mean(axis=0)
    target, source = frame[anchors] - there, exact[anchors] - here
    left, _, right = np.linalg.svd(source.T @ target)
    spread, own = np.linalg.norm(target), np.linalg.norm(source)
    scale = spread / own if spread and own else 1.0
    return np.asarray((exact - here) @ (left @ right) * scale + there)


def gaps(one: Matrix, other: Matrix) -> Matrix:
    """Return how far each text lies from its place on the other map, shape (n,)."""
    return np.asarray(np.linalg.norm(one - other, axis=1))
