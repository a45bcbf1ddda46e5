"""What the workbench asks of an encoder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from workbench._arrays import FloatArray, IntArray
from workbench.models._spec import ModelSpec

__all__ = ["Chunker", "CountingEncoder", "Encoder", "TokenCounter"]


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into vectors; write a class with these two members to bring your own.

    `spec.revision` enters the store's key: change it whenever the vectors change.
    """

    @property
    def spec(self) -> ModelSpec:
        """What the encoder is."""

    def encode(
        self,
        texts: Sequence[str],
        /,
        batch_size: int = 32,
        *,
        prompt_name: str | None = None,
        normalize_embeddings: bool = False,
        truncate_dim: int | None = None,
    ) -> FloatArray:
        """Return one vector per text, float32 of shape (n, d)."""


@runtime_checkable
class TokenCounter(Protocol):
    """An encoder that can say how long a text is to it."""

    def count_tokens(self, texts: Sequence[str], /, *, prompt: str = "") -> IntArray:
        """Return the number of tokens of each text before truncation, shape (n,)."""


@runtime_checkable
class CountingEncoder(Protocol):
    """An encoder that counts the tokens as it encodes: a text is tokenized once."""

    def encode_counted(
        self, texts: Sequence[str], /, batch_size: int = 32, *, prompt_name: str | None = None
    ) -> tuple[FloatArray, IntArray]:
        """Return vectors of every dimension (n, d), and token counts before truncation (n,)."""


@runtime_checkable
class Chunker(Protocol):
    """An encoder that can cut a text into parts that it reads whole."""

    def chunks(self, text: str, /, *, prompt: str = "") -> Iterator[tuple[str, int]]:
        """Yield the parts of a text in order, each with its number of tokens.

        Parameters
        ----------
        text
            The text, of any length; joined, the parts are the text.
        prompt
            What the model is given in front of each part: it takes room in it, and is not counted.
        """
