"""A run: what is logged goes to one MLflow run, or into a local folder when that is lost."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING

from workbench.analysis.comparison import Comparison
from workbench.analysis.evaluation import TaskScores
from workbench.errors import InputError, WorkbenchWarning
from workbench.models.mlflow_uri import bounded, point_mlflow_at, shown_uri, silence
from workbench.tracking._comparison import write_comparison
from workbench.tracking._models import check_encoder, save_encoder
from workbench.tracking._privacy import Privacy
from workbench.tracking._record import check_name, kind_of, write_record
from workbench.tracking._sender import Sender
from workbench.tracking._served import ServedModel, check_served, measured_scores
from workbench.tracking._store import connect, experiment, explained
from workbench.tracking._unsent import Unsent

if TYPE_CHECKING:
    from mlflow.models import Model
    from mlflow.models.model import ModelInfo

__all__ = ["Run", "track"]

_RECORD_TIMEOUT_S = 20
_MODEL_TIMEOUT_S = 60  # a server may hand a large file on to its own storage before it answers


def track(
    name: str,
    uri: str | None = None,
    *,
    texts: bool = True,
    columns: Sequence[str] | None = None,
) -> Run:
    """Open a run in MLflow; use it as a context manager.

    Parameters
    ----------
    name
        The experiment; created when there is none of that name.
    uri
        The tracking store: ``"http://…"``, ``"sqlite:////…"``. By default
        ``MLFLOW_TRACKING_URI``, else one sqlite file in the user's data folder, whatever the
        working directory.
    texts
        False leaves the texts, and what quotes them, out of all that is written.
    columns
        The corpus columns that may be written; by default all.

    Returns
    -------
    Run
        Leaving its ``with`` block marks it finished, failed or killed; `Run.log` works on.

    Raises
    ------
    TrackingUnavailableError
        If the store does not answer: within 5 s.
    MissingExtraError
        If the URI is a database's and its driver is not installed.
    InputError
        If the URI is not one to track to, or the experiment is in the trash.

    Notes
    -----
    Unless ``MLFLOW_TRACKING_URI`` or ``mlflow.set_tracking_uri`` say otherwise, MLflow's own
    functions in this process look at the store of the last `track`.
    """
    if not isinstance(name, str) or not name.strip() or len(name) > 500:
        raise InputError(
            f"track: expected the experiment's name, 1 to 500 characters; got {name!r:.80}."
        )
    if isinstance(columns, str):
        raise InputError(f"track: columns is a list of names; got one str. Write [{columns!r}].")
    privacy = Privacy(texts, None if columns is None else tuple(columns))
    client, chosen = connect(uri)
    with explained(chosen), bounded(retries=0):
        from mlflow.tracking.context.registry import resolve_tags

        experiment_id = experiment(client, name, chosen)
        run_id = client.create_run(experiment_id, tags=resolve_tags()).info.run_id
    point_mlflow_at(chosen)
    sender = Sender(client, run_id, experiment_id, privacy)
    return Run(run_id, experiment_id, name, chosen, privacy, sender)


class Run:
    """One MLflow run, addressed by its id. `track` makes it.

    Parameters
    ----------
    run_id, experiment_id
        MLflow's ids.
    experiment
        The experiment's name.
    uri
        The store.
    privacy
        What of the texts may be written.
    sender
        What writes to the run.
    """

    def __init__(
        self,
        run_id: str,
        experiment_id: str,
        experiment: str,
        uri: str,
        privacy: Privacy,
        sender: Sender,
    ) -> None:
        self.id = run_id
        self.experiment_id = experiment_id
        self.experiment = experiment
        self.uri = uri
        self._privacy = privacy
        self._sender = sender
        self._names: set[str] = set()
        self._unsent: Unsent | None = None
        self._lost = False  # whether the store has stopped answering

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            status = "FINISHED"
        else:
            status = "FAILED" if issubclass(kind, Exception) else "KILLED"
        self._sent("the end", lambda: self._sender.end(status))
        if self._unsent is not None:
            self._unsent.close(status)

    def log(self, value: object, name: str | None = None) -> str:
        """Log a value or a view; also after the ``with`` block.

        Its numbers become metrics, its words and parameters params, its table
        ``tables/<name>.parquet``, its view ``figures/<name>.html`` and
        ``figures/<name>.view.json``, and the corpus behind it a data set of the run. Of a
        Comparison each model becomes a run nested in this one, with its numbers linked to a
        logged model (without weights) and to the data; `load_comparison` brings it back.

        Parameters
        ----------
        value
            A value of the workbench, or a View.
        name
            By default the value's kind (``"projection"``); counts up (``"projection_2"``) when
            the run has one of that name.

        Returns
        -------
        str
            The name: what `open_view` takes.

        Raises
        ------
        InputError
            If the value cannot be logged, or the name is not one.

        Warns
        -----
        WorkbenchWarning
            When the store refuses this value, which is then kept in a local folder; or, once,
            when it stops answering: all that follows is then kept there.
        """
        kind = kind_of(value)
        chosen = self._free_name(kind if name is None else check_name(name))
        with TemporaryDirectory() as scratch:
            files = Path(scratch) / "run"
            files.mkdir()
            if isinstance(value, Comparison):
                record = write_comparison(value, chosen, self._privacy, files)
            else:
                record = write_record(value, chosen, self._privacy, files)
            self._names.add(chosen)
            if self._lost or not self._sent(repr(chosen), lambda: self._sender.send(record, files)):
                self._kept().keep(record, files)
        return chosen

    def log_encoder(self, encoder: object, name: str = "encoder") -> ModelInfo:
        """Log an encoder as a model that loads natively and as pyfunc, with the same vectors.

        Parameters
        ----------
        encoder
            A DenseEncoder, a fitted LSAEncoder, a SentenceTransformer, the name of an encoder, or
            a variant of a SentenceTransformer that only truncates.
        name
            The model's name.

        Returns
        -------
        ModelInfo
            MLflow's; ``model_uri`` is what `load_encoder` and MLflow's own loaders take.

        Raises
        ------
        InputError
            If it is no encoder that can be logged (a variant in int8, say, which would load back
            as float32), or an LSA that is not fitted or is logged in a run with ``texts=False``.

        Warns
        -----
        WorkbenchWarning
            When the store does not take it: ``model_uri`` is then the local folder that keeps it.
        """
        checked = check_encoder(encoder, self._privacy.texts)
        return self._logged(
            name,
            lambda folder, model: save_encoder(checked, folder, model),
            lambda folder: self._sender.send_encoder(checked.spec, name, folder),
        )

    def log_model(
        self,
        model: ServedModel,
        name: str = "model",
        *,
        scores: Sequence[TaskScores] = (),
        limits: Sequence[str] = (),
    ) -> ModelInfo:
        """Log a model that answers: search, similarity, paraphrases, vectors (`workbench.serving`).

        It loads natively (`load_model`) and as pyfunc, with the same numbers, and needs no path of
        this machine. The texts that it holds become a data set of the run; a model card stands
        beside its weights.

        Parameters
        ----------
        model
            A `SimilarityModel`, `SemanticSearchModel`, `ParaphraseMiningModel`,
            `EmbeddingModel`, `RerankerModel` or `SparseEncoderModel`.
        name
            The model's name.
        scores
            What it scored: metrics of the run, linked to the model and to what it was scored on.
        limits
            Sentences for the card on what it is not good for.

        Returns
        -------
        ModelInfo
            MLflow's; ``model_uri`` is what `load_model`, `serve` and MLflow's own loaders take.

        Raises
        ------
        InputError
            If it is no such model, or holds texts or columns that this run may not write.

        Warns
        -----
        WorkbenchWarning
            When the store does not take it: ``model_uri`` is then the local folder that keeps it.
        """
        checked = check_served(model, self._privacy)
        measured = measured_scores(scores, checked.corpus, self._privacy)
        return self._logged(
            name,
            lambda folder, described: checked.save(folder, described, scores, limits),
            lambda folder: self._sender.send_model(
                checked.spec, name, folder, checked.kind, checked.corpus, measured
            ),
        )

    def _logged(
        self,
        name: str,
        save: Callable[[Path, Model], None],
        send: Callable[[Path], ModelInfo],
    ) -> ModelInfo:
        """Save a model into a folder and send it, or keep the folder where it cannot be sent."""
        from mlflow.models import Model

        check_name(name)
        infos: list[ModelInfo] = []
        with TemporaryDirectory() as scratch:
            folder = Path(scratch) / "model"
            model = Model(run_id=self.id)
            with bounded():
                save(folder, model)
            if self._lost or not self._sent(
                repr(name), lambda: infos.append(send(folder)), _MODEL_TIMEOUT_S
            ):
                return self._keep_model(model, name, folder)
        return infos[0]

    def _keep_model(self, model: Model, name: str, folder: Path) -> ModelInfo:
        from mlflow.models.model import MLMODEL_FILE_NAME, ModelInfo

        model.save(str(folder / MLMODEL_FILE_NAME))  # without the ids that the store gave
        kept = self._kept().keep_model(name, folder)
        return ModelInfo(
            artifact_path=name,
            flavors=model.flavors,
            model_uri=str(kept),
            model_uuid=str(model.model_uuid),
            run_id=self.id,
            saved_input_example_info=None,
            signature=model.signature,
            utc_time_created=model.utc_time_created,
            mlflow_version=str(model.mlflow_version),
            metadata=model.metadata,
        )

    def _free_name(self, name: str) -> str:
        candidate, count = name, 1
        while candidate in self._names:
            count += 1
            candidate = f"{name}_{count}"
        return candidate

    def _kept(self) -> Unsent:
        if self._unsent is None:
            self._unsent = Unsent(self.id, self.experiment, self.uri)
        return self._unsent

    def _sent(
        self, what: str, send: Callable[[], None], timeout_s: int = _RECORD_TIMEOUT_S
    ) -> bool:
        """Send, or say where it is kept: this alone, or all from now on if nothing answers."""
        from mlflow.exceptions import MlflowException

        was_lost = self._lost
        reason = silence(self.uri)
        if not reason:
            try:
                with bounded(retries=0, timeout_s=timeout_s):
                    send()
                return True
            except (MlflowException, OSError) as error:
                reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                self._lost = self._lost or bool(silence(self.uri))
        else:
            self._lost = True
        if not was_lost:
            self._warn(what, reason)
        return False

    def _warn(self, what: str, reason: str) -> None:
        store, folder = shown_uri(self.uri), self._kept().folder
        if self._lost:
            said = (
                f"The tracking store {store} no longer answers ({reason:.200}). From now on, "
                f"{what} included, what run {self.id} logs is kept in {folder}"
            )
        else:
            said = (
                f"The tracking store {store} did not take {what} of run {self.id} "
                f"({reason:.200}). It is kept in {folder}; what comes next is sent again."
            )
        warnings.warn(said, WorkbenchWarning, stacklevel=4)

    def __repr__(self) -> str:
        return f"Run({self.id!r}, experiment={self.experiment!r}, {shown_uri(self.uri)})"
