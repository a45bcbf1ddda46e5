from __future__ import annotations

import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from workbench.errors import InputError, ModelUnavailableError
from workbench.models import DenseEncoder, LSAEncoder, list_encoders, load_encoder
from workbench.models.registry import minilm_folder

from ..hashing_encoder import HashingEncoder

TEXTS = ["the parcel is late", "refund the card"]


# --- every kind of reference


def test_a_name_with_and_without_its_organisation(minilm: DenseEncoder) -> None:
    named = load_encoder("sentence-transformers/all-MiniLM-L6-v2")
    assert named.spec == minilm.spec


def test_lsa_comes_unfitted() -> None:
    encoder = load_encoder("lsa")
    assert isinstance(encoder, LSAEncoder)
    assert not encoder.fitted


def test_the_static_model_is_made_once(static_encoder: DenseEncoder) -> None:
    kept = Path(os.environ["WORKBENCH_CACHE"]) / "models" / "minilm-static-v1" / "model.safetensors"
    made = kept.stat().st_mtime_ns
    again = load_encoder("minilm-static")
    assert kept.stat().st_mtime_ns == made
    assert again.spec == static_encoder.spec


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder(
    tiny_encoder: DenseEncoder, tiny_folder: Path, kind: type[str] | type[Path]
) -> None:
    encoder = load_encoder(kind(tiny_folder))
    assert encoder.spec.name == "tiny-bert"
    assert encoder.spec.revision == tiny_encoder.spec.revision
    np.testing.assert_allclose(encoder.encode(TEXTS), tiny_encoder.encode(TEXTS), atol=1e-6)


def test_the_working_folder(
    tiny_encoder: DenseEncoder, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny_folder)
    encoder = load_encoder(".")
    assert encoder.spec.name == "tiny-bert"
    assert encoder.spec.revision == tiny_encoder.spec.revision


def test_a_sentence_transformer(tiny_encoder: DenseEncoder) -> None:
    encoder = load_encoder(tiny_encoder.model)
    assert isinstance(encoder, DenseEncoder)
    assert encoder.model is tiny_encoder.model
    assert encoder.spec.revision == tiny_encoder.spec.revision


def test_encoders_are_taken_as_they_are(tiny_encoder: DenseEncoder) -> None:
    own = HashingEncoder()
    assert load_encoder(own) is own
    assert load_encoder(tiny_encoder) is tiny_encoder


def test_a_folder_that_mlflow_saved(tiny_encoder: DenseEncoder, tmp_path: Path) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own
        import mlflow.sentence_transformers

        folder = str(tmp_path / "saved")
        mlflow.sentence_transformers.save_model(tiny_encoder.model, folder, pip_requirements=[])
    encoder = load_encoder(folder)
    assert encoder.spec.revision == tiny_encoder.spec.revision


# --- what is no reference


@pytest.mark.parametrize("reference", [3, None, "", " ", ["lsa"], HashingEncoder, object()])
def test_wrong_types(reference: object) -> None:
    with pytest.raises(InputError, match=r"expected a name, a folder.*\.spec and \.encode.*; got"):
        load_encoder(reference)


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(
        ModelUnavailableError,
        match=r"'all-MiniLM-L6-v3' is not on this machine.*Did you mean 'all-MiniLM-L6-v2'\?"
        r" What works offline: 'all-MiniLM-L6-v2', 'minilm-static', 'lsa'",
    ):
        load_encoder("all-MiniLM-L6-v3")


@pytest.mark.parametrize("path", ["no/such/folder", "./here", "/nowhere"])
def test_a_path_that_is_not_there(path: str) -> None:
    with pytest.raises(ModelUnavailableError, match=f"'{path}' is neither a folder here nor"):
        load_encoder(path)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b"], ids=["long", "NUL"])
def test_names_that_no_file_can_have(name: str) -> None:
    with pytest.raises(ModelUnavailableError, match="is not on this machine"):
        load_encoder(name)


def broken(kind: str, tiny_folder: Path, folder: Path) -> Path:
    if kind == "empty":
        folder.mkdir()
    elif kind == "a file":
        folder.write_text("not a model")
    else:
        shutil.copytree(tiny_folder, folder)
        name = "modules.json" if kind == "modules" else "model.safetensors"
        (folder / name).write_bytes((folder / name).read_bytes()[:50])
    return folder


@pytest.mark.parametrize("kind", ["empty", "a file", "modules", "weights"])
def test_broken_folders(kind: str, tiny_folder: Path, tmp_path: Path) -> None:
    folder = broken(kind, tiny_folder, tmp_path / "broken")
    with pytest.raises(ModelUnavailableError, match=r"broken' could not be loaded.*works offline"):
        load_encoder(folder)


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ModelUnavailableError, match=r"could not be kept in.*WORKBENCH_CACHE"):
        load_encoder("minilm-static")


