"""What a folder's model is, known from the last time: its vectors are read without opening it.

To import torch and open MiniLM takes seconds, and a text that is in the store needs neither.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from workbench._cache import cache_folder, written_whole
from workbench.models._spec import ModelSpec

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["Unopened", "keep_described", "state_of", "unopened"]

_FORMAT = 1  # rises with what `revision_of` hashes, and with what a spec says of a model
_LIBRARIES = ("sentence-transformers", "transformers", "tokenizers", "torch")
_ELSEWHERE = "adapter_config.json"  # an adapter's, whose base model is in another folder
_MOST_NOTES = 200


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
    forget
        Deletes what is known of it, where that was wrong.
    """

    spec: ModelSpec
    prompts: Mapping[str, str]
    default_prompt_name: str | None
    open: Callable[[], SentenceTransformer]
    forget: Callable[[], None]


def state_of(folder: Path, name: str) -> str | None:
    """Return what differs when a model's files, its name or the libraries that read it do.

    None where that cannot be told: it then has to be opened.
    """
    try:
        files = list(_files(folder))
        told = sorted((str(path), *_stamp(path)) for path in files)
        libraries = [version(library) for library in _LIBRARIES]
    except (OSError, PackageNotFoundError):
        return None
    if any(path.name == _ELSEWHERE for path in files):
        return None
    described = repr((_FORMAT, str(folder.resolve()), name, libraries, told))
    return hashlib.blake2b(described.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, also behind links, each folder's once."""
    seen: set[tuple[int, int]] = set()
    for place, folders, files in os.walk(folder, followlinks=True, onerror=_raise):
        found = os.stat(place)
        if (found.st_dev, found.st_ino) in seen:
            folders.clear()
            continue
        seen.add((found.st_dev, found.st_ino))
        yield from map(Path(place).joinpath, files)


def _raise(error: OSError) -> None:
    raise error


def _stamp(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def unopened(state: str, open_model: Callable[[], SentenceTransformer]) -> Unopened | None:
    """Return a model that was opened in the same state before, or None."""
    file = _file(state)
    try:
        digest, content = file.read_bytes().split(b"\n", 1)
        if digest != _digest(content):
            return None
        kept = json.loads(content)
        spec = ModelSpec(**kept["spec"])
        forget = partial(file.unlink, missing_ok=True)
        return Unopened(spec, kept["prompts"], kept["default_prompt_name"], open_model, forget)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_described(state: str, spec: ModelSpec, model: SentenceTransformer) -> None:
    """Keep what a model is for the next time that it is asked for in the same state."""
    kept = {
        "spec": asdict(spec),
        "prompts": dict(model.prompts),
        "default_prompt_name": model.default_prompt_name,
    }
    content = json.dumps(kept).encode()
    file = _file(state)
    with suppress(OSError):  # it is opened again next time
        with written_whole(file) as scratch:
            scratch.write_bytes(_digest(content) + b"\n" + content)
        notes = sorted(file.parent.iterdir(), key=lambda path: path.stat().st_mtime)
        for old in notes[:-_MOST_NOTES]:
            old.unlink(missing_ok=True)


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).hexdigest().encode()


def _file(state: str) -> Path:
    return cache_folder() / "specs" / f"{state}.json"
