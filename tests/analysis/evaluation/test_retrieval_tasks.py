from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytrec_eval
from sentence_transformers import SentenceTransformer
from sentence_transformers.cross_encoder.evaluation import CrossEncoderRerankingEvaluator
from sentence_transformers.sentence_transformer.evaluation import (
    InformationRetrievalEvaluator,
    RerankingEvaluator,
)

from workbench.analysis import tasks
from workbench.analysis.evaluation import RerankingTask, TaskScores
from workbench.corpus import Corpus, RetrievalSet, samples
from workbench.errors import InputError
from workbench.models import DenseEncoder, Variant, load_reranker

from .conftest import Given


@pytest.fixture(scope="module")
def faq() -> RetrievalSet:
    return samples.faq()


@pytest.fixture(scope="module")
def graded(faq: RetrievalSet, tiny_encoder: DenseEncoder) -> TaskScores:
    return tasks.retrieval(faq).score(tiny_encoder, progress=False)


@pytest.fixture(scope="module")
def small() -> RetrievalSet:
    """Return six queries, one without a judgement and one judged irrelevant throughout."""
    corpus = Corpus(tuple(f"text {row}" for row in range(6)), tuple("abcdef"))
    queries = {f"q{number}": f"query {number}" for number in range(8)}
    relevant = {f"q{number}": {"abcdef"[number]: 2, "f": 1, "a": 0} for number in range(1, 6)}
    return RetrievalSet(queries, corpus, {"q0": {"c": 1}, "q6": {"b": 0}, **relevant}, name="small")


def cosines_of(encoder: DenseEncoder, faq: RetrievalSet) -> np.ndarray:
    documents = encoder.encode(faq.corpus.texts).astype(np.float64)
    queries = encoder.encode(list(faq.queries.values())).astype(np.float64)
    documents /= np.linalg.norm(documents, axis=1, keepdims=True)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    return np.asarray(queries @ documents.T)


def test_retrieval_is_what_trec_eval_says_query_by_query(
    graded: TaskScores, faq: RetrievalSet, tiny_encoder: DenseEncoder
) -> None:
    judged = {
        query: {text_id: int(grade) for text_id, grade in grades.items()}
        for query, grades in faq.relevant_docs.items()
    }
    run = {
        query: dict(zip(faq.corpus.ids, row.tolist(), strict=True))
        for query, row in zip(faq.queries, cosines_of(tiny_encoder, faq), strict=True)
    }
    measures = {"map", "ndcg_cut.10", "recall.10", "P.10"}
    theirs = pytrec_eval.RelevanceEvaluator(judged, measures).evaluate(run)
    ours = graded.examples.set_index("example")
    assert list(ours.index) == list(faq.queries)
    for metric, name in (
        ("ndcg@10", "ndcg_cut_10"),
        ("map", "map"),
        ("recall@10", "recall_10"),
        ("precision@10", "P_10"),
    ):
        expected = [theirs[query][name] for query in ours.index]
        np.testing.assert_allclose(ours[metric], expected, rtol=0, atol=1e-9)
        assert graded.value(metric) == pytest.approx(np.mean(expected), abs=1e-9)


def test_retrieval_is_what_sentence_transformers_says_of_ungraded_judgements(
    faq: RetrievalSet, tiny_encoder: DenseEncoder
) -> None:
    flat = {query: set(grades) for query, grades in faq.relevant_docs.items()}
    found = tasks.retrieval(RetrievalSet(faq.queries, faq.corpus, flat), k=5).score(
        tiny_encoder, progress=False
    )
    evaluator = InformationRetrievalEvaluator(
        dict(faq.queries),
        dict(zip(faq.corpus.ids, faq.corpus.texts, strict=True)),
        flat,
        mrr_at_k=[5],
        ndcg_at_k=[5],
        precision_recall_at_k=[5],
        map_at_k=[len(faq.corpus)],
    )
    theirs = evaluator(tiny_encoder.model)
    names = ("ndcg@5", "mrr@5", f"map@{len(faq.corpus)}", "recall@5", "precision@5")
    assert found.metrics == ("ndcg@5", "mrr@5", "map", "recall@5", "precision@5")
    assert [found.value(metric) for metric in found.metrics] == pytest.approx(
        [theirs[f"cosine_{name}"] for name in names], abs=1e-9
    )


