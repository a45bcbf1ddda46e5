from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.models import ModelSpec

VECTORS = np.array([[3, 4, 0], [0, 0, 2], [1, 1, 1]], dtype=np.float64)
TEXTS = ("<b>one</b>", "two $x$", "three 🙂")
SPEC = ModelSpec(name="own", family="custom", revision="1", dimension=3, max_tokens=5)


@pytest.fixture
def own() -> Embeddings:
    corpus = Corpus(TEXTS, columns={"topic": ["a", "b", "a"]}, name="mine")
    return Embeddings(VECTORS.copy(), corpus, SPEC, np.array([3, 9, 5]), encoded=2)


def test_own_vectors_are_copied_as_float32() -> None:
    given = VECTORS.astype(np.float32)
    made = Embeddings.from_array(given, TEXTS, name="mine")
    given[:] = 0
    np.testing.assert_array_equal(made.vectors, VECTORS)
    assert made.vectors.dtype == np.float32
    assert (made.spec.name, made.spec.family, made.spec.dimension) == ("mine", "array", 3)
    assert (len(made), made.dimension, made.encoded) == (3, 3, 0)
    assert not made.truncated.any()


@pytest.mark.parametrize(
    ("vectors", "texts", "message"),
    [
        (VECTORS, ["a", "b"], "got 3 vectors for 2 texts"),
        (VECTORS[0], ["a"], r"expected a non-empty array of shape \(n, d\); got shape \(3,\)"),
        (np.empty((0, 3)), ["a"], r"got shape \(0, 3\)"),
        ([[1, 2], [3]], ["a", "b"], "rectangular"),
        ([["x", "y"]], ["a"], "expected numbers"),
        ([[1, np.nan], [0, 1]], ["a", "b"], "row 1 hold NaN or infinity"),
        ([[1, 1], [np.inf, 1]], ["a", "b"], "row 2 hold NaN or infinity"),
        ([[1, 1e300]], ["a"], "row 1 hold NaN or infinity"),
        (VECTORS[:1], "a", "got one str"),
        (VECTORS[:1], [3], "row 1 hold int, not str"),
    ],
)
def test_what_cannot_be_embeddings(vectors: object, texts: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Embeddings.from_array(vectors, texts)


def test_nothing_changes_after_it_is_made(own: Embeddings) -> None:
    with pytest.raises(ValueError, match="read-only"):
        own.vectors[0, 0] = 1
    assert own.n_tokens is not None
    with pytest.raises(ValueError, match="read-only"):
        own.n_tokens[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        own.encoded = 3


def test_unit_vectors_by_hand(own: Embeddings) -> None:
    third = 1 / np.sqrt(3)
    expected = np.array([[0.6, 0.8, 0], [0, 0, 1], [third, third, third]])
    np.testing.assert_allclose(own.unit(), expected, rtol=1e-6)
    assert own.unit().dtype == np.float32


@pytest.mark.parametrize("scale", [1e25, 1e-25])
def test_unit_vectors_of_extreme_numbers(scale: float) -> None:
    made = Embeddings.from_array(VECTORS * scale, TEXTS)
    np.testing.assert_allclose(np.linalg.norm(made.unit(), axis=1), 1, rtol=1e-6)


def test_a_zero_vector_has_no_direction() -> None:
    made = Embeddings.from_array([[1, 0], [0, 0], [0, 1]], TEXTS, name="mine")
    with pytest.raises(InputError, match="row 2 have an all-zero vector under 'mine'"):
        made.unit()


def test_take(own: Embeddings) -> None:
    part = own.take([2, 0])
    assert part.corpus.texts == (TEXTS[2], TEXTS[0])
    np.testing.assert_array_equal(part.vectors, VECTORS[[2, 0]])
    assert part.n_tokens is not None
    assert part.n_tokens.tolist() == [5, 3]
    assert part.spec is own.spec


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([3], "positions must be 0 to 2; got 3"),
        ([-1], "positions must be 0 to 2; got -1"),
        ([True, False, True], "np.flatnonzero"),
        ([], "Corpus: expected at least one text"),
    ],
)
def test_rows_that_are_not_there(own: Embeddings, rows: list[int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        own.take(rows)


def test_a_sample_keeps_the_order() -> None:
    made = Embeddings.from_array(np.arange(200).reshape(100, 2) + 1, [str(i) for i in range(100)])
    drawn = made.sample(10, random_state=1)
    ids = [int(text) for text in drawn.corpus.texts]
    assert len(set(ids)) == 10
    assert ids == sorted(ids)
    assert made.sample(10, random_state=1).corpus.texts == drawn.corpus.texts
    assert made.sample(100) is made


def test_truncated_texts(own: Embeddings) -> None:
    assert own.truncated.tolist() == [False, True, False]


def test_as_a_table(own: Embeddings) -> None:
    frame = own.to_frame()
    assert list(frame.columns) == ["id", "text", "topic", "truncated", "d0", "d1", "d2"]
    assert frame["text"].tolist() == list(TEXTS)
    assert frame["truncated"].tolist() == [False, True, False]
    np.testing.assert_array_equal(frame[["d0", "d1", "d2"]], VECTORS)


def test_in_numbers(own: Embeddings) -> None:
    numbers = own.summary()
    assert (numbers["texts"], numbers["truncated"], numbers["encoded"]) == (3, 1, 2)
    assert (numbers["model_name"], numbers["model_max_tokens"]) == ("own", 5)
    assert numbers["corpus_fingerprint"] == own.corpus.fingerprint


def test_how_they_show_themselves(own: Embeddings) -> None:
    assert own.title() == "mine · own"
    assert repr(own) == "Embeddings(3 × 3, 'own')"
    html = own._repr_html_()
    assert "<td>3 × 3</td>" in html
    assert "1 of 3" in html
    named = Embeddings.from_array(VECTORS, TEXTS, name="<img onerror=x>")
    assert "<img" not in named._repr_html_()
