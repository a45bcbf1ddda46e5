"""An encoder of one's own without torch, and a process that embeds with it.

A vector is a hash of its text, so any process can tell whether a stored one is right.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench._arrays import FloatArray
from workbench.corpus import Corpus
from workbench.embeddings import EmbeddingStore, embed
from workbench.models import ModelSpec

DIMENSION = 8


def vector_of(text: str, salt: str = "") -> FloatArray:
    """Return the vector that `HashingEncoder` gives a text, shape (8,)."""
    raw = (salt + text).encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(raw, digest_size=DIMENSION).digest()
    return np.asarray(np.frombuffer(digest, dtype=np.uint8) / 255 + 0.01, dtype=np.float32)


class HashingEncoder:
    """Gives each text a vector from its hash, and remembers which texts it was given."""

    def __init__(self, *, log: Path | None = None, delay: float = 0, **changes: Any) -> None:
        spec = ModelSpec(name="hashes", family="custom", revision="1", dimension=DIMENSION)
        self.spec = replace(spec, **changes)
        self.seen: list[str] = []
        self.calls = 0
        self._log = log
        self._delay = delay

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
        self.calls += 1
        self.seen.extend(texts)
        if self._log is not None:
            with self._log.open("a") as file:
                file.write("".join(f"{text}\n" for text in texts))
        time.sleep(self._delay)
        return np.array([vector_of(text, self.spec.prompt) for text in texts])


def numbered(first: int, last: int) -> list[str]:
    """Return the texts of a campaign, of varied lengths."""
    return [f"text {number} {'.' * (number * 7 % 13)}" for number in range(first, last)]


def main() -> None:
    """Embed some numbered texts into a store, over and over until a file is there if asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("store", type=Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--last", type=int, required=True)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--start", type=Path, help="wait for this file")
    parser.add_argument("--until", type=Path, help="embed again until this file is there")
    options = parser.parse_args()
    texts = numbered(options.first, options.last)
    corpus, store = Corpus(tuple(texts)), EmbeddingStore(options.store)
    expected = np.array([vector_of(text) for text in texts])
    encoder = HashingEncoder(log=options.log, delay=options.delay)
    print("ready", flush=True)
    while options.start is not None and not options.start.exists():
        time.sleep(0.001)
    rounds = 0
    while True:
        finished = options.until is None or options.until.exists()
        found = embed(corpus, encoder, batch_size=options.batch, store=store, progress=False)
        np.testing.assert_array_equal(found.vectors, expected)
        rounds += 1
        if finished:
            break
    print(f"rounds {rounds} encoded {len(encoder.seen)}")


if __name__ == "__main__":
    main()
