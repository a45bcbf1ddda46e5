"""Ranks of relevant texts, and the metrics of one query that follow from them.

All of trec_eval's metrics need nothing but the ranks of the relevant texts and their grades.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench._arrays import IntArray

__all__ = ["query_metrics", "ranks_in", "score_blocks"]

_BLOCK_CELLS = 4_000_000  # 32 MB of float64 similarities at a time


def query_metrics(ranks: ArrayLike, grades: ArrayLike, k: int) -> dict[str, float]:
    """Return the metrics of one query, as trec_eval defines them.

    Parameters
    ----------
    ranks
        The rank of each relevant text, from 1, shape (r,), r >= 1.
    grades
        The grade of each, above 0, shape (r,).
    k
        The depth of ``ndcg@k``, ``mrr@k``, ``recall@k`` and ``precision@k``; ``map`` looks at
        the whole ranking.

    Returns
    -------
    dict
        ``ndcg@k`` with linear gain, as trec_eval, pytrec_eval, ranx (``ndcg``) and
        sentence-transformers compute it: sum of grade / log2(rank + 1) over the k first texts,
        divided by that of the best order there is. The others count every relevant text alike;
        precision divides by k, also where there are fewer texts.
    """
    places = np.asarray(ranks, dtype=np.int64)
    gains = np.asarray(grades, dtype=np.float64)
    seen = places <= k
    best = np.sort(gains)[::-1][:k]
    ideal = float((best / np.log2(np.arange(len(best)) + 2.0)).sum())
    first = int(places.min())
    ordered = np.sort(places)
    return {
        f"ndcg@{k}": float((gains[seen] / np.log2(places[seen] + 1.0)).sum()) / ideal,
        f"mrr@{k}": 1.0 / first if first <= k else 0.0,
        "map": float((np.arange(1, len(ordered) + 1) / ordered).mean()),
        f"recall@{k}": float(seen.mean()),
        f"precision@{k}": int(seen.sum()) / k,
    }


def ranks_in(similarities: NDArray[np.float64], rows: Sequence[int] | IntArray) -> IntArray:
    """Return the ranks, from 1, of some texts among all n; equal similarities rank by row.

    Parameters
    ----------
    similarities
        One query's similarity to each text, shape (n,).
    rows
        The texts whose ranks are asked for, shape (r,).
    """
    ranks = np.empty(len(rows), dtype=np.int64)
    for place, row in enumerate(rows):
        theirs = similarities[row]
        above = np.count_nonzero(similarities > theirs)
        ranks[place] = 1 + above + np.count_nonzero(similarities[:row] == theirs)
    return ranks


def score_blocks(
    queries: NDArray[np.float64], documents: NDArray[np.float64]
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield, query by query, its number and its cosine to each document, shape (n,).

    Parameters
    ----------
    queries, documents
        Unit vectors, float64, shapes (q, d) and (n, d).
    """
    step = max(1, _BLOCK_CELLS // len(documents))
    for start in range(0, len(queries), step):
        products = queries[start : start + step] @ documents.T
        # Rounded to float32: equal vectors then have equal cosines, whichever sum they were in.
        block = np.clip(products, -1.0, 1.0, out=products).astype(np.float32)
        for offset, similarities in enumerate(block):
            yield start + offset, similarities.astype(np.float64)
