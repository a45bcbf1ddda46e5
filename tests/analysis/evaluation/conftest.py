from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike

from workbench._arrays import FloatArray
from workbench.models import ModelSpec

Given = Callable[[Mapping[str, ArrayLike]], "GivenEncoder"]


class GivenEncoder:
    """An encoder whose vectors are given, text by text."""

    def __init__(self, vectors: Mapping[str, ArrayLike]) -> None:
        self._vectors = {text: np.asarray(vector, np.float32) for text, vector in vectors.items()}
        width = len(next(iter(self._vectors.values())))
        self.spec = ModelSpec(name="given", family="custom", revision="1", dimension=width)

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
        return np.array([self._vectors[text] for text in texts])


@pytest.fixture(scope="session")
def given() -> Given:
    return GivenEncoder
