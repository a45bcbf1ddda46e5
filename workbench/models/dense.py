"""Encoders that are a SentenceTransformer: transformers and static token vectors."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench._arrays import FloatArray, IntArray, unit_rows
from workbench.errors import InputError, ModelUnavailableError, WorkbenchWarning, suggest
from workbench.models import _openvino
from workbench.models._backend import (
    Backend,
    Dtype,
    Engines,
    check_backend,
    computes,
    nearest_dtype,
)
from workbench.models._chunks import token_windows
from workbench.models._engine import longest_of
from workbench.models._revision import revision_of, stamp_of
from workbench.models._spec import Family, ModelSpec
from workbench.models._unopened import Unopened

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from transformers import BatchEncoding

__all__ = ["DenseEncoder", "counted_tokens", "readable"]

_ON_A_GPU = 16  # times as many tokens per pass: it computes them side by side


class DenseEncoder:
    """A SentenceTransformer, with its spec.

    Parameters
    ----------
    model
        The model; it is used as it is, on the device it is on. It may be changed (its
        ``max_seq_length``, modules, tokenizer, weights): the spec follows. Only what is written
        through a weight's ``.data`` goes unnoticed, as torch itself does not count it. One that
        is not opened yet is opened when something is to be encoded.
    name
        What titles call it; by default the name it was loaded by.
    backend, dtype
        As `load_encoder` takes them.

    Raises
    ------
    InputError, MissingExtraError, ModelUnavailableError
        As `load_encoder` does for a ``backend`` or ``dtype``.
    """

    def __init__(
        self,
        model: SentenceTransformer | Unopened,
        *,
        name: str | None = None,
        backend: Backend = "auto",
        dtype: Dtype = "float32",
    ) -> None:
        check_backend(backend, dtype)
        self._told = model
        self._name = name
        self._stamp: object = None
        self._opening = threading.Lock()
        self._describing = threading.Lock()
        if backend == "openvino" and self.model.device.type != "cpu":
            raise InputError(
                f"load_encoder: OpenVINO computes on the CPU; the model is on {self.model.device}. "
                "Leave out backend, or move the model: model.cpu()."
            )
        self._backend = backend
        self._asked = dtype
        self._dtype: str = dtype  # or the nearest that the processor has
        self._copied: tuple[Any, Any] = (None, None)  # the model's tokenizer, and its copy
        if dtype != "float32":
            self._dtype, note = nearest_dtype(dtype, computes(self.model, dtype))
            if note:
                warnings.warn(f"{self.spec.name!r}: {note}", WorkbenchWarning, stacklevel=2)
        if (backend, dtype) != ("auto", "float32"):
            _ = self.spec
            self._engines.engine(0)  # what cannot be had is said now

    @property
    def model(self) -> SentenceTransformer:
        """The model.

        Raises
        ------
        ModelUnavailableError
            If it is opened only now, and cannot be, or its files are others than before.
        """
        with self._opening:
            if isinstance(self._told, Unopened):
                known, opened = self._told, self._told.open()
                if _spec(opened, self._name) != known.spec:
                    known.forget()
                    raise ModelUnavailableError(
                        f"The files of {known.spec.name!r} have changed since it was loaded. "
                        "Load it again: wb.load_encoder(...)."
                    )
                self._told = opened
            return self._told

    @model.setter
    def model(self, model: SentenceTransformer) -> None:
        with self._opening:
            self._told = model

    @property
    def spec(self) -> ModelSpec:
        """What the encoder is, now; hashed again only when the model has changed."""
        told = self._told  # another thread may open it now
        if isinstance(told, Unopened):
            return told.spec
        with self._describing:
            stamp = stamp_of(self.model)
            if stamp != self._stamp:
                plain = _spec(self.model, self._name)
                self._engines = Engines(self.model, plain, self._backend, self._dtype)
                self._spec, self._stamp = _in_numbers(plain, self._dtype), stamp
                self._copied = (None, None)
            return self._spec

    @property
    def dtype(self) -> str:
        """The numbers that were asked for, or the nearest; ``float32``: the model's own."""
        return self._dtype

    def computed_by(self, backend: Backend, dtype: Dtype) -> DenseEncoder:
        """Return the same model with another backend or dtype, as `load_encoder` takes them."""
        return DenseEncoder(self.model, name=self._name, backend=backend, dtype=dtype)

    @property
    def prompts(self) -> Mapping[str, str]:
        """The model's prompts by name (``query`` and ``document``, often)."""
        return {name: text for name, text in self._told.prompts.items() if text}

    def prompt(self, prompt_name: str | None) -> str:
        """Return the text that goes in front of each text.

        Raises
        ------
        InputError
            If the model has no prompt of that name.
        """
        told = self._told
        name = prompt_name or told.default_prompt_name
        if name is None:
            return ""
        if name not in told.prompts:
            raise InputError(
                f"{self.spec.name!r} has no prompt named {name!r}. {suggest(name, told.prompts)}"
            )
        return str(told.prompts[name])

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
        """Return one vector per text, float32 of shape (n, d), as sentence-transformers does.

        ``batch_size`` counts texts of 64 tokens: of shorter ones more are computed at a time. A
        text alone is refused with an InputError: it would be a sequence of signs.
        """
        full, _ = self.encode_counted(texts, batch_size, prompt_name=prompt_name)
        vectors = full[:, : truncate_dim or self.model.truncate_dim]
        if normalize_embeddings:
            vectors = unit_rows(vectors)
        return np.ascontiguousarray(vectors)

    def encode_counted(
        self, texts: Sequence[str], /, batch_size: int = 32, *, prompt_name: str | None = None
    ) -> tuple[FloatArray, IntArray]:
        """Return vectors of every dimension (n, d), and token counts before truncation (n,).

        Counts are 0 for a model that reads texts of any length.
        """
        _check_texts(texts)
        prompt = self.prompt(prompt_name)
        if len(texts) == 0:
            empty = np.empty((0, self.spec.dimension), dtype=np.float32)
            return empty, np.zeros(0, dtype=np.int64)
        readable_texts = [readable(text) for text in texts]
        model = self.model
        _ = self.spec  # follows the model
        engine = self._engines.engine(len(texts))
        if engine is not None:
            size = batch_size * (1 if model.device.type == "cpu" else _ON_A_GPU)
            return engine.encode([prompt + text for text in readable_texts], size)
        vectors = model.encode(
            readable_texts,
            prompt=prompt,
            batch_size=batch_size,
            show_progress_bar=False,
            truncate_dim=self.spec.dimension,
        )
        return np.asarray(vectors, dtype=np.float32), self.count_tokens(texts, prompt=prompt)

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

    def __reduce__(self) -> tuple[object, ...]:
        # What was compiled, and locks, stay here: a copy makes its own when it is asked.
        backend, dtype = self._backend, self._asked
        make = partial(DenseEncoder, name=self._name, backend=backend, dtype=dtype)
        return make, (self.model,)

    def __repr__(self) -> str:
        return f"DenseEncoder({self.spec.name!r}, {self.spec.dimension} dimensions)"


def _check_texts(texts: Sequence[str]) -> None:
    if isinstance(texts, str):
        raise InputError(
            f"encode: expected a sequence of texts; got a single one. Give [{texts!r:.60}]."
        )
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise InputError(f"encode: expected texts; text {place + 1} is {text!r:.60}.")


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
    weights = next(model.parameters(), None)  # a bag of words has none
    dtype = "float32" if weights is None else str(weights.dtype).removeprefix("torch.")
    known = name or _loaded_by(model)
    return ModelSpec(
        name=Path(known).name if Path(known).exists() else known,
        family=family,
        revision=revision_of(model),
        dimension=_full_dimension(model),
        max_tokens=longest_of(model) if family == "dense" else None,
        pooling=pooling,
        dtype=dtype,
        truncate_dim=model.truncate_dim,
    )


def _in_numbers(plain: ModelSpec, dtype: str) -> ModelSpec:
    """Return a model's spec when it is computed in a dtype; float32 means: in its own."""
    if dtype == "float32":
        return plain
    calibrated = f":{_openvino.calibration()}" if dtype == "int8" else ""
    return replace(plain, dtype=dtype, revision=plain.revision + calibrated)


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
