"""Vectors of distinct texts in full dimension, from the store or from the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench._arrays import BoolArray, FloatArray, IntArray, row_list
from workbench._progress import ProgressOption, showing
from workbench.embeddings._store import EmbeddingStore
from workbench.errors import InputError, WorkbenchError
from workbench.models import (
    Chunker,
    CountingEncoder,
    Encoder,
    LongTexts,
    ModelSpec,
    TokenCounter,
)
from workbench.models._chunks import pooled
from workbench.models._spec import CHUNKED

__all__ = ["Encoding"]

_AT_A_TIME = 32  # texts that a model computes side by side; what is kept at a time may be more


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """How texts are encoded.

    Parameters
    ----------
    model
        The model, not a variant of it.
    spec
        Its spec, with the prompt.
    prompt_name
        The prompt's name.
    batch_size
        Texts per call of the model, after which they are kept.
    store
        Where vectors are kept; None: nowhere.
    progress
        Whether and how progress is shown.
    """

    model: Encoder
    spec: ModelSpec
    prompt_name: str | None
    batch_size: int
    store: EmbeddingStore | None
    progress: ProgressOption

    def read(
        self, texts: list[str], long_texts: LongTexts
    ) -> tuple[FloatArray, IntArray, BoolArray]:
        """Return vectors (n, d), token counts (n,), -1 if not counted, and what was encoded (n,).

        Long texts are truncated, or read in parts, as asked.
        """
        vectors, tokens, encoded = self.vectors(texts)
        if long_texts == CHUNKED and self.spec.max_tokens is not None:
            long = np.flatnonzero(tokens > self.spec.max_tokens)
            if long.size:
                parts = self.pooled([texts[row] for row in long], tokens[long])
                vectors[long], encoded[long] = parts[0], encoded[long] | parts[1]
        return vectors, tokens, encoded

    def vectors(self, texts: list[str]) -> tuple[FloatArray, IntArray, BoolArray]:
        """Return vectors (n, d), token counts (n,), -1 if not counted, and what was encoded (n,).

        What is longer than the model reads is truncated by it.
        """
        vectors, tokens, known = self._kept(self.spec, texts)
        missing = np.flatnonzero(~known)
        # Texts of like length share a batch, so that little of it is padding.
        missing = missing[np.argsort([len(texts[row]) for row in missing], kind="stable")[::-1]]
        with showing(self.progress, f"Encoding with {self.spec.name}") as report:
            if missing.size:
                self._prepare(self.spec)
                report(0, len(missing))
            done = 0
            for rows in _from_both_ends(missing, self.batch_size):
                batch = [texts[row] for row in rows]
                vectors[rows], tokens[rows] = self._encoded(batch)
                self._keep(self.spec, batch, vectors[rows], tokens[rows])
                done += len(rows)
                report(done, len(missing))
        self._tidy(self.spec, missing)
        return vectors, tokens, ~known

    def pooled(self, texts: list[str], tokens: IntArray) -> tuple[FloatArray, BoolArray]:
        """Return vectors (n, d) of texts read in parts, and which were encoded (n,).

        Parameters
        ----------
        texts
            Texts longer than the model reads.
        tokens
            Their token counts, shape (n,).
        """
        assert isinstance(self.model, Chunker)
        spec = replace(self.spec, long_texts=CHUNKED)
        vectors, _, known = self._kept(spec, texts)
        missing = np.flatnonzero(~known)
        parts = [texts[row] for row in missing]
        done = 0
        with showing(self.progress, f"Reading long texts in parts with {spec.name}") as report:
            if missing.size:
                self._prepare(spec)
                report(0, len(missing))
            for places, found in pooled(
                parts,
                self.model,
                lambda batch: self._encoded(batch)[0],
                prompt=spec.prompt,
                batch_size=self.batch_size,
            ):
                rows = missing[places]
                vectors[rows] = found
                self._keep(spec, [texts[row] for row in rows], found, tokens[rows])
                done += len(rows)
                report(done, len(missing))
        self._tidy(spec, missing)
        return vectors, ~known

    def _kept(
        self, spec: ModelSpec, texts: Sequence[str]
    ) -> tuple[FloatArray, IntArray, BoolArray]:
        if self.store is not None:
            return self.store.get(spec, texts)
        vectors = np.zeros((len(texts), spec.dimension), dtype=np.float32)
        return vectors, np.full(len(texts), -1), np.zeros(len(texts), dtype=np.bool_)

    def _prepare(self, spec: ModelSpec) -> None:
        if self.store is not None:
            self.store.prepare(spec)

    def _keep(
        self, spec: ModelSpec, texts: list[str], vectors: FloatArray, tokens: IntArray
    ) -> None:
        if self.store is not None:
            self.store.put(spec, texts, vectors, tokens)

    def _tidy(self, spec: ModelSpec, missing: IntArray) -> None:
        if self.store is not None and missing.size:
            self.store.tidy(spec)

    def _encoded(self, batch: list[str]) -> tuple[FloatArray, IntArray]:
        """Return one finite vector per text, (n, d), and token counts (n,), -1 if not counted.

        An error names the model.
        """
        spec = self.spec
        try:
            vectors, tokens = self._computed(batch)
        except WorkbenchError:
            raise
        except Exception as error:
            raise WorkbenchError(
                f"{spec.name!r} failed on a batch of {len(batch)} texts, the first of which begins "
                f"{batch[0][:60]!r}: {type(error).__name__}: {error}. What was encoded before is "
                "kept."
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
        return vectors, tokens

    def _computed(self, batch: list[str]) -> tuple[FloatArray, IntArray]:
        """Return vectors in full, also of a model that truncates: the store keeps all of them."""
        at_a_time = min(self.batch_size, _AT_A_TIME)
        if isinstance(self.model, CountingEncoder):
            return self.model.encode_counted(batch, at_a_time, prompt_name=self.prompt_name)
        vectors = self.model.encode(
            batch,
            batch_size=at_a_time,
            prompt_name=self.prompt_name,
            truncate_dim=self.spec.dimension,
        )
        tokens = np.full(len(batch), -1)
        if isinstance(self.model, TokenCounter):
            tokens = self.model.count_tokens(batch, prompt=self.spec.prompt)
        return np.asarray(vectors, dtype=np.float32), tokens


def _from_both_ends(rows: IntArray, size: int) -> Iterator[IntArray]:
    """Yield batches from the two ends in turn: of rows by length, long texts and short ones.

    So the time that remains can be told from the time that went.
    """
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]
    for place in range(len(batches)):
        half = place // 2
        yield batches[-1 - half] if place % 2 else batches[half]
