"""Models that hold a corpus: search it, or find the paraphrases of a text in it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from workbench.analysis import tasks
from workbench.analysis._inputs import as_whole
from workbench.analysis.evaluation import TaskScores
from workbench.analysis.evaluation._task import QUERY_PROMPTS, prompt_named
from workbench.analysis.queries import UnknownQueryError
from workbench.corpus import Corpus, RetrievalSet, SentencePairs
from workbench.errors import InputError, WorkbenchWarning
from workbench.models import Encoder, ModelSpec, base_of
from workbench.search import Hit, Hybrid, Searchable, SearchIndex, check_searchable, score_search
from workbench.search._searching import MOST_HITS
from workbench.serving._base import ServedModel
from workbench.serving._long import TRUNCATE, check_whole, prompted
from workbench.serving._params import Param
from workbench.serving._parts import check_encoder_part, read_index, write_index
from workbench.serving._rows import Rows

if TYPE_CHECKING:
    from mlflow.types import Schema

__all__ = ["ParaphraseMiningModel", "SemanticSearchModel"]

_MOST_ANSWERED = 1_000_000  # hits in one answer


class SemanticSearchModel(ServedModel):
    """Queries → for each the texts that fit it best, a list of dicts, best first.

    Column: ``query``. Each hit is ``{"rank", "corpus_id", "text", "score", "below_minimum"}``.
    Where all hits of a query are below ``minimum_relevancy``, the best of them is returned alone,
    marked ``below_minimum``, and a warning names the query's row. So does one for a query longer
    than the model reads, the rest of which is not searched for; with the parameter
    ``truncate=false`` it is refused instead. In a server, warnings go to its log.

    Parameters
    ----------
    index
        What is searched, a `SearchIndex` or a `DiskIndex`; texts and vectors are copied into the
        model. Those of a `DiskIndex` stay in their file when the model is loaded.
    method
        How, as for `SearchIndex.search`.
    top_k
        The default of the parameter ``top_k``: how many hits at most, 1 to 10,000.
    minimum_relevancy
        The default of the parameter ``minimum_relevancy``: the least score; None: any. A hybrid
        search without reranking has no such parameter: its scores are sums of places.
    rerank
        How many of the first hits the index' reranker reads again; None: none.

    Raises
    ------
    InputError
        If it is no index, the index cannot search so, or a default is out of range.
    """

    kind: ClassVar[str] = "SemanticSearchModel"
    columns = ("query",)

    def __init__(
        self,
        index: Searchable,
        *,
        method: str | Hybrid = "dense",
        top_k: int = 10,
        minimum_relevancy: float | None = None,
        rerank: int | None = None,
    ) -> None:
        self.index = _checked_index(index, self.kind)
        self.method = index.check_method(method)
        self.rerank = None if rerank is None else index.check_rerank(rerank, 1)
        self._params = [
            Param("top_k", "long", as_whole(top_k, "top_k", 1, MOST_HITS), 1, MOST_HITS)
        ]
        if not isinstance(self.method, Hybrid) or rerank is not None:
            cosine = self.method == "dense" and rerank is None
            bounds = (-1.0, 1.0) if cosine else ()
            least = Param("minimum_relevancy", "double", None, *bounds)
            self._params.append(least.defaulting(minimum_relevancy, self.kind))
        self._params += [Param("where", "string", None), TRUNCATE]

    @property
    def spec(self) -> ModelSpec:
        """The spec of the index' vectors."""
        return self.index.spec

    @property
    def params(self) -> tuple[Param, ...]:
        """``top_k``, ``minimum_relevancy``, ``where``: conditions on columns, as JSON.

        ``truncate``: whether a query longer than the model reads is cut, or refused.
        """
        return tuple(self._params)

    def predict(self, data: object, params: Mapping[str, object] | None = None) -> Any:
        """Return the hits of each query; ``where`` may be a dict: see `ServedModel.predict`."""
        if isinstance(params, Mapping) and isinstance(params.get("where"), Mapping):
            params = {**params, "where": json.dumps(params["where"], default=str)}
        return super().predict(data, params)

    @property
    def corpus(self) -> Corpus:
        """The texts that are searched."""
        return self.index.corpus

    def answer(self, rows: Rows, **params: Any) -> list[list[dict[str, Any]]]:
        """Return the hits of each query; none for one that the model knows no word of."""
        top_k = params["top_k"]
        _check_size(len(rows) * min(top_k, len(self.index)), self.kind, "top_k")
        if not params["truncate"]:
            _check_whole(rows, self.index, self.method, self.kind)
        try:
            found = self.index.search(
                [query for (query,) in rows],
                method=self.method,
                top_k=top_k,
                where=_conditions(params["where"]),
                rerank=None if self.rerank is None else max(self.rerank, top_k),
            )
        except UnknownQueryError as error:
            return _nothing(error, len(rows))
        least = params.get("minimum_relevancy")
        answers = [_kept(hits, least) for hits in found]
        below = [row for row, hits in enumerate(answers, 1) if hits and hits[0]["below_minimum"]]
        if below:
            first = answers[below[0] - 1][0]["score"]
            warnings.warn(
                f"All hits of row {below[0]} are below minimum_relevancy={least:g}; its best one "
                f"({first:.3f}) is returned. This is so for {len(below)} of {len(rows)} queries.",
                WorkbenchWarning,
                stacklevel=3,
            )
        return answers

    def score(self, examples: object) -> TaskScores:
        """Return how well the search finds the answers of a RetrievalSet (`score_search`)."""
        if not isinstance(examples, RetrievalSet):
            raise InputError(
                f"{self.kind}: it is scored on a RetrievalSet; got {type(examples).__name__}."
            )
        return score_search(self.index, examples, method=self.method, rerank=self.rerank)

    @property
    def outputs(self) -> Schema:
        """A list of hits per row."""
        return _hits_schema(
            rank="long", corpus_id="string", text="string", score="double", below_minimum="boolean"
        )

    def write(self, folder: Path) -> dict[str, Any]:
        """Write the index and its models."""
        method = self.method
        if isinstance(method, Hybrid):
            hybrid = {"methods": method.methods, "fusion": method.fusion, "k": method.k}
            chosen: Any = {**hybrid, "weights": dict(method.weights), "depth": method.depth}
        else:
            chosen = method
        own = ("top_k", "minimum_relevancy")
        defaults = {param.name: param.default for param in self._params if param.name in own}
        return {
            **write_index(self.index, folder),
            "method": chosen,
            "rerank": self.rerank,
            "defaults": defaults,
        }

    @classmethod
    def read(cls, folder: Path, settings: Mapping[str, Any]) -> SemanticSearchModel:
        """Return the model that `write` wrote."""
        method = settings["method"]
        return cls(
            read_index(folder, settings),
            method=Hybrid(**method) if isinstance(method, dict) else method,
            rerank=settings["rerank"],
            **settings["defaults"],
        )


