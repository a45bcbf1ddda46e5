"""Encoding: embed without its store against SentenceTransformer.encode, side by side.

Prints the median of the ratios of interleaved pairs: above 1, ours is faster. Both give the same
numbers; ours counts tokens besides, to say which texts are longer than the model reads.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from workbench.corpus import samples
from workbench.embeddings import embed
from workbench.models import DenseEncoder, load_encoder


def seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    parser.add_argument("--texts", type=int, default=300)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    tickets = samples.support_tickets()
    corpus = tickets.take(range(min(options.texts, len(tickets))))
    encoder = load_encoder(options.model)
    if not isinstance(encoder, DenseEncoder):
        raise SystemExit(f"{options.model!r} is no SentenceTransformer: nothing to compare with.")
    model, texts = encoder.model, list(corpus.texts)

    ours = embed(corpus, encoder, store=False, progress=False).unit()
    theirs = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    cosine = float(np.einsum("ij,ij->i", ours, theirs).min())
    assert cosine >= 0.99999, f"not the same vectors: the least cosine is {cosine}"

    pairs = [
        (
            seconds(lambda: model.encode(texts, show_progress_bar=False)),
            seconds(lambda: embed(corpus, encoder, store=False, progress=False)),
        )
        for _ in range(options.pairs)
    ]
    ratio = statistics.median(their / own for their, own in pairs)
    print(f"{len(corpus)} support tickets, {encoder.spec.title()}, {len(pairs)} pairs")
    print(f"SentenceTransformer.encode   {statistics.median(t for t, _ in pairs):8.3f} s")
    print(f"workbench embed, no store    {statistics.median(o for _, o in pairs):8.3f} s")
    print(f"least cosine of the two      {cosine:8.5f}")
    print(f"ratio                        {ratio:8.2f}")


if __name__ == "__main__":
    main()
