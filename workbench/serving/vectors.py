"""Models of single texts: their vectors, dense or sparse."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import numpy as np

from workbench._arrays import FloatArray
from workbench.analysis.evaluation import Task, TaskScores
from workbench.corpus import Corpus, RetrievalSet
from workbench.embeddings import embed
from workbench.errors import InputError
from workbench.models import (
    Encoder,
    ModelSpec,
    SparseModel,
    TokenCounter,
    base_of,
    load_sparse_encoder,
)
from workbench.search import score_sparse
from workbench.serving._base import ServedModel
from workbench.serving._long import TRUNCATE, check_whole, prompted, warn_of_long
from workbench.serving._params import Param
from workbench.serving._parts import (
    check_encoder_part,
    read_encoder,
    read_sparse,
    write_encoder,
    write_sparse,
)
from workbench.serving._rows import Rows, rows_of

if TYPE_CHECKING:
    from mlflow.types import Schema
    from sentence_transformers import SparseEncoder

__all__ = ["EmbeddingModel", "ServingTask", "SparseEncoderModel"]

ServingTask: TypeAlias = Literal["llm/v1/embeddings"]

_TASK: ServingTask = "llm/v1/embeddings"
_REQUEST = ("input", "model", "user", "encoding_format", "dimensions", TRUNCATE.name)
_UNIT = 0.01  # how far from 1 the length of a normalised vector may be (bfloat16)


class EmbeddingModel(ServedModel):
    """Texts → vectors, float32 of shape (n, d).

    Column: ``text``; with the task ``llm/v1/embeddings`` it is ``input``, and the answer is
    OpenAI's: ``{"object": "list", "data": [{"object": "embedding", "index", "embedding"}],
    "model", "usage": {"prompt_tokens", "total_tokens"}}``. As with OpenAI, ``dimensions`` leaves a
    vector of length 1 at length 1.

    Of a text longer than the model reads, the rest is not read: a warning, in a server's log,
    names the row; with the parameter ``truncate=false`` it is refused instead. OpenAI's
    ``prompt_tokens`` count what is not read, too.

    Parameters
    ----------
    encoder
        The model, or a reference that `load_encoder` takes; an LSA must be fitted.
    task
        ``llm/v1/embeddings``, or None: vectors.

    Raises
    ------
    InputError
        If the encoder cannot be kept in a model, gives quantised vectors, or there is no such
        task.
    """

    kind: ClassVar[str] = "EmbeddingModel"

    def __init__(self, encoder: Encoder | str, *, task: ServingTask | None = None) -> None:
        if task not in (None, _TASK):
            raise InputError(f"EmbeddingModel: task is {_TASK!r} or None; got {task!r:.60}.")
        self.encoder = check_encoder_part(encoder, self.kind)
        if self.encoder.spec.precision != "float32":
            raise InputError(
                f"EmbeddingModel: it gives float32; {self.encoder.spec.title()!r} gives "
                f"{self.encoder.spec.precision}. Pass the encoder that it is a variant of."
            )
        self.task = task

    @property
    def columns(self) -> tuple[str, ...]:
        """``text``, or OpenAI's ``input``."""
        return ("text",) if self.task is None else ("input",)

    @property
    def spec(self) -> ModelSpec:
        """The encoder's spec."""
        return self.encoder.spec

    @property
    def params(self) -> tuple[Param, ...]:
        """``prompt_name``, ``truncate_dim``, ``normalize_embeddings``: as `encode` has them.

        With the task, ``dimensions`` and ``encoding_format`` as OpenAI has them, in place of
        ``truncate_dim``. ``truncate``: whether a text longer than the model reads is cut, or
        refused.
        """
        kept = "truncate_dim" if self.task is None else "dimensions"
        own = (
            Param("normalize_embeddings", "boolean", False),
            Param("prompt_name", "string", None),
            Param(kept, "long", None, 1, self.spec.dimension),
            TRUNCATE,
        )
        return own if self.task is None else (*own, Param("encoding_format", "string", "float"))

    def predict(self, data: object, params: Mapping[str, object] | None = None) -> Any:
        """Return the vectors, or OpenAI's answer to its request; see `ServedModel.predict`."""
        if self.task is None or not isinstance(data, Mapping):
            return super().predict(data, params)
        unknown = [str(name) for name in data if name not in _REQUEST]
        if unknown:
            raise InputError(
                f"EmbeddingModel: there is no field {unknown[0]!r} in a request for embeddings; "
                f"expected {', '.join(map(repr, _REQUEST))}."
            )
        known = {param.name for param in self.params}
        asked = {name: value for name, value in data.items() if name in known and value is not None}
        texts = rows_of(data.get("input"), self.columns, self.kind)
        return super().predict([text for (text,) in texts], {**asked, **(params or {})})

    def answer(self, rows: Rows, **params: Any) -> FloatArray | dict[str, Any]:
        """Return the vectors of some texts, or OpenAI's answer."""
        form = params.get("encoding_format", "float")
        if form not in ("float", "base64"):
            raise InputError(
                f"EmbeddingModel: encoding_format is 'float' or 'base64'; got {form!r:.40}."
            )
        prompt_name, wanted = params["prompt_name"], params.get("dimensions")
        if not params["truncate"]:
            spec = prompted(self.encoder, prompt_name)
            check_whole(rows, self.columns, base_of(self.encoder), spec, self.kind)
        made = embed(
            Corpus(tuple(text for (text,) in rows)),
            self.encoder,
            prompt_name=prompt_name,
            truncate_dim=self.spec.dimension if wanted else params.get("truncate_dim"),
            store=False,
            progress=False,
        )
        warn_of_long(made, self.columns, self.kind)
        vectors = made.unit() if params["normalize_embeddings"] else made.vectors
        if self.task is None:
            return vectors
        return self._openai(rows, _shortened(vectors, wanted) if wanted else vectors, form)

    def _openai(self, rows: Rows, vectors: FloatArray, form: str) -> dict[str, Any]:
        base = base_of(self.encoder)
        tokens = 0  # where the model counts none (LSA)
        if isinstance(base, TokenCounter):
            tokens = int(base.count_tokens([text for (text,) in rows]).sum())
        data = [
            {"object": "embedding", "index": row, "embedding": _as_sent(vector, form)}
            for row, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return {"object": "list", "data": data, "model": self.spec.name, "usage": usage}

    def score(self, examples: object) -> TaskScores:
        """Return the encoder's score on a task of ``wb.tasks`` that has its own examples."""
        if not isinstance(examples, Task):
            raise InputError(
                f"{self.kind}: it is scored on a task, wb.tasks.sts(pairs) say; got "
                f"{type(examples).__name__}."
            )
        return examples.score(self.encoder)

    @property
    def outputs(self) -> Schema:
        """A vector per row, or OpenAI's answer."""
        from mlflow.types import Schema, TensorSpec
        from mlflow.types.llm import EMBEDDING_MODEL_OUTPUT_SCHEMA

        if self.task is not None:
            return EMBEDDING_MODEL_OUTPUT_SCHEMA
        return Schema([TensorSpec(np.dtype(np.float32), (-1, self.spec.kept_dimension))])

    def write(self, folder: Path) -> dict[str, Any]:
        """Write the encoder."""
        return {"encoder": write_encoder(self.encoder, folder), "task": self.task}

    @classmethod
    def read(cls, folder: Path, settings: Mapping[str, Any]) -> EmbeddingModel:
        """Return the model that `write` wrote."""
        return cls(read_encoder(folder, settings["encoder"]), task=settings["task"])


class SparseEncoderModel(ServedModel):
    """Texts → for each the weights of its tokens, a dict, the heaviest first.

    Column: ``text``. It comes back from MLflow as the SparseEncoder that it is.

    Parameters
    ----------
    model
        A SparseEncoder, a `SparseModel`, or a reference that `load_sparse_encoder` takes.
    """

    kind: ClassVar[str] = "SparseEncoderModel"
    columns = ("text",)

    def __init__(self, model: SparseModel | SparseEncoder | str) -> None:
        self.sparse_encoder = load_sparse_encoder(model)

    @property
    def holds_words(self) -> bool:
        """Whether its weights were counted in somebody's texts."""
        return self.sparse_encoder.of_texts

    @property
    def spec(self) -> ModelSpec:
        """The sparse encoder's spec."""
        return self.sparse_encoder.spec

    @property
    def params(self) -> tuple[Param, ...]:
        """``as_query``: whether the texts are queries, which some models weigh otherwise."""
        return (Param("as_query", "boolean", False),)

    def answer(self, rows: Rows, **params: Any) -> list[dict[str, float]]:
        """Return the token weights of each text."""
        model = self.sparse_encoder
        encode = model.encode_queries if params["as_query"] else model.encode_documents
        weights = encode([text for (text,) in rows])
        found: list[dict[str, float]] = []
        for row in range(len(rows)):
            own = weights[row]
            order = np.argsort(-own.data, kind="stable")
            tokens = model.tokens(own.indices[order])
            found.append(dict(zip(tokens, own.data[order].tolist(), strict=True)))
        return found

    def score(self, examples: object) -> TaskScores:
        """Return how well its weights find the answers of a RetrievalSet (`score_sparse`)."""
        if not isinstance(examples, RetrievalSet):
            raise InputError(
                f"{self.kind}: it is scored on a RetrievalSet; got {type(examples).__name__}."
            )
        return score_sparse(self.sparse_encoder, examples)

    @property
    def outputs(self) -> Schema:
        """Weights by token, per row."""
        from mlflow.types import ColSpec, Schema
        from mlflow.types.schema import Map

        return Schema([ColSpec(Map("double"))])

    def write(self, folder: Path) -> dict[str, Any]:
        """Write the sparse encoder."""
        return {"sparse": write_sparse(self.sparse_encoder, folder)}

    @classmethod
    def read(cls, folder: Path, settings: Mapping[str, Any]) -> SparseEncoderModel:
        """Return the model that `write` wrote."""
        return cls(read_sparse(folder, settings["sparse"]))


def _shortened(vectors: FloatArray, dimensions: int) -> FloatArray:
    """Return the leading dimensions, at length 1 where the whole vector is at it."""
    whole = np.abs(np.linalg.norm(vectors, axis=1, keepdims=True) - 1) < _UNIT
    kept: FloatArray = np.array(vectors[:, :dimensions])
    lengths = np.linalg.norm(kept, axis=1, keepdims=True)
    np.divide(kept, lengths, out=kept, where=whole & (lengths > 0))
    return kept


def _as_sent(vector: FloatArray, form: str) -> list[float] | str:
    """Return a vector as numbers, or as the base64 of its little-endian float32 bytes."""
    if form == "float":
        return [float(number) for number in vector]
    return base64.b64encode(np.ascontiguousarray(vector, dtype="<f4").tobytes()).decode("ascii")