class ParaphraseMiningModel(ServedModel):
    """Texts → for each the texts of a corpus that say the same: all at or above the threshold.

    Column: ``query``. Each match is ``{"corpus_id", "text", "score"}``, the most similar first; a
    query without any gets an empty list. Of a query longer than the model reads, the rest is not
    compared: a warning, in a server's log, names the row; with the parameter ``truncate=false``
    it is refused instead.

    Parameters
    ----------
    corpus
        The texts that are looked through, or an index of them.
    encoder
        The model; the index' own when one is given.
    similarity_threshold
        The default of the parameter ``similarity_threshold``, a cosine from -1 to 1.

    Raises
    ------
    InputError
        If there is no text or no model, or the threshold is out of range.
    """

    kind: ClassVar[str] = "ParaphraseMiningModel"
    columns = ("query",)

    def __init__(
        self,
        corpus: Corpus | Searchable | Sequence[str],
        encoder: Encoder | str | None = None,
        *,
        similarity_threshold: float = 0.5,
    ) -> None:
        threshold = Param("similarity_threshold", "double", 0.5, -1.0, 1.0)
        self._params = (threshold.defaulting(similarity_threshold, self.kind), TRUNCATE)
        if not isinstance(corpus, Searchable):
            if encoder is None:
                raise InputError(
                    f"{self.kind}: expected a model to encode with; got none. Pass "
                    "'all-MiniLM-L6-v2', say."
                )
            corpus = SearchIndex.build(corpus, encoder, progress=False)
        self.index = _checked_index(corpus, self.kind)

    @property
    def spec(self) -> ModelSpec:
        """The spec of the corpus' vectors."""
        return self.index.spec

    @property
    def params(self) -> tuple[Param, ...]:
        """``similarity_threshold``, a cosine.

        ``truncate``: whether a query longer than the model reads is cut, or refused.
        """
        return self._params

    @property
    def corpus(self) -> Corpus:
        """The texts that are looked through."""
        return self.index.corpus

    def answer(self, rows: Rows, **params: Any) -> list[list[dict[str, Any]]]:
        """Return the matches of each text."""
        threshold = params["similarity_threshold"]
        if not params["truncate"]:
            _check_whole(rows, self.index, "dense", self.kind)
        try:
            found = self.index.above([text for (text,) in rows], threshold=threshold)
        except UnknownQueryError as error:
            return _nothing(error, len(rows))
        _check_size(sum(map(len, found.rows)), self.kind, "similarity_threshold")
        return [
            [{"corpus_id": hit.corpus_id, "text": hit.text, "score": hit.score} for hit in hits]
            for hits in found
        ]

    def score(self, examples: object) -> TaskScores:
        """Return how well the cosines tell pairs that say the same (SentencePairs of 0 and 1)."""
        if not isinstance(examples, SentencePairs):
            raise InputError(
                f"{self.kind}: it is scored on SentencePairs of 0 and 1; got "
                f"{type(examples).__name__}."
            )
        return tasks.pair_classification(examples).score(self.index.encoder)

    @property
    def outputs(self) -> Schema:
        """A list of matches per row."""
        return _hits_schema(corpus_id="string", text="string", score="double")

    def write(self, folder: Path) -> dict[str, Any]:
        """Write the index and its models."""
        return {
            **write_index(self.index, folder),
            "similarity_threshold": self._params[0].default,
        }

    @classmethod
    def read(cls, folder: Path, settings: Mapping[str, Any]) -> ParaphraseMiningModel:
        """Return the model that `write` wrote."""
        index = read_index(folder, settings)
        return cls(index, similarity_threshold=settings["similarity_threshold"])


