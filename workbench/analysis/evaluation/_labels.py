"""Labelled texts: whose labels they are, and which texts have one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._progress import ProgressOption
from workbench.analysis.evaluation._task import (
    check_enough,
    directions,
    embedded,
    fitted,
    remarks,
    spec_of,
)
from workbench.corpus import Corpus
from workbench.embeddings import EmbeddingStore
from workbench.errors import InputError, suggest
from workbench.models import Encoder, ModelSpec

__all__ = ["Labelled", "LabelledVectors", "labelled_texts", "vectors_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """The texts that have a label, and their labels as str, shape (n,)."""

    corpus: Corpus
    labels: NDArray[np.object_]
    notes: tuple[str, ...]

    def table(self, **further: NDArray[np.generic] | pd.Series[Any]) -> pd.DataFrame:
        """Return one row per text: its id, its label, what was found, the text."""
        return pd.DataFrame(
            {
                "example": pd.Series(self.corpus.ids, dtype=object),
                "label": pd.Series(self.labels, dtype=object),
                **further,
                "text": pd.Series(self.corpus.texts, dtype=object),
            }
        )


@dataclass(frozen=True, slots=True, eq=False)
class LabelledVectors:
    """Unit vectors of labelled texts, float64 (n, d), and what is to be said of the model."""

    values: NDArray[np.float64]
    spec: ModelSpec
    prompts: dict[str, str]
    notes: tuple[str, ...]


def labelled_texts(corpus: Corpus, label: str | None, name: str) -> Labelled:
    """Return a corpus' labelled texts.

    Parameters
    ----------
    corpus
        The texts.
    label
        The column of the labels; None: the corpus' own label column.
    name
        The task, for messages.

    Raises
    ------
    InputError
        If there is no such column, or it holds fewer than two labels.
    """
    column = label if label is not None else corpus.label
    if column is None or column not in corpus.columns:
        asked = "" if column is None else str(column)
        what = f"no column {asked!r}" if column is not None else "no label column"
        raise InputError(
            f"{name}: {corpus.name!r} has {what} to take labels from. "
            f"{suggest(asked, corpus.columns)} Name one: {name}('topic')."
        )
    values = corpus[column]
    rows = np.flatnonzero(~pd.isna(values))
    labels = _as_texts(values[rows])
    found = sorted(set(labels))
    if len(found) < 2:
        raise InputError(
            f"{name}: expected at least two labels in column {column!r} of {corpus.name!r}; got "
            f"{f'only {found[0]!r}' if found else 'none: it is empty'}."
        )
    check_enough(len(rows), "labelled texts", name)
    missing = len(corpus) - len(rows)
    notes = (
        (f"{missing:,} of {len(corpus):,} texts have no label in {column!r} and were left out.",)
        if missing
        else ()
    )
    return Labelled(corpus.take(rows) if missing else corpus, labels, notes)


def vectors_of(
    labelled: Labelled,
    encoder: Encoder | str,
    store: EmbeddingStore | bool,
    progress: ProgressOption,
) -> LabelledVectors:
    """Embed labelled texts with the model's default prompt."""
    texts = labelled.corpus
    vectors = embedded(texts, fitted(encoder, texts.texts), store, progress)
    prompts = {"text": vectors.spec.prompt}
    return LabelledVectors(directions(vectors), spec_of(vectors), prompts, remarks(vectors))


def _as_texts(values: NDArray[Any]) -> NDArray[np.object_]:
    """Return labels as str; a whole number that stood among nulls is a float, written whole."""
    plain = values.astype(str) if values.dtype.kind == "M" else values
    labels = np.empty(len(plain), dtype=object)
    labels[:] = [
        str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)
        for label in plain.tolist()
    ]
    return labels
