"""The orders in which a heatmap can show its texts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray
from workbench.analysis import Clustering, SimilarityMatrix
from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.views._texts import NONE, category_name

__all__ = ["Order", "Ordered", "ordered", "places_in"]

Order: TypeAlias = Literal["given", "label", "cluster", "similarity"]

_NUMBER = re.compile(r"(\d{1,9}): ")
# Optimal leaf ordering is cubic: 0.8 s at 1,000 texts, 7 s at 2,000.
_OPTIMAL = 1000


@dataclass(frozen=True, slots=True)
class Ordered:
    """A matrix in the order in which it is drawn.

    Parameters
    ----------
    rows, columns
        The texts' places in their corpora.
    values
        Shape (rows, columns).
    groups, column_groups
        The name of each row's and column's group; empty where there are none.
    tree
        scipy's linkage of the rows, whose leaves stand in this order; None where there is none.
    """

    rows: IntArray
    columns: IntArray
    values: FloatArray
    groups: tuple[str, ...] = ()
    column_groups: tuple[str, ...] = ()
    tree: NDArray[np.float64] | None = None


def ordered(
    matrix: SimilarityMatrix,
    rows: IntArray,
    columns: IntArray,
    values: FloatArray,
    order: Order,
    clustering: Clustering | None = None,
) -> Ordered:
    """Return rows, columns and values of shape (rows, columns), rearranged."""
    if order == "given":
        return Ordered(rows, columns, values)
    if order == "similarity":
        if not matrix.symmetric:
            ranks, across = _profile_leaves(values), _profile_leaves(values.T)
            return _arranged(rows, columns, values, ranks, across)
        tree = _linkage(values.max() - values)
        ranks = np.arange(len(values)) if tree is None else _leaves(tree)
        found = _arranged(rows, columns, values, ranks, ranks)
        return replace(found, tree=tree)
    names = _group_names(matrix.rows.corpus, rows, order, clustering)
    other = names
    if not matrix.symmetric:
        other = _group_names(matrix.columns.corpus, columns, order, clustering)
    ranks, across = _by_name(names), _by_name(other)
    found = _arranged(rows, columns, values, ranks, across)
    groups = tuple(names[rank] for rank in ranks)
    return replace(found, groups=groups, column_groups=tuple(other[rank] for rank in across))


def _arranged(
    rows: IntArray, columns: IntArray, values: FloatArray, ranks: IntArray, across: IntArray
) -> Ordered:
    return Ordered(rows[ranks], columns[across], values[np.ix_(ranks, across)])


def _group_names(
    corpus: Corpus, rows: IntArray, order: Order, clustering: Clustering | None
) -> list[str]:
    if order == "cluster":
        places = None if clustering is None else places_in(clustering, corpus)
        if clustering is None or places is None:
            raise InputError(
                f"heatmap_view: order='cluster' needs clusters of the texts of {corpus.name!r}: "
                "clustering=wb.cluster(vectors)."
            )
        return [clustering.name_of(int(label)) for label in clustering.labels[places[rows]]]
    if corpus.labels is None:
        raise InputError(
            f"heatmap_view: order='label' needs a corpus with a label; {corpus.name!r} has none. "
            "Name one: read_corpus(..., label='topic'), or use order='similarity'."
        )
    return [category_name(value) for value in corpus.labels[rows]]


def places_in(clustering: Clustering, corpus: Corpus) -> IntArray | None:
    """Return where a corpus' texts, all or some of those clustered, stand in the clustering.

    None where it is of other texts.
    """
    whole = clustering.embeddings.corpus
    if whole.fingerprint == corpus.fingerprint:
        return np.arange(len(corpus))
    try:
        places = whole.positions(corpus.ids)
    except InputError:
        return None
    same = all(whole.texts[place] == text for place, text in zip(places, corpus.texts, strict=True))
    return places if same else None


def _by_name(names: list[str]) -> IntArray:
    quiet = {NONE, "unclustered"}

    def key(row: int) -> tuple[bool, int, str]:  # clusters are called "10: words"
        number = _NUMBER.match(names[row])
        return names[row] in quiet, int(number[1]) if number else -1, names[row]

    ranks = sorted(range(len(names)), key=key)
    return np.array(ranks, dtype=np.int64)


def _linkage(distances: FloatArray) -> NDArray[np.float64] | None:
    """Return average linkage over an (n, n) matrix of distances; None below 3 texts."""
    from scipy.cluster.hierarchy import linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    if len(distances) < 3:
        return None
    both = (distances + distances.T) / 2
    condensed = np.maximum(squareform(both, checks=False), 0)
    tree = linkage(condensed, "average")
    if len(distances) <= _OPTIMAL:
        tree = optimal_leaf_ordering(tree, condensed)
    return np.asarray(tree, np.float64)


def _leaves(tree: NDArray[np.float64]) -> IntArray:
    from scipy.cluster.hierarchy import leaves_list

    return np.asarray(leaves_list(tree), dtype=np.int64)


def _profile_leaves(values: FloatArray) -> IntArray:
    """Return the order of the rows of an (n, m) matrix by the likeness of their values."""
    from scipy.spatial.distance import pdist, squareform

    tree = _linkage(np.asarray(squareform(pdist(values)), dtype=np.float32))
    return np.arange(len(values)) if tree is None else _leaves(tree)
