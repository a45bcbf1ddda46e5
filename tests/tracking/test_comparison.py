from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run as StoredRun

from workbench.analysis import tasks
from workbench.analysis.comparison import Comparison, compare_models
from workbench.analysis.evaluation import statistic_of
from workbench.corpus import Corpus, RetrievalSet, SentencePairs
from workbench.embeddings import Embeddings
from workbench.errors import InputError, WorkbenchWarning
from workbench.models import DenseEncoder, LSAEncoder
from workbench.models.mlflow_uri import sqlite_uri
from workbench.tracking import Run, load_comparison, open_view, track
from workbench.tracking._comparison import legal_names

from ..comparisons import make_comparison
from ..hashing_encoder import HashingEncoder
from .test_privacy import _everything

SECRET, HIDDEN = "tangerine", "Zanzibar"  # in the texts, in the column "birthplace" (conftest.py)
STS, RETRIEVAL, CLUSTERING = "sts: pairs of order", "retrieval: help", "clustering: topic"


@pytest.fixture(scope="module")
def pairs() -> SentencePairs:
    first = [f"the {SECRET} order {row} is late" for row in range(12)]
    second = [f"refund the {SECRET} {'order ' * (row % 4)}" for row in range(12)]
    return SentencePairs(first, second, np.arange(12) % 5, name="pairs of order")


@pytest.fixture(scope="module")
def help_pages(corpus: Corpus) -> RetrievalSet:
    queries = {f"q{row}": f"where is {SECRET} {row}" for row in range(6)}
    relevant = {f"q{row}": {str(row): 1.0, str(row + 1): 2.0} for row in range(6)}
    return RetrievalSet(queries, corpus, relevant, name="help")


@pytest.fixture(scope="module")
def comparison(
    corpus: Corpus, pairs: SentencePairs, help_pages: RetrievalSet, tiny_encoder: DenseEncoder
) -> Comparison:
    return compare_models(
        corpus,
        {
            "hashes": HashingEncoder(),
            "lsa": LSAEncoder(dimension=4),
            "tiny/one: 'a'": tiny_encoder,
            "other.hashes": HashingEncoder(revision="2", prompt="other"),
        },
        tasks=[tasks.sts(pairs), tasks.retrieval(help_pages), tasks.clustering("topic")],
        n_neighbors=5,
        store=False,
        progress=False,
    )


@pytest.fixture(scope="module")
def logged(
    comparison: Comparison, _template: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Run]:
    """A store and the run in it that logged the comparison; to be read only."""
    file = tmp_path_factory.mktemp("logged") / "mlflow.db"
    shutil.copy(_template, file)
    with track("tickets", sqlite_uri(file)) as run:
        assert run.log(comparison) == "comparison"
    return sqlite_uri(file), run


def _children(store: str, run: Run) -> dict[str, StoredRun]:
    query = f"tags.`mlflow.parentRunId` = '{run.id}'"
    found = MlflowClient(store).search_runs([run.experiment_id], query)
    return {child.info.run_name: child for child in found}


def _folder(store: str, run_id: str) -> Path:
    return Path(MlflowClient(store).download_artifacts(run_id, ""))


def test_each_model_is_a_run_nested_in_the_comparison(
    logged: tuple[str, Run], comparison: Comparison
) -> None:
    store, run = logged
    children = _children(store, run)
    assert set(children) == set(comparison.names)
    for name, child in children.items():
        failed = bool(comparison.model(name).failure)
        assert child.info.status == ("FAILED" if failed else "FINISHED")
        assert child.info.end_time is not None
        assert child.data.tags.get("workbench.failure", "") == comparison.model(name).failure
    assert children["hashes"].data.params["revision"] == "1"
    assert children["lsa"].data.params["family"] == "lsa"
    parent = MlflowClient(store).get_run(run.id)
    assert parent.info.status == "FINISHED"
    assert parent.data.params["comparison/decision"] == comparison.decision.sentence[:500]
    assert parent.data.metrics["comparison/models"] == 4


