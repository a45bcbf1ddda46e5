"""An index on disk is held against SearchIndex."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from workbench.corpus import Corpus, RetrievalSet
from workbench.embeddings import embed
from workbench.errors import InputError
from workbench.models import DenseEncoder, variant
from workbench.search import DiskIndex, SearchIndex

from ..hashing_encoder import HashingEncoder
from .on_disk import METHODS, QUERIES, check_equal, mixed


@pytest.mark.usefixtures("small_parts")
def test_it_finds_what_an_index_in_memory_finds(
    faq: RetrievalSet, faq_index: SearchIndex, minilm: DenseEncoder, tmp_path: Path
) -> None:
    index = DiskIndex.build(tmp_path / "i", faq.corpus, minilm, progress=False)
    queries = list(faq.queries.values())[:40]
    for method in METHODS:
        expected = faq_index.search(queries, method=method, top_k=20)
        check_equal(index.search(queries, method=method, top_k=20), expected)
        check_equal(
            DiskIndex.open(index.folder, minilm).search(queries[3], method=method, top_k=500),
            faq_index.search(queries[3], method=method, top_k=500),
        )


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("precision", ["float32", "int8", "ubinary"])
def test_it_takes_streams_vectors_and_variants(
    small_corpus: Corpus, minilm: DenseEncoder, tmp_path: Path, precision: str
) -> None:
    small = variant(minilm, truncate_dim=64, precision=precision)
    batches = (small_corpus.take(range(start, start + 10)) for start in (0, 10, 20))
    index = DiskIndex.build(tmp_path / "i", batches, small, progress=False)
    vectors = embed(small_corpus, small, progress=False)
    expected = SearchIndex.build(vectors, small).search(QUERIES, top_k=12)
    np.testing.assert_allclose(index.search(QUERIES, top_k=12).scores, expected.scores, atol=1e-5)
    ready = DiskIndex.build(tmp_path / "j", [vectors.take(range(9))], small, progress=False)
    ready.add(vectors.take(range(9, 30)), progress=False)
    check_equal(ready.search(QUERIES), index.search(QUERIES))
    assert ready.search("parcel").corpus.name == "small"


@pytest.mark.usefixtures("small_parts")
def test_equal_texts_come_in_their_order(tmp_path: Path, minilm: DenseEncoder) -> None:
    texts = ["a parcel", "the sun", "a parcel of mine"] * 30
    index = DiskIndex.build(tmp_path / "i", texts, minilm, progress=False)
    for method in ("dense", "bm25"):
        hits = index.search(["a parcel"] * 3, method=method, top_k=60)[1]
        assert [int(hit.corpus_id) for hit in hits[:30]] == list(range(0, 90, 3))
        assert [int(hit.corpus_id) for hit in hits[30:]] == list(range(2, 90, 3))
        assert len({hit.score for hit in hits}) == 2


CONDITIONS = [
    {"year": 2003},
    {"year": [2003, 2017, 1]},
    {"year": {"min": 2004, "max": 2019}},
    {"share": {"max": 1.3}},
    {"share": [0.5, 1.25]},
    {"when": {"min": "2024-01-05"}},
    {"when": "2024-01-03"},
    {"kind": ["x", 3]},
    {"kind": True},
    {"kind": [None]},
    {"open": True, "kind": "y"},
]


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("where", CONDITIONS)
def test_filters_are_those_in_memory(tmp_path: Path, where: dict[str, object]) -> None:
    corpus, encoder = mixed(23), HashingEncoder()
    index = DiskIndex.build(tmp_path / "i", corpus, encoder, progress=False)
    in_memory = SearchIndex.build(corpus, encoder, store=False, progress=False)
    found = index.search("text", where=where, top_k=30)
    check_equal(found, in_memory.search("text", where=where, top_k=30))
    kept = corpus.take(corpus.positions(found.corpus.ids))
    assert found.corpus.label == "kind"
    for name, values in kept.columns.items():
        assert found.corpus[name].dtype == values.dtype
        assert found.corpus[name].astype(str).tolist() == values.astype(str).tolist()


def test_the_reranker_has_the_last_word(
    small_corpus: Corpus, minilm: DenseEncoder, cross_encoder_folder: Path, tmp_path: Path
) -> None:
    folder = str(cross_encoder_folder)
    index = DiskIndex.build(tmp_path / "i", small_corpus, minilm, reranker=folder, progress=False)
    in_memory = SearchIndex.build(small_corpus, minilm, reranker=folder, progress=False)
    check_equal(
        index.search(QUERIES, top_k=3, rerank=8), in_memory.search(QUERIES, top_k=3, rerank=8)
    )


def test_why_a_text_was_found(
    faq: RetrievalSet, faq_index: SearchIndex, minilm: DenseEncoder, tmp_path: Path
) -> None:
    index = DiskIndex.build(tmp_path / "i", faq.corpus, minilm, progress=False)
    query = "Can I change the delivery address?"
    text_id = faq_index.search(query, method="bm25", top_k=1)[0][0].corpus_id
    why, expected = (one.explain(query, text_id) for one in (index, faq_index))
    assert why.words == pytest.approx(dict(expected.words))
    assert why.similarity == pytest.approx(expected.similarity, abs=1e-6)
    above, others = (one.above([query, "a gift"], threshold=0.4) for one in (index, faq_index))
    check_equal(above, others)
    assert len(above.corpus) < len(faq.corpus)
    with pytest.raises(InputError, match="1 ids are not in"):
        index.explain(query, "nobody")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "dens"}, "there is no method 'dens' here. Did you mean 'dense'"),
        ({"method": "sparse"}, "no method 'sparse' here.*On disk there is none; SearchIndex has"),
        ({"top_k": 0}, "top_k: expected a whole number from 1 to 10000; got 0"),
        ({"rerank": 20}, "rerank= asks for a reranker, and this index has none"),
        ({"where": {"yaer": 3}}, "There is no column 'yaer' in 'mixed'. Did you mean 'year'"),
        ({"where": {"year": 3}}, "no text of 'mixed' meets where="),
        ({"where": {"kind": {"min": 2}}}, "column 'kind' .* cannot be compared with"),
    ],
)
def test_what_is_no_option(tmp_path: Path, options: object, message: str) -> None:
    index = DiskIndex.build(tmp_path / "i", mixed(9), HashingEncoder(), progress=False)
    with pytest.raises(InputError, match=message):
        index.search("text", **options)


def test_it_shows_itself(tmp_path: Path) -> None:
    index = DiskIndex.build(tmp_path / "i", mixed(3), HashingEncoder(), progress=False)
    assert repr(index) == f"DiskIndex({str(tmp_path / 'i')!r}, 3 texts)"
    assert index.title() == "search in mixed · hashes"
    assert "dense, bm25, hybrid" in index._repr_html_()


@pytest.mark.usefixtures("small_parts")
def test_its_texts_are_all_those_that_were_put_in(tmp_path: Path) -> None:
    encoder, corpus = HashingEncoder(), mixed(23)
    index = DiskIndex.build(tmp_path / "i", corpus, encoder, progress=False)
    assert index.corpus.fingerprint == corpus.fingerprint
    assert (index.spec, index.sparse_encoder) == (encoder.spec, None)
    index.remove(["id 3", "id 9"])
    assert index.corpus.ids == tuple(i for i in corpus.ids if i not in ("id 3", "id 9"))
