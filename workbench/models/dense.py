"""Encoders that are a SentenceTransformer: transformers and static token vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench._arrays import FloatArray, IntArray
from workbench.errors import InputError, suggest
from workbench.models._chunks import token_windows
from workbench.models._spec import Family, ModelSpec

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder, SentenceTransformer, SparseEncoder
    from torch import Tensor
    from transformers import BatchEncoding

__all__ = ["DenseEncoder", "counted_tokens", "readable", "revision_of"]


# What a transformer's configuration says of its file, of training and of decoding.
_BOOKKEEPING = frozenset(
    {"_name_or_path", "architectures", "dtype", "transformers_version", "use_cache"}
)


class DenseEncoder:
    """A SentenceTransformer, with its spec.

    Parameters
    ----------
    model
        The model; it is used as it is, on the device it is on. It may be changed (its
        ``max_seq_length``, its weights): the spec follows.
    name
        What titles call it; by default the name it was loaded by.
    """

    def __init__(self, model: SentenceTransformer, *, name: str | None = None) -> None:
        self.model = model
        self._name = name
        self._stamp: object = None
        self._copied: tuple[Any, Any] = (None, None)  # the model's tokenizer, and its copy

    @property
    def spec(self) -> ModelSpec:
        """What the encoder is, now; hashed again only when the model has changed."""
        stamp = _stamp(self.model)
        if stamp != self._stamp:
            self._spec, self._stamp = _spec(self.model, self._name), stamp
        return self._spec

    @property
    def prompts(self) -> Mapping[str, str]:
        """The model's prompts by name (``query`` and ``document``, often)."""
        return {name: text for name, text in self.model.prompts.items() if text}

    def prompt(self, prompt_name: str | None) -> str:
        """Return the text that goes in front of each text.

        Raises
        ------
        InputError
            If the model has no prompt of that name.
        """
        name = prompt_name or self.model.default_prompt_name
        if name is None:
            return ""
        if name not in self.model.prompts:
            raise InputError(
                f"{self.spec.name!r} has no prompt named {name!r}. "
                f"{suggest(name, self.model.prompts)}"
            )
        return str(self.model.prompts[name])

    def encode(
        self,
        texts: Sequence[str],
        /,
        batch_size: int = 32,
        *,
        prompt_name: str | None = None,
        normalize_embeddings: bool = False,
        truncate_dim: int | None = None,
    ) -> FloatArray:
        """Return one vector per text, float32 of shape (n, d), as sentence-transformers does."""
        if not texts:
            kept = truncate_dim or self.model.truncate_dim or self.spec.dimension
            return np.empty((0, kept), dtype=np.float32)
        vectors = self.model.encode(
            [readable(text) for text in texts],
            prompt=self.prompt(prompt_name),
            batch_size=batch_size,
            show_progress_bar=False,
            normalize_embeddings=normalize_embeddings,
            truncate_dim=truncate_dim,
        )
        return np.asarray(vectors, dtype=np.float32)

    def count_tokens(self, texts: Sequence[str], /, *, prompt: str = "") -> IntArray:
        """Return the number of tokens of each text before truncation, shape (n,).

        Special tokens count: they take room in what the model reads.
        """
        if self.spec.max_tokens is None:
            return np.zeros(len(texts), dtype=np.int64)
        return self._counted(texts, prompt)

    def chunks(self, text: str, /, *, prompt: str = "") -> Iterator[tuple[str, int]]:
        """Yield the parts of a text that the model reads whole, each with its number of tokens.

        Parts end before a word, or between two tokens of a word that is longer than what the
        model reads; nothing is in two parts. The prompt, which goes in front of each part, and
        special tokens take room and are not counted.

        Raises
        ------
        InputError
            If the tokenizer does not say where in a text its tokens are, or the prompt leaves
            no room.
        """
        longest = self.spec.max_tokens
        if longest is None:
            yield text, 1
            return
        around = int(self._counted([""], prompt)[0])
        if not getattr(self.model.tokenizer, "is_fast", False):
            raise InputError(
                f"{self.spec.name!r} cannot cut long texts: its tokenizer does not say where its "
                "tokens are (it is not a fast one). Use long_texts='truncate'."
            )
        if around >= longest:
            raise InputError(
                f"{self.spec.name!r} reads {longest} tokens; the prompt {prompt[:60]!r} with the "
                f"special ones takes {around} and leaves no room for a text."
            )

        def count(parts: list[str]) -> list[int]:
            return [int(n) - around for n in self._counted(parts, prompt)]

        yield from token_windows(text, self._located, count, longest - around)

    @property
    def _counter(self) -> Any:
        """A tokenizer that is not the model's: counting changes how it cuts.

        A server encodes in several threads; with one tokenizer, what one thread counts another
        would cut, or fail ("Already borrowed").
        """
        own, copied = self._copied
        if own is not self.model.tokenizer:
            own, copied = self.model.tokenizer, deepcopy(self.model.tokenizer)
            self._copied = own, copied
        return copied

    def _counted(self, texts: Sequence[str], prompt: str) -> IntArray:
        return counted_tokens(self._counter, texts, prompt)

    def _located(self, text: str) -> BatchEncoding:
        """Return a text's own tokens and where in it they are."""
        located: BatchEncoding = self._counter(
            readable(text),
            add_special_tokens=False,
            truncation=False,
            padding=False,
            return_offsets_mapping=True,
            verbose=False,
        )
        return located

    def __repr__(self) -> str:
        return f"DenseEncoder({self.spec.name!r}, {self.spec.dimension} dimensions)"


