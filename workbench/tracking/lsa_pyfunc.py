"""The served form of an LSA encoder: a script that MLflow runs when it loads the model.

Never imported by the package: it travels with the model (models from code, no pickle).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from numpy.typing import NDArray

from workbench.models.lsa import LSAEncoder


class LSAModel(PythonModel):
    """Texts in, float32 vectors of shape (n, d) out."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the arrays that were logged."""
        with np.load(context.artifacts["lsa"], allow_pickle=False) as arrays:
            self.encoder = LSAEncoder.from_arrays(dict(arrays))

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> NDArray[np.float32]:
        """Encode the texts of the first column."""
        return self.encoder.encode(list(model_input.iloc[:, 0]), **(params or {}))


set_model(LSAModel())
