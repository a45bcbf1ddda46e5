"""What benchmarks/first_map.py compares: tools that make a map of vectors, each as it comes.

The workbench's maps are seeded: the same each time, on one core, with their trustworthiness. The
others' are not by default: another map each time, on all cores.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
MIN_DIST = 0.5  # of the second map; all tools start from less


class Made:
    """A map, shape (n, 2), and a cluster for each text where the tool clusters (-1: in none)."""

    def __init__(self, coordinates: Floats, clusters: Sequence[int] = ()) -> None:
        self.coordinates = np.asarray(coordinates, np.float64)
        self.clusters = np.asarray(clusters, np.int64)


class Tool(Protocol):
    """Makes a first map of all that it is given, then one that only packs points otherwise."""

    def __init__(self, texts: list[str], vectors: Floats) -> None: ...
    def first(self) -> Made: ...
    def again(self) -> Made: ...


class Workbench:
    """Exact neighbours and a map; what comes after has the neighbours at hand."""

    def __init__(self, texts: list[str], vectors: Floats) -> None:
        self.texts, self.vectors = texts, vectors

    def first(self) -> Made:
        import workbench as wb

        embeddings = wb.Embeddings.from_array(self.vectors, self.texts)
        self.neighbors = wb.nearest_neighbors(embeddings)
        self.map = wb.project(embeddings, neighbors=self.neighbors)
        return Made(self.map.coordinates)

    def clusters(self) -> Made:
        """Return the map just made with clusters, for which keywords and exemplars are found."""
        import workbench as wb

        found = wb.cluster(self.map.embeddings, neighbors=self.neighbors)
        return Made(self.map.coordinates, found.labels.tolist())

    def again(self) -> Made:
        import workbench as wb

        near = self.neighbors
        return Made(wb.project(near.embeddings, neighbors=near, min_dist=MIN_DIST).coordinates)


class Atlas:
    """embedding-atlas: its projection of given vectors, with its cache on disk empty."""

    def __init__(self, texts: list[str], vectors: Floats) -> None:
        self.texts, self.vectors = texts, vectors

    def first(self) -> Made:
        return self._made()

    def again(self) -> Made:
        return self._made(min_dist=MIN_DIST)

    def seeded(self) -> Made:
        """Return a first map as the workbench's is: reproducible, which UMAP is on one core."""
        return self._made(random_state=0, n_jobs=1)

    def _made(self, **umap_args: float) -> Made:
        import pandas as pd
        from embedding_atlas.projection import compute_projection

        frame = pd.DataFrame({"text": self.texts, "vector": list(self.vectors)})
        with TemporaryDirectory() as folder:
            found = compute_projection(
                frame, inputs="vector", modality="vector", umap_args=umap_args, cache_root=folder
            )
        return Made(found[["projection_x", "projection_y"]].to_numpy())


class BERTopic:
    """BERTopic: default topics with keywords, and the reduction that its documents map makes."""

    def __init__(self, texts: list[str], vectors: Floats) -> None:
        self.texts, self.vectors = texts, vectors
        # embedding-atlas brings these two. BERTopic imports them where they are, which asks a
        # server for prices; who has BERTopic alone does not wait for that.
        for name in ("litellm", "openai"):
            sys.modules.setdefault(name, None)  # type: ignore[arg-type]

    def first(self) -> Made:
        from bertopic import BERTopic as Model

        topics, _ = Model().fit_transform(self.texts, self.vectors)
        return Made(self._reduced(0.0), topics)

    def again(self) -> Made:
        return Made(self._reduced(MIN_DIST))

    def _reduced(self, min_dist: float) -> Floats:
        from umap import UMAP

        # The values of its visualize_documents(docs, embeddings=…), which offers no min_dist.
        model = UMAP(n_neighbors=10, n_components=2, min_dist=min_dist, metric="cosine")
        return np.asarray(model.fit_transform(self.vectors))


TOOLS: Mapping[str, type[Tool]] = MappingProxyType(
    {"embedding-atlas": Atlas, "workbench": Workbench, "BERTopic": BERTopic}
)
