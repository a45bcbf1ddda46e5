"""Encoding: each backend and dtype against SentenceTransformer.encode, side by side.

Docstrings, without the store. Prints the median of the ratios of interleaved pairs (above 1: ours
is faster), the least and median cosine to sentence-transformers' vectors, and what becomes of the
Spearman correlation with the grades of the project's own pairs. What a machine can do at most: the
rate of torch's matrix products alone stands beside the rate at which the model's are computed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from _results import Result, report
from scipy.stats import spearmanr

from workbench._arrays import FloatArray
from workbench.corpus import samples
from workbench.embeddings import embed
from workbench.errors import MissingExtraError
from workbench.models import DenseEncoder, Encoder, load_encoder

PEER = "`SentenceTransformer.encode`"
_SHAPES = ((2048, 384), (384, 1536))
WAYS = [
    ("torch", "float32"),
    ("auto", "float32"),
    ("torch", "bfloat16"),
    ("auto", "bfloat16"),
    ("auto", "int8"),
]


def seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def products(dtype: str) -> float:
    """Return how many GFLOP/s torch's matrix products of a transformer's shape reach."""
    import torch

    left, right = (torch.randn(shape, dtype=getattr(torch, dtype)) for shape in _SHAPES)
    times = [seconds(lambda: [left @ right for _ in range(100)]) for _ in range(7)]
    return 2e-9 * 100 * left.numel() * right.shape[1] / statistics.median(times)


def work(encoder: DenseEncoder, texts: list[str]) -> float:
    """Return the GFLOP of the matrix products that a BERT does for its tokens, none padded."""
    config: Any = encoder.model[0].auto_model.config
    tokens = np.minimum(encoder.count_tokens(texts), encoder.spec.max_tokens or np.inf)
    d, inner = config.hidden_size, config.intermediate_size
    each = 2 * (4 * d * d + 2 * d * inner) * tokens + 4 * d * tokens**2
    return 1e-9 * config.num_hidden_layers * float(each.sum())


def correlation(encode: Callable[[list[str]], FloatArray]) -> float:
    """Return 100 × Spearman's correlation of cosines and grades of the sentence pairs."""
    pairs = samples.sentence_pairs()
    sides = [encode(list(side)) for side in (pairs.sentences1, pairs.sentences2)]
    left, right = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in sides)
    return 100 * float(spearmanr((left * right).sum(axis=1), pairs.scores).statistic)


def ways(encoder: Encoder) -> dict[str, Encoder]:
    """Return the encoder in each way that this machine has."""
    found: dict[str, Encoder] = {}
    for backend, dtype in WAYS:
        try:
            found[f"{backend} {dtype}"] = load_encoder(encoder, backend=backend, dtype=dtype)
        except MissingExtraError as error:
            print(error)
            report(Result.not_run(f"embed, {backend} {dtype}", PEER, "the extra `fast`"))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    parser.add_argument("--texts", type=int, default=1_000)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    corpus = samples.python_docs(options.texts)
    encoder = load_encoder(options.model)
    if not isinstance(encoder, DenseEncoder):
        raise SystemExit(f"{options.model!r} is no SentenceTransformer: nothing to compare with.")
    model, texts = encoder.model, list(corpus.texts)
    theirs = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    own = correlation(lambda side: np.asarray(model.encode(side, show_progress_bar=False)))

    def encoding(way: Encoder) -> FloatArray:
        return embed(corpus, way, store=False, progress=False).unit()

    sizes = f"{len(corpus):,} docstrings, {encoder.spec.title()}"
    gflop = work(encoder, texts)
    rates = ", ".join(f"{dtype} {products(dtype):.0f}" for dtype in ("float32", "bfloat16"))
    said = f"{rates} GFLOP/s; the model's own for these texts are {gflop:.0f} GFLOP"
    report(Result("matrix products alone, torch", sizes=str(_SHAPES), note=said))
    for name, way in ways(encoder).items():
        cosines = np.einsum("ij,ij->i", encoding(way), theirs)
        pairs = [
            (
                seconds(lambda: model.encode(texts, show_progress_bar=False)),
                seconds(lambda way=way: encoding(way)),
            )
            for _ in range(options.pairs)
        ]
        note = (
            f"cosine at least {cosines.min():.5f}, median {np.median(cosines):.5f}; "
            f"Spearman × 100 {correlation(way.encode) - own:+.2f}; "
            f"{gflop / statistics.median(ours for _, ours in pairs):.0f} GFLOP/s"
        )
        report(Result.of_pairs(f"embed, {name}", PEER, sizes, pairs, note=note))


if __name__ == "__main__":
    main()
