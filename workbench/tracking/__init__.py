"""MLflow: runs that keep values, views and encoders, and views brought back from them."""

from workbench.models.mlflow_uri import default_tracking_uri
from workbench.tracking._open import open_view
from workbench.tracking._run import Run, track
from workbench.tracking._store import ensure_store

__all__ = ["Run", "default_tracking_uri", "ensure_store", "open_view", "track"]
