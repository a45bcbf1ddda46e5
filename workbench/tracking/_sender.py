"""What goes over to MLflow: one run's records and models, addressed by the run's id."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.corpus import Corpus
from workbench.models import ModelSpec
from workbench.models.mlflow_uri import silence
from workbench.tracking._record import Privacy, Record

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Metric
    from mlflow.models.model import ModelInfo

__all__ = ["Sender"]


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
        self._linked: set[str] = set()
        self._models: dict[tuple[str, str], str] = {}
        self._unlinked: dict[tuple[str, str], list[Metric]] = {}

    def send(self, record: Record, files: Path) -> None:
        """Write one logged value: files first, so that numbers never stand alone."""
        from mlflow.entities import Param

        self._client.log_artifacts(self._run_id, str(files))
        self._link_corpora(record.corpora)
        model_id = self._models.get(_key(record.spec)) if record.spec else None
        metrics = self._as_metrics(record, model_id)
        params = [Param(key, word) for key, word in record.params.items()]
        self._client.log_batch(self._run_id, metrics=metrics, params=params)
        if record.spec is not None and model_id is None:
            self._unlinked.setdefault(_key(record.spec), []).extend(metrics)

    def send_encoder(self, spec: ModelSpec, name: str, folder: Path) -> ModelInfo:
        """Log an encoder that was saved into a folder; its ids are written into the folder."""
        from mlflow.entities import LoggedModelOutput
        from mlflow.models import Model
        from mlflow.models.model import MLMODEL_FILE_NAME

        params = {key: str(fact) for key, fact in spec.summary().items()}
        logged = self._client.create_logged_model(
            self._experiment_id, name, self._run_id, params=params, model_type="encoder"
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
        self._client.log_outputs(self._run_id, [LoggedModelOutput(logged.model_id, step=0)])
        self._models[_key(spec)] = logged.model_id
        self._link_metrics(spec, logged.model_id)
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

    def _link_corpora(self, corpora: Sequence[Corpus]) -> None:
        """Log each corpus once as a data set that the run used."""
        new = [corpus for corpus in corpora if corpus.fingerprint not in self._linked]
        if new:
            inputs = [self._as_input(corpus) for corpus in new]
            self._client.log_inputs(self._run_id, datasets=inputs)
            self._linked.update(corpus.fingerprint for corpus in new)

    def _as_input(self, corpus: Corpus) -> DatasetInput:
        """Describe a corpus to MLflow: name, digest, source, column names, number of rows."""
        from mlflow.data.code_dataset_source import CodeDatasetSource
        from mlflow.data.pandas_dataset import from_pandas
        from mlflow.entities import DatasetInput, InputTag
        from mlflow.tracking.context.registry import resolve_tags

        from workbench.views.privacy import redacted_table

        frame = redacted_table(
            corpus.to_frame(),
            corpus.columns,
            texts=self._privacy.texts,
            columns=self._privacy.columns,
        )
        found = corpus.source.startswith(("http://", "https://")) or Path(corpus.source).is_file()
        data = from_pandas(
            frame,
            source=corpus.source if found else CodeDatasetSource(resolve_tags()),
            targets=corpus.label if corpus.label in frame.columns else None,
            name=corpus.name[:500],
            digest=corpus.fingerprint,
        )
        tag = InputTag("mlflow.data.context", "analysis")
        return DatasetInput(data._to_mlflow_entity(), [tag])


def _key(spec: ModelSpec) -> tuple[str, str]:
    return spec.family, spec.revision
