"""The models inside a served model, as files: each comes back as what it is, nothing unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import InputError, ModelUnavailableError
from workbench.models import (
    DenseEncoder,
    Encoder,
    LSAEncoder,
    Reranker,
    SparseModel,
    Variant,
    base_of,
    load_encoder,
    load_reranker,
    load_sparse_encoder,
)
from workbench.models._quiet import quiet_loading
from workbench.models.mlflow_uri import LSA_ARRAYS, SETTINGS
from workbench.models.registry import open_named
from workbench.search import DiskIndex, Searchable, SearchIndex

__all__ = [
    "check_encoder_part",
    "read_encoder",
    "read_index",
    "read_reranker",
    "read_settings",
    "read_sparse",
    "write_encoder",
    "write_index",
    "write_reranker",
    "write_settings",
    "write_sparse",
]

_ENCODER, _RERANKER, _SPARSE, _INDEX = "encoder", "reranker", "sparse", "index"


def check_encoder_part(encoder: Encoder | str | object, caller: str) -> Encoder:
    """Return an encoder that can be kept in a model.

    Raises
    ------
    InputError
        If it is an LSA that is not fitted, or an encoder of one's own, which is code.
    """
    chosen = load_encoder(encoder)  # type: ignore[arg-type]  # refuses what is none
    base = base_of(chosen)
    if isinstance(base, LSAEncoder) and not base.fitted:
        raise InputError(
            f"{caller}: this LSA encoder is not fitted. Pass LSAEncoder().fit(texts), or the "
            "encoder of an index: index.encoder."
        )
    if not isinstance(base, DenseEncoder | LSAEncoder):
        raise InputError(
            f"{caller}: expected a SentenceTransformer or an LSA encoder; got "
            f"{type(base).__name__}. An encoder of one's own is code, which a model cannot hold."
        )
    if isinstance(base, DenseEncoder) and base.dtype == "int8":
        raise InputError(
            f"{caller}: {base.spec.title()!r} is calibrated where it is loaded, and would give "
            "other vectors elsewhere. Use dtype='bfloat16', or the model in float32."
        )
    return chosen


def write_encoder(encoder: Encoder, folder: Path) -> dict[str, Any]:
    """Write an encoder's weights and return what else there is to it."""
    base = base_of(encoder)
    settings: dict[str, Any] = {"name": base.spec.name, "truncate_dim": None}
    if isinstance(base, LSAEncoder):
        (folder / _ENCODER).mkdir()
        np.savez_compressed(folder / _ENCODER / LSA_ARRAYS, allow_pickle=False, **base.to_arrays())
    else:
        assert isinstance(base, DenseEncoder)
        _write_model(base.model, folder / _ENCODER)
        settings |= {"truncate_dim": base.model.truncate_dim, "dtype": base.dtype}
    if isinstance(encoder, Variant):
        made = encoder.spec
        settings["variant"] = {
            "name": made.name,
            "truncate_dim": made.truncate_dim,
            "precision": made.precision,
            "long_texts": made.long_texts,
        }
    return settings


def read_encoder(folder: Path, settings: Mapping[str, Any]) -> Encoder:
    """Return the encoder that `write_encoder` wrote."""
    arrays = folder / _ENCODER / LSA_ARRAYS
    base: Encoder
    if arrays.is_file():
        with np.load(arrays, allow_pickle=False) as loaded:
            base = LSAEncoder.from_arrays(dict(loaded))
    else:
        model, _ = open_named(str(folder / _ENCODER), "SentenceTransformer", False)
        model.truncate_dim = settings["truncate_dim"]
        base = DenseEncoder(model, name=settings["name"], dtype=settings.get("dtype", "float32"))
    options = settings.get("variant")
    return Variant(base, **options) if options else base


def write_reranker(reranker: Reranker, folder: Path) -> dict[str, Any]:
    """Write a CrossEncoder."""
    _write_model(reranker.model, folder / _RERANKER)
    return {"name": reranker.spec.name}


def read_reranker(folder: Path, settings: Mapping[str, Any]) -> Reranker:
    """Return the reranker that `write_reranker` wrote."""
    return Reranker(load_reranker(folder / _RERANKER).model, name=settings["name"])


def write_sparse(model: SparseModel, folder: Path) -> dict[str, Any]:
    """Write a SparseEncoder."""
    _write_model(model.model, folder / _SPARSE)
    return {"name": model.spec.name, "of_texts": model.of_texts}


def read_sparse(folder: Path, settings: Mapping[str, Any]) -> SparseModel:
    """Return the sparse encoder that `write_sparse` wrote."""
    model = load_sparse_encoder(folder / _SPARSE).model
    return SparseModel(model, name=settings["name"], of_texts=settings["of_texts"])


def write_index(index: Searchable, folder: Path) -> dict[str, Any]:
    """Write an index, its vectors and all its models."""
    copy(index).save(folder / _INDEX)  # a copy: its own files stay its own
    settings: dict[str, Any] = {
        "encoder": write_encoder(index.encoder, folder),
        "on_disk": isinstance(index, DiskIndex),
    }
    if index.reranker is not None:
        settings["reranker"] = write_reranker(index.reranker, folder)
    if index.sparse_encoder is not None:
        settings["sparse"] = write_sparse(index.sparse_encoder, folder)
    return settings


def read_index(folder: Path, settings: Mapping[str, Any]) -> Searchable:
    """Return the index that `write_index` wrote, its models with it; nothing is written to it."""
    noted, sparse = settings.get("reranker"), settings.get("sparse")
    encoder = read_encoder(folder, settings["encoder"])
    second = None if noted is None else read_reranker(folder, noted)
    if settings.get("on_disk"):
        return DiskIndex.open(folder / _INDEX, encoder, reranker=second, read_only=True)
    return SearchIndex.load(
        folder / _INDEX,
        encoder,
        sparse_encoder=None if sparse is None else read_sparse(folder, sparse),
        reranker=second,
    )


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write what is not weights, as JSON."""
    (folder / SETTINGS).write_text(json.dumps(settings, indent=1), encoding="utf-8")


def read_settings(folder: Path) -> dict[str, Any]:
    """Return what `write_settings` wrote.

    Raises
    ------
    ModelUnavailableError
        If the folder holds no model of the workbench.
    """
    try:
        found = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        return dict(found)
    except (OSError, ValueError, TypeError):
        raise ModelUnavailableError(
            f"{folder} holds no model that run.log_model logged: {SETTINGS} cannot be read."
        ) from None


def _write_model(model: Any, folder: Path) -> None:
    with quiet_loading():
        model.save_pretrained(str(folder), create_model_card=False)
