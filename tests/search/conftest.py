"""Indexes that the tests of searching share."""

from __future__ import annotations

import pytest

from workbench.corpus import Corpus, RetrievalSet, samples
from workbench.models import DenseEncoder
from workbench.search import SearchIndex


@pytest.fixture(scope="session")
def faq() -> RetrievalSet:
    return samples.faq()


@pytest.fixture(scope="session")
def faq_index(faq: RetrievalSet, minilm: DenseEncoder) -> SearchIndex:
    """The faq under the real MiniLM, with idf token weights."""
    return SearchIndex.build(faq.corpus, minilm, sparse_encoder="idf", progress=False)


@pytest.fixture(scope="session")
def small_index(small_corpus: Corpus, minilm: DenseEncoder) -> SearchIndex:
    return SearchIndex.build(small_corpus, minilm, progress=False)
