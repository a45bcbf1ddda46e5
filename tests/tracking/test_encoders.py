from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import workbench as wb
from workbench.cli import main
from workbench.embeddings import Embeddings, embed
from workbench.errors import InputError, ModelUnavailableError, WorkbenchWarning
from workbench.models import DenseEncoder, LSAEncoder, load_encoder, variant
from workbench.models.mlflow_uri import load, sqlite_uri
from workbench.tracking import track

TEXTS = ["the order is late", "refund the order", "<b>late</b> 🙂"]


@pytest.fixture(scope="module")
def lsa() -> LSAEncoder:
    return LSAEncoder(dimension=4).fit([*TEXTS, "a further text", "one more of them"])


def test_a_dense_encoder_comes_back_in_both_ways(store: str, tiny_encoder: DenseEncoder) -> None:
    import mlflow

    expected = tiny_encoder.encode(TEXTS)
    with track("models", store) as run:
        info = run.log_encoder(tiny_encoder)
    native = mlflow.sentence_transformers.load_model(info.model_uri)
    served = mlflow.pyfunc.load_model(info.model_uri)
    np.testing.assert_array_equal(native.encode(TEXTS), expected)
    np.testing.assert_array_equal(served.predict(TEXTS), expected)
    assert served.predict(TEXTS[0]).shape == (1, 8)
    assert served.predict(TEXTS).dtype == np.float32
    unit = served.predict(TEXTS, params={"normalize_embeddings": True, "truncate_dim": 3})
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, rtol=1e-6)
    loaded = load_encoder(info.model_uri)
    np.testing.assert_array_equal(loaded.encode(TEXTS), expected)
    assert loaded.spec.revision == tiny_encoder.spec.revision


def test_a_logged_encoder_embeds_a_file_by_its_uri(
    store: str, tiny_encoder: DenseEncoder, lsa: LSAEncoder, tmp_path: Path
) -> None:
    parquet.write_table(pa.table({"text": [*TEXTS, None]}), tmp_path / "in.parquet")
    with track("models", store) as run:
        logged = {
            tiny_encoder: run.log_encoder(tiny_encoder).model_uri,
            lsa: run.log_encoder(lsa, name="lsa").model_uri,
        }
    for encoder, uri in logged.items():
        target = tmp_path / f"{encoder.spec.name}.parquet"
        assert main(["embed", str(tmp_path / "in.parquet"), str(target), "--model", uri]) == 0
        found = parquet.read_table(target).column("embedding").to_pylist()
        np.testing.assert_allclose(found[:-1], encoder.encode(TEXTS), atol=1e-6)
        assert found[-1] is None


def test_the_model_is_of_its_run_and_says_what_it_is(
    store: str, tiny_encoder: DenseEncoder
) -> None:
    from mlflow import MlflowClient, active_run

    with track("models", store) as run:
        info = run.log_encoder(tiny_encoder, name="tiny one")
        assert active_run() is None
    client = MlflowClient(store)
    logged = client.get_logged_model(info.model_id)
    assert (logged.name, logged.source_run_id, logged.status) == ("tiny one", run.id, "READY")
    assert logged.params["family"] == "static"
    assert logged.params["dimension"] == "8"
    outputs = client.get_run(run.id).outputs.model_outputs
    assert [output.model_id for output in outputs] == [info.model_id]
    signature = info.signature.to_dict()
    assert '"dtype": "float32", "shape": [-1, 8]' in signature["outputs"]
    assert '"type": "string"' in signature["inputs"]


def test_requirements_are_pinned_and_cost_nothing(store: str, tiny_encoder: DenseEncoder) -> None:
    import mlflow

    with track("models", store) as run:
        run.log_encoder(tiny_encoder)  # imports
        started = time.monotonic()
        info = run.log_encoder(tiny_encoder, name="again")
        assert time.monotonic() - started < 3
    folder = Path(mlflow.artifacts.download_artifacts(info.model_uri))
    lines = (folder / "requirements.txt").read_text().split()
    assert all("==" in line and "+" not in line for line in lines)
    named = {line.partition("==")[0] for line in lines}
    assert {"mlflow", "sentence-transformers", "torch"} <= named


def test_truncation_survives(store: str, tiny_encoder: DenseEncoder) -> None:
    import mlflow
    from sentence_transformers import SentenceTransformer

    short = SentenceTransformer(modules=list(tiny_encoder.model), truncate_dim=5, device="cpu")
    expected = short.encode(TEXTS)
    with track("models", store) as run:
        info = run.log_encoder(short)
    np.testing.assert_array_equal(load_encoder(info.model_uri).encode(TEXTS), expected)
    np.testing.assert_array_equal(mlflow.pyfunc.load_model(info.model_uri).predict(TEXTS), expected)


