"""One of each model, and all of them logged once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.corpus import Corpus
from workbench.models import DenseEncoder, idf_sparse_encoder, load_reranker
from workbench.search import DiskIndex, SearchIndex
from workbench.serving import (
    EmbeddingModel,
    ParaphraseMiningModel,
    RerankerModel,
    SemanticSearchModel,
    ServedModel,
    SimilarityModel,
    SparseEncoderModel,
)
from workbench.tracking import track


@pytest.fixture(scope="session")
def models(
    small_corpus: Corpus,
    minilm: DenseEncoder,
    cross_encoder_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, ServedModel]:
    """Return one of each kind: MiniLM's over thirty texts, a tiny reranker, an idf encoder."""
    index = SearchIndex.build(small_corpus, minilm, progress=False)
    folder = tmp_path_factory.mktemp("on-disk")
    on_disk = DiskIndex.build(folder, index.embeddings, minilm, progress=False)
    return {
        "similarity": SimilarityModel(minilm),
        "search": SemanticSearchModel(index, top_k=3, minimum_relevancy=0.2),
        "on disk": SemanticSearchModel(on_disk, method="hybrid", top_k=3),
        "paraphrases": ParaphraseMiningModel(small_corpus, minilm, similarity_threshold=0.4),
        "embeddings": EmbeddingModel(minilm),
        "openai": EmbeddingModel(minilm, task="llm/v1/embeddings"),
        "reranker": RerankerModel(load_reranker(cross_encoder_folder)),
        "sparse": SparseEncoderModel(idf_sparse_encoder(small_corpus.texts)),
    }


@pytest.fixture(scope="session")
def logged(
    models: dict[str, ServedModel], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, str]]:
    """Return a store, and the URI of each model logged to it."""
    store = f"sqlite:///{tmp_path_factory.mktemp('served')}/mlflow.db"
    uris: dict[str, str] = {}
    with track("served", store) as run:
        for name, model in models.items():
            info = run.log_model(model, name=name)
            uris[name] = info.model_uri
    return store, uris


@pytest.fixture(autouse=True)
def _looks_there(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let MLflow look where the models are, in tests that ask for them."""
    if "logged" not in request.fixturenames:
        yield
        return
    import mlflow

    store, _ = request.getfixturevalue("logged")
    earlier = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store)
    yield
    mlflow.set_tracking_uri(earlier)
    os.environ.pop("MLFLOW_TRACKING_URI", None)
