"""MLflow: runs that keep values, views and encoders, what is brought back, and promotion."""

from workbench.models.mlflow_uri import default_tracking_uri
from workbench.tracking._gate import Gate
from workbench.tracking._load import load_comparison
from workbench.tracking._open import open_view
from workbench.tracking._run import Run, track
from workbench.tracking._store import ensure_store
from workbench.tracking.promotion import Promotion, promote
from workbench.tracking.registering import RegisteredVersion, register, set_alias, versions

__all__ = [
    "Gate",
    "Promotion",
    "RegisteredVersion",
    "Run",
    "default_tracking_uri",
    "ensure_store",
    "load_comparison",
    "open_view",
    "promote",
    "register",
    "set_alias",
    "track",
    "versions",
]
