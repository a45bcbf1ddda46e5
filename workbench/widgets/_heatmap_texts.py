"""Which texts a SimilarityHeatmap shows, and what puts many of them into groups."""

from __future__ import annotations

from typing import TypeVar

from workbench._arrays import IntArray
from workbench.analysis import Clustering
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError, suggest
from workbench.views import MOST_TEXTS
from workbench.views._texts import category_name

__all__ = ["group_names", "is_many", "sampled", "taken"]

AnyTexts = TypeVar("AnyTexts", Embeddings, Embeddings | None)


def is_many(embeddings: object) -> bool:
    """Tell whether there are more texts than a heatmap shows in full."""
    return isinstance(embeddings, Embeddings) and len(embeddings) > MOST_TEXTS


def sampled(embeddings: AnyTexts, random_state: int) -> tuple[AnyTexts, Corpus | None]:
    """Return at most as many texts as a heatmap shows, and the corpus they were drawn from."""
    if not isinstance(embeddings, Embeddings) or len(embeddings) <= MOST_TEXTS:
        return embeddings, None
    return embeddings.sample(MOST_TEXTS, random_state=random_state), embeddings.corpus


def taken(embeddings: Embeddings, rows: IntArray) -> tuple[Embeddings, Corpus]:
    """Return some texts, and the corpus that they are of."""
    return embeddings.take(rows), embeddings.corpus


def group_names(
    embeddings: Embeddings, order: str, clustering: Clustering | None
) -> list[str] | str:
    """Return what puts the texts into groups: names of labels or clusters, or a word."""
    corpus = embeddings.corpus
    if order == "cluster":
        if clustering is None or clustering.embeddings.corpus.fingerprint != corpus.fingerprint:
            raise InputError(
                f"SimilarityHeatmap: order='cluster' needs clusters of the texts of "
                f"{corpus.name!r}: clustering=wb.cluster(vectors)."
            )
        return [clustering.name_of(int(one)) for one in clustering.labels]
    if order == "label":
        if corpus.labels is None:
            raise InputError(
                f"SimilarityHeatmap: order='label' needs a corpus with a label; {corpus.name!r} "
                "has none. Use order='similarity'."
            )
        return [category_name(one) for one in corpus.labels]
    if order not in ("given", "similarity"):
        known = ("given", "label", "cluster", "similarity")
        raise InputError(
            f"SimilarityHeatmap: order={order!r} is unknown. {suggest(str(order), known)}"
        )
    return order
