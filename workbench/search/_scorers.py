"""The three ways to score texts for a query: dense, sparse, and BM25."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unicodedata import normalize as composed

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray
from workbench.analysis._inputs import distinct_rows
from workbench.analysis.evaluation._task import directions
from workbench.analysis.queries import embedded_queries
from workbench.analysis.similarity import similarity_block
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.models import Encoder, SparseModel
from workbench.search._ranking import BLOCK_CELLS

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["BM25_B", "BM25_K1", "BM25Scorer", "DenseScorer", "SparseScorer", "WordScorer", "terms"]

BM25_K1, BM25_B = 1.5, 0.75

ROUNDING = 1e-6  # of a vector's last digits, from one batch to another
_TERM = re.compile(r"(?u)\b\w+\b")


class DenseScorer:
    """Cosine of vectors, exact.

    Parameters
    ----------
    embeddings
        The n texts' vectors.
    encoder
        The model that made them, and makes the queries'.
    """

    highest = 1.0

    def __init__(self, embeddings: Embeddings, encoder: Encoder) -> None:
        self._embeddings = embeddings
        self._encoder = encoder
        vectors = embeddings.unit()
        # Equal vectors are compared once: where a product stands in a block changes its last bit.
        first, self._which = distinct_rows(vectors)
        self._distinct = vectors if len(first) == len(vectors) else vectors[first]

    @property
    def title(self) -> str:
        """The model, and what is compared."""
        return f"cosine, {self._embeddings.spec.title()}"

    def score(self, queries: Sequence[str]) -> Iterator[FloatArray]:
        """Yield cosines, shape (b, n), -1 to 1; -inf for a query that the model knows nothing of.

        A text and itself have a cosine of 1, whatever batches they were encoded in.
        """
        asked = embedded_queries(queries, self._encoder, self._embeddings.spec)
        vectors = directions(asked).astype(np.float32)
        step = max(1, BLOCK_CELLS // len(self._which))
        for start in range(0, len(vectors), step):
            part = vectors[start : start + step]
            block = similarity_block(part, self._distinct, "cosine")
            block[block > 1.0 - ROUNDING] = 1.0
            block[~part.any(axis=1)] = -np.inf
            yield block if self._distinct.shape[0] == len(self._which) else block[:, self._which]


@dataclass(frozen=True, slots=True, eq=False)
class SparseScorer:
    """Products of token weights; a text that shares no token with the query is not found.

    Parameters
    ----------
    weights
        The n texts' weights, float32 of shape (n, vocabulary); of length 1 for cosine.
    model
        The sparse encoder that made them, and makes the queries'.
    """

    weights: csr_matrix
    model: SparseModel

    @classmethod
    def of(cls, corpus: Corpus, model: SparseModel) -> SparseScorer:
        """Encode the texts of a corpus."""
        return cls(_directed(model.encode_documents(corpus.texts), model), model)

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, NDArray[Any]], model: SparseModel, made_by: object
    ) -> SparseScorer:
        """Return what `to_arrays` gave, if the model made it.

        Raises
        ------
        InputError
            If another model made the weights, or there are none.
        """
        from scipy.sparse import csr_matrix

        noted = made_by if isinstance(made_by, Mapping) else {}
        if noted.get("revision") != model.spec.revision:
            was = repr(noted["name"]) if noted else "no sparse encoder"
            raise InputError(
                f"SearchIndex.load: the token weights were made by {was}, not by "
                f"{model.spec.name!r}. Pass the sparse encoder that the index was built with."
            )
        parts = tuple(arrays[f"sparse_{name}"] for name in ("data", "indices", "indptr"))
        shape = (len(parts[2]) - 1, model.spec.dimension)
        return cls(csr_matrix(parts, shape=shape), model)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the weights as arrays."""
        weights = self.weights
        return {f"sparse_{name}": getattr(weights, name) for name in ("data", "indices", "indptr")}

    def with_more(self, corpus: Corpus) -> SparseScorer:
        """Return this with the weights of further texts behind."""
        from scipy.sparse import vstack

        return SparseScorer(vstack([self.weights, self.of(corpus, self.model).weights]), self.model)

    def of_rows(self, rows: IntArray) -> SparseScorer:
        """Return this with the weights of some rows."""
        return SparseScorer(self.weights[rows], self.model)

    @property
    def title(self) -> str:
        """The model, and what is compared."""
        return f"{self.model.similarity}, {self.model.spec.title()}"

    @property
    def highest(self) -> float:
        """What no score is above: 1 for cosine."""
        return 1.0 if self.model.similarity == "cosine" else math.inf

    def score(self, queries: Sequence[str]) -> Iterator[FloatArray]:
        """Yield products, shape (b, n); -inf where no token is shared."""
        asked = _directed(self.model.encode_queries(list(queries)), self.model)
        step = max(1, BLOCK_CELLS // self.weights.shape[0])
        for start in range(0, asked.shape[0], step):
            block = (asked[start : start + step] @ self.weights.T).toarray()
            yield _found(np.asarray(block, dtype=np.float32))

    def shared(self, query: str, rows: IntArray) -> list[dict[str, float]]:
        """Return for each of some texts what each shared token adds to the score, most first."""
        asked = _directed(self.model.encode_queries([query]), self.model)
        return [self._of_text(asked.multiply(self.weights[row]).tocoo()) for row in rows.tolist()]

    def _of_text(self, product: Any) -> dict[str, float]:
        order = np.argsort(-product.data, kind="stable")
        names = self.model.tokens(product.col[order])
        return dict(zip(names, product.data[order].tolist(), strict=True))


class WordScorer(ABC):
    """BM25 as Lucene computes it; words in lower case, none left out.

    Robertson and Zaragoza, "The probabilistic relevance framework" (2009), with k1 = 1.5 and
    b = 0.75: for each word of the query that is in the text,
    ``ln(1 + (N - n + 0.5) / (n + 0.5)) * f / (f + k1 * (1 - b + b * length / mean length))``.
    """

    title = "BM25"
    highest = math.inf

    def score(self, queries: Sequence[str]) -> Iterator[FloatArray]:
        """Yield BM25 scores, shape (1, n); -inf where no word is shared."""
        for query in queries:
            yield _found(self._scores(terms(query))[None, :])

    def shared(self, query: str, rows: IntArray) -> list[dict[str, float]]:
        """Return for each of some texts what each shared word adds to the score, most first."""
        asked = terms(query)
        parts = {word: asked.count(word) * self._scores([word])[rows] for word in asked}
        return [
            dict(
                sorted(
                    ((word, float(adds[at])) for word, adds in parts.items() if adds[at] > 0),
                    key=lambda part: -part[1],
                )
            )
            for at in range(len(rows))
        ]

    @abstractmethod
    def _scores(self, words: list[str]) -> FloatArray:
        """Return the sum over some words, shape (n,); 0 where none is in the text."""

    @staticmethod
    def check_words(any_word: bool, count: int) -> None:
        """Raise an InputError if no text has a word."""
        if not any_word:
            raise InputError(f"BM25: none of the {count:,} texts has a word in it.")


class BM25Scorer(WordScorer):
    """BM25 in memory, by the library bm25s.

    Parameters
    ----------
    corpus
        The n texts.
    """

    def __init__(self, corpus: Corpus) -> None:
        import bm25s

        words = [terms(text) for text in corpus.texts]
        self.check_words(any(words), len(corpus))
        self._index: Any = bm25s.BM25(k1=BM25_K1, b=BM25_B, method="lucene", auto_compile=False)
        self._index.index(words, show_progress=False)
        self._count = len(corpus)

    def _scores(self, words: list[str]) -> FloatArray:
        known = [word for word in words if word in self._index.vocab_dict]
        if not known:
            return np.zeros(self._count, dtype=np.float32)
        return np.asarray(self._index.get_scores(known), dtype=np.float32)


def terms(text: str) -> list[str]:
    """Return a text's words in lower case, single letters and numbers too; accents composed."""
    return _TERM.findall(composed("NFC", text).lower())


def _directed(weights: csr_matrix, model: SparseModel) -> csr_matrix:
    """Return weights as they are multiplied: at length 1 where the model compares by cosine."""
    if model.similarity != "cosine":
        return weights
    from sklearn.preprocessing import normalize

    return normalize(weights, copy=False)


def _found(scores: FloatArray) -> FloatArray:
    return np.where(scores > 0, scores, np.float32(-np.inf))
