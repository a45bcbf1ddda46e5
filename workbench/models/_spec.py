"""ModelSpec: what an encoder is, in the words that titles, keys and MLflow use."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

__all__ = ["Family", "ModelSpec"]

Family: TypeAlias = Literal["dense", "static", "lsa", "array", "custom"]


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What made some vectors.

    Parameters
    ----------
    name
        The model's name, as titles show it.
    family
        ``dense`` (a transformer), ``static`` (token vectors), ``lsa`` (TF-IDF + truncated SVD),
        ``array`` (vectors of one's own) or ``custom`` (an encoder of one's own).
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

    def title(self) -> str:
        """Return the name with what differs from the plain model, for titles."""
        marks = [
            f"{self.truncate_dim} d" if self.truncate_dim else "",
            self.dtype if self.dtype != "float32" else "",
            f"prompt {self.prompt!r}" if self.prompt else "",
        ]
        shown = ", ".join(mark for mark in marks if mark)
        return f"{self.name} ({shown})" if shown else self.name

    def summary(self) -> dict[str, str | int | bool | None]:
        """Return the fields as a flat dict (what tracking logs as params)."""
        return asdict(self)
