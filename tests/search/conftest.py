"""Indexes that the tests of searching share."""

from __future__ import annotations

import pytest

from workbench.corpus import Corpus, RetrievalSet, samples
from workbench.models import DenseEncoder
from workbench.search import SearchIndex, _disk_build


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


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of seven texts, so that a few texts are many parts."""
    monkeypatch.setattr(_disk_build, "_PART", 7)
