from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.models import DenseEncoder
from workbench.models.mlflow_uri import sqlite_uri
from workbench.tracking import ensure_store
from workbench.views import View

SECRET = "tangerine"  # a word of the texts: must be nowhere in a private run
HIDDEN = "Zanzibar"  # a value of a column that may be left out


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated store: making one costs a second or two, copying it nothing."""
    file = tmp_path_factory.mktemp("store") / "mlflow.db"
    ensure_store(sqlite_uri(file))
    return file


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give every test its own home, and leave MLflow in this process as it was."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own, on its import
        import mlflow.pyfunc
        import mlflow.sentence_transformers

    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    yield
    mlflow.set_tracking_uri(None)


@pytest.fixture
def store(_template: Path, tmp_path: Path) -> str:
    """The URI of a fresh sqlite store."""
    (tmp_path / "store").mkdir()
    shutil.copy(_template, tmp_path / "store" / "mlflow.db")
    return sqlite_uri(tmp_path / "store" / "mlflow.db")


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    texts = [f"the {SECRET} arrived late", "where is my <script>order</script>", "$x$ refund é 🙂"]
    return Corpus(
        texts=(*texts, *(f"message {i} about {SECRET}s" for i in range(17))),
        columns={
            "topic": np.array(["delivery", "refund"] * 10, dtype=object),
            "birthplace": np.array([HIDDEN, "Oslo", "Lima", HIDDEN] * 5, dtype=object),
            "stars": np.arange(20),
        },
        name="tickets",
        label="topic",
    )


@pytest.fixture(scope="session")
def embeddings(corpus: Corpus) -> Embeddings:
    vectors = np.random.default_rng(0).normal(size=(len(corpus), 6))
    return Embeddings.from_array(vectors, corpus)


@pytest.fixture(scope="session")
def tiny_encoder() -> DenseEncoder:
    """A real SentenceTransformer of a few kilobytes: random token vectors, averaged."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {word: row for row, word in enumerate(["[UNK]", "the", "order", "refund", "late"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    weights = np.random.default_rng(1).normal(size=(len(words), 8)).astype(np.float32)
    module = StaticEmbedding(tokenizer, embedding_weights=weights)
    return DenseEncoder(SentenceTransformer(modules=[module], device="cpu"), name="tiny")


@pytest.fixture
def plain_view() -> View:
    """A view that the workbench did not draw."""
    figure = go.Figure(go.Scatter(x=[0, 1], y=[1, 0]), layout={"title": {"text": "by hand"}})
    return View(figure, pd.DataFrame({"id": ["a", "b"], "text": ["one", "two"]}), {"query": "one"})
