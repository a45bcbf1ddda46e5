"""MLflow's scoring server with the models: over HTTP, with its payloads and OpenAI's."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from workbench.errors import InputError, ModelUnavailableError
from workbench.serving import ServedModel, Server, ServingError, serve


@pytest.fixture(scope="module", autouse=True)
def _looks_there_meanwhile(logged: tuple[str, dict[str, str]]) -> Iterator[None]:
    """Let MLflow look where the models are before a server of this module is started."""
    import mlflow

    earlier = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(logged[0])
    yield
    mlflow.set_tracking_uri(earlier)
    os.environ.pop("MLFLOW_TRACKING_URI", None)


@pytest.fixture(scope="module")
def uris(logged: tuple[str, dict[str, str]]) -> dict[str, str]:
    """Return where the models are, and let MLflow look there: earlier tests looked elsewhere."""
    import mlflow

    mlflow.set_tracking_uri(logged[0])
    return logged[1]


@pytest.fixture(scope="module")
def search_server(uris: dict[str, str]) -> Iterator[Server]:
    with serve(uris["search"]) as server:
        yield server


@pytest.fixture(scope="module")
def openai_server(uris: dict[str, str]) -> Iterator[Server]:
    with serve(uris["openai"]) as server:
        yield server


@pytest.mark.parametrize(
    "payload",
    [
        {"inputs": ["money back", "log in"]},
        {"instances": ["money back", "log in"]},
        {"inputs": {"query": ["money back", "log in"]}},
        {"inputs": [{"query": "money back"}, {"query": "log in"}]},
        {"instances": [{"query": "money back"}, {"query": "log in"}]},
        {"dataframe_records": [{"query": "money back"}, {"query": "log in"}]},
        {"dataframe_split": {"columns": ["query"], "data": [["money back"], ["log in"]]}},
    ],
)
def test_every_payload_of_mlflow(
    search_server: Server, models: dict[str, ServedModel], payload: dict[str, Any]
) -> None:
    found = search_server.invoke({**payload, "params": {"top_k": 2}})["predictions"]
    expected = models["search"].predict(["money back", "log in"], {"top_k": 2})
    assert [[hit["corpus_id"] for hit in hits] for hits in found] == [
        [hit["corpus_id"] for hit in hits] for hits in expected
    ]
    assert found[1][0]["score"] == pytest.approx(expected[1][0]["score"], abs=1e-5)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"inputs": ["a", None]}, "HTTP 400: SemanticSearchModel: row 2 of 'query' is null"),
        ({"dataframe_records": [{"query": None}]}, "HTTP 400: .*row 1 of 'query' is null"),
        ({"dataframe_records": [{"text": "a"}]}, "HTTP 400: .*there is no column 'query'"),
        ({"inputs": ["a", 3]}, "HTTP 400: .*row 2 of 'query' is int 3"),
        ({"inputs": ["a", " "]}, "HTTP 400: .*row 2 of 'query' is an empty text"),
        ({"inputs": []}, "HTTP 400: .*the batch is empty"),
        ({"inputs": None}, "HTTP 400: .*row 1 of 'query' is null"),
        ({"inputs": ["a"], "params": {"topk": 1}}, "HTTP 400: .*no parameter 'topk'"),
        ({"inputs": ["a"], "params": {"top_k": 0}}, "HTTP 400: .*from 1 to 10000; got 0"),
        ({"texts": ["a"]}, "HTTP 400: The input must be a JSON dictionary with exactly one of"),
    ],
)
def test_bad_input_is_400_with_a_sentence(
    search_server: Server, payload: dict[str, Any], message: str
) -> None:
    with pytest.raises(ServingError, match=message):
        search_server.invoke(payload)


def test_what_is_no_json_is_400(search_server: Server) -> None:
    for body in (b"{", b'"a"', b"\xff\xfe"):
        request = urllib.request.Request(
            f"{search_server.url}/invocations", body, {"Content-Type": "application/json"}
        )
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=30)
        assert caught.value.code == 400
        assert json.loads(caught.value.read())["message"]
        caught.value.close()


def test_each_cut_is_in_the_log_and_can_be_refused(search_server: Server) -> None:
    rows = {"inputs": ["a", "parcel " * 300]}
    said = r"(row 2) are longer than 'all-MiniLM-L6-v2' reads (302 tokens of 256)"
    for _ in range(2):
        assert len(search_server.invoke(rows)["predictions"]) == 2
    assert search_server.log.count(said) == 2
    message = "HTTP 400: SemanticSearchModel: row 2 of 'query' is longer than 'all-MiniLM-L6-v2'"
    with pytest.raises(ServingError, match=message):
        search_server.invoke({**rows, "params": {"truncate": False}})


def test_tables_in_other_forms(search_server: Server) -> None:
    """MLflow reads parquet; CSV it refuses for columns of any type, before the model is asked."""
    kept = io.BytesIO()
    pd.DataFrame({"query": ["money back"]}).to_parquet(kept)
    for kind, body in (
        ("application/vnd.apache.parquet", kept.getvalue()),
        ("text/csv", b"query\nmoney back\n"),
    ):
        request = urllib.request.Request(
            f"{search_server.url}/invocations", body, {"Content-Type": kind}
        )
        if kind == "text/csv":
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, timeout=30)
            assert caught.value.code == 400
            assert "inputs types are not DataType" in json.loads(caught.value.read())["message"]
            caught.value.close()
        else:
            with urllib.request.urlopen(request, timeout=30) as answer:
                (hits,) = json.loads(answer.read())["predictions"]
            assert hits[0]["text"] == "refund pls"


def test_many_rows_in_batches(search_server: Server, models: dict[str, ServedModel]) -> None:
    rows = [f"parcel number {number}" for number in range(23)]
    found = search_server.predict(rows, {"top_k": 1}, batch_size=5)
    expected = models["search"].predict(rows, {"top_k": 1})
    assert [hits[0]["corpus_id"] for hits in found] == [hits[0]["corpus_id"] for hits in expected]


def test_a_refused_batch_says_what_is_pending(search_server: Server) -> None:
    rows = ["a parcel", "b", "c", "", "e"]
    with pytest.raises(ServingError, match="2 of 5 rows were answered, 3 are pending") as caught:
        search_server.predict(rows, batch_size=2)
    assert (len(caught.value.answers), caught.value.pending) == (2, 3)


def test_what_is_no_list_of_rows(search_server: Server) -> None:
    with pytest.raises(InputError, match="rows is a list of rows; got str"):
        search_server.predict("parcel")
    with pytest.raises(InputError, match="batch_size is 1 or more; got 0"):
        search_server.predict(["parcel"], batch_size=0)


def test_no_proxy_is_asked(search_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert search_server.healthy()


def test_openais_own_request(openai_server: Server, models: dict[str, ServedModel]) -> None:
    found = openai_server.invoke({"input": ["a parcel", "b"], "model": "m", "dimensions": 3})
    expected = models["openai"].predict({"input": ["a parcel", "b"], "dimensions": 3})
    assert set(found) == {"object", "data", "model", "usage"}
    assert found["usage"] == expected["usage"]
    assert [one["index"] for one in found["data"]] == [0, 1]
    assert found["data"][0]["embedding"] == pytest.approx(
        expected["data"][0]["embedding"], abs=1e-5
    )
    rows = openai_server.predict(["a parcel", "b", "c"], batch_size=2)
    assert [len(row["embedding"]) for row in rows] == [384] * 3
    with pytest.raises(ServingError, match="HTTP 400: EmbeddingModel: row 1 of 'input' is null"):
        openai_server.invoke({"input": None})


def test_a_port_in_use(search_server: Server, logged: tuple[str, dict[str, str]]) -> None:
    port = int(search_server.url.rpartition(":")[2])
    with pytest.raises(InputError, match=f"port {port} of 127.0.0.1 cannot be used"):
        serve(logged[1]["search"], port)
    with pytest.raises(InputError, match=r"port is a number from 0 .* to 65535; got 70000"):
        serve(logged[1]["search"], 70000)
    with pytest.raises(InputError, match="port is a number"):
        serve(logged[1]["search"], "5000")


def test_a_model_that_is_not_there(logged: tuple[str, dict[str, str]]) -> None:
    with pytest.raises(ModelUnavailableError, match="could not be read"):
        serve("models:/nothing/1")
    with pytest.raises(InputError, match="serve: expected an MLflow URI or a folder"):
        serve("all-MiniLM-L6-v2")
    with pytest.raises(InputError, match="host is an IPv4 address or a name; got '::1'"):
        serve(logged[1]["search"], host="::1")


@pytest.mark.soak
def test_a_server_that_dies_says_what_was_pending(logged: tuple[str, dict[str, str]]) -> None:
    server = serve(logged[1]["search"])
    try:
        asked: list[Any] = []
        invoke = server.invoke

        def and_then_dies(payload: Any) -> Any:
            if len(asked) == 2:
                os.killpg(server.process.pid, signal.SIGKILL)
                server.process.wait(10)
            asked.append(payload)
            return invoke(payload)

        server.invoke = and_then_dies
        message = "has ended .*4 of 10 rows were answered, 6 are pending"
        with pytest.raises(ServingError, match=message) as caught:
            server.predict([f"parcel {number}" for number in range(10)], batch_size=2)
        assert (len(caught.value.answers), caught.value.pending) == (4, 6)
        assert not server.running
    finally:
        server.stop()
    server.stop()  # once is enough, twice does no harm


@pytest.mark.soak
def test_nothing_is_left_of_a_server(logged: tuple[str, dict[str, str]]) -> None:
    with serve(logged[1]["reranker"]) as server:
        port = int(server.url.rpartition(":")[2])
        assert server.invoke({"inputs": [["a", "b"]]})["predictions"]
        folder = server._folder
        assert folder.exists()
    assert not folder.exists()
    assert not server.running
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.soak
def test_a_broken_model_ends_with_what_the_server_said(
    logged: tuple[str, dict[str, str]], tmp_path: Any
) -> None:
    import shutil

    import mlflow

    folder = tmp_path / "broken"
    shutil.copytree(mlflow.artifacts.download_artifacts(logged[1]["reranker"]), folder)
    (folder / "artifacts" / "model" / "settings.json").write_text("{")
    with pytest.raises(ServingError, match=r"ended: .*settings\.json cannot be read"):
        serve(str(folder))


@pytest.mark.soak
def test_a_script_that_ends_leaves_no_server(logged: tuple[str, dict[str, str]]) -> None:
    store, uris = logged
    code = f"from workbench.serving import serve; print(serve({uris['reranker']!r}).url)"
    environment = {**os.environ, "MLFLOW_TRACKING_URI": store}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, ran.stderr
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(ran.stdout.rpartition(":")[2]))) != 0


@pytest.mark.soak
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_command(logged: tuple[str, dict[str, str]], how: signal.Signals) -> None:
    store, uris = logged
    environment = {**os.environ, "MLFLOW_TRACKING_URI": store}
    program = "import sys; from workbench.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "serve", uris["reranker"], "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        url = said.partition(" answers at ")[2].partition(";")[0]
        request = urllib.request.Request(
            url, b'{"inputs": [["a", "b"]]}', {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert len(json.loads(answer.read())["predictions"]) == 1
        process.send_signal(how)
        rest, errors = process.communicate(timeout=60)
    assert (process.returncode, rest.strip()) == (0, "The server has ended."), errors
    time.sleep(0.1)
    with socket.socket() as probe:
        port = int(url.partition("127.0.0.1:")[2].partition("/")[0])
        assert probe.connect_ex(("127.0.0.1", port)) != 0
