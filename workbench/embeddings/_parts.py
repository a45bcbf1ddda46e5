"""What an unfinished run of `embed_file` keeps beside its target, so that the next one goes on.

The folder ``out.parquet.partial`` holds what the run was begun with, a lock, and one file per
block of rows: written by one rename, named with the hash of its bytes, never changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from workbench._arrays import FloatArray, IntArray
from workbench.errors import InputError, WorkbenchError, WorkbenchWarning

__all__ = ["Parts", "locked_parts", "written"]

_FORMAT = 1
_SUFFIX = ".part"
_LOCK, _BEGUN, _SCRATCH = "lock", "begun.json", ".writing-"


@dataclass(slots=True, eq=False)
class Parts:
    """The folder of a run that holds its lock.

    Parameters
    ----------
    folder
        The folder.
    """

    folder: Path
    _files: dict[int, Path] = field(default_factory=dict)

    def begin(self, asked: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep what the run is begun with, or see that it is what an earlier one was begun with.

        Parameters
        ----------
        asked
            What was asked for: the facts of the source, the model and the options. Of each, the
            fact ``name`` is for people and not compared.

        Raises
        ------
        InputError
            If the run in the folder was begun with other facts.
        """
        for left in self.folder.glob(f"{_SCRATCH}*"):  # by a process that was killed
            left.unlink()
        file = self.folder / _BEGUN
        if file.exists():
            self._check(file, asked)
        else:
            begun = json.dumps({"format": _FORMAT, **asked}, indent=1)
            with written(file) as scratch:
                scratch.write_text(begun, encoding="utf-8")
        self._files = {int(path.name[:12]): path for path in self.folder.glob(f"*{_SUFFIX}")}

    @property
    def any_kept(self) -> bool:
        """Whether there is a file of any block."""
        return bool(self._files)

    def read(self, block: int) -> tuple[FloatArray, IntArray] | None:
        """Return a block's vectors (m, d) and token counts (m,), or None if they are not there.

        A damaged file is deleted, with a warning.
        """
        from safetensors.numpy import load

        path = self._files.get(block)
        if path is None:
            return None
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            raw = b""
        if path.name != _name(block, raw):
            warnings.warn(
                f"{path} was damaged or gone; its texts are encoded again.",
                WorkbenchWarning,
                stacklevel=2,
            )
            del self._files[block]
            path.unlink(missing_ok=True)
            return None
        arrays = load(raw)
        return arrays["vectors"], arrays["tokens"]

    def keep(self, block: int, vectors: FloatArray, tokens: IntArray) -> None:
        """Keep a block's vectors (m, d) and token counts (m,): all of it or nothing."""
        from safetensors.numpy import save

        raw = save(
            {
                "vectors": np.ascontiguousarray(vectors, dtype=np.float32),
                "tokens": np.ascontiguousarray(tokens, dtype=np.int64),
            }
        )
        path = self.folder / _name(block, raw)
        with written(path) as scratch:
            scratch.write_bytes(raw)
        self._files[block] = path

    def clear(self) -> None:
        """Delete what the run kept; the folder goes with its lock."""
        for path in [*self._files.values(), self.folder / _BEGUN]:
            path.unlink(missing_ok=True)
        self._files = {}

    def _check(self, file: Path, asked: Mapping[str, Mapping[str, Any]]) -> None:
        try:
            begun = json.loads(file.read_bytes())
            old = {kind: dict(begun[kind]) for kind in asked}
            known = begun["format"] == _FORMAT
        except (ValueError, KeyError, TypeError):
            known, old = False, {}
        if not known:
            raise InputError(
                f"{str(file)!r} does not say what the unfinished run beside it was begun with. "
                f"{_advice(self.folder)}"
            )
        # As the file has it: a tuple, say, is a list there.
        new = json.loads(json.dumps(asked))
        for kind, facts in new.items():
            differing = [
                name
                for name in dict.fromkeys([*facts, *old[kind]])
                if name != "name" and facts.get(name) != old[kind].get(name)
            ]
            if differing:
                raise InputError(
                    f"{str(self.folder)!r} holds an unfinished run with another {kind}: "
                    f"{_shown(old[kind], differing)}; this one is {_shown(facts, differing)}. "
                    f"Run it as it was begun to finish it. {_advice(self.folder)}"
                )


@contextmanager
def locked_parts(target: Path) -> Iterator[Parts]:
    """Yield the folder beside a target, to one process at a time; with nothing in it, it goes.

    Raises
    ------
    InputError
        If another process holds it, or it cannot be made.
    """
    from filelock import FileLock, Timeout

    folder = target.with_name(f"{target.name}.partial")
    lock = FileLock(folder / _LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"Another process is writing {str(target)!r} now. Wait until it is done, or choose "
            "another target."
        ) from None
    except OSError as error:
        raise InputError(
            f"{str(target)!r} cannot be written: {error.strerror or error}. Choose another path, "
            "or mend the permissions of its folder."
        ) from None
    try:
        yield Parts(folder)
    finally:
        if {path.name for path in folder.glob("*")} <= {_LOCK}:
            with suppress(OSError):
                (folder / _LOCK).unlink(missing_ok=True)
                folder.rmdir()
        lock.release()


@contextmanager
def written(path: Path, folder: Path | None = None) -> Iterator[Path]:
    """Yield a scratch file, in a folder or beside a path, that is moved to it when it is whole.

    Raises
    ------
    WorkbenchError
        If it cannot be written.
    """
    # Not tempfile's: its files are private, and who may read is for the umask to say.
    scratch = (folder or path.parent) / f"{_SCRATCH}{uuid4().hex}"
    try:
        yield scratch
        os.replace(scratch, path)
    except BaseException as error:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)
        if not isinstance(error, OSError) or isinstance(error, WorkbenchError):
            raise
        raise WorkbenchError(
            f"{str(path)!r} cannot be written: {error.strerror or error}. What was encoded before "
            "is kept: mend that and run the same again."
        ) from error


def _name(block: int, raw: bytes) -> str:
    return f"{block:012d}-{hashlib.blake2b(raw, digest_size=16).hexdigest()}{_SUFFIX}"


def _shown(facts: Mapping[str, Any], differing: list[str]) -> str:
    named = f"{facts['name']!r}" if "name" in facts else ""
    listed = ", ".join(f"{name} {facts.get(name)!r}" for name in differing)
    return f"{named} ({listed})" if named else listed


def _advice(folder: Path) -> str:
    return f"To start anew, delete the folder {str(folder)!r}; or choose another target."
