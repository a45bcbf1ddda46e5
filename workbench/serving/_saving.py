"""A served model in MLflow's format: models from code, weights as files, no pickle."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from workbench.models.mlflow_uri import IDENTITY, SERVED
from workbench.serving._identity import identity_of
from workbench.serving._parts import write_settings
from workbench.serving._signature import signature_of
from workbench.tracking._models import package_copy, pinned

if TYPE_CHECKING:
    from mlflow.models import Model

    from workbench.serving._base import ServedModel

__all__ = ["save_model"]

# All that the copy of the package imports to answer; plotly and jupyter are not among them.
_NEEDS = (
    "sentence-transformers",
    "transformers",
    "tokenizers",
    "torch",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "bm25s",
    "filelock",
    "platformdirs",
    "pyarrow",
    "safetensors",
    "threadpoolctl",
    "tqdm",
)


def save_model(served: ServedModel, folder: Path, model: Model) -> None:
    """Save a model; ``model`` is MLflow's description of it, filled in here."""
    import mlflow.pyfunc

    with TemporaryDirectory() as scratch:
        parts = Path(scratch) / SERVED[-1]
        parts.mkdir()
        settings = served.write(parts)
        identity = identity_of(served.kind, settings, parts)
        write_settings(parts, {"kind": served.kind, **settings})
        mlflow.pyfunc.save_model(
            str(folder),
            mlflow_model=model,
            python_model=str(Path(__file__).with_name("model_script.py")),
            artifacts={SERVED[-1]: str(parts)},
            code_paths=[str(package_copy(Path(scratch)))],
            signature=signature_of(served),
            pip_requirements=pinned(_NEEDS),
            metadata={
                "workbench.kind": served.kind,
                IDENTITY: identity,
                "task": settings.get("task"),
                "truncate_dim": settings.get("encoder", {}).get("truncate_dim"),
            },
        )
