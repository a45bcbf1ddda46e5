"""Texts with columns of all kinds, and equality of results: for tests of an index on disk."""

from __future__ import annotations

import numpy as np

from workbench.corpus import Corpus
from workbench.search import Hybrid, SearchResults

QUERIES = ["where is my parcel", "the the refund", "a code \ud800 for my money"]
METHODS = ("dense", "bm25", "hybrid", Hybrid(fusion="weighted", depth=7))


def check_equal(found: SearchResults, expected: SearchResults) -> None:
    for hits, others in zip(found, expected, strict=True):
        assert [hit.corpus_id for hit in hits] == [hit.corpus_id for hit in others]
        assert [hit.text for hit in hits] == [hit.text for hit in others]
    for scores, others in zip(found.scores, expected.scores, strict=True):
        np.testing.assert_allclose(scores, others, atol=1e-5)
    assert found.method == expected.method


def mixed(count: int) -> Corpus:
    """Return texts with a column of each kind, nulls among them."""
    numbers = np.arange(count)
    return Corpus(
        tuple(f"text {n} of a \ud800 half" for n in range(count)),
        tuple(f"id {n}" for n in range(count)),
        {
            "year": 2000 + numbers,
            "share": np.where(numbers % 3 == 1, np.nan, numbers / 4).astype(np.float32),
            "when": np.array(
                ["NaT" if n % 4 == 1 else f"2024-01-{n % 28 + 1:02}" for n in range(count)], "M8[s]"
            ),
            "kind": np.array([("x", None, "y", 3, True)[n % 5] for n in range(count)], object),
            "open": numbers % 2 == 0,
        },
        name="mixed",
        label="kind",
    )
