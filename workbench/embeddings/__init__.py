"""Encode once: embeddings and their store."""

from workbench.embeddings._embed import embed
from workbench.embeddings._embed_file import embed_file
from workbench.embeddings._embedded_file import EmbeddedFile
from workbench.embeddings._embeddings import Embeddings
from workbench.embeddings._store import EmbeddingStore, StoredModel

__all__ = ["EmbeddedFile", "EmbeddingStore", "Embeddings", "StoredModel", "embed", "embed_file"]