def test_metrics_have_legal_names_and_intervals(
    logged: tuple[str, Run], comparison: Comparison
) -> None:
    store, run = logged
    for name, child in _children(store, run).items():
        for task, scores in comparison.model(name).scores.items():
            for metric in scores.metrics:
                interval = scores.intervals[metric]
                key = f"{task.replace(':', '')}/{metric.replace('@', '_at_')}"
                assert child.data.metrics[key] == interval.estimate
                assert child.data.metrics[f"{key}_low"] == interval.low
                assert child.data.metrics[f"{key}_high"] == interval.high
    assert "retrieval help/ndcg_at_10" in child.data.metrics
    assert child.data.metrics["cost/query_ms"] > 0
    assert child.data.metrics["cost/bytes_per_text"] == 32
    assert child.data.metrics["truncation/texts"] == 20


def test_metrics_are_of_a_model_and_a_data_set(
    logged: tuple[str, Run], comparison: Comparison, corpus: Corpus
) -> None:
    store, run = logged
    client = MlflowClient(store)
    children = _children(store, run)
    models = client.search_logged_models([run.experiment_id])
    assert {model.name for model in models} == {"hashes", "lsa", "tiny_one_ _a_", "other_hashes"}
    by_run = {model.source_run_id: model for model in models}
    for name, child in children.items():
        model = by_run[child.info.run_id]
        (output,) = child.outputs.model_outputs
        assert (output.model_id, model.model_type) == (model.model_id, "encoder")
        assert model.params["revision"] == comparison.model(name).spec.revision
        assert model.status == "READY"
        metrics = {metric.key: metric for metric in model.metrics}
        assert set(metrics) == set(child.data.metrics)
        assert metrics["sts pairs of order/spearman"].dataset_name == "pairs of order"
        assert metrics["retrieval help/map"].dataset_name == "help"
        assert metrics["clustering topic/v_measure"].dataset_digest == corpus.fingerprint
        assert metrics["cost/query_ms"].dataset_digest == corpus.fingerprint
        used = {(one.dataset.name, one.dataset.digest) for one in child.inputs.dataset_inputs}
        assert used == {(one.dataset_name, one.dataset_digest) for one in metrics.values()}
        assert not _artifacts_of(client, model.model_id), "no weights"
    parent = client.get_run(run.id)
    names = [one.dataset.name for one in parent.inputs.dataset_inputs]
    assert sorted(names) == ["help", "pairs of order", "tickets"]


def _artifacts_of(client: MlflowClient, model_id: str) -> list[object]:
    return list(client.list_logged_model_artifacts(model_id))


def test_the_interface_of_mlflow_finds_the_better_model(store: str, comparison: Comparison) -> None:
    with track("tickets", store) as run:
        run.log(comparison)
        run.log(comparison)  # the second does not overwrite the first
    order = [
        {
            "field_name": "metrics.sts pairs of order/spearman",
            "ascending": False,
            "dataset_name": "pairs of order",
        }
    ]
    found = MlflowClient(store).search_logged_models([run.experiment_id], order_by=order)
    assert len(found) == 8
    scores = {
        model.name.translate(str.maketrans("/:.'", "____")): model.scores[STS].value("spearman")
        for model in comparison.models
    }
    assert [model.name for model in found[::2]] == sorted(scores, key=lambda one: -scores[one])


def test_the_examples_of_each_model_are_kept(
    logged: tuple[str, Run], comparison: Comparison
) -> None:
    store, run = logged
    for name, child in _children(store, run).items():
        for task, scores in comparison.model(name).scores.items():
            file = f"tables/{task.replace(':', '')}.parquet"
            table = pd.read_parquet(MlflowClient(store).download_artifacts(child.info.run_id, file))
            pd.testing.assert_frame_equal(table, scores.examples, check_dtype=False)
            again = statistic_of(scores.kind, scores.main_metric, table)
            assert again.estimate() == scores.value()


