"""serve: a logged model behind MLflow's own scoring server, on this machine."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any

from workbench.errors import InputError, WorkbenchError
from workbench.models.mlflow_uri import fetched
from workbench.serving.loading import check_uri

__all__ = ["Server", "ServingError", "serve"]

_START_S = 180.0
_STOP_S = 15.0
_REQUEST_S = 600.0
_ROWS_AT_A_TIME = 256
_LOG_CHARACTERS = 2000
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has none
# A proxy that the environment names is not asked for what is on this machine.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_ERROR = re.compile(r"[\w.]+(Error|Exception)\b: ")


class ServingError(WorkbenchError):
    """A server that refused a request, or that died.

    Parameters
    ----------
    message
        What happened.
    answers
        The answers that had come by then, in the order of the rows.
    pending
        How many rows were not answered.
    """

    def __init__(self, message: str, answers: Sequence[Any] = (), pending: int = 0) -> None:
        super().__init__(message)
        self.answers = tuple(answers)
        self.pending = pending


def serve(
    model_uri: str, port: int = 0, *, host: str = "127.0.0.1", timeout_s: float = _START_S
) -> Server:
    """Start MLflow's scoring server with a model, and return it when it answers.

    It is asked in JSON or parquet: ``text/csv`` MLflow (3.17) refuses for models whose columns
    may hold anything, these ones', whatever stands in it.

    Parameters
    ----------
    model_uri
        ``models:/<name>@<alias>``, ``models:/<id>``, ``runs:/…``, or the folder of a model.
    port
        Where it listens; 0: a port that is free.
    host
        The address that it listens on; ``0.0.0.0`` lets other machines in.
    timeout_s
        How long to wait until the model is loaded.

    Returns
    -------
    Server
        Running. Use it in a ``with`` block, or call `Server.stop`.

    Raises
    ------
    InputError
        If the port is in use or is none.
    ModelUnavailableError
        If there is no such model.
    ServingError
        If the server ends or does not answer in time: with what it said.
    """
    check_uri(model_uri, "serve")
    chosen = _checked_port(port, host)
    folder = Path(tempfile.mkdtemp(prefix="workbench-serve-"))
    server = None
    try:
        # Fetched here: a wrong URI is said at once, and the server needs no tracking store.
        with fetched(model_uri) as found:
            shutil.copytree(found, folder / "model")
        server = Server(model_uri, host, chosen, folder)
        server.wait(timeout_s)
    except BaseException:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return server


class Server:
    """A running scoring server. `serve` starts it.

    Parameters
    ----------
    model_uri
        The model.
    host, port
        Where it listens.
    folder
        What it reads and writes; deleted when it stops.
    """

    def __init__(self, model_uri: str, host: str, port: int, folder: Path) -> None:
        self.model_uri = model_uri
        self.url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"
        self._folder = folder
        self._log = folder / "server.log"
        command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local"]
        command += ["--model-uri", str(folder / "model"), "--host", host, "--port", str(port)]
        environment = {
            "OMP_WAIT_POLICY": "PASSIVE",
            "TOKENIZERS_PARALLELISM": "false",
            **os.environ,
            # mlflow starts uvicorn by its name.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        }
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,  # mlflow starts a child of its own: both are ended
            )
        self._stopped = False
        atexit.register(self.stop)  # a script that ends leaves no server behind

    @property
    def log(self) -> str:
        """The last of what the server has said; the models' warnings go there."""
        with suppress(OSError):
            return self._log.read_text("utf-8", "replace")[-_LOG_CHARACTERS:]
        return ""

    @property
    def running(self) -> bool:
        """Whether the server's process is there."""
        return self.process.poll() is None

    def healthy(self) -> bool:
        """Return whether the server answers."""
        try:
            with _DIRECT.open(f"{self.url}/ping", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, HTTPException):
            return False

    def wait(self, timeout_s: float = _START_S) -> None:
        """Wait until the server answers.

        Raises
        ------
        ServingError
            If it ends before, or does not answer in time.
        """
        end = time.monotonic() + timeout_s
        while not self.healthy():
            if not self.running:
                raise ServingError(f"The server of {self.model_uri} ended: {_last_line(self.log)}")
            if time.monotonic() > end:
                raise ServingError(
                    f"The server of {self.model_uri} did not answer within {timeout_s:g} s: "
                    f"{_last_line(self.log)}"
                )
            time.sleep(0.1)

    def invoke(self, payload: Mapping[str, Any]) -> Any:
        """Return the answer to one request to ``/invocations``, as JSON.

        Parameters
        ----------
        payload
            MLflow's: ``{"inputs": …}``, ``{"dataframe_records": …, "params": …}``; or OpenAI's
            ``{"input": …}``, where the model has that task.

        Raises
        ------
        ServingError
            If the server refuses it (with the model's sentence), or does not answer.
        """
        request = urllib.request.Request(
            f"{self.url}/invocations",
            json.dumps(payload).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with _DIRECT.open(request, timeout=_REQUEST_S) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            said = error.read().decode("utf-8", "replace")
            raise ServingError(f"HTTP {error.code}: {_sentence(said)}") from None
        except (OSError, HTTPException, ValueError) as error:
            state = "does not answer" if self.running else "has ended"
            raise ServingError(
                f"The server of {self.model_uri} {state} ({error}): {_last_line(self.log)}"
            ) from None

    def predict(
        self,
        rows: Sequence[Any],
        params: Mapping[str, Any] | None = None,
        *,
        batch_size: int = _ROWS_AT_A_TIME,
    ) -> list[Any]:
        """Return the answers to many rows, asked in batches.

        Parameters
        ----------
        rows
            Texts, or dicts by column.
        params
            The model's parameters.
        batch_size
            Rows per request.

        Raises
        ------
        ServingError
            If a batch is refused or the server dies: with the answers so far, and how many rows
            are pending.
        """
        if isinstance(rows, str) or not isinstance(rows, Sequence):
            raise InputError(f"predict: rows is a list of rows; got {type(rows).__name__}.")
        if not isinstance(batch_size, int) or batch_size < 1:
            raise InputError(f"predict: batch_size is 1 or more; got {batch_size!r:.40}.")
        answers: list[Any] = []
        for start in range(0, len(rows), batch_size):
            batch = list(rows[start : start + batch_size])
            try:
                found = self.invoke({"inputs": batch, **({"params": params} if params else {})})
            except ServingError as error:
                pending = len(rows) - len(answers)
                counted = f" (Row 1 of that batch is row {start + 1}.)" if start else ""
                raise ServingError(
                    f"{error}{counted} {len(answers)} of {len(rows)} rows were answered, "
                    f"{pending} are pending (error.answers, error.pending).",
                    answers,
                    pending,
                ) from None
            told = found["predictions"]
            # OpenAI's answer is one dict for all rows.
            answers += told["data"] if isinstance(told, dict) else told
        return answers

    def stop(self) -> None:
        """End the server and delete what it read; once is enough."""
        if self._stopped:
            return
        self._stopped = True
        atexit.unregister(self.stop)
        if self.running:
            _end(self.process, signal.SIGTERM)
            try:
                self.process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                _end(self.process, _KILL)
                self.process.wait()
        _end(self.process, _KILL)  # the child, if the parent went without it
        end = time.monotonic() + _STOP_S
        while _listens(self.url) and time.monotonic() < end:
            time.sleep(0.05)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "running" if self.running else "ended"
        return f"Server({self.model_uri!r}, {self.url}, {state})"


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """Send a signal to the server and its child."""
    kill: Callable[[int, int], None] | None = getattr(os, "killpg", None)
    with suppress(ProcessLookupError, PermissionError):
        if kill is not None:
            kill(process.pid, how)
        else:  # Windows
            process.terminate()


def _listens(url: str) -> bool:
    """Return whether somebody listens at a server's address."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0


def _checked_port(port: object, host: str) -> int:
    """Return a port that nobody listens on."""
    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65535:
        raise InputError(
            f"serve: port is a number from 0 (any that is free) to 65535; got {port!r}."
        )
    if not isinstance(host, str) or ":" in host:
        raise InputError(f"serve: host is an IPv4 address or a name; got {host!r:.60}.")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InputError(
                f"serve: port {port} of {host} cannot be used ({error.strerror or error}). Choose "
                "another one, or 0: any that is free."
            ) from None
        return int(probe.getsockname()[1])


def _sentence(said: str) -> str:
    """Return what a model said of a request; MLflow's server puts the request before it."""
    with suppress(ValueError, KeyError, TypeError):
        said = str(json.loads(said)["message"])
    return said.rpartition("\nError: ")[2].strip()[:_LOG_CHARACTERS]


def _last_line(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    # The last error that is not mlflow's own, that its child has ended.
    errors = [line for line in lines if _ERROR.match(line) and "returned non zero" not in line]
    return (errors or lines or ["it said nothing."])[-1][:500]
