"""What all served models share: rows and parameters checked, then answered; saved as code."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar

from workbench._html import facts_table
from workbench.analysis.evaluation import TaskScores
from workbench.corpus import Corpus
from workbench.models import ModelSpec
from workbench.models.mlflow_uri import CARD
from workbench.serving._identity import identity_of
from workbench.serving._params import Param, values_of
from workbench.serving._rows import Rows, rows_of
from workbench.serving.card import model_card

if TYPE_CHECKING:
    from mlflow.models import Model
    from mlflow.types import Schema

__all__ = ["ServedModel"]


class ServedModel(ABC):
    """A model that can be asked here, logged with ``run.log_model``, and served.

    `predict` takes a table, a list or a dict, of one row or of thousands, and answers every row;
    loaded from MLflow, natively (`load_model`) or as a pyfunc, it gives the same numbers.
    """

    kind: ClassVar[str]
    """What the model is called in MLflow and in messages."""

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""

    @property
    @abstractmethod
    def spec(self) -> ModelSpec:
        """The model inside that decides the numbers."""

    @property
    def params(self) -> tuple[Param, ...]:
        """The parameters that `predict` takes, with their defaults."""
        return ()

    @property
    def corpus(self) -> Corpus | None:
        """The texts that the model holds; None for a model without any."""
        return None

    def predict(self, data: object, params: Mapping[str, object] | None = None) -> Any:
        """Return the answer to each row.

        Parameters
        ----------
        data
            A table, a dict of lists, or a list of dicts with `columns`; for one column a text or
            a list of texts, too; for two, a list of pairs.
        params
            Values of `params`, where they are not to be the defaults.

        Raises
        ------
        InputError
            If a column is missing, a cell is null, blank or no text (with its row), there is no
            row, or a parameter is unknown or out of range: before anything is computed.
        """
        chosen = values_of(params, self.params, self.kind)
        return self.answer(rows_of(data, self.columns, self.kind), **chosen)

    @abstractmethod
    def answer(self, rows: Rows, **params: Any) -> Any:
        """Return the answers to rows that were checked."""

    @property
    @abstractmethod
    def outputs(self) -> Schema:
        """The type of the answers, for MLflow's signature."""

    @abstractmethod
    def write(self, folder: Path) -> dict[str, Any]:
        """Write the model's parts into a folder; return what else `read` needs, as JSON."""

    @classmethod
    @abstractmethod
    def read(cls, folder: Path, settings: Mapping[str, Any]) -> ServedModel:
        """Return the model that `write` wrote."""

    @property
    def holds_words(self) -> bool:
        """Whether texts, or words of them, are in the model: not for a run with texts=False."""
        return self.corpus is not None or self.spec.family == "lsa"

    @property
    def identity(self) -> str:
        """What tells the model from every other: a hash over the files that decide its answers."""
        with TemporaryDirectory() as scratch:
            return identity_of(self.kind, self.write(Path(scratch)), Path(scratch))

    @abstractmethod
    def score(self, examples: object) -> TaskScores:
        """Return what the model scores on examples; each kind of model says which it takes.

        Raises
        ------
        InputError
            If it does not take these.
        """

    def save(
        self,
        folder: Path,
        model: Model,
        scores: Sequence[TaskScores] = (),
        limits: Sequence[str] = (),
    ) -> None:
        """Save the model and its card in MLflow's format.

        Parameters
        ----------
        folder
            Where; must not exist.
        model
            MLflow's description, filled in here.
        scores, limits
            What the card says of it: see `model_card`.
        """
        from workbench.serving._saving import save_model

        save_model(self, folder, model)
        card = model_card(self, scores, limits)
        (folder / CARD).write_text(card, encoding="utf-8", errors="replace")

    def summary(self) -> dict[str, Any]:
        """Return the model in words: a flat dict."""
        corpus = self.corpus
        texts = {} if corpus is None else {"texts": len(corpus)}
        defaults = {param.name: param.default for param in self.params}
        return {"kind": self.kind, "model": self.spec.title(), **texts, **defaults}

    def _repr_html_(self) -> str:
        return facts_table(self.kind, self.summary())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.spec.title()!r})"
