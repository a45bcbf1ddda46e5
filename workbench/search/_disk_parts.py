"""How texts lie in an index' file: part by part, as they were committed; read, added, removed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import IntArray, VectorArray
from workbench.corpus import Corpus
from workbench.corpus._corpus import check_known
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.models import Encoder, ModelSpec, base_of
from workbench.models._precision import bytes_per_vector
from workbench.search._disk_file import FILE, MAKE, Pieces, as_bytes
from workbench.search._disk_words import put_words, remove_words
from workbench.search._files import plain_cells
from workbench.search._filters import Where, check_found, checked_where, values_met
from workbench.search._folder import damaged
from workbench.search._scorers import terms

__all__ = [
    "Facts",
    "Layout",
    "Layouts",
    "append",
    "as_vectors",
    "corpus_of",
    "facts_of",
    "layout_of",
    "places_of",
    "remove",
    "rows_meeting",
    "texts_of",
]

ROWS = np.dtype([("row", "<i8"), ("words", "<i4")])
_FACTS = -1  # the part that is none
_DTYPES = {"float32": "<f4", "int8": "i1", "ubinary": "u1"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What an index is; kept beside its texts.

    Parameters
    ----------
    spec
        What made the vectors.
    model
        The name of the encoder, or of the one that it is a variant of.
    name, label, source
        The corpus' own.
    columns
        The columns' names.
    next_row
        The row that the next text gets; a removed text's row is not used again.
    count
        How many texts there are.
    version
        Changes with every change.
    """

    spec: ModelSpec
    model: str
    name: str
    label: str | None
    source: str
    columns: tuple[str, ...]
    next_row: int = 0
    count: int = 0
    version: str = ""

    @classmethod
    def of(cls, embeddings: Embeddings, encoder: Encoder) -> Facts:
        """Return the facts of an index that begins with some texts."""
        made, texts = embeddings.spec, embeddings.corpus
        model = base_of(encoder).spec.name
        return cls(made, model, texts.name, texts.label, texts.source, tuple(texts.columns))

    @classmethod
    def read(cls, pieces: Pieces) -> Facts | None:
        """Return an index' facts; None while it has no text."""
        raw = pieces.get(b"facts", _FACTS)
        if raw is None:
            if pieces.first_ids(1):
                raise damaged(pieces.folder, f"{FILE} lacks what it holds")
            return None
        kept = json.loads(raw)
        return cls(**{**kept, "spec": ModelSpec(**kept["spec"]), "columns": tuple(kept["columns"])})

    def write(self, pieces: Pieces) -> None:
        """Keep these facts, of a new version."""
        new = replace(self, version=uuid4().hex)
        pieces.put(_FACTS, [(b"facts", json.dumps(asdict(new)).encode())])

    def nameless(self) -> Corpus:
        """Return a corpus of one empty text with the index' name and columns."""
        return Corpus(("",), columns={name: [None] for name in self.columns}, name=self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where the n texts lie; what of an index is held in memory, 12 bytes a text.

    Parameters
    ----------
    facts
        What the index is.
    rows
        Each text's row, ascending, shape (n,).
    words
        How many words each has, shape (n,).
    parts
        The parts' first rows as they were committed, ascending, shape (p,).
    ends
        Where each part's texts end among the n, shape (p,).
    """

    facts: Facts
    rows: IntArray
    words: NDArray[np.int32]
    parts: IntArray
    ends: IntArray

    def slices(self) -> Iterator[tuple[int, slice]]:
        """Yield each part and where its texts are among the n."""
        start = 0
        for part, end in zip(self.parts.tolist(), self.ends.tolist(), strict=True):
            yield part, slice(start, end)
            start = end

    def by_part(self, places: IntArray) -> Iterator[tuple[int, slice, IntArray]]:
        """Yield the parts of some places among the n, ascending, and which of its texts they are.

        Both the part's own slice of the n and the places within it.
        """
        which = np.searchsorted(self.ends, places, side="right")
        for number in np.unique(which).tolist():
            start = int(self.ends[number - 1]) if number else 0
            own = slice(start, int(self.ends[number]))
            yield int(self.parts[number]), own, places[which == number] - start


def layout_of(pieces: Pieces, facts: Facts) -> Layout:
    """Read where the texts of an index lie."""
    parts: list[int] = []
    found: list[NDArray[Any]] = [np.empty(0, ROWS)]
    for part, raw in pieces.every(b"rows"):
        parts.append(part)
        found.append(np.frombuffer(raw, ROWS))
    every = np.concatenate(found)
    if len(every) != facts.count or (np.diff(every["row"]) <= 0).any():
        raise damaged(pieces.folder, f"{FILE} lacks some of its {facts.count} texts")
    return Layout(
        facts,
        every["row"].astype(np.int64),
        every["words"].astype(np.int32),
        np.array(parts, dtype=np.int64),
        np.cumsum([len(one) for one in found[1:]], dtype=np.int64),
    )


class Layouts:
    """Tells where an index' texts lie, and reads it again only when the index has changed."""

    def __init__(self) -> None:
        self._last: Layout | None = None

    def __call__(self, pieces: Pieces) -> Layout:
        """Return the layout of an index as it is now."""
        facts = facts_of(pieces)
        last = self._last
        if last is None or last.facts.version != facts.version:
            last = self._last = layout_of(pieces, facts)
        return last


def facts_of(pieces: Pieces) -> Facts:
    """Return an index' facts, or raise an InputError if it has no text yet."""
    facts = Facts.read(pieces)
    if facts is None:
        raise InputError(f"The index in {pieces.folder} has no text yet. {MAKE}")
    return facts


def places_of(pieces: Pieces, layout: Layout, ids: Sequence[str]) -> IntArray:
    """Return the places of some ids among the n, or raise an InputError if one is not there."""
    rows = pieces.rows(ids)
    unknown = [text_id for text_id, row in zip(ids, rows, strict=True) if row is None]
    if unknown:
        check_known(unknown, layout.facts.name, pieces.first_ids(2000))
    return np.searchsorted(layout.rows, np.array(rows, dtype=np.int64))


def rows_meeting(pieces: Pieces, layout: Layout, where: Where | None) -> IntArray:
    """Return the places among the n that meet conditions, ascending; a column is read in parts."""
    conditions = checked_where(where, layout.facts.nameless())
    kept = np.ones(len(layout.rows), dtype=np.bool_)
    for part, own in layout.slices() if conditions else ():
        for name, wanted in conditions.items():
            kept[own] &= values_met(column(pieces, part, name), name, wanted)
    check_found(kept, where, layout.facts.name)
    return np.flatnonzero(kept)


def append(pieces: Pieces, facts: Facts, embeddings: Embeddings) -> None:
    """Add texts as a part of their own."""
    corpus, part = embeddings.corpus, facts.next_row
    words = [terms(text) for text in corpus.texts]
    rows = np.empty(len(corpus), ROWS)
    rows["row"], rows["words"] = np.arange(part, part + len(corpus)), [len(own) for own in words]
    pieces.begin(part)
    pieces.put_texts(part, corpus.ids, corpus.texts)
    pieces.put(part, [(b"rows", rows.tobytes()), (b"vectors", embeddings.vectors.tobytes())])
    pieces.put(part, ((_column_kind(n), _encoded(v, n)) for n, v in corpus.columns.items()))
    put_words(pieces, part, words)
    replace(facts, next_row=part + len(corpus), count=facts.count + len(corpus)).write(pieces)


def remove(pieces: Pieces, layout: Layout, places: IntArray) -> None:
    """Take texts, given by their places among the n, out of every piece."""
    facts = layout.facts
    for part, own, gone in layout.by_part(places):
        rows = layout.rows[own]
        pieces.drop_texts(rows[gone].tolist())
        kinds = [b"rows", b"vectors", *map(_column_kind, facts.columns)]
        if len(gone) == len(rows):
            pieces.end(part)
            continue
        remove_words(pieces, part, rows[gone] - part)
        table = np.frombuffer(pieces.need(b"rows", part), ROWS)
        kept = [np.delete(table, gone), np.delete(vectors(pieces, facts, part), gone, axis=0)]
        cells = [
            _encoded(np.delete(column(pieces, part, name), gone), name) for name in facts.columns
        ]
        pieces.put(part, zip(kinds, [*(one.tobytes() for one in kept), *cells], strict=True))
    replace(facts, count=facts.count - len(places)).write(pieces)


def vectors(pieces: Pieces, facts: Facts, part: int) -> VectorArray:
    """Return a part's vectors as they are kept."""
    return as_vectors(pieces.need(b"vectors", part), facts.spec)


def as_vectors(raw: bytes, spec: ModelSpec) -> VectorArray:
    """Return the bytes of vectors as an array."""
    dtype = np.dtype(_DTYPES[spec.precision])
    width = bytes_per_vector(spec.precision, spec.kept_dimension) // dtype.itemsize
    return np.frombuffer(raw, dtype).reshape(-1, width)


def column(pieces: Pieces, part: int, name: str) -> NDArray[Any]:
    """Return a part's values of a column."""
    raw = pieces.need(_column_kind(name), part)
    if raw.startswith(b"["):
        return np.array([*json.loads(raw), None], dtype=object)[:-1]
    array: NDArray[Any] = np.load(BytesIO(raw), allow_pickle=False)
    return array


def texts_of(pieces: Pieces, layout: Layout, places: IntArray) -> list[str]:
    """Return the texts of some places among the n."""
    return [text for _, text in pieces.texts(layout.rows[places].tolist())]


def corpus_of(pieces: Pieces, layout: Layout, places: IntArray) -> Corpus:
    """Return the texts of some places among the n, ascending, with their columns."""
    facts = layout.facts
    ids, texts = zip(*pieces.texts(layout.rows[places].tolist()), strict=True)
    cells: dict[str, list[pd.Series[Any]]] = {name: [] for name in facts.columns}
    for part, _, own in layout.by_part(places):
        for name, found in cells.items():
            found.append(pd.Series(column(pieces, part, name)[own]))
    columns = {name: pd.concat(found).to_numpy() for name, found in cells.items()}
    return Corpus(texts, ids, columns, facts.name, facts.label, facts.source)


def _column_kind(name: str) -> bytes:
    return b"column:" + as_bytes(name)


def _encoded(values: NDArray[Any], column: str) -> bytes:
    if values.dtype == object:
        return json.dumps(plain_cells(values, column)).encode()
    target = BytesIO()
    np.save(target, values, allow_pickle=False)
    return target.getvalue()
