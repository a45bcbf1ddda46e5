"""Models of pairs: how alike two sentences are, how well a text answers a query."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from workbench._arrays import FloatArray
from workbench.analysis import tasks
from workbench.analysis.evaluation import RerankingTask, TaskScores
from workbench.analysis.evaluation._task import cosines, directions
from workbench.corpus import Corpus, RetrievalSet, SentencePairs
from workbench.embeddings import embed
from workbench.errors import InputError
from workbench.models import Encoder, ModelSpec, Reranker, base_of, load_reranker
from workbench.serving._base import ServedModel
from workbench.serving._long import TRUNCATE, check_whole, prompted, warn_of_long
from workbench.serving._params import Param
from workbench.serving._parts import (
    check_encoder_part,
    read_encoder,
    read_reranker,
    write_encoder,
    write_reranker,
)
from workbench.serving._rows import Rows

if TYPE_CHECKING:
    from mlflow.types import Schema
    from sentence_transformers import CrossEncoder

__all__ = ["RerankerModel", "SimilarityModel"]


class SimilarityModel(ServedModel):
    """Pairs of sentences → their cosine, -1 to 1, float32 of shape (n,).

    Columns: ``sentence_1``, ``sentence_2``. Of a sentence longer than the model reads, the rest is
    not read: a warning, in a server's log, names the row; with the parameter ``truncate=false``
    it is refused instead.

    Parameters
    ----------
    encoder
        The model, or a reference that `load_encoder` takes; an LSA must be fitted.

    Raises
    ------
    InputError
        If the encoder cannot be kept in a model.
    """

    kind: ClassVar[str] = "SimilarityModel"
    columns = ("sentence_1", "sentence_2")

    def __init__(self, encoder: Encoder | str) -> None:
        self.encoder = check_encoder_part(encoder, self.kind)

    @property
    def spec(self) -> ModelSpec:
        """The encoder's spec."""
        return self.encoder.spec

    @property
    def params(self) -> tuple[Param, ...]:
        """``truncate``: whether a sentence longer than the model reads is cut, or refused."""
        return (TRUNCATE,)

    def answer(self, rows: Rows, **params: Any) -> FloatArray:
        """Return the cosine of each pair; 0 where the model knows no word of a sentence."""
        if not params["truncate"]:
            spec = prompted(self.encoder, None)
            check_whole(rows, self.columns, base_of(self.encoder), spec, self.kind)
        first, second = zip(*rows, strict=True)
        made = embed(Corpus((*first, *second)), self.encoder, store=False, progress=False)
        warn_of_long(made, self.columns, self.kind)
        vectors = directions(made)
        found = cosines(vectors[: len(rows)], vectors[len(rows) :])
        return np.asarray(found, dtype=np.float32)

    def score(self, examples: object) -> TaskScores:
        """Return how well the cosines follow people's judgement of some SentencePairs."""
        if not isinstance(examples, SentencePairs):
            raise InputError(
                f"{self.kind}: it is scored on SentencePairs with scores; got "
                f"{type(examples).__name__}."
            )
        return tasks.sts(examples).score(self.encoder)

    @property
    def outputs(self) -> Schema:
        """One number per row."""
        return scores_schema()

    def write(self, folder: Path) -> dict[str, Any]:
        """Write the encoder."""
        return {"encoder": write_encoder(self.encoder, folder)}

    @classmethod
    def read(cls, folder: Path, settings: Mapping[str, Any]) -> SimilarityModel:
        """Return the model that `write` wrote."""
        return cls(read_encoder(folder, settings["encoder"]))


class RerankerModel(ServedModel):
    """Queries and texts → how well each text answers the query beside it, float32 of shape (n,).

    Columns: ``query``, ``text``. It comes back from MLflow as the CrossEncoder that it is.

    Parameters
    ----------
    reranker
        A CrossEncoder, a `Reranker`, or a reference that `load_reranker` takes.
    """

    kind: ClassVar[str] = "RerankerModel"
    columns = ("query", "text")

    def __init__(self, reranker: Reranker | CrossEncoder | str) -> None:
        self.reranker = load_reranker(reranker)

    @property
    def spec(self) -> ModelSpec:
        """The reranker's spec."""
        return self.reranker.spec

    def answer(self, rows: Rows, **params: Any) -> FloatArray:
        """Return the score of each pair."""
        queries, texts = zip(*rows, strict=True)
        return self.reranker.predict(queries, texts)

    def score(self, examples: object) -> TaskScores:
        """Return how well it orders a few texts for each query.

        Takes a RetrievalSet whose judgements name texts of grade 0, too, or
        ``wb.tasks.reranking(retrieval_set, candidates)``.
        """
        task = tasks.reranking(examples) if isinstance(examples, RetrievalSet) else examples
        if not isinstance(task, RerankingTask):
            raise InputError(
                f"{self.kind}: it is scored on a RetrievalSet, or on "
                f"wb.tasks.reranking(retrieval_set, candidates); got {type(examples).__name__}."
            )
        return task.score_reranker(self.reranker)

    @property
    def outputs(self) -> Schema:
        """One number per row."""
        return scores_schema()

    def write(self, folder: Path) -> dict[str, Any]:
        """Write the reranker."""
        return {"reranker": write_reranker(self.reranker, folder)}

    @classmethod
    def read(cls, folder: Path, settings: Mapping[str, Any]) -> RerankerModel:
        """Return the model that `write` wrote."""
        return cls(read_reranker(folder, settings["reranker"]))


def scores_schema() -> Schema:
    """Return MLflow's schema of one float32 per row."""
    from mlflow.types import Schema, TensorSpec

    return Schema([TensorSpec(np.dtype(np.float32), (-1,))])