def test_every_figure_and_table_is_kept(logged: tuple[str, Run], comparison: Comparison) -> None:
    store, run = logged
    folder = _folder(store, run.id)
    names = {path.name for path in (folder / "figures").iterdir()}
    parts = ["quality_and_speed", "sts pairs of order", "retrieval help", "clustering topic",
             "overlap", "cka", "rank_correlation"]  # fmt: skip
    assert names == {"comparison.html"} | {
        f"comparison_{part}{end}" for part in parts for end in (".html", ".view.json")
    }
    assert open_view(run.id, "comparison_overlap", store).kind == "models-matrix"
    page = (folder / "figures" / "comparison.html").read_text()
    assert escape(comparison.decision.sentence)[:40] in page
    long = pd.read_parquet(folder / "tables" / "comparison.parquet")
    pd.testing.assert_frame_equal(long, comparison.to_frame("long"), check_dtype=False)
    pairs = pd.read_parquet(folder / "tables" / "comparison_differences.parquet")
    assert len(pairs) == sum(len(found) for found in comparison.differences.values())


def _same(loaded: Comparison, comparison: Comparison) -> None:
    """Assert that all numbers are equal."""
    assert loaded.decision == comparison.decision
    assert loaded.summary() | {"corpus_fingerprint": ""} == comparison.summary() | {
        "corpus_fingerprint": ""
    }
    pd.testing.assert_frame_equal(loaded.to_frame("long"), comparison.to_frame("long"))
    pd.testing.assert_frame_equal(loaded.to_frame("wide"), comparison.to_frame("wide"))
    assert set(loaded.differences) == set(comparison.differences)
    for key, found in comparison.differences.items():
        for ours, theirs in zip(loaded.differences[key], found, strict=True):
            assert str(ours) == str(theirs)
    for own, other in zip(loaded.models, comparison.models, strict=True):
        assert (own.name, own.spec, own.encoder) == (other.name, other.spec, None)
        assert str(own.audit) == str(other.audit)
        assert str(own.cost) == str(other.cost)
        assert own.geometry == other.geometry
        for task, scores in other.scores.items():
            again = own.scores[task]
            assert (again.kind, again.notes, again.spec) == (scores.kind, scores.notes, scores.spec)
            assert dict(again.prompts) == dict(scores.prompts)
            for metric in scores.metrics:
                assert again.statistic(metric).estimate() == scores.statistic(metric).estimate()
    assert (loaded.agreement is None) == (comparison.agreement is None)
    if comparison.agreement is not None and loaded.agreement is not None:
        for name in ("neighbors", "overlap", "cka", "cka_by_chance", "rank_correlation"):
            one, other = getattr(loaded.agreement, name), getattr(comparison.agreement, name)
            np.testing.assert_array_equal(one, other)
        assert loaded.agreement.notes == comparison.agreement.notes


def test_it_comes_back_with_equal_numbers(logged: tuple[str, Run], comparison: Comparison) -> None:
    store, run = logged
    loaded = load_comparison(run.id, uri=store)
    _same(loaded, comparison)
    assert loaded.fingerprint == comparison.fingerprint
    assert loaded.corpus.texts == comparison.corpus.texts
    assert loaded.corpus.label == "topic"
    np.testing.assert_array_equal(loaded.corpus["stars"], comparison.corpus["stars"])
    assert loaded.tasks == ()
    for model in comparison.models:
        for task, scores in model.scores.items():
            again = loaded.model(model.name).scores[task].examples
            pd.testing.assert_frame_equal(again, scores.examples)


def test_one_made_by_hand_and_one_without_scores(store: str) -> None:
    whole = make_comparison(3, 6, failed=1)
    bare = make_comparison(1, 0)
    with track("tickets", store) as run:
        names = [run.log(whole), run.log(bare)]
    assert names == ["comparison", "comparison_2"]
    _same(load_comparison(run.id, "comparison", store), whole)
    _same(load_comparison(run.id, "comparison_2", store), bare)
    assert bare.agreement is None
    failed = _children(store, run)["lsa"]
    assert (failed.info.status, failed.data.metrics) == ("FAILED", {})
    assert "cannot read" in failed.data.tags["workbench.failure"]
    with pytest.raises(InputError, match=r"holds 2 comparisons: 'comparison', 'comparison_2'\. Na"):
        load_comparison(run.id, uri=store)
    with pytest.raises(InputError, match=r"no comparison 'comparson'\. Did you mean 'comparison"):
        load_comparison(run.id, "comparson", store)
    with pytest.raises(InputError, match=rf"one model of a comparison.*\('{run.id}'\)"):
        load_comparison(failed.info.run_id, uri=store)


