"""Logged models: in a fresh process elsewhere, as pyfunc and natively, the same numbers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.models import Model

from workbench.corpus import Corpus
from workbench.errors import InputError, ModelUnavailableError
from workbench.models import (
    DenseEncoder,
    LSAEncoder,
    Variant,
    load_encoder,
    load_reranker,
    load_sparse_encoder,
)
from workbench.models.mlflow_uri import bounded
from workbench.search import DiskIndex, Hybrid, SearchIndex
from workbench.serving import (
    EmbeddingModel,
    ParaphraseMiningModel,
    RerankerModel,
    SemanticSearchModel,
    ServedModel,
    SimilarityModel,
    load_model,
)
from workbench.tracking import track

TEXTS = ["the parcel is late", "money back", "I cannot log in", "what does it cost"]

# Asks each model for 1, 3 and many rows, as pyfunc and natively, and prints all answers.
ELSEWHERE = """
import json, sys, warnings
warnings.simplefilter("ignore")
import mlflow
store, uris, many = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
mlflow.set_tracking_uri(store)
texts = json.loads(sys.argv[4])
def rows(name, count):
    picked = [texts[i % len(texts)] for i in range(count)]
    if name == "similarity":
        return {"sentence_1": picked, "sentence_2": picked[::-1]}
    if name == "reranker":
        return {"query": picked, "text": picked[::-1]}
    return picked
def plain(found):
    return found.tolist() if hasattr(found, "tolist") else found
answers = {}
for name, uri in uris.items():
    loaded = mlflow.pyfunc.load_model(uri)
    answers[name] = [plain(loaded.predict(rows(name, n))) for n in (1, 3, many)]
    from workbench.serving import load_model
    native = load_model(uri)
    assert [plain(native.predict(rows(name, n))) for n in (1, 3, many)] == answers[name], name
import workbench
answers["where"] = workbench.__file__
answers["heavy"] = sorted({"plotly", "ipywidgets", "anywidget", "umap"} & set(sys.modules))
print(json.dumps(answers))
"""


def rows(name: str, count: int) -> Any:
    picked = [TEXTS[i % len(TEXTS)] for i in range(count)]
    if name in ("similarity", "reranker"):
        return list(zip(picked, picked[::-1], strict=True))
    return picked


def plain(found: Any) -> Any:
    return found.tolist() if isinstance(found, np.ndarray) else found


@pytest.fixture(scope="module")
def elsewhere(
    logged: tuple[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Return what a fresh process in another folder answered, with the package's copy only."""
    store, uris = logged
    away = tmp_path_factory.mktemp("away")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    ran = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, store, json.dumps(uris), "1000", json.dumps(TEXTS)],
        capture_output=True,
        text=True,
        cwd=away,
        env=environment,
        timeout=500,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    answers: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return answers


@pytest.mark.parametrize(
    "name",
    [
        "similarity",
        "search",
        "on disk",
        "paraphrases",
        "embeddings",
        "openai",
        "reranker",
        "sparse",
    ],
)
def test_the_same_numbers_elsewhere(
    elsewhere: dict[str, Any], models: dict[str, ServedModel], name: str
) -> None:
    for count, found in zip((1, 3, 1000), elsewhere[name], strict=True):
        own = plain(models[name].predict(rows(name, count)))
        assert json.dumps(_rounded(found)) == json.dumps(_rounded(own))
        if name != "openai":
            assert len(found) == count


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4) + 0.0
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value


def test_it_runs_from_the_copy_in_the_model(elsewhere: dict[str, Any]) -> None:
    assert "artifacts" in elsewhere["where"]
    assert elsewhere["heavy"] == []


def test_signatures_say_columns_and_defaults(logged: tuple[str, dict[str, str]]) -> None:
    from mlflow.models import Model

    _, uris = logged
    signature = Model.load(uris["search"]).signature
    assert signature.inputs.input_names() == ["query"]
    assert {param.name: param.default for param in signature.params} == {
        "top_k": 3,
        "minimum_relevancy": 0.2,
        "where": None,
        "truncate": True,
    }
    assert Model.load(uris["similarity"]).signature.inputs.input_names() == [
        "sentence_1",
        "sentence_2",
    ]
    assert Model.load(uris["embeddings"]).signature.outputs.inputs[0].type == np.float32


def test_no_pickle_and_no_path_of_this_machine(logged: tuple[str, dict[str, str]]) -> None:
    import mlflow

    folder = Path(mlflow.artifacts.download_artifacts(logged[1]["search"]))
    names = [path.name for path in folder.rglob("*") if path.is_file()]
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".bin", ".pt"))]
    here = str(Path(__file__).parents[2])
    for path in folder.rglob("*"):
        if (
            path.is_file()
            and path.suffix in (".json", ".yaml", ".txt", "")
            and path.name != "MLmodel"
        ):
            assert here not in path.read_text("utf-8", "replace"), path


