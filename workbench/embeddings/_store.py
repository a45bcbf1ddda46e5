"""The embedding store: a text is encoded once per model, ever.

A model has a folder; what a batch gave is one immutable file in it, a *shard*, named by the hash
of its bytes. So a write is one rename, two processes never write the same name with different
content, a reader finds any damage by hashing, and a killed process loses only the batch it was in.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray
from workbench._cache import cache_folder
from workbench.errors import WorkbenchError, WorkbenchWarning
from workbench.models import ModelSpec
from workbench.models._spec import CHUNKED

__all__ = ["EmbeddingStore", "StoredModel"]

FORMAT = "1"
_SUFFIX = ".shard"
# Above this many shards a folder is merged into one: opening files is what reading costs.
_MANY = 64


@dataclass(frozen=True, slots=True)
class StoredModel:
    """One model's part of the store.

    Parameters
    ----------
    name
        The model's name and what its key was made from, for people.
    folder
        Where its shards are.
    vectors
        How many texts it holds.
    size
        Bytes on disk.
    """

    name: str
    folder: Path
    vectors: int
    size: int


@dataclass(slots=True)
class _Found:
    """The vectors read so far: where each key's row is."""

    vectors: list[FloatArray] = field(default_factory=list)
    tokens: list[IntArray] = field(default_factory=list)
    rows: dict[bytes, tuple[int, int]] = field(default_factory=dict)


class EmbeddingStore:
    """The store's folder; cheap to make, holds no open file.

    Parameters
    ----------
    folder
        Where to keep the vectors; by default ``$WORKBENCH_CACHE`` or the user's cache folder.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        self.folder = Path(folder) if folder is not None else cache_folder()

    def get(
        self, spec: ModelSpec, texts: Sequence[str]
    ) -> tuple[FloatArray, IntArray, NDArray[np.bool_]]:
        """Return what is known of some texts under a model.

        Returns
        -------
        tuple
            Vectors, float32 (n, d), with zeros where unknown; token counts, int64 (n,), -1 where
            the model does not count; which texts are known, bool (n,).
        """
        found = self._read(self._model_folder(spec))
        vectors = np.zeros((len(texts), spec.dimension), dtype=np.float32)
        tokens = np.full(len(texts), -1, dtype=np.int64)
        known = np.zeros(len(texts), dtype=np.bool_)
        for row, text in enumerate(texts):
            place = found.rows.get(_text_key(text))
            if place is not None:
                shard, inner = place
                vectors[row] = found.vectors[shard][inner]
                tokens[row] = found.tokens[shard][inner]
                known[row] = True
        return vectors, tokens, known

    def prepare(self, spec: ModelSpec) -> None:
        """Make a model's folder, so that one that cannot be written is known before encoding.

        Raises
        ------
        WorkbenchError
            If it cannot be written.
        """
        description = self._model_folder(spec) / "model.json"
        if not description.exists():
            _write(description, json.dumps(_key_parts(spec), indent=1).encode())

    def put(
        self, spec: ModelSpec, texts: Sequence[str], vectors: FloatArray, tokens: IntArray
    ) -> None:
        """Keep one batch: it is there entirely or not at all."""
        self.prepare(spec)
        keys = [_text_key(text) for text in texts]
        _write_shard(self._model_folder(spec), keys, vectors, tokens)

    def tidy(self, spec: ModelSpec) -> None:
        """Merge a model's shards into one when there are many."""
        folder = self._model_folder(spec)
        shards = sorted(folder.glob(f"*{_SUFFIX}"))
        if len(shards) <= _MANY:
            return
        found = self._read(folder)
        keys = list(found.rows)
        places = [found.rows[key] for key in keys]
        merged = _write_shard(
            folder,
            keys,
            np.stack([found.vectors[shard][row] for shard, row in places]),
            np.array([found.tokens[shard][row] for shard, row in places], dtype=np.int64),
        )
        # Only shards seen before the merge: another process may have added more since.
        for shard in shards:
            if shard != merged:
                shard.unlink(missing_ok=True)

    def models(self) -> list[StoredModel]:
        """Return what is kept per model, largest first."""
        stored = []
        for description in sorted(self._root.glob("*/model.json")):
            folder = description.parent
            size = sum(_size(path) for path in folder.glob("*"))
            vectors = len(self._read(folder).rows)
            stored.append(StoredModel(_described(description), folder, vectors, size))
        return sorted(stored, key=lambda model: -model.size)

    def clear(self) -> None:
        """Delete every vector.

        Raises
        ------
        WorkbenchError
            If some could not be deleted.
        """
        shutil.rmtree(self._root, ignore_errors=True)
        left = list(self._root.glob(f"*/*{_SUFFIX}"))
        if left:
            raise WorkbenchError(
                f"{len(left)} files of the embedding store could not be deleted, the first is "
                f"{left[0]}. Another process may be writing; see who may write there."
            )

    @property
    def _root(self) -> Path:
        return self.folder / f"embeddings-v{FORMAT}"

    def _model_folder(self, spec: ModelSpec) -> Path:
        # The name is for people; what it says of the vectors is in the identity.
        parts = {key: value for key, value in _key_parts(spec).items() if key != "name"}
        raw = json.dumps(parts, sort_keys=True).encode()
        return self._root / hashlib.blake2b(raw, digest_size=12).hexdigest()

    def _read(self, folder: Path) -> _Found:
        while True:
            found = _Found()
            try:
                for path in sorted(folder.glob(f"*{_SUFFIX}")):
                    _take_in(found, path)
            except FileNotFoundError:
                continue  # another process merged the shards under us: list them again
            return found