def test_retrieval_keeps_what_came_first(graded: TaskScores, faq: RetrievalSet) -> None:
    row = graded.examples.iloc[0]
    assert row["query"] == faq.queries[row["example"]]
    assert row["top_text"] == faq.corpus.texts[faq.corpus.ids.index(row["top_id"])]
    first = graded.examples["best_rank"] == 1
    judged = [
        top in faq.relevant_docs[query]
        for query, top in zip(graded.examples["example"], graded.examples["top_id"], strict=True)
    ]
    assert first.tolist() == judged
    assert graded.notes[-1].endswith("texts are longer than the model reads.")


def test_queries_without_a_relevant_text_are_left_out_and_counted(
    small: RetrievalSet, hashing_encoder: Callable[[], DenseEncoder]
) -> None:
    found = tasks.retrieval(small).score(hashing_encoder(), store=False, progress=False)
    assert found.examples["example"].tolist() == ["q0", "q1", "q2", "q3", "q4", "q5"]
    assert found.notes[0] == "2 of 8 queries have no relevant text and were left out of all means."
    assert found.examples["relevant"].tolist() == [1, 2, 2, 2, 2, 1]


@pytest.mark.parametrize("precision", ["float32", "ubinary"])
def test_equal_cosines_rank_by_row_of_the_corpus(
    precision: str, small: RetrievalSet, given: Given
) -> None:
    # All texts have one direction, so each relevant text ranks by its row.
    vectors = {text: [0.3 * (row + 1)] * 7 for row, text in enumerate(small.corpus.texts)}
    vectors |= {text: [1.0, 0.3, 0.1, 0.7, 0.2, 0.9, 0.4] for text in small.queries.values()}
    encoder = Variant(given(vectors), precision=precision)
    found = tasks.retrieval(small).score(encoder, store=False, progress=False)
    assert found.examples["best_rank"].tolist() == [3, 2, 3, 4, 5, 6]
    assert set(found.examples["top_id"]) == {"a"}


def test_queries_and_documents_have_the_models_own_prompts(
    faq: RetrievalSet, make_tiny: Callable[..., SentenceTransformer]
) -> None:
    model = make_tiny()
    few = RetrievalSet(
        {query: faq.queries[query] for query in list(faq.queries)[:6]},
        faq.corpus,
        {query: faq.relevant_docs[query] for query in list(faq.queries)[:6]},
    )
    model.prompts = {"query": "find ", "passage": "the text ", "document": ""}
    model.default_prompt_name = "query"
    found = tasks.retrieval(few).score(DenseEncoder(model, name="p"), store=False, progress=False)
    assert found.prompts == {"query": "find ", "document": "the text "}
    assert found.summary()["prompt_query"] == "find "
    assert found.spec.prompt == ""
    plain = tasks.retrieval(few).score(
        Variant(DenseEncoder(make_tiny(), name="p")), store=False, progress=False
    )
    assert plain.prompts == {"query": "", "document": ""}
    assert not plain.examples["ndcg@10"].equals(found.examples["ndcg@10"])
    # An empty prompt for documents keeps the default one away, as in encode_document.
    model.prompts = {"query": "find ", "document": ""}
    again = tasks.retrieval(few).score(
        Variant(DenseEncoder(model, name="p")), store=False, progress=False
    )
    assert again.prompts == {"query": "find ", "document": ""}
    expected = model.encode_query("x") @ model.encode_document(list(faq.corpus.texts)).T
    assert expected.shape == (len(faq.corpus),)


def reranking_of(faq: RetrievalSet) -> tuple[RerankingTask, list[dict[str, Any]]]:
    """Return a task with 15 random candidates beside the relevant ones, and it in their form."""
    rng = np.random.default_rng(0)
    text_of = dict(zip(faq.corpus.ids, faq.corpus.texts, strict=True))
    candidates, theirs = {}, []
    for query, grades in faq.relevant_docs.items():
        others = rng.choice(faq.corpus.ids, 15, replace=False).tolist()
        candidates[query] = [*others, *grades]
        negative = [text_of[one] for one in others if one not in grades]
        positive = [text_of[one] for one in grades]
        theirs.append({"query": faq.queries[query], "positive": positive, "negative": negative})
    flat = {query: set(grades) for query, grades in faq.relevant_docs.items()}
    return tasks.reranking(RetrievalSet(faq.queries, faq.corpus, flat), candidates), theirs


