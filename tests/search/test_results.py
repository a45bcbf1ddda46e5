"""What a search returns, as hits and as a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.search import DiskIndex, Hit, SearchIndex


def test_hits_in_words_and_as_a_table(small_index: SearchIndex) -> None:
    found = small_index.search(["where is my parcel", "refund"], top_k=2)
    first = found[0][0]
    row = int(found.rows[0][0])
    assert first == Hit(str(row), small_index.corpus.texts[row], float(found.scores[0][0]), 1)
    assert found[0:2] == (found[0], found[1])
    assert [len(hits) for hits in found] == [2, 2]
    table = found.to_frame()
    assert list(table.columns) == ["query_id", "query", "rank", "corpus_id", "score", "text"]
    assert table["query_id"].tolist() == [0, 0, 1, 1]
    assert table["rank"].tolist() == [1, 2, 1, 2]
    assert table["text"].tolist() == [hit.text for hits in found for hit in hits]


def test_a_query_without_hits_has_no_row(small_index: SearchIndex) -> None:
    found = small_index.search(["xyzzy", "parcel"], method="bm25")
    assert set(found.to_frame()["query_id"]) == {1}
    assert found.summary()["queries_without_hits"] == 1
    nothing = small_index.search(["xyzzy"], method="bm25")
    assert nothing.to_frame().empty
    assert repr(nothing) == "SearchResults(1 query, 0 hits, 'BM25')"


def test_texts_are_escaped(minilm: object) -> None:
    corpus = Corpus(("<script>alert(1)</script>", "b"))
    index = SearchIndex.build(corpus, minilm, progress=False)
    assert "<script>" not in index.search("<b>script</b>")._repr_html_()


def test_hits_within_another_corpus(small_index: SearchIndex, tmp_path: Path) -> None:
    texts = small_index.corpus
    on_disk = DiskIndex.build(tmp_path / "i", texts, small_index.encoder, progress=False)
    queries = ["my parcel", "xyzzy", "the refund"]
    found, expected = (one.search(queries, method="bm25") for one in (on_disk, small_index))
    whole = found.within(texts)
    assert whole.corpus is texts
    assert [rows.tolist() for rows in whole.rows] == [rows.tolist() for rows in expected.rows]
    assert list(whole) == list(found)
    assert expected.within(texts) is expected
    nothing = on_disk.search("xyzzy", method="bm25").within(Corpus(("other",)))
    assert list(nothing) == [()]
    with pytest.raises(InputError, match="ids are not in"):
        found.within(texts.take([0]))