def test_a_loaded_one_can_be_logged_again(store: str, comparison: Comparison) -> None:
    with track("tickets", store) as run:
        run.log(comparison)
        run.log(load_comparison(run.id, uri=store), name="again")
    _same(load_comparison(run.id, "again", store), comparison)


def test_texts_of_any_kind_come_back(store: str) -> None:
    texts = ("<script>x</script>", "a\nb\0c", "\u202eevil 🙂", "half \ud800 of a pair", "$x$" * 999)
    corpus = Corpus((*texts, *texts[:2]), ids=("\udfff", *"bcdefg"), columns={"text": [1] * 7})
    comparison = compare_models(
        corpus,
        [HashingEncoder(), HashingEncoder(name="two", revision="2", prompt="x")],
        tasks=[tasks.custom("größe/大小: @%", lambda vectors: vectors.vectors[:, 0])],
        store=False,
        progress=False,
    )
    with track("tickets", store) as run:
        run.log(comparison)
    loaded = load_comparison(run.id, uri=store)
    _same(loaded, comparison)
    assert (loaded.corpus.texts, loaded.corpus.ids) == (corpus.texts, corpus.ids)
    assert loaded.fingerprint == comparison.fingerprint
    assert list(loaded.corpus["text"]) == [1] * 7


def test_names_are_legal_and_distinct() -> None:
    found = legal_names(["a: b", "a; b", "..", "cost", "x@10/%", "größe", "/"], ("cost",))
    assert list(found.values()) == ["a b", "a b_2", "task", "cost_2", "x_at_10", "größe", "task_2"]


@pytest.mark.parametrize("columns", [None, ["topic"], []])
def test_without_texts_the_numbers_are_the_same_and_the_texts_nowhere(
    store: str, tmp_path: Path, comparison: Comparison, columns: list[str] | None
) -> None:
    with track("private", store, texts=False, columns=columns) as run:
        run.log(comparison)
    written = _everything(tmp_path / "store")
    assert SECRET not in written
    assert (HIDDEN in written) == (columns is None)
    assert ("delivery" in written) == (columns != [])
    with pytest.warns(WorkbenchWarning, match=r"texts=False: ids stand for the texts of 'compari"):
        loaded = load_comparison(run.id, uri=store)
    _same_scores(loaded, comparison)
    assert loaded.corpus.texts == loaded.corpus.ids
    from workbench.views.comparison import comparison_sections

    assert comparison_sections(loaded), "what it shows needs no text"


def _same_scores(loaded: Comparison, comparison: Comparison) -> None:
    pd.testing.assert_frame_equal(loaded.to_frame("long"), comparison.to_frame("long"))
    for own, other in zip(loaded.models, comparison.models, strict=True):
        for task, scores in other.scores.items():
            for metric in scores.metrics:
                again = own.scores[task].statistic(metric).estimate()
                assert again == scores.statistic(metric).estimate()
    assert loaded.agreement is not None
    assert comparison.agreement is not None
    np.testing.assert_array_equal(loaded.agreement.overlap, comparison.agreement.overlap)


def test_columns_that_were_not_named_are_nowhere_in_a_comparison(
    store: str, tmp_path: Path, comparison: Comparison
) -> None:
    with track("private", store, columns=["stars"]) as run:
        run.log(comparison)
    written = _everything(tmp_path / "store")
    assert HIDDEN not in written
    assert "birthplace" not in written
    assert SECRET in written
    table = load_comparison(run.id, uri=store).model("lsa").scores[CLUSTERING].examples
    assert set(table["label"]) == {"label 0001", "label 0002"}


