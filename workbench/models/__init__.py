"""Encoders: what turns texts into vectors."""

from workbench.models._protocol import Chunker, Encoder, TokenCounter
from workbench.models._spec import Family, LongTexts, ModelSpec, Precision
from workbench.models._variant import Variant, variant
from workbench.models.dense import DenseEncoder
from workbench.models.lsa import LSAEncoder
from workbench.models.registry import list_encoders, load_encoder

__all__ = [
    "Chunker",
    "DenseEncoder",
    "Encoder",
    "Family",
    "LSAEncoder",
    "LongTexts",
    "ModelSpec",
    "Precision",
    "TokenCounter",
    "Variant",
    "list_encoders",
    "load_encoder",
    "variant",
]
