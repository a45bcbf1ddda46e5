"""Aligned maps: one corpus under several models, laid over each other, and which texts moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import BoolArray, FloatArray, freeze
from workbench._html import rows_table
from workbench._progress import ProgressOption, showing
from workbench.analysis._inputs import as_embeddings, as_seed
from workbench.analysis._neighborhoods import cosine_neighbors
from workbench.analysis._procrustes import gaps, superimposed
from workbench.analysis._relations import first_copies, neighbor_keys, shared_share
from workbench.analysis._side_by_side import MOST, side_by_side
from workbench.analysis.neighbors import Neighbors
from workbench.analysis.parameters import PROJECTION_PARAMETERS, ParameterValue, checked
from workbench.analysis.projection import Projection, project
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError, suggest

__all__ = ["AlignedMaps", "aligned_maps"]

_NEIGHBORS = 10
_QUANTILE = 0.95
_FEWEST = 4  # three points of one map can be laid almost anywhere over another
_SAME = 1e-6  # share of the width: coordinates are float32

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class AlignedMaps:
    """The maps of n texts under m models, laid over the first one.

    Each map is turned, mirrored, scaled and shifted as a whole, so that nothing on it moves
    against anything else on it. All distances are shares of the width: the longer side of the
    first map.

    Parameters
    ----------
    names
        The m models' names.
    projections
        Their maps in the frame of the first.
    movement
        How far each text lies from its place on the first map, shape (m, n) float64; the first
        row is 0.
    baseline
        How far each text moves, under the same model, between this map's seed and the next
        seed, shape (m, n) float64: what movement means nothing.
    anchors
        The texts that each map was laid over the first by, shape (m, n).
    notes
        Sentences about what is to be known of these numbers.
    """

    names: tuple[str, ...]
    projections: tuple[Projection, ...]
    movement: Matrix
    baseline: Matrix
    anchors: BoolArray
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("movement", "baseline", "anchors"):
            object.__setattr__(self, name, freeze(getattr(self, name)))

    @property
    def corpus(self) -> Corpus:
        """The n texts."""
        return self.projections[0].embeddings.corpus

    @property
    def residual(self) -> Matrix:
        """Root mean square of each map's movement over all texts, shape (m,)."""
        return np.asarray(np.sqrt((self.movement**2).mean(axis=1)))

    @property
    def anchor_residual(self) -> Matrix:
        """The same over each map's anchors, shape (m,)."""
        squares = np.where(self.anchors, self.movement**2, 0.0).sum(axis=1)
        return np.asarray(np.sqrt(squares / self.anchors.sum(axis=1)))

    @property
    def baseline_residual(self) -> Matrix:
        """Root mean square of each model's movement between two seeds, shape (m,)."""
        return np.asarray(np.sqrt((self.baseline**2).mean(axis=1)))

    @property
    def limit(self) -> Matrix:
        """The movement that 95 % of texts stay within between two seeds, shape (m,).

        Of the map's own model or the first one, whichever is the larger: both maps have noise.
        """
        own = np.quantile(self.baseline, _QUANTILE, axis=1)
        return np.asarray(np.maximum(own, own[0]))

    @property
    def moved(self) -> BoolArray:
        """Which texts moved further than their map's limit, shape (m, n); none on the first map.

        Where two models are the same but for chance, some 5 % of the texts do.
        """
        return np.asarray(self.movement > self.limit[:, None] + _SAME)

    def of(self, name: str) -> Projection:
        """Return the map of a model.

        Raises
        ------
        InputError
            If there is no model of that name.
        """
        if name not in self.names:
            raise InputError(f"There is no model {name!r} here. {suggest(str(name), self.names)}")
        return self.projections[self.names.index(name)]

    def sentences(self) -> tuple[str, ...]:
        """Return, for each map but the first, in words how many texts moved."""
        found = []
        for row, name in enumerate(self.names[1:], 1):
            count = int(np.count_nonzero(self.moved[row]))
            found.append(
                f"From {self.names[0]} to {name}, {count:,} of {len(self.corpus):,} texts "
                f"({count / len(self.corpus):.0%}) moved further than 95 % of them do between "
                f"seeds ({self.limit[row]:.1%} of the map's width); residual "
                f"{self.residual[row]:.1%}, {self.baseline_residual[[0, row]].max():.1%} "
                "between seeds."
            )
        return tuple(found)

    def title(self) -> str:
        """Return what is laid over what, for titles."""
        return f"{self.corpus.name} · {len(self.names)} aligned maps"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per model and text.

        The columns are ``model, id, x, y, text, movement, baseline, moved, anchor``.
        """
        n = len(self.corpus)
        x, y = np.concatenate([one.coordinates for one in self.projections]).T
        return pd.DataFrame(
            {
                "model": np.repeat(np.array(self.names, dtype=object), n),
                "id": list(self.corpus.ids) * len(self.names),
                "x": x,
                "y": y,
                "text": list(self.corpus.texts) * len(self.names),
                "movement": self.movement.ravel(),
                "baseline": self.baseline.ravel(),
                "moved": self.moved.ravel(),
                "anchor": self.anchors.ravel(),
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the alignment in numbers: a flat dict, the largest over the maps but the first."""
        return {
            "models": ", ".join(self.names),
            "method": self.projections[0].method,
            "texts": len(self.corpus),
            "residual": float(self.residual[1:].max()),
            "anchor_residual": float(self.anchor_residual[1:].max()),
            "baseline_residual": float(self.baseline_residual.max()),
            "limit": float(self.limit[1:].max()),
            "moved": int(self.moved[1:].sum(axis=1).max()),
            "random_state": self.projections[0].random_state,
            "notes": " ".join(self.notes),
            "corpus_fingerprint": self.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        header = ("model", "trustworthiness", "residual", "between seeds", "limit", "moved")
        columns = (
            self.names,
            [one.trustworthiness for one in self.projections],
            self.residual.tolist(),
            self.baseline_residual.tolist(),
            self.limit.tolist(),
            self.moved.sum(axis=1).tolist(),
        )
        return rows_table(self.title(), header, zip(*columns, strict=True))

    def __repr__(self) -> str:
        return f"AlignedMaps({', '.join(self.names)}: {len(self.corpus)} texts)"


def aligned_maps(
    embeddings: Sequence[Embeddings] | Mapping[str, Embeddings],
    *,
    method: str = "umap",
    random_state: int = 0,
    progress: ProgressOption = True,
    **params: ParameterValue,
) -> AlignedMaps:
    """Return the maps of one corpus under several models, laid over the first one.

    Each model is projected with the same seed, then laid over the first model's map by orthogonal
    Procrustes analysis: rotation or reflection, shift, and the scale that gives the anchors on
    both maps the same spread (a least-squares scale would shrink a map that does not fit). The
    anchors are the texts whose 10 neighbours by cosine agree at least as well as the median
    text's, without those that then lie further off than 2.5 times the root mean square, again
    and again until they stay the same. Each model is projected once more with the next seed,
    for the baseline.

    Parameters
    ----------
    embeddings
        At least two vectors per text of one corpus, by name or in a row; their dimensions may
        differ. The order counts: the first is the frame, such as the earliest checkpoint.
    method
        ``umap``, ``tsne`` or ``pca``.
    random_state
        The same number gives the same maps.
    progress
        True for a bar, or a callable; it is called after each model, which is laid out twice.
    **params
        The method's parameters, such as ``n_neighbors``: ``PROJECTION_PARAMETERS``.

    Raises
    ------
    InputError
        If there are fewer than two embeddings, they are not of the same texts, the method or a
        parameter is unknown or out of range, or a vector is all zeros.

    Notes
    -----
    Clusters without neighbours in common lie anywhere on a map by UMAP or t-SNE; where they lie
    changes with the seed, so that the baseline is large and little can be said to have moved.

    Why not ``umap.AlignedUMAP``: it draws two maps of the same vectors apart by chance, where
    these are the same to the last digit; it pulls texts to their place on the other map also
    where the models disagree; it costs several times the time, and knows UMAP only. On 717
    support tickets texts that moved are told from the others equally well (AUC 0.99).
    """
    named = _named(embeddings)
    checked(method, params, PROJECTION_PARAMETERS)
    seed = as_seed(random_state)
    for each in named.values():
        each.unit()  # refuses a zero vector before any work is spent
    works = [partial(_two_seeds, each, method, seed, params) for each in named.values()]
    with showing(progress, "Laying out", " models") as report:
        most = MOST if method == "umap" else 1  # the others have threads themselves
        maps = side_by_side(works, lambda count: report(count, len(works)), most=most)
    return _laid_over(tuple(named), maps)


def _named(embeddings: Sequence[Embeddings] | Mapping[str, Embeddings]) -> dict[str, Embeddings]:
    """Return checked embeddings by name."""
    if isinstance(embeddings, Embeddings) or not isinstance(embeddings, Sequence | Mapping):
        raise InputError(
            "aligned_maps: expected Embeddings of several models, in a list or by name; got "
            f"{type(embeddings).__name__}."
        )
    given = embeddings.values() if isinstance(embeddings, Mapping) else embeddings
    values = [as_embeddings(each, "aligned_maps") for each in given]
    if len(values) < 2:
        raise InputError(
            f"aligned_maps: expected Embeddings of at least two models; got {len(values)}. One "
            "model's map is wb.project(embeddings)."
        )
    first = values[0].corpus
    for each in values[1:]:
        if each.corpus.fingerprint != first.fingerprint:
            raise InputError(
                f"aligned_maps: not all are of the same texts: {first.name!r} ({len(first):,} "
                f"texts) and {each.corpus.name!r} ({len(each):,} texts). Embed one corpus with "
                "all models; texts, ids and their order count."
            )
    if isinstance(embeddings, Mapping):
        return {str(name): each for name, each in embeddings.items()}
    return dict(zip(_titles(values), values, strict=True))


def _titles(embeddings: Sequence[Embeddings]) -> list[str]:
    """Return the models' titles; of equal ones the later are numbered."""
    found: list[str] = []
    for each in embeddings:
        title, count = each.spec.title(), 1
        while title in found:
            count += 1
            title = f"{each.spec.title()} ({count})"
        found.append(title)
    return found


def _two_seeds(
    embeddings: Embeddings,
    method: str,
    seed: int,
    params: Mapping[str, ParameterValue],
) -> tuple[Projection, FloatArray]:
    """Return a model's map, and its coordinates under the next seed."""
    first = project(embeddings, method=method, random_state=seed, neighbors=None, **params)
    following = (seed + 1) % 2**32
    second = project(
        embeddings, method=method, random_state=following, neighbors=first.neighbors, **params
    )
    return first, second.coordinates


def _laid_over(
    names: tuple[str, ...], maps: Sequence[tuple[Projection, FloatArray]]
) -> AlignedMaps:
    base = maps[0][0]
    frame = base.coordinates.astype(np.float64)
    m, n = len(maps), len(frame)
    width = float(np.ptp(frame, axis=0).max()) or 1.0
    everything = np.ones(n, np.bool_)
    anchors = np.ones((m, n), np.bool_)
    movement, baseline = np.zeros((m, n)), np.zeros((m, n))
    projections = [base]
    near = _near(base)
    for row, (projection, second) in enumerate(maps):
        placed = frame
        if row:
            agreeing = _agreeing(base.embeddings.corpus, near, _near(projection))
            placed, anchors[row] = superimposed(frame, projection.coordinates, agreeing)
            projections.append(replace(projection, coordinates=placed.astype(np.float32)))
            movement[row] = gaps(frame, placed) / width
        baseline[row] = gaps(placed, superimposed(placed, second, everything)[0]) / width
    return AlignedMaps(
        names, tuple(projections), movement, baseline, anchors, _notes(n, projections)
    )


def _notes(n: int, projections: Sequence[Projection]) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if n < _FEWEST:
        notes += (
            f"With {n} text{'s' if n != 1 else ''} movement means little: any two maps can be "
            "laid closely over each other.",
        )
    if all(one.method == "pca" for one in projections):
        notes += ("PCA has no noise between seeds: movement of any size is the models'.",)
    return notes


def _near(projection: Projection) -> Neighbors | None:
    k = min(_NEIGHBORS, len(projection.embeddings) - 2)
    return cosine_neighbors(projection.embeddings, k, projection.neighbors) if k > 0 else None


def _agreeing(corpus: Corpus, one: Neighbors | None, other: Neighbors | None) -> BoolArray:
    """Return which texts keep at least as many neighbours as the median text, shape (n,)."""
    if one is None or other is None:
        return np.ones(len(corpus), np.bool_)
    first = first_copies(corpus.texts)
    shared = shared_share(neighbor_keys(first[one.indices]), neighbor_keys(first[other.indices]))
    return np.asarray(shared >= np.median(shared))
