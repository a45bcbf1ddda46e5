"""The registry by hand: register a logged model, say what its versions are, move an alias back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd

from workbench._html import facts_table
from workbench.errors import InputError, ModelUnavailableError
from workbench.models._registered import meant_by_name
from workbench.models.mlflow_uri import CARD, IDENTITY, bounded, point_mlflow_at, shown_uri
from workbench.tracking._registry import Registry, check_registry_names
from workbench.tracking._store import connect, explained

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel
    from mlflow.entities.model_registry import ModelVersion

__all__ = ["RegisteredVersion", "register", "set_alias", "versions"]

_LOGGED = "models:/m-"
_MOST_SAID = 5000  # of a description, in a database


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """A version of a registered model.

    Parameters
    ----------
    registered_name, version
        The registered model, and the version.
    alias
        The alias that it was given; None: none.
    model_uri
        ``models:/<name>/<version>``: what `load_model` and `serve` take.
    description
        The model card, in Markdown.
    run_id
        The run that made the model.
    """

    registered_name: str
    version: str
    alias: str | None
    model_uri: str
    description: str
    run_id: str

    def _repr_html_(self) -> str:
        facts = {"alias": self.alias or "none", "uri": self.model_uri, "run": self.run_id}
        return facts_table(f"{self.registered_name}, version {self.version}", facts)


def register(
    model_uri: str,
    registered_name: str,
    *,
    alias: str | None = None,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    uri: str | None = None,
) -> RegisteredVersion:
    """Make a logged model a new version of a registered one.

    The version keeps the run that made it, and through the run the data; its description is the
    model card. To register only what passes a gate, use `promote` or `promote_model`.

    Parameters
    ----------
    model_uri
        What ``run.log_model`` or ``run.log_encoder`` gave: ``models:/m-…``.
    registered_name
        The registered model; created when there is none of that name.
    alias
        An alias that moves to the new version; None: none.
    tags
        Tags of the version, beside the kind of model.
    description
        The description; by default the model's card.
    uri
        The store; by default as for `track`.

    Raises
    ------
    InputError
        If a name cannot be used, or ``model_uri`` is none of a logged model.
    ModelUnavailableError
        If there is no such model.
    TrackingUnavailableError
        If the store does not answer.
    """
    check_registry_names(registered_name, alias, "register")
    if tags is not None and not isinstance(tags, Mapping):
        raise InputError(f"register: tags is a dict; got {type(tags).__name__} {tags!r:.60}.")
    if not isinstance(model_uri, str) or not model_uri.startswith(_LOGGED):
        raise InputError(
            f"register: expected the model_uri that run.log_model gave ('{_LOGGED}…'); got "
            f"{model_uri!r:.80}."
        )
    client, chosen = connect(uri)
    with explained(chosen), bounded():
        point_mlflow_at(chosen)
        model_id = model_uri.removeprefix("models:/")
        logged = _logged(client, model_id)
    if logged is None:
        raise ModelUnavailableError(
            f"register: there is no logged model {model_id!r} in {shown_uri(chosen)}."
        )
    with explained(chosen), bounded():
        own_card, own_identity = _of_files(str(logged.artifact_location), chosen)
        said = (own_card if description is None else description)[:_MOST_SAID]
        registry = Registry(client, chosen, registered_name, alias or "")
        own = {"workbench.kind": str(logged.model_type), **(tags or {})}
        version = registry.register(
            model_id,
            str(logged.source_run_id),
            own_identity or model_id,
            {key: str(word) for key, word in own.items()},
            said,
        )
    return RegisteredVersion(
        registered_name,
        version,
        alias,
        f"models:/{registered_name}/{version}",
        said,
        str(logged.source_run_id),
    )


def versions(registered_name: str, *, uri: str | None = None) -> pd.DataFrame:
    """Return a registered model's versions, newest first, with where each came from.

    Parameters
    ----------
    registered_name
        The registered model.
    uri
        The store; by default as for `track`.

    Returns
    -------
    pandas.DataFrame
        Columns: ``version``, ``aliases``, ``kind``, ``created``, ``run_id``, ``data`` (name
        and digest of each data set of the run).

    Raises
    ------
    InputError
        If there is no such registered model.
    """
    client, chosen = connect(uri)
    with explained(chosen), bounded():
        aliases = _aliases(client, registered_name)
        found = list(client.search_model_versions(_named(registered_name)))
        rows = [_row(client, one, aliases) for one in found]
    columns = ["version", "aliases", "kind", "created", "run_id", "data"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values("version", ascending=False, ignore_index=True)


def set_alias(
    registered_name: str, alias: str, version: str | int, *, uri: str | None = None
) -> str | None:
    """Move an alias to a version, back to an earlier one say; return the version that had it.

    Parameters
    ----------
    registered_name, alias
        The registered model, and its alias.
    version
        Where the alias goes.
    uri
        The store; by default as for `track`.

    Raises
    ------
    InputError
        If there is no such model or version, or the alias cannot be used.
    """
    if alias is None:
        raise InputError("set_alias: alias must be a str; got None.")
    check_registry_names(registered_name, alias, "set_alias")
    client, chosen = connect(uri)
    with explained(chosen), bounded():
        _aliases(client, registered_name)
        there = sorted(
            int(one.version) for one in client.search_model_versions(_named(registered_name))
        )
        if str(version) not in map(str, there):
            raise InputError(
                f"set_alias: {registered_name!r} has no version {version!r}; it has "
                f"{', '.join(map(str, there)) or 'none'}."
            )
        before = Registry(client, chosen, registered_name, alias).champion()
        client.set_registered_model_alias(registered_name, alias, str(version))
    return None if before is None else str(before.version)


def _logged(client: MlflowClient, model_id: str) -> LoggedModel | None:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_logged_model(model_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
    return None


def _of_files(location: str, uri: str) -> tuple[str, str]:
    """Return a logged model's card, and what tells it from others; empty where it is not noted."""
    import mlflow
    from mlflow.models import Model

    with TemporaryDirectory() as scratch:
        folder = Path(
            mlflow.artifacts.download_artifacts(location, dst_path=scratch, tracking_uri=uri)
        )
        card = folder / CARD
        said = card.read_text("utf-8") if card.is_file() else ""
        noted = Model.load(str(folder)).metadata or {}
    return said, str(noted.get(IDENTITY, ""))


def _named(name: str) -> str:
    """Return MLflow's filter for a registered model's name."""
    quote = '"' if "'" in name else "'"
    return f"name={quote}{name}{quote}"


def _aliases(client: MlflowClient, name: str) -> dict[str, list[str]]:
    """Return a registered model's aliases by version."""
    from mlflow.exceptions import MlflowException

    try:
        held = client.get_registered_model(name).aliases
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        raise InputError(
            f"There is no registered model {name!r:.80} in this store. "
            f"{meant_by_name(client, name)}"
        ) from None
    found: dict[str, list[str]] = {}
    for alias, version in held.items():
        found.setdefault(str(version), []).append(str(alias))
    return found


def _row(
    client: MlflowClient, one: ModelVersion, aliases: Mapping[str, list[str]]
) -> tuple[object, ...]:
    used_by = client.get_run(one.run_id).inputs if one.run_id else None
    inputs = used_by.dataset_inputs if used_by else []
    data = [f"{used.dataset.name} ({used.dataset.digest})" for used in inputs]
    created = pd.Timestamp(one.creation_timestamp, unit="ms")
    return (
        int(one.version),
        ", ".join(sorted(aliases.get(str(one.version), []))),
        one.tags.get("workbench.kind", ""),
        created,
        one.run_id,
        "; ".join(dict.fromkeys(data)),
    )
