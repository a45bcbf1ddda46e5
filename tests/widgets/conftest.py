from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from ipywidgets import Widget

from workbench.corpus import Corpus
from workbench.embeddings import Embeddings

WORDS = ["refund money card", "parcel late courier", "password login reset"]


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for a condition, and fail when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def wait() -> Callable[..., None]:
    return until


@pytest.fixture
def texts_of() -> Callable[[int], Embeddings]:
    """Texts about three topics, with vectors in three groups."""

    def make(n: int) -> Embeddings:
        topics = np.arange(n) % 3
        corpus = Corpus(
            tuple(f"{WORDS[topic]} {row}" for row, topic in enumerate(topics)),
            ids=tuple(f"t{row}" for row in range(n)),
            columns={"topic": [WORDS[topic].split()[0] for topic in topics], "length": range(n)},
            name="small",
            label="topic",
        )
        rng = np.random.default_rng(0)
        vectors = 3 * np.eye(8)[topics] + rng.normal(size=(n, 8))
        return Embeddings.from_array(vectors, corpus, name="random")

    return make


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a test leaves open, and with it the worker processes."""
    yield
    Widget.close_all()
