"""What an index is built of: the texts' vectors with the right prompt, and texts joined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from workbench._progress import ProgressOption
from workbench.analysis._inputs import check_one_spec, of_one_model
from workbench.analysis.evaluation._task import DOCUMENT_PROMPTS, fitted, prompt_named
from workbench.analysis.queries import check_fitted
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings, EmbeddingStore, embed
from workbench.errors import InputError, ModelUnavailableError, suggest
from workbench.models import (
    DenseEncoder,
    Encoder,
    ModelSpec,
    SparseModel,
    load_encoder,
    load_sparse_encoder,
)

__all__ = [
    "check_columns",
    "check_made_by",
    "check_new",
    "document_embeddings",
    "encoder_of",
    "joined",
    "sparse_model_of",
]


def document_embeddings(
    texts: Corpus | Embeddings | Sequence[str],
    encoder: Encoder | str,
    store: EmbeddingStore | bool,
    progress: ProgressOption,
    *,
    like: ModelSpec | None = None,
    caller: str = "SearchIndex",
) -> tuple[Embeddings, Encoder]:
    """Return texts' vectors and the model that made them.

    Parameters
    ----------
    texts
        The texts, or vectors that are there already.
    encoder
        The model.
    store, progress
        As for `embed`.
    like
        What made the vectors that these are to stand beside: they are made in the same way.
    caller
        Who asks, for messages.

    Raises
    ------
    InputError
        If the vectors are of another model, or of another length.
    """
    if isinstance(texts, Embeddings):
        model = load_encoder(encoder)
        check_made_by(texts.spec, model, caller, more=like is not None)
        if like is not None and (texts.dimension, texts.spec.precision) != (
            like.kept_dimension,
            like.precision,
        ):
            raise InputError(
                f"{caller}: these vectors have {texts.dimension} dimensions in "
                f"{texts.spec.precision}, the index has {like.kept_dimension} in {like.precision}."
            )
        if texts.spec.family == "array" and texts.dimension != model.spec.kept_dimension:
            raise InputError(
                f"{caller}: the vectors have {texts.dimension} dimensions, those of "
                f"{model.spec.title()!r} {model.spec.kept_dimension}. Pass the model that made "
                "them."
            )
        return texts, model
    corpus = texts if isinstance(texts, Corpus) else Corpus(cast("tuple[str, ...]", texts))
    model = fitted(encoder, corpus.texts)
    options: dict[str, Any] = {}
    if like is not None:
        options = {
            "truncate_dim": like.truncate_dim,
            "precision": like.precision,
            "long_texts": like.long_texts,
        }
    prompt = prompt_named(model, DOCUMENT_PROMPTS)
    made = embed(corpus, model, prompt_name=prompt, store=store, progress=progress, **options)
    return made, model


def check_made_by(made: ModelSpec, model: Encoder, caller: str, *, more: bool = False) -> None:
    """Raise an InputError unless a model may have made some vectors.

    Parameters
    ----------
    made
        The vectors' spec.
    model
        The model that will encode queries.
    caller
        Who asks, for messages.
    more
        Whether the vectors are to stand beside an index' own: its model is what it is.
    """
    if of_one_model(made, model.spec):
        check_fitted(model)
        return
    raise InputError(
        f"{caller}: these vectors were made by {made.title()!r} (revision {made.revision[:20]}), "
        f"the encoder is {model.spec.title()!r} ({model.spec.revision[:20]}), whose queries cannot "
        f"be compared with them. Pass {'' if more else 'the encoder that made them, or '}the texts "
        "(vectors.corpus), which are then encoded anew."
    )


def encoder_of(given: Encoder | str | None, noted: str, spec: ModelSpec, caller: str) -> Encoder:
    """Return the encoder of an index that is read: the one given, or of the name that it notes.

    Raises
    ------
    InputError
        If it is not the model that made the index' vectors.
    ModelUnavailableError
        If there is none of that name.
    """
    model = load_encoder(noted if given is None else given)
    if given is None and spec.dtype != model.spec.dtype and isinstance(model, DenseEncoder):
        # A spec's dtype is any text; what is no dtype load_encoder refuses.
        model = load_encoder(model, dtype=spec.dtype)  # type: ignore[arg-type]
    check_one_spec(caller, model.spec, spec, ("queries", "texts"))
    return model


def check_new(again: Sequence[str]) -> None:
    """Raise an InputError if some ids of texts to add are in the index already."""
    if again:
        raise InputError(
            f"add: {len(again)} ids are in the index already, the first is {again[0]!r}. Give the "
            "texts other ids, or remove the old ones first."
        )


def check_columns(there: Iterable[str], given: Iterable[str]) -> None:
    """Raise an InputError unless texts to add have the columns of the index."""
    if set(there) != set(given):
        raise InputError(
            f"add: the index has the columns {sorted(there)}, these texts {sorted(given)}; "
            "expected the same."
        )


def joined(first: Embeddings, second: Embeddings) -> Embeddings:
    """Return the vectors of two sets that were made in the same way, and their texts.

    Raises
    ------
    InputError
        If an id is in both, or the columns differ.
    """
    corpus = _joined_texts(first.corpus, second.corpus)
    tokens = None
    if first.n_tokens is not None and second.n_tokens is not None:
        tokens = np.concatenate([first.n_tokens, second.n_tokens])
    vectors = np.concatenate([first.vectors, second.vectors])
    return Embeddings(vectors, corpus, first.spec, tokens)


def _joined_texts(first: Corpus, second: Corpus) -> Corpus:
    """Return the texts of two corpora with the same columns."""
    there = set(first.ids)
    check_new([text_id for text_id in second.ids if text_id in there])
    check_columns(first.columns, second.columns)
    columns = {
        name: pd.concat([pd.Series(values), pd.Series(second.columns[name])]).to_numpy()
        for name, values in first.columns.items()
    }
    return Corpus(
        first.texts + second.texts,
        first.ids + second.ids,
        columns,
        first.name,
        first.label,
        first.source,
    )


def sparse_model_of(given: object, corpus: Corpus) -> SparseModel:
    """Return the sparse encoder that a reference names; ``"idf"``: that of the texts."""
    from workbench.models import idf_sparse_encoder

    if isinstance(given, str) and given == "idf":
        return idf_sparse_encoder(corpus.texts)
    try:
        return load_sparse_encoder(given)  # type: ignore[arg-type]  # refuses what is none
    except ModelUnavailableError as error:
        near = suggest(str(given), ["idf"])
        if not near.startswith("Did you mean"):
            raise
        raise ModelUnavailableError(f"sparse_encoder: {near} {error}") from error
