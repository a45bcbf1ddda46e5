"""The table of all texts: its columns, and what is private in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from workbench.analysis import Clustering
from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.views import redacted, texts_view, view_of


def test_it_holds_every_text_with_all_columns(
    corpus: Corpus, clustered: Callable[..., Clustering]
) -> None:
    clustering = clustered(corpus, [0] * 6 + [1] * 5 + [-1], [["refund"], ["parcel"]])
    view = texts_view(corpus, clustering=clustering)
    assert view.kind == "texts"
    assert view.texts["text"].tolist() == list(corpus.texts)
    assert view.meta["table"] == ["topic", "score", "day", "kept", "cluster_name"]
    assert view.texts["cluster_name"].iloc[-1] == "unclustered"
    assert view.meta["corpus"] == corpus.fingerprint
    assert view_of(corpus).texts["id"].tolist() == list(corpus.ids)


def test_a_private_one_has_the_allowed_columns(corpus: Corpus) -> None:
    view = redacted(texts_view(corpus), texts=False, columns=["topic"])
    assert list(view.texts.columns) == ["id", "topic"]
    assert view.meta["table"] == ["topic"]
    assert "text number" not in view.to_json()


def test_what_is_no_corpus_is_refused(corpus: Corpus, clustered: Callable[..., Clustering]) -> None:
    with pytest.raises(InputError, match=r"expected a Corpus; got list"):
        texts_view(["a", "b"])
    other = clustered(corpus.take(range(5)), [0] * 5, [["word"]])
    with pytest.raises(InputError, match="of 'twelve'"):
        texts_view(corpus, clustering=other)
