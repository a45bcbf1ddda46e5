"""Where MLflow is on this machine, asked with patience of our own; and encoders logged there.

The one module below `views` that knows MLflow: a logged encoder is loaded by its URI.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import threading
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from platformdirs import user_data_path

from workbench.errors import InputError, ModelUnavailableError, TrackingUnavailableError
from workbench.models._quiet import quiet_loading
from workbench.models._registered import meant_by_uri
from workbench.models.lsa import LSAEncoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = [
    "CARD",
    "IDENTITY",
    "LSA_ARRAYS",
    "SERVED",
    "SETTINGS",
    "bounded",
    "check_answers",
    "data_folder",
    "default_tracking_uri",
    "fetched",
    "load",
    "point_mlflow_at",
    "quiet",
    "reading_uri",
    "shown_uri",
    "silence",
    "sqlite_file",
    "sqlite_uri",
]

LSA_ARRAYS = "lsa.npz"
"""The file in a logged model's artifacts that holds an LSA encoder's arrays."""

CARD = "model_card.md"
"""The file in a logged model that says what it was made from, its scores and its limits."""

IDENTITY = "workbench.identity"
"""Where a logged model's metadata says what tells it from every other."""

SERVED = ("artifacts", "model")
"""Where, in the folder of a model that `run.log_model` logged, its parts are."""

_PATIENCE_S = 4.0
_DATABASES = ("postgresql", "mysql", "mssql")
_LIMITS = {
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


SETTINGS = "settings.json"
"""The file beside them that says what is not weights."""


def data_folder() -> Path:
    """Return the user's data folder for the workbench (not created here)."""
    return user_data_path("embedding-workbench")


def default_tracking_uri() -> str:
    """Return ``$MLFLOW_TRACKING_URI``, or one fixed sqlite file in the user's data folder."""
    chosen = os.environ.get("MLFLOW_TRACKING_URI")
    return chosen or sqlite_uri(data_folder() / "mlflow.db")


def reading_uri() -> str:
    """Return where to read when no URI is given.

    ``$MLFLOW_TRACKING_URI``, else where MLflow in this process looks (the last `track`,
    ``mlflow.set_tracking_uri``), else the default store, which need not exist.
    """
    mlflow = sys.modules.get("mlflow")
    told = os.environ.get("MLFLOW_TRACKING_URI")
    if not told and mlflow is not None and mlflow.is_tracking_uri_set():
        return str(mlflow.get_tracking_uri())
    return default_tracking_uri()


def sqlite_file(uri: str) -> Path | None:
    """Return the file of a sqlite store, absolute; None for other stores."""
    if not uri.startswith("sqlite:///"):
        return None
    return Path(unquote(uri.removeprefix("sqlite:///").partition("?")[0])).absolute()


def sqlite_uri(file: Path) -> str:
    """Return the URI of a sqlite file.

    A space stays a space: MLflow 3.17 makes a stray folder of a percent-encoded one.
    """
    return "sqlite:///" + str(file.absolute()).replace("%", "%25").replace("?", "%3F")


def point_mlflow_at(uri: str) -> None:
    """Let MLflow's own functions in this process look at ``uri``, unless the user said where.

    Nothing is written to the environment: what ``MLFLOW_TRACKING_URI`` or
    ``mlflow.set_tracking_uri`` (which sets it) chose stays.
    """
    import mlflow

    told = os.environ.get("MLFLOW_TRACKING_URI")
    if mlflow.get_tracking_uri() != (told or uri):
        mlflow.set_tracking_uri(told or uri)
    if not told:
        os.environ.pop("MLFLOW_TRACKING_URI", None)


def shown_uri(uri: str) -> str:
    """Return a URI without user name, password and parameters (they may be in these), to show."""
    parts = urlsplit(uri)
    if "@" not in parts.netloc and not parts.query:
        return uri
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))


def check_answers(uri: str, patience_s: float = _PATIENCE_S) -> None:
    """Ask a tracking server, or the host of a database, for a sign of life.

    Raises
    ------
    TrackingUnavailableError
        If nothing answers within ``patience_s`` seconds, name lookup included.
    """
    trouble = silence(uri, patience_s)
    if trouble:
        what, start = ("MLflow tracking server", "Start it (mlflow server)")
        if not _is_http(uri):
            what, start = ("database", "Start it")
        raise TrackingUnavailableError(
            f"The {what} {shown_uri(uri)} does not answer ({trouble}). {start}, mend the URI, or "
            "leave the URI out to track in a local file."
        )


