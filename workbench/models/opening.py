"""Opening a model of another kind than a SentenceTransformer, by its name, folder or MLflow URI."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.errors import InputError, ModelUnavailableError
from workbench.models.registry import MLFLOW_SCHEMES, open_named

__all__ = ["opened"]


def opened(
    reference: object, kind: str, part: str, trust_remote_code: bool = False
) -> tuple[Any, str]:
    """Return a model of a kind, and what to call it.

    Parameters
    ----------
    reference
        A hub name, a local folder or an MLflow URI.
    kind
        The name of its class: ``SparseEncoder``, ``CrossEncoder``.
    part
        What a logged model calls its part of that kind.
    trust_remote_code
        Let the model's repository run code of its own.

    Raises
    ------
    ModelUnavailableError
        If there is no such model, it cannot be reached, or it is of another kind.
    InputError
        If the reference is no name, folder or MLflow URI.
    """
    if not isinstance(reference, str | Path) or not str(reference).strip():
        raise InputError(
            f"Expected the name, folder or MLflow URI of a {kind}, or one itself; got "
            f"{type(reference).__name__} {reference!r:.80}."
        )
    name = str(Path(reference).expanduser()) if str(reference).startswith("~/") else str(reference)
    if not name.startswith(MLFLOW_SCHEMES) and not (Path(name) / "MLmodel").is_file():
        return open_named(name, kind, trust_remote_code)
    from workbench.models import mlflow_uri

    with mlflow_uri.fetched(name) as folder:
        found = folder.joinpath(*mlflow_uri.SERVED, part)
        if not found.is_dir():
            raise ModelUnavailableError(
                f"{name!r} holds no {kind}. Expected a model of one that run.log_model logged."
            )
        return open_named(str(found), kind, trust_remote_code)[0], name