@pytest.fixture
def search(logged: tuple[str, dict[str, str]]) -> Any:
    import mlflow

    mlflow.set_tracking_uri(logged[0])
    with bounded():
        return mlflow.pyfunc.load_model(logged[1]["search"])


@pytest.mark.parametrize(
    "data",
    [
        "money back",
        ["money back", "log in"],
        {"query": ["money back", "log in"]},
        [{"query": "money back"}],
        pd.DataFrame({"query": ["money back"]}),
        np.array(["money back", "log in"]),
    ],
)
def test_a_pyfunc_takes_every_form(search: Any, data: Any) -> None:
    found = search.predict(data)
    assert found[0][0]["corpus_id"] == "11"  # "refund pls"
    rows = [data] if isinstance(data, str) else data["query"] if isinstance(data, dict) else data
    assert len(found) == len(rows)


@pytest.mark.parametrize(
    ("data", "params", "message"),
    [
        (pd.DataFrame({"query": ["a", None]}), None, "row 2 of 'query' is null"),
        (pd.DataFrame({"text": ["a"]}), None, "no column 'query'"),
        (["a", ""], None, "row 2 of 'query' is an empty text"),
        ([], None, "the batch is empty"),
        (["a"], {"topk": 1}, "there is no parameter 'topk'. Did you mean 'top_k'"),
        (["a"], {"top_k": 10**12}, "top_k must be a whole number from 1 to 10000"),
    ],
)
def test_a_pyfunc_refuses_with_the_models_sentence(
    search: Any, data: Any, params: Any, message: str
) -> None:
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException, match=message) as caught:
        search.predict(data, params=params)
    assert caught.value.get_http_status_code() == 400


def test_other_models_are_checked_by_mlflow_as_before(search: Any, tmp_path: Path) -> None:
    import mlflow
    from mlflow.exceptions import MlflowException
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    search.predict("a")
    script = tmp_path / "other.py"
    script.write_text(
        "from mlflow.models import set_model\nfrom mlflow.pyfunc import PythonModel\n"
        "class Other(PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        return [len(text) for text in model_input['query']]\n"
        "set_model(Other())\n"
    )
    with bounded():
        mlflow.pyfunc.save_model(
            str(tmp_path / "other"),
            python_model=str(script),
            signature=ModelSignature(inputs=Schema([ColSpec("string", "query")])),
            pip_requirements=[],
        )
        other = mlflow.pyfunc.load_model(str(tmp_path / "other"))
    assert other.predict(pd.DataFrame({"query": ["abc"]})) == [3]
    with pytest.raises(MlflowException, match="Failed to enforce schema"):
        other.predict(["abc"])


def test_what_is_inside_comes_back_as_what_it_is(
    logged: tuple[str, dict[str, str]], models: dict[str, ServedModel]
) -> None:
    from sentence_transformers import CrossEncoder, SparseEncoder

    _, uris = logged
    reranker = load_model(uris["reranker"])
    assert isinstance(reranker, RerankerModel)
    assert isinstance(reranker.reranker.model, CrossEncoder)
    assert reranker.spec.revision == models["reranker"].spec.revision
    assert isinstance(load_reranker(uris["reranker"]).model, CrossEncoder)
    assert isinstance(load_sparse_encoder(uris["sparse"]).model, SparseEncoder)
    assert load_encoder(uris["similarity"]).spec.revision == models["similarity"].spec.revision
    with pytest.raises(ModelUnavailableError, match="holds no CrossEncoder"):
        load_reranker(uris["sparse"])


@pytest.mark.parametrize("kind", ["lsa", "variant", "hybrid"])
def test_other_encoders_and_methods_come_back(
    small_corpus: Corpus,
    minilm: DenseEncoder,
    cross_encoder_folder: Path,
    tmp_path: Path,
    kind: str,
) -> None:
    if kind == "lsa":
        encoder: Any = LSAEncoder(dimension=16).fit(small_corpus.texts)
        model: ServedModel = ParaphraseMiningModel(small_corpus, encoder)
    elif kind == "variant":
        encoder = Variant(minilm, truncate_dim=64, precision="int8")
        model = SemanticSearchModel(SearchIndex.build(small_corpus, encoder, progress=False))
    else:
        index = SearchIndex.build(
            small_corpus,
            minilm,
            sparse_encoder="idf",
            reranker=str(cross_encoder_folder),
            progress=False,
        )
        hybrid = Hybrid(("dense", "sparse"), fusion="weighted", weights={"dense": 2.0}, depth=7)
        model = SemanticSearchModel(index, method=hybrid, rerank=6, top_k=4)
    with track("others", f"sqlite:///{tmp_path}/mlflow.db") as run:
        info = run.log_model(model)
    back = load_model(info.model_uri)
    assert back.identity == model.identity
    if kind == "variant":
        with pytest.raises(ModelUnavailableError, match="holds a variant of an encoder"):
            load_encoder(info.model_uri)
    assert repr(back) == repr(model)
    assert back.predict(["parcel", "card"]) == model.predict(["parcel", "card"])


