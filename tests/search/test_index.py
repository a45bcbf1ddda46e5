"""Searches are held against exhaustive ones, computed here in plain numpy."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from workbench.analysis import tasks
from workbench.corpus import Corpus, RetrievalSet
from workbench.embeddings import Embeddings, embed
from workbench.errors import InputError, ModelUnavailableError, WorkbenchWarning
from workbench.models import DenseEncoder, LSAEncoder, load_reranker
from workbench.search import DiskIndex, Hybrid, SearchIndex

QUERIES = ["where is my parcel", "I want my money back", "the login does not work"]


def test_dense_search_is_exhaustive(small_index: SearchIndex, minilm: DenseEncoder) -> None:
    queries = minilm.model.encode(QUERIES, normalize_embeddings=True)
    texts = minilm.model.encode(list(small_index.corpus.texts), normalize_embeddings=True)
    cosines = queries @ texts.T
    found = small_index.search(QUERIES, top_k=30)
    for row in range(len(QUERIES)):
        order = np.argsort(-cosines[row], kind="stable")
        assert found.rows[row].tolist() == order.tolist()
        np.testing.assert_allclose(found.scores[row], cosines[row][order], atol=1e-6)


def test_one_query_or_several(small_index: SearchIndex) -> None:
    alone, among = small_index.search(QUERIES[1], top_k=5), small_index.search(QUERIES, top_k=5)
    assert len(alone) == 1
    assert [hit.corpus_id for hit in alone[0]] == [hit.corpus_id for hit in among[1]]
    np.testing.assert_allclose(alone.scores[0], among.scores[1], atol=1e-6)


def test_it_finds_what_the_retrieval_task_scores(
    faq: RetrievalSet, faq_index: SearchIndex, minilm: DenseEncoder
) -> None:
    scores = tasks.retrieval(faq).score(minilm, progress=False)
    found = faq_index.search(list(faq.queries.values()), top_k=10)
    recalls = []
    for query_id, hits in zip(faq.queries, found, strict=True):
        relevant = {one for one, grade in faq.relevant_docs.get(query_id, {}).items() if grade > 0}
        recalls.append(len(relevant & {hit.corpus_id for hit in hits}) / len(relevant))
    assert np.mean(recalls) == pytest.approx(scores.summary()["recall@10"], abs=1e-9)


def test_equal_texts_come_in_their_order(minilm: DenseEncoder) -> None:
    texts = ["a parcel", "the sun"] * 40
    index = SearchIndex.build(texts, minilm, progress=False)
    for method in ("dense", "bm25"):
        found = index.search("where is the parcel", method=method, top_k=40)
        assert found.rows[0].tolist() == list(range(0, 80, 2))[:40] or method == "bm25"
        assert len(set(found.scores[0][:40].tolist())) == 1


def test_more_hits_than_texts(small_index: SearchIndex) -> None:
    assert len(small_index.search("parcel", top_k=500)[0]) == len(small_index)


def test_minimum_relevancy_leaves_out_what_is_below(small_index: SearchIndex) -> None:
    everything = small_index.search(QUERIES, top_k=30)
    found = small_index.search(QUERIES, top_k=30, minimum_relevancy=0.3)
    for row in range(3):
        assert found.scores[row].min() >= 0.3
        assert len(found.scores[row]) == int((everything.scores[row] >= 0.3).sum())
    assert small_index.search("parcel", minimum_relevancy=1.0)[0] == ()


def test_filters_come_before_the_count(small_index: SearchIndex) -> None:
    found = small_index.search(QUERIES[0], top_k=4, where={"topic": ["money", "account"]})
    topics = small_index.corpus["topic"][found.rows[0]]
    assert len(topics) == 4
    assert "delivery" not in topics
    everything = small_index.search(QUERIES[0], top_k=30)
    allowed = [row for row in everything.rows[0] if row >= 10]
    assert found.rows[0].tolist() == allowed[:4]


def test_the_models_prompts_stand_in_front(make_tiny: object, small_corpus: Corpus) -> None:
    model: SentenceTransformer = make_tiny()
    model.prompts = {"query": "where is ", "document": "my order "}
    found = SearchIndex.build(small_corpus, DenseEncoder(model), progress=False).search("the card")
    asked = model.encode(["where is the card"], normalize_embeddings=True, prompt="")
    texts = model.encode(
        [f"my order {text}" for text in small_corpus.texts], normalize_embeddings=True, prompt=""
    )
    cosines = (asked @ texts.T)[0]
    np.testing.assert_allclose(found.scores[0], np.sort(cosines)[::-1][:10], atol=1e-5)


def test_vectors_that_are_there_are_not_made_again(
    small_corpus: Corpus, minilm: DenseEncoder, small_index: SearchIndex
) -> None:
    vectors = embed(small_corpus, minilm, progress=False)
    index = SearchIndex.build(vectors, minilm)
    assert index.embeddings is vectors
    assert index.search(QUERIES).rows[0].tolist() == small_index.search(QUERIES).rows[0].tolist()


def test_an_lsa_is_fitted_on_the_texts(small_corpus: Corpus) -> None:
    index = SearchIndex.build(small_corpus, "lsa", progress=False)
    assert isinstance(index.encoder, LSAEncoder)
    assert index.search("parcel never arrived", top_k=1)[0][0].text == "parcel never arrived"
    with pytest.warns(WorkbenchWarning, match=r"'lsa' knows no word of 1 of 2 queries \(row 2\)"):
        found = index.search(["parcel", "xyzzy"])
    assert (len(found[0]), found[1]) == (10, ())
    with pytest.raises(InputError, match="knows no word of this query"):
        index.search("xyzzy")


def test_the_reranker_has_the_last_word(
    small_corpus: Corpus, minilm: DenseEncoder, cross_encoder_folder: Path
) -> None:
    reranker = load_reranker(cross_encoder_folder)
    index = SearchIndex.build(small_corpus, minilm, reranker=reranker, progress=False)
    first = index.search(QUERIES[0], top_k=8)
    found = index.search(QUERIES[0], top_k=3, rerank=8)
    scores = reranker.predict([QUERIES[0]] * 8, [hit.text for hit in first[0]])
    best = np.argsort(-scores, kind="stable")[:3]
    assert [hit.text for hit in found[0]] == [first[0][place].text for place in best]
    np.testing.assert_allclose(found.scores[0], scores[best], atol=1e-5)
    assert "the first 8 reread by tiny-reranker" in found.method
    least = float(found.scores[0][1])
    kept = index.search(QUERIES[0], top_k=3, rerank=8, minimum_relevancy=least, method="hybrid")
    assert all(hit.score >= least for hit in kept[0])


def test_a_query_longer_than_the_model_reads_is_said(small_index: SearchIndex) -> None:
    with pytest.warns(WorkbenchWarning, match=r"The query is longer than 'all-MiniLM-L6-v2' reads"):
        small_index.search("parcel " * 400)
    with pytest.warns(WorkbenchWarning, match=r"2 of 3 queries \(rows 1, 3\) are longer than"):
        small_index.search(["parcel " * 400, "parcel", "card " * 400])


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([], "expected a query or several; got none"),
        (["parcel", "  "], "query 2 is blank"),
        (["parcel", None], "query 2 is NoneType None, no text"),
        (None, "expected a query, a text, or several; got NoneType None"),
        (5, "expected a query, a text, or several; got int 5"),
        ([7], "query 1 is int 7, no text"),
    ],
)
def test_what_is_no_query(small_index: SearchIndex, queries: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        small_index.search(queries)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "dens"}, "there is no method 'dens' here. Did you mean 'dense'"),
        ({"method": "sparse"}, "no method 'sparse' here.*Build the index with sparse_encoder="),
        ({"method": Hybrid(("dense", "sparse"))}, "no method 'sparse' here"),
        ({"top_k": 0}, "top_k: expected a whole number from 1 to 10000; got 0"),
        ({"top_k": 10**9}, "top_k: expected a whole number from 1 to 10000; got 1000000000"),
        ({"top_k": True}, "top_k: expected a whole number"),
        ({"minimum_relevancy": "high"}, "minimum_relevancy: expected a number; got 'high'"),
        ({"minimum_relevancy": float("nan")}, "minimum_relevancy: expected a number; got nan"),
        ({"minimum_relevancy": 0.1, "method": "hybrid"}, "sums over places, no relevancy"),
        ({"rerank": 20}, "rerank= asks for a reranker, and this index has none"),
        ({"where": {"tpic": "money"}}, "There is no column 'tpic'.*Did you mean 'topic'"),
        ({"where": {"topic": "none"}}, "no text of 'small' meets where="),
        ({"where": "topic"}, "where is a dict by column"),
        ({"where": {"topic": {"least": 2}}}, "a range of 'topic' is"),
        ({"where": {"topic": {"min": 2}}}, "column 'topic' .* cannot be compared with"),
        ({"where": {5: "money"}}, "where names columns by a text; got 5"),
    ],
)
def test_what_is_no_option(small_index: SearchIndex, options: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        small_index.search("parcel", **options)


def test_rerank_is_at_least_top_k(
    small_corpus: Corpus, minilm: DenseEncoder, cross_encoder_folder: Path
) -> None:
    index = SearchIndex.build(
        small_corpus, minilm, reranker=str(cross_encoder_folder), progress=False
    )
    with pytest.raises(InputError, match="rerank: expected a whole number from 10 to"):
        index.search("parcel", top_k=10, rerank=5)


def test_another_models_vectors_are_refused(
    small_corpus: Corpus, minilm: DenseEncoder, tiny_encoder: DenseEncoder, tmp_path: Path
) -> None:
    vectors = embed(small_corpus, tiny_encoder, progress=False)
    made = r"SearchIndex: these vectors were made by 'tiny' .*, the encoder is"
    with pytest.raises(InputError, match=rf"{made} 'all-MiniLM-L6-v2'.* Pass the encoder that"):
        SearchIndex.build(vectors, minilm)
    for build in (SearchIndex.build, partial(DiskIndex.build, tmp_path / "index")):
        with pytest.raises(InputError, match=r"made by 'tiny' .* the encoder is 'lsa' \(unfitted"):
            build(vectors, "lsa")
    index = SearchIndex.build(small_corpus, minilm, progress=False)
    with pytest.raises(InputError, match=rf"{made} .* with them\. Pass the texts \(vectors"):
        index.add(vectors)
    own = Embeddings.from_array(np.eye(30), small_corpus)
    with pytest.raises(InputError, match="have 30 dimensions, those of 'all-MiniLM-L6-v2' 384"):
        SearchIndex.build(own, minilm)


def test_a_sparse_encoder_that_is_not_there(small_corpus: Corpus) -> None:
    message = r"sparse_encoder: Did you mean 'idf'\? 'idff' is not .* wb\.idf_sparse_encoder"
    with pytest.raises(ModelUnavailableError, match=message):
        SearchIndex.build(small_corpus, "lsa", sparse_encoder="idff", progress=False)
    with pytest.raises(ModelUnavailableError, match=r"^'splade' is not on this machine"):
        SearchIndex.build(small_corpus, "lsa", sparse_encoder="splade", progress=False)


def test_no_text_is_refused(minilm: DenseEncoder) -> None:
    with pytest.raises(InputError, match="expected at least one text; got none"):
        SearchIndex.build([], minilm)
    with pytest.raises(InputError, match="hold NoneType, not str"):
        SearchIndex.build([None, None], minilm)


def test_texts_are_added_and_removed(
    small_corpus: Corpus, minilm: DenseEncoder, small_index: SearchIndex
) -> None:
    half = SearchIndex.build(
        small_corpus.take(range(15)), minilm, sparse_encoder="idf", progress=False
    )
    whole = half.add(small_corpus.take(range(15, 30)), progress=False)
    assert whole.corpus.fingerprint == small_corpus.fingerprint
    np.testing.assert_allclose(whole.embeddings.vectors, small_index.embeddings.vectors, atol=1e-6)
    for method in ("dense", "bm25"):
        expected = small_index.search(QUERIES, method=method, top_k=30)
        found = whole.search(QUERIES, method=method, top_k=30)
        np.testing.assert_allclose(found.scores[2], expected.scores[2], atol=1e-5)
    assert len(whole.search("parcel", method="sparse")[0]) > 0
    without = whole.remove(["1", "29"])
    assert len(without) == 28
    assert "parcel never arrived" not in [hit.text for hit in without.search("parcel")[0]]
    assert len(half) == 15


def test_what_cannot_be_added_or_removed(
    small_corpus: Corpus, small_index: SearchIndex, tiny_encoder: DenseEncoder
) -> None:
    with pytest.raises(InputError, match="2 ids are in the index already, the first is '3'"):
        small_index.add(small_corpus.take([3, 4]))
    with pytest.raises(
        InputError, match=r"the index has the columns \['topic'\], these texts \[\]"
    ):
        small_index.add(Corpus(("new",), ("new",)), progress=False)
    other = embed(Corpus(("new",), ("new",)), tiny_encoder, progress=False)
    with pytest.raises(InputError, match="these vectors were made by 'tiny'"):
        small_index.add(other)
    with pytest.raises(InputError, match="1 ids are not in 'small', the first is '77'"):
        small_index.remove(["77"])
    with pytest.raises(InputError, match="no text would be left"):
        small_index.remove(small_corpus.ids)
    with pytest.raises(InputError, match=r"ids is a list; got one str. Write \['3'\]"):
        small_index.remove("3")


def test_why_a_text_was_found(faq_index: SearchIndex) -> None:
    query = "Can I change the delivery address?"
    hit = faq_index.search(query, method="bm25", top_k=1)[0][0]
    why = faq_index.explain(query, hit.corpus_id)
    assert sum(why.words.values()) == pytest.approx(hit.score, rel=1e-5)
    (same,) = (h for h in faq_index.search(query, top_k=216)[0] if h.corpus_id == hit.corpus_id)
    assert why.similarity == pytest.approx(same.score, abs=1e-6)
    (token,) = (
        h
        for h in faq_index.search(query, method="sparse", top_k=216)[0]
        if h.corpus_id == hit.corpus_id
    )
    assert sum(why.tokens.values()) == pytest.approx(token.score, rel=1e-5)
    assert "address" in why.words
    assert "shared words" in why.sentence()


def test_why_several_texts_were_found(faq_index: SearchIndex) -> None:
    query = "Can I change the delivery address?"
    ids = [hit.corpus_id for hit in faq_index.search(query, top_k=5)[0]][::-1]
    for text_id, why in zip(ids, faq_index.explain_all(query, ids), strict=True):
        alone = faq_index.explain(query, text_id)
        assert (why.text, dict(why.words)) == (alone.text, dict(alone.words))
        assert why.similarity == pytest.approx(alone.similarity, abs=1e-6)
        assert why.tokens == pytest.approx(dict(alone.tokens), rel=1e-5)
    assert faq_index.explain_all(query, []) == ()


def test_it_shows_itself(faq_index: SearchIndex) -> None:
    assert faq_index.summary()["methods"] == "dense, bm25, sparse, hybrid"
    assert "all-MiniLM-L6-v2" in faq_index._repr_html_()
    assert repr(faq_index) == "SearchIndex(216 texts, 'all-MiniLM-L6-v2')"


def test_a_text_and_itself_have_a_cosine_of_one(small_index: SearchIndex) -> None:
    texts = small_index.corpus.texts
    found = small_index.above(list(texts), threshold=1.0)
    assert [hits[0].text for hits in found] == list(texts)
    assert {hits[0].score for hits in found} == {1.0}


def test_an_accent_in_two_signs_is_the_same_word(minilm: DenseEncoder) -> None:
    index = SearchIndex.build(["Passwort zur\u00fccksetzen", "parcel"], minilm, progress=False)
    found = index.search("zuru\u0308cksetzen", method="bm25")
    assert [hit.corpus_id for hit in found[0]] == ["0"]


def test_a_least_score_that_none_reaches(faq_index: SearchIndex) -> None:
    message = r"no text would be found: 2 was asked for, and scores by cosine, .* are 1 at most"
    for method in ("dense", "sparse"):
        with pytest.raises(InputError, match=f"minimum_relevancy: {message}"):
            faq_index.search("a gift", method=method, minimum_relevancy=2)
    with pytest.raises(InputError, match=f"threshold: {message}"):
        faq_index.above("a gift", threshold=2)
    with pytest.raises(InputError, match="threshold: expected a number; got 'x'"):
        faq_index.above("a gift", threshold="x")
    found = faq_index.search("change the delivery address", method="bm25", minimum_relevancy=2)
    assert found.scores[0].min() >= 2