def _checked_index(index: object, model: str) -> Searchable:
    found = check_searchable(index, model)
    check_encoder_part(found.encoder, model)
    return found


def _check_whole(rows: Rows, index: Searchable, method: str | Hybrid, model: str) -> None:
    """Raise an InputError for queries of which what a method asks would not read everything."""
    methods = method.methods if isinstance(method, Hybrid) else (method,)
    if "dense" in methods:
        spec = prompted(index.encoder, prompt_named(index.encoder, QUERY_PROMPTS))
        spec = replace(spec, long_texts=index.spec.long_texts)
        check_whole(rows, ("query",), base_of(index.encoder), spec, model)
    if "sparse" in methods and index.sparse_encoder is not None:
        sparse = index.sparse_encoder
        check_whole(rows, ("query",), sparse, sparse.spec, model)


def _kept(hits: Sequence[Hit], least: float | None) -> list[dict[str, Any]]:
    """Return the hits of a query that are relevant enough, or else the best one, marked."""
    # As float32, which scores are: a score is at least itself.
    kept = [hit for hit in hits if least is None or hit.score >= float(np.float32(least))]
    return [
        {
            "rank": hit.rank,
            "corpus_id": hit.corpus_id,
            "text": hit.text,
            "score": hit.score,
            "below_minimum": not kept,
        }
        for hit in kept or hits[:1]
    ]


def _nothing(error: UnknownQueryError, count: int) -> list[list[dict[str, Any]]]:
    warnings.warn(str(error), WorkbenchWarning, stacklevel=4)
    return [[] for _ in range(count)]


def _check_size(hits: int, model: str, parameter: str) -> None:
    """Raise an InputError for an answer that would fill the memory of who gives or gets it."""
    if hits > _MOST_ANSWERED:
        raise InputError(
            f"{model}: this would be an answer of {hits:,} hits; the most is {_MOST_ANSWERED:,}. "
            f"Ask for fewer rows at a time, or change {parameter}."
        )


def _conditions(given: str | None) -> dict[str, Any] | None:
    if given is None:
        return None
    try:
        found = json.loads(given)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InputError(
            f'where must be JSON of conditions by column, {{"topic": "refund"}} say; got '
            f"{given!r:.80}."
        )
    return found


def _hits_schema(**fields: str) -> Schema:
    from mlflow.types import ColSpec, Schema
    from mlflow.types.schema import Array, Object, Property

    properties = [Property(name, dtype) for name, dtype in fields.items()]
    return Schema([ColSpec(Array(Object(properties)))])
