"""Data sets as MLflow knows them: name, digest, source, columns. Their texts are not in them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from workbench.analysis.evaluation import Task, TaskScores
from workbench.corpus import Corpus, RetrievalSet, SentencePairs
from workbench.tracking._privacy import Privacy

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

__all__ = ["DataSet", "as_input", "of_corpus", "of_task"]

_MOST_CHARACTERS = 500  # of a name
_OWN_TEXTS = ("clustering", "classification", "custom")  # tasks on a corpus


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """What is said of some data.

    Parameters
    ----------
    name
        What it is called.
    digest
        A hash over it, at most 36 characters.
    table
        Its columns and rows, as far as they may be described: MLflow notes names, types, counts.
    source
        A file or address it came from; empty when there is none.
    target
        The column of ``table`` that holds what is to be predicted.
    """

    name: str
    digest: str
    table: pd.DataFrame
    source: str = ""
    target: str | None = None


def as_input(data: DataSet, context: str = "analysis") -> DatasetInput:
    """Describe a data set to MLflow; without a source, the code that runs is the source."""
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.pandas_dataset import from_pandas
    from mlflow.entities import DatasetInput, InputTag
    from mlflow.tracking.context.registry import resolve_tags

    found = data.source.startswith(("http://", "https://")) or Path(data.source).is_file()
    described = from_pandas(
        data.table,
        source=data.source if found else CodeDatasetSource(resolve_tags()),
        targets=data.target if data.target in data.table.columns else None,
        name=data.name.encode("utf-8", "replace").decode("utf-8")[:_MOST_CHARACTERS],
        digest=data.digest,
    )
    return DatasetInput(described._to_mlflow_entity(), [InputTag("mlflow.data.context", context)])


def of_corpus(corpus: Corpus, privacy: Privacy) -> DataSet:
    """Describe a corpus."""
    table = privacy.table(corpus.to_frame(), corpus.columns)
    return DataSet(corpus.name, corpus.fingerprint, table, corpus.source, corpus.label)


def of_task(task: Task | None, scores: TaskScores, corpus: Corpus, privacy: Privacy) -> DataSet:
    """Describe the data that a task was scored on.

    Parameters
    ----------
    task
        The task; None where it is not known (a comparison that was loaded). What it scored is
        then told by the table of its examples.
    scores
        What a model scored on it.
    corpus
        The texts that a task without texts of its own was given.
    privacy
        What of the texts may be written.
    """
    for name in ("pairs", "retrieval_set", "corpus"):
        own = getattr(task, name, None)
        if isinstance(own, SentencePairs):
            return _of_pairs(own, privacy)
        if isinstance(own, RetrievalSet):
            return _of_retrieval(own, privacy)
        if isinstance(own, Corpus):
            return of_corpus(own, privacy)
    ids = scores.examples["example"]
    if scores.kind in _OWN_TEXTS and set(ids) <= set(corpus.ids):
        return of_corpus(corpus, privacy)
    table = privacy.table(pd.DataFrame({"id": ids}), ())
    return DataSet(scores.task, _digest([scores.task, *ids]), table)


def _of_pairs(pairs: SentencePairs, privacy: Privacy) -> DataSet:
    frame = pairs.to_frame()
    parts = (str(cell) for row in frame.itertuples(index=False) for cell in row)
    target = "score" if pairs.scores is not None else None
    return DataSet(pairs.name, _digest(parts), privacy.table(frame, ()), target=target)


def _of_retrieval(given: RetrievalSet, privacy: Privacy) -> DataSet:
    frame = given.to_frame()
    queries = (part for query in given.queries.items() for part in query)
    judged = (str(cell) for row in frame.itertuples(index=False) for cell in row)
    digest = _digest([given.corpus.fingerprint, *queries, *judged])
    table = privacy.table(frame, ())
    return DataSet(given.name, digest, table, given.corpus.source, "grade")


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "little") + raw)
    return digest.hexdigest()
