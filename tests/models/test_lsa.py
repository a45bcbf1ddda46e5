from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.models import Encoder, LSAEncoder, TokenCounter

TOKEN = r"(?u)\w+|[^\w\s]"
NEW = ["my parcel is late and I want a refund", "words unseen: zyzzyva"]


@pytest.fixture(scope="module")
def lsa(small_corpus: Corpus) -> LSAEncoder:
    return LSAEncoder(dimension=12).fit(small_corpus.texts)


def test_it_is_scikit_learns_tfidf_and_svd(lsa: LSAEncoder, small_corpus: Corpus) -> None:
    vectorizer = TfidfVectorizer(token_pattern=TOKEN, sublinear_tf=True, dtype=np.float32)
    weights = vectorizer.fit_transform(small_corpus.texts)
    svd = TruncatedSVD(12, n_iter=4, random_state=0).fit(weights)
    # Directions have no sign: what is compared is cosines.
    for texts in (list(small_corpus.texts), [*NEW, *small_corpus.texts[:5]]):
        expected = cosine_similarity(svd.transform(vectorizer.transform(texts)))
        np.testing.assert_allclose(cosine_similarity(lsa.encode(texts)), expected, atol=1e-4)
    exact = TruncatedSVD(12, algorithm="arpack").fit(weights)
    kept = (lsa.encode(small_corpus.texts) ** 2).sum()
    assert kept / (exact.transform(weights) ** 2).sum() > 0.98


def test_at_full_rank_cosines_are_those_of_tfidf(small_corpus: Corpus) -> None:
    lsa = LSAEncoder().fit(small_corpus.texts)
    assert lsa.spec.dimension == len(small_corpus)
    vectors = lsa.encode(small_corpus.texts)
    vectorizer = TfidfVectorizer(token_pattern=TOKEN, sublinear_tf=True)
    weights = vectorizer.fit_transform(small_corpus.texts)
    np.testing.assert_allclose(vectors @ vectors.T, (weights @ weights.T).toarray(), atol=1e-5)


def test_the_same_seed_gives_the_same_vectors(lsa: LSAEncoder, small_corpus: Corpus) -> None:
    again = LSAEncoder(dimension=12).fit(small_corpus.texts)
    assert again.spec == lsa.spec
    np.testing.assert_array_equal(again.encode(NEW), lsa.encode(NEW))
    other = LSAEncoder(dimension=12).fit(small_corpus.texts[:20])
    assert other.spec.revision != lsa.spec.revision


def test_fitting_leaves_the_encoder_as_it_was(small_corpus: Corpus) -> None:
    unfitted = LSAEncoder(dimension=3)
    fitted = unfitted.fit(small_corpus.texts)
    assert (unfitted.fitted, fitted.fitted) == (False, True)
    assert repr(unfitted) == "LSAEncoder(3 dimensions, not fitted)"
    assert repr(fitted) == "LSAEncoder(3 dimensions, fitted)"
    assert isinstance(unfitted, Encoder)
    assert not isinstance(unfitted, TokenCounter)


def test_round_trip_through_arrays(lsa: LSAEncoder) -> None:
    arrays = lsa.to_arrays()
    assert arrays["components"].shape == (12, len(arrays["terms"]))
    assert all(not values.flags.writeable for values in arrays.values())
    back = LSAEncoder.from_arrays(arrays)
    assert back.spec == lsa.spec
    np.testing.assert_array_equal(back.encode(NEW), lsa.encode(NEW))
    incomplete = {name: values for name, values in arrays.items() if name != "idf"}
    with pytest.raises(InputError, match=r"missing \['idf'\]"):
        LSAEncoder.from_arrays(incomplete)


def test_options_of_encode(lsa: LSAEncoder) -> None:
    whole = lsa.encode(NEW[:1])
    np.testing.assert_array_equal(lsa.encode(NEW[:1], truncate_dim=4), whole[:, :4])
    unit = lsa.encode(NEW, normalize_embeddings=True)
    np.testing.assert_allclose(unit[0], whole[0] / np.linalg.norm(whole[0]), rtol=1e-6)
    assert np.isfinite(unit).all()
    assert lsa.encode([]).shape == (0, 12)
    assert whole.dtype == np.float32
    with pytest.raises(InputError, match="has no prompts; got prompt_name='query'"):
        lsa.encode(NEW, prompt_name="query")


def test_not_fitted() -> None:
    with pytest.raises(InputError, match=r"not fitted yet.*encoder\.fit\(texts\)"):
        LSAEncoder().encode(["a text"])
    with pytest.raises(InputError, match="not fitted yet"):
        LSAEncoder().to_arrays()


@pytest.mark.parametrize("dimension", [0, 5000])
def test_dimension_out_of_range(dimension: int) -> None:
    with pytest.raises(InputError, match=f"dimension must be 1 to 4096; got {dimension}"):
        LSAEncoder(dimension=dimension)


def test_blank_texts_cannot_be_fitted() -> None:
    with pytest.raises(InputError, match="none of the 2 has any"):
        LSAEncoder().fit([" ", "\n"])


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_texts(small_corpus: Corpus, count: int) -> None:
    lsa = LSAEncoder().fit(small_corpus.texts[:count])
    vectors = lsa.encode(small_corpus.texts[:count])
    assert vectors.shape == (count, count)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_hostile_texts_keep_a_vector() -> None:
    texts = ["\0", "\ud800 half", "🙂🙂", "\u202eright\u202c", "<b>$x$</b>", "?"]
    lsa = LSAEncoder().fit(texts)
    assert (np.linalg.norm(lsa.encode(texts), axis=1) > 0.1).all()
    back = LSAEncoder.from_arrays(lsa.to_arrays())
    np.testing.assert_array_equal(back.encode(texts), lsa.encode(texts))
