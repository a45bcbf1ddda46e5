from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.analysis import project, tasks
from workbench.analysis.comparison import compare_models
from workbench.embeddings import Embeddings
from workbench.errors import TrackingUnavailableError, WorkbenchWarning
from workbench.models import DenseEncoder, LSAEncoder, load_encoder
from workbench.models.mlflow_uri import load
from workbench.tracking import Run, load_comparison, open_view, promote, track
from workbench.tracking._record import Privacy
from workbench.tracking._sender import Sender
from workbench.views import View


@pytest.fixture
def server(store: str, tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A real tracking server of one process on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--backend-store-uri", store,
        "--artifacts-destination", str(tmp_path / "server-artifacts"),
    ]  # fmt: skip
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env=environment, cwd=tmp_path, start_new_session=True
        )
    try:
        _await(f"http://127.0.0.1:{port}/health", process, tmp_path / "server.log")
        yield f"http://127.0.0.1:{port}", process
    finally:
        _kill(process)


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + 90
    while time.monotonic() < give_up and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the server did not start:\n{log.read_text()[-3000:]}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the server and the workers of its own session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=20)


def test_a_server_takes_it_all_and_when_it_dies_nothing_is_lost(
    server: tuple[str, subprocess.Popen[bytes]],
    embeddings: Embeddings,
    tiny_encoder: DenseEncoder,
    tmp_path: Path,
) -> None:
    import mlflow

    uri, process = server
    projection = project(embeddings, method="pca")
    expected = tiny_encoder.encode(["the order"])
    with track("tickets", uri) as run:
        run.log(projection)
        info = run.log_encoder(tiny_encoder)
        assert isinstance(open_view(run.id, "projection", uri), View)
        np.testing.assert_array_equal(load_encoder(info.model_uri).encode(["the order"]), expected)
        served = mlflow.pyfunc.load_model(info.model_uri).predict(["the order"])
        np.testing.assert_array_equal(served, expected)

        _kill(process)
        started = time.monotonic()
        with pytest.warns(WorkbenchWarning, match="is kept in") as caught:
            assert run.log(projection) == "projection_2"
        assert time.monotonic() - started < 20
        with warnings.catch_warnings():
            warnings.simplefilter("error", WorkbenchWarning)
            started = time.monotonic()
            run.log(embeddings)
            kept = run.log_encoder(tiny_encoder)
            assert time.monotonic() - started < 5

    folder = tmp_path / "data" / "embedding-workbench" / "unsent" / run.id
    assert str(folder) in str(caught[0].message)
    assert caught[0].filename == __file__
    again = View.from_json((folder / "figures" / "projection_2.view.json").read_text())
    assert len(again.texts) == 20
    assert (folder / "figures" / "projection_2.html").stat().st_size > 100_000
    assert len(pd.read_parquet(folder / "tables" / "embeddings.parquet")) == 20
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [line["name"] for line in lines] == ["projection_2", "embeddings"]
    assert lines[1]["metrics"]["embeddings/texts"] == 20
    assert lines[1]["corpora"][0]["digest"] == embeddings.corpus.fingerprint
    ended = json.loads((folder / "run.json").read_text())
    assert (ended["status"], ended["experiment"], ended["uri"]) == ("FINISHED", "tickets", uri)
    local = mlflow.pyfunc.load_model(kept.model_uri).predict(["the order"])
    np.testing.assert_array_equal(local, expected)
    loaded = load(kept.model_uri)
    assert not isinstance(loaded, LSAEncoder)
    np.testing.assert_array_equal(loaded.encode(["the order"]), expected)
    with pytest.raises(TrackingUnavailableError, match="does not answer"):
        open_view(run.id, "projection", uri)


def _run_at(uri: str) -> Run:
    """Return a run whose server was well when it was opened."""
    from mlflow import MlflowClient

    sender = Sender(MlflowClient(uri), "r1", "1", Privacy())
    return Run("r1", "1", "tickets", uri, Privacy(), sender)


def test_a_server_that_hangs_in_mid_run_costs_seconds_once(embeddings: Embeddings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        run = _run_at(f"http://127.0.0.1:{listening.getsockname()[1]}")
        started = time.monotonic()
        with pytest.warns(WorkbenchWarning, match="no longer answers .*is kept in"):
            run.log(embeddings)
        assert time.monotonic() - started < 10
        started = time.monotonic()
        run.log(embeddings)
        assert time.monotonic() - started < 2


def test_a_server_of_which_only_the_health_answers_is_asked_once_each_time(
    embeddings: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    over = threading.Event()

    class Stuck(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/health":
                self.send_response(200)
                self.end_headers()
            else:
                asked.append(self.path)
                over.wait(30)

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Stuck) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run = _run_at(f"http://127.0.0.1:{server.server_port}")
        for name in ("embeddings", "embeddings_2"):
            with pytest.warns(WorkbenchWarning, match=f"did not take '{name}'"):
                run.log(embeddings)
        over.set()
        server.shutdown()
    assert len(asked) == 2


def test_a_comparison_goes_to_a_server_and_is_kept_whole_when_that_dies_in_the_middle(
    server: tuple[str, subprocess.Popen[bytes]],
    embeddings: Embeddings,
    tiny_encoder: DenseEncoder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mlflow import MlflowClient

    from workbench.tracking import _sender

    uri, process = server
    names = ["größe 大小", "stars"]
    chosen = [tasks.custom(name, lambda made: made.corpus["stars"]) for name in names]
    models = {"tiny": tiny_encoder, "lsa": LSAEncoder(dimension=4)}
    comparison = compare_models(
        embeddings.corpus, models, tasks=chosen, store=False, progress=False
    )
    with track("tickets", uri) as run:
        run.log(comparison)
        loaded = load_comparison(run.id, uri=uri)
        assert loaded.decision == comparison.decision
        (lsa, tiny) = MlflowClient(uri).search_runs(
            [run.experiment_id], f"tags.`mlflow.parentRunId` = '{run.id}'"
        )
        assert (lsa.info.run_name, lsa.info.status) == ("lsa", "FINISHED")
        assert tiny.data.metrics["größe 大小/score"] == 9.5
        assert promote(comparison, "tiny", "tickets", uri=uri).version == "1"
        second = promote(comparison, "lsa", "tickets", uri=uri)
        assert second.version == "2", second.reasons
        assert isinstance(load_encoder("models:/tickets@champion"), LSAEncoder)

        send = _sender.send_model

        def send_and_die(*given: object) -> str:
            run_id = send(*given)
            _kill(process)
            return run_id

        monkeypatch.setattr(_sender, "send_model", send_and_die)
        started = time.monotonic()
        with pytest.warns(WorkbenchWarning, match="no longer answers"):
            run.log(comparison)
        assert time.monotonic() - started < 30
    kept = tmp_path / "data" / "embedding-workbench" / "unsent" / run.id
    (line,) = map(json.loads, (kept / "log.jsonl").read_text().splitlines())
    assert [model["name"] for model in line["models"]] == ["tiny", "lsa"]
    assert (kept / line["models"][1]["files"] / "tables" / "stars.parquet").is_file()
