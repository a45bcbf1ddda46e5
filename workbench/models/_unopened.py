"""What a folder's model is, known from the last time: its vectors are read without opening it.

To import torch and open MiniLM takes seconds, and a text that is in the store needs neither.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from workbench._cache import cache_folder
from workbench.models._spec import ModelSpec

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["Unopened", "keep_described", "state_of", "unopened"]

_LIBRARIES = ("sentence-transformers", "transformers", "tokenizers", "torch")


@dataclass(frozen=True, slots=True, eq=False)
class Unopened:
    """A model that nobody needs yet.

    Parameters
    ----------
    spec
        What it is.
    prompts, default_prompt_name
        As a SentenceTransformer has them.
    open
        Opens it.
    """

    spec: ModelSpec
    prompts: Mapping[str, str]
    default_prompt_name: str | None
    open: Callable[[], SentenceTransformer]


def state_of(folder: Path, name: str) -> str:
    """Return what differs when a model's files, its name or the libraries that read it do."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    told = [(str(path), *_stamp(path)) for path in files]
    libraries = [version(library) for library in _LIBRARIES]
    described = repr((str(folder.resolve()), name, libraries, told))
    return hashlib.blake2b(described.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _stamp(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def unopened(state: str, open_model: Callable[[], SentenceTransformer]) -> Unopened | None:
    """Return a model that was opened in the same state before, or None."""
    try:
        kept = json.loads(_file(state).read_text(encoding="utf-8"))
        spec = ModelSpec(**kept["spec"])
        return Unopened(spec, kept["prompts"], kept["default_prompt_name"], open_model)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_described(state: str, spec: ModelSpec, model: SentenceTransformer) -> None:
    """Keep what a model is for the next time that it is asked for in the same state."""
    kept = {
        "spec": asdict(spec),
        "prompts": dict(model.prompts),
        "default_prompt_name": model.default_prompt_name,
    }
    file = _file(state)
    scratch = file.with_suffix(f".{uuid.uuid4().hex}")
    with suppress(OSError):  # it is opened again next time
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            scratch.write_text(json.dumps(kept), encoding="utf-8")
            scratch.replace(file)
        finally:
            scratch.unlink(missing_ok=True)


def _file(state: str) -> Path:
    return cache_folder() / "specs" / f"{state}.json"
