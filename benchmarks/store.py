"""The embedding store: a cold embed, which encodes, against a warm one, which reads.

Prints the median of the ratios of pairs: how many times faster the second call is.
"""

from __future__ import annotations

import argparse
import tempfile
import time

import numpy as np
from _results import Result, report

from workbench.corpus import Corpus, samples
from workbench.embeddings import Embeddings, EmbeddingStore, embed
from workbench.models import Encoder, load_encoder


def timed(corpus: Corpus, encoder: Encoder, store: EmbeddingStore) -> tuple[float, Embeddings]:
    """Return how long one embed takes, and what it gives."""
    start = time.perf_counter()
    made = embed(corpus, encoder, store=store, progress=False)
    return time.perf_counter() - start, made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    parser.add_argument("--texts", type=int, default=300)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    tickets = samples.support_tickets()
    corpus = tickets.take(range(min(options.texts, len(tickets))))
    encoder = load_encoder(options.model)
    encoder.encode(["a text"])  # opened before the clock starts

    pairs = []
    for _ in range(options.pairs):
        with tempfile.TemporaryDirectory() as folder:
            store = EmbeddingStore(folder)
            cold, encoded = timed(corpus, encoder, store)
            warm, read = timed(corpus, encoder, store)
        assert read.encoded == 0 < encoded.encoded
        assert np.array_equal(encoded.vectors, read.vectors)
        pairs.append((cold, warm))
    sizes = f"{len(corpus)} support tickets, {encoder.spec.title()}"
    report(Result.of_pairs("embed, read from the store", "embed, encoding", sizes, pairs))


if __name__ == "__main__":
    main()
