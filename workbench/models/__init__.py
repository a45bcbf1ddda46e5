"""Encoders: what turns texts into vectors."""

from workbench.models._protocol import Encoder, TokenCounter
from workbench.models._spec import Family, ModelSpec
from workbench.models.dense import DenseEncoder
from workbench.models.lsa import LSAEncoder
from workbench.models.registry import list_encoders, load_encoder

__all__ = [
    "DenseEncoder",
    "Encoder",
    "Family",
    "LSAEncoder",
    "ModelSpec",
    "TokenCounter",
    "list_encoders",
    "load_encoder",
]
