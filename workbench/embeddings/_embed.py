"""Encode a corpus, reading from the store what was encoded before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from workbench._progress import ProgressOption
from workbench.corpus import Corpus
from workbench.embeddings._embeddings import Embeddings
from workbench.embeddings._encoding import Encoding
from workbench.embeddings._store import EmbeddingStore
from workbench.errors import InputError
from workbench.models import (
    Encoder,
    LongTexts,
    ModelSpec,
    Precision,
    TokenCounter,
    Variant,
    base_of,
    fitted_on,
    load_encoder,
)
from workbench.models._chunks import check_can_chunk
from workbench.models._precision import (
    check_long_texts,
    check_precision,
    check_truncation,
    quantized,
)
from workbench.models._spec import CHUNKED

__all__ = ["embed", "with_prompt"]


def embed(
    corpus: Corpus | Sequence[str],
    encoder: Encoder | str,
    *,
    prompt_name: str | None = None,
    truncate_dim: int | None = None,
    precision: Precision | None = None,
    long_texts: LongTexts | None = None,
    batch_size: int = 256,
    store: EmbeddingStore | bool = True,
    progress: ProgressOption = True,
) -> Embeddings:
    """Return one vector per text, encoding only what the store does not have.

    Parameters
    ----------
    corpus
        The texts.
    encoder
        An encoder, or a reference that `load_encoder` takes. An LSA encoder that is not fitted
        is fitted on the corpus. A `variant` is made of its encoder's stored vectors.
    prompt_name
        Which of the model's prompts to put in front of each text.
    truncate_dim
        Keep this many leading dimensions; the store keeps them all.
    precision
        ``float32`` (None: that, or what the variant says). ``int8``: each vector is scaled by its
        own largest component to ±127 and rounded: cosines hold to about 0.01, lengths are lost.
        ``ubinary``: one bit per dimension, its sign. The store keeps float32.
    long_texts
        ``truncate`` (None: that, or what the variant says): of a text longer than the model
        reads, the rest is lost. ``chunk``: such a text is encoded again in parts that the model
        reads whole, and its vector is the mean of theirs, weighted by their tokens and scaled to
        their mean length.
    batch_size
        Texts per call of the encoder; each batch is kept as soon as it is done.
    store
        Where vectors are kept; True: the user's store. False: keep nothing.
    progress
        True: a bar with rate and remaining time; False: nothing; or a callable (done, total).

    Raises
    ------
    InputError
        If an argument is out of range, ``chunk`` is asked of an encoder that does not count
        tokens, or the encoder returns something else than one finite vector per text.
    KeyboardInterrupt
        When interrupted; what was encoded by then is in the store, and the next call goes on.
    """
    texts = corpus if isinstance(corpus, Corpus) else Corpus(cast("tuple[str, ...]", corpus))
    model = fitted_on(load_encoder(encoder), texts.texts)
    if not isinstance(batch_size, int) or batch_size < 1:
        raise InputError(f"embed: batch_size must be at least 1; got {batch_size!r}.")
    base = base_of(model)
    plain = with_prompt(base, prompt_name)
    spec = _asked(replace(model.spec, prompt=plain.prompt), truncate_dim, precision, long_texts)
    if CHUNKED in (spec.long_texts, long_texts):
        check_can_chunk(base, "embed")
    if isinstance(model, Variant):  # its name says what it is, also where other options are asked
        spec = replace(spec, name=model.name_with(truncate_dim, precision, long_texts))
    encoding = Encoding(base, plain, prompt_name, batch_size, _chosen(store), progress)
    distinct = list(dict.fromkeys(texts.texts))
    vectors, tokens, encoded = encoding.read(distinct, spec.long_texts)
    where = {text: row for row, text in enumerate(distinct)}
    rows = np.array([where[text] for text in texts.texts])
    return Embeddings(
        quantized(vectors[rows][:, : spec.truncate_dim], spec.precision),
        texts,
        spec,
        tokens[rows] if isinstance(base, TokenCounter) and spec.max_tokens else None,
        int(encoded.sum()),
    )


def _chosen(store: EmbeddingStore | bool) -> EmbeddingStore | None:
    if isinstance(store, bool):
        return EmbeddingStore() if store else None
    return store


def with_prompt(model: Encoder, prompt_name: str | None) -> ModelSpec:
    """Return the spec with the prompt's text, or raise an InputError when there is none."""
    find = getattr(model, "prompt", None)
    if not callable(find):
        if prompt_name is not None:
            raise InputError(
                f"embed: {model.spec.name!r} has no prompts; got prompt_name={prompt_name!r}."
            )
        return model.spec
    return replace(model.spec, prompt=str(find(prompt_name)))


def _asked(
    spec: ModelSpec,
    truncate_dim: int | None,
    precision: Precision | None,
    long_texts: LongTexts | None,
) -> ModelSpec:
    """Return the spec of the vectors asked for: what is None stays as the encoder has it."""
    check_truncation(truncate_dim, spec, "embed")
    chosen = spec.long_texts if long_texts is None else check_long_texts(long_texts, "embed")
    return replace(
        spec,
        truncate_dim=truncate_dim or spec.truncate_dim,
        precision=spec.precision if precision is None else check_precision(precision, "embed"),
        long_texts="truncate" if spec.max_tokens is None else chosen,
    )
