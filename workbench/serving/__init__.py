"""Serving: models that a team can put behind an endpoint."""

from workbench.serving._base import ServedModel
from workbench.serving.card import model_card
from workbench.serving.loading import load_model
from workbench.serving.pairs import RerankerModel, SimilarityModel
from workbench.serving.promotion import promote_model
from workbench.serving.retrieval import ParaphraseMiningModel, SemanticSearchModel
from workbench.serving.server import Server, ServingError, serve
from workbench.serving.vectors import EmbeddingModel, SparseEncoderModel

__all__ = [
    "EmbeddingModel",
    "ParaphraseMiningModel",
    "RerankerModel",
    "SemanticSearchModel",
    "ServedModel",
    "Server",
    "ServingError",
    "SimilarityModel",
    "SparseEncoderModel",
    "load_model",
    "model_card",
    "promote_model",
    "serve",
]
