"""view_of: the view of a value, by its type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import partial, singledispatch
from typing import Any, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from workbench.analysis import (
    AlignedMaps,
    BlockSimilarities,
    ClusterFacts,
    ClusterHierarchy,
    Clustering,
    ClusterStability,
    DuplicateGroups,
    MapQuality,
    PairJudgments,
    ParameterSweep,
    ParaphrasePairs,
    Projection,
    SimilarityDifference,
    SimilarityMatrix,
    SplitLeakage,
    ThresholdCurve,
    cluster_facts,
    map_quality,
    similarity_distribution,
)
from workbench.analysis.agreement import ModelAgreement
from workbench.analysis.comparison import Comparison
from workbench.analysis.map_labels import map_labels
from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.views._agreement import agreement_view
from workbench.views._aligned import aligned_view
from workbench.views._blocks import blocks_view
from workbench.views._cluster_stability import stability_view
from workbench.views._clusters import clusters_view
from workbench.views._duplicate_groups import groups_view
from workbench.views._heatmap import difference_view, heatmap_view
from workbench.views._hierarchy import hierarchy_view
from workbench.views._leakage import leakage_view
from workbench.views._map import map_view
from workbench.views._order import Order
from workbench.views._pairs import pairs_view
from workbench.views._silhouette import silhouette_view
from workbench.views._sweep import sweep_view
from workbench.views._texts_table import texts_view
from workbench.views._thresholds import judgments_view, thresholds_view
from workbench.views._view import View
from workbench.views.comparison import comparison_view

__all__ = ["view_of"]

_Value = TypeVar("_Value")
_Found = TypeVar("_Found")
# What was measured of a value, without the value itself: that would keep it alive.
_Kept: TypeAlias = "tuple[str, partial[Any]]"
_MEASURED: dict[Callable[..., Any], WeakKeyDictionary[Any, _Kept]] = {}


def _once(measure: Callable[[_Value], _Found], value: _Value) -> _Found:
    """Return ``measure(value)``, measured once: a value that is logged is often reported, too."""
    known = _MEASURED.setdefault(measure, WeakKeyDictionary())
    if value not in known:
        found: Any = measure(value)
        parts = {one.name: getattr(found, one.name) for one in fields(found)}
        of = next(name for name, part in parts.items() if part is value)
        del parts[of]
        kind: Callable[..., Any] = type(found)
        known[value] = of, partial(kind, **parts)
    of, again = known[value]
    made: _Found = again(**{of: value})
    return made


@singledispatch
def view_of(value: object) -> View:
    """Return the view of a value: its picture, with the texts behind it.

    Parameters
    ----------
    value
        A Projection or its MapQuality (a map with its quality and labels), AlignedMaps, a
        Clustering, its ClusterFacts (silhouettes), ClusterStability or ClusterHierarchy, a
        ParameterSweep, a SimilarityMatrix, a SimilarityDifference, BlockSimilarities,
        ParaphrasePairs (their scores), DuplicateGroups (their sizes), SplitLeakage (the test
        texts' nearest cosines), PairJudgments or a ThresholdCurve (precision and recall), a Corpus
        (the table of its texts), a Comparison or a ModelAgreement. A matrix' texts are
        grouped by the corpus' label, or put like beside like where there is none. A Comparison
        shows quality against speed, or how alike the models are when nothing was scored; its other
        figures are in the report.

    Raises
    ------
    InputError
        If the value has no picture of its own.
    """
    raise InputError(
        f"view_of: there is no view of {type(value).__name__}. Give it a projection "
        "(wb.project), a similarity matrix (wb.similarity_matrix) or a clustering (wb.cluster) "
        "of the embeddings."
    )


view_of.register(AlignedMaps, aligned_view)
view_of.register(Corpus, texts_view)
view_of.register(BlockSimilarities, blocks_view)
view_of.register(ClusterStability, stability_view)
view_of.register(ClusterFacts, silhouette_view)
view_of.register(ClusterHierarchy, hierarchy_view)
view_of.register(ParameterSweep, sweep_view)
view_of.register(ParaphrasePairs, pairs_view)
view_of.register(DuplicateGroups, groups_view)
view_of.register(SplitLeakage, leakage_view)
view_of.register(PairJudgments, judgments_view)
view_of.register(ThresholdCurve, thresholds_view)
view_of.register(Comparison, comparison_view)
view_of.register(ModelAgreement, agreement_view)


@view_of.register
def _(value: SimilarityMatrix) -> View:
    labelled = all(side.corpus.label is not None for side in (value.rows, value.columns))
    order: Order = "label" if labelled else "similarity"
    return heatmap_view(value, order=order, distribution=_once(similarity_distribution, value))


@view_of.register
def _(value: SimilarityDifference) -> View:
    labelled = all(side.corpus.label for side in (value.first.rows, value.first.columns))
    return difference_view(value, order="label" if labelled else "similarity")


@view_of.register
def _(value: Projection) -> View:
    return view_of(_once(map_quality, value))  # no map without how far it can be trusted


@view_of.register
def _(value: Clustering) -> View:
    return clusters_view(value, facts=_once(cluster_facts, value) if value.clusters else None)


@view_of.register
def _(value: MapQuality) -> View:
    labels = _once(map_labels, value.projection)
    return map_view(value.projection, quality=value, labels=labels)


@view_of.register
def _(value: View) -> View:
    return value
