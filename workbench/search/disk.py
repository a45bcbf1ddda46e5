"""DiskIndex: an index in a folder, for more texts than memory holds.

SQLite rather than LanceDB, after a trial of both (LanceDB 0.40; 100,000 texts of 384 dimensions):
both search by cosine exactly, LanceDB in 0.2 s, this in 0.4 s. But LanceDB's BM25 stems words,
drops some ("the"), and gives equal scores in no order; it refuses texts with broken UTF-16,
installs 180 MB, takes 110 MB when imported and 110 more when it reads, and leaves 20 threads.
SQLite has come with Python all along: transactions, locks, recovery after a kill, and scores that
equal SearchIndex' own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from workbench._arrays import FloatArray, IntArray
from workbench._progress import ProgressOption
from workbench.analysis._inputs import check_one_spec
from workbench.analysis.evaluation._task import fitted
from workbench.analysis.queries import check_fitted
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.models import Encoder, ModelSpec, Reranker, load_encoder, load_reranker
from workbench.search._build import check_made_by, check_new, encoder_of
from workbench.search._disk_build import Batch, as_batches, put
from workbench.search._disk_file import DiskFile, FrozenFile, Pieces
from workbench.search._disk_parts import (
    Facts,
    Layout,
    Layouts,
    corpus_of,
    facts_of,
    layout_of,
    places_of,
    remove,
    rows_meeting,
    texts_of,
)
from workbench.search._disk_scorers import DiskBM25, DiskDense
from workbench.search._folder import as_folder
from workbench.search._ranking import Scorer
from workbench.search._searching import Source
from workbench.search.results import SearchResults
from workbench.search.searchable import Searchable

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

__all__ = ["DiskIndex"]

_METHODS = ("dense", "bm25", "hybrid")


class DiskIndex(Searchable):
    """Texts in a folder that are searched as a `SearchIndex` is; `build` or `open` makes it.

    It holds 12 bytes a text in memory, and the folder open only while it reads or writes: several
    processes may search, and one at a time write. Unlike a `SearchIndex` it changes: `add` and
    `remove` change the folder.

    A search reads the file once per block of queries: several at once are much cheaper. Its
    results' ``corpus`` holds only what was found (the index' first text, where nothing was), and
    their ``rows`` are places in that.

    Parameters
    ----------
    folder
        The folder of an index that is there.
    encoder
        The model that made its vectors, and makes the queries'.
    reranker
        What reads the first hits again; None: nothing does.
    """

    without = MappingProxyType({"sparse": " On disk there is none; SearchIndex has it."})

    def __init__(self, folder: Path, encoder: Encoder, *, reranker: Reranker | None = None) -> None:
        self.folder = folder
        self.encoder = encoder
        self.reranker = reranker
        self._file: DiskFile = DiskFile(folder)
        self._layout = Layouts()

    @classmethod
    def build(
        cls,
        folder: str | Path,
        texts: Batch | Sequence[str] | Iterable[Batch],
        encoder: Encoder | str,
        *,
        reranker: Reranker | CrossEncoder | str | None = None,
        progress: ProgressOption = True,
    ) -> DiskIndex:
        """Put texts into a folder, 1,024 at a time; what is there stays when it is interrupted.

        Building again goes on: texts that are in the index already are passed over.

        Parameters
        ----------
        folder
            Where: a new or empty folder, or one that holds an index.
        texts
            The texts or their vectors, or batches of them, read one after the other (some
            thousand texts each; smaller ones take more room).
        encoder
            The model; its document prompt is put before the texts and its query prompt before
            queries, where it has them. An LSA must be fitted unless all texts come at once.
        reranker
            What reads the first hits again for ``rerank=``: see `load_reranker`.
        progress
            True for a bar, or a callable.

        Raises
        ------
        InputError
            If there is no text, the folder holds other files, the index there was made by
            another model, it has a text of the same id that differs, or a vector is all zeros.
        ModelUnavailableError
            If a model cannot be had.
        WorkbenchError
            If the folder cannot be written, or another process writes to it for 20 s.
        """
        second = None if reranker is None else load_reranker(reranker)
        given = as_batches(texts)
        model = fitted(encoder, given.texts) if isinstance(given, Corpus) else load_encoder(encoder)
        if isinstance(given, Embeddings):
            check_made_by(given.spec, model, "DiskIndex.build")
        check_fitted(model)
        index = cls(as_folder(folder), model, reranker=second)
        index._file.make()
        with index._file.reading() as pieces:
            facts = Facts.read(pieces)
        if facts is not None:
            check_one_spec("DiskIndex.build", model.spec, facts.spec, ("queries", "texts"))
        if isinstance(given, Corpus | Embeddings):
            index._put([given], progress, len(given))
        else:
            index._put(given, progress)
        with index._file.reading() as pieces:
            if Facts.read(pieces) is None:
                raise InputError("DiskIndex.build: expected at least one text; got none.")
        return index

    @classmethod
    def open(
        cls,
        folder: str | Path,
        encoder: Encoder | str | None = None,
        *,
        reranker: Reranker | CrossEncoder | str | None = None,
        read_only: bool = False,
    ) -> DiskIndex:
        """Return the index that a folder holds.

        Parameters
        ----------
        folder
            Where it is.
        encoder
            The model that made it; by default the one of the name that the index notes.
        reranker
            What reads the first hits again.
        read_only
            Whether nobody changes the index any more, this process included: then it is opened
            once, and needs neither locks nor a folder that may be written to.

        Raises
        ------
        InputError
            If there is no index, it is damaged, or a model is not the one that made it.
        ModelUnavailableError
            If the model cannot be had by its name.
        """
        target = as_folder(folder)
        file = FrozenFile(target) if read_only else DiskFile(target)
        with file.reading() as pieces:
            facts = facts_of(pieces)
        model = encoder_of(encoder, facts.model, facts.spec, "DiskIndex.open")
        second = None if reranker is None else load_reranker(reranker)
        index = cls(target, model, reranker=second)
        index._file = file
        return index

    @property
    def corpus(self) -> Corpus:
        """The texts as they are now, all read into memory each time; their vectors are not."""
        with self._file.reading() as pieces:
            layout = self._layout(pieces)
            return corpus_of(pieces, layout, np.arange(len(layout.rows)))

    @property
    def spec(self) -> ModelSpec:
        """What made the texts' vectors."""
        return self._facts().spec

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that `search` takes here."""
        return _METHODS

    @contextmanager
    def _source(self) -> Iterator[Source]:
        with self._file.reading() as pieces:
            layout = self._layout(pieces)
            yield Source(
                lambda name: self._scorer(name, pieces, layout),
                lambda where: rows_meeting(pieces, layout, where),
                lambda rows: texts_of(pieces, layout, rows),
                lambda ids: places_of(pieces, layout, ids),
                lambda *found: _results(pieces, layout, *found),
            )

    def add(self, texts: Batch, *, progress: ProgressOption = True) -> DiskIndex:
        """Put further texts behind these, and return the index.

        What was added by then stays when it is interrupted; `build` with the same texts goes on.

        Raises
        ------
        InputError
            If an id is there already, the columns differ, or the vectors are another model's.
        WorkbenchError
            If the folder cannot be written, or another process writes to it for 20 s.
        """
        corpus = texts.corpus if isinstance(texts, Embeddings) else texts
        with self._file.reading() as pieces:
            there = pieces.rows(corpus.ids)
        check_new([i for i, row in zip(corpus.ids, there, strict=True) if row is not None])
        self._put([texts], progress, len(texts))
        return self

    def remove(self, ids: Sequence[str]) -> DiskIndex:
        """Take some texts out, all or none, and return the index; nothing of them stays behind.

        Raises
        ------
        InputError
            If an id is not there, or no text would be left.
        WorkbenchError
            If the folder cannot be written, or another process writes to it for 20 s.
        """
        if isinstance(ids, str):
            raise InputError(f"remove: ids is a list; got one str. Write [{ids!r}].")
        with self._file.writing() as pieces:
            layout = self._layout(pieces)
            gone = np.unique(places_of(pieces, layout, ids))
            if len(gone) == len(layout.rows):
                raise InputError("remove: no text would be left; an index has one at least.")
            remove(pieces, layout, gone)
        return self

    def save(self, folder: str | Path) -> Path:
        """Copy the index, as it is now, into another folder, and return that folder.

        Raises
        ------
        InputError
            If the folder holds something, or the index is damaged.
        WorkbenchError
            If it cannot be written.
        """
        target = as_folder(folder)
        self._file.copy_to(target)
        return target

    def check(self) -> None:
        """Read the whole file; a search tests only what it reads.

        Raises
        ------
        InputError
            If anything in it is damaged.
        """
        with self._file.reading() as pieces:
            pieces.check()
            layout_of(pieces, facts_of(pieces))

    def summary(self) -> dict[str, float | int | str]:
        """Return the index in numbers: a flat dict."""
        with self._file.reading() as pieces:
            facts, size = facts_of(pieces), pieces.size()
        return {
            "texts": facts.count,
            "methods": ", ".join(self.methods),
            "model": facts.spec.title(),
            **({"reranker": self.reranker.spec.title()} if self.reranker else {}),
            "megabytes": size / 1e6,
        }

    def title(self) -> str:
        """Return what is searched by what, for titles."""
        facts = self._facts()
        return f"search in {facts.name} · {facts.spec.title()}"

    def _put(self, batches: Iterable[Batch], progress: ProgressOption, total: int = 0) -> None:
        put(batches, self._file, self.encoder, self._layout, progress, total)

    def _scorer(self, method: str, pieces: Pieces, layout: Layout) -> Scorer:
        if method == "dense":
            return DiskDense(pieces, layout, self.encoder)
        return DiskBM25(pieces, layout)

    def _facts(self) -> Facts:
        with self._file.reading() as pieces:
            return facts_of(pieces)

    def __len__(self) -> int:
        return self._facts().count

    def __repr__(self) -> str:
        return f"DiskIndex({str(self.folder)!r}, {len(self)} texts)"


def _results(
    pieces: Pieces,
    layout: Layout,
    asked: tuple[str, ...],
    rows: tuple[IntArray, ...],
    scores: tuple[FloatArray, ...],
    how: str,
) -> SearchResults:
    """Return results that hold only the texts that were found; one, where none was."""
    found = np.unique(np.concatenate(rows))
    corpus = corpus_of(pieces, layout, found if found.size else np.zeros(1, np.int64))
    own = tuple(np.searchsorted(found, one) for one in rows)
    return SearchResults(asked, own, scores, corpus, how)
