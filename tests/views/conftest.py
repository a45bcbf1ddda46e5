from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from workbench.analysis import Cluster, Clustering, Projection
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings


def embeddings_of(corpus: Corpus, dimension: int = 4) -> Embeddings:
    """Return random vectors for a corpus."""
    vectors = np.random.default_rng(0).normal(size=(len(corpus), dimension))
    return Embeddings.from_array(vectors, corpus, name="random")


@pytest.fixture
def embedded() -> Callable[..., Embeddings]:
    return embeddings_of


@pytest.fixture
def corpus() -> Corpus:
    """Twelve texts with a label, a number, a date, a bool and a column that is all different."""
    dates = np.datetime64("2026-01-01", "ns") + np.arange(12).astype("timedelta64[D]")
    dates[3] = np.datetime64("NaT")
    return Corpus(
        tuple(f"text number {row}" for row in range(12)),
        ids=tuple(f"t{row}" for row in range(12)),
        columns={
            "topic": ["b"] * 3 + ["a"] * 5 + ["c"] * 3 + [None],
            "score": [0.5, np.nan, *range(10)],
            "day": dates,
            "kept": [row % 2 == 0 for row in range(12)],
        },
        name="twelve",
        label="topic",
    )


@pytest.fixture
def projected() -> Callable[..., Projection]:
    """Put texts at random places."""

    def make(corpus: Corpus, **changes: Any) -> Projection:
        values: dict[str, Any] = {
            "coordinates": np.random.default_rng(1).normal(size=(len(corpus), 2)).astype("f4"),
            "embeddings": embeddings_of(corpus),
            "method": "umap",
            "params": {},
            "random_state": 0,
            "trustworthiness": 0.8765,
            "trustworthiness_k": 15,
        }
        return Projection(**{**values, **changes})

    return make


@pytest.fixture
def clustered() -> Callable[..., Clustering]:
    """Make clusters from labels; each is named by the words given for it."""

    def make(
        corpus: Corpus, labels: Sequence[int], words: Sequence[Sequence[str]], **changes: Any
    ) -> Clustering:
        found = np.array(labels, dtype=np.int64)
        clusters = tuple(
            Cluster(
                label,
                int((found == label).sum()),
                tuple(np.flatnonzero(found == label)[:3].tolist()),
                tuple(keywords),
            )
            for label, keywords in enumerate(words)
        )
        values: dict[str, Any] = {
            "labels": found,
            "embeddings": embeddings_of(corpus),
            "method": "hdbscan",
            "params": {},
            "random_state": 0,
            "reduction": "umap, 5 dimensions",
            "silhouette": 0.25,
            "clusters": clusters,
        }
        return Clustering(**{**values, **changes})

    return make
