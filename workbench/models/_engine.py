"""Texts to vectors by tokens: tokenized once, and run in batches with little padding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from workbench._arrays import FloatArray, IntArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

__all__ = ["Engine", "Features", "Forward", "engine_around", "longest_of"]

Features: TypeAlias = Mapping[str, IntArray]

_TOKENS_PER_TEXT = 64  # a batch of 32 texts is 2,048 tokens: the fastest of 1,024 to 8,192 here
_NO_LIMIT = 10**9  # transformers writes 10**30 where a tokenizer does not know one
_KNOWN_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
# Of every length, with what tokenizers treat differently.
_PROBES = ("", "a", "Hello,  World! ", "naïve 東京 \U0001f600", "one two three four " * 200)


class Forward(Protocol):
    """A model's forward pass, as one backend computes it."""

    streams: int

    def __call__(self, features: Features, /) -> FloatArray:
        """Return one vector per text, (b, d) float32, of token ids and masks (b, tokens)."""


@dataclass(frozen=True, slots=True, eq=False)
class Engine:
    """A tokenizer and a forward pass.

    Parameters
    ----------
    whole, cut
        The model's tokenizer without truncation and with it. (Tokenizers of its own: a server
        encodes in several threads, and what changes a tokenizer's truncation would fail there.)
    inputs
        The names of the arrays that the forward pass takes.
    padding
        The id of the padding token.
    longest
        How many tokens the model reads.
    dimension
        Length of the vectors.
    forward
        The forward pass.
    """

    whole: Tokenizer
    cut: Tokenizer
    inputs: tuple[str, ...]
    padding: int
    longest: int
    dimension: int
    forward: Forward

    def encode(self, texts: Sequence[str], batch_size: int) -> tuple[FloatArray, IntArray]:
        """Return vectors (n, d), in the order of the texts, and token counts (n,).

        Counts are those before truncation, special tokens included.

        Parameters
        ----------
        texts
            What the model reads, prompts included.
        batch_size
            Texts of 64 tokens per forward pass; more when they are shorter, fewer when longer.
        """
        ids, counts = self._tokens(texts)
        vectors = np.empty((len(ids), self.dimension), dtype=np.float32)
        batches = list(_batches(ids, batch_size * _TOKENS_PER_TEXT))
        for rows, part in zip(batches, self._passes(ids, batches), strict=True):
            vectors[rows] = part
        return vectors, counts

    def _passes(self, ids: list[list[int]], batches: list[IntArray]) -> Iterator[FloatArray]:
        def one(rows: IntArray) -> FloatArray:
            return self.forward(self._features(ids, rows))

        if self.forward.streams == 1 or len(batches) == 1:
            yield from map(one, batches)
            return
        pool = ThreadPoolExecutor(self.forward.streams)
        try:
            yield from pool.map(one, batches)
        finally:
            pool.shutdown(cancel_futures=True)  # interrupted, what has not begun is left out

    def features(self, texts: Sequence[str], batch_size: int) -> Iterator[Features]:
        """Yield what the forward pass is given for some texts."""
        ids, _ = self._tokens(texts)
        for rows in _batches(ids, batch_size * _TOKENS_PER_TEXT):
            yield self._features(ids, rows)

    def _tokens(self, texts: Sequence[str]) -> tuple[list[list[int]], IntArray]:
        """Return token ids, cut to what the model reads, and how many there were (n,)."""
        ids = [row.ids for row in self.whole.encode_batch_fast(list(texts))]
        counts = np.array([len(row) for row in ids], dtype=np.int64)
        long = np.flatnonzero(counts > self.longest).tolist()
        short = self.cut.encode_batch_fast([texts[row] for row in long])
        for row, encoding in zip(long, short, strict=True):
            ids[row] = encoding.ids
        return ids, counts

    def _features(self, ids: list[list[int]], rows: IntArray) -> Features:
        longest = max(1, *(len(ids[row]) for row in rows))
        tokens = np.full((len(rows), longest), self.padding, dtype=np.int64)
        mask = np.zeros_like(tokens)
        for place, row in enumerate(rows):
            tokens[place, : len(ids[row])] = ids[row]
            mask[place, : len(ids[row])] = 1
        known = dict(zip(_KNOWN_INPUTS, (tokens, mask, np.zeros_like(tokens)), strict=True))
        return {name: known[name] for name in self.inputs}

    def distance(self, model: SentenceTransformer) -> float:
        """Return how far a probe's vector is off sentence-transformers' own, of its length."""
        texts = list(_PROBES)
        theirs = np.asarray(
            model.encode(texts, prompt="", truncate_dim=self.dimension, show_progress_bar=False),
            dtype=np.float64,
        )
        ours = self.encode(texts, 32)[0].astype(np.float64)
        off, lengths = np.linalg.norm(ours - theirs, axis=1), np.linalg.norm(theirs, axis=1)
        if not np.isfinite(off).all() or off[lengths == 0].any():
            return float("inf")
        return float((off[lengths > 0] / lengths[lengths > 0]).max(initial=0.0))


def engine_around(model: SentenceTransformer, dimension: int, forward: Forward) -> Engine | None:
    """Return a model's engine; None where it is given more than token ids and masks."""
    tokenizer, longest, padding = model.tokenizer, longest_of(model), None
    if getattr(tokenizer, "is_fast", False):
        padding = tokenizer.pad_token_id
    # Where a prompt is left out of the pooling, it must know where the prompt ends.
    pools_all = all(getattr(module, "include_prompt", True) for module in model)
    if padding is None or longest is None or not pools_all:
        return None
    inputs = tuple(tokenizer.model_input_names)
    if not inputs or not set(inputs) <= set(_KNOWN_INPUTS):
        return None
    whole, cut = _tokenizers(model, longest)
    return Engine(whole, cut, inputs, int(padding), longest, dimension, forward)


def longest_of(model: SentenceTransformer) -> int | None:
    """Return how many tokens a model reads; None where nothing says so."""
    longest = model.max_seq_length
    return int(longest) if longest and longest < _NO_LIMIT else None


def _tokenizers(model: SentenceTransformer, longest: int) -> tuple[Tokenizer, Tokenizer]:
    """Return the model's tokenizer without and with truncation, both without padding."""
    from tokenizers import Tokenizer

    state = model.tokenizer.backend_tokenizer.to_str()
    whole, cut = Tokenizer.from_str(state), Tokenizer.from_str(state)
    for tokenizer in (whole, cut):
        tokenizer.no_padding()
    whole.no_truncation()
    cut.enable_truncation(longest, direction=model.tokenizer.truncation_side)
    return whole, cut


def _batches(ids: list[list[int]], budget: int) -> Iterator[IntArray]:
    """Yield rows of like length, longest first, whose tokens with padding fit the budget."""
    order = np.argsort([-len(row) for row in ids], kind="stable")
    start = 0
    while start < len(order):
        size = max(1, budget // max(1, len(ids[order[start]])))
        yield order[start : start + size]
        start += size
