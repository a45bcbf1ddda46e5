from __future__ import annotations

import numpy as np
import pytest
from sentence_transformers.util import quantize_embeddings

from workbench._arrays import FloatArray
from workbench.errors import InputError
from workbench.models._precision import bytes_per_vector, dense_vectors, quantized


@pytest.fixture
def vectors() -> FloatArray:
    drawn = np.random.default_rng(0).normal(size=(50, 21))
    return np.asarray(drawn * np.logspace(-20, 20, 50)[:, None], dtype=np.float32)


def test_int8_by_hand() -> None:
    kept = quantized(np.array([[0.5, -1.0, 0.251], [0, 0, 0], [3, 1, -2]], np.float32), "int8")
    assert kept.dtype == np.int8
    assert kept.tolist() == [[64, -127, 32], [0, 0, 0], [127, 42, -85]]
    dense = dense_vectors(kept, "int8", 3)
    assert dense.dtype == np.float32
    assert dense.tolist() == kept.tolist()


def test_int8_keeps_cosines(vectors: FloatArray) -> None:
    dense = dense_vectors(quantized(vectors, "int8"), "int8", 21).astype(np.float64)
    exact = vectors.astype(np.float64)

    def cosines(rows: np.ndarray) -> np.ndarray:
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit @ unit.T

    np.testing.assert_allclose(cosines(dense), cosines(exact), atol=0.01)


def test_bits_are_packed_as_sentence_transformers_packs_them(vectors: FloatArray) -> None:
    kept = quantized(vectors, "ubinary")
    assert kept.shape == (50, 3)
    np.testing.assert_array_equal(kept[:, :2], quantize_embeddings(vectors[:, :16], "ubinary"))
    dense = dense_vectors(kept, "ubinary", 21)
    np.testing.assert_array_equal(dense, np.where(vectors > 0, 1, -1))
    assert dense.dtype == np.float32


def test_zeros_have_no_signs(vectors: FloatArray) -> None:
    zero = vectors.copy()
    zero[3] = 0
    with pytest.raises(InputError, match="row 4 have an all-zero vector, which has no signs"):
        quantized(zero, "ubinary")


def test_float32_stays_as_it_is(vectors: FloatArray) -> None:
    assert quantized(vectors, "float32") is vectors
    np.testing.assert_array_equal(dense_vectors(vectors, "float32", 21), vectors)


def test_bytes() -> None:
    sizes = [bytes_per_vector(p, 21) for p in ("float32", "int8", "ubinary")]
    assert sizes == [84, 21, 3]