def test_an_index_on_disk_is_copied_into_the_model(
    small_corpus: Corpus, minilm: DenseEncoder, cross_encoder_folder: Path, tmp_path: Path
) -> None:
    reranker = load_reranker(cross_encoder_folder)
    index = DiskIndex.build(tmp_path / "i", small_corpus, minilm, progress=False)
    reread = DiskIndex.open(tmp_path / "i", minilm, reranker=reranker)
    models = [ParaphraseMiningModel(index), SemanticSearchModel(reread, rerank=6, top_k=4)]
    for number, model in enumerate(models):
        folder = tmp_path / f"model {number}"
        with bounded():
            model.save(folder, Model())
        back = load_model(folder)
        assert back.summary() == model.summary()
        shutil.rmtree(folder)  # as if the model had been fetched there
        assert back.predict(["parcel", "card"]) == model.predict(["parcel", "card"])
        assert back.corpus is not None
        assert back.corpus.fingerprint == small_corpus.fingerprint
    assert isinstance(back, SemanticSearchModel)
    with pytest.raises(InputError, match="opened with read_only=True"):
        back.index.remove(["0"])


def test_a_copy_of_an_index_on_disk_is_the_same_model(
    logged: tuple[str, dict[str, str]], models: dict[str, ServedModel]
) -> None:
    assert load_model(logged[1]["on disk"]).identity == models["on disk"].identity


def test_a_run_keeps_what_it_was_made_from(
    models: dict[str, ServedModel], small_corpus: Corpus, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    store = f"sqlite:///{tmp_path}/mlflow.db"
    with track("lineage", store) as run:
        info = run.log_model(models["search"], name="search")
    client = MlflowClient(store)
    (data,) = client.get_run(run.id).inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == ("small", small_corpus.fingerprint)
    logged_model = client.get_logged_model(info.model_id)
    assert logged_model.source_run_id == run.id
    assert "all-MiniLM-L6-v2" in logged_model.params.values()
    assert logged_model.model_type == "SemanticSearchModel"


def test_what_a_run_may_not_write(models: dict[str, ServedModel], tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/mlflow.db"
    with track("private", store, texts=False) as run:
        run.log_model(models["similarity"])
        for name in ("search", "sparse"):
            with pytest.raises(InputError, match="holds texts or words of them"):
                run.log_model(models[name])
    message = "holds the column 'topic', which this run may not"
    with track("columns", store, columns=[]) as run, pytest.raises(InputError, match=message):
        run.log_model(models["search"])


def test_what_is_no_model(
    logged: tuple[str, dict[str, str]], minilm: DenseEncoder, tmp_path: Path
) -> None:
    import mlflow

    store = f"sqlite:///{tmp_path}/mlflow.db"
    with track("none", store) as run:
        with pytest.raises(InputError, match=r"expected a model that answers.*got DenseEncoder"):
            run.log_model(minilm)
        with pytest.raises(InputError, match="expected a model that answers"):
            run.log_model(SimilarityModel)
        encoder = run.log_encoder(minilm)
    mlflow.set_tracking_uri(store)
    folder = mlflow.artifacts.download_artifacts(encoder.model_uri)
    for wrong in (7, "", "s3://bucket/model", "no-such-folder"):
        with pytest.raises(InputError, match="expected an MLflow URI or a folder of a logged"):
            load_model(wrong)
    with pytest.raises(ModelUnavailableError, match=r"is no model that run\.log_model logged"):
        load_model(folder)


def test_a_damaged_model_says_so(models: dict[str, ServedModel], tmp_path: Path) -> None:
    import mlflow

    with track("damaged", f"sqlite:///{tmp_path}/mlflow.db") as run:
        info = run.log_model(models["search"])
    folder = Path(mlflow.artifacts.download_artifacts(info.model_uri))
    (arrays,) = folder.rglob("*-arrays.safetensors")
    raw = bytearray(arrays.read_bytes())
    raw[len(raw) // 2] ^= 1
    arrays.write_bytes(raw)
    with pytest.raises(ModelUnavailableError, match=r"cannot be read: The index in .* is damaged"):
        load_model(folder)


def test_openai_and_plain_are_told_apart(models: dict[str, ServedModel]) -> None:
    assert isinstance(models["openai"], EmbeddingModel)
    assert models["openai"].columns == ("input",)
    assert models["embeddings"].columns == ("text",)
