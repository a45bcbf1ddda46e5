"""SearchIndex: texts that can be searched by meaning, by words, or by both."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from workbench._progress import ProgressOption
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings, EmbeddingStore
from workbench.errors import InputError
from workbench.models import (
    Encoder,
    ModelSpec,
    Reranker,
    SparseModel,
    base_of,
    load_reranker,
    load_sparse_encoder,
)
from workbench.search._build import document_embeddings, encoder_of, joined, sparse_model_of
from workbench.search._files import read_files, write_files
from workbench.search._filters import rows_where
from workbench.search._folder import as_folder
from workbench.search._ranking import Scorer
from workbench.search._scorers import BM25Scorer, DenseScorer, SparseScorer
from workbench.search._searching import Source
from workbench.search.results import SearchResults
from workbench.search.searchable import Searchable

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder, SparseEncoder

__all__ = ["SearchIndex"]

_METHODS = ("dense", "bm25", "sparse", "hybrid")


class SearchIndex(Searchable):
    """Texts, their vectors and the model that made them; `build` makes it.

    An index does not change: `add` and `remove` return another one.

    Parameters
    ----------
    embeddings
        The n texts and their vectors.
    encoder
        The model that made them, and makes the queries'.
    sparse
        The texts' token weights; None: there is no search by ``sparse``.
    reranker
        What reads the first hits again; None: nothing does.
    """

    without = MappingProxyType({"sparse": " Build the index with sparse_encoder=."})

    def __init__(
        self,
        embeddings: Embeddings,
        encoder: Encoder,
        *,
        sparse: SparseScorer | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self.embeddings = embeddings
        self.encoder = encoder
        self.reranker = reranker
        self._sparse = sparse
        self._saved: tuple[Path, str] | None = None  # where it was read or written, and what

    @classmethod
    def build(
        cls,
        texts: Corpus | Embeddings | Sequence[str],
        encoder: Encoder | str,
        *,
        sparse_encoder: SparseModel | SparseEncoder | str | None = None,
        reranker: Reranker | CrossEncoder | str | None = None,
        store: EmbeddingStore | bool = True,
        progress: ProgressOption = True,
    ) -> SearchIndex:
        """Return an index of some texts.

        Parameters
        ----------
        texts
            The n texts, or their vectors: then nothing is encoded.
        encoder
            The model; an LSA that is not fitted is fitted on the texts. Its document prompt is
            put before the texts and its query prompt before queries, where it has them.
        sparse_encoder
            What weighs tokens for ``method="sparse"``: see `load_sparse_encoder`;
            ``"idf"``: `idf_sparse_encoder` of these texts.
        reranker
            What reads the first hits again for ``rerank=``: see `load_reranker`.
        store, progress
            As for `embed`.

        Raises
        ------
        InputError
            If there is no text, the vectors are another model's, or one is all zeros.
        ModelUnavailableError
            If a model cannot be had.
        """
        second = None if reranker is None else load_reranker(reranker)
        embeddings, model = document_embeddings(texts, encoder, store, progress)
        sparse = None
        if sparse_encoder is not None:
            sparse = SparseScorer.of(
                embeddings.corpus, sparse_model_of(sparse_encoder, embeddings.corpus)
            )
        index = cls(embeddings, model, sparse=sparse, reranker=second)
        _ = index._dense  # a vector of zeros is said now, not at the first query
        return index

    @property
    def corpus(self) -> Corpus:
        """The texts that are searched."""
        return self.embeddings.corpus

    @property
    def spec(self) -> ModelSpec:
        """What made the texts' vectors."""
        return self.embeddings.spec

    @property
    def sparse_encoder(self) -> SparseModel | None:
        """What weighs tokens for ``method="sparse"``; None: there is no such search."""
        return None if self._sparse is None else self._sparse.model

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that `search` takes here."""
        return tuple(m for m in _METHODS if m != "sparse" or self._sparse is not None)

    def add(self, texts: Corpus | Embeddings, *, progress: ProgressOption = True) -> SearchIndex:
        """Return an index with further texts behind these; only they are encoded.

        Raises
        ------
        InputError
            If an id is there already, the columns differ, or the vectors are another model's.
        """
        more, _ = document_embeddings(
            texts, self.encoder, True, progress, like=self.embeddings.spec
        )
        both = joined(self.embeddings, more)
        sparse = None if self._sparse is None else self._sparse.with_more(more.corpus)
        return self._changed(both, sparse)

    def remove(self, ids: Sequence[str]) -> SearchIndex:
        """Return an index without some texts.

        Raises
        ------
        InputError
            If an id is not there, or no text would be left.
        """
        if isinstance(ids, str):
            raise InputError(f"remove: ids is a list; got one str. Write [{ids!r}].")
        gone = self.corpus.positions(ids)
        kept = np.setdiff1d(np.arange(len(self.corpus)), gone)
        if not kept.size:
            raise InputError("remove: no text would be left; an index has one at least.")
        sparse = None if self._sparse is None else self._sparse.of_rows(kept)
        return self._changed(self.embeddings.take(kept), sparse)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write the index into a folder: texts and vectors, not the models; return the folder.

        Raises
        ------
        InputError
            If the folder holds another index, one that somebody else has changed since this was
            loaded from it, or other files.
        WorkbenchError
            If it cannot be written.
        """
        target = as_folder(folder)
        arrays: dict[str, Any] = {"vectors": self.embeddings.vectors}
        if self.embeddings.n_tokens is not None:
            arrays["n_tokens"] = self.embeddings.n_tokens
        base = base_of(self.encoder)
        facts: dict[str, Any] = {"encoder": asdict(self.embeddings.spec), "model": base.spec.name}
        if self._sparse is not None:
            arrays |= self._sparse.to_arrays()
            facts["sparse_encoder"] = asdict(self._sparse.model.spec)
        before = self._saved[1] if self._saved and self._saved[0] == target.resolve() else None
        version = write_files(
            target, self.corpus, arrays, facts, expected=before, overwrite=overwrite
        )
        self._saved = (target.resolve(), version)
        return target

    @classmethod
    def load(
        cls,
        folder: str | Path,
        encoder: Encoder | str | None = None,
        *,
        sparse_encoder: SparseModel | SparseEncoder | str | None = None,
        reranker: Reranker | CrossEncoder | str | None = None,
    ) -> SearchIndex:
        """Return an index that `save` wrote.

        Parameters
        ----------
        folder
            Where it is.
        encoder
            The model that made it; by default the one of the name that the index notes.
        sparse_encoder
            The sparse encoder that made its token weights; without it, ``sparse`` is left out.
        reranker
            What reads the first hits again.

        Raises
        ------
        InputError
            If there is no index, a file is damaged, or a model is not the one that made it.
        ModelUnavailableError
            If the model cannot be had by its name.
        """
        where = as_folder(folder)
        stored = read_files(where)
        spec = ModelSpec(**stored.facts["encoder"])
        model = encoder_of(encoder, stored.facts["model"], spec, "SearchIndex.load")
        embeddings = Embeddings(
            stored.arrays["vectors"], stored.corpus, spec, stored.arrays.get("n_tokens")
        )
        sparse = None
        if sparse_encoder is not None:
            weigher = load_sparse_encoder(sparse_encoder)
            sparse = SparseScorer.from_arrays(
                stored.arrays, weigher, stored.facts.get("sparse_encoder")
            )
        second = None if reranker is None else load_reranker(reranker)
        index = cls(embeddings, model, sparse=sparse, reranker=second)
        index._saved = (where.resolve(), stored.version)
        return index

    @cached_property
    def _dense(self) -> DenseScorer:
        return DenseScorer(self.embeddings, self.encoder)

    @cached_property
    def _bm25(self) -> BM25Scorer:
        return BM25Scorer(self.corpus)

    def _changed(self, embeddings: Embeddings, sparse: SparseScorer | None) -> SearchIndex:
        index = SearchIndex(embeddings, self.encoder, sparse=sparse, reranker=self.reranker)
        index._saved = self._saved
        return index

    def _source(self) -> AbstractContextManager[Source]:
        return nullcontext(
            Source(
                self._scorer,
                lambda where: np.flatnonzero(rows_where(self.corpus, where)),
                lambda rows: [self.corpus.texts[row] for row in rows],
                self.corpus.positions,
                lambda asked, rows, scores, how: SearchResults(
                    asked, rows, scores, self.corpus, how
                ),
            )
        )

    def _scorer(self, method: str) -> Scorer:
        if method == "dense":
            return self._dense
        return self._bm25 if method == "bm25" else cast("Scorer", self._sparse)

    def summary(self) -> dict[str, float | int | str]:
        """Return the index in numbers: a flat dict."""
        sparse, second = self.sparse_encoder, self.reranker
        return {
            "texts": len(self.corpus),
            "methods": ", ".join(self.methods),
            "model": self.embeddings.spec.title(),
            **({"sparse_encoder": sparse.spec.title()} if sparse else {}),
            **({"reranker": second.spec.title()} if second else {}),
            "corpus_fingerprint": self.corpus.fingerprint,
        }

    def title(self) -> str:
        """Return what is searched by what, for titles."""
        return f"search in {self.embeddings.title()}"

    def __len__(self) -> int:
        return len(self.corpus)

    def __repr__(self) -> str:
        return f"SearchIndex({len(self)} texts, {self.embeddings.spec.title()!r})"
