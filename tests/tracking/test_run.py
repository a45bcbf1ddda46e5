from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from workbench.analysis import cluster, project, similarity_matrix
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError, TrackingUnavailableError, WorkbenchWarning
from workbench.tracking import open_view, track
from workbench.views import View, view_of


def _artifact(store: str, run_id: str, path: str) -> Path:
    return Path(MlflowClient(store).download_artifacts(run_id, path))


def _files(store: str, run_id: str, folder: str) -> list[str]:
    return [entry.path for entry in MlflowClient(store).list_artifacts(run_id, folder)]


def test_a_projection_becomes_numbers_params_table_figure_and_data_set(
    store: str, embeddings: Embeddings
) -> None:
    projection = project(embeddings, method="pca")
    with track("tickets", store) as run:
        assert run.log(projection) == "projection"
    stored = MlflowClient(store).get_run(run.id)
    expected = {
        f"projection/{key}": float(value)
        for key, value in projection.summary().items()
        if key.startswith("trustworthiness") and isinstance(value, float)
    }
    assert expected
    assert {key: stored.data.metrics[key] for key in expected} == pytest.approx(expected)
    assert stored.data.params["projection/method"] == "pca"
    assert stored.data.params["projection/random_state"] == "0"
    assert stored.info.status == "FINISHED"
    assert stored.info.experiment_id == run.experiment_id
    table = pd.read_parquet(_artifact(store, run.id, "tables/projection.parquet"))
    pd.testing.assert_frame_equal(table, projection.to_frame(), check_dtype=False)
    (data,) = stored.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == ("tickets", embeddings.corpus.fingerprint)
    assert json.loads(data.dataset.profile) == {"num_rows": 20, "num_elements": 100}


def test_the_view_comes_back_as_it_was(store: str, embeddings: Embeddings) -> None:
    view = view_of(project(embeddings, method="pca")).with_state(selection=["3", "4"])
    with track("tickets", store) as run:
        assert run.log(view) == "map"
    again = open_view(run.id, "map", store)
    assert again.to_json() == view.to_json()
    assert again.state == {"selection": ["3", "4"]}
    html = _artifact(store, run.id, "figures/map.html").read_text()
    assert "<script>order</script>" not in html
    assert MlflowClient(store).get_run(run.id).data.params["map/kind"] == "map"


def test_names_count_up(store: str, embeddings: Embeddings) -> None:
    with track("tickets", store) as run:
        names = [run.log(embeddings), run.log(embeddings), run.log(embeddings, name="mine")]
        assert run.log(embeddings, name="mine") == "mine_2"
    assert names == ["embeddings", "embeddings_2", "mine"]
    assert _files(store, run.id, "tables") == [
        f"tables/{name}.parquet" for name in ["embeddings", "embeddings_2", "mine", "mine_2"]
    ]


def test_every_kind_of_value(store: str, embeddings: Embeddings) -> None:
    values = [
        embeddings.corpus,
        embeddings,
        similarity_matrix(embeddings),
        cluster(embeddings, method="kmeans", n_clusters=3),
    ]
    with track("tickets", store) as run:
        names = [run.log(value) for value in values]
    assert names == ["corpus", "embeddings", "similarity_matrix", "clustering"]
    stored = MlflowClient(store).get_run(run.id)
    assert stored.data.params["embeddings/model_name"] == "own vectors"
    assert len(stored.inputs.dataset_inputs) == 1, "one corpus, one data set"
    assert all(np.isfinite(number) for number in stored.data.metrics.values())
    assert _files(store, run.id, "figures") == [
        "figures/clustering.html",
        "figures/clustering.view.json",
        "figures/corpus.html",
        "figures/corpus.view.json",
        "figures/similarity_matrix.html",
        "figures/similarity_matrix.view.json",
    ]


def test_texts_of_any_kind_arrive_in_the_table(store: str) -> None:
    texts = ("<script>x</script>", "a\nb\0c", "\u202eevil 🙂", '"quotes", commas', "x" * 10_000)
    mixed = np.array(["a", 1, None, 2.5, True], dtype=object)
    days = np.array(["2024-01-01", "NaT", "2024-03-01", "2024-04-01", "2024-05-01"], "M8[ns]")
    corpus = Corpus(texts, columns={"mixed": mixed, "day": days})
    with track("tickets", store) as run:
        run.log(corpus)
    table = pd.read_parquet(_artifact(store, run.id, "tables/corpus.parquet"))
    assert tuple(table["text"]) == texts
    assert list(table["mixed"]) == ["a", "1", "None", "2.5", "True"]
    assert table["day"].isna().tolist() == [False, True, False, False, False]