def silence(uri: str, patience_s: float = _PATIENCE_S) -> str:
    """Return why nothing answers at a URI; empty when something does, or nothing is asked.

    Asked are servers, and databases whose URI has a host and a port.
    """
    address = _database_address(uri)
    if address is None and not _is_http(uri):
        return ""
    trouble = [f"no answer within {patience_s:g} s"]

    def ask() -> None:
        try:
            if address is None:
                trouble[:] = [_health(uri, patience_s)]
            else:
                socket.create_connection(address, timeout=patience_s).close()
                trouble[:] = [""]
        except (OSError, ValueError) as error:
            trouble[:] = [str(error) or type(error).__name__]

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(patience_s)
    return trouble[0]


def _health(uri: str, patience_s: float) -> str:
    try:
        with urllib.request.urlopen(f"{shown_uri(uri).rstrip('/')}/health", timeout=patience_s):
            return ""
    except urllib.error.HTTPError:
        return ""  # it answers; what it refuses is for MLflow's own call to find out
    except urllib.error.URLError as error:
        secured = type(error.reason).__name__.startswith("SSL")  # it answers, in another way
        return "" if secured else str(error.reason) or "no answer"


def _is_http(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))


def _database_address(uri: str) -> tuple[str, int] | None:
    """Return host and port of a database; None for other URIs, and where one is left out."""
    if uri.partition(":")[0].partition("+")[0] not in _DATABASES:
        return None
    try:
        parts = urlsplit(uri)
        return (parts.hostname, parts.port) if parts.hostname and parts.port else None
    except ValueError:  # several hosts, say: for the driver to judge
        return None


_limit_lock = threading.Lock()
_limit_depth = 0
_before: dict[str, str | None] = {}


@contextmanager
def bounded(retries: int = 2, timeout_s: int = 60) -> Iterator[None]:
    """Bound what MLflow's calls inside may wait (seconds, not its four minutes) and say.

    MLflow reads these limits from the environment at each call and takes them nowhere else; they
    are put back on leaving, and limits that the user set stay. Its log below warnings, its
    progress bars and its advice on type hints and examples are for its own users.
    """
    global _limit_depth
    with _limit_lock:
        if _limit_depth == 0:
            limits = {
                **_LIMITS,
                "MLFLOW_HTTP_REQUEST_MAX_RETRIES": str(retries),
                "MLFLOW_HTTP_REQUEST_TIMEOUT": str(timeout_s),
            }
            for name, value in limits.items():
                _before[name] = os.environ.get(name)
                os.environ.setdefault(name, value)
        _limit_depth += 1
    try:
        with (
            quiet("mlflow"),
            quiet("urllib3.connectionpool", level=logging.ERROR),
            warnings.catch_warnings(),
        ):
            warnings.filterwarnings("ignore", category=UserWarning, module="mlflow")
            yield
    finally:
        with _limit_lock:
            _limit_depth -= 1
            if _limit_depth == 0:
                for name, earlier in _before.items():
                    if earlier is None:
                        os.environ.pop(name, None)


