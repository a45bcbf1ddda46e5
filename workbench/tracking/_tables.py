"""Tables as parquet files: what parquet can hold, and what of it may be written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.analysis.comparison import Comparison
from workbench.analysis.evaluation import Task, TaskScores
from workbench.corpus import Corpus
from workbench.tracking._privacy import Privacy

__all__ = ["read_table", "readable", "shown_examples", "storable", "with_stand_ins", "write_table"]

_IDS = ("example", "top_id")
_TEXTS = ("sentence1", "sentence2", "text", "query", "top_text")
_LABELS = ("label", "predicted")  # of these kinds, values of a corpus column
_LABEL_KINDS = ("clustering", "classification")
_STAND_INS = {  # kind → columns of texts, and the ids that stand for them
    "sts": {"sentence1": "example", "sentence2": "example"},
    "pair_classification": {"sentence1": "example", "sentence2": "example"},
    "retrieval": {"query": "example", "top_text": "top_id"},
    "reranking": {"query": "example", "top_text": "top_id"},
}


def write_table(frame: pd.DataFrame, file: Path) -> None:
    """Write a table; what parquet cannot hold becomes text."""
    file.parent.mkdir(parents=True, exist_ok=True)
    storable(frame).to_parquet(file)


def read_table(file: Path) -> pd.DataFrame:
    """Return a table that `write_table` wrote, strings as Python strings and nulls as None."""
    frame = pd.read_parquet(file)
    words = [name for name in frame.columns if pd.api.types.is_string_dtype(frame[name])]
    return frame.assign(**{str(name): _as_objects(frame[name]) for name in words})


def storable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame as parquet can hold it: text names, and one type per column."""
    named = frame.rename(columns=str)
    mixed = [name for name in named if _is_mixed(named[name])]
    return named.assign(**{str(name): named[name].map(readable) for name in mixed})


def shown_examples(
    comparison: Comparison, task: str, scores: TaskScores, privacy: Privacy
) -> pd.DataFrame:
    """Return a task's table of examples with only what may be written.

    The numbers and ids stay, so that every metric can be computed from it. Labels of a corpus
    column that may not be written are numbered instead.
    """
    frame = scores.examples
    if scores.kind in _LABEL_KINDS and not privacy.allows(_label_of(comparison, task)):
        frame = _numbered(frame)
    return frame[[name for name in frame if _stays(str(name), frame, scores.kind, privacy)]]


def with_stand_ins(examples: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return a table of examples that was stored without texts, ids in their place."""
    ids = _STAND_INS.get(kind, {"text": "example"})
    missing = {text: own for text, own in ids.items() if text not in examples and own in examples}
    return examples.assign(**{text: examples[own] for text, own in missing.items()})


def _stays(name: str, frame: pd.DataFrame, kind: str, privacy: Privacy) -> bool:
    values = frame[name]
    quotes = pd.api.types.is_object_dtype(values) or pd.api.types.is_string_dtype(values)
    if name in _IDS or not quotes or (kind in _LABEL_KINDS and name in _LABELS):
        return True
    return privacy.texts and (privacy.columns is None or name in _TEXTS)


def _label_of(comparison: Comparison, task: str) -> str | None:
    """Return the column that a task takes its labels from; None where it is not known."""
    found: Sequence[Task] = [one for one in comparison.tasks if one.name == task]
    own = getattr(found[0], "corpus", None) if found else None
    corpus = own if isinstance(own, Corpus) else comparison.corpus
    label = getattr(found[0], "label", None) if found else None
    return str(label) if label is not None else corpus.label if found else None


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Replace labels by numbers, in the same order: sums over them stay what they are."""
    names = [name for name in _LABELS if name in frame]
    known = sorted({str(label) for name in names for label in frame[name]})
    code = {label: f"label {number:04}" for number, label in enumerate(known, 1)}
    return frame.assign(**{name: frame[name].map(lambda own: code[str(own)]) for name in names})


def _as_objects(values: pd.Series[Any]) -> pd.Series[Any]:
    plain = [
        None if missing else value for missing, value in zip(values.isna(), values, strict=True)
    ]
    return pd.Series(plain, index=values.index, dtype=object)


def readable(value: object) -> str:
    """Return a value as a str without lone surrogates, which no store and no parquet takes."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _is_mixed(column: pd.Series) -> bool:
    import pyarrow as pa

    try:
        pa.Array.from_pandas(column)
    except (pa.ArrowException, UnicodeError):
        return True
    return False
