"""Encoders as MLflow models: saved without inference of anything, loadable in both ways."""

from __future__ import annotations

import shutil
from copy import copy
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import InputError
from workbench.models import DenseEncoder, Encoder, LSAEncoder, Variant, base_of
from workbench.models._quiet import quiet_loading
from workbench.models.mlflow_uri import LSA_ARRAYS

if TYPE_CHECKING:
    from mlflow.models import Model, ModelSignature

__all__ = ["check_encoder", "package_copy", "pinned", "save_encoder"]

_DENSE_NEEDS = ("sentence-transformers", "transformers", "tokenizers", "torch", "numpy", "pandas")
_LSA_NEEDS = ("scikit-learn", "scipy", "numpy", "pandas", "platformdirs", "filelock")


def check_encoder(encoder: object, texts: bool) -> DenseEncoder | LSAEncoder:
    """Return an encoder that can be logged.

    Raises
    ------
    InputError
        If it is none: CrossEncoder and SparseEncoder would load back as something else; or an
        LSA that is not fitted, or whose vocabulary, the words of the texts, must not be written;
        or a variant in another precision or with chunks, or a model computed in another dtype,
        which would load back without.
    """
    from workbench.models import load_encoder

    family = [cls.__name__ for cls in type(getattr(encoder, "model", encoder)).__mro__]
    if "CrossEncoder" in family or "SparseEncoder" in family:
        raise InputError(
            f"log_encoder: a {family[0]} gives no dense vectors; MLflow would log it and load it "
            "back as another kind of model."
        )
    chosen = encoder if isinstance(encoder, Encoder) else load_encoder(encoder)  # type: ignore[arg-type]  # refuses what is none
    if isinstance(chosen, LSAEncoder) and not texts:
        raise InputError(
            "log_encoder: an LSA encoder holds the words of the texts it was fitted on, and this "
            "run was opened with texts=False. Leave it out, or log it in a run with texts=True."
        )
    if isinstance(chosen, LSAEncoder) and not chosen.fitted:
        raise InputError(
            "log_encoder: this LSA encoder is not fitted: a name stands for a new one. Pass the "
            "encoder that made the vectors: LSAEncoder().fit(texts)."
        )
    base = base_of(chosen)
    if isinstance(base, DenseEncoder) and base.dtype != "float32":
        raise InputError(
            f"log_encoder: {base.spec.title()!r} is computed in {base.dtype}, which MLflow's "
            "format cannot hold: the model served would give other vectors. Log the float32 model, "
            f"and load it with load_encoder(uri, dtype={base.dtype!r})."
        )
    if isinstance(chosen, Variant):
        return _cut_encoder(chosen)
    if not isinstance(chosen, DenseEncoder | LSAEncoder):
        raise InputError(
            f"log_encoder: expected a DenseEncoder or an LSAEncoder; got {type(chosen).__name__}. "
            "Log an encoder of your own as an mlflow.pyfunc.PythonModel."
        )
    return chosen


def _cut_encoder(variant: Variant) -> DenseEncoder:
    """Return a truncated model as one that truncates by itself, which MLflow's format can hold."""
    spec, encoder = variant.spec, variant.encoder
    plain = spec.precision == "float32" and spec.long_texts == "truncate"
    if not isinstance(encoder, DenseEncoder) or not plain:
        raise InputError(
            f"log_encoder: {spec.title()!r} is a variant that MLflow's format cannot hold: the "
            "model served would give other vectors (only truncate_dim of a SentenceTransformer is "
            "kept). Log variant.encoder, and make the variant of what load_encoder gives back."
        )
    model = copy(encoder.model)  # shares the weights; the user's own goes on as it is
    model.truncate_dim = spec.truncate_dim
    return DenseEncoder(model, name=spec.name)


def save_encoder(encoder: DenseEncoder | LSAEncoder, folder: Path, model: Model) -> None:
    """Save an encoder in MLflow's format.

    Parameters
    ----------
    encoder
        The encoder, fitted.
    folder
        Where; must not exist.
    model
        MLflow's description of it, filled in here.
    """
    if isinstance(encoder, LSAEncoder):
        _save_lsa(encoder, folder, model)
    else:
        _save_dense(encoder, folder, model)


def _save_dense(encoder: DenseEncoder, folder: Path, model: Model) -> None:
    import mlflow.sentence_transformers

    truncate_dim = encoder.model.truncate_dim  # an argument, not part of the saved model
    with quiet_loading():
        mlflow.sentence_transformers.save_model(
            encoder.model,
            path=str(folder),
            mlflow_model=model,
            metadata={"truncate_dim": truncate_dim},
            signature=_signature(
                encoder.spec.dimension,
                batch_size=("long", 32),
                normalize_embeddings=("boolean", False),
                prompt_name=("string", None),
                truncate_dim=("long", truncate_dim),
            ),
            pip_requirements=pinned(_DENSE_NEEDS),
        )


def _save_lsa(encoder: LSAEncoder, folder: Path, model: Model) -> None:
    import mlflow.pyfunc

    arrays = encoder.to_arrays()
    with TemporaryDirectory() as scratch:
        np.savez_compressed(Path(scratch) / LSA_ARRAYS, allow_pickle=False, **arrays)
        mlflow.pyfunc.save_model(
            str(folder),
            mlflow_model=model,
            python_model=str(Path(__file__).with_name("lsa_pyfunc.py")),
            artifacts={"lsa": str(Path(scratch) / LSA_ARRAYS)},
            code_paths=[str(package_copy(Path(scratch)))],
            signature=_signature(
                encoder.spec.dimension,
                normalize_embeddings=("boolean", False),
                truncate_dim=("long", None),
            ),
            pip_requirements=pinned(_LSA_NEEDS),
        )


def package_copy(scratch: Path) -> Path:
    """Copy the package, which is on no index; all of it, since the copy hides the original.

    MLflow puts the copy first on the path of the process that loads the model. The data sets are
    left out: only the samples need them.
    """
    package = Path(__file__).parents[1]

    def left_out(folder: str, names: list[str]) -> set[str]:
        return {"__pycache__", "data"} if Path(folder) == package else {"__pycache__"}

    return Path(shutil.copytree(package, scratch / package.name, ignore=left_out))


def _signature(dimension: int, **params: tuple[str, object]) -> ModelSignature:
    """Return text -> float32 (n, dimension); MLflow's default says float64."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec

    return ModelSignature(
        inputs=Schema([ColSpec("string")]),
        outputs=Schema([TensorSpec(np.dtype(np.float32), (-1, dimension))]),
        params=ParamSchema(
            [ParamSpec(name, dtype, default) for name, (dtype, default) in params.items()]
        ),
    )


def pinned(packages: tuple[str, ...]) -> list[str]:
    """Return exact requirements: inferring them would load the model once more (5 to 15 s)."""
    return [f"{name}=={version(name).partition('+')[0]}" for name in ("mlflow", *packages)]
