"""What one call of `Run.log` writes: numbers, params, and files in a folder."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeGuard, runtime_checkable

import pandas as pd

from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.models import ModelSpec

if TYPE_CHECKING:
    from workbench.views import View

__all__ = ["Privacy", "Record", "check_name", "kind_of", "write_record"]

_MOST_CHARACTERS = 500  # of a param; older servers refuse longer ones


@dataclass(frozen=True, slots=True)
class Privacy:
    """What of the texts may leave the process.

    Parameters
    ----------
    texts
        Whether the texts, and what quotes them, may.
    columns
        The corpus columns that may; None: all.
    """

    texts: bool = True
    columns: tuple[str, ...] | None = None


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
    """

    name: str
    metrics: dict[str, float]
    params: dict[str, str]
    corpora: tuple[Corpus, ...] = ()
    spec: ModelSpec | None = None


@runtime_checkable
class Summarised(Protocol):
    """A value of the workbench, as far as tracking needs to know it."""

    def summary(self) -> dict[str, object]:
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
        _write_view(value, name, privacy, folder)
        return Record(name, {}, _view_params(value, name))
    assert isinstance(value, Summarised)
    corpora = _corpora(value)
    frame = getattr(value, "to_frame", None)
    if frame is not None:
        _write_table(frame(), corpora, privacy, folder / "tables" / f"{name}.parquet")
    view = _view_of(value)
    if view is not None:
        _write_view(view, name, privacy, folder)
    metrics, params = _split(value, name)
    return Record(name, metrics, params, corpora, _spec(value))


def _split(value: Summarised, name: str) -> tuple[dict[str, float], dict[str, str]]:
    """Tell measured numbers from what was chosen: parameters, the seed, the model."""
    chosen = {"random_state", *getattr(value, "params", ())}
    metrics: dict[str, float] = {}
    params: dict[str, str] = {}
    for key, entry in value.summary().items():
        legal = f"{name}/{_legal(key)}"
        if entry is None or entry == "":
            continue
        if not _is_number(entry) or key in chosen or key.startswith("model_"):
            params[legal] = str(entry)[:_MOST_CHARACTERS]
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
    behind = [getattr(value, part, None) for part in ("embeddings", "rows", "columns")]
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


def _write_view(view: View, name: str, privacy: Privacy, folder: Path) -> None:
    from workbench.page import render_page
    from workbench.views.privacy import redacted

    if not privacy.texts or privacy.columns is not None:
        view = redacted(view, texts=privacy.texts, columns=privacy.columns)
    figures = folder / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    page = render_page([view], title=view.title)
    (figures / f"{name}.html").write_text(page, encoding="utf-8", errors="replace")
    (figures / f"{name}.view.json").write_text(view.to_json(), encoding="utf-8")


def _write_table(
    frame: pd.DataFrame, corpora: tuple[Corpus, ...], privacy: Privacy, file: Path
) -> None:
    from workbench.views.privacy import redacted_table

    known = {name for corpus in corpora for name in corpus.columns}
    kept = redacted_table(frame, known, texts=privacy.texts, columns=privacy.columns)
    file.parent.mkdir(parents=True, exist_ok=True)
    storable(kept).to_parquet(file)


def storable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame as parquet can hold it: text names, and one type per column."""
    named = frame.rename(columns=str)
    mixed = [name for name in named if _is_mixed(named[name])]
    return named.assign(**{str(name): named[name].map(str) for name in mixed})


def _is_mixed(column: pd.Series) -> bool:
    import pyarrow as pa

    try:
        pa.Array.from_pandas(column)
    except (pa.ArrowException, UnicodeError):
        return True
    return False
