"""Bring a view back from a run."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from workbench.errors import InputError, suggest
from workbench.models.mlflow_uri import bounded, shown_uri
from workbench.tracking._store import connect, explained

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from workbench.views import View

__all__ = ["check_run", "open_view", "views_of"]

_SUFFIX = ".view.json"


def open_view(run_id: str, name: str, uri: str | None = None) -> View:
    """Return a view that a run logged.

    Parameters
    ----------
    run_id
        The run: ``run.id``.
    name
        The view's name in the run: what `Run.log` returned.
    uri
        The tracking store. By default as for `load_encoder`: ``MLFLOW_TRACKING_URI``, else the
        store of the last `track` in this process, else the default store.

    Raises
    ------
    InputError
        If there is no such run, or no view of that name in it: with what there is.
    TrackingUnavailableError
        If the store does not answer, or is not there; none is created.
    """
    from workbench.views import View

    client, chosen = connect(uri, reading=True)
    with explained(chosen), bounded():
        check_run(client, run_id, chosen, "open_view")
        names = views_of(client, run_id)
        if name not in names:
            raise InputError(
                f"open_view: run {run_id} has no view {name!r}. {suggest(str(name), names)}"
            )
        with TemporaryDirectory() as scratch:
            file = client.download_artifacts(run_id, f"figures/{name}{_SUFFIX}", scratch)
            return View.from_json(Path(file).read_bytes())


def views_of(client: MlflowClient, run_id: str) -> list[str]:
    files = [Path(entry.path).name for entry in client.list_artifacts(run_id, "figures")]
    return [file.removesuffix(_SUFFIX) for file in files if file.endswith(_SUFFIX)]


def check_run(client: MlflowClient, run_id: str, uri: str, caller: str) -> None:
    """Raise an InputError that lists the latest runs unless the run is in the store."""
    from mlflow.exceptions import MlflowException

    try:
        client.get_run(run_id)
        return
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
    experiments = {found.experiment_id: found.name for found in client.search_experiments()}
    latest = client.search_runs(
        list(experiments), max_results=5, order_by=["attributes.start_time DESC"]
    )
    known = ", ".join(
        f"{run.info.run_id} ({experiments[run.info.experiment_id]})" for run in latest
    )
    raise InputError(
        f"{caller}: there is no run {run_id!r} in {shown_uri(uri)}. The latest runs there are: "
        f"{known or 'none'}. Pass uri= when the run is in another store."
    ) from None
