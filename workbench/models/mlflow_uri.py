"""Where MLflow is on this machine, asked with patience of our own; and encoders logged there.

The one module below `views` that knows MLflow: a logged encoder is loaded by its URI.
"""

from __future__ import annotations

import logging
import os
import threading
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from platformdirs import user_data_path

from workbench.errors import InputError, ModelUnavailableError, TrackingUnavailableError
from workbench.models._quiet import quiet_loading
from workbench.models.lsa import LSAEncoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = [
    "LSA_ARRAYS",
    "bounded",
    "check_answers",
    "data_folder",
    "default_tracking_uri",
    "load",
    "point_mlflow_at",
    "quiet",
    "shown_uri",
    "sqlite_uri",
]

LSA_ARRAYS = "lsa.npz"
"""The file in a logged model's artifacts that holds an LSA encoder's arrays."""

_PATIENCE_S = 4.0
_LIMITS = {
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def data_folder() -> Path:
    """Return the user's data folder for the workbench (not created here)."""
    return user_data_path("embedding-workbench")


def default_tracking_uri() -> str:
    """Return ``$MLFLOW_TRACKING_URI``, or one fixed sqlite file in the user's data folder."""
    chosen = os.environ.get("MLFLOW_TRACKING_URI")
    return chosen or sqlite_uri(data_folder() / "mlflow.db")


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

    if not os.environ.get("MLFLOW_TRACKING_URI"):
        mlflow.set_tracking_uri(uri)
        os.environ.pop("MLFLOW_TRACKING_URI", None)


def shown_uri(uri: str) -> str:
    """Return a URI without user name and password, for messages."""
    parts = urlsplit(uri)
    if "@" not in parts.netloc:
        return uri
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def check_answers(uri: str, patience_s: float = _PATIENCE_S) -> None:
    """Ask a tracking server for a sign of life; other stores are not asked.

    Raises
    ------
    TrackingUnavailableError
        If nothing answers within ``patience_s`` seconds, name lookup included.
    """
    if not uri.startswith(("http://", "https://")):
        return
    trouble = [f"no answer within {patience_s:g} s"]

    def ask() -> None:
        try:
            with urllib.request.urlopen(f"{shown_uri(uri).rstrip('/')}/health", timeout=patience_s):
                trouble.clear()
        except urllib.error.HTTPError:
            trouble.clear()  # it answers; what it refuses is for MLflow's own call to find out
        except urllib.error.URLError as error:
            if type(error.reason).__name__.startswith("SSL"):
                trouble.clear()
            else:
                trouble[:] = [str(error.reason)]
        except (OSError, ValueError) as error:
            trouble[:] = [str(error)]

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(patience_s)
    if trouble:
        raise TrackingUnavailableError(
            f"The MLflow tracking server {shown_uri(uri)} does not answer ({trouble[0]}). Start it "
            "(mlflow server), mend the URI, or leave the URI out to track in a local file."
        )


_limit_lock = threading.Lock()
_limit_depth = 0
_before: dict[str, str | None] = {}


@contextmanager
def bounded(retries: int = 2) -> Iterator[None]:
    """Bound what MLflow's calls inside may wait (seconds, not its four minutes) and say.

    MLflow reads these limits from the environment at each call and takes them nowhere else; they
    are put back on leaving, and limits that the user set stay. Its log below warnings, its
    progress bars and its advice on type hints and examples are for its own users.
    """
    global _limit_depth
    with _limit_lock:
        if _limit_depth == 0:
            limits = {**_LIMITS, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": str(retries)}
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
    if (Path(uri) / "MLmodel").is_file():
        with bounded():
            return _open(uri, Path(uri))
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        _require_default_store(uri)
    check_answers(default_tracking_uri())
    with bounded(), TemporaryDirectory() as scratch:
        import mlflow

        if not mlflow.is_tracking_uri_set():  # type: ignore[no-untyped-call]
            point_mlflow_at(default_tracking_uri())
        return _open(uri, _fetch(uri, scratch))


def _require_default_store(uri: str) -> None:
    """Refuse to look into a default store that is not there: MLflow would create one."""
    import sys

    mlflow = sys.modules.get("mlflow")
    if mlflow is not None and mlflow.is_tracking_uri_set():
        return
    store = data_folder() / "mlflow.db"
    if not store.exists():
        raise ModelUnavailableError(
            f"{uri!r}: there is no tracking store yet (looked for {store}). Set "
            "MLFLOW_TRACKING_URI to the store that holds the model."
        )


def _fetch(uri: str, scratch: str) -> Path:
    import mlflow
    from mlflow.exceptions import MlflowException

    where = mlflow.get_tracking_uri()
    check_answers(where)
    remote = where.startswith(("http://", "https://"))
    try:
        return Path(mlflow.artifacts.download_artifacts(uri, dst_path=scratch if remote else None))
    except (MlflowException, OSError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelUnavailableError(
            f"{uri!r} could not be read from {shown_uri(where)}: {reason:.300} "
            "Expected the model_uri that run.log_encoder gave, or models:/<name>/<version>; "
            "MLFLOW_TRACKING_URI says where to look."
        ) from None


def _open(uri: str, folder: Path) -> SentenceTransformer | LSAEncoder:
    from mlflow.exceptions import MlflowException
    from mlflow.models import Model

    try:
        description = Model.load(str(folder))
    except (MlflowException, OSError):
        raise ModelUnavailableError(f"{uri!r} is not a logged model: it has no MLmodel.") from None
    if (folder / "artifacts" / LSA_ARRAYS).is_file():
        return _open_lsa(folder / "artifacts" / LSA_ARRAYS)
    if "sentence_transformers" not in description.flavors:
        raise ModelUnavailableError(
            f"{uri!r} is not an encoder: its flavors are {sorted(description.flavors)}; expected "
            "sentence_transformers, or an LSA logged with run.log_encoder."
        )
    from sentence_transformers import SentenceTransformer

    # Not mlflow.sentence_transformers.load_model: it always trusts code in the model's folder.
    try:
        with quiet_loading():
            model = SentenceTransformer(str(folder / "model.sentence_transformer"))
    except Exception as error:  # whatever a library of the stack raises for a broken folder
        raise ModelUnavailableError(f"{uri!r} could not be loaded: {error}") from error
    model.truncate_dim = (description.metadata or {}).get("truncate_dim")
    return model


def _open_lsa(file: Path) -> LSAEncoder:
    import numpy as np

    try:
        with np.load(file, allow_pickle=False) as arrays:
            return LSAEncoder.from_arrays(dict(arrays))
    except (ValueError, OSError, InputError) as error:
        raise ModelUnavailableError(f"{file} is not a logged LSA encoder: {error}") from error
