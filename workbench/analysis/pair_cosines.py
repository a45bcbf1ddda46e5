"""The cosine of one text with another, for many pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench._arrays import FloatArray
from workbench.analysis.evaluation._task import cosines, directions
from workbench.corpus import Corpus
from workbench.embeddings import embed
from workbench.models import Encoder

__all__ = ["pair_cosines"]


def pair_cosines(first: Sequence[str], second: Sequence[str], encoder: Encoder) -> FloatArray:
    """Return the cosine of each text with the one beside it, float32 of shape (n,), -1 to 1.

    A text that the model knows no word of has a cosine of 0 to anything.

    Parameters
    ----------
    first, second
        The n pairs, n >= 1; each distinct text is encoded once, and nothing is stored.
    encoder
        The model; fitted, if it is an LSA.
    """
    texts = Corpus((*first, *second))
    vectors = directions(embed(texts, encoder, store=False, progress=False))
    return np.asarray(cosines(vectors[: len(first)], vectors[len(first) :]), dtype=np.float32)
