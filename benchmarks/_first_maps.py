"""What benchmarks/first_map.py compares: tools that make a map of vectors, each as it comes.

The workbench's maps are seeded: the same each time, on one core, with their trustworthiness. The
others' are not by default: another map each time, on all cores.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
MIN_DIST = 0.5  # of the second map; all tools start from less


def installed(module: str) -> bool:
    """Whether a module can be imported."""
    return find_spec(module) is not None


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
        return Made(wb.project(embeddings, neighbors=self.neighbors).coordinates)

    def again(self) -> Made:
        import workbench as wb

        near = self.neighbors
        return Made(wb.project(near.embeddings, neighbors=near, min_dist=MIN_DIST).coordinates)


class MapAndClusters(Workbench):
    """The map and clusters with keywords and exemplars, at the same time."""

    def first(self) -> Made:
        import workbench as wb

        plane, found = wb.map_and_clusters(wb.Embeddings.from_array(self.vectors, self.texts))
        return Made(plane.coordinates, found.labels.tolist())


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
            sys.modules.setdefault(name, None)

    def first(self) -> Made:
        from bertopic import BERTopic as Model

        topics, _ = Model().fit_transform(self.texts, self.vectors)
        return Made(self._reduced(0.0), topics)

    def again(self) -> Made:
        return Made(self._reduced(MIN_DIST))

    def _reduced(self, min_dist: float) -> Floats:
        # The values of its visualize_documents(docs, embeddings=…), which offers no min_dist.
        return reduced(self.vectors, n_neighbors=10, n_components=2, min_dist=min_dist)


class ByHand(BERTopic):
    """BERTopic's steps at its defaults, written down: for machines where it is not installed."""

    def first(self) -> Made:
        from sklearn.cluster import HDBSCAN

        near = reduced(self.vectors, n_neighbors=15, n_components=5, min_dist=0.0, low_memory=False)
        found = HDBSCAN(min_cluster_size=10, n_jobs=-1, copy=False).fit_predict(near)
        self.keywords = weighted_words(self.texts, found)
        return Made(self._reduced(0.0), found.tolist())


def reduced(vectors: Floats, **params: float) -> Floats:
    """Return vectors in fewer dimensions by umap-learn, unseeded: it may use all cores."""
    from umap import UMAP

    return np.asarray(UMAP(metric="cosine", **params).fit_transform(vectors))


def weighted_words(texts: list[str], clusters: NDArray[np.int64]) -> list[list[str]]:
    """Return the ten words of the largest c-TF-IDF (Grootendorst 2022) of each cluster."""
    from sklearn.feature_extraction.text import CountVectorizer

    labels, place = np.unique(clusters, return_inverse=True)
    joined: list[list[str]] = [[] for _ in labels]
    for text, label in zip(texts, place, strict=True):
        joined[label].append(text)
    vectorizer = CountVectorizer()
    counts = vectorizer.fit_transform([" ".join(part) for part in joined]).astype(np.float64)
    share = counts.multiply(1 / counts.sum(axis=1)).tocsr()
    rarity = np.log1p(counts.sum() / len(labels) / np.asarray(counts.sum(axis=0)).ravel())
    words = vectorizer.get_feature_names_out()
    rows = share.multiply(rarity).tocsr()
    return [words[row.indices[np.argsort(-row.data)[:10]]].tolist() for row in rows]


TOOLS: Mapping[str, type[Tool]] = MappingProxyType(
    {
        "embedding-atlas": Atlas,
        "workbench": Workbench,
        "BERTopic": BERTopic,
        "workbench, both": MapAndClusters,
        "by hand": ByHand,
    }
)
