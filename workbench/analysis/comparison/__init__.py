"""Several models on the same texts: scores with intervals, costs, agreement, and a decision."""

from workbench.analysis.comparison._compare import compare_models
from workbench.analysis.comparison._decision import Decision
from workbench.analysis.comparison._values import Comparison, ModelResult

__all__ = ["Comparison", "Decision", "ModelResult", "compare_models"]
