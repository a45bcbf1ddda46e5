"""Which texts a SimilarityHeatmap shows, and what puts many of them into groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from workbench._arrays import IntArray
from workbench.analysis import Clustering
from workbench.analysis._inputs import as_embeddings
from workbench.analysis.stability import as_clustering
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError, suggest
from workbench.views import MOST_TEXTS
from workbench.views._texts import category_name

__all__ = ["Shown", "check_models", "group_names", "is_many", "sampled", "taken"]

AnyTexts = TypeVar("AnyTexts", Embeddings, Embeddings | None)


@dataclass(frozen=True, slots=True)
class Shown:
    """The texts whose pairs are shown, and what they were drawn from.

    Parameters
    ----------
    rows, columns
        Their vectors; columns of None are the rows again.
    rows_from, columns_from
        The corpora that they are part of; None where it is all of one.
    said
        What they are, where a person chose them.
    """

    rows: Embeddings
    rows_from: Corpus | None
    columns: Embeddings | None = None
    columns_from: Corpus | None = None
    said: str = ""


def check_models(
    source: Embeddings,
    other: Embeddings | None,
    also: object,
    minus: Embeddings | None,
    clustering: object,
) -> tuple[Embeddings, ...]:
    """Return the vectors of ``also``, once all that is asked of these texts goes together.

    Raises
    ------
    InputError
        If something is of another type or of other texts, or leaves something out silently.
    """
    if isinstance(also, Embeddings | Corpus | str) or not isinstance(also, Sequence):
        raise InputError(
            f"SimilarityHeatmap: also: expected a list of Embeddings; got {type(also).__name__}. "
            "Write also=[vectors]."
        )
    for name, asked in (("minus", minus is not None), ("also", bool(also))):
        if asked and other is not None:
            raise InputError(
                f"SimilarityHeatmap: {name}= compares models on one set of texts; leave other= out."
            )
    if also and minus is not None:
        raise InputError(
            "SimilarityHeatmap: minus= tells the similarities under both models; leave also= out."
        )
    for one in (*also, *(() if minus is None else (minus,))):
        if as_embeddings(one, "SimilarityHeatmap").corpus.fingerprint != source.corpus.fingerprint:
            raise InputError(
                f"SimilarityHeatmap: {one.corpus.name!r} under {one.spec.title()} is of other "
                f"texts than {source.corpus.name!r}. Embed one corpus with both."
            )
    if clustering is not None:
        as_clustering(clustering, "SimilarityHeatmap")
    return tuple(also)


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