def test_a_variant_that_truncates_comes_back(store: str, tiny_encoder: DenseEncoder) -> None:
    import mlflow

    short = variant(tiny_encoder, truncate_dim=5)
    expected = short.encode(TEXTS)
    with track("models", store) as run:
        info = run.log_encoder(short)
    loaded = load_encoder(info.model_uri)
    assert loaded.spec.truncate_dim == 5
    np.testing.assert_array_equal(loaded.encode(TEXTS), expected)
    np.testing.assert_array_equal(mlflow.pyfunc.load_model(info.model_uri).predict(TEXTS), expected)
    assert tiny_encoder.encode(TEXTS).shape == (3, 8), "the encoder itself is as it was"
    logged = mlflow.MlflowClient(store).get_logged_model(info.model_id)
    assert (logged.params["name"], logged.params["truncate_dim"]) == ("tiny (5 d)", "5")


def test_a_variant_that_would_come_back_as_another_is_refused(
    store: str, tiny_encoder: DenseEncoder, lsa: LSAEncoder
) -> None:
    with track("models", store) as run:
        for made in (
            variant(tiny_encoder, precision="int8"),
            variant(tiny_encoder, truncate_dim=4, precision="ubinary"),
            variant(lsa, truncate_dim=2),
        ):
            with pytest.raises(InputError, match=r"is a variant .* Log variant\.encoder"):
                run.log_encoder(made)
    assert _models(store, run.experiment_id) == []


def test_numbers_of_a_variant_are_not_its_encoders(
    store: str, tiny_encoder: DenseEncoder, embeddings: Embeddings
) -> None:
    from mlflow import MlflowClient

    corpus, short = embeddings.corpus, variant(tiny_encoder, truncate_dim=5)
    with track("models", store) as run:
        run.log(embed(corpus, short, store=False, progress=False), name="short")
        whole_info = run.log_encoder(tiny_encoder)
        short_info = run.log_encoder(short, name="short encoder")
        run.log(embed(corpus, tiny_encoder, store=False, progress=False), name="whole")

    def logged(model_id: str) -> set[str]:
        metrics = MlflowClient(store).get_logged_model(model_id).metrics
        return {metric.key.partition("/")[0] for metric in metrics}

    assert logged(whole_info.model_id) == {"whole"}
    assert logged(short_info.model_id) == {"short"}


def test_an_lsa_encoder_comes_back(store: str, lsa: LSAEncoder, tmp_path: Path) -> None:
    import mlflow

    expected = lsa.encode(TEXTS)
    with track("models", store) as run:
        info = run.log_encoder(lsa, name="lsa")
    loaded = load(info.model_uri)
    assert isinstance(loaded, LSAEncoder)
    np.testing.assert_array_equal(loaded.encode(TEXTS), expected)
    assert loaded.spec == lsa.spec
    np.testing.assert_array_equal(mlflow.pyfunc.load_model(info.model_uri).predict(TEXTS), expected)
    folder = Path(mlflow.artifacts.download_artifacts(info.model_uri))
    assert not [path for path in folder.rglob("*") if path.suffix in (".pkl", ".pickle")]


