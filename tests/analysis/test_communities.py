from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sentence_transformers.util import community_detection

from workbench.analysis import communities
from workbench.analysis.communities import community_labels
from workbench.embeddings import Embeddings


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.75])
@pytest.mark.parametrize("fewest", [1, 4, 10])
def test_equal_to_sentence_transformers(
    make: Callable[..., Embeddings],
    threshold: float,
    fewest: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unit = make((60, 40, 20), spread=0.25).unit()
    expected = np.full(len(unit), -1)
    found = community_detection(unit, threshold=threshold, min_community_size=fewest)
    for label, rows in enumerate(found):
        expected[rows] = label
    monkeypatch.setattr(communities, "_BLOCK_CELLS", 120 * 7)
    ours = community_labels(unit, threshold=threshold, min_community_size=fewest)
    as_sets = {frozenset(np.flatnonzero(ours == label).tolist()) for label in range(ours.max() + 1)}
    assert as_sets == {frozenset(rows) for rows in found}
    np.testing.assert_array_equal(ours < 0, expected < 0)


def test_by_hand() -> None:
    angles = np.radians([0, 10, 20, 30, 90, 95])
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    # Within 15 degrees: the texts at 10 and 20 reach three each; 10 is first and takes 0, 10, 20.
    labels = community_labels(unit, threshold=float(np.cos(np.radians(15))), min_community_size=2)
    assert labels.tolist() == [0, 0, 0, -1, 1, 1]
