from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench.errors import InputError, MissingExtraError, TrackingUnavailableError
from workbench.models.mlflow_uri import bounded, check_answers, shown_uri, sqlite_uri
from workbench.tracking import default_tracking_uri, ensure_store, track


def test_the_default_is_one_file_whatever_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = default_tracking_uri()
    monkeypatch.chdir(tmp_path)
    assert default_tracking_uri() == first
    assert first.startswith("sqlite:///")
    assert first.endswith("embedding-workbench/mlflow.db")


def test_the_environment_variable_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://example.invalid:5000")
    assert default_tracking_uri() == "http://example.invalid:5000"


def test_a_fresh_store_is_made_quietly_and_its_artifacts_lie_beside_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    monkeypatch.chdir(tmp_path)
    file = tmp_path / "a b ü" / "runs.db"
    uri = ensure_store(sqlite_uri(file))
    assert capfd.readouterr() == ("", "")
    assert sorted(path.name for path in file.parent.iterdir()) == ["runs.db", "runs.db.lock"]
    default = MlflowClient(uri).get_experiment("0")
    assert default.artifact_location == (file.parent / "artifacts" / "0").as_uri()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a b ü"], "no stray folder"


def test_a_store_that_exists_is_left_alone(store: str) -> None:
    file = Path(store.removeprefix("sqlite:///"))
    before = file.stat().st_mtime_ns
    assert ensure_store(store) == store
    assert file.stat().st_mtime_ns == before


def test_what_make_lab_asks_is_answered_with_a_uri_or_a_sentence(tmp_path: Path) -> None:
    def asked(uri: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "workbench.tracking"]
        environment = {**os.environ, "MLFLOW_TRACKING_URI": uri}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    uri = sqlite_uri(tmp_path / "mlflow.db")
    assert asked(uri)[:2] == (0, f"{uri}\n")
    status, out, error = asked("./mlruns")
    assert (status, out) == (1, "")
    assert error.startswith("workbench: track: './mlruns' names a folder")


def test_a_relative_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here.db").write_bytes(b"")
    with sqlite3.connect(tmp_path / "here.db") as connection:
        connection.execute("CREATE TABLE anything (x)")
    monkeypatch.chdir(tmp_path)
    assert ensure_store("sqlite:///here.db") == sqlite_uri(tmp_path / "here.db")


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("sqlite://", "keeps nothing"),
        ("sqlite:///:memory:", "keeps nothing"),
        ("sqlite://store.db", "three slashes"),
        ("runs.db", r"is a path, not a URI\. Write 'sqlite:////.*runs\.db'"),
        ("./mlruns", "no longer tracks into folders"),
        ("file:///tmp/mlruns", "no longer tracks into folders"),
        (17, "expected a tracking URI"),
    ],
)
def test_a_uri_that_cannot_be_tracked_to(uri: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        track("x", uri)


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("something else, longer than a header of a hundred bytes " * 9)
    with pytest.raises(TrackingUnavailableError, match="not a sqlite file"):
        ensure_store(sqlite_uri(tmp_path / "x.db"))
    with pytest.raises(TrackingUnavailableError, match="is a folder"):
        ensure_store(sqlite_uri(tmp_path))


def test_a_folder_that_cannot_be_made_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    started = time.monotonic()
    with pytest.raises(TrackingUnavailableError, match="cannot be opened"):
        ensure_store(sqlite_uri(tmp_path / "taken" / "mlflow.db"))
    assert time.monotonic() - started < 5


def test_an_older_schema_says_how_to_upgrade(store: str) -> None:
    file = store.removeprefix("sqlite:///")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0584bdc529eb'")
    with pytest.raises(TrackingUnavailableError, match="mlflow db upgrade"):
        track("x", store)


def test_a_folder_of_runs_in_the_working_directory_is_not_in_the_way(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mlruns" / "0").mkdir(parents=True)
    (tmp_path / "mlruns" / "0" / "meta.yaml").write_text("experiment_id: '0'\n")
    monkeypatch.chdir(tmp_path)
    with track("x", store) as run:
        assert run.uri == store


@pytest.mark.parametrize("uri", ["http://127.0.0.1:1", "http://user:secret@127.0.0.1:1/base"])
def test_a_server_that_is_down_is_said_within_five_seconds(uri: str) -> None:
    started = time.monotonic()
    with pytest.raises(TrackingUnavailableError, match="does not answer") as caught:
        track("x", uri)
    assert time.monotonic() - started < 5
    assert "secret" not in str(caught.value)


def test_a_server_that_accepts_and_says_nothing_is_given_up() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        started = time.monotonic()
        with pytest.raises(TrackingUnavailableError, match="does not answer"):
            check_answers(f"http://127.0.0.1:{port}", patience_s=0.5)
        assert time.monotonic() - started < 3


def test_a_database_whose_driver_is_not_installed() -> None:
    with pytest.raises(MissingExtraError, match=r"pip install 'psycopg") as caught:
        track("x", "postgresql://me:secret@localhost:1/db")
    assert "secret" not in str(caught.value)


def test_a_database_that_is_down_is_said_at_once() -> None:
    import socket

    said = r"database postgresql\+psycopg2://127\.0\.0\.1:\d+/db does not answer"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        uri = f"postgresql+psycopg2://me:secret@127.0.0.1:{listening.getsockname()[1]}/db"
        check_answers(uri)
    with pytest.raises(TrackingUnavailableError, match=said):
        check_answers(uri)
    for unasked in ("postgresql://localhost/db", "mysql://a:1,b:2/db", "sqlite:////x.db"):
        check_answers(unasked)


def test_limits_are_put_back_and_the_users_own_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "7")
    before = dict(os.environ)
    with bounded():
        with bounded(retries=0, timeout_s=20):
            assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "2"
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "7"
    assert dict(os.environ) == before


def test_credentials_are_not_shown() -> None:
    assert shown_uri("http://me:pw@host:5000/x") == "http://host:5000/x"
    assert shown_uri("postgresql://host/x?user=me&password=pw") == "postgresql://host/x"
    assert shown_uri("sqlite:////home/a@b/x.db") == "sqlite:////home/a@b/x.db"


_OPEN = """
import sys
from workbench.tracking import track
with track("all at once") as run:
    run._sender._client.log_metric(run.id, "n", 1.0)
    print(run.id)
"""


def _open_at_once(folder: Path, count: int) -> None:
    """Open a fresh default store in several processes at once; every run must be in it."""
    from mlflow import MlflowClient

    environment = {**os.environ, "XDG_DATA_HOME": str(folder), "HOME": str(folder)}
    command = [sys.executable, "-W", "error::UserWarning:workbench", "-c", _OPEN]
    processes = [
        subprocess.Popen(
            command, env=environment, cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(count)
    ]  # fmt: skip
    answers = [process.communicate(timeout=240) for process in processes]
    assert [process.returncode for process in processes] == [0] * count, answers
    ids = {out.strip() for out, _ in answers}
    client = MlflowClient(sqlite_uri(folder / "embedding-workbench" / "mlflow.db"))
    found = client.search_runs([client.get_experiment_by_name("all at once").experiment_id])
    assert {run.info.run_id for run in found} == ids
    assert len(ids) == count


def test_three_processes_open_a_fresh_store_at_once(tmp_path: Path) -> None:
    _open_at_once(tmp_path / "fresh", 3)


@pytest.mark.soak
@pytest.mark.parametrize("round_", range(10))
def test_eight_processes_ten_times(tmp_path: Path, round_: int) -> None:
    _open_at_once(tmp_path / f"fresh{round_}", 8)
