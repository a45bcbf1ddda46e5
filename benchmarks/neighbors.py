"""Exact neighbours: nearest_neighbors against scikit-learn's brute force, side by side.

Prints the median of the ratios of interleaved pairs: above 1, ours is faster.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from _results import Result, report
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from workbench.analysis import nearest_neighbors
from workbench.embeddings import Embeddings


def clustered(n: int, d: int, seed: int = 0) -> NDArray[np.float32]:
    """Return n unit vectors of d dimensions around n / 50 centres."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(max(1, n // 50), d))
    vectors = centres[rng.integers(len(centres), size=n)] + 0.7 * rng.normal(size=(n, d))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=5000)
    parser.add_argument("--dimensions", type=int, default=384)
    parser.add_argument("--neighbors", type=int, default=15)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    k = options.neighbors
    vectors = clustered(options.texts, options.dimensions)
    embeddings = Embeddings.from_array(vectors, [f"text {row}" for row in range(len(vectors))])
    brute = NearestNeighbors(n_neighbors=k, metric="cosine", algorithm="brute").fit(vectors)

    ours = nearest_neighbors(embeddings, k)
    expected = brute.kneighbors(return_distance=False)
    both = zip(ours.indices, expected, strict=True)
    alike = statistics.mean(len(set(a) & set(b)) / k for a, b in both)
    assert alike >= 0.999, f"not the same neighbours: {alike:.5f} of them are"

    pairs = [
        (seconds(lambda: brute.kneighbors()), seconds(lambda: nearest_neighbors(embeddings, k)))
        for _ in range(options.pairs)
    ]
    sizes = f"{len(vectors):,} texts × {options.dimensions}, {k} neighbours"
    note = f"{alike:.3%} of the neighbours are the same"
    peer = "scikit-learn's brute force, cosine"
    report(Result.of_pairs("exact neighbours", peer, sizes, pairs, note=note))


if __name__ == "__main__":
    main()
