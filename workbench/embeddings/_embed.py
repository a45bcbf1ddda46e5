"""Encode a corpus, reading from the store what was encoded before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from workbench._arrays import FloatArray, IntArray, row_list
from workbench._progress import ProgressOption, showing
from workbench.corpus import Corpus
from workbench.embeddings._embeddings import Embeddings
from workbench.embeddings._store import EmbeddingStore
from workbench.errors import InputError, WorkbenchError
from workbench.models import Encoder, LSAEncoder, ModelSpec, TokenCounter, load_encoder

__all__ = ["embed"]


def embed(
    corpus: Corpus | Sequence[str],
    encoder: Encoder | str,
    *,
    prompt_name: str | None = None,
    truncate_dim: int | None = None,
    batch_size: int = 32,
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
        is fitted on the corpus.
    prompt_name
        Which of the model's prompts to put in front of each text.
    truncate_dim
        Keep this many leading dimensions; the store keeps them all.
    batch_size
        Texts per call of the encoder; each batch is kept as soon as it is done.
    store
        Where vectors are kept; True: the user's store. False: keep nothing.
    progress
        True: a bar with rate and remaining time; False: nothing; or a callable (done, total).

    Raises
    ------
    InputError
        If an argument is out of range, or the encoder returns something else than one finite
        vector per text.
    KeyboardInterrupt
        When interrupted; what was encoded by then is in the store, and the next call goes on.
    """
    texts = corpus if isinstance(corpus, Corpus) else Corpus(cast("tuple[str, ...]", corpus))
    model = load_encoder(encoder)
    if batch_size < 1:
        raise InputError(f"embed: batch_size must be at least 1; got {batch_size}.")
    if isinstance(model, LSAEncoder) and not model.fitted:
        model = model.fit(texts.texts)
    if truncate_dim is not None and not 1 <= truncate_dim <= model.spec.dimension:
        raise InputError(
            f"embed: truncate_dim must be 1 to {model.spec.dimension}, the dimension of "
            f"{model.spec.name!r}; got {truncate_dim}."
        )
    spec = _with_prompt(model, prompt_name)
    distinct = list(dict.fromkeys(texts.texts))
    vectors, tokens, encoded = _vectors_of(
        distinct, model, spec, prompt_name, batch_size, _chosen(store), progress
    )
    where = {text: row for row, text in enumerate(distinct)}
    rows = np.array([where[text] for text in texts.texts])
    kept = truncate_dim or spec.truncate_dim
    return Embeddings(
        vectors[rows][:, :kept],
        texts,
        replace(spec, truncate_dim=kept),
        tokens[rows] if isinstance(model, TokenCounter) and spec.max_tokens else None,
        encoded,
    )


def _chosen(store: EmbeddingStore | bool) -> EmbeddingStore | None:
    if isinstance(store, bool):
        return EmbeddingStore() if store else None
    return store


def _with_prompt(model: Encoder, prompt_name: str | None) -> ModelSpec:
    find = getattr(model, "prompt", None)
    if not callable(find):
        if prompt_name is not None:
            raise InputError(
                f"embed: {model.spec.name!r} has no prompts; got prompt_name={prompt_name!r}."
            )
        return model.spec
    return replace(model.spec, prompt=str(find(prompt_name)))


def _vectors_of(
    texts: list[str],
    model: Encoder,
    spec: ModelSpec,
    prompt_name: str | None,
    batch_size: int,
    store: EmbeddingStore | None,
    progress: ProgressOption,
) -> tuple[FloatArray, IntArray, int]:
    if store is None:
        vectors = np.zeros((len(texts), spec.dimension), dtype=np.float32)
        tokens, known = np.full(len(texts), -1), np.zeros(len(texts), dtype=np.bool_)
    else:
        vectors, tokens, known = store.get(spec, texts)
    missing = np.flatnonzero(~known)
    # Texts of like length share a batch, so that little of it is padding.
    missing = missing[np.argsort([len(texts[row]) for row in missing], kind="stable")[::-1]]
    if store is not None and missing.size:
        store.prepare(spec)
    with showing(progress, f"Encoding with {spec.name}") as report:
        if missing.size:
            report(0, len(missing))
        for start in range(0, len(missing), batch_size):
            rows = missing[start : start + batch_size]
            batch = [texts[row] for row in rows]
            vectors[rows], tokens[rows] = _encoded(batch, model, spec, prompt_name)
            if store is not None:
                store.put(spec, batch, vectors[rows], tokens[rows])
            report(start + len(rows), len(missing))
    if store is not None and missing.size:
        store.tidy(spec)
    return vectors, tokens, len(missing)


def _encoded(
    batch: list[str], model: Encoder, spec: ModelSpec, prompt_name: str | None
) -> tuple[FloatArray, IntArray]:
    try:
        # In full, also from a model that truncates by itself: the store keeps every dimension.
        vectors = np.asarray(
            model.encode(
                batch,
                batch_size=len(batch),
                prompt_name=prompt_name,
                truncate_dim=spec.dimension,
            ),
            dtype=np.float32,
        )
    except WorkbenchError:
        raise
    except Exception as error:
        raise WorkbenchError(
            f"{spec.name!r} failed on a batch of {len(batch)} texts, the first of which begins "
            f"{batch[0][:60]!r}: {type(error).__name__}: {error}. What was encoded before is kept."
        ) from error
    if vectors.shape != (len(batch), spec.dimension):
        raise InputError(
            f"{spec.name!r} returned an array of shape {vectors.shape} for {len(batch)} texts; "
            f"expected ({len(batch)}, {spec.dimension})."
        )
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if bad.size:
        raise InputError(
            f"{spec.name!r} returned NaN or infinity for {row_list(bad)} of a batch; the first "
            f"text begins {batch[bad[0]][:60]!r}."
        )
    if isinstance(model, TokenCounter):
        return vectors, model.count_tokens(batch, prompt=spec.prompt)
    return vectors, np.full(len(batch), -1, dtype=np.int64)