def test_copies_of_a_text_agree_without_the_texts_too(store: str) -> None:
    texts = tuple(f"text {row // 2}" for row in range(12))
    models = [HashingEncoder(), HashingEncoder(name="two", revision="2", prompt="x")]
    comparison = compare_models(Corpus(texts), models, n_neighbors=3, store=False, progress=False)
    with track("private", store, texts=False) as run:
        run.log(comparison)
    with pytest.warns(WorkbenchWarning, match="ids stand"):
        loaded = load_comparison(run.id, uri=store)
    assert comparison.agreement is not None
    assert loaded.agreement is not None
    np.testing.assert_array_equal(loaded.agreement.overlap, comparison.agreement.overlap)


def test_an_error_that_may_quote_texts_is_left_out(store: str, tmp_path: Path) -> None:
    comparison = make_comparison(3, 2, failed=1)
    with track("private", store, texts=False) as run:
        run.log(comparison)
    assert "cannot read" not in _everything(tmp_path / "store")
    tag = _children(store, run)["lsa"].data.tags["workbench.failure"]
    assert tag == "Why is left out here, because an error may quote texts."


def test_a_run_without_a_comparison_and_no_run(store: str, embeddings: Embeddings) -> None:
    with track("tickets", store) as run:
        run.log(embeddings)
    with pytest.raises(InputError, match=r"holds no comparison; its views .* are: none\. A compar"):
        load_comparison(run.id, uri=store)
    with pytest.raises(InputError, match="load_comparison: there is no run 'nothing' in sqlite"):
        load_comparison("nothing", uri=store)


def _manifest(store: str, run: Run) -> Path:
    return _folder(store, run.id) / "comparison" / "comparison" / "comparison.json"


def test_a_later_format_and_damage_are_said(store: str) -> None:
    with track("tickets", store) as run:
        run.log(make_comparison(2, 1))
    file = _manifest(store, run)
    facts: Mapping[str, object] = json.loads(file.read_text())
    file.write_text(json.dumps({**facts, "format": 2}))
    with pytest.raises(InputError, match=r"has format 2; this version reads 1.*newer"):
        load_comparison(run.id, uri=store)
    file.write_text(json.dumps({**facts, "models": [{}]}))
    with pytest.raises(InputError, match=r"is damaged .KeyError"):
        load_comparison(run.id, uri=store)
    file.write_text("{")
    with pytest.raises(InputError, match="is damaged"):
        load_comparison(run.id, uri=store)


def test_what_the_store_refuses_is_kept_whole(
    store: str, tmp_path: Path, comparison: Comparison
) -> None:
    taken = tmp_path / "store" / "artifacts"
    taken.write_text("a file where the artifacts should be")
    with (
        pytest.warns(WorkbenchWarning, match="did not take 'comparison' .* is kept in"),
        track("tickets", store) as run,
    ):
        run.log(comparison)
    kept = tmp_path / "data" / "embedding-workbench" / "unsent" / run.id
    (line,) = map(json.loads, (kept / "log.jsonl").read_text().splitlines())
    assert [model["name"] for model in line["models"]] == list(comparison.names)
    first = line["models"][0]
    assert first["metrics"]["cost/bytes_per_text"] == 32
    assert (kept / first["files"] / "tables" / "retrieval help.parquet").is_file()
    assert (kept / "comparison" / "comparison" / "comparison.json").is_file()
    assert _children(store, run) == {}


def test_a_model_that_the_store_refuses_is_ended(
    store: str, comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.exceptions import MlflowException

    log = MlflowClient.log_outputs
    left = [2]

    def refuse_the_third(self: MlflowClient, *given: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise MlflowException("no more")
        log(self, *given)

    monkeypatch.setattr(MlflowClient, "log_outputs", refuse_the_third)
    with (
        pytest.warns(WorkbenchWarning, match="did not take 'comparison'"),
        track("tickets", store) as run,
    ):
        run.log(comparison)
    states = [child.info.status for child in _children(store, run).values()]
    assert len(states) == 3
    assert "RUNNING" not in states
