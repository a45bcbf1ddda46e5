from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pandas as pd
import pytest

from workbench.analysis import tasks
from workbench.analysis.evaluation import TaskScores, statistic_of
from workbench.corpus import Corpus, RetrievalSet, SentencePairs
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.models import DenseEncoder

LABELS = [1, 0, 0, 1, 1, 0, 1, 0]


def mean_of(embeddings: Embeddings) -> np.ndarray:
    return np.asarray(embeddings.vectors.mean(axis=1))


@pytest.fixture(scope="module")
def every(hashing_encoder: Callable[[], DenseEncoder]) -> list[TaskScores]:
    """Return the scores of one task of each kind."""
    texts = tuple(f"<script>alert({row})</script> $x$ \x00" for row in range(8))
    corpus = Corpus(texts, columns={"topic": list("abababab")}, label="topic", name="<i>t</i>")
    pairs = SentencePairs(texts, (*texts[::-1][:7], "y"), LABELS, name="<b>p</b>")
    queries = {f"q{row}": f"query {row}" for row in range(6)}
    relevant = {f"q{row}": {str(row): 2, "7": 0} for row in range(6)}
    search = RetrievalSet(queries, corpus, relevant)
    given = [
        tasks.sts(pairs),
        tasks.pair_classification(pairs),
        tasks.retrieval(search),
        tasks.reranking(search),
        tasks.clustering(),
        tasks.classification(),
        tasks.custom("mean", mean_of),
    ]
    encoder = hashing_encoder()
    return [task.score(encoder, corpus=corpus, store=False, progress=False) for task in given]


def test_a_stored_table_rebuilds_every_metric(every: list[TaskScores]) -> None:
    for scores in every:
        stored = pd.read_json(
            pd.io.common.StringIO(scores.to_frame().to_json(orient="table")), orient="table"
        )
        for metric in scores.metrics:
            statistic = statistic_of(scores.kind, metric, stored)
            assert statistic.n == len(scores)
            assert statistic.estimate() == pytest.approx(scores.value(metric), abs=1e-9)
            assert scores.statistic(metric).estimate() == scores.value(metric)


def test_examples_come_first_by_distinct_id_and_numbers_before_texts(
    every: list[TaskScores],
) -> None:
    for scores in every:
        frame = scores.to_frame()
        assert next(iter(frame)) == "example"
        assert frame["example"].is_unique
        assert all(isinstance(one, str) for one in frame["example"])
        frame["example"] = "changed"
        assert scores.examples["example"].is_unique


def test_a_summary_is_flat_and_has_an_interval_per_metric(every: list[TaskScores]) -> None:
    for scores in every:
        facts = scores.summary()
        assert all(isinstance(fact, float | int | str) for fact in facts.values())
        for metric in scores.metrics:
            assert facts[metric] == scores.value(metric)
            assert {f"{metric}_low", f"{metric}_high"} <= set(facts)
        assert facts["examples"] == len(scores)
        assert f"{len(scores)} examples are few" in str(facts["notes"])
        assert facts["model"] == "hashes"


def test_shows_itself_escaped(every: list[TaskScores]) -> None:
    for scores in every:
        shown = scores._repr_html_()
        assert scores.main_metric in shown
        for markup in ("<script", "<b>", "<i>"):
            assert markup not in shown
        assert scores.main_metric in repr(scores)
        assert scores.title().endswith(" · hashes")


def test_is_frozen_and_goes_to_other_processes(every: list[TaskScores]) -> None:
    for scores in every:
        with pytest.raises(FrozenInstanceError):
            scores.task = "other"
        with pytest.raises(TypeError):
            scores.prompts["text"] = "x"
        again = pickle.loads(pickle.dumps(scores))
        assert again.summary() == scores.summary()
        pd.testing.assert_frame_equal(again.examples, scores.examples)


def test_unknown_metrics_are_refused(every: list[TaskScores]) -> None:
    retrieval = every[2]
    for ask in (retrieval.value, retrieval.statistic):
        with pytest.raises(InputError, match=r"has no metric 'ndcg'. Did you mean 'ndcg@10'"):
            ask("ndcg")


def test_refuses_tables_that_are_no_examples(every: list[TaskScores]) -> None:
    scores = every[0]
    frame = scores.to_frame()
    with pytest.raises(InputError, match="a column 'example' of distinct ids"):
        replace(scores, examples=frame.assign(example="same"))
    with pytest.raises(InputError, match="at least one example and an interval for each metric"):
        replace(scores, intervals={})
    with pytest.raises(InputError, match="at least one example"):
        replace(scores, examples=frame.head(0))
