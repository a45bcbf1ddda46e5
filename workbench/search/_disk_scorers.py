"""The ways to score the texts of an index on disk: what is in memory is one score per text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray
from workbench.analysis._threads import one_blas_thread
from workbench.analysis.evaluation._task import directions
from workbench.analysis.queries import embedded_queries
from workbench.models import Encoder
from workbench.models._precision import dense_vectors
from workbench.search._disk_file import FILE, Pieces
from workbench.search._disk_parts import Layout, as_vectors
from workbench.search._disk_words import places
from workbench.search._folder import damaged
from workbench.search._ranking import BLOCK_CELLS
from workbench.search._scorers import BM25_B, BM25_K1, ROUNDING, WordScorer

__all__ = ["DiskBM25", "DiskDense"]


class DiskDense:
    """Cosine of vectors, exact; the file is read once per block of queries.

    Computed in float64 and rounded to float32, so that equal texts have equal scores wherever
    they stand.

    Parameters
    ----------
    pieces, layout
        The index.
    encoder
        The model that made its vectors, and makes the queries'.
    """

    highest = 1.0

    def __init__(self, pieces: Pieces, layout: Layout, encoder: Encoder) -> None:
        self._pieces = pieces
        self._layout = layout
        self._encoder = encoder

    @property
    def title(self) -> str:
        """The model, and what is compared."""
        return f"cosine, {self._layout.facts.spec.title()}"

    def score(self, queries: Sequence[str]) -> Iterator[FloatArray]:
        """Yield cosines, shape (b, n): see `DenseScorer.score`."""
        asked = directions(embedded_queries(queries, self._encoder, self._layout.facts.spec))
        count = len(self._layout.rows)
        step = max(1, BLOCK_CELLS // count)
        for start in range(0, len(asked), step):
            block = asked[start : start + step]
            scores = np.empty((len(block), count), dtype=np.float32)
            with one_blas_thread():  # a part is too small to be shared out
                for own, vectors in self._vectors():
                    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
                    scores[:, own] = np.clip(block @ vectors.T / lengths, -1.0, 1.0)
            scores[scores > 1.0 - ROUNDING] = 1.0
            scores[~block.any(axis=1)] = -np.inf
            yield scores

    def _vectors(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield each part's place among the n texts and its vectors."""
        spec = self._layout.facts.spec
        pieces = self._pieces.every(b"vectors")
        for (part, own), (found, raw) in zip(self._layout.slices(), pieces, strict=False):
            kept = as_vectors(raw, spec)
            if found != part or len(kept) != own.stop - own.start:
                break
            yield own, dense_vectors(kept, spec.precision, spec.kept_dimension).astype(np.float64)
            if own.stop == len(self._layout.rows):
                return
        raise damaged(self._pieces.folder, f"{FILE} lacks vectors")


class DiskBM25(WordScorer):
    """BM25 from the places of words, in the same arithmetic as bm25s.

    Parameters
    ----------
    pieces, layout
        The index.
    """

    def __init__(self, pieces: Pieces, layout: Layout) -> None:
        self.check_words(bool(layout.words.any()), len(layout.rows))
        self._pieces = pieces
        self._layout = layout
        self._mean = float(layout.words.mean(dtype=np.float64))

    def _scores(self, words: list[str]) -> FloatArray:
        scores = np.zeros(len(self._layout.rows), dtype=np.float32)
        for word in words:
            self._add(word, scores)
        return scores

    def _add(self, word: str, scores: FloatArray) -> None:
        rows, counts = places(self._pieces, self._layout.parts, word)
        if not rows.size:
            return
        at = np.searchsorted(self._layout.rows, rows)
        n = len(scores)
        if at.max() >= n or (self._layout.rows[at] != rows).any():
            raise damaged(self._pieces.folder, f"{FILE} has a word of a text that is not there")
        rarity = np.float32(math.log(1 + (n - len(rows) + 0.5) / (len(rows) + 0.5)))
        length = BM25_K1 * ((1 - BM25_B) + BM25_B * self._layout.words[at] / self._mean)
        scores[at] += (rarity * (counts / (length + counts))).astype(np.float32)
