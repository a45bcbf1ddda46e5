"""ModelSpec: what an encoder is, in the words that titles, keys and MLflow use."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

__all__ = ["CHUNKED", "Family", "LongTexts", "ModelSpec", "Precision"]

Family: TypeAlias = Literal["dense", "static", "lsa", "array", "custom", "sparse", "reranker"]
Precision: TypeAlias = Literal["float32", "int8", "ubinary"]
LongTexts: TypeAlias = Literal["truncate", "chunk"]

CHUNKED: LongTexts = "chunk"
_PRECISION_MARKS = {"float32": "", "int8": "int8 vectors", "ubinary": "binary vectors"}


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What made some vectors.

    Parameters
    ----------
    name
        The model's name, as titles show it.
    family
        ``dense`` (a transformer), ``static`` (token vectors), ``lsa`` (TF-IDF + truncated SVD),
        ``array`` (vectors of one's own), ``custom`` (an encoder of one's own), ``sparse`` (a
        weight per token) or ``reranker`` (a score per pair).
    revision
        The hub's commit, or ``"blake2b:…"`` over weights, tokenizer and modules.
    dimension
        Length of the vectors.
    max_tokens
        How many tokens of a text the model reads; None when there is no limit.
    pooling
        How token vectors become one (``"mean"``, say).
    prompt
        The text put in front of each text.
    dtype
        Numeric class of weights and arithmetic: ``float32``, ``bfloat16``, ``int8``.
    truncate_dim
        The number of leading dimensions kept; None when all are.
    precision
        How the vectors are kept: ``float32``, ``int8``, or ``ubinary`` (one bit per dimension).
    long_texts
        What becomes of a text longer than the model reads: ``truncate`` (the rest is lost) or
        ``chunk`` (it is read in parts, whose vectors are pooled).
    """

    name: str
    family: Family
    revision: str
    dimension: int
    max_tokens: int | None = None
    pooling: str = ""
    prompt: str = ""
    dtype: str = "float32"
    truncate_dim: int | None = None
    precision: Precision = "float32"
    long_texts: LongTexts = "truncate"

    @property
    def kept_dimension(self) -> int:
        """How many dimensions the vectors have after truncation."""
        return self.truncate_dim or self.dimension

    def title(self) -> str:
        """Return the name with what differs from the plain model, for titles.

        What the name says already (a variant's, by default) is not said twice.
        """
        marks = [
            f"{self.truncate_dim} d" if self.truncate_dim else "",
            self.dtype if self.dtype != "float32" else "",
            _PRECISION_MARKS[self.precision],
            "long texts in chunks" if self.long_texts == CHUNKED else "",
            f"prompt {self.prompt!r}" if self.prompt else "",
        ]
        shown = ", ".join(mark for mark in marks if mark and not _said(mark, self.name))
        return f"{self.name} ({shown})" if shown else self.name

    def summary(self) -> dict[str, str | int | bool | None]:
        """Return the fields as a flat dict (what tracking logs as params)."""
        return asdict(self)


def _said(mark: str, name: str) -> bool:
    """Whether a name holds a mark as words of its own: "4 d" is not in "64 d"."""
    return re.search(rf"(?<!\w){re.escape(mark)}(?!\w)", name) is not None