# --- the hub, in processes that are not told to stay offline

ASK = """
import sys, time
from workbench.models import load_encoder
start = time.perf_counter()
try:
    load_encoder("nobody/no-such-model")
except OSError as error:
    print(type(error).__name__, error)
print(f"{time.perf_counter() - start:.1f}", "torch" in sys.modules)
"""


def ask_hub(endpoint: str) -> tuple[str, float]:
    environment = {**os.environ, "HF_HUB_OFFLINE": "0", "HF_ENDPOINT": endpoint, "NO_PROXY": "*"}
    asked = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True
    )
    message, timing = asked.stdout.splitlines()
    seconds, torch_is_loaded = timing.split()
    assert torch_is_loaded == "False"
    return message, float(seconds)


@pytest.fixture
def silent() -> Iterator[str]:
    """A hub that takes calls and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def knows_nothing() -> Iterator[str]:
    """A hub that has no model."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_hub_that_does_not_answer(silent: str) -> None:
    message, seconds = ask_hub(silent)
    assert message.startswith("ModelUnavailableError 'nobody/no-such-model' is not on this machine")
    assert "cannot be reached. What works offline: 'all-MiniLM-L6-v2'" in message
    assert seconds < 10


def test_a_hub_that_is_not_there() -> None:
    message, seconds = ask_hub("http://hub.invalid")
    assert "cannot be reached. What works offline: 'all-MiniLM-L6-v2'" in message
    assert seconds < 10


def test_a_hub_without_the_model(knows_nothing: str) -> None:
    message, seconds = ask_hub(knows_nothing)
    assert "the hub has none of that name (or it is private). What works offline" in message
    assert seconds < 10


FROM_CACHE = """
from workbench.models import list_encoders, load_encoder
row = list_encoders().set_index("name").loc["sentence-transformers/tiny-bert"]
assert row["available"] and row["note"] == "in the hub's local cache", row
for name in ("sentence-transformers/tiny-bert", "tiny-bert"):
    print(load_encoder(name).spec.name, load_encoder(name).spec.revision)
"""


def test_a_model_in_the_hubs_cache(
    tiny_encoder: DenseEncoder, tiny_folder: Path, tmp_path: Path
) -> None:
    home = tmp_path / "models--sentence-transformers--tiny-bert"
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text("0" * 40)
    shutil.copytree(tiny_folder, home / "snapshots" / ("0" * 40))
    loaded = subprocess.run(
        [sys.executable, "-c", FROM_CACHE],
        env={**os.environ, "HF_HUB_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.split() == [
        "sentence-transformers/tiny-bert",
        tiny_encoder.spec.revision,
        "tiny-bert",
        tiny_encoder.spec.revision,
    ]


# --- what there is


def test_list_encoders(static_encoder: DenseEncoder) -> None:
    frame = list_encoders()
    columns = ["name", "family", "dimension", "size_mb", "max_tokens", "available", "note"]
    assert list(frame.columns) == columns
    assert frame["name"].tolist()[:3] == ["all-MiniLM-L6-v2", "minilm-static", "lsa"]
    assert frame["available"].all()
    minilm, distilled, lsa = frame.head(3).to_dict("records")
    folder = minilm_folder()
    assert folder is not None
    weights = (folder / "model.safetensors").stat().st_size
    assert (minilm["dimension"], minilm["max_tokens"]) == (384, 256)
    assert minilm["size_mb"] == round(weights / 1e6, 1)
    assert distilled["dimension"] == static_encoder.spec.dimension
    assert distilled["size_mb"] > 20
    assert lsa["family"] == "lsa"


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys; from workbench.embeddings import embed; from workbench.models import *; "
        "list_encoders(); load_encoder('lsa'); "
        "print(sorted({'torch', 'sentence_transformers', 'mlflow', 'sklearn'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_folder_below_home(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tiny_folder.parent))
    assert load_encoder(f"~/{tiny_folder.name}").spec.name == tiny_folder.name


def test_an_interrupted_download_is_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = tmp_path / "models--acme--partial/snapshots/abc"
    snapshot.mkdir(parents=True)
    (snapshot / "modules.json").write_text("[]")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert "acme/partial" not in list_encoders()["name"].tolist()
    with pytest.raises(ModelUnavailableError, match="the model hub cannot be reached"):
        load_encoder("acme/partial")


def test_lsa_of_another_owner_is_not_ours() -> None:
    with pytest.raises(ModelUnavailableError, match="'sentence-transformers/lsa' is not on"):
        load_encoder("sentence-transformers/lsa")
