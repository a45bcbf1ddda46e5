"""The revision of a model of sentence-transformers: a hash over all that decides its vectors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder, SentenceTransformer, SparseEncoder
    from torch import Tensor

__all__ = ["revision_of", "stamp_of"]

# What a transformer's configuration says of its file, of training and of decoding.
_BOOKKEEPING = frozenset(
    {"_name_or_path", "architectures", "dtype", "transformers_version", "use_cache"}
)


def stamp_of(model: SentenceTransformer) -> object:
    """Return what differs when a model was changed: cheap, unlike hashing its weights."""
    tensors = [(t.data_ptr(), t._version) for t in model.state_dict().values()]
    modules = [(id(module), _described(module)) for module in model]
    tokenizer: Any = getattr(model, "tokenizer", None)
    # Its length would say the same, and take half as long as a short text.
    words = len(getattr(tokenizer, "added_tokens_decoder", ()))
    cut = id(tokenizer), words, getattr(tokenizer, "truncation_side", "")
    return model.max_seq_length, model.truncate_dim, cut, tuple(modules), tuple(tensors)


def revision_of(model: SentenceTransformer | SparseEncoder | CrossEncoder) -> str:
    """Return a hash over all that decides the vectors: modules, tokenizer, weights."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(str([(type(m).__name__, getattr(m, "config_keys", ())) for m in model]).encode())
    for module in model:
        digest.update(_described(module).encode())
        digest.update(_architecture(module).encode())
    tokenizer = model.tokenizer
    fast = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if hasattr(fast, "to_str"):
        digest.update(_without_padding(fast.to_str()).encode("utf-8", "surrogatepass"))
    if getattr(tokenizer, "truncation_side", "right") != "right":
        digest.update(b"cut at the left")
    for key, tensor in sorted(model.state_dict().items()):
        values = tensor.detach().cpu().contiguous()
        digest.update(f"{key}{values.dtype}{tuple(values.shape)}".encode())
        digest.update(_raw(values))
    return f"blake2b:{digest.hexdigest()}"


def _described(module: object) -> str:
    """Return what a module says of itself; nothing where it says nothing."""
    describe: Callable[[], dict[str, object]] | None = getattr(module, "get_config_dict", None)
    return repr(sorted(describe().items(), key=str)) if callable(describe) else ""


def _architecture(module: object) -> str:
    """Return a transformer's configuration: what it computes with its weights (heads, say)."""
    config = getattr(getattr(module, "auto_model", None), "config", None)
    if config is None:
        return ""
    return repr(sorted((k, v) for k, v in config.to_dict().items() if k not in _BOOKKEEPING))


def _without_padding(tokenizer_json: str) -> str:
    """Leave out truncation and padding: the tokenizer changes them as it is used."""
    state = json.loads(tokenizer_json)
    return json.dumps({**state, "truncation": None, "padding": None}, sort_keys=True)


def _raw(values: Tensor) -> memoryview:
    """Return a tensor's bytes, also of a type that numpy does not have (bfloat16)."""
    import torch

    return np.ascontiguousarray(values.reshape(-1).view(torch.uint8).numpy()).data
