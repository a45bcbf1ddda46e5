"""Corpus: texts with ids, and the other columns of their table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import row_list
from workbench._html import rows_table
from workbench.corpus._columns import plain_column, text_series
from workbench.corpus._intake import Intake
from workbench.errors import InputError, suggest

__all__ = ["Corpus", "check_known"]


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """Texts, one id each, and further columns of the same length.

    Parameters
    ----------
    texts
        The texts, n >= 1.
    ids
        One distinct id per text; made from the row numbers (``"0"``, ``"1"``, …) when empty.
    columns
        Further columns by name, each of length n; kept as read-only numpy arrays, dates in UTC.
    name
        What to call the corpus in titles.
    label
        The column that holds the texts' labels, if one does.
    source
        Where the texts came from (a path, say).
    intake
        What was found while reading: nulls, blanks and duplicates, with row numbers.

    Attributes
    ----------
    fingerprint : str
        16 hex digits over ids and texts: equal when the texts behind two values are the same.

    Raises
    ------
    InputError
        If there is no text, a text is not a ``str``, an id repeats, or a length differs.
    """

    texts: tuple[str, ...]
    ids: tuple[str, ...] = ()
    columns: Mapping[str, Any] = field(default_factory=dict)
    name: str = "texts"
    label: str | None = None
    source: str = ""
    intake: Intake = field(default_factory=Intake)
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        given: object = self.texts
        if isinstance(given, str):
            raise InputError("Corpus: expected a sequence of texts; got one str. Put it in a list.")
        texts = tuple(self.texts)
        ids = tuple(str(i) for i in self.ids) or tuple(str(i) for i in range(len(texts)))
        _check(texts, ids)
        columns = {str(name): plain_column(name, cells) for name, cells in self.columns.items()}
        if len(columns) != len(self.columns):
            raise InputError(f"Corpus: column names must be distinct; got {list(self.columns)}.")
        for name, values in columns.items():
            if len(values) != len(texts):
                raise InputError(
                    f"Corpus: column {name!r} has {len(values)} values for {len(texts)} texts."
                )
        if self.label is not None and self.label not in columns:
            raise InputError(
                f"Corpus: there is no column {self.label!r} to take labels from. "
                f"{suggest(self.label, columns)}"
            )
        object.__setattr__(self, "texts", texts)
        object.__setattr__(self, "ids", ids)
        object.__setattr__(self, "columns", MappingProxyType(columns))
        object.__setattr__(self, "fingerprint", _fingerprint(texts, ids))

    def __reduce__(self) -> tuple[Any, ...]:
        # A read-only mapping cannot be pickled, and a corpus goes to worker processes.
        return type(self), (
            self.texts,
            self.ids,
            dict(self.columns),
            self.name,
            self.label,
            self.source,
            self.intake,
        )

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, column: str) -> NDArray[Any]:
        """Return a column as a read-only array of length n."""
        try:
            values: NDArray[Any] = self.columns[column]
        except KeyError:
            raise InputError(
                f"There is no column {column!r} in {self.name!r}. {suggest(column, self.columns)}"
            ) from None
        return values

    @property
    def labels(self) -> NDArray[Any] | None:
        """The label column, or None when the corpus has none."""
        return None if self.label is None else self.columns[self.label]

    def positions(self, ids: Iterable[str]) -> NDArray[np.int64]:
        """Return the row positions (counted from 0) of some ids, in the order given.

        Raises
        ------
        InputError
            If an id is not in the corpus.
        """
        where = {text_id: row for row, text_id in enumerate(self.ids)}
        wanted = list(ids)
        unknown = [text_id for text_id in wanted if text_id not in where]
        check_known(unknown, self.name, self.ids)
        return np.array([where[text_id] for text_id in wanted], dtype=np.int64)

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> Corpus:
        """Return the corpus of some rows (positions from 0), in the order given.

        Raises
        ------
        InputError
            If a position is out of range or repeats, or there is none.
        """
        chosen = _positions(rows, len(self))
        return Corpus(
            texts=tuple(self.texts[row] for row in chosen),
            ids=tuple(self.ids[row] for row in chosen),
            columns={name: values[chosen] for name, values in self.columns.items()},
            name=self.name,
            label=self.label,
            source=self.source,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a table with the columns ``id``, ``text`` and the further ones."""
        further = {
            (f"{name}_column" if name in ("id", "text") else name): values
            for name, values in self.columns.items()
        }
        frame = {"id": self.ids, "text": self.texts, **further}
        return pd.DataFrame(
            {
                name: values if _is_plain(values) else text_series(values)
                for name, values in frame.items()
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the corpus in numbers: a flat dict."""
        lengths = np.array([len(text) for text in self.texts])
        return {
            "texts": len(self),
            "characters_median": float(np.median(lengths)),
            "characters_max": int(lengths.max()),
            **self.intake.summary(),
            "fingerprint": self.fingerprint,
        }

    def _repr_html_(self) -> str:
        shown = self.to_frame().head(5)
        title = f"{self.name}: {len(self):,} texts{self.intake.remark()}"
        return rows_table(title, list(shown.columns), shown.itertuples(index=False))

    def __repr__(self) -> str:
        return f"Corpus({self.name!r}, {len(self)} texts, columns={list(self.columns)})"


def check_known(unknown: Sequence[str], name: str, ids: Sequence[str]) -> None:
    """Raise an InputError if some ids are not among those of a corpus."""
    if unknown:
        raise InputError(
            f"{len(unknown)} ids are not in {name!r}, the first is {unknown[0]!r}. "
            f"{suggest(str(unknown[0]), ids[:2000])}"
        )


def _check(texts: tuple[str, ...], ids: tuple[str, ...]) -> None:
    if not texts:
        raise InputError("Corpus: expected at least one text; got none.")
    other = [row for row, text in enumerate(texts) if not isinstance(text, str)]
    if other:
        raise InputError(
            f"Corpus: {row_list(other)} hold {type(texts[other[0]]).__name__}, not str. "
            "Read them with wb.read_corpus, which drops or refuses nulls."
        )
    if len(ids) != len(texts):
        raise InputError(f"Corpus: got {len(ids)} ids for {len(texts)} texts.")
    if len(set(ids)) != len(ids):
        first = {text_id: row for row, text_id in reversed(list(enumerate(ids)))}
        again = [row for row, text_id in enumerate(ids) if first[text_id] != row]
        raise InputError(
            f"Corpus: ids must be distinct; {row_list(again)} repeat one "
            f"(the first is {ids[again[0]]!r}). Choose another id column, or none."
        )


def _positions(rows: Sequence[int] | NDArray[np.int64], count: int) -> NDArray[np.int64]:
    chosen = np.asarray(rows)
    if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
        raise InputError(
            f"take: expected row positions, a list of int; got {chosen.dtype} of shape "
            f"{chosen.shape}. Of a mask of booleans, take np.flatnonzero(mask)."
        )
    if chosen.size and not 0 <= chosen.min() <= chosen.max() < count:
        raise InputError(
            f"take: positions must be 0 to {count - 1}; got {chosen.min()} to {chosen.max()}."
        )
    if len(np.unique(chosen)) != chosen.size:
        raise InputError("take: a position was given twice; expected each row at most once.")
    return chosen.astype(np.int64)


def _is_plain(values: object) -> bool:
    return isinstance(values, np.ndarray) and values.dtype != object


def _fingerprint(texts: tuple[str, ...], ids: tuple[str, ...]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for text_id, text in zip(ids, texts, strict=True):
        for part in (text_id, text):
            raw = part.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "little"))
            digest.update(raw)
    return digest.hexdigest()
