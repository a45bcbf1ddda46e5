"""What an index is built of: the texts' vectors with the right prompt, and texts joined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pandas as pd

from workbench._progress import ProgressOption
from workbench.analysis._inputs import check_one_spec
from workbench.analysis.evaluation._task import DOCUMENT_PROMPTS, fitted, prompt_named
from workbench.analysis.queries import check_fitted
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings, EmbeddingStore, embed
from workbench.errors import InputError
from workbench.models import Encoder, load_encoder

__all__ = ["document_embeddings", "joined"]


def document_embeddings(
    texts: Corpus | Embeddings | Sequence[str],
    encoder: Encoder | str,
    store: EmbeddingStore | bool,
    progress: ProgressOption,
    *,
    like: Embeddings | None = None,
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
        Vectors that these are to stand beside: made in the same way.

    Raises
    ------
    InputError
        If the vectors are of another model, or of another length.
    """
    if isinstance(texts, Embeddings):
        model = load_encoder(encoder)
        check_fitted(model)
        check_one_spec("SearchIndex", model.spec, texts.spec, ("queries", "texts"))
        other = model.spec if like is None else like.spec
        if like is not None and (texts.dimension, texts.spec.precision) != (
            like.dimension,
            like.spec.precision,
        ):
            raise InputError(
                f"SearchIndex: these vectors have {texts.dimension} dimensions in "
                f"{texts.spec.precision}, the index has {like.dimension} in {other.precision}."
            )
        if texts.spec.family == "array" and texts.dimension != model.spec.kept_dimension:
            raise InputError(
                f"SearchIndex: the vectors have {texts.dimension} dimensions, those of "
                f"{model.spec.title()!r} {model.spec.kept_dimension}. Pass the model that made "
                "them."
            )
        return texts, model
    corpus = texts if isinstance(texts, Corpus) else Corpus(cast("tuple[str, ...]", texts))
    model = fitted(encoder, corpus.texts)
    options: dict[str, Any] = {}
    if like is not None:
        options = {
            "truncate_dim": like.spec.truncate_dim,
            "precision": like.spec.precision,
            "long_texts": like.spec.long_texts,
        }
    prompt = prompt_named(model, DOCUMENT_PROMPTS)
    made = embed(corpus, model, prompt_name=prompt, store=store, progress=progress, **options)
    return made, model


def joined(first: Corpus, second: Corpus) -> Corpus:
    """Return the texts of two corpora with the same columns.

    Raises
    ------
    InputError
        If an id is in both, or the columns differ.
    """
    there = set(first.ids)
    again = [text_id for text_id in second.ids if text_id in there]
    if again:
        raise InputError(
            f"add: {len(again)} ids are in the index already, the first is {again[0]!r}. Give the "
            "texts other ids, or remove the old ones first."
        )
    if set(first.columns) != set(second.columns):
        raise InputError(
            f"add: the index has the columns {sorted(first.columns)}, these texts "
            f"{sorted(second.columns)}; expected the same."
        )
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