@contextmanager
def quiet(*names: str, level: int = logging.WARNING) -> Iterator[None]:
    """Raise some loggers' level for a while: chatter below ``level`` is not shown."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(max(logger.level, level))
    try:
        yield
    finally:
        for logger, earlier in zip(loggers, levels, strict=True):
            logger.setLevel(earlier)


def load(uri: str) -> SentenceTransformer | LSAEncoder:
    """Return the model of an encoder that was logged to MLflow.

    Parameters
    ----------
    uri
        ``models:/<id>``, ``models:/<name>/<version>``, ``models:/<name>@<alias>``,
        ``runs:/<run>/<name>`` or ``mlflow-artifacts:/…``, looked up where MLflow looks
        (``MLFLOW_TRACKING_URI``, the last `track`), else in the default store; or the folder of
        a logged model.

    Raises
    ------
    ModelUnavailableError
        If there is no such model, it cannot be loaded, or it is not an encoder.
    TrackingUnavailableError
        If the tracking server does not answer.
    """
    with fetched(uri) as folder:
        return _open(uri, folder)


@contextmanager
def fetched(uri: str) -> Iterator[Path]:
    """Yield the folder of a logged model, which lasts as long as the block: see `load`."""
    if (Path(uri) / "MLmodel").is_file():
        with bounded():
            yield Path(uri)
        return
    where = reading_uri()
    store = sqlite_file(where)
    if store is not None and not store.exists():  # MLflow would create it
        raise ModelUnavailableError(
            f"{uri!r}: there is no tracking store yet (looked for {store}). Set "
            "MLFLOW_TRACKING_URI to the store that holds the model."
        )
    check_answers(where)
    with bounded(), TemporaryDirectory() as scratch:
        point_mlflow_at(where)
        yield _fetch(uri, where, scratch)


def _fetch(uri: str, where: str, scratch: str) -> Path:
    import mlflow
    from mlflow.exceptions import MlflowException

    folder = scratch if _is_http(where) else None
    try:
        return Path(mlflow.artifacts.download_artifacts(uri, dst_path=folder))
    except (MlflowException, OSError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        meant = _meant(uri, where)
        raise ModelUnavailableError(
            f"{uri!r} could not be read from {shown_uri(where)}: {reason:.300} {meant}"
            "Expected the model_uri that run.log_encoder or run.log_model gave, or "
            "models:/<name>/<version>; "
            "MLFLOW_TRACKING_URI says where to look."
        ) from None


def _meant(uri: str, where: str) -> str:
    """Return which registered model may have been meant, as a sentence and a space, or nothing."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        said = meant_by_uri(MlflowClient(where), uri)
    except (MlflowException, OSError):  # it is said already that the model cannot be had
        return ""
    return f"{said} " if said else ""


def _open(uri: str, folder: Path) -> SentenceTransformer | LSAEncoder:
    from mlflow.exceptions import MlflowException
    from mlflow.models import Model

    try:
        description = Model.load(str(folder))
    except (MlflowException, OSError):
        raise ModelUnavailableError(f"{uri!r} is not a logged model: it has no MLmodel.") from None
    part = folder.joinpath(*SERVED, "encoder")  # of a model that answers
    for arrays in (folder / "artifacts" / LSA_ARRAYS, part / LSA_ARRAYS):
        if arrays.is_file():
            return _open_lsa(arrays)
    if "sentence_transformers" not in description.flavors and not part.is_dir():
        raise ModelUnavailableError(
            f"{uri!r} is not an encoder: its flavors are {sorted(description.flavors)}; expected "
            "sentence_transformers, an LSA logged with run.log_encoder, or a model with an "
            "encoder in it."
        )
    if _settings(part.parent).get("encoder", {}).get("variant"):
        raise ModelUnavailableError(
            f"{uri!r} holds a variant of an encoder (cut, or in fewer bits), which this would "
            "load without. wb.load_model gives the model, whose .encoder (or .index.encoder) it is."
        )
    weights = part if part.is_dir() else folder / "model.sentence_transformer"
    from sentence_transformers import SentenceTransformer

    # Not mlflow.sentence_transformers.load_model: it always trusts code in the model's folder.
    try:
        with quiet_loading():
            model = SentenceTransformer(str(weights))
    except Exception as error:  # whatever a library of the stack raises for a broken folder
        raise ModelUnavailableError(f"{uri!r} could not be loaded: {error}") from error
    model.truncate_dim = (description.metadata or {}).get("truncate_dim")
    return model


def _settings(folder: Path) -> dict[str, Any]:
    """Return what is said beside the parts of a model that answers; nothing of another."""
    file = folder / SETTINGS
    return dict(json.loads(file.read_text("utf-8"))) if file.is_file() else {}


def _open_lsa(file: Path) -> LSAEncoder:
    import numpy as np

    try:
        with np.load(file, allow_pickle=False) as arrays:
            return LSAEncoder.from_arrays(dict(arrays))
    except (ValueError, OSError, InputError) as error:
        raise ModelUnavailableError(f"{file} is not a logged LSA encoder: {error}") from error
