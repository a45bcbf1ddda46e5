from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sentence_transformers.util import SimilarityFunction

from workbench.analysis import similarity_matrix
from workbench.analysis.similarity import SIMILARITIES
from workbench.embeddings import Embeddings
from workbench.errors import InputError


@pytest.mark.parametrize("metric", SIMILARITIES)
def test_values_are_those_of_sentence_transformers(toy: Embeddings, metric: str) -> None:
    theirs = SimilarityFunction.to_similarity_fn(metric)(
        np.array(toy.vectors[:50]), np.array(toy.vectors[20:])
    )
    ours = similarity_matrix(toy.take(range(50)), toy.take(range(20, len(toy))), metric=metric)
    assert ours.values.dtype == np.float32
    assert ours.values.shape == (50, 100)
    assert not ours.symmetric
    np.testing.assert_allclose(ours.values, theirs.numpy(), atol=2e-3)


@pytest.mark.parametrize("metric", SIMILARITIES)
def test_one_set_with_itself_is_symmetric(toy: Embeddings, metric: str) -> None:
    matrix = similarity_matrix(toy, metric=metric)
    assert matrix.symmetric
    assert matrix.embeddings is toy
    np.testing.assert_allclose(matrix.values, matrix.values.T, atol=1e-6)
    diagonal = np.diag(matrix.values)
    if metric == "dot":
        np.testing.assert_allclose(diagonal, (toy.vectors**2).sum(axis=1), rtol=1e-5)
    else:
        assert set(diagonal.tolist()) == {1.0 if metric == "cosine" else 0.0}


def test_euclidean_of_near_vectors_keeps_its_digits() -> None:
    vectors = np.array([[1000.0, 0.0], [1000.0, 0.001]], np.float32)
    matrix = similarity_matrix(Embeddings.from_array(vectors, ["a", "b"]), metric="euclidean")
    assert matrix.values[0, 1] == pytest.approx(-0.001, rel=1e-3)


def test_readme_numbers_by_hand() -> None:
    vectors = [[3.0, 4.0], [4.0, 3.0], [-3.0, -4.0]]
    matrix = similarity_matrix(Embeddings.from_array(vectors, ["a", "b", "c"]))
    assert matrix.values[0] == pytest.approx([1.0, 0.96, -1.0])


def test_shows_itself(toy: Embeddings) -> None:
    matrix = similarity_matrix(toy)
    frame = matrix.to_frame()
    assert list(frame.index) == list(frame.columns) == list(toy.corpus.ids)
    pairs = [matrix.values[i, j] for i in range(120) for j in range(i)]
    summary = matrix.summary()
    assert summary["similarity_max"] == pytest.approx(max(pairs))
    assert summary["similarity_median"] == pytest.approx(np.median(pairs))
    assert "cosine similarity" in matrix.title()
    assert "<table>" in matrix._repr_html_()
    with pytest.raises(ValueError, match="read-only"):
        matrix.values[0, 0] = 2.0


def test_one_text() -> None:
    matrix = similarity_matrix(Embeddings.from_array([[1.0, 2.0]], ["a"]))
    assert matrix.values.tolist() == [[1.0]]
    assert np.isnan(matrix.summary()["similarity_max"])


def test_wrong_input(toy: Embeddings, make: Callable[..., Embeddings]) -> None:
    with pytest.raises(InputError, match="expected Embeddings; got ndarray"):
        similarity_matrix(toy.vectors)
    with pytest.raises(InputError, match=r"no similarity 'cosin'\. Did you mean 'cosine'"):
        similarity_matrix(toy, metric="cosin")
    with pytest.raises(InputError, match="24 dimensions, the column vectors 8"):
        similarity_matrix(toy, make((5,), d=8))
    with pytest.raises(InputError, match="all-zero vector"):
        similarity_matrix(Embeddings.from_array([[0.0], [1.0]], ["a", "b"]))


def test_too_large_is_refused_before_anything_is_computed() -> None:
    large = Embeddings.from_array(np.ones((5001, 1)), [str(row) for row in range(5001)])
    with pytest.raises(InputError, match=r"5,001 × 5,001 .* Take a sample"):
        similarity_matrix(large)
