"""Scores of searches against the retrieval task's, and against pytrec_eval."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import pytrec_eval

from workbench.analysis import compare_scores, tasks
from workbench.corpus import Corpus, RetrievalSet
from workbench.errors import InputError
from workbench.models import DenseEncoder
from workbench.search import DiskIndex, Hybrid, SearchIndex, score_search, score_sparse


def test_a_dense_search_scores_as_the_task(
    faq: RetrievalSet, faq_index: SearchIndex, minilm: DenseEncoder
) -> None:
    own = score_search(faq_index, faq, progress=False)
    task = tasks.retrieval(faq).score(minilm, progress=False)
    assert (own.task, own.metrics) == (task.task, task.metrics)
    for metric in own.metrics:
        assert own.value(metric) == pytest.approx(task.value(metric), abs=1e-9)


@pytest.mark.parametrize("method", ["bm25", "sparse", Hybrid(depth=1000)])
def test_other_searches_score_as_trec_eval_says(
    faq: RetrievalSet, faq_index: SearchIndex, method: str | Hybrid
) -> None:
    own = score_search(faq_index, faq, method=method, progress=False)
    found = faq_index.search(list(faq.queries.values()), method=method, top_k=216)
    run = {
        query: {hit.corpus_id: 1000.0 - hit.rank for hit in hits}
        for query, hits in zip(faq.queries, found, strict=True)
    }
    judged = {
        query: {text: int(grade) for text, grade in grades.items()}
        for query, grades in faq.relevant_docs.items()
    }
    names = {"ndcg@10": "ndcg_cut_10", "map": "map", "recall@10": "recall_10"}
    evaluator = pytrec_eval.RelevanceEvaluator(judged, {"ndcg_cut.10", "map", "recall.10"})
    theirs = evaluator.evaluate(run)
    for metric, name in names.items():
        expected = np.mean([scores[name] for scores in theirs.values()])
        assert own.value(metric) == pytest.approx(expected, abs=1e-6), metric
    assert own.spec.name == found.method


def test_what_is_not_found_is_said_and_counts_nothing(minilm: DenseEncoder) -> None:
    corpus = Corpus(tuple(f"parcel {word}" for word in "abcdef"), tuple("abcdef"))
    queries = {str(n): f"parcel {word}" for n, word in enumerate("abcd")} | {"4": "xyzzy"}
    judged = {str(n): {word} for n, word in enumerate("abcd")} | {"4": {"e"}}
    given = RetrievalSet(queries, corpus, judged, name="letters")
    scores = score_search(
        SearchIndex.build(corpus, minilm, progress=False), given, method="bm25", progress=False
    )
    assert scores.value("recall@10") == pytest.approx(0.8)
    assert "1 of 5 queries find nothing." in scores.notes
    assert scores.examples["top_text"].tolist() == [*corpus.texts[:4], ""]


def test_texts_that_are_not_in_the_index(
    faq: RetrievalSet, faq_index: SearchIndex, small_index: SearchIndex
) -> None:
    with pytest.raises(InputError, match="is answered by a text that is not in the index"):
        score_search(small_index, faq)
    changed = Corpus(tuple(f"{text}!" for text in faq.corpus.texts), faq.corpus.ids)
    other = RetrievalSet(faq.queries, changed, faq.relevant_docs)
    with pytest.raises(InputError, match="is another one in the index than in"):
        score_search(faq_index, other)


def test_scores_are_compared_on_the_same_queries(
    faq: RetrievalSet, faq_index: SearchIndex, minilm: DenseEncoder
) -> None:
    scores = {
        method: score_search(faq_index, faq, method=method, progress=False)
        for method in ("dense", "bm25", "sparse")
    }
    table = compare_scores(scores).set_index(["a", "b"])
    dense = scores["dense"].examples["ndcg@10"] - scores["bm25"].examples["ndcg@10"]
    assert table.loc[("dense", "bm25"), "difference"] == pytest.approx(dense.mean())
    assert table.loc[("dense", "bm25"), "verdict"] == "better"
    assert table.loc[("bm25", "sparse"), "verdict"] == "can't tell yet"
    with pytest.raises(InputError, match="expected two scores or more; got 1"):
        compare_scores({"dense": scores["dense"]})
    pairs = tasks.sts(_pairs()).score(minilm, progress=False)
    with pytest.raises(InputError, match="'pairs' was scored on other examples"):
        compare_scores({"dense": scores["dense"], "pairs": pairs})


def _pairs() -> object:
    from workbench.corpus import samples

    return samples.sentence_pairs()


def test_an_index_on_disk_scores_as_one_in_memory(
    faq: RetrievalSet, faq_index: SearchIndex, minilm: DenseEncoder, tmp_path: Path
) -> None:
    on_disk = DiskIndex.build(tmp_path / "i", faq_index.embeddings, minilm, progress=False)
    for method in ("dense", "bm25", "hybrid"):
        found, expected = (
            score_search(index, faq, method=method, progress=False)
            for index in (on_disk, faq_index)
        )
        assert (found.task, found.spec) == (expected.task, expected.spec)
        pd.testing.assert_frame_equal(found.examples, expected.examples)
    with pytest.raises(InputError, match=r"no method 'sparse' here.*On disk there is none"):
        score_search(on_disk, faq, method="sparse")
    with pytest.raises(InputError, match="a SearchIndex or a DiskIndex; got DenseEncoder"):
        score_search(minilm, faq)


def test_a_sparse_encoder_scores_as_its_search(faq: RetrievalSet, faq_index: SearchIndex) -> None:
    assert faq_index.sparse_encoder is not None
    found = score_sparse(faq_index.sparse_encoder, faq, progress=False)
    expected = score_search(faq_index, faq, method="sparse", progress=False)
    assert (found.task, found.metrics) == (expected.task, expected.metrics)
    assert found.spec.name == expected.spec.name
    assert found.spec.revision == faq_index.sparse_encoder.spec.revision
    pd.testing.assert_frame_equal(found.examples, expected.examples)
    with pytest.raises(InputError, match="score_sparse: expected a RetrievalSet; got Corpus"):
        score_sparse(faq_index.sparse_encoder, faq.corpus)
