"""What a logged model runs when MLflow has loaded it: opened from files, asked, refusals said."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from workbench.errors import (
    InputError,
    ModelUnavailableError,
    WorkbenchError,
    WorkbenchWarning,
)
from workbench.serving._base import ServedModel
from workbench.serving._parts import read_settings
from workbench.serving._signature import signature_of
from workbench.serving.pairs import RerankerModel, SimilarityModel
from workbench.serving.retrieval import ParaphraseMiningModel, SemanticSearchModel
from workbench.serving.vectors import EmbeddingModel, SparseEncoderModel

__all__ = ["open_model", "predicted", "read_model"]

_KINDS: dict[str, type[ServedModel]] = {
    kind.kind: kind
    for kind in (
        EmbeddingModel,
        ParaphraseMiningModel,
        RerankerModel,
        SemanticSearchModel,
        SimilarityModel,
        SparseEncoderModel,
    )
}
_lock = threading.Lock()
_own_schemas: list[tuple[Any, Any]] = []


def read_model(folder: Path | str) -> ServedModel:
    """Return the model in a folder that `ServedModel.write` filled.

    Raises
    ------
    ModelUnavailableError
        If there is none, or it is of a kind that this version does not know.
    """
    where = Path(folder)
    settings = read_settings(where)
    kind = _KINDS.get(str(settings.get("kind")))
    if kind is None:
        raise ModelUnavailableError(
            f"{where} holds a {settings.get('kind')!r}, which this version of the workbench does "
            "not know. Update it."
        )
    try:
        return kind.read(where, settings)
    except InputError as error:  # a damaged file
        raise ModelUnavailableError(f"The {kind.kind} in {where} cannot be read: {error}") from None


def open_model(folder: Path | str) -> ServedModel:
    """Return the model for MLflow's pyfunc, its inputs left to the model's own checks."""
    model = read_model(folder)
    signature = signature_of(model)
    _leave_inputs_alone(signature.inputs, signature.params)
    _ask_once(model)
    # Of each request, and not only of the first: it goes to a server's log. What the user chose
    # comes before.
    warnings.simplefilter("always", WorkbenchWarning, append=True)
    return model


def _ask_once(model: ServedModel) -> None:
    """Ask for something before several threads do: a tokenizer is set up by its first use."""
    with warnings.catch_warnings(), suppress(InputError):  # an LSA may know no word of it
        warnings.simplefilter("ignore")
        model.predict([("a text",) * len(model.columns)] if len(model.columns) > 1 else "a text")


def predicted(model: ServedModel, data: object, params: Mapping[str, object] | None) -> Any:
    """Return the model's answers; what it refuses is MLflow's own error, which serving answers.

    Of any other error, MLflow's server tells only that it was unexpected.
    """
    from mlflow.exceptions import MlflowException

    try:
        return model.predict(data, params)
    except InputError as error:
        raise MlflowException.invalid_parameter_value(str(error)) from None
    except WorkbenchError as error:
        raise MlflowException(str(error)) from error


def _leave_inputs_alone(inputs: Any, params: Any) -> None:
    """Let MLflow hand what a model with these schemas is given to the model as it is.

    Left to itself, MLflow (3.17) drops unknown parameters with a note in its log, takes a dict of
    lists for one row, and refuses a list for a model whose column has a name. It has no setting
    for that; other models are checked by it as before.
    """
    pyfunc: Any = import_module("mlflow.pyfunc")  # not mlflow's lazy stand-in for it
    with _lock:
        if (inputs, params) not in _own_schemas:
            _own_schemas.append((inputs, params))
        checked = getattr(pyfunc, "_validate_prediction_input", None)
        if checked is None or getattr(checked, "of_workbench", False):
            return

        def validated(
            data: Any, given: Any, input_schema: Any, params_schema: Any, *rest: Any, **more: Any
        ) -> Any:
            if (input_schema, params_schema) in _own_schemas:
                return data, given
            return checked(data, given, input_schema, params_schema, *rest, **more)

        validated.of_workbench = True  # type: ignore[attr-defined]  # a mark: it is ours
        pyfunc._validate_prediction_input = validated