def test_a_source_that_is_a_file_is_the_data_sets_source(store: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("text\na\n")
    with track("tickets", store) as run:
        run.log(Corpus(("a",), source=str(tmp_path / "x.csv"), name="from a file"))
        run.log(Corpus(("b",), name="from memory"))
    inputs = MlflowClient(store).get_run(run.id).inputs.dataset_inputs
    kinds = {entry.dataset.name: entry.dataset.source_type for entry in inputs}
    assert kinds == {"from a file": "local", "from memory": "code"}


def test_it_logs_after_the_block_and_two_runs_at_once(store: str, embeddings: Embeddings) -> None:
    import mlflow

    with track("a", store) as first, track("b", store) as second:
        assert mlflow.active_run() is None
        second.log(embeddings)
    first.log(embeddings)
    client = MlflowClient(store)
    for run in (first, second):
        stored = client.get_run(run.id)
        assert stored.data.metrics["embeddings/texts"] == 20
        assert stored.info.status == "FINISHED"
    assert client.get_experiment(first.experiment_id).name == "a"


@pytest.mark.parametrize(
    ("error", "status"),
    [(ValueError("no"), "FAILED"), (KeyboardInterrupt(), "KILLED"), (SystemExit(1), "KILLED")],
)
def test_how_a_run_ended(store: str, error: BaseException, status: str) -> None:
    with pytest.raises(type(error)), track("tickets", store) as run:
        raise error
    assert MlflowClient(store).get_run(run.id).info.status == status


def test_what_cannot_be_logged(store: str, embeddings: Embeddings) -> None:
    with track("tickets", store) as run:
        with pytest.raises(InputError, match=r"expected a value of the workbench.*got int 17"):
            run.log(17)
        with pytest.raises(InputError, match=r"Log its picture: run\.log\(widget\.view\(\)\)"):
            run.log(type("EmbeddingMap", (), {"view": None})())
        with pytest.raises(InputError, match="got type"):
            run.log(Corpus)
        for name in ("", "a/b", "../x", "é", "x" * 99, "a@b", 5):
            with pytest.raises(InputError, match="A name in a run"):
                run.log(embeddings, name=name)
    assert MlflowClient(store).get_run(run.id).data.metrics == {}


def test_odd_numbers_and_names_of_a_summary(store: str) -> None:
    class Comparison:
        def summary(self) -> dict[str, object]:
            return {
                "ndcg@10": np.float32(0.5), "share %": 3, "lost": float("nan"), "far": float("inf"),
                "significant": np.bool_(True), "none": None, "who": "é" * 900,
            }  # fmt: skip

    with track("tickets", store) as run:
        assert run.log(Comparison()) == "comparison"
    data = MlflowClient(store).get_run(run.id).data
    assert data.metrics == {"comparison/ndcg_at_10": 0.5, "comparison/share _percent": 3.0}
    assert data.params == {"comparison/significant": "True", "comparison/who": "é" * 500}


def test_a_deleted_experiment_says_how_to_restore_it(store: str) -> None:
    with track("gone", store) as run:
        pass
    MlflowClient(store).delete_experiment(run.experiment_id)
    with pytest.raises(InputError, match=f"restore -x {run.experiment_id}"):
        track("gone", store)


@pytest.mark.parametrize("name", ["", "  ", "x" * 501, None])
def test_a_name_that_is_no_experiments(store: str, name: str) -> None:
    with pytest.raises(InputError, match="expected the experiment's name"):
        track(name, store)


def test_columns_is_a_list(store: str) -> None:
    with pytest.raises(InputError, match=r"Write \['topic'\]"):
        track("x", store, columns="topic")


def test_the_default_store_and_where_mlflow_looks_then(
    tmp_path: Path, embeddings: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    monkeypatch.chdir(tmp_path)
    with track("tickets") as run:
        run.log(embeddings)
    assert "MLFLOW_TRACKING_URI" not in os.environ
    assert mlflow.get_tracking_uri() == run.uri
    assert mlflow.search_runs(experiment_names=["tickets"])["run_id"].tolist() == [run.id]
    assert [path.name for path in tmp_path.iterdir()] == ["data"], "nothing where we are"


def test_where_the_user_pointed_mlflow_stays(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    with track("tickets") as run:
        assert run.uri == store
    with track("tickets", f"sqlite:///{tmp_path}/other.db"):
        assert mlflow.get_tracking_uri() == store


def test_open_view_says_what_there_is(store: str, embeddings: Embeddings) -> None:
    with track("tickets", store) as run:
        run.log(similarity_matrix(embeddings))
    with pytest.raises(InputError, match="Did you mean 'similarity_matrix'"):
        open_view(run.id, "similarity_matrx", store)
    with pytest.raises(InputError, match=rf"no run 'nope'.*{run.id} \(tickets\)"):
        open_view("nope", "similarity_matrix", store)


def test_open_view_looks_where_the_run_was_tracked(
    store: str, tmp_path: Path, plain_view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    with track("tickets", store) as run:
        run.log(plain_view, name="mine")
    assert open_view(run.id, "mine").title == "by hand"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/elsewhere.db")
    with pytest.raises(TrackingUnavailableError, match=r"There is no tracking store .*elsewhere"):
        open_view(run.id, "mine")
    assert open_view(run.id, "mine", store).title == "by hand"


def test_reading_makes_no_store(tmp_path: Path) -> None:
    with pytest.raises(TrackingUnavailableError, match=r"There is no tracking store .*mlflow\.db"):
        open_view("x", "map")
    assert list(tmp_path.iterdir()) == []


def test_what_a_store_refuses_is_kept_and_the_next_is_sent(
    store: str, embeddings: Embeddings, tmp_path: Path
) -> None:
    client = MlflowClient(store)
    with track("tickets", store) as run:
        client.delete_run(run.id)
        with pytest.warns(WorkbenchWarning, match="did not take 'embeddings'.*active") as caught:
            run.log(embeddings)
        client.restore_run(run.id)
        assert run.log(embeddings) == "embeddings_2"
    assert caught[0].filename == __file__
    unsent = tmp_path / "data" / "embedding-workbench" / "unsent" / run.id
    assert [path.name for path in (unsent / "tables").iterdir()] == ["embeddings.parquet"]
    stored = client.get_run(run.id)
    assert stored.data.metrics["embeddings_2/texts"] == 20
    assert stored.info.status == "FINISHED"


def test_a_view_made_by_hand_is_kept_too(store: str, plain_view: View) -> None:
    with track("tickets", store) as run:
        run.log(plain_view, name="hand made")
    again = open_view(run.id, "hand made", store)
    assert (again.title, again.state) == ("by hand", {"query": "one"})
    assert again.texts.to_dict("list") == plain_view.texts.to_dict("list")
