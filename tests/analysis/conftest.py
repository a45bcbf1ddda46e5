from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from workbench.analysis import (
    Clustering,
    Neighbors,
    Projection,
    cluster,
    nearest_neighbors,
    project,
)
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings

WORDS = ("refund money card", "parcel courier late", "password login code", "sofa table leg")


def blobs(sizes: tuple[int, ...], d: int = 24, spread: float = 0.1, seed: int = 0) -> Embeddings:
    """Return texts around one direction per size, in mixed order, with their blob as label."""
    rng = np.random.default_rng(seed)
    centres = np.linalg.qr(rng.normal(size=(d, len(sizes))))[0].T
    label = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    vectors = centres[label] * 3 + spread * 3 * rng.normal(size=(len(label), d))
    texts = tuple(f"{WORDS[blob % len(WORDS)]} {row}" for row, blob in enumerate(label))
    columns = {"blob": label, "x": np.arange(len(label))}
    return Embeddings.from_array(vectors, Corpus(texts, columns=columns, label="blob"), name="toy")


@pytest.fixture(scope="session")
def make() -> Callable[..., Embeddings]:
    return blobs


@pytest.fixture(scope="session")
def toy() -> Embeddings:
    """Return 120 texts in blobs of 60, 40 and 20."""
    return blobs((60, 40, 20))


@pytest.fixture(scope="session")
def toy_neighbors(toy: Embeddings) -> Neighbors:
    return nearest_neighbors(toy, 95)


@pytest.fixture(scope="session")
def umap_map(toy: Embeddings, toy_neighbors: Neighbors) -> Projection:
    return project(toy, neighbors=toy_neighbors)


@pytest.fixture(scope="session")
def hdbscan(toy: Embeddings, toy_neighbors: Neighbors) -> Clustering:
    return cluster(toy, neighbors=toy_neighbors)
