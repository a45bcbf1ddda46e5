"""Embeddings: a corpus, its vectors, and the spec of the model that made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from workbench._arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    VectorArray,
    as_matrix,
    freeze,
    row_list,
)
from workbench._html import facts_table
from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.models import ModelSpec
from workbench.models._precision import bytes_per_vector, dense_vectors
from workbench.models._spec import CHUNKED

__all__ = ["Embeddings"]

_KEPT = {"float32": "", "int8": ", int8", "ubinary": ", one bit each"}


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """One vector per text.

    Parameters
    ----------
    vectors
        Read-only array: float32 of shape (n, d); when quantised (``spec.precision``), int8 of
        shape (n, d) or packed bits, uint8 of shape (n, ceil(d / 8)). `dense` gives numbers.
    corpus
        The n texts.
    spec
        What made the vectors.
    n_tokens
        Tokens per text before truncation, shape (n,); None when the model does not count them.
    encoded
        How many distinct texts the model had to encode for this value; the others were read
        from the store.
    """

    vectors: VectorArray
    corpus: Corpus
    spec: ModelSpec
    n_tokens: IntArray | None = None
    encoded: int = 0

    def __post_init__(self) -> None:
        vectors = self._checked()
        if len(vectors) != len(self.corpus):
            raise InputError(
                f"Embeddings: got {len(vectors)} vectors for {len(self.corpus)} texts; "
                "expected one each."
            )
        object.__setattr__(self, "vectors", freeze(vectors))
        if self.n_tokens is not None:
            object.__setattr__(self, "n_tokens", freeze(np.asarray(self.n_tokens, dtype=np.int64)))

    def _checked(self) -> VectorArray:
        what = f"Embeddings of {self.spec.name!r}"
        if self.spec.precision == "float32":
            return as_matrix(self.vectors, what)
        bits = self.spec.precision == "ubinary"
        dtype = np.dtype(np.uint8 if bits else np.int8)
        width = bytes_per_vector(self.spec.precision, self.spec.kept_dimension)
        got = np.asarray(self.vectors)
        if got.dtype != dtype or got.ndim != 2 or got.shape[1] != width:
            raise InputError(
                f"{what}: expected {dtype} of shape (n, {width}) for {self.spec.kept_dimension} "
                f"dimensions in precision {self.spec.precision!r}; got {got.dtype} of shape "
                f"{got.shape}. Make quantised vectors with wb.embed(..., precision=...)."
            )
        return got

    @classmethod
    def from_array(
        cls, vectors: ArrayLike, texts: Corpus | Sequence[str], *, name: str = "own vectors"
    ) -> Embeddings:
        """Return embeddings made elsewhere.

        Parameters
        ----------
        vectors
            Shape (n, d), finite numbers; copied as float32.
        texts
            The n texts, or their corpus.
        name
            What to call the model in titles.

        Raises
        ------
        InputError
            If the shapes do not fit, or a row holds NaN or infinity.
        """
        corpus = texts if isinstance(texts, Corpus) else Corpus(cast("tuple[str, ...]", texts))
        matrix = as_matrix(vectors, "Embeddings.from_array").copy()
        spec = ModelSpec(name=name, family="array", revision="", dimension=matrix.shape[1])
        return cls(matrix, corpus, spec)

    def __len__(self) -> int:
        return len(self.corpus)

    @property
    def dimension(self) -> int:
        """Number of dimensions of a vector, also where eight of them share a byte."""
        if self.spec.precision == "ubinary":
            return self.spec.kept_dimension
        return int(self.vectors.shape[1])

    @property
    def bytes_per_text(self) -> int:
        """Bytes that one vector takes."""
        return bytes_per_vector(self.spec.precision, self.dimension)

    @property
    def counted(self) -> bool:
        """Whether it is known which texts are longer than the model reads."""
        return self.n_tokens is not None or self.spec.family in ("static", "lsa")

    @property
    def truncated(self) -> BoolArray:
        """Which texts are known to have lost what the model does not read, shape (n,).

        None has where long texts are read in chunks.
        """
        if self.spec.long_texts == CHUNKED:
            return np.zeros(len(self), dtype=np.bool_)
        return self.long

    @property
    def long(self) -> BoolArray:
        """Which texts are known to be longer than the model reads at once, shape (n,)."""
        if self.n_tokens is None or self.spec.max_tokens is None:
            return np.zeros(len(self), dtype=np.bool_)
        return np.asarray(self.n_tokens > self.spec.max_tokens)

    def dense(self) -> FloatArray:
        """Return the vectors as numbers, float32 of shape (n, d).

        int8 as whole numbers from -127 to 127 (a vector's length is lost: compare by cosine),
        bits as -1 and 1.
        """
        if self.spec.precision == "float32":
            return self.vectors
        return dense_vectors(self.vectors, self.spec.precision, self.dimension)

    def unit(self) -> FloatArray:
        """Return the vectors at length 1, shape (n, d): their dot products are cosines.

        Raises
        ------
        InputError
            If a vector is all zeros: it has no direction.
        """
        # In float64: the squares of large or tiny float32 numbers are infinite or zero.
        vectors = self.dense()
        squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
        lengths = np.sqrt(squares)[:, None]
        zero = np.flatnonzero(lengths == 0)
        if zero.size:
            raise InputError(
                f"{row_list(zero)} have an all-zero vector under {self.spec.name!r}, which has no "
                "cosine to anything. Remove these texts (corpus.take) or choose another model."
            )
        return np.asarray(vectors / lengths, dtype=np.float32)

    def take(self, rows: Sequence[int] | IntArray) -> Embeddings:
        """Return the embeddings of some rows (positions from 0), in the order given."""
        corpus = self.corpus.take(rows)
        chosen = np.asarray(rows, dtype=np.int64)
        tokens = None if self.n_tokens is None else self.n_tokens[chosen]
        return Embeddings(self.vectors[chosen], corpus, self.spec, tokens)

    def sample(self, most: int, *, random_state: int = 0) -> Embeddings:
        """Return at most ``most`` texts, drawn at random and kept in their order."""
        if len(self) <= most:
            return self
        drawn = np.random.default_rng(random_state).choice(len(self), most, replace=False)
        return self.take(np.sort(drawn))

    def title(self) -> str:
        """Return what the vectors are, for titles: corpus and model."""
        return f"{self.corpus.name} · {self.spec.title()}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per text: the corpus' columns, ``truncated``, then ``d0``, ``d1``, …..

        The numbers are those of `dense`.
        """
        frame = self.corpus.to_frame().assign(truncated=self.truncated)
        dimensions = [f"d{i}" for i in range(self.dimension)]
        return pd.concat([frame, pd.DataFrame(self.dense(), columns=dimensions)], axis=1)

    def summary(self) -> dict[str, Any]:
        """Return the embeddings in numbers: a flat dict."""
        return {
            "texts": len(self),
            **({"truncated": int(self.truncated.sum())} if self.counted else {}),
            "encoded": self.encoded,
            **{f"model_{name}": value for name, value in self.spec.summary().items()},
            "corpus_fingerprint": self.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        long = f"{int(self.long.sum()):,} of {len(self):,}" if self.counted else "not counted"
        read = ", read in chunks" if self.spec.long_texts == CHUNKED else ""
        encoded = f"{self.encoded:,} (others read from the store)"
        facts = {
            "vectors": f"{len(self):,} × {self.dimension}{_KEPT[self.spec.precision]}",
            "model": self.spec.title(),
            **({} if self.spec.family == "array" else {"encoded now": encoded}),
            "texts longer than the model reads": long + read,
        }
        return facts_table(self.title(), facts)

    def __repr__(self) -> str:
        return f"Embeddings({len(self)} × {self.dimension}, {self.spec.title()!r})"
