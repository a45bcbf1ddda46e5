"""The served form of the workbench's models: a script that MLflow runs when it loads one.

Never imported by the package: it travels with the model (models from code, no pickle).
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from workbench.serving.runtime import open_model, predicted


class WorkbenchModel(PythonModel):
    """Whatever model of the workbench was logged."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the model that was logged."""
        self.model = open_model(context.artifacts["model"])

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,  # lists and dicts too; MLflow warns of any other annotation
        params: dict[str, Any] | None = None,
    ) -> Any:
        """Answer every row."""
        return predicted(self.model, model_input, params)


set_model(WorkbenchModel())