def _key_parts(spec: ModelSpec) -> dict[str, object]:
    """Return all that changes a model's full-dimension output."""
    # Only where it is not the default: the keys of vectors kept before there was a choice hold.
    reads = {"long_texts": spec.long_texts} if spec.long_texts != "truncate" else {}
    return {
        "name": spec.name,
        "format": FORMAT,
        "family": spec.family,
        "identity": _identity(spec),
        "dimension": spec.dimension,
        "pooling": spec.pooling,
        "prompt": spec.prompt,
        "dtype": spec.dtype,
        "max_tokens": spec.max_tokens,
        **reads,
    }


def _identity(spec: ModelSpec) -> str:
    """Return the hash of the arrays, or name and revision: "1" may be anyone's revision."""
    hashed = spec.revision.startswith("blake2b:")
    return spec.revision if hashed else f"{spec.name}@{spec.revision}"


def _described(description: Path) -> str:
    """Return a model's name for people; nothing else depends on the file."""
    try:
        parts = json.loads(description.read_bytes())
        marks = [f"prompt {parts['prompt']!r}"] if parts["prompt"] else []
        marks += [parts["dtype"]] if parts["dtype"] != "float32" else []
        marks += ["long texts in chunks"] if parts.get("long_texts") == CHUNKED else []
        return ", ".join([parts["name"], *marks])
    except (ValueError, KeyError):
        return f"damaged {description.name}"


def _size(path: Path) -> int:
    """Return a file's size; 0 when another process has just merged or renamed it."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _text_key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _write_shard(
    folder: Path, keys: Sequence[bytes], vectors: FloatArray, tokens: IntArray
) -> Path:
    from safetensors.numpy import save

    raw = save(
        {
            "keys": np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), 16).copy(),
            "vectors": np.ascontiguousarray(vectors, dtype=np.float32),
            "tokens": np.ascontiguousarray(tokens, dtype=np.int64),
        }
    )
    path = folder / f"{_digest(raw)}{_SUFFIX}"
    _write(path, raw)
    return path


def _write(path: Path, raw: bytes) -> None:
    """Write a file so that it is there whole or not at all.

    No fsync: a process that is killed loses nothing by that, and after a power cut a torn file
    fails its hash and its batch is encoded again.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(raw)
            os.replace(scratch, path)
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise WorkbenchError(
            f"The embedding store cannot be written: {error}. Choose another folder with the "
            "environment variable WORKBENCH_CACHE, or embed with store=False."
        ) from error


def _take_in(found: _Found, path: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    raw = path.read_bytes()
    try:
        shard = load(raw) if _digest(raw) == path.stem else None
    except SafetensorError:  # whole, but not ours
        shard = None
    if shard is None:
        _set_aside(path)
        return
    number = len(found.vectors)
    found.vectors.append(shard["vectors"])
    found.tokens.append(shard["tokens"])
    for row, key in enumerate(_rows_as_bytes(shard["keys"])):
        found.rows.setdefault(key, (number, row))


def _rows_as_bytes(keys: NDArray[np.uint8]) -> Iterator[bytes]:
    raw = keys.tobytes()
    return (raw[start : start + 16] for start in range(0, len(raw), 16))


def _set_aside(path: Path) -> None:
    aside = path.with_suffix(".damaged")
    path.replace(aside)
    warnings.warn(
        f"The embedding store had a damaged file; it was set aside as {aside} and its texts are "
        "encoded again. You may delete it.",
        WorkbenchWarning,
        stacklevel=2,
    )


def _digest(raw: bytes) -> str:
    return hashlib.blake2b(raw, digest_size=16).hexdigest()
