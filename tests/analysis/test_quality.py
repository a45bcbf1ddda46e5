from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn import manifold

from workbench.analysis import quality
from workbench.analysis.quality import trustworthiness
from workbench.embeddings import Embeddings


@pytest.mark.parametrize("k", [1, 5, 15])
def test_equal_to_scikit_learn(make: Callable[..., Embeddings], k: int) -> None:
    toy = make((150, 100, 50), spread=0.5)
    for seed in (0, 1):
        places = np.random.default_rng(seed).normal(size=(300, 2)).astype(np.float32)
        places += toy.vectors[:, :2] * 3
        expected = manifold.trustworthiness(toy.vectors, places, n_neighbors=k, metric="cosine")
        assert trustworthiness(toy.unit(), places, k) == pytest.approx(expected, abs=2e-6)


def test_three_points_by_hand() -> None:
    # On the map 0 and 1 are neighbours, then 2; in truth 0 and 2 are.
    angles = np.radians([0.0, 40.0, 10.0])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    places = np.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]], np.float32)
    # Map neighbours 0→1 (true rank 2), 1→0 (2), 2→1 (2): penalty 3, and 2 / (3 · 1 · 2) = 1/3.
    assert trustworthiness(vectors, places, 1) == pytest.approx(1 - 3 / 3)


def test_equal_vectors_share_a_rank() -> None:
    vectors = np.repeat(np.eye(3, dtype=np.float32), 10, axis=0)
    places = np.repeat(np.array([[0, 0], [9, 0], [0, 9]], np.float32), 10, axis=0)
    assert trustworthiness(vectors, places, 5) == 1.0


def test_sample_estimates_the_whole(
    make: Callable[..., Embeddings], monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = make((300, 200, 100), spread=0.5)
    places = np.asarray(toy.unit()[:, :2])
    whole = trustworthiness(toy.unit(), places, 10)
    monkeypatch.setattr(quality, "MOST_ROWS", 300)
    sampled = trustworthiness(toy.unit(), places, 10, random_state=4)
    assert sampled == pytest.approx(whole, abs=0.02)
    assert sampled != whole
    assert sampled == trustworthiness(toy.unit(), places, 10, random_state=4)
