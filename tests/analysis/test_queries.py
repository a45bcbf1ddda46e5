"""A query's cosine to each text, against numpy and the model itself."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.analysis import query_similarity
from workbench.embeddings import embed
from workbench.errors import InputError
from workbench.models import DenseEncoder, LSAEncoder

TEXTS = ("the parcel is late", "where is my parcel", "reset the password", "the card was charged")


def test_it_is_the_cosine_of_the_models_vectors(tiny_encoder: DenseEncoder) -> None:
    vectors = embed(list(TEXTS), tiny_encoder, store=False, progress=False)
    found = query_similarity("a late parcel", vectors, tiny_encoder)
    (query,) = tiny_encoder.encode(["a late parcel"]).astype(np.float64)
    raw = vectors.vectors.astype(np.float64)
    wanted = raw @ query / (np.linalg.norm(raw, axis=1) * np.linalg.norm(query))
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert found.dtype == np.float32


def test_the_query_is_cut_as_the_texts_were(tiny_encoder: DenseEncoder) -> None:
    vectors = embed(list(TEXTS), tiny_encoder, truncate_dim=8, store=False, progress=False)
    found = query_similarity(TEXTS[2], vectors, tiny_encoder)
    assert found.argmax() == 2
    assert found[2] == pytest.approx(1.0, abs=1e-5)


def test_what_cannot_be_looked_for_is_refused(tiny_encoder: DenseEncoder) -> None:
    vectors = embed(list(TEXTS), tiny_encoder, store=False, progress=False)
    with pytest.raises(InputError, match="expected a text to look for; got '  '"):
        query_similarity("  ", vectors, tiny_encoder)
    other = LSAEncoder(dimension=2).fit(list(TEXTS))
    with pytest.raises(InputError, match=r"dimensions|compared"):
        query_similarity("parcel", vectors, other)
    with pytest.raises(InputError, match="knows no word"):
        query_similarity("zzzz", embed(list(TEXTS), other, store=False, progress=False), other)
