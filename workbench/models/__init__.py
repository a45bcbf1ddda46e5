"""Encoders: what turns texts into vectors."""

from workbench.models._backend import Backend, Dtype
from workbench.models._protocol import Chunker, CountingEncoder, Encoder, TokenCounter
from workbench.models._spec import Family, LongTexts, ModelSpec, Precision
from workbench.models._variant import Variant, base_of, fitted_on, variant
from workbench.models.dense import DenseEncoder
from workbench.models.lsa import LSAEncoder
from workbench.models.registry import list_encoders, load_encoder
from workbench.models.reranker import Reranker, load_reranker
from workbench.models.sparse import SparseModel, idf_sparse_encoder, load_sparse_encoder

__all__ = [
    "Backend",
    "Chunker",
    "CountingEncoder",
    "DenseEncoder",
    "Dtype",
    "Encoder",
    "Family",
    "LSAEncoder",
    "LongTexts",
    "ModelSpec",
    "Precision",
    "Reranker",
    "SparseModel",
    "TokenCounter",
    "Variant",
    "base_of",
    "fitted_on",
    "idf_sparse_encoder",
    "list_encoders",
    "load_encoder",
    "load_reranker",
    "load_sparse_encoder",
    "variant",
]
