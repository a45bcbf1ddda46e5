"""Texts that a file repeats, so that each is encoded once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench._arrays import FloatArray, IntArray

__all__ = ["Repeats"]

_BYTES = 32 << 20  # of vectors that are remembered: 21,845 texts of 384 dimensions


@dataclass(slots=True, eq=False)
class Repeats:
    """The vectors of a file's first distinct texts, as many as some megabytes hold.

    The first, not the latest: what is remembered at a block then depends on the blocks before
    it alone, and a run that was killed and goes on gives the same bytes as one that was not.
    """

    _known: dict[bytes, tuple[FloatArray, int]] = field(default_factory=dict)

    def add(self, texts: Sequence[str], vectors: FloatArray, tokens: IntArray) -> None:
        """Remember texts with their vectors (n, d) and token counts (n,), while there is room."""
        room = _BYTES // (4 * vectors.shape[1])
        for text, vector, count in zip(texts, vectors, tokens, strict=True):
            if len(self._known) >= room:
                return
            # A copy: a row alone would keep its whole block.
            self._known.setdefault(_key(text), (vector.copy(), int(count)))

    def find(self, text: str) -> tuple[FloatArray, int] | None:
        """Return a text's vector (d,) and token count, or None if it is not remembered."""
        return self._known.get(_key(text))


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
