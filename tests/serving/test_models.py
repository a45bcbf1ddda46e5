"""The models' answers, against published figures and against plain numpy."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from workbench.corpus import Corpus
from workbench.errors import InputError, WorkbenchWarning
from workbench.models import DenseEncoder, LSAEncoder, Variant, load_reranker
from workbench.search import Hybrid, SearchIndex
from workbench.serving import (
    EmbeddingModel,
    ParaphraseMiningModel,
    RerankerModel,
    SemanticSearchModel,
    ServedModel,
    SimilarityModel,
)

# sentence-transformers' documentation of all-MiniLM-L6-v2 ("Semantic Textual Similarity").
PUBLISHED = [
    ("The cat sits outside", "The dog plays in the garden", 0.2838),
    ("A man is playing guitar", "A woman watches TV", -0.0327),
    ("The new movie is awesome", "The new movie is so great", 0.8939),
]


def test_similarity_is_what_was_published(models: dict[str, ServedModel]) -> None:
    found = models["similarity"].predict([pair[:2] for pair in PUBLISHED])
    assert found.dtype == np.float32
    assert found.tolist() == pytest.approx([score for *_, score in PUBLISHED], abs=1e-4)


def test_similarity_of_what_a_model_does_not_know(small_corpus: Corpus) -> None:
    model = SimilarityModel(LSAEncoder(dimension=8).fit(small_corpus.texts))
    assert model.predict([("parcel", "xyzzy"), ("refund", "refund")]).tolist() == pytest.approx(
        [0, 1]
    )


def test_search_ranks_every_row(models: dict[str, ServedModel], minilm: DenseEncoder) -> None:
    queries = ["my parcel is late", "money back", "login"]
    texts = models["search"].corpus
    assert texts is not None
    asked, known = (
        minilm.model.encode(list(some), normalize_embeddings=True)
        for some in (queries, texts.texts)
    )
    answers = models["search"].predict(queries)
    for row, hits in enumerate(answers):
        cosines = asked[row] @ known.T
        order = [int(i) for i in np.argsort(-cosines) if cosines[i] >= 0.2][:3]
        assert [hit["corpus_id"] for hit in hits] == [texts.ids[i] for i in order]
        assert [hit["text"] for hit in hits] == [texts.texts[i] for i in order]
        assert [hit["score"] for hit in hits] == pytest.approx(cosines[order], abs=1e-5)
        assert [hit["rank"] for hit in hits] == list(range(1, len(order) + 1))
        assert not any(hit["below_minimum"] for hit in hits)


def test_the_best_of_those_below_is_returned_and_said(models: dict[str, ServedModel]) -> None:
    message = r"All hits of row 2 are below minimum_relevancy=0.9.*so for 1 of 2 queries"
    with pytest.warns(WorkbenchWarning, match=message):
        found = models["search"].predict(
            ["parcel never arrived", "quantum physics"], {"minimum_relevancy": 0.9}
        )
    assert [hit["text"] for hit in found[0]] == ["parcel never arrived"]
    assert [(hit["rank"], hit["below_minimum"]) for hit in found[1]] == [(1, True)]


def test_search_with_its_parameters(models: dict[str, ServedModel]) -> None:
    model = models["search"]
    assert [param.name for param in model.params] == [
        "top_k",
        "minimum_relevancy",
        "where",
        "truncate",
    ]
    assert [param.default for param in model.params] == [3, 0.2, None, True]
    params = {"top_k": 30, "minimum_relevancy": -1, "where": json.dumps({"topic": "money"})}
    (hits,) = model.predict("parcel", params)
    assert len(hits) == 10
    with pytest.raises(InputError, match=r"where must be JSON of conditions by column"):
        model.predict("parcel", {"where": "topic=money"})
    with pytest.raises(InputError, match="There is no column 'x'"):
        model.predict("parcel", {"where": '{"x": 1}'})


def test_a_hybrid_search_has_no_minimum(small_corpus: Corpus, minilm: DenseEncoder) -> None:
    index = SearchIndex.build(small_corpus, minilm, progress=False)
    model = SemanticSearchModel(index, method=Hybrid(k=10), top_k=2)
    assert [param.name for param in model.params] == ["top_k", "where", "truncate"]
    (hits,) = model.predict("my parcel is late")
    expected = index.search("my parcel is late", method=Hybrid(k=10), top_k=2)[0]
    assert [hit["corpus_id"] for hit in hits] == [hit.corpus_id for hit in expected]


def test_a_reranked_search(
    small_corpus: Corpus, minilm: DenseEncoder, cross_encoder_folder: Path
) -> None:
    index = SearchIndex.build(
        small_corpus, minilm, reranker=str(cross_encoder_folder), progress=False
    )
    model = SemanticSearchModel(index, rerank=5, top_k=2)
    (hits,) = model.predict("my parcel is late")
    expected = index.search("my parcel is late", top_k=2, rerank=5)[0]
    assert [hit["score"] for hit in hits] == pytest.approx([hit.score for hit in expected])
    assert len(model.predict("my parcel is late", {"top_k": 9})[0]) == 9


def test_paraphrases_are_all_above_and_only_those(
    models: dict[str, ServedModel], minilm: DenseEncoder
) -> None:
    queries = ["The parcel did not arrive.", "zebra", "My password mail does not come."]
    texts = models["paraphrases"].corpus
    assert texts is not None
    asked, known = (
        minilm.model.encode(list(some), normalize_embeddings=True)
        for some in (queries, texts.texts)
    )
    for threshold in (0.4, 0.2, 0.99):
        given = {} if threshold == 0.4 else {"similarity_threshold": threshold}
        for row, matches in enumerate(models["paraphrases"].predict(queries, given)):
            cosines = asked[row] @ known.T
            order = [int(i) for i in np.argsort(-cosines) if cosines[i] >= threshold]
            assert [match["text"] for match in matches] == [texts.texts[i] for i in order]
            assert [match["score"] for match in matches] == pytest.approx(cosines[order], abs=1e-5)


def test_more_than_ten_thousand_paraphrases(minilm: DenseEncoder) -> None:
    model = ParaphraseMiningModel(["parcel"] * 10_001, minilm)
    (matches,) = model.predict("parcel")
    assert len(matches) == 10_001
    assert [match["corpus_id"] for match in matches[:3]] == ["0", "1", "2"]


def test_vectors_are_the_encoders(models: dict[str, ServedModel], minilm: DenseEncoder) -> None:
    texts = ["a parcel", "the refund"]
    found = models["embeddings"].predict(texts)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, minilm.encode(texts), atol=1e-6)
    cut = models["embeddings"].predict(texts, {"truncate_dim": 8, "normalize_embeddings": True})
    own = minilm.encode(texts)[:, :8]
    np.testing.assert_allclose(cut, own / np.linalg.norm(own, axis=1, keepdims=True), atol=1e-6)


def test_openais_request_and_answer(models: dict[str, ServedModel], minilm: DenseEncoder) -> None:
    request = {"input": ["a parcel", "the refund"], "model": "any", "dimensions": 4, "user": "me"}
    found = models["openai"].predict(request)
    assert set(found) == {"object", "data", "model", "usage"}
    assert (found["object"], found["model"]) == ("list", "all-MiniLM-L6-v2")
    assert [(one["object"], one["index"]) for one in found["data"]] == [
        ("embedding", 0),
        ("embedding", 1),
    ]
    own = minilm.encode(["a parcel", "the refund"])[:, :4]
    cut = own / np.linalg.norm(own, axis=1, keepdims=True)
    np.testing.assert_allclose([one["embedding"] for one in found["data"]], cut, atol=1e-6)
    # [CLS] a parcel [SEP] and [CLS] the ref ##und [SEP]
    assert found["usage"] == {"prompt_tokens": 4 + 5, "total_tokens": 4 + 5}
    packed = models["openai"].predict({"input": "a parcel", "encoding_format": "base64"})
    raw = base64.b64decode(packed["data"][0]["embedding"])
    np.testing.assert_allclose(np.frombuffer(raw, "<f4")[:4], own[0], atol=1e-6)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"input": ["a", None]}, "row 2 of 'input' is null"),
        ({"model": "x"}, "row 1 of 'input' is null"),
        ({"input": "a", "stream": True}, "there is no field 'stream' in a request for embeddings"),
        ({"input": "a", "encoding_format": "hex"}, "encoding_format is 'float' or 'base64'"),
        ({"input": "a", "dimensions": 4000}, "dimensions must be a whole number from 1 to 384"),
        ({"input": "a", "dimensions": 0}, "dimensions must be a whole number from 1 to 384; got 0"),
        ({"input": "a", "truncate_dim": 4}, "there is no field 'truncate_dim' in a request"),
    ],
)
def test_what_is_no_request(models: dict[str, ServedModel], request_: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        models["openai"].predict(request_)


def test_dimensions_of_vectors_that_have_lengths_of_their_own(tiny_encoder: DenseEncoder) -> None:
    own = tiny_encoder.encode(["a parcel"])
    assert abs(np.linalg.norm(own) - 1) > 0.1
    model = EmbeddingModel(tiny_encoder, task="llm/v1/embeddings")
    for encoder in (tiny_encoder, Variant(tiny_encoder, truncate_dim=8)):
        model = EmbeddingModel(encoder, task="llm/v1/embeddings")
        (found,) = model.predict({"input": "a parcel", "dimensions": 4})["data"]
        np.testing.assert_allclose(found["embedding"], own[0, :4], atol=1e-6)
    (unit,) = model.predict({"input": "a parcel", "dimensions": 4}, {"normalize_embeddings": True})[
        "data"
    ]
    np.testing.assert_allclose(
        unit["embedding"], own[0, :4] / np.linalg.norm(own[0, :4]), atol=1e-6
    )


LONG = "parcel " * 300  # and the two tokens at its ends: 302


@pytest.mark.parametrize(
    ("name", "rows", "where"),
    [
        ("embeddings", ["a", LONG], "row 2 of 'text' is"),
        ("openai", [LONG, "a", LONG], "rows 1, 3 of 'input' are"),
        ("similarity", [("a", LONG), (LONG, "b")], "row 2 of 'sentence_1' and row 1 of .* are"),
        ("search", ["a", LONG], "row 2 of 'query' is"),
        ("paraphrases", ["a", LONG], "row 2 of 'query' is"),
    ],
)
def test_rows_that_the_model_cuts_are_named_or_refused(
    models: dict[str, ServedModel], name: str, rows: list[object], where: str
) -> None:
    reads = r"longer than 'all-MiniLM-L6-v2' reads \(302 tokens of 256\)"
    said = rf"\(row 2\) are {reads}" if "query" in where else f"{where} {reads}: the rest is not"
    with pytest.warns(WorkbenchWarning, match=said):
        models[name].predict(rows)
    with pytest.raises(InputError, match=rf"{where} {reads}\. Shorten .* truncate=true"):
        models[name].predict(rows, {"truncate": False})
    short = [("a", "b")] if name == "similarity" else ["a"]
    assert len(models[name].predict(short, {"truncate": False}))


def test_what_is_read_whole_is_not_refused(small_corpus: Corpus, minilm: DenseEncoder) -> None:
    chunked = Variant(minilm, long_texts="chunk")
    for model in (
        SimilarityModel(LSAEncoder(dimension=8).fit(small_corpus.texts)),
        SimilarityModel(chunked),
    ):
        assert model.predict([(LONG, LONG)], {"truncate": False}) == pytest.approx(1.0)
    dense = SearchIndex.build(small_corpus, minilm, sparse_encoder="idf", progress=False)
    assert SemanticSearchModel(dense, method="bm25").predict(LONG, {"truncate": False})[0]
    assert SemanticSearchModel(dense, method="sparse").predict(LONG, {"truncate": False})[0]
    with pytest.raises(InputError, match=r"longer than 'idf tokens' reads \(602 tokens of 512\)"):
        SemanticSearchModel(dense, method="sparse").predict(LONG * 2, {"truncate": False})
    hybrid = Hybrid(("dense", "bm25"))
    with pytest.raises(InputError, match="row 1 of 'query' is longer than 'all-MiniLM"):
        SemanticSearchModel(dense, method=hybrid).predict(LONG, {"truncate": False})
    parts = SemanticSearchModel(SearchIndex.build(small_corpus, chunked, progress=False))
    assert parts.predict(LONG, {"truncate": False})[0]


def test_a_prompt_takes_room(make_tiny: Callable[..., SentenceTransformer]) -> None:
    encoder = DenseEncoder(make_tiny(), name="tiny")
    encoder.model.prompts = {"query": "where is my parcel "}
    text = "parcel " * 12
    model = EmbeddingModel(encoder)
    assert len(model.predict(text, {"truncate": False})) == 1
    with pytest.raises(InputError, match=r"reads \(18 tokens of 16\)"):
        model.predict(text, {"truncate": False, "prompt_name": "query"})


def test_a_reranker_scores_every_pair(
    models: dict[str, ServedModel], cross_encoder_folder: Path
) -> None:
    pairs = [("where is it", "the parcel is late"), ("refund", "the card"), ("refund", "sun")]
    expected = load_reranker(cross_encoder_folder).predict(*zip(*pairs, strict=True))
    np.testing.assert_allclose(models["reranker"].predict(pairs), expected, atol=1e-6)


def test_token_weights_by_token(models: dict[str, ServedModel], small_corpus: Corpus) -> None:
    (found,) = models["sparse"].predict("my parcel my password")
    holding = sum("password" in text.lower() for text in small_corpus.texts)
    assert found["password"] == pytest.approx(np.log1p((30.5 - holding) / (holding + 0.5)))
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert models["sparse"].predict("parcel", {"as_query": True}) == models["sparse"].predict(
        "parcel"
    )


def test_what_no_model_can_be_made_of(
    small_corpus: Corpus, minilm: DenseEncoder, hashing_encoder: type
) -> None:
    with pytest.raises(InputError, match="SimilarityModel: this LSA encoder is not fitted"):
        SimilarityModel("lsa")
    with pytest.raises(InputError, match="An encoder of one's own is code"):
        SimilarityModel(hashing_encoder())
    with pytest.raises(InputError, match="expected a SearchIndex or a DiskIndex; got Corpus"):
        SemanticSearchModel(small_corpus)
    index = SearchIndex.build(small_corpus, minilm, progress=False)
    with pytest.raises(InputError, match="there is no method 'sparse' here"):
        SemanticSearchModel(index, method="sparse")
    with pytest.raises(InputError, match="rerank= asks for a reranker"):
        SemanticSearchModel(index, rerank=5)
    with pytest.raises(InputError, match="top_k: expected a whole number from 1"):
        SemanticSearchModel(index, top_k=0)
    with pytest.raises(InputError, match="minimum_relevancy must be a number from -1 to 1; got 2"):
        SemanticSearchModel(index, minimum_relevancy=2)
    with pytest.raises(InputError, match="similarity_threshold must be a number from -1 to 1"):
        ParaphraseMiningModel(index, similarity_threshold=1.5)
    with pytest.raises(InputError, match="expected a model to encode with; got none"):
        ParaphraseMiningModel(small_corpus)
    with pytest.raises(InputError, match="hold NoneType, not str"):
        ParaphraseMiningModel([None, None], minilm)
    with pytest.raises(InputError, match="task is 'llm/v1/embeddings' or None; got 'embed'"):
        EmbeddingModel(minilm, task="embed")
    with pytest.raises(InputError, match=r"it gives float32; .* gives int8"):
        EmbeddingModel(Variant(minilm, precision="int8"))


def test_a_model_shows_itself(models: dict[str, ServedModel]) -> None:
    assert models["search"].summary() == {
        "kind": "SemanticSearchModel",
        "model": "all-MiniLM-L6-v2",
        "texts": 30,
        "top_k": 3,
        "minimum_relevancy": 0.2,
        "where": None,
        "truncate": True,
    }
    assert "SemanticSearchModel" in models["search"]._repr_html_()
    assert repr(models["reranker"]) == "RerankerModel('tiny-reranker')"
    assert isinstance(models["reranker"], RerankerModel)


def test_asked_by_many_threads_at_once(minilm: DenseEncoder) -> None:
    """A tokenizer shared by threads fails ("Already borrowed") when one counts and one cuts."""
    model = EmbeddingModel(minilm)
    texts = [f"parcel number {number} " * (1 + number % 40) for number in range(120)]
    expected = minilm.encode(texts)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda text: model.predict([text])[0], texts))
    np.testing.assert_allclose(np.array(found), expected, atol=1e-5)


def test_a_row_of_unknown_words_has_no_hits(small_corpus: Corpus) -> None:
    index = SearchIndex.build(small_corpus, "lsa", progress=False)
    for model in (SemanticSearchModel(index, top_k=2), ParaphraseMiningModel(index)):
        with pytest.warns(WorkbenchWarning, match="knows no word of 1 of 2 queries"):
            found = model.predict(["parcel never arrived", "xyzzy"])
        assert found[0][0]["text"] == "parcel never arrived"
        assert found[1] == []
        with pytest.warns(WorkbenchWarning, match="knows no word of this query"):
            assert model.predict("xyzzy") == [[]]


def test_conditions_may_be_a_dict(models: dict[str, ServedModel]) -> None:
    as_text = models["search"].predict("parcel", {"where": '{"topic": "money"}'})
    assert models["search"].predict("parcel", {"where": {"topic": "money"}}) == as_text


def test_a_score_reaches_itself(models: dict[str, ServedModel]) -> None:
    (hits,) = models["search"].predict("my parcel is late")
    (again,) = models["search"].predict(
        "my parcel is late", {"minimum_relevancy": hits[1]["score"]}
    )
    assert again == hits[:2]


def test_an_answer_has_a_limit(minilm: DenseEncoder) -> None:
    model = ParaphraseMiningModel(["parcel"] * 2_000, minilm)
    with pytest.raises(InputError, match="an answer of 1,200,000 hits; the most is 1,000,000"):
        model.predict(["parcel"] * 600)
    search = SemanticSearchModel(model.index)
    with pytest.raises(InputError, match="Ask for fewer rows at a time, or change top_k"):
        search.predict(["parcel"] * 600, {"top_k": 10_000})
