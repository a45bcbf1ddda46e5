from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import skew

from workbench.analysis import nearest_neighbors
from workbench.analysis.geometry import geometry, occurrences
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError


def some(n: int, d: int = 8, shift: float = 0.0) -> Embeddings:
    vectors = np.random.default_rng(1).normal(size=(n, d)) + shift
    return Embeddings.from_array(vectors, [f"text {row}" for row in range(n)], name="some")


def test_hubness_is_the_skewness_of_occurrences() -> None:
    embeddings = some(300, 40)
    found = geometry(embeddings)
    counts = np.bincount(nearest_neighbors(embeddings, 10).indices.ravel(), minlength=300)
    assert found.hubness == pytest.approx(float(skew(counts)), rel=1e-9)
    assert found.antihubs == np.mean(counts == 0)
    assert found.largest_hub == counts.max()
    assert found.hub_id == str(int(counts.argmax()))
    np.testing.assert_array_equal(occurrences(nearest_neighbors(embeddings, 10)), counts)


@pytest.mark.parametrize("shift", [0.0, 1.0, -5.0])
def test_anisotropy_is_the_mean_cosine_of_all_pairs(shift: float) -> None:
    embeddings = some(150, shift=shift)
    unit = embeddings.unit().astype(np.float64)
    expected = (unit @ unit.T)[np.triu_indices(150, 1)].mean()
    assert geometry(embeddings).anisotropy == pytest.approx(expected, abs=1e-9)


def test_copies_share_their_occurrences() -> None:
    # Without that the first 5 of the 40 copies would be in everyone's list, the others in none.
    vectors = np.concatenate([np.ones((40, 3)), np.eye(3), -np.eye(3)])
    embeddings = Embeddings.from_array(vectors, [str(row) for row in range(46)])
    near = nearest_neighbors(embeddings, 5)
    counts = occurrences(near)
    assert np.unique(counts[:40]).size == 1
    assert counts.sum() == pytest.approx(46 * 5)
    plain = np.bincount(near.indices.ravel(), minlength=46)
    assert counts[0] == pytest.approx(plain[:40].mean())
    assert geometry(embeddings, n_neighbors=5).largest_hub < 10


def test_texts_that_are_all_the_same() -> None:
    found = geometry(Embeddings.from_array(np.full((20, 3), 0.1), list("abcdefghijklmnopqrst")))
    assert found.hubness == 0.0
    assert found.antihubs == 0.0
    assert found.largest_hub == pytest.approx(10)
    assert found.anisotropy == pytest.approx(1.0)


def test_few_texts() -> None:
    found = geometry(some(6))
    assert found.k == 4
    assert found.notes == "n_neighbors=10 was lowered to 4: there are 6 texts."
    assert geometry(some(3)).k == 1
    for n in (1, 2):
        with pytest.raises(InputError, match=f"geometry: expected at least 3 texts; got {n}"):
            geometry(some(n))


def test_known_neighbors_are_used() -> None:
    embeddings = some(60)
    plain = geometry(embeddings)
    assert geometry(embeddings, neighbors=nearest_neighbors(embeddings, 25)) == plain
    assert geometry(embeddings, neighbors=nearest_neighbors(embeddings, 3)) == plain
    with pytest.raises(InputError, match="these belong to other vectors"):
        geometry(embeddings, neighbors=nearest_neighbors(some(61)))


def test_shown() -> None:
    corpus = Corpus(tuple("abcd"), name="<b>letters")
    found = geometry(Embeddings.from_array(np.eye(4), corpus, name="<script>"))
    assert found.summary()["anisotropy"] == pytest.approx(0.0, abs=1e-9)
    assert type(found)(**found.summary()) == found
    assert list(found.to_frame().columns) == list(found.summary())
    assert found.title() == "Geometry of <script> · 2 nearest of 4 texts"
    assert "<script>" not in found._repr_html_()


def test_wrong_input() -> None:
    with pytest.raises(InputError, match="geometry: expected Embeddings; got list"):
        geometry([1.0])
    with pytest.raises(InputError, match="n_neighbors: expected a whole number from 1"):
        geometry(some(20), n_neighbors=0)
    with pytest.raises(InputError, match="all-zero vector"):
        geometry(Embeddings.from_array(np.eye(3)[:, :2], list("abc")))
