"""A widget's worker: one child process that computes, and can be stopped while it does.

numba and scikit-learn cannot be interrupted from a thread; a process can be killed. It is a plain
subprocess that talks over its pipes, because multiprocessing would import the user's main script
again. It starts with the first task, keeps the vectors, and ends with its owner.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from workbench.analysis import Neighbors
from workbench.embeddings import Embeddings
from workbench.errors import InputError, WorkbenchError
from workbench.widgets._worker_child import packed, unpacked

__all__ = ["Worker", "check_sendable"]

_SCRIPT = Path(__file__).with_name("_worker_child.py")
Steps: TypeAlias = "Callable[[int, int, str], object]"
_UNSENDABLE = (pickle.PicklingError, TypeError, AttributeError)
_Shared = dict[str, object]


class Worker:
    """Computes maps and clusters of some embeddings in a process of its own.

    Parameters
    ----------
    embeddings
        The n texts and their vectors; sent once per process.
    neighbors
        Their neighbours, sent with them.
    """

    def __init__(self, embeddings: Embeddings, neighbors: Neighbors | None = None) -> None:
        self._embeddings = embeddings
        self._neighbors = neighbors
        self._shared: _Shared = {"embeddings": embeddings, "neighbors": neighbors}
        self._lock = threading.RLock()  # JupyterLab's messages come on another thread than cells
        self._process: subprocess.Popen[bytes] | None = None
        self._task: Future[Any] | None = None
        self._stop: Callable[[], object] = lambda: None

    @property
    def pid(self) -> int | None:
        """The process' number, while there is one."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def submit(self, task: str, *, progress: Steps | None = None, **options: object) -> Future[Any]:
        """Start a task; one that is running is cancelled.

        Parameters
        ----------
        task
            ``"map"`` (a MapQuality and MapLabels), ``"cluster"``, ``"sweep"`` or ``"stability"``.
        progress
            Called with how much is done, how much there is, and the step that begins, where steps
            have names; on a thread of its own.
        **options
            The options of the function of `workbench.analysis`.

        Returns
        -------
        Future
            The value, or a WorkbenchError whose message is a sentence for the user.
        """
        with self._lock:
            self.cancel()
            future: Future[Any] = Future()
            self._task = future
            try:
                messages: list[object] = [packed((task, options), self._shared)]
                if self.pid is None:
                    self._start()
                    messages.insert(0, _parts(self._embeddings, self._neighbors))
            except OSError as error:
                future.set_exception(WorkbenchError(f"The worker process did not start: {error}."))
                return future
            except _UNSENDABLE as error:
                future.set_exception(WorkbenchError(_unsendable(error)))
                return future
            talk = (self._process, messages, self._shared, future, progress)
            threading.Thread(target=_converse, args=talk, daemon=True).start()
            return future

    def cancel(self) -> None:
        """Stop what is running, and the process with it; the next task starts another."""
        with self._lock:
            task, self._task = self._task, None
            # First of all it is called cancelled: a pipe that breaks says no more about it.
            if task is not None and task.cancel():
                self._stop()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self.cancel()
            self._stop()

    def _start(self) -> None:
        self._stop()
        here = os.getcwd()
        path = os.pathsep.join(entry or here for entry in sys.path)
        self._process = process = subprocess.Popen(
            [sys.executable, "-P", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what libraries print would land in some notebook cell
            env={**os.environ, "PYTHONPATH": path},
        )
        # Also runs when the worker is garbage-collected and when the interpreter exits.
        self._stop = weakref.finalize(self, _stop, process)


def check_sendable(value: object, name: str) -> None:
    """Raise an InputError for what a worker process could not read."""
    try:
        packed(value, {})
    except _UNSENDABLE as error:
        raise InputError(f"{name}: {_unsendable(error)}") from None


def _unsendable(error: Exception) -> str:
    return (
        f"The worker process cannot be given this: {error}. Values that it can read are plain "
        "ones, and functions and classes of a module: no lambdas."
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def _converse(
    process: subprocess.Popen[bytes],
    messages: list[object],
    shared: _Shared,
    future: Future[Any],
    progress: Steps | None,
) -> None:
    """Send the messages, wait for the answer to the last, and settle the future."""
    assert process.stdin is not None
    assert process.stdout is not None
    kind, answer = "error", None
    try:
        for message in messages:
            pickle.dump(message, process.stdin, protocol=5)
        process.stdin.flush()
        while True:
            kind, answer = unpacked(pickle.load(process.stdout), shared)
            if kind != "progress":
                break
            if progress is not None and not future.cancelled():
                progress(*answer)
    except (OSError, EOFError, ValueError, pickle.PickleError) as error:
        kind, answer = "error", _last_words(process, error)
    except Exception as error:
        kind, answer = "error", f"{type(error).__name__}: {error}"
    if not future.set_running_or_notify_cancel():
        return
    if kind == "error":
        future.set_exception(WorkbenchError(str(answer)))
    else:
        future.set_result(answer)


def _last_words(process: subprocess.Popen[bytes], error: Exception) -> str:
    """Return how a process ended whose pipes are broken."""
    try:
        code = process.wait(2)
    except subprocess.TimeoutExpired:  # it lives, and what it said makes no sense
        process.kill()
        return f"The worker process did not answer ({error}). The next run starts a new one."
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    memory = ", which often means that memory ran out" if code == -signal.SIGKILL else ""
    return f"The worker process ended unexpectedly ({how}{memory}). The next run starts a new one."


def _parts(embeddings: Embeddings, neighbors: Neighbors | None) -> dict[str, object]:
    """Return what the child needs, in types that pickle: a corpus' columns stay here."""
    corpus = embeddings.corpus
    found = None if neighbors is None else (neighbors.indices, neighbors.similarities)
    return {
        "vectors": embeddings.vectors,
        "spec": embeddings.spec,
        "texts": corpus.texts,
        "ids": corpus.ids,
        "name": corpus.name,
        "neighbors": found,
    }
