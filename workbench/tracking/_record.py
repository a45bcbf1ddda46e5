"""What one call of `Run.log` writes: numbers, params, and files in a folder."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeGuard, runtime_checkable

from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.models import ModelSpec
from workbench.tracking._datasets import DataSet
from workbench.tracking._nested import ModelRecord
from workbench.tracking._privacy import Privacy
from workbench.tracking._tables import readable, write_table

if TYPE_CHECKING:
    from workbench.views import View

__all__ = [
    "Privacy",
    "Record",
    "check_name",
    "kind_of",
    "split",
    "write_record",
    "write_view",
]

_MOST_CHARACTERS = 500  # of a param; older servers refuse longer ones


@dataclass(frozen=True, slots=True)
class Record:
    """One logged value, ready to be sent.

    Parameters
    ----------
    name
        Its name in the run.
    metrics, params
        Its numbers and its words, under names that MLflow accepts.
    corpora
        The texts behind it.
    spec
        The model behind it, if one is.
    data
        Further data behind it.
    models
        The models that it compares: each becomes a run of its own, nested in this one.
    """

    name: str
    metrics: dict[str, float]
    params: dict[str, str]
    corpora: tuple[Corpus, ...] = ()
    spec: ModelSpec | None = None
    data: tuple[DataSet, ...] = ()
    models: tuple[ModelRecord, ...] = ()


@runtime_checkable
class Summarised(Protocol):
    """A value of the workbench, as far as tracking needs to know it."""

    def summary(self) -> Mapping[str, object]:
        """Return the value in numbers and words."""


def kind_of(value: object) -> str:
    """Return a value's kind (``similarity_matrix``; ``map`` for a view): its default name.

    Raises
    ------
    InputError
        If it is nothing that can be logged.
    """
    from workbench.views import View

    if not isinstance(value, View | Summarised) or isinstance(value, type):
        advice = (
            "Log its picture: run.log(widget.view())."
            if hasattr(value, "view")
            else "Encoders go through run.log_encoder."
        )
        raise InputError(
            "run.log: expected a value of the workbench (a Corpus, Embeddings, Projection, "
            f"Clustering, SimilarityMatrix, …) or a View; got {type(value).__name__} "
            f"{value!r:.60}. {advice}"
        )
    if isinstance(value, View):
        return value.kind
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(value).__name__).lower()


def check_name(name: str) -> str:
    """Return a name that metrics and files can carry.

    Raises
    ------
    InputError
        If it cannot.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,79}", name):
        raise InputError(
            "A name in a run is 1 to 80 letters (a to z), digits, '_', '-', '.' or spaces, and "
            f"does not start with a mark; got {name!r:.120}."
        )
    return name


def write_record(value: object, name: str, privacy: Privacy, folder: Path) -> Record:
    """Write a value's files into a folder and return the rest.

    ``tables/<name>.parquet`` keeps types and any text exactly; ``figures/<name>.html`` is what
    people look at; ``figures/<name>.view.json`` is what `open_view` reads.
    """
    from workbench.views import View

    if isinstance(value, View):
        write_view(value, name, privacy, folder)
        return Record(name, {}, _view_params(value, name))
    assert isinstance(value, Summarised)
    corpora = _corpora(value)
    frame = getattr(value, "to_frame", None)
    if frame is not None:
        known = {column for corpus in corpora for column in corpus.columns}
        write_table(privacy.table(frame(), known), folder / "tables" / f"{name}.parquet")
    view = _view_of(value)
    if view is not None:
        write_view(view, name, privacy, folder)
    metrics, params = split(value, name)
    return Record(name, metrics, params, corpora, _spec(value))


def split(value: Summarised, name: str) -> tuple[dict[str, float], dict[str, str]]:
    """Tell measured numbers from what was chosen: parameters, the seed, the model."""
    chosen = {"random_state", *getattr(value, "params", ())}
    metrics: dict[str, float] = {}
    params: dict[str, str] = {}
    for key, entry in value.summary().items():
        legal = f"{name}/{_legal(key)}"
        if entry is None or entry == "":
            continue
        if not _is_number(entry) or key in chosen or key.startswith("model_"):
            params[legal] = readable(entry)[:_MOST_CHARACTERS]
        elif math.isfinite(entry):
            metrics[legal] = float(entry)
    return metrics, params


def _legal(key: str) -> str:
    """Return a metric name that MLflow accepts: it refuses ``@`` and ``%``, among others."""
    words = key.replace("@", "_at_").replace("%", "_percent")
    return re.sub(r"[^A-Za-z0-9_. -]", "_", words)[:150]


def _is_number(entry: object) -> TypeGuard[float]:
    import numbers

    return isinstance(entry, numbers.Real) and not isinstance(entry, bool)


def _corpora(value: object) -> tuple[Corpus, ...]:
    if isinstance(value, Corpus):
        return (value,)
    if isinstance(value, Embeddings):
        return (value.corpus,)
    parts = ("embeddings", "rows", "columns", "other", "train")
    behind = [getattr(value, part, None) for part in parts]
    found = [part.corpus for part in behind if isinstance(part, Embeddings)]
    return tuple({corpus.fingerprint: corpus for corpus in found}.values())


def _spec(value: object) -> ModelSpec | None:
    made = value if isinstance(value, Embeddings) else getattr(value, "embeddings", None)
    return made.spec if isinstance(made, Embeddings) else None


def _view_of(value: object) -> View | None:
    """Return the value's view; None for a kind of value that has none."""
    from workbench.views import view_of

    known = view_of.dispatch(type(value)) is not view_of.dispatch(object)
    return view_of(value) if known else None


def _view_params(view: View, name: str) -> dict[str, str]:
    facts = {"kind": view.kind, "corpus": view.meta.get("corpus")}
    return {f"{name}/{key}": str(fact) for key, fact in facts.items() if fact is not None}


def write_view(view: View, name: str, privacy: Privacy, folder: Path) -> None:
    from workbench.page import render_page

    view = privacy.view(view)
    figures = folder / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    page = render_page([view], title=view.title)
    (figures / f"{name}.html").write_text(page, encoding="utf-8", errors="replace")
    (figures / f"{name}.view.json").write_text(view.to_json(), encoding="utf-8")
