"""Pairs of sentences: their vectors' cosines, for the two tasks on pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._progress import ProgressOption
from workbench.analysis.evaluation._task import (
    check_enough,
    cosines,
    directions,
    embedded,
    fitted,
    remarks,
    spec_of,
)
from workbench.corpus import SentencePairs
from workbench.embeddings import EmbeddingStore
from workbench.errors import InputError
from workbench.models import Encoder, ModelSpec

__all__ = ["PairCosines", "pair_cosines", "pairs_table", "scored_pairs"]


@dataclass(frozen=True, slots=True, eq=False)
class PairCosines:
    """The cosine of each pair, shape (n,), and what is to be said of the model."""

    values: NDArray[np.float64]
    spec: ModelSpec
    prompts: dict[str, str]
    notes: tuple[str, ...]


def scored_pairs(given: object, name: str) -> tuple[SentencePairs, NDArray[np.float64]]:
    """Return pairs and their scores, or raise an InputError."""
    if not isinstance(given, SentencePairs):
        raise InputError(
            f"{name}: expected SentencePairs; got {type(given).__name__}. wb.read_pairs reads a "
            "file; wb.SentencePairs(sentences1, sentences2, scores) takes lists."
        )
    if given.scores is None:
        raise InputError(
            f"{name}: the pairs {given.name!r} have no scores; there is nothing to score against. "
            "Pass scores=… to SentencePairs."
        )
    check_enough(len(given), "pairs", name)
    return given, np.asarray(given.scores, dtype=np.float64)


def pair_cosines(
    encoder: Encoder | str,
    pairs: SentencePairs,
    store: EmbeddingStore | bool,
    progress: ProgressOption,
) -> PairCosines:
    """Embed both sides with the model's default prompt, and compare each pair."""
    n = len(pairs)
    sentences = (*pairs.sentences1, *pairs.sentences2)
    vectors = embedded(sentences, fitted(encoder, sentences), store, progress)
    units = directions(vectors)
    return PairCosines(
        cosines(units[:n], units[n:]),
        spec_of(vectors),
        {"sentence": vectors.spec.prompt},
        remarks(vectors),
    )


def pairs_table(pairs: SentencePairs, **numbers: NDArray[np.generic]) -> pd.DataFrame:
    """Return one row per pair: its number as id, some numbers, its sentences."""
    return pd.DataFrame(
        {
            "example": pd.Series([str(row) for row in range(len(pairs))], dtype=object),
            **numbers,
            "sentence1": pd.Series(pairs.sentences1, dtype=object),
            "sentence2": pd.Series(pairs.sentences2, dtype=object),
        }
    )
