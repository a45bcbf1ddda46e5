"""Bring a comparison back from a run."""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from workbench.analysis.comparison import Comparison
from workbench.errors import InputError, WorkbenchWarning, suggest
from workbench.models.mlflow_uri import bounded
from workbench.tracking._nested import PARENT
from workbench.tracking._open import check_run, views_of
from workbench.tracking._store import connect, explained
from workbench.tracking._stored import read_stored

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["load_comparison"]

_FOLDER = "comparison"


def load_comparison(run_id: str, name: str | None = None, uri: str | None = None) -> Comparison:
    """Return a comparison that a run logged.

    Parameters
    ----------
    run_id
        The run: ``run.id``. Not that of a model, which is nested in it.
    name
        The comparison's name in the run: what `Run.log` returned. May be left out where the run
        has one comparison.
    uri
        The tracking store; by default as for `open_view`.

    Returns
    -------
    Comparison
        Scores, intervals, differences, agreement, costs and the decision are as they were; the
        models (``encoder``) and tasks are not in it. Where the run was opened with
        ``texts=False``, ids stand for the texts.

    Raises
    ------
    InputError
        If there is no such run, it holds no comparison of that name, or one in a later format.
    TrackingUnavailableError
        If the store does not answer, or is not there; none is created.

    Warns
    -----
    WorkbenchWarning
        When ids stand for the texts.
    """
    client, chosen = connect(uri, reading=True)
    with explained(chosen), bounded():
        check_run(client, run_id, chosen, "load_comparison")
        picked = _picked(client, run_id, name)
        with TemporaryDirectory() as scratch:
            folder = client.download_artifacts(run_id, f"{_FOLDER}/{picked}", scratch)
            comparison, has_texts = read_stored(Path(folder))
    if not has_texts:
        warnings.warn(
            f"Run {run_id} was opened with texts=False: ids stand for the texts of {picked!r}.",
            WorkbenchWarning,
            stacklevel=2,
        )
    return comparison


def _picked(client: MlflowClient, run_id: str, name: str | None) -> str:
    """Return the comparison that is meant, or raise an InputError with what there is."""
    there = [Path(entry.path).name for entry in client.list_artifacts(run_id, _FOLDER)]
    if name in there or (name is None and len(there) == 1):
        return there[0] if name is None else name
    if not there:
        raise InputError(f"load_comparison: {_nothing(client, run_id)}")
    if name is None:
        named = ", ".join(map(repr, there))
        raise InputError(
            f"load_comparison: run {run_id} holds {len(there)} comparisons: {named}. Name one."
        )
    raise InputError(
        f"load_comparison: run {run_id} has no comparison {name!r}. {suggest(str(name), there)}"
    )


def _nothing(client: MlflowClient, run_id: str) -> str:
    parent = client.get_run(run_id).data.tags.get(PARENT)
    if parent:
        return (
            f"run {run_id} is one model of a comparison. The run it is nested in holds the "
            f"comparison: load_comparison({parent!r})."
        )
    views = ", ".join(map(repr, views_of(client, run_id))) or "none"
    return (
        f"run {run_id} holds no comparison; its views (wb.open_view) are: {views}. A comparison "
        "is kept by run.log(wb.compare_models(…))."
    )
