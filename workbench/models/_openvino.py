"""The forward pass in OpenVINO: converted once per model, kept, and run in one stream per core."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench._arrays import FloatArray
from workbench._cache import cache_folder, made_once
from workbench.corpus import samples
from workbench.models._cores import cores
from workbench.models._engine import Engine, Features
from workbench.models._quiet import quiet_loading

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = [
    "OpenVINOForward",
    "calibration",
    "capabilities",
    "installed",
    "is_kept",
    "model_file",
]

_FILE = "model.xml"
_MOST_KEPT = 12  # converted models, of about the size of the model each
_CALIBRATED_AT_A_TIME = 8
_SHOWING = threading.Lock()
_PRECISIONS = {"float32": "f32", "float16": "f16", "bfloat16": "bf16", "int8": "f32"}


def installed(*, quantizes: bool = False) -> bool:
    """Tell whether OpenVINO is here; with ``quantizes`` nncf, too, which int8 needs."""
    needed = ("openvino", "nncf") if quantizes else ("openvino",)
    return all(find_spec(name) is not None for name in needed)


def capabilities() -> frozenset[str]:
    """Return what OpenVINO says that this CPU computes in: ``FP32``, ``BF16``, ``INT8``."""
    return frozenset(_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))


def model_file(revision: str, dtype: str, longest: int | None) -> Path:
    """Return where a converted model is kept, or will be.

    Parameters
    ----------
    revision
        The model's.
    dtype
        What it computes in.
    longest
        How many tokens it reads: so many of a text does int8 see when it is calibrated.
    """
    # bfloat16 is computed from float32
    kind = (calibration(), longest) if dtype == "int8" else "float32"
    name = hashlib.blake2b(repr((revision, kind, _made_by())).encode(), digest_size=16).hexdigest()
    return cache_folder() / "openvino" / name / _FILE


def is_kept(file: Path) -> bool:
    """Tell whether a converted model is there and may be read."""
    try:
        return file.exists()
    except OSError:  # another user's folder
        return False


@cache
def _made_by() -> list[str]:
    """Return what converts, read once: each short call of an encoder asks where its model is."""
    return [version(name) for name in ("openvino", "torch", "transformers")]


@cache
def calibration() -> str:
    """Return what int8's numbers depend on besides the model: who quantizes, and the texts."""
    texts = "\0".join(_calibration_texts())
    made_by = f"{version('nncf')}{version('openvino')}{_CALIBRATED_AT_A_TIME}{texts}".encode()
    return f"int8:{hashlib.blake2b(made_by, digest_size=4).hexdigest()}"


class OpenVINOForward:
    """A converted SentenceTransformer.

    Parameters
    ----------
    model
        The model, in float32 on the CPU.
    revision
        Its revision, by which the converted one is kept.
    dtype
        ``float32``, ``float16``, ``bfloat16`` or ``int8``.
    engine
        Batches the texts that int8 is calibrated on.
    """

    def __init__(
        self, model: SentenceTransformer, revision: str, dtype: str, engine: Engine
    ) -> None:
        file = model_file(revision, dtype, engine.longest)
        made_once(file.parent, lambda place: _keep(model, place, dtype, engine))
        _leave_out_the_oldest(file.parent)
        self.streams = cores()
        core = _openvino().Core()
        compiled = core.compile_model(
            core.read_model(file),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": _PRECISIONS[dtype],  # its own choice may be bf16
                "INFERENCE_NUM_THREADS": self.streams,
                # Each stream works by itself: a busy core holds up one batch, not all.
                "NUM_STREAMS": self.streams,
            },
        )
        self._requests: SimpleQueue[Any] = SimpleQueue()
        for _ in range(self.streams):
            self._requests.put(compiled.create_infer_request())

    def __call__(self, features: Features, /) -> FloatArray:
        """Return one vector per text, (b, d) float32."""
        request = self._requests.get()
        try:
            request.infer(dict(features), share_inputs=True)
            return np.array(request.get_output_tensor(0).data, dtype=np.float32)
        finally:
            self._requests.put(request)


def _openvino() -> Any:
    """Return the library, without the part of it that reports on its use."""
    # Kept out, both openvino and nncf say nothing to anyone; nothing else uses it.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None refuses an import
    import openvino

    return openvino


def _keep(model: SentenceTransformer, folder: Path, dtype: str, engine: Engine) -> None:
    converted = _converted(model, engine.inputs)
    if dtype == "int8":
        converted = _quantized(converted, engine)
    _openvino().save_model(converted, folder / _FILE, compress_to_fp16=False)


def _converted(model: SentenceTransformer, inputs: tuple[str, ...]) -> Any:
    """Return an OpenVINO model from token ids and masks to vectors."""
    import torch

    class Modules(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *arrays: torch.Tensor) -> torch.Tensor:
            features = dict(zip(inputs, arrays, strict=True))
            vectors: torch.Tensor = self.model(features)["sentence_embedding"]
            return vectors

    example = tuple(torch.ones(2, 5, dtype=torch.long) for _ in inputs)
    openvino = _openvino()
    with quiet_loading(), warnings.catch_warnings(), torch.no_grad():
        # Tracing fixes what Python decides; Engine.distance tells whether that was right.
        warnings.simplefilter("ignore")
        converted = openvino.convert_model(Modules().eval(), example_input=example)
    for name, array in zip(inputs, converted.inputs, strict=True):
        array.get_tensor().set_names({name})
    return converted


def _quantized(converted: Any, engine: Engine) -> Any:
    """Return the model with int8 weights and activations, scaled on the project's own texts."""
    with _steps_on_stderr():
        import nncf

        batches = [
            dict(features)
            for features in engine.features(_calibration_texts(), _CALIBRATED_AT_A_TIME)
        ]
        return nncf.quantize(
            converted,
            nncf.Dataset(batches),
            model_type=nncf.ModelType.TRANSFORMER,
            subset_size=len(batches),
        )


def _calibration_texts() -> list[str]:
    """Return 264 texts in three languages, of up to some hundred words, and extreme ones."""
    extreme = ["", "a", "1", "word " * 300]
    return [*extreme, *samples.support_tickets(None).texts[::5], *samples.faq().corpus.texts[::2]]


def _leave_out_the_oldest(used: Path) -> None:
    """Keep the models used last: each epoch of a training makes another one."""
    with suppress(OSError):
        os.utime(used)
        kept = sorted(used.parent.glob(f"*/{_FILE}"), key=lambda file: file.parent.stat().st_mtime)
        for file in kept[:-_MOST_KEPT]:
            shutil.rmtree(file.parent, ignore_errors=True)


@contextmanager
def _steps_on_stderr() -> Iterator[None]:
    """Let nncf show its steps where they do not mix with results."""
    # One at a time: stdout is the process', and two that overlap would not give it back.
    with _SHOWING, redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
