"""What every test shares: no network, folders of their own, and small real models."""

from __future__ import annotations

import os
import shutil
import tempfile

# Before any heavy library is imported. Notebooks inherit it all from this process.
_SCRATCH = tempfile.mkdtemp(prefix="workbench-tests-")
os.environ.update(
    HF_HUB_OFFLINE="1",
    MLFLOW_DISABLE_TELEMETRY="true",
    TOKENIZERS_PARALLELISM="false",
    OMP_WAIT_POLICY="PASSIVE",
    WORKBENCH_CACHE=os.path.join(_SCRATCH, "cache"),
    XDG_DATA_HOME=os.path.join(_SCRATCH, "data"),
)
os.environ.pop("MLFLOW_TRACKING_URI", None)

import pytest


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser of the machine, or a skip that says how to get one."""
    chosen = os.environ.get("WORKBENCH_CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = chosen or next((path for path in map(shutil.which, names) if path), None)
    if not found:
        pytest.skip(
            "no Chromium or Chrome here: install one (Debian: apt-get install chromium) or set "
            "WORKBENCH_CHROMIUM to its path"
        )
    return found
