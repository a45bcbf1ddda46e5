"""What a run needs to know of a model that answers, and what it may not write of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from workbench.analysis.evaluation import TaskScores
from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.models import ModelSpec
from workbench.tracking._comparison import legal_names
from workbench.tracking._datasets import of_task
from workbench.tracking._nested import Measured
from workbench.tracking._privacy import Privacy
from workbench.tracking._record import split

if TYPE_CHECKING:
    from mlflow.models import Model

__all__ = ["ServedModel", "check_served", "measured_scores"]


@runtime_checkable
class ServedModel(Protocol):
    """A model of `workbench.serving`, as far as tracking needs to know it."""

    @property
    def kind(self) -> str:
        """What it is called."""

    @property
    def spec(self) -> ModelSpec:
        """The model inside that decides the numbers."""

    @property
    def corpus(self) -> Corpus | None:
        """The texts that it holds."""

    @property
    def holds_words(self) -> bool:
        """Whether texts, or words of them, are in it."""

    def save(
        self, folder: Path, model: Model, scores: Sequence[TaskScores], limits: Sequence[str], /
    ) -> None:
        """Save it and its card in MLflow's format."""


def check_served(model: object, privacy: Privacy) -> ServedModel:
    """Return a model that may be logged.

    Raises
    ------
    InputError
        If it is none, or holds texts or columns that must not be written.
    """
    if not isinstance(model, ServedModel) or isinstance(model, type):
        raise InputError(
            "log_model: expected a model that answers, wb.SimilarityModel(encoder) say; got "
            f"{type(model).__name__} {model!r:.60}. Encoders go through run.log_encoder."
        )
    if not privacy.texts and model.holds_words:
        raise InputError(
            f"log_model: this {model.kind} holds texts or words of them, and this run was opened "
            "with texts=False. Log it in a run with texts=True."
        )
    columns = () if model.corpus is None else tuple(model.corpus.columns)
    hidden = [name for name in columns if not privacy.allows(name)]
    if hidden:
        raise InputError(
            f"log_model: this {model.kind} holds the column {hidden[0]!r}, which this run may not "
            "write. Build its index on a corpus without that column."
        )
    return model


def measured_scores(
    scores: Sequence[TaskScores], corpus: Corpus | None, privacy: Privacy
) -> list[Measured]:
    """Return scores as metrics, each with what it was measured on."""
    names = legal_names(one.task for one in scores)
    found: list[Measured] = []
    for one in scores:
        texts = corpus if corpus is not None else Corpus(("",), name=one.task)
        data = of_task(None, one, texts, privacy)
        found.append(Measured(data, split(one, names[one.task])[0]))
    return found
