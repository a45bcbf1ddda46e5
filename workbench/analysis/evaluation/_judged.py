"""What retrieval and reranking share: judged queries, and the two sides' vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import IntArray
from workbench._progress import ProgressOption
from workbench.analysis.evaluation._task import (
    DOCUMENT_PROMPTS,
    QUERY_PROMPTS,
    check_enough,
    directions,
    embedded,
    fitted,
    remarks,
    spec_of,
)
from workbench.corpus import Corpus, RetrievalSet
from workbench.embeddings import EmbeddingStore
from workbench.errors import InputError
from workbench.models import Encoder, ModelSpec

__all__ = ["JudgedQuery", "Sides", "check_queries", "examples_table", "judged", "sides_of"]


@dataclass(frozen=True, slots=True, eq=False)
class JudgedQuery:
    """A query and its relevant texts: their rows in the corpus and their grades, above 0."""

    id: str
    query: str
    rows: IntArray
    grades: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Unit vectors of queries and documents, float64, and what is to be said of them."""

    queries: NDArray[np.float64]
    documents: NDArray[np.float64]
    spec: ModelSpec
    prompts: Mapping[str, str]
    notes: tuple[str, ...]


def judged(given: object, name: str) -> tuple[RetrievalSet, list[JudgedQuery]]:
    """Return the set, and its queries that have a relevant text.

    Raises
    ------
    InputError
        If it is no RetrievalSet, or fewer than five queries have a relevant text.
    """
    if not isinstance(given, RetrievalSet):
        raise InputError(
            f"{name}: expected a RetrievalSet; got {type(given).__name__}. Make one of queries, a "
            "corpus and judgements: wb.RetrievalSet(queries, corpus, relevant_docs)."
        )
    where = {text_id: row for row, text_id in enumerate(given.corpus.ids)}
    kept = []
    for query_id, query in given.queries.items():
        judgements = given.relevant_docs.get(query_id, {})
        relevant = {where[text_id]: grade for text_id, grade in judgements.items() if grade > 0}
        if relevant:
            rows = np.array(list(relevant), dtype=np.int64)
            kept.append(JudgedQuery(query_id, query, rows, np.array(list(relevant.values()))))
    check_queries(kept, len(given.queries), f"{name} on {given.name!r}", "a relevant text")
    return given, kept


def check_queries(kept: Sequence[JudgedQuery], asked: int, name: str, has: str) -> None:
    """Raise an InputError when too few queries are left to score."""
    if not kept:
        raise InputError(
            f"{name}: none of {asked} queries has {has}; there is nothing to score. A grade above "
            "0 in relevant_docs marks a text as relevant."
        )
    check_enough(len(kept), f"queries with {has}", name)


def sides_of(
    encoder: Encoder | str,
    queries: Sequence[JudgedQuery],
    corpus: Corpus,
    store: EmbeddingStore | bool,
    progress: ProgressOption,
) -> Sides:
    """Embed queries and texts, each with the model's own prompt for them."""
    model = fitted(encoder, corpus.texts)
    asked = embedded([one.query for one in queries], model, store, progress, QUERY_PROMPTS)
    texts = embedded(corpus, model, store, progress, DOCUMENT_PROMPTS)
    return Sides(
        directions(asked),
        directions(texts),
        spec_of(texts),
        {"query": asked.spec.prompt, "document": texts.spec.prompt},
        remarks(asked, texts),
    )


def examples_table(
    queries: Sequence[JudgedQuery],
    scores: Sequence[Mapping[str, float]],
    ranks: Sequence[IntArray],
    found: Sequence[int | None],
    corpus: Corpus,
) -> pd.DataFrame:
    """Return one row per query: its metrics, best rank, and the text that came first, if any."""
    metrics = {metric: [one[metric] for one in scores] for metric in scores[0]}
    return pd.DataFrame(
        {
            "example": pd.Series([one.id for one in queries], dtype=object),
            **metrics,
            "relevant": [len(one.rows) for one in queries],
            "best_rank": [int(places.min()) for places in ranks],
            "query": pd.Series([one.query for one in queries], dtype=object),
            "top_id": pd.Series([_at(corpus.ids, row) for row in found], dtype=object),
            "top_text": pd.Series([_at(corpus.texts, row) for row in found], dtype=object),
        }
    )


def _at(texts: Sequence[str], row: int | None) -> str:
    return "" if row is None else texts[row]
