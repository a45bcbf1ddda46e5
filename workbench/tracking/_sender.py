"""What goes over to MLflow: one run's records and models, addressed by the run's id."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from workbench.corpus import Corpus
from workbench.models import ModelSpec
from workbench.models.mlflow_uri import silence
from workbench.tracking._datasets import DataSet, as_input, of_corpus
from workbench.tracking._nested import Measured, as_metrics, inputs_of, send_model, spec_params
from workbench.tracking._privacy import Privacy
from workbench.tracking._record import Record

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric
    from mlflow.models.model import ModelInfo

__all__ = ["Sender"]

_Key: TypeAlias = "tuple[str, str, int | None, str, str]"


class Sender:
    """The one place that writes to a run; it uses no global run.

    Parameters
    ----------
    client
        A client of the store.
    run_id, experiment_id
        MLflow's ids.
    privacy
        What of the texts may be written.
    """

    def __init__(
        self, client: MlflowClient, run_id: str, experiment_id: str, privacy: Privacy
    ) -> None:
        self._client = client
        self._run_id = run_id
        self._experiment_id = experiment_id
        self._privacy = privacy
        self._linked: set[tuple[str, str]] = set()
        self._models: dict[_Key, str] = {}
        self._unlinked: dict[_Key, list[Metric]] = {}

    def send(self, record: Record, files: Path) -> None:
        """Write one logged value: files first, so that numbers never stand alone."""
        from mlflow.entities import Param

        self._client.log_artifacts(self._run_id, str(files))
        corpora = [of_corpus(corpus, self._privacy) for corpus in record.corpora]
        self._link([*corpora, *record.data])
        model_id = self._models.get(_key(record.spec)) if record.spec else None
        metrics = self._as_metrics(record, model_id)
        params = [Param(key, word) for key, word in record.params.items()]
        self._client.log_batch(self._run_id, metrics=metrics, params=params)
        if record.spec is not None and model_id is None:
            self._unlinked.setdefault(_key(record.spec), []).extend(metrics)
        for model in record.models:
            send_model(self._client, self._run_id, self._experiment_id, model)

    def send_encoder(self, spec: ModelSpec, name: str, folder: Path) -> ModelInfo:
        """Log an encoder that was saved into a folder, and link its numbers to it."""
        info = self.send_model(spec, name, folder, "encoder")
        self._models[_key(spec)] = str(info.model_id)
        self._link_metrics(spec, str(info.model_id))
        return info

    def send_model(
        self,
        spec: ModelSpec,
        name: str,
        folder: Path,
        kind: str,
        corpus: Corpus | None = None,
        measured: Sequence[Measured] = (),
    ) -> ModelInfo:
        """Log a model that was saved into a folder; its ids are written into the folder.

        The texts that it holds, and what it was scored on, become data sets of the run: so a
        version leads to what it was made from.
        """
        from mlflow.entities import LoggedModelOutput
        from mlflow.models import Model
        from mlflow.models.model import MLMODEL_FILE_NAME

        logged = self._client.create_logged_model(
            self._experiment_id,
            name,
            self._run_id,
            params=spec_params(spec),
            model_type=kind,
        )
        try:
            model = Model.load(str(folder))
            model.artifact_path = logged.artifact_location
            model.model_uuid = model.model_id = logged.model_id
            model.save(str(folder / MLMODEL_FILE_NAME))
            self._client.log_model_artifacts(logged.model_id, str(folder))
            ready = self._client.finalize_logged_model(logged.model_id, "READY")
        except BaseException:
            self._give_up_model(logged.model_id)
            raise
        if corpus is not None:
            self._link([of_corpus(corpus, self._privacy)])
        if measured:
            self._client.log_inputs(self._run_id, datasets=inputs_of(measured))
            metrics = as_metrics(measured, self._run_id, logged.model_id)
            self._client.log_batch(self._run_id, metrics=metrics)
        self._client.log_outputs(self._run_id, [LoggedModelOutput(logged.model_id, step=0)])
        return model.get_model_info(ready)

    def _give_up_model(self, model_id: str) -> None:
        """Mark a model that did not arrive as failed; else it stays pending for ever."""
        from mlflow.exceptions import MlflowException

        if not silence(self._client.tracking_uri):
            with suppress(MlflowException, OSError):
                self._client.finalize_logged_model(model_id, "FAILED")

    def end(self, status: str) -> None:
        """Mark the run as ended."""
        self._client.set_terminated(self._run_id, status)

    def _as_metrics(self, record: Record, model_id: str | None) -> list[Metric]:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        corpus = record.corpora[0] if record.corpora else None
        name, digest = (corpus.name[:500], corpus.fingerprint) if corpus else (None, None)
        return [
            Metric(
                key=key,
                value=number,
                timestamp=now,
                step=0,
                model_id=model_id,
                dataset_name=name,
                dataset_digest=digest,
                run_id=self._run_id,
            )
            for key, number in record.metrics.items()
        ]

    def _link_metrics(self, spec: ModelSpec, model_id: str) -> None:
        """Say of the numbers logged before that they are this model's."""
        from mlflow.entities import Metric

        linked = [
            Metric(
                key=earlier.key,
                value=earlier.value,
                timestamp=earlier.timestamp,
                step=earlier.step,
                model_id=model_id,
                dataset_name=earlier.dataset_name,
                dataset_digest=earlier.dataset_digest,
                run_id=self._run_id,
            )
            for earlier in self._unlinked.pop(_key(spec), [])
        ]
        if linked:
            self._client.log_batch(self._run_id, metrics=linked)

    def _link(self, data: Sequence[DataSet]) -> None:
        """Log each data set once as one that the run used."""
        given = {(one.name, one.digest): one for one in data}
        new = {key: one for key, one in given.items() if key not in self._linked}
        if new:
            self._client.log_inputs(self._run_id, datasets=[as_input(one) for one in new.values()])
            self._linked.update(new)


def _key(spec: ModelSpec) -> _Key:
    """Return what tells a model, or a variant of it, from others; a prompt does not."""
    return spec.family, spec.revision, spec.truncate_dim, spec.precision, spec.long_texts
