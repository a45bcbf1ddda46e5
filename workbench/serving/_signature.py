"""A served model's signature: what it reads, what it answers, its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

    from workbench.serving._base import ServedModel

__all__ = ["signature_of"]


def signature_of(served: ServedModel) -> ModelSignature:
    """Return the columns, the answers, and the parameters with their defaults.

    The columns are of any type: as ``string``, a JSON null would arrive as the text "None".
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import AnyType

    params = [ParamSpec(param.name, param.dtype, param.default) for param in served.params]
    anything: Any = AnyType
    return ModelSignature(
        inputs=Schema([ColSpec(anything(), name) for name in served.columns]),
        outputs=served.outputs,
        **({"params": ParamSchema(params)} if params else {}),
    )