def counted_tokens(tokenizer: Any, texts: Sequence[str], prompt: str = "") -> IntArray:
    """Return the number of tokens of each text before truncation, shape (n,)."""
    tokens = tokenizer(
        [prompt + readable(text) for text in texts],
        truncation=False,
        padding=False,
        return_attention_mask=False,
        return_token_type_ids=False,
        verbose=False,
    )["input_ids"]
    return np.array([len(row) for row in tokens], dtype=np.int64)


def readable(text: str) -> str:
    """Replace lone surrogates (halves of broken UTF-16), which tokenizers refuse."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _spec(model: SentenceTransformer, name: str | None) -> ModelSpec:
    modules = [type(module).__name__ for module in model]
    family: Family = "static" if "StaticEmbedding" in modules else "dense"
    pooling = next((str(m.pooling_mode) for m in model if type(m).__name__ == "Pooling"), "")
    dtype = str(next(model.parameters()).dtype).removeprefix("torch.")
    known = name or _loaded_by(model)
    longest = model.max_seq_length
    return ModelSpec(
        name=Path(known).name if Path(known).exists() else known,
        family=family,
        revision=revision_of(model),
        dimension=_full_dimension(model),
        max_tokens=int(longest) if longest and family == "dense" else None,
        pooling=pooling,
        dtype=dtype,
        truncate_dim=model.truncate_dim,
    )


def _stamp(model: SentenceTransformer) -> object:
    """Return what differs when a model was changed: cheap, unlike hashing its weights."""
    tensors = [(t.data_ptr(), t._version) for t in model.state_dict().values()]
    return model.max_seq_length, model.truncate_dim, tuple(tensors)


def _loaded_by(model: SentenceTransformer) -> str:
    """Return the name or folder that a model was loaded by, as far as it knows."""
    config = getattr(getattr(model[0], "auto_model", None), "config", None)
    path = getattr(config, "_name_or_path", "")
    return str(model.model_card_data.base_model or path or "a SentenceTransformer")


def _full_dimension(model: SentenceTransformer) -> int:
    """Return the length of the vectors before any truncation."""
    for module in reversed(list(model)):
        for name in ("get_embedding_dimension", "get_sentence_embedding_dimension"):
            measure = getattr(module, name, None)
            found = measure() if callable(measure) else None
            if found:
                return int(found)
    return int(model.get_embedding_dimension() or 0)


def revision_of(model: SentenceTransformer | SparseEncoder | CrossEncoder) -> str:
    """Return a hash over all that decides the vectors: modules, tokenizer, weights."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(str([(type(m).__name__, getattr(m, "config_keys", ())) for m in model]).encode())
    for module in model:
        describe: Callable[[], dict[str, object]] | None = getattr(module, "get_config_dict", None)
        if callable(describe):
            digest.update(repr(sorted(describe().items(), key=str)).encode())
        digest.update(_architecture(module).encode())
    tokenizer = model.tokenizer
    fast = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if hasattr(fast, "to_str"):
        digest.update(_without_padding(fast.to_str()).encode("utf-8", "surrogatepass"))
    for key, tensor in sorted(model.state_dict().items()):
        values = tensor.detach().cpu().contiguous()
        digest.update(f"{key}{values.dtype}{tuple(values.shape)}".encode())
        digest.update(_raw(values))
    return f"blake2b:{digest.hexdigest()}"


def _architecture(module: object) -> str:
    """Return a transformer's configuration: what it computes with its weights (heads, say)."""
    config = getattr(getattr(module, "auto_model", None), "config", None)
    if config is None:
        return ""
    return repr(sorted((k, v) for k, v in config.to_dict().items() if k not in _BOOKKEEPING))


def _without_padding(tokenizer_json: str) -> str:
    """Leave out truncation and padding: the tokenizer changes them as it is used."""
    import json

    state = json.loads(tokenizer_json)
    return json.dumps({**state, "truncation": None, "padding": None}, sort_keys=True)


def _raw(values: Tensor) -> memoryview:
    """Return a tensor's bytes, also of a type that numpy does not have (bfloat16)."""
    import torch

    return np.ascontiguousarray(values.reshape(-1).view(torch.uint8).numpy()).data
