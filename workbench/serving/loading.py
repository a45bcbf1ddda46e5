"""A logged model as what it is: asked without MLflow in between."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import InputError, ModelUnavailableError
from workbench.models.mlflow_uri import SERVED, SETTINGS, fetched
from workbench.models.registry import MLFLOW_SCHEMES
from workbench.serving._base import ServedModel
from workbench.serving.runtime import read_model

__all__ = ["check_uri", "load_model"]


def load_model(uri: str | Path) -> ServedModel:
    """Return a model that ``run.log_model`` logged.

    Parameters
    ----------
    uri
        ``models:/<id>``, ``models:/<name>/<version>``, ``models:/<name>@<alias>``,
        ``runs:/<run>/<name>``, looked up where MLflow looks, or the folder of a logged model.

    Raises
    ------
    ModelUnavailableError
        If there is no such model, or it is none of the workbench's.
    TrackingUnavailableError
        If the tracking server does not answer.
    InputError
        If it is no URI and no folder.
    """
    check_uri(uri, "load_model")
    with fetched(str(uri)) as folder:
        parts = folder.joinpath(*SERVED)
        if not (parts / SETTINGS).is_file():
            raise ModelUnavailableError(
                f"{str(uri)!r} is no model that run.log_model logged. An encoder that "
                "run.log_encoder logged is loaded with wb.load_encoder."
            )
        return read_model(parts)


def check_uri(uri: object, caller: str) -> None:
    """Raise an InputError unless something is the URI of a logged model, or its folder."""
    given = isinstance(uri, str | Path) and str(uri).strip()
    if given and (str(uri).startswith(MLFLOW_SCHEMES) or Path(str(uri)).is_dir()):
        return
    raise InputError(
        f"{caller}: expected an MLflow URI or a folder of a logged model, models:/<name>@<alias> "
        f"say; got {uri!r:.80}."
    )