def test_reranking_is_what_sentence_transformers_says(
    faq: RetrievalSet, tiny_encoder: DenseEncoder
) -> None:
    task, theirs = reranking_of(faq)
    found = task.score(tiny_encoder, progress=False)
    expected = RerankingEvaluator(theirs, at_k=10)(tiny_encoder.model)
    assert found.metrics == ("map", "mrr@10", "ndcg@10")
    assert [found.value(metric) for metric in found.metrics] == pytest.approx(
        [expected["map"], expected["mrr@10"], expected["ndcg@10"]], abs=1e-9
    )


def test_a_rerankers_score_is_what_sentence_transformers_says(
    faq: RetrievalSet, cross_encoder_folder: Path
) -> None:
    reranker = load_reranker(cross_encoder_folder)
    task, theirs = reranking_of(faq)
    found = task.score_reranker(reranker, progress=False)
    expected = CrossEncoderRerankingEvaluator(theirs, at_k=10)(reranker.model)
    assert (found.task, found.kind, found.spec) == (task.name, "reranking", reranker.spec)
    assert [found.value(metric) for metric in found.metrics] == pytest.approx(
        [expected["map"], expected["mrr@10"], expected["ndcg@10"]], abs=1e-9
    )
    (note,) = found.notes
    assert note.endswith("pairs are longer than the model reads.")
    with pytest.raises(InputError, match=r"expected a Reranker; got str\. wb\.load_reranker"):
        task.score_reranker("tiny")


def test_reranking_orders_only_the_candidates(small: RetrievalSet, given: Given) -> None:
    vectors = {text: [1.0, row / 9] for row, text in enumerate(small.corpus.texts)}
    vectors |= {text: [1.0, 0.0] for text in small.queries.values()}  # nearest first: a, b, c, …
    found = tasks.reranking(small).score(given(vectors), store=False, progress=False)
    # q0 and q6 have no relevant and other candidate; the others have "a" at grade 0 first.
    assert found.examples["example"].tolist() == ["q1", "q2", "q3", "q4", "q5"]
    assert found.examples["best_rank"].tolist() == [2] * 5
    assert found.examples["map"].tolist() == [(1 / 2 + 2 / 3) / 2] * 4 + [1 / 2]
    assert found.notes[0].startswith("3 of 8 queries have no relevant candidate, or no other")
    # A relevant text that is no candidate does not count.
    offered = {f"q{number}": ["e", "f"] for number in range(1, 4)} | {"q0": "cd", "q4": ["d", "e"]}
    offered["q0"] = ["c", "d"]
    again = tasks.reranking(small, {**offered, "q5": ["f", "b"]}, k=1)
    scores = again.score(given(vectors), store=False, progress=False)
    assert scores.metrics == ("map", "mrr@1", "ndcg@1")
    assert scores.examples.set_index("example")["map"].to_dict() == {
        "q0": 1.0,
        "q1": 0.5,
        "q2": 0.5,
        "q3": 0.5,
        "q4": 0.5,
        "q5": 0.5,
    }


def test_refuses_sets_without_what_is_needed(small: RetrievalSet) -> None:
    corpus, queries = small.corpus, dict(small.queries)
    nothing = RetrievalSet(queries, corpus, {"q0": {"a": 0}}, name="none")
    for make in (tasks.retrieval, tasks.reranking):
        with pytest.raises(InputError, match="expected a RetrievalSet; got dict"):
            make({})
        with pytest.raises(InputError, match="on 'none': none of 8 queries has a relevant text"):
            make(nothing)
        with pytest.raises(InputError, match="at least 5 queries with a relevant text; got 1"):
            make(RetrievalSet(queries, corpus, {"q0": {"a": 1}}))
        for k in (0, 1001, 2.5, True):
            with pytest.raises(InputError, match="k: expected a whole number from 1 to 1000"):
                make(small, k=k)


def test_reranking_refuses_unknown_ids(small: RetrievalSet) -> None:
    with pytest.raises(InputError, match=r"candidates names the query 'q11'.* Did you mean 'q1'"):
        tasks.reranking(small, {"q11": ["a"]})
    with pytest.raises(InputError, match="'q1' has the candidate 'z', which is not in"):
        tasks.reranking(small, {"q1": ["a", "z"]})
    with pytest.raises(InputError, match="must be a list of ids; got a str"):
        tasks.reranking(small, {"q1": "ab"})
    with pytest.raises(InputError, match="none of 8 queries has a relevant candidate and one"):
        tasks.reranking(small, {"q1": ["b"], "q2": ["d", "e"]})
