"""Dense regions of a map: hills of the texts' density, at one width of view or at several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import IntArray, freeze

__all__ = ["Regions", "dense_regions", "region_levels"]

Doubles = NDArray[np.float64]

_CELLS = 4  # cells of the grid for each width of the kernel: finer ones move no hill
_FOOT = 0.2  # of a hill's height: lower ground belongs to no region
_WIDEST = 1 / 10  # of the map's extent
_NARROWER = 1.4  # from try to try, for the first level
_TRIES = 7
_STEADY, _FEWEST = 3, 3  # so many tries with as many regions, and how many these are
_FINER = 1.7  # from level to level
_NARROWEST = 1 / 450  # the grid has some 3 million cells then
_LEVELS = 5
_WANTED = 10  # regions on the first level: what one takes in at a glance
_LEAST_SHARE = 0.01  # of all texts in a region of the first level
_LEAST = 5


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Dense regions of n texts on a map, seen with one width.

    Parameters
    ----------
    labels
        Each text's region, shape (n,); -1 for texts between the regions.
    peaks
        The row of each region's densest text, shape (k,).
    sizes
        How many texts are in each, shape (k,).
    """

    labels: IntArray
    peaks: IntArray
    sizes: IntArray

    def __post_init__(self) -> None:
        for name in ("labels", "peaks", "sizes"):
            object.__setattr__(self, name, freeze(getattr(self, name)))


def region_levels(places: Doubles) -> list[Regions]:
    """Return the regions of a map from coarse to fine, at up to five widths.

    From the first level to the next the kernel is narrower by 1.7, and a region may be smaller by
    the area.
    """
    least = max(_LEAST, _LEAST_SHARE * len(places))
    width, first = _first_level(places, least)
    levels = [first]
    for level in range(1, _LEVELS):
        narrower = width / _FINER**level
        if narrower < _NARROWEST:
            break
        levels.append(dense_regions(places, narrower, max(_LEAST, least / _FINER ** (2 * level))))
    return [regions for regions in levels if len(regions.peaks)]


def _first_level(places: Doubles, least: float) -> tuple[float, Regions]:
    """Return the width that shows the map at a glance, and its regions.

    From a tenth of the map's extent downwards it is the first that shows ten regions; or the
    first of three that show as many, at least three, for clumps that do not change while the
    kernel becomes half as wide are what the map has; or else the one that shows the most, the
    narrowest of equal ones.
    """
    tried: list[tuple[float, Regions]] = []
    for step in range(_TRIES):
        width = _WIDEST / _NARROWER**step
        tried.append((width, dense_regions(places, width, least)))
        counts = [len(regions.peaks) for _, regions in tried]
        if counts[-1] >= _WANTED:
            return tried[-1]
        if len(set(counts[-_STEADY:])) == 1 and step + 1 >= _STEADY and counts[-1] >= _FEWEST:
            return tried[-_STEADY]
    return max(tried, key=lambda one: (len(one[1].peaks), -one[0]))


def dense_regions(places: Doubles, width: float, least: float) -> Regions:
    """Return the hills of the texts' density on a map.

    The density is a Gaussian kernel's on a grid over the map, whose extents count as 1 (they fill
    the plot). From each cell one goes to the densest of the cells around it until none is
    denser: the cells that lead to the same peak are one hill, and those of at least a fifth of
    its height its region. Nothing is left to chance; cells of equal density come in their order.

    Parameters
    ----------
    places
        The n texts' coordinates, shape (n, 2).
    width
        The kernel's standard deviation, as a share of the map's extent.
    least
        The fewest texts of a region.
    """
    cells, side = _cells(places, width)
    whole = cells.astype(np.int64)
    flat = whole[:, 0] * side + whole[:, 1]
    density = _density(flat, side)
    peak = _uphill(density)[flat]
    heights = density.ravel()
    near = heights[flat] >= _FOOT * heights[peak]
    found, labels = np.unique(peak, return_inverse=True)
    sizes = np.bincount(labels[near], minlength=len(found))
    number = np.where(sizes >= least, np.cumsum(sizes >= least) - 1, -1)
    labels = np.where(near, number[labels], -1)
    return Regions(labels, _densest(labels, cells, density), sizes[sizes >= least])


def _cells(places: Doubles, width: float) -> tuple[Doubles, int]:
    """Return each text's place in cells of the grid, shape (n, 2), and how many a side has."""
    extents = np.ptp(places, axis=0)
    unit = (places - places.min(axis=0)) / np.where(extents > 0, extents, 1.0)
    margin = 4 * _CELLS  # in cells: the kernel ends there
    return unit * (_CELLS / width) + margin, int(np.ceil(_CELLS / width)) + 2 * margin + 1


def _density(flat: IntArray, side: int) -> Doubles:
    from scipy.ndimage import gaussian_filter

    counts = np.bincount(flat, minlength=side * side).reshape(side, side).astype(np.float64)
    return np.asarray(gaussian_filter(counts, _CELLS, mode="constant"))


def _uphill(density: Doubles) -> IntArray:
    """Return the peak that each cell leads to, shape (cells,)."""
    from scipy.ndimage import maximum_filter

    order = np.argsort(density, axis=None, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    leads = order[maximum_filter(rank.reshape(density.shape), size=3).ravel()]
    while True:
        further = leads[leads]
        if np.array_equal(further, leads):
            return np.asarray(leads, np.int64)
        leads = further


def _densest(labels: IntArray, cells: Doubles, density: Doubles) -> IntArray:
    """Return the row of each region's text of the largest density, the first of equal ones."""
    from scipy.ndimage import map_coordinates

    height = map_coordinates(density, cells.T - 0.5, order=1)
    order = np.lexsort((-height, labels))  # stable: equal ones stay in the order of their rows
    found, first = np.unique(labels[order], return_index=True)
    return np.asarray(order[first[found >= 0]], np.int64)
