"""One query in plain words: its vector, and its similarity to every text."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from workbench._arrays import FloatArray, row_list
from workbench.analysis._inputs import as_embeddings
from workbench.analysis.evaluation._task import QUERY_PROMPTS, prompt_named
from workbench.analysis.retrieval_search import semantic_search
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings, embed
from workbench.errors import InputError, WorkbenchWarning
from workbench.models import (
    Encoder,
    ModelSpec,
    base_of,
)

__all__ = [
    "UnknownQueryError",
    "check_fitted",
    "embedded_queries",
    "embedded_query",
    "query_similarity",
]


class UnknownQueryError(InputError):
    """Queries of which a model knows no word."""


def embedded_query(query: str, encoder: Encoder, texts: Embeddings) -> Embeddings:
    """Return a query's vector, made as the texts' were: see `embedded_queries`."""
    if not isinstance(query, str) or not query.strip():
        raise InputError(f"query: expected a text to look for; got {query!r}.")
    return embedded_queries((query,), encoder, texts.spec)


def embedded_queries(queries: Sequence[str], encoder: Encoder, spec: ModelSpec) -> Embeddings:
    """Return queries' vectors, made as the texts' (``spec``) were: same dimensions, precision.

    The model's query prompt stands in front, where it has one.

    Raises
    ------
    UnknownQueryError
        If the model knows no word of any query.

    Warns
    -----
    WorkbenchWarning
        If a query is longer than the model reads: the rest of it is not searched for; or if the
        model knows no word of it, where it knows some of others: its vector is all zeros.
    """
    check_fitted(encoder)
    vectors = embed(
        Corpus(tuple(queries), name="query"),
        encoder,
        prompt_name=prompt_named(encoder, QUERY_PROMPTS),
        truncate_dim=spec.truncate_dim,
        precision=spec.precision,
        long_texts=spec.long_texts,
        store=False,
        progress=False,
    )
    unknown = np.flatnonzero(~vectors.dense().any(axis=1))
    if unknown.size == len(queries):
        raise UnknownQueryError(
            "It knows no word of this query: the query's vector is all zeros."
            if len(queries) == 1
            else f"{vectors.spec.name!r} knows no word of any of the {len(queries)} queries."
        )
    if unknown.size:
        warnings.warn(
            f"{vectors.spec.name!r} knows no word of {unknown.size} of {len(queries)} queries "
            f"({row_list(unknown)}): by their vectors nothing is found.",
            WorkbenchWarning,
            stacklevel=2,
        )
    _warn_of_long(vectors)
    return vectors


def _warn_of_long(queries: Embeddings) -> None:
    long = np.flatnonzero(queries.truncated)
    if long.size and queries.n_tokens is not None:
        many = "The query is"
        if len(queries) > 1:
            many = f"{long.size} of {len(queries)} queries ({row_list(long)}) are"
        warnings.warn(
            f"{many} longer than {queries.spec.name!r} reads ({queries.n_tokens[long].max():,} "
            f"tokens of {queries.spec.max_tokens}): the rest is not searched for.",
            WorkbenchWarning,
            stacklevel=2,
        )


def check_fitted(encoder: Encoder) -> None:
    """Raise an InputError for an encoder that must read texts first and has not."""
    base = base_of(encoder)
    if not getattr(base, "fitted", True):
        raise InputError(
            f"{base.spec.name} has not read any texts: on a query alone it would be another "
            "model than the texts'. Fit it first: encoder = encoder.fit(corpus.texts), and embed "
            "the texts with it."
        )


def query_similarity(query: str, embeddings: Embeddings, encoder: Encoder) -> FloatArray:
    """Return the cosine of each text to a query, shape (n,) float32, -1 to 1.

    Parameters
    ----------
    query
        What is looked for, in plain words.
    embeddings
        The n texts.
    encoder
        The model that made their vectors.

    Raises
    ------
    InputError
        If the query is blank, the model knows no word of it, or it is another model than the
        texts'.
    """
    source = as_embeddings(embeddings, "query_similarity")
    asked = embedded_query(query, encoder, source)
    semantic_search(asked, source, top_k=1)  # refuses the vectors of two models
    cosines = source.unit() @ asked.unit()[0]
    return np.asarray(np.clip(cosines, -1.0, 1.0), dtype=np.float32)
