"""The model registry: who is champion, its encoder, and a new version under an alias."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from workbench.errors import InputError
from workbench.models import DenseEncoder, Encoder, LSAEncoder, ModelSpec
from workbench.models.mlflow_uri import bounded, load
from workbench.tracking._store import explained

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

__all__ = ["Registry", "check_registry_names", "identity"]

_IDENTITY = "workbench.encoder"
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # no model; no such alias


def check_registry_names(registered_name: object, alias: object, caller: str = "promote") -> None:
    """Raise an InputError for names that MLflow would refuse; an alias may be None."""
    from mlflow.exceptions import MlflowException
    from mlflow.utils.validation import (
        _validate_model_alias_name,
        _validate_model_alias_name_reserved,
        _validate_model_name,
    )

    for what, name, checks in (
        ("registered_name", registered_name, (_validate_model_name,)),
        ("alias", alias, (_validate_model_alias_name, _validate_model_alias_name_reserved)),
    ):
        if what == "alias" and name is None:
            continue
        try:
            if not isinstance(name, str):
                raise InputError(f"{caller}: {what} must be a str; got {name!r:.80}.")
            for check in checks:
                check(name)
        except MlflowException as error:
            raise InputError(f"{caller}: {what} {name!r:.80} cannot be used: {error}") from None


def identity(spec: ModelSpec) -> str:
    """Return what tells a model from every other: the same when it is logged and loaded."""
    parts = (
        spec.revision,
        f"{spec.kept_dimension} dimensions",
        f"{spec.max_tokens} tokens",
        spec.dtype,
        spec.precision,
        spec.long_texts,
    )
    return ", ".join(parts)


@dataclass(frozen=True, slots=True, eq=False)
class Registry:
    """One registered model and one of its aliases.

    Parameters
    ----------
    client, uri
        A client of the store, and the store.
    name, alias
        The registered model, which need not be there yet, and the alias; empty: none.
    """

    client: MlflowClient
    uri: str
    name: str
    alias: str

    def champion(self) -> ModelVersion | None:
        """Return the version that has the alias; None when there is none."""
        from mlflow.exceptions import MlflowException

        try:
            return self.client.get_model_version_by_alias(self.name, self.alias)
        except MlflowException as error:
            if error.error_code not in _ABSENT:
                raise
        return None

    def is_of(self, version: ModelVersion, own: str) -> bool:
        """Return whether a version is known to have an identity, without loading it."""
        return bool(version.tags.get(_IDENTITY) == own)

    def encoder(self, version: ModelVersion) -> Encoder:
        """Return the encoder of a version.

        Raises
        ------
        ModelUnavailableError
            If it cannot be read, or is no encoder.
        """
        with self.files(version) as folder:
            loaded = load(str(folder))
        if isinstance(loaded, LSAEncoder):
            return loaded
        return DenseEncoder(loaded, name=f"{self.name}, version {version.version}")

    @contextmanager
    def files(self, version: ModelVersion) -> Iterator[Path]:
        """Yield the folder of a version's model, from this store, for as long as the block."""
        import mlflow

        with TemporaryDirectory() as scratch, bounded():
            with explained(self.uri):
                where = self.client.get_model_version_download_uri(self.name, str(version.version))
                folder = mlflow.artifacts.download_artifacts(
                    where, dst_path=scratch, tracking_uri=self.uri, registry_uri=self.uri
                )
            yield Path(folder)

    def register(
        self, model_id: str, run_id: str, own: str, tags: Mapping[str, str], said: str
    ) -> str:
        """Make a logged model a new version, give it the alias, and return the version.

        Parameters
        ----------
        model_id, run_id
            The logged model, and the run that made it.
        own
            What tells the model from every other (`identity`).
        tags, said
            Tags and description of the version.
        """
        from mlflow.exceptions import MlflowException

        try:
            self.client.create_registered_model(self.name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        made = self.client.create_model_version(
            self.name,
            self._source(model_id),
            run_id,
            tags={**tags, _IDENTITY: own},
            description=said,
            model_id=model_id,
        )
        version = str(made.version)
        self._link(model_id, version)
        if self.alias:
            self.client.set_registered_model_alias(self.name, self.alias, version)
        return version

    def _source(self, model_id: str) -> str:
        """Return a URI of a logged model that MLflow resolves in this store.

        A database store resolves ``models:/…`` in the store of MLflow's own functions, which may
        be another one.
        """
        import mlflow

        if self.uri.startswith(("http://", "https://")) or mlflow.get_tracking_uri() == self.uri:
            return f"models:/{model_id}"
        return str(self.client.get_logged_model(model_id).artifact_location)

    def _link(self, model_id: str, version: str) -> None:
        """Note the version on the logged model, as mlflow.register_model does."""
        tag = "mlflow.modelVersions"
        noted = json.loads(self.client.get_logged_model(model_id).tags.get(tag, "[]"))
        if version not in [str(one["version"]) for one in noted if one["name"] == self.name]:
            entry = {"name": self.name, "version": int(version)}
            self.client.set_logged_model_tags(model_id, {tag: json.dumps([*noted, entry])})
