"""The forward pass in torch, on the device that the model is on."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np

from workbench._arrays import FloatArray
from workbench.models._cores import cores
from workbench.models._engine import Features

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["TorchForward"]


class TorchForward:
    """A SentenceTransformer's modules, one after the other.

    Parameters
    ----------
    model
        The model.
    dtype
        torch's name of the type to compute in; other than the model's own, a copy is converted.
    """

    streams = 1  # torch shares a pass among the cores by itself

    def __init__(self, model: SentenceTransformer, dtype: str) -> None:
        import torch

        wanted = getattr(torch, dtype)
        own = next(model.parameters()).dtype
        self._model = model if own == wanted else deepcopy(model).to(wanted)
        if torch.get_num_threads() > cores():  # it counts the host's
            torch.set_num_threads(cores())

    def __call__(self, features: Features, /) -> FloatArray:
        """Return one vector per text, (b, d) float32."""
        import torch

        self._model.eval()  # whose it is may have trained it since
        device = self._model.device
        given = {name: torch.from_numpy(values).to(device) for name, values in features.items()}
        with torch.inference_mode():
            vectors = self._model(given)["sentence_embedding"]
        return np.asarray(vectors.float().cpu().numpy())
