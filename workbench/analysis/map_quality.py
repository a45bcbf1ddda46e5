"""Map quality: which texts a map shows among the wrong ones, and which it tears apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import BoolArray, IntArray, freeze
from workbench._html import facts_table
from workbench._progress import Progress, ProgressOption, showing
from workbench.analysis._computed_once import computed_once
from workbench.analysis._inputs import as_whole
from workbench.analysis._neighborhoods import cosine_neighbors
from workbench.analysis._row_blocks import in_row_blocks
from workbench.analysis.neighbors import Neighbors
from workbench.analysis.projection import Projection
from workbench.analysis.quality import MOST_ROWS, measured_rows, nearest_on_map, ranks
from workbench.analysis.reduction import check_neighbors
from workbench.embeddings import Embeddings
from workbench.errors import InputError

__all__ = ["MapQuality", "map_quality"]

_BLOCK_CELLS = 2_000_000  # 16 MB of float64 per core, in a few arrays
_SAME = 1e-12  # cosines in float64: equal ones differ in the sixteenth digit
_SAME_FLOAT32 = 1e-6
_HALF = 0.5

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MapQuality:
    """How far a map can be trusted, overall and text by text.

    Trustworthiness asks whether neighbours on the map are neighbours by cosine, continuity
    whether neighbours by cosine are neighbours on the map (Venna and Kaski, 2001 and 2006). A
    text's number is 1 minus its penalty's share of the largest that a text can have; the overall
    one is their mean.

    Parameters
    ----------
    projection
        The map of the n texts.
    k
        Neighbours per text that were looked at; 0 below 3 texts.
    trustworthiness, continuity
        0 to 1; NaN below 3 texts.
    point_trustworthiness, point_continuity
        The same for each text, shape (n,) float64; NaN for a text that was not measured (above
        5,000 texts a sample of 5,000 is, and a note says so).
    real_share
        Of each text's k neighbours on the map, the share that is real: at least as near by
        cosine as the text's ``neighbors.n_neighbors``-th neighbour. Shape (n,) float64, known
        of every text; NaN below 3 texts.
    doubtful
        Texts most of whose neighbours on the map are not real: ``real_share`` below a half.
        Shape (n,).
    neighbors
        The real neighbours by cosine that this was measured against: the 2k nearest, but at
        most half of the other texts. None below 3 texts.
    notes
        Sentences about what was done otherwise than asked.

    Notes
    -----
    Twice the k neighbours are allowed because near ties make exact ranks arbitrary: a neighbour
    drawn 12th that is the 20th in truth misleads nobody. Ranks that count (k) and the error that
    is tolerated (k more) are set apart as in Lueks et al. (2011) and, per point, Mokbel et al.
    (2013). Below a half, most of what one sees around a text is wrong. The real neighbours are
    at most half of the other texts, so that chance alone is not expected to reach a half, however
    few the texts are.
    """

    projection: Projection
    k: int
    trustworthiness: float
    continuity: float
    point_trustworthiness: Matrix
    point_continuity: Matrix
    real_share: Matrix
    doubtful: BoolArray
    neighbors: Neighbors | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("point_trustworthiness", "point_continuity", "real_share", "doubtful"):
            object.__setattr__(self, name, freeze(getattr(self, name)))

    @property
    def measured(self) -> IntArray:
        """Rows whose trustworthiness and continuity were measured."""
        return np.flatnonzero(~np.isnan(self.point_trustworthiness))

    def title(self) -> str:
        """Return which map is judged, for titles."""
        return f"{self.projection.title()} · quality"

    def sentence(self) -> str:
        """Return in words how many texts are doubtful."""
        n = len(self.doubtful)
        if self.neighbors is None:
            return self.notes[0]
        count = int(np.count_nonzero(self.doubtful))
        return (
            f"{count:,} of {n:,} texts ({count / n:.0%}) are doubtful: fewer than half of the "
            f"{self.k} texts drawn nearest to them are among their {self.neighbors.n_neighbors} "
            "nearest by cosine."
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per text.

        The columns are ``id, text, trustworthiness, continuity, real_share, doubtful``.
        """
        corpus = self.projection.embeddings.corpus
        return pd.DataFrame(
            {
                "id": list(corpus.ids),
                "text": list(corpus.texts),
                "trustworthiness": self.point_trustworthiness,
                "continuity": self.point_continuity,
                "real_share": self.real_share,
                "doubtful": self.doubtful,
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the quality in numbers: a flat dict."""
        return {
            "method": self.projection.method,
            "texts": len(self.doubtful),
            "k": self.k,
            "trustworthiness": self.trustworthiness,
            "continuity": self.continuity,
            "texts_measured": len(self.measured),
            "doubtful": int(np.count_nonzero(self.doubtful)),
            "doubtful_share": float(self.doubtful.mean()),
            "random_state": self.projection.random_state,
            "notes": " ".join(self.notes),
            "corpus_fingerprint": self.projection.embeddings.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        return facts_table(self.title(), self.summary())

    def __repr__(self) -> str:
        return (
            f"MapQuality({len(self.doubtful)} texts, trustworthiness={self.trustworthiness:.3f}, "
            f"continuity={self.continuity:.3f}, k={self.k})"
        )


def map_quality(
    projection: Projection,
    *,
    n_neighbors: int = 15,
    neighbors: Neighbors | None = None,
    progress: ProgressOption = False,
) -> MapQuality:
    """Return how far a map can be trusted, overall and text by text.

    Trustworthiness is ``sklearn.manifold.trustworthiness(vectors, coordinates, metric="cosine")``
    and continuity the same with the two exchanged, without n × n matrices; equal cosines and
    equal distances share a rank, and of equally near real neighbours those on the map count.
    Memory: the vectors in float64, and some 100 MB.

    Parameters
    ----------
    projection
        The map.
    n_neighbors
        Neighbours per text; fewer than half of the texts, and a note says so when it is lowered.
    neighbors
        The texts' neighbours by cosine, where they are known: 2 × ``n_neighbors`` are needed.
        Those of the projection serve too; where neither are enough, they are computed.
    progress
        True for a bar, or a callable; it is called after each block of texts.

    Raises
    ------
    InputError
        If it is no Projection, ``n_neighbors`` is not a whole number from 1 to 5,000, the
        neighbours are those of other vectors, or a vector is all zeros.
    """
    if not isinstance(projection, Projection):
        raise InputError(
            f"map_quality: expected what wb.project returns; got {type(projection).__name__}."
        )
    wanted = as_whole(n_neighbors, "n_neighbors", 1, MOST_ROWS)
    source = projection.embeddings
    check_neighbors(neighbors, source)
    n = len(source)
    k = min(wanted, (n - 1) // 2)
    if not k:
        return _unmeasured(projection)
    known = neighbors if neighbors is not None else projection.neighbors
    real = cosine_neighbors(source, min(2 * k, (n - 1) // 2), known)
    rows = measured_rows(n, projection.random_state)
    last = real.similarities[:, -1]
    given = (source.dense(), projection.coordinates, real.indices, last, rows, k)
    with showing(progress, "Measuring the map") as report:

        def compute() -> tuple[Matrix, Matrix]:
            drawn = nearest_on_map(projection.coordinates, k)
            return _points(projection, real, drawn, rows, report), _real_share(real, drawn)

        points, share = computed_once("map-quality-1", given, compute)
        report(len(rows), len(rows))
    return MapQuality(
        projection=projection,
        k=k,
        trustworthiness=float(points[0, rows].mean()),
        continuity=float(points[1, rows].mean()),
        point_trustworthiness=points[0],
        point_continuity=points[1],
        real_share=share,
        doubtful=share < _HALF,
        neighbors=real,
        notes=_notes(n, wanted, k, len(rows)),
    )


def _unmeasured(projection: Projection) -> MapQuality:
    n = len(projection.embeddings)
    note = f"The quality of a map needs 3 texts; with {n} there is nothing to get wrong."
    unknown = np.full(n, np.nan)
    nothing = np.zeros(n, np.bool_)
    nan = float("nan")
    return MapQuality(projection, 0, nan, nan, unknown, unknown, unknown, nothing, notes=(note,))


def _notes(n: int, wanted: int, k: int, measured: int) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if k < wanted:
        notes += (f"n_neighbors={wanted} was lowered to {k}: there are {n} texts.",)
    if measured < n:
        notes += (
            f"Trustworthiness and continuity are those of a sample of {measured:,} texts, each "
            f"compared with all {n:,}.",
        )
    return notes


def _real_share(real: Neighbors, drawn: IntArray) -> Matrix:
    """Return the share of drawn neighbours at least as near as the last real one, shape (n,)."""
    vectors = real.embeddings.unit()
    least = real.similarities[:, -1] - np.float32(_SAME_FLOAT32)
    share = np.empty(len(drawn))
    step = max(1, _BLOCK_CELLS // (drawn.shape[1] * vectors.shape[1]))
    for start in range(0, len(drawn), step):
        rows = slice(start, start + step)
        cosines = np.einsum("id,ikd->ik", vectors[rows], vectors[drawn[rows]])
        share[rows] = (cosines >= least[rows, None]).mean(axis=1)
    return share


def _points(
    projection: Projection, real: Neighbors, drawn: IntArray, rows: IntArray, report: Progress
) -> Matrix:
    """Return trustworthiness and continuity of some rows, shape (2, n); NaN elsewhere."""
    vectors = _exact_unit(projection.embeddings)
    places = projection.coordinates.astype(np.float64)
    n, k = drawn.shape
    most = k * (2 * n - 3 * k - 1) / 2  # the penalty when all k are the farthest
    points = np.full((2, n), np.nan)

    def some(part: slice) -> None:
        block = rows[part]
        cosines = vectors[block] @ vectors.T
        nearness = _nearness(places, block)
        itself = (np.arange(len(block)), block)
        cosines[itself] = nearness[itself] = -np.inf
        intruders = ranks(cosines, drawn[block], same=_SAME)
        lost = ranks(nearness, _nearest(cosines, nearness, real.indices[block], k))
        points[0, block] = 1.0 - np.maximum(intruders - k, 0).sum(axis=1) / most
        points[1, block] = 1.0 - np.maximum(lost - k, 0).sum(axis=1) / most

    in_row_blocks(len(rows), max(1, _BLOCK_CELLS // n), some, report)
    return points


def _exact_unit(embeddings: Embeddings) -> Matrix:
    """Return unit vectors in float64, whose cosines have scikit-learn's order."""
    vectors = embeddings.dense().astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    vectors /= lengths[:, None]
    return vectors


def _nearness(places: Matrix, rows: IntArray) -> Matrix:
    """Return negated squared distances on the map of some texts to all, shape (b, n)."""
    nearness = np.zeros((len(rows), len(places)))
    for axis in places.T:
        nearness -= (axis[rows, None] - axis) ** 2
    return nearness


def _nearest(cosines: Matrix, nearness: Matrix, near: IntArray, k: int) -> IntArray:
    """Return the columns of the k largest cosines per row; of equal ones those near on the map.

    They are among ``near`` (b, at least k), unless equal ones end outside of it.
    """
    values = np.take_along_axis(cosines, near, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    found = np.take_along_axis(near, order[:, :k], axis=1)
    least = np.take_along_axis(values, order[:, k - 1 : k], axis=1)
    beyond = near.shape[1] == k or values.min(axis=1) >= least[:, 0] - _SAME_FLOAT32
    for row in np.flatnonzero(beyond | ((values >= least - _SAME).sum(axis=1) > k)):
        own = cosines[row]
        last = np.partition(own, len(own) - k)[len(own) - k]
        tied = np.flatnonzero(own >= last - _SAME)
        equal = own[tied] <= last + _SAME
        found[row] = tied[np.lexsort((-nearness[row, tied], equal))[:k]]
    return np.asarray(found, np.int64)
