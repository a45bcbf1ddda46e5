"""Which backend computes a model's vectors, and in which numbers, on this machine."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from workbench.errors import (
    InputError,
    MissingExtraError,
    ModelUnavailableError,
    WorkbenchWarning,
    suggest,
)
from workbench.models import _openvino
from workbench.models._engine import Engine, engine_around
from workbench.models._spec import ModelSpec
from workbench.models._torch_forward import TorchForward

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["Backend", "Dtype", "Engines", "check_backend", "computes", "nearest_dtype"]

Backend: TypeAlias = Literal["auto", "torch", "openvino"]
Dtype: TypeAlias = Literal["float32", "bfloat16", "int8"]

# Of a vector's length, off sentence-transformers' own: above this it is something else.
_TOLERATED = {"float32": 1e-4, "float16": 0.05, "bfloat16": 0.15, "int8": 0.45}
_CONVERTING_PAYS = 200  # texts: to convert a model takes about as long as to encode these
_INSTALL = "pip install 'embedding-workbench[fast]'"


def check_backend(backend: object, dtype: object) -> None:
    """Raise an error unless a backend and a dtype are known, go together and are installed.

    Raises
    ------
    InputError
        If one is unknown, or torch is asked for int8.
    MissingExtraError
        If what the choice needs is not installed.
    """
    for name, value, known in (
        ("backend", backend, get_args(Backend)),
        ("dtype", dtype, get_args(Dtype)),
    ):
        if value not in known:
            raise InputError(
                f"load_encoder: {name}={value!r:.60} is unknown. {suggest(str(value), known)}"
            )
    if backend == "torch" and dtype == "int8":
        raise InputError(
            "load_encoder: int8 is computed by OpenVINO; got backend='torch'. Use backend='auto', "
            "or dtype='bfloat16'."
        )
    quantizes = dtype == "int8"
    if (backend == "openvino" or quantizes) and not _openvino.installed(quantizes=quantizes):
        needed = "OpenVINO and nncf" if quantizes else "OpenVINO"
        asked = "dtype='int8'" if quantizes else "backend='openvino'"
        raise MissingExtraError(f"load_encoder: {asked} needs {needed}. Install: {_INSTALL}.")


def nearest_dtype(dtype: Dtype, supported: Collection[str]) -> tuple[str, str]:
    """Return what a processor computes fast that is nearest to a dtype, and a sentence if it's not.

    Parameters
    ----------
    dtype
        What was asked for.
    supported
        What the processor computes: ``BF16``, ``FP16``, ``INT8``.
    """
    choices = {
        "int8": (("INT8", "int8"), ("BF16", "bfloat16")),
        "bfloat16": (("BF16", "bfloat16"), ("FP16", "float16")),
    }
    found = next((name for sign, name in choices.get(dtype, ()) if sign in supported), "float32")
    if found == dtype:
        return found, ""
    return found, f"This processor does not compute in {dtype}: {found} is used instead."


def computes(model: SentenceTransformer, dtype: Dtype) -> frozenset[str]:
    """Return what the device that a model is on computes fast (see `nearest_dtype`)."""
    import torch

    if model.device.type == "cuda":
        # float16 has less range, but every such device computes in it.
        return frozenset(
            {"BF16" if torch.cuda.is_bf16_supported(including_emulation=False) else "FP16"}
        )
    if model.device.type != "cpu":
        return frozenset({"FP16"})
    if _openvino.installed(quantizes=dtype == "int8"):
        return _openvino.capabilities() - {"FP16"}  # which a CPU stores, but does not compute in
    bf16 = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return frozenset({"BF16"} if bf16 else ())


class Engines:
    """What computes one model's vectors: an engine per backend, made when first needed, and kept.

    Parameters
    ----------
    model
        The model; not changed.
    spec
        What it is by itself.
    backend
        ``auto``, ``torch`` or ``openvino``.
    dtype
        ``float32``: the model's own numbers; ``bfloat16``, ``float16`` or ``int8``.
    """

    def __init__(
        self, model: SentenceTransformer, spec: ModelSpec, backend: Backend, dtype: str
    ) -> None:
        self._model = model
        self._spec = spec
        self._backend = backend
        self._dtype = dtype
        self._made: dict[str, Engine | None] = {}
        self._why: dict[str, str] = {}
        self._making = {name: threading.Lock() for name in ("torch", "openvino")}

    def engine(self, count: int) -> Engine | None:
        """Return what encodes so many texts; None: sentence-transformers' own loop.

        Raises
        ------
        ModelUnavailableError
            If a backend or dtype was asked for by name and does not give the model's vectors.
        """
        if self._spec.family == "dense":
            for backend in self._order(count):
                found = self._once(backend)
                if found is not None:
                    return found
        if (self._backend, self._dtype) == ("auto", "float32"):
            return None
        why = "; ".join(dict.fromkeys(self._why.values())) or f"it is {self._spec.family}"
        raise ModelUnavailableError(
            f"{self._spec.name!r} cannot be computed with backend={self._backend!r} in "
            f"{self._dtype}: {why}. Leave out backend and dtype."
        )

    def _once(self, backend: str) -> Engine | None:
        if backend not in self._made:  # one that is made does not wait for another's conversion
            with self._making[backend]:
                if backend not in self._made:
                    self._made[backend] = self._prepared(backend)
        return self._made[backend]

    def _order(self, count: int) -> list[str]:
        """Return the backends to try for so many texts, the faster one first."""
        if self._backend != "auto":
            return [self._backend]
        if self._dtype == "int8":
            return ["openvino"]
        return ["openvino", "torch"] if self._pays(count) else ["torch"]

    def _pays(self, count: int) -> bool:
        """Tell whether OpenVINO is worth its start: for many texts, or where it is made already."""
        if self._model.device.type != "cpu" or not _openvino.installed():
            return False
        if self._dtype != "float32":
            return True
        if self._spec.dtype != "float32":  # whose own numbers it would not compute in
            return False
        kept = _openvino.model_file(self._spec.revision, self._dtype, self._spec.max_tokens)
        return count >= _CONVERTING_PAYS or _openvino.is_kept(kept)

    def _prepared(self, backend: str) -> Engine | None:
        """Return an engine; None, with a warning if it is news, where there cannot be one."""
        try:
            return self._engine(backend)
        except Exception as error:  # whatever a compiler raises for a model that it cannot read
            # OpenVINO says first where in its source it failed, and last why.
            self._why[backend] = (str(error).strip() or type(error).__name__).splitlines()[-1][:200]
            warnings.warn(
                f"{self._spec.name!r} could not be prepared for {backend}: {self._why[backend]}",
                WorkbenchWarning,
                stacklevel=2,
            )
            return None

    def _engine(self, backend: str) -> Engine | None:
        own = self._spec.dtype
        dtype = own if self._dtype == "float32" else self._dtype
        forward = TorchForward(self._model, dtype if backend == "torch" else own)
        engine = engine_around(self._model, self._spec.dimension, forward)
        if engine is None:
            self._why[backend] = "its modules are given more than a fast tokenizer's ids and masks"
            return None
        if backend == "openvino":
            converted = _openvino.OpenVINOForward(self._model, self._spec.revision, dtype, engine)
            engine = replace(engine, forward=converted)
        off = engine.distance(self._model)
        if off > _TOLERATED[dtype]:
            raise ValueError(f"its vectors would be off by {off:.2g} of their length")
        return engine
