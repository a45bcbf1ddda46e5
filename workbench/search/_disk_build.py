"""How texts come into an index on disk: in parts, each encoded and then kept as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import IntArray
from workbench._progress import ProgressOption, showing
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.models import Encoder, ModelSpec
from workbench.search._build import check_columns, document_embeddings
from workbench.search._disk_file import DiskFile, Pieces
from workbench.search._disk_parts import Facts, Layout, append, corpus_of

__all__ = ["Batch", "as_batches", "put"]

Batch: TypeAlias = Corpus | Embeddings

_PART = 1024  # texts that are encoded, and kept, at a time


def as_batches(texts: Batch | Sequence[str] | Iterable[Batch]) -> Batch | Iterable[Batch]:
    """Return texts as one batch where they are one, or else as they are."""
    if isinstance(texts, Corpus | Embeddings):
        return texts
    if isinstance(texts, list | tuple) and not any(
        isinstance(t, Corpus | Embeddings) for t in texts
    ):
        return Corpus(cast("tuple[str, ...]", texts))
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        raise InputError(
            "DiskIndex.build: expected a Corpus, or batches of texts as Corpus; got "
            f"{type(texts).__name__}."
        )
    return cast("Iterable[Batch]", texts)


def put(
    batches: Iterable[Batch],
    file: DiskFile,
    encoder: Encoder,
    layout: Callable[[Pieces], Layout],
    progress: ProgressOption,
    total: int = 0,
) -> None:
    """Put texts into a file; those that it has already are passed over.

    Parameters
    ----------
    batches
        The texts, or their vectors.
    file
        Where to put them.
    encoder
        What encodes them.
    layout
        Tells where the file's texts lie.
    progress, total
        How progress is shown, and how many texts there are if that is known.

    Raises
    ------
    InputError
        If a text is there already and differs, or was encoded in another way.
    """
    done = 0
    with showing(progress, "Building the index") as report:
        for number, batch in enumerate(batches, 1):
            if not isinstance(batch, Corpus | Embeddings):
                raise InputError(
                    f"DiskIndex.build: batch {number} is {type(batch).__name__}; expected a Corpus."
                )
            for start in range(0, len(batch), _PART):
                part = batch.take(range(start, min(start + _PART, len(batch))))
                _put_part(part, file, encoder, layout)
                done += len(part)
                report(done, max(total, done))


def _put_part(
    part: Batch, file: DiskFile, encoder: Encoder, layout: Callable[[Pieces], Layout]
) -> None:
    with file.reading() as pieces:
        facts = Facts.read(pieces)
        new = _new(part, pieces, facts, layout)
    if not new.size:
        return
    like = None if facts is None else facts.spec
    made, _ = document_embeddings(
        part.take(new), encoder, False, False, like=like, caller="DiskIndex"
    )
    _check_directions(made)
    with file.writing() as pieces:
        facts = Facts.read(pieces)
        _check_alike(made.spec, made.spec if facts is None else facts.spec)
        new = _new(made, pieces, facts, layout)  # others may have put the same texts meanwhile
        if new.size:
            append(pieces, facts or Facts.of(made, encoder), made.take(new))


def _new(
    part: Batch, pieces: Pieces, facts: Facts | None, layout: Callable[[Pieces], Layout]
) -> IntArray:
    """Return which texts of a part are not in the index; those that are must be the same."""
    if facts is None:
        return np.arange(len(part))
    corpus = part.corpus if isinstance(part, Embeddings) else part
    check_columns(facts.columns, corpus.columns)
    rows = np.array([-1 if row is None else row for row in pieces.rows(corpus.ids)], np.int64)
    there = np.flatnonzero(rows >= 0)
    if there.size:
        there = there[np.argsort(rows[there])]
        known = layout(pieces)
        _check_same(
            corpus_of(pieces, known, np.searchsorted(known.rows, rows[there])), corpus.take(there)
        )
    return np.flatnonzero(rows < 0)


def _check_same(there: Corpus, given: Corpus) -> None:
    same = np.array(there.texts, object) == np.array(given.texts, object)
    for name, values in there.columns.items():
        same &= _equal(values, given[name])
    if not same.all():
        other = there.ids[int(np.argmin(same))]
        raise InputError(
            f"DiskIndex: the index has another text, or other columns, of the id {other!r}. "
            "Remove that first, or give this text an id of its own."
        )


def _equal(left: NDArray[Any], right: NDArray[Any]) -> NDArray[np.bool_]:
    a, b = (pd.Series(values).astype(object) for values in (left, right))
    return np.asarray((a == b) | (a.isna() & b.isna()), dtype=np.bool_)


def _check_directions(made: Embeddings) -> None:
    zero = np.flatnonzero(~made.dense().any(axis=1))
    if zero.size:
        raise InputError(
            f"DiskIndex: the text of the id {made.corpus.ids[zero[0]]!r} has an all-zero vector "
            f"under {made.spec.name!r}, which has no cosine to anything. Leave this text out or "
            "choose another model."
        )


def _check_alike(given: ModelSpec, there: ModelSpec) -> None:
    old, new = asdict(there), asdict(given)
    for name in old:
        if name != "name" and old[name] != new[name]:
            raise InputError(
                f"DiskIndex: the vectors in the index were made with {name} {old[name]!r}, these "
                f"with {new[name]!r} (by {given.name!r}). Expected the same model, used in the "
                "same way."
            )
