"""A real JupyterLab, started as a newcomer would, and a real Chromium to look at it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
START_S = 120
STOP_S = 30


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab."""

    url: str  # the address that `make lab` printed
    root: Path
    tracking_uri: str


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, empty_folder: Path) -> Iterator[Lab]:
    """`make lab` in a copy of the project, with an empty home."""
    root = tmp_path_factory.mktemp("project")
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "README.md"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    (root / "data").symlink_to(ROOT / "data")
    # --old-file: this environment is installed, whether or not make did it.
    command = ["make", "--old-file", f"{sys.prefix}/bin/.installed", "lab", f"VENV={sys.prefix}"]
    command += [
        f"PORT={free_port()}",
        "LAB_ARGS=--no-browser --ServerApp.ip=127.0.0.1 --LabApp.expose_app_in_browser=True",
    ]
    process = subprocess.Popen(
        command,
        cwd=root,
        env=empty_home(empty_folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        url, store = announced(process)
        yield Lab(url, root, store)
    finally:
        stop(process)


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def empty_home(home: Path) -> dict[str, str]:
    """Return the environment of a user who has nothing but the workbench's cache."""
    dropped = ("XDG_", "JUPYTER", "MLFLOW_TRACKING_URI", "IPYTHON")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    return {**kept, "HOME": str(home)}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def announced(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Read what `make lab` prints until it has named the address and the store."""
    lines: list[str] = []
    assert process.stdout is not None
    output = process.stdout

    def read() -> None:
        for line in output:
            lines.append(line)

    threading.Thread(target=read, daemon=True).start()
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        printed = "".join(lines)
        url = re.search(r"http://127\.0\.0\.1:\d+/lab/tree/notebooks/01\S+\?token=\w+", printed)
        store = re.search(r"Tracking store: (\S+)", printed)
        if url and store:
            return url.group(), store.group(1)
        time.sleep(0.2)
    pytest.fail("make lab did not come up; it printed:\n" + "".join(lines))


def stop(process: subprocess.Popen[str]) -> None:
    """End make and all that it started: the process group is its own.

    JupyterLab is given time to end its kernels, which have groups of their own.
    """
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_S
        while time.monotonic() < deadline:
            process.poll()
            os.killpg(process.pid, 0)  # raises once the last of the group has gone
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=STOP_S)
