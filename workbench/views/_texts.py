"""The table of texts behind a view, and which of its columns can colour points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from workbench.analysis import Clustering
from workbench.analysis._inputs import renamed
from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.views._json import object_frame
from workbench.views.theme import MOST_CATEGORIES

__all__ = [
    "NONE",
    "ColumnKind",
    "category_name",
    "color_columns",
    "column_of",
    "corpus_frame",
    "label_column",
    "same_corpus",
    "table_columns",
]

_OWN = ("id", "text", "cluster", "cluster_name", "real_share", "silhouette", "block")
NONE = "(none)"  # the name of the category of texts that have none
ColumnKind: TypeAlias = Literal["category", "number", "date"]


def corpus_frame(corpus: Corpus, clustering: Clustering | None = None) -> pd.DataFrame:
    """Return ``id``, ``text``, the corpus' columns and, when known, the clusters."""
    further = {_free(name): values for name, values in corpus.columns.items()}
    columns: dict[str, Any] = {"id": corpus.ids, "text": corpus.texts, **further}
    if clustering is not None:
        columns["cluster"] = clustering.labels
        names = {int(label): clustering.name_of(int(label)) for label in set(clustering.labels)}
        columns["cluster_name"] = [names[int(label)] for label in clustering.labels]
    return object_frame(columns)


def label_column(corpus: Corpus) -> str | None:
    """Return the name that :func:`corpus_frame` gives the column of labels."""
    return None if corpus.label is None else _free(corpus.label)


def same_corpus(corpus: Corpus, clustering: object) -> None:
    """Raise an InputError unless a clustering is of the texts that are drawn."""
    if clustering is None:
        return
    if not isinstance(clustering, Clustering):
        raise InputError(
            f"clustering: expected a Clustering; got {type(clustering).__name__}. "
            "Make one with wb.cluster(vectors)."
        )
    other = clustering.embeddings.corpus
    if other.fingerprint != corpus.fingerprint:
        raise InputError(
            f"The clustering is of {other.name!r} ({len(other):,} texts), the projection of "
            f"{corpus.name!r} ({len(corpus):,} texts). Cluster and project the same embeddings."
        )


def color_columns(texts: pd.DataFrame, label: str | None) -> dict[str, ColumnKind]:
    """Return the columns that can colour points, and how: the label and the clusters first."""
    kinds: dict[str, ColumnKind] = {}
    first = [name for name in (label, "cluster") if name is not None and name in texts.columns]
    every = [str(column) for column in texts.columns]
    for name in dict.fromkeys([*first, *every]):
        if name in ("id", "text", "cluster_name"):
            continue
        kind = _kind(texts[name], name in first)
        if kind is not None:
            kinds[name] = kind
    return kinds


def table_columns(texts: pd.DataFrame, label: str | None) -> list[str]:
    """Return the columns to list beside id and text: label, cluster, and up to two more."""
    known = [name for name in (label, "cluster_name") if name in texts.columns]
    others = [name for name in color_columns(texts, label) if name not in (label, "cluster")]
    return [str(name) for name in [*known, *others[: max(0, 3 - len(known))]]]


def category_name(value: object) -> str:
    """Return a category's name; the figure host writes the same.

    A value that is called like the texts that have none stays apart from these: it is quoted.
    """
    if value is None or (not isinstance(value, str) and pd.isna(value)):  # type: ignore[call-overload]  # of any type
        return NONE
    if isinstance(value, (bool, np.bool_)):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return f'"{NONE}"' if value == NONE else str(value)


def column_of(name: str) -> str:
    """Return what a corpus calls a column that :func:`corpus_frame` gave this name."""
    bare = name.removesuffix("_column")
    return bare if _free(bare) == name else name


def _free(name: str) -> str:
    """Return a name that is none of ours, which :func:`column_of` can take back."""
    return renamed(name, _OWN)


def _kind(series: pd.Series[Any], chosen: bool) -> ColumnKind | None:
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return "date"
    if chosen or pd.api.types.is_bool_dtype(series.dtype):
        return "category"
    if pd.api.types.is_numeric_dtype(series.dtype):
        return "number" if series.notna().any() else None
    return "category" if _repeats(series.dropna().astype(str).tolist()) else None


def _repeats(values: Sequence[str]) -> bool:
    """Return whether values name groups: few, or each used twice on average."""
    distinct = len(set(values))
    return 0 < distinct <= max(MOST_CATEGORIES, len(values) // 2)
