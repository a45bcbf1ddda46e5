"""What 200 runs of a widget leave behind in the kernel: nothing that grows."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench.embeddings import Embeddings
from workbench.widgets import ClusterExplorer, EmbeddingMap

pytestmark = pytest.mark.soak

ROUNDS = 200


def resident() -> float:
    """Return the MiB that this process holds in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.parametrize("kind", ["clusters", "map"])
def test_memory_of_the_kernel_stays_level(
    kind: str,
    texts_of: Callable[[int], Embeddings],
    find: Callable[..., Any],
    press: Callable[..., None],
    choose: Callable[..., None],
    wait: Callable[..., None],
) -> None:
    embeddings = texts_of(300)
    widget: Any
    if kind == "clusters":
        widget = ClusterExplorer(embeddings, method="kmeans", n_clusters=3)
    else:
        widget = EmbeddingMap(embeddings, method="pca")

    def compute(step: int) -> None:
        if kind == "clusters":
            find(widget, "workbench-parameter-n_clusters").set_state({"value": 3 + step % 5})
        press(widget, "workbench-compute")
        wait(lambda: not widget.busy)
        assert not widget.status.failed
        if kind == "clusters":
            find(widget, "workbench-edit-clusters").set_state({"index": [0]})
            press(widget, "workbench-edit-split")

    for step in range(20):  # caches fill
        compute(step)
    before = resident()
    for step in range(ROUNDS):
        compute(step)
    assert resident() < before + 20
