"""A variant: an encoder of its own name that is another one, its vectors cut or in fewer bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from workbench._arrays import FloatArray, unit_rows
from workbench.errors import InputError
from workbench.models._chunks import check_can_chunk, pooled
from workbench.models._precision import (
    check_long_texts,
    check_precision,
    check_truncation,
    dense_vectors,
    quantized,
)
from workbench.models._protocol import Chunker, Encoder, TokenCounter
from workbench.models._spec import CHUNKED, LongTexts, ModelSpec, Precision
from workbench.models.lsa import LSAEncoder
from workbench.models.registry import load_encoder

if TYPE_CHECKING:
    from pathlib import Path

    from sentence_transformers import SentenceTransformer

__all__ = ["Variant", "base_of", "fitted_on", "variant"]


def variant(
    encoder: str | Path | SentenceTransformer | Encoder,
    *,
    name: str | None = None,
    truncate_dim: int | None = None,
    precision: Precision = "float32",
    long_texts: LongTexts = "truncate",
) -> Variant:
    """Return a variant of an encoder, to be compared as a model of its own.

    Parameters
    ----------
    encoder
        An encoder, or a reference that `load_encoder` takes.
    name
        What titles and tables call it; by default the encoder's name with what differs:
        ``"all-MiniLM-L6-v2 (64 d, int8 vectors)"``.
    truncate_dim
        Keep this many leading dimensions.
    precision
        ``float32``; ``int8``: each vector is scaled by its own largest component to ±127 and
        rounded; ``ubinary``: one bit per dimension, its sign.
    long_texts
        ``truncate``: of a text longer than the model reads, the rest is lost; ``chunk``: it is
        read in parts, whose vectors are pooled (see `embed`).

    Raises
    ------
    InputError
        If an option is unknown or out of range, ``chunk`` is asked of an encoder that does not
        count tokens, or ``encoder`` is a variant already.
    ModelUnavailableError
        If there is no such model, or it cannot be reached.
    """
    return Variant(
        load_encoder(encoder),
        name=name,
        truncate_dim=truncate_dim,
        precision=precision,
        long_texts=long_texts,
    )


def base_of(encoder: Encoder) -> Encoder:
    """Return the encoder that a variant is made of; any other encoder itself."""
    return encoder.encoder if isinstance(encoder, Variant) else encoder


def fitted_on(encoder: Encoder, texts: Sequence[str]) -> Encoder:
    """Return the encoder; an LSA, or a variant of one, that is not fitted is, on some texts."""
    base = base_of(encoder)
    if not isinstance(base, LSAEncoder) or base.fitted:
        return encoder
    trained = base.fit(texts)
    return encoder.of(trained) if isinstance(encoder, Variant) else trained


class Variant:
    """An encoder whose vectors are another's, cut or in fewer bits; make it with `variant`.

    `embed` reads the other encoder's stored vectors: a variant costs no encoding. The parameters
    and errors are those of `variant`; ``encoder`` is the other one.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        name: str | None = None,
        truncate_dim: int | None = None,
        precision: Precision = "float32",
        long_texts: LongTexts = "truncate",
    ) -> None:
        if isinstance(encoder, Variant):
            raise InputError(
                f"variant: {encoder.spec.name!r} is a variant already. Make this one of what it "
                "is made from: wb.variant(that.encoder, …), with all options."
            )
        if name is not None and (not isinstance(name, str) or not name.strip()):
            raise InputError(f"variant: name must be a text that is not blank; got {name!r}.")
        check_truncation(truncate_dim, encoder.spec, "variant")
        self.encoder = encoder
        self._name = name
        self._truncate_dim = truncate_dim
        self._precision = check_precision(precision, "variant")
        self._long_texts = check_long_texts(long_texts, "variant")
        if long_texts == CHUNKED:
            check_can_chunk(encoder, "variant")

    @property
    def spec(self) -> ModelSpec:
        """What the variant is; ``dimension`` is the other encoder's, before truncation."""
        base = self.encoder.spec
        reads_all = base.max_tokens is None
        made = replace(
            base,
            truncate_dim=self._truncate_dim or base.truncate_dim,
            precision=self._precision,
            long_texts="truncate" if reads_all else self._long_texts,
        )
        return replace(made, name=self._name or made.title())

    @property
    def prompts(self) -> Mapping[str, str]:
        """The other encoder's prompts by name; none when it has none."""
        found = getattr(self.encoder, "prompts", None)
        return found if isinstance(found, Mapping) else {}

    def of(self, encoder: Encoder) -> Variant:
        """Return the same variant of another encoder (a fitted one, say)."""
        return Variant(
            encoder,
            name=self._name,
            truncate_dim=self._truncate_dim,
            precision=self._precision,
            long_texts=self._long_texts,
        )

    def name_with(
        self,
        truncate_dim: int | None,
        precision: Precision | None,
        long_texts: LongTexts | None,
    ) -> str:
        """Return the name with other options; what is None stays, a name of one's own too."""
        return Variant(
            self.encoder,
            name=self._name,
            truncate_dim=truncate_dim or self._truncate_dim,
            precision=precision or self._precision,
            long_texts=long_texts or self._long_texts,
        ).spec.name

    def encode(
        self,
        texts: Sequence[str],
        /,
        batch_size: int = 32,
        *,
        prompt_name: str | None = None,
        normalize_embeddings: bool = False,
        truncate_dim: int | None = None,
    ) -> FloatArray:
        """Return one vector per text, float32 of shape (n, d): int8 as whole numbers, bits as ±1.

        ``truncate_dim`` overrides the variant's own. What is normalised is the decoded vector.
        """
        spec = self.spec
        kept = truncate_dim or spec.kept_dimension
        full = self._full(list(texts), batch_size, prompt_name)[:, :kept]
        vectors = dense_vectors(quantized(full, spec.precision), spec.precision, full.shape[1])
        return unit_rows(vectors) if normalize_embeddings else vectors

    def _full(self, texts: list[str], batch_size: int, prompt_name: str | None) -> FloatArray:
        """Return vectors of every dimension, of long texts too."""
        spec, model = self.spec, self.encoder

        def encode(batch: list[str]) -> FloatArray:
            return model.encode(
                batch, batch_size, prompt_name=prompt_name, truncate_dim=spec.dimension
            )

        chunked = spec.long_texts == CHUNKED
        if not chunked or not isinstance(model, TokenCounter) or not isinstance(model, Chunker):
            return encode(texts)
        find = getattr(model, "prompt", None)
        prompt = str(find(prompt_name)) if callable(find) else spec.prompt
        vectors = np.zeros((len(texts), spec.dimension), dtype=np.float32)
        long = model.count_tokens(texts, prompt=prompt) > (spec.max_tokens or 0)
        short = np.flatnonzero(~long)
        if short.size:
            vectors[short] = encode([texts[row] for row in short])
        cut = np.flatnonzero(long)
        parts = [texts[row] for row in cut]
        for rows, found in pooled(parts, model, encode, prompt=prompt, batch_size=batch_size):
            vectors[cut[rows]] = found
        return vectors

    def __repr__(self) -> str:
        return f"Variant({self.spec.title()!r})"
