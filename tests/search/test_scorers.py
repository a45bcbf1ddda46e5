"""BM25 against its formula written out here; token weights against a plain product."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.models import DenseEncoder
from workbench.search import SearchIndex
from workbench.search._scorers import BM25Scorer


def bm25(query: str, texts: tuple[str, ...], k1: float = 1.5, b: float = 0.75) -> list[float]:
    """Lucene's BM25, as Robertson and Zaragoza (2009) and Kamphuis et al. (2020) write it."""
    words = [re.findall(r"\w+", text.lower()) for text in texts]
    mean = sum(map(len, words)) / len(words)
    scores = [0.0] * len(texts)
    for term in re.findall(r"\w+", query.lower()):
        holding = sum(term in own for own in words)
        idf = math.log(1 + (len(texts) - holding + 0.5) / (holding + 0.5))
        for row, own in enumerate(words):
            count = own.count(term)
            scores[row] += idf * count / (count + k1 * (1 - b + b * len(own) / mean))
    return scores


@pytest.mark.parametrize(
    "query",
    ["Where is my parcel?", "the the refund", "code 6 pm", "I cannot log in", "parcel xyzzy"],
)
def test_bm25_is_lucenes(small_corpus: Corpus, query: str) -> None:
    (found,) = BM25Scorer(small_corpus).score([query])
    expected = np.array(bm25(query, small_corpus.texts))
    np.testing.assert_allclose(np.where(found[0] > -np.inf, found[0], 0), expected, atol=1e-5)
    assert ((found[0] > -np.inf) == (expected > 0)).all()


def test_a_query_of_unknown_words_finds_nothing(small_index: SearchIndex) -> None:
    assert small_index.search(["xyzzy", "parcel"], method="bm25")[0] == ()


def test_texts_without_words_have_no_bm25(minilm: DenseEncoder) -> None:
    index = SearchIndex.build(["!!!", "???"], minilm, progress=False)
    with pytest.raises(InputError, match="BM25: none of the 2 texts has a word in it"):
        index.search("parcel", method="bm25")


def test_sparse_scores_are_cosines_of_token_weights(faq_index: SearchIndex) -> None:
    model = faq_index.sparse_encoder
    assert model is not None
    query = "I want to return a gift"
    texts = model.model.encode_document(list(faq_index.corpus.texts), show_progress_bar=False)
    asked = model.model.encode_query([query], show_progress_bar=False).to_dense().numpy()[0]
    weights = texts.to_dense().numpy()
    expected = weights @ asked / np.linalg.norm(weights, axis=1) / np.linalg.norm(asked)
    found = faq_index.search(query, method="sparse", top_k=216)
    np.testing.assert_allclose(found.scores[0], expected[found.rows[0]], atol=1e-6)
    assert len(found.rows[0]) == int((expected > 0).sum())
    assert (np.diff(found.scores[0]) <= 0).all()
