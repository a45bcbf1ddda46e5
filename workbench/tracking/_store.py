"""The tracking store: which one, opened safely, with errors that a person can act on."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError, MissingExtraError, TrackingUnavailableError
from workbench.models.mlflow_uri import (
    bounded,
    check_answers,
    default_tracking_uri,
    quiet,
    reading_uri,
    shown_uri,
    sqlite_file,
    sqlite_uri,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["artifact_location", "connect", "ensure_store", "explained", "experiment"]

_CREATION_WAIT_S = 120.0
_KIND = "custom_model_development"  # else MLflow's page opens on traces, of which there are none
_DISTRIBUTIONS = {  # module -> what to install
    "MySQLdb": "mysqlclient",
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
}


def ensure_store(uri: str | None = None) -> str:
    """Create the tracking store if it is a sqlite file that is not there yet.

    Call it before anything runs in parallel; processes that call it at the same time wait for
    one of them. The file is made beside its place and moved there when it is whole.

    Parameters
    ----------
    uri
        The store; by default `default_tracking_uri`.

    Returns
    -------
    str
        The store's URI; a sqlite file's path is absolute in it.

    Raises
    ------
    InputError
        If the URI is not one that MLflow can track to.
    TrackingUnavailableError
        If the file cannot be made.
    """
    uri = _checked(uri or default_tracking_uri())
    file = sqlite_file(uri)
    if file is None:
        return uri
    query = uri.partition("?")[1:]
    uri = sqlite_uri(file) + "".join(query)  # absolute: the working directory may change
    if _is_store(file):
        return uri
    from filelock import FileLock, Timeout

    with explained(uri):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(f"{file}.lock", timeout=_CREATION_WAIT_S):
                if not _is_store(file):
                    _create(file)
        except Timeout:
            raise TrackingUnavailableError(
                f"Another process has been creating {file} for {_CREATION_WAIT_S:.0f} s. If none "
                f"does, delete {file}.lock and try again."
            ) from None
    return uri


def connect(uri: str | None = None, *, reading: bool = False) -> tuple[MlflowClient, str]:
    """Return a client of the store, and its URI, once the store is known to answer.

    Parameters
    ----------
    uri
        The store; by default `default_tracking_uri`, or `reading_uri`.
    reading
        Whether a store that is not there is an error; else it is created.

    Raises
    ------
    TrackingUnavailableError
        If it does not: within 5 s.
    MissingExtraError
        If the driver of a database is not installed.
    """
    chosen = _checked(uri or (reading_uri() if reading else default_tracking_uri()))
    with explained(chosen):
        _check_driver(chosen)
    check_answers(chosen)
    file = sqlite_file(chosen)
    if reading and file is not None and not _is_store(file):
        raise TrackingUnavailableError(
            f"There is no tracking store {file}. Pass uri=, or set MLFLOW_TRACKING_URI to the "
            "store that holds the run."
        )
    chosen = ensure_store(chosen)
    with explained(chosen), bounded(retries=0):
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=chosen, registry_uri=chosen)
        client.search_experiments(max_results=1)
    return client, chosen


def experiment(client: MlflowClient, name: str, uri: str) -> str:
    """Return the id of the experiment of that name; it is created when there is none.

    Raises
    ------
    InputError
        If the experiment of that name is in the store's trash.
    """
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(
                client.create_experiment(
                    name,
                    artifact_location=artifact_location(uri),
                    tags={"mlflow.experimentKind": _KIND},
                )
            )
        except MlflowException:
            found = client.get_experiment_by_name(name)  # another process was quicker
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        raise InputError(
            f"track: the experiment {name!r} is in the trash of {shown_uri(uri)}. Restore it "
            f"(mlflow experiments restore -x {found.experiment_id}), or choose another name."
        )
    return str(found.experiment_id)


def artifact_location(uri: str) -> str | None:
    """Return the folder ``artifacts`` beside a sqlite file; None where the server decides."""
    file = sqlite_file(uri)
    return None if file is None else (file.parent / "artifacts").as_uri()


def _check_driver(uri: str) -> None:
    """Import the driver of a database: MLflow would, after its own attempts to connect."""
    if uri.partition(":")[0].partition("+")[0] in ("postgresql", "mysql", "mssql"):
        from sqlalchemy.engine import make_url

        make_url(uri).get_dialect().import_dbapi()


@contextmanager
def explained(uri: str) -> Iterator[None]:
    """Turn what MLflow and its database raise into an error that says what to do."""
    try:
        yield
    except (InputError, TrackingUnavailableError):
        raise
    except ModuleNotFoundError as error:
        missing = str(error.name)
        raise MissingExtraError(
            f"The tracking store {shown_uri(uri)} needs the library {missing}, which is not "
            f"installed. Run: pip install '{_DISTRIBUTIONS.get(missing, missing)}'"
        ) from error
    except OSError as error:
        raise TrackingUnavailableError(
            f"The tracking store {shown_uri(uri)} cannot be opened: {error}. Choose another place "
            "with MLFLOW_TRACKING_URI, or mend the permissions."
        ) from error
    except Exception as error:
        if not type(error).__module__.startswith(("mlflow", "sqlalchemy", "alembic", "sqlite3")):
            raise
        raise TrackingUnavailableError(
            f"The tracking store {shown_uri(uri)} cannot be used: {_reason(error)}"
        ) from error


def _reason(error: Exception) -> str:
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    if "out-of-date database schema" in text:
        return "an older MLflow made it. Copy the file, then run: mlflow db upgrade <URI>."
    return f"{text:.400}"


def _checked(uri: str) -> str:
    if not isinstance(uri, str):
        raise InputError(
            f"track: expected a tracking URI such as 'sqlite:////home/me/mlflow.db' or "
            f"'http://127.0.0.1:5000'; got {type(uri).__name__} {uri!r:.80}."
        )
    if uri.startswith("sqlite:"):
        if uri.removeprefix("sqlite:").strip("/") in ("", ":memory:"):
            raise InputError(
                f"track: {uri!r} keeps nothing. Name a file: sqlite:////path/to/mlflow.db."
            )
        if not uri.startswith("sqlite:///"):
            raise InputError(f"track: {uri!r} needs three slashes before the path: sqlite:///path.")
    elif "://" not in uri or uri.startswith("file:"):
        _check_path(uri)
    return uri


def _check_path(uri: str) -> None:
    """Refuse MLflow's folders of files, and paths that lack their scheme."""
    if uri.partition(":")[0] in ("databricks", "databricks-uc", "uc"):
        return
    if os.environ.get("MLFLOW_ALLOW_FILE_STORE", "").lower() in ("1", "true"):
        return
    path = Path(uri.removeprefix("file://").removeprefix("file:")).expanduser().absolute()
    if path.suffix in (".db", ".sqlite", ".sqlite3"):
        raise InputError(f"track: {uri!r} is a path, not a URI. Write 'sqlite:///{path}'.")
    raise InputError(
        f"track: {uri!r} names a folder; MLflow no longer tracks into folders such as ./mlruns. "
        f"Write 'sqlite:///{path.parent / 'mlflow.db'}' "
        "(mlflow migrate-filestore moves what a folder holds)."
    )


def _is_store(file: Path) -> bool:
    """Tell a finished store from nothing; anything else is for MLflow to judge."""
    if not file.exists() or file.stat().st_size == 0:
        return False
    if not file.is_file():
        raise TrackingUnavailableError(f"{file} is a folder; expected MLflow's sqlite file there.")
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        raise TrackingUnavailableError(
            f"{file} is not a sqlite file that MLflow can use ({error}). Move it away, or choose "
            "another place with MLFLOW_TRACKING_URI."
        ) from None
    return bool(tables[0])


def _create(file: Path) -> None:
    """Make the store beside its place (MLflow migrates through its whole history: seconds)."""
    draft = file.with_name(f".{file.name}.{os.getpid()}.draft")
    draft.unlink(missing_ok=True)
    try:
        draft.touch()  # a folder that cannot be written fails here: MLflow would try for 100 s
        with quiet("mlflow.store.db.utils", "alembic"):
            from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

            artifacts = artifact_location(sqlite_uri(file))
            store = SqlAlchemyStore(sqlite_uri(draft), artifacts)  # type: ignore[no-untyped-call]  # MLflow's own
            store.engine.dispose()
        os.replace(draft, file)
    finally:
        draft.unlink(missing_ok=True)