def test_a_served_lsa_needs_no_workbench_installed(
    store: str, lsa: LSAEncoder, tmp_path: Path
) -> None:
    import mlflow

    with track("models", store) as run:
        info = run.log_encoder(lsa)
    folder = mlflow.artifacts.download_artifacts(info.model_uri)
    script = (
        "import sys, mlflow\n"
        f"model = mlflow.pyfunc.load_model({str(folder)!r})\n"
        "print(model.predict(['the order is late'])[0].tolist())\n"
        "import workbench as wb\n"
        "print(sys.modules['workbench'].__path__[0])\n"
        "print(list(wb.read_corpus('x.csv').texts), wb.__version__)"
    )
    (tmp_path / "x.csv").write_text("text\nthe order\n")
    done = subprocess.run(
        [sys.executable, "-B", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    vector, where, read = done.stdout.strip().splitlines()
    np.testing.assert_allclose(eval(vector), lsa.encode(["the order is late"])[0], rtol=1e-6)
    assert where.startswith(str(folder)), "the copy hides the original, so it must be whole"
    assert read == f"['the order'] {wb.__version__}"
    copied = {path.name for path in Path(where).iterdir()}
    assert "page" in copied
    assert not copied & {"data", "__pycache__"}


def test_metrics_logged_before_and_after_are_the_models(
    store: str, tiny_encoder: DenseEncoder, embeddings: Embeddings
) -> None:
    from mlflow import MlflowClient

    corpus = embeddings.corpus
    made = Embeddings(tiny_encoder.encode(corpus.texts), corpus, tiny_encoder.spec)
    with track("models", store) as run:
        run.log(made)
        info = run.log_encoder(tiny_encoder)
        run.log(made)
    metrics = MlflowClient(store).get_logged_model(info.model_id).metrics
    assert {metric.key for metric in metrics} >= {"embeddings/texts", "embeddings_2/texts"}
    assert {metric.dataset_digest for metric in metrics} == {corpus.fingerprint}


def test_what_is_no_encoder(store: str, embeddings: Embeddings) -> None:
    class CrossEncoder:
        pass

    class Own:
        spec = embeddings.spec

        def encode(self, texts: list[str], /, batch_size: int = 32, **_: object) -> np.ndarray:
            return np.zeros((len(texts), 2), dtype=np.float32)

    with track("models", store) as run:
        with pytest.raises(InputError, match="CrossEncoder gives no dense vectors"):
            run.log_encoder(CrossEncoder())
        with pytest.raises(InputError, match=r"PythonModel"):
            run.log_encoder(Own())
        with pytest.raises(InputError, match="not fitted"):
            run.log_encoder(LSAEncoder())
        with pytest.raises(InputError, match="not fitted"):
            run.log_encoder("lsa")
        with pytest.raises(InputError, match="expected a name"):
            run.log_encoder(17)
    assert _models(store, run.experiment_id) == []


def _models(store: str, experiment_id: str) -> list[tuple[str, str]]:
    from mlflow import MlflowClient

    found = MlflowClient(store).search_logged_models([experiment_id])
    return [(model.name, str(model.status)) for model in found]


class Unsavable(LSAEncoder):
    """An encoder that cannot be written."""

    def to_arrays(self) -> dict[str, np.ndarray]:
        raise OSError("no space left on device")


def test_an_encoder_that_cannot_be_saved_is_not_the_stores_fault(
    store: str, lsa: LSAEncoder, tmp_path: Path
) -> None:
    broken = Unsavable()
    broken.__dict__.update(lsa.__dict__)
    with track("models", store) as run:
        with pytest.raises(OSError, match="no space left"):
            run.log_encoder(broken)
        assert _models(store, run.experiment_id) == []
        info = run.log_encoder(lsa)
    assert info.model_uri.startswith("models:/")
    assert not (tmp_path / "data" / "embedding-workbench" / "unsent").exists()


def test_an_encoder_that_the_store_refuses_is_kept_and_the_next_is_sent(
    store: str, lsa: LSAEncoder, tmp_path: Path
) -> None:
    taken = tmp_path / "store" / "artifacts"
    taken.write_text("a file where the artifacts should be")
    with track("models", store) as run:
        with pytest.warns(WorkbenchWarning, match="did not take 'encoder'.* is sent again"):
            kept = run.log_encoder(lsa)
        assert _models(store, run.experiment_id) == [("encoder", "FAILED")]
        taken.unlink()
        info = run.log_encoder(lsa, name="second")
    assert dict(_models(store, run.experiment_id))["second"] == "READY"
    for uri in (kept.model_uri, info.model_uri):
        np.testing.assert_array_equal(load_encoder(uri).encode(TEXTS), lsa.encode(TEXTS))
    assert "model_id: m-" not in (Path(kept.model_uri) / "MLmodel").read_text()


def test_a_private_run_takes_no_vocabulary(store: str, lsa: LSAEncoder) -> None:
    with (
        track("models", store, texts=False) as run,
        pytest.raises(InputError, match="holds the words of the texts"),
    ):
        run.log_encoder(lsa)


def test_a_model_that_is_not_there(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelUnavailableError, match="no tracking store yet"):
        load("models:/m-0123456789")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    with pytest.raises(ModelUnavailableError, match="could not be read from sqlite"):
        load("models:/m-0123456789")
    with pytest.raises(ModelUnavailableError, match="could not be read"):
        load("runs:/0123456789/encoder")


def test_the_environment_says_where_also_after_a_run(
    store: str, lsa: LSAEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with track("models", store) as run:
        info = run.log_encoder(lsa)
    with track("models", sqlite_uri(tmp_path / "other.db")):
        pass
    with pytest.raises(ModelUnavailableError, match=r"could not be read from .*other\.db"):
        load(info.model_uri)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    np.testing.assert_array_equal(load_encoder(info.model_uri).encode(TEXTS), lsa.encode(TEXTS))


def test_a_model_of_another_kind(store: str, tmp_path: Path) -> None:
    import mlflow
    from sklearn.linear_model import LinearRegression

    with track("models", store) as run:
        mlflow.sklearn.save_model(
            LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]),
            str(tmp_path / "other"),
            pip_requirements=[],
            serialization_format="cloudpickle",
        )
        client = mlflow.MlflowClient(store)
        logged = client.create_logged_model(run.experiment_id, "other")
        client.log_model_artifacts(logged.model_id, str(tmp_path / "other"))
    with pytest.raises(ModelUnavailableError, match=r"not an encoder: its flavors are \['python"):
        load(logged.model_uri)


def test_a_registered_model(store: str, tiny_encoder: DenseEncoder) -> None:
    import mlflow

    with track("models", store) as run:
        info = run.log_encoder(tiny_encoder)
    client = mlflow.MlflowClient(store)
    client.create_registered_model("tickets")
    client.create_model_version("tickets", info.model_uri, run.id, model_id=info.model_id)
    client.set_registered_model_alias("tickets", "best", "1")
    expected = tiny_encoder.encode(TEXTS)
    for uri in ("models:/tickets/1", "models:/tickets@best", f"runs:/{run.id}/encoder"):
        np.testing.assert_array_equal(load_encoder(uri).encode(TEXTS), expected)
