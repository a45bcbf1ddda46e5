"""Texts longer than a model reads, in parts whose vectors are pooled."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray
from workbench.errors import InputError
from workbench.models._protocol import Chunker, Encoder, TokenCounter

if TYPE_CHECKING:
    from transformers import BatchEncoding

__all__ = ["check_can_chunk", "pooled", "token_windows"]

_Rows: TypeAlias = list[int]
_BLOCK = 100_000  # characters that are tokenized at a time, so that offsets stay few


def check_can_chunk(model: Encoder, caller: str) -> None:
    """Raise an InputError unless it is known where to cut the texts that a model cuts off."""
    reads_all = model.spec.family in ("static", "lsa")
    if reads_all or (isinstance(model, TokenCounter) and isinstance(model, Chunker)):
        return
    raise InputError(
        f"{caller}: {model.spec.name!r} does not count tokens or cut texts, so it is not known "
        "which texts are longer than it reads, nor where to cut them. Give your encoder the "
        "methods count_tokens and chunks (workbench.models.TokenCounter and Chunker), or leave "
        "long_texts='truncate'."
    )


def pooled(
    texts: Sequence[str],
    model: Chunker,
    encode: Callable[[list[str]], FloatArray],
    *,
    prompt: str = "",
    batch_size: int = 32,
) -> Iterator[tuple[_Rows, FloatArray]]:
    """Yield vectors of texts that are read in parts, as they are done.

    A text's vector is the mean of its parts' vectors, weighted by their tokens and scaled to the
    mean length of the parts' vectors: a model that gives unit vectors gives one here too.

    Parameters
    ----------
    texts
        The texts; a text's parts are made and encoded a batch at a time, whatever its length.
    model
        What cuts them.
    encode
        Gives each part of a batch its vector.
    prompt
        What ``encode`` puts in front of each part.
    batch_size
        Parts per call of ``encode``.

    Yields
    ------
    tuple
        Positions of texts (m,) and their vectors (m, d).
    """
    parts = (
        (row, part, tokens)
        for row, text in enumerate(texts)
        for part, tokens in model.chunks(text, prompt=prompt)
    )
    sums: dict[int, _Sum] = {}
    following = list(islice(parts, batch_size))
    while following:
        batch, following = following, list(islice(parts, batch_size))
        vectors = encode([part for _, part, _ in batch])
        for (row, _, tokens), vector in zip(batch, vectors, strict=True):
            sums.setdefault(row, _Sum()).add(vector, tokens)
        open_row = following[0][0] if following else len(texts)
        done = [row for row in sums if row < open_row]
        if done:
            yield done, np.stack([sums.pop(row).mean() for row in done])


@dataclass(slots=True)
class _Sum:
    """What is known of a text's parts so far."""

    total: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    lengths: float = 0.0
    parts: int = 0

    def add(self, vector: FloatArray, tokens: int) -> None:
        exact = vector.astype(np.float64)
        self.total = self.total + exact * tokens
        self.lengths += float(np.linalg.norm(exact))
        self.parts += 1

    def mean(self) -> FloatArray:
        length = np.linalg.norm(self.total)
        scale = self.lengths / self.parts / length if length else 0.0
        return np.asarray(self.total * scale, dtype=np.float32)


def token_windows(
    text: str,
    tokenize: Callable[[str], BatchEncoding],
    count: Callable[[list[str]], Sequence[int]],
    room: int,
) -> Iterator[tuple[str, int]]:
    """Yield the parts of a text, each of at most ``room`` tokens, with their token counts.

    A part ends before a word where it can, else (one word is longer than the room) between two
    tokens. Each part is counted as it will be read: a tokenizer may see more tokens in a part
    than it saw in the text.

    Parameters
    ----------
    text
        The text.
    tokenize
        Returns the tokens of a text, without special ones, with their offsets.
    count
        Returns how many tokens some parts have, special ones and prompt left out.
    room
        Tokens that fit, at least 1.
    """
    for part in _cut(text, tokenize, room):
        tokens = int(count([part])[0])
        if tokens > room > 1 and len(part) > 1:
            yield from token_windows(part, tokenize, count, max(1, room - (tokens - room)))
        else:
            yield part, tokens


def _cut(text: str, tokenize: Callable[[str], BatchEncoding], room: int) -> Iterator[str]:
    """Yield the parts of a text; a block at a time, the last part of which begins the next."""
    start, block = 0, _BLOCK
    while start < len(text):
        tokens = tokenize(text[start : start + block])
        bounds = _bounds(tokens, room)
        last = start + block >= len(text)
        if not last and not bounds:  # a word longer than a block
            block *= 2
            continue
        edges = [0, *bounds]
        for left, right in pairwise(edges):
            yield text[start + left : start + right]
        start, block = start + edges[-1], _BLOCK
        if last:
            yield text[start:]
            return


def _bounds(tokens: BatchEncoding, room: int) -> list[int]:
    """Return where to cut a block, as positions of characters, ascending."""
    offsets, words = tokens["offset_mapping"], tokens.word_ids()
    # Tokens that share a character (the bytes of an emoji) stay together.
    apart = [row for row in range(1, len(offsets)) if offsets[row][0] >= offsets[row - 1][1]]
    between = [row for row in apart if words[row] != words[row - 1]]
    bounds: list[int] = []
    first = 0
    while len(offsets) - first > room:
        cuts = [_last_within(rows, first, first + room) for rows in (between, apart)]
        further = bisect_right(apart, first + room)
        chosen = cuts[0] or cuts[1] or (apart[further] if further < len(apart) else None)
        if chosen is None:
            break
        bounds.append(int(offsets[chosen][0]))
        first = chosen
    return bounds


def _last_within(rows: list[int], low: int, high: int) -> int | None:
    """Return the last of some ascending rows that is above low and at most high."""
    place = bisect_right(rows, high)
    return rows[place - 1] if place and rows[place - 1] > low else None
