"""Encode the texts of a parquet file, whatever its size, into a copy with a column of vectors."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench._arrays import FloatArray, IntArray
from workbench._progress import Progress, ProgressOption, showing
from workbench.embeddings._embed import with_prompt
from workbench.embeddings._embedded_file import EmbeddedFile
from workbench.embeddings._encoding import Encoding
from workbench.embeddings._parquet import SUFFIXES, Scan, TextTable, is_text, open_table
from workbench.embeddings._parts import Parts, locked_parts, written
from workbench.embeddings._repeats import Repeats
from workbench.embeddings._vector_column import write_with_vectors
from workbench.errors import InputError, WorkbenchWarning
from workbench.models import (
    Encoder,
    LSAEncoder,
    ModelSpec,
    base_of,
    load_encoder,
)
from workbench.models._spec import CHUNKED

__all__ = ["embed_file"]


def embed_file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    encoder: Encoder | str,
    *,
    text: str | None = None,
    column: str = "embedding",
    prompt_name: str | None = None,
    batch_size: int = 256,
    overwrite: bool = False,
    progress: ProgressOption = True,
) -> EmbeddedFile:
    """Copy a parquet file with a column of vectors, one per text, in bounded memory.

    The copy has all rows and columns of the source in their order and types, and the model's
    spec in the metadata of its schema (``workbench.embeddings``). It appears when it is whole.
    Until then what was encoded is in the folder ``<target>.partial``, 512 rows to a file: a run
    that was interrupted or killed goes on there when it is called again, and its file is the same.

    The embedding store is not used: it reads all that it has of a model into memory, and would
    keep a second copy. A text that repeats is encoded once, as long as it is among the file's first
    distinct ones (32 MB of vectors).

    Parameters
    ----------
    source
        The parquet file. It is read once before anything is encoded, so that damage is found then.
    target
        The file to write, ending in .parquet or .pq. It takes, while it is made, the disk space of
        the vectors twice.
    encoder
        An encoder, or a reference that `load_encoder` takes. Dimensions are cut and long texts
        read in parts by a `variant`.
    text
        The column of the texts; by default ``text`` or another usual name, or the only column of
        texts, and a warning says so.
    column
        The name of the column of the vectors: a list of float32. It is null where the text is null
        or only white space.
    prompt_name
        Which of the model's prompts to put in front of each text.
    batch_size
        Texts per call of the encoder.
    overwrite
        Replace the target if it is there.
    progress
        True: a bar with rate and remaining time; False: nothing; or a callable (done, total), told
        of rows checked, then texts encoded, then rows written. With True, a sentence on stderr
        says how many texts are kept from an earlier run.

    Raises
    ------
    InputError
        If the source is no whole parquet file with such a column, the target is there or cannot be
        written, another process writes it now, the unfinished run beside it is one of another
        source, model or option, or the encoder's vectors are not float32.
    ModelUnavailableError
        If there is no such model, or it cannot be reached.
    WorkbenchError
        If the model fails, the disk is full, or the source changes meanwhile.
    KeyboardInterrupt
        When interrupted; the next call goes on. It says after how many texts.
    """
    _check_kinds(source, target, text, batch_size)
    notices: list[str] = []
    table = open_table(source, text, notices)
    place = Path(target).expanduser()
    _check_target(place, table, column)
    if notices:
        warnings.warn(" ".join(notices), WorkbenchWarning, stacklevel=2)
    with locked_parts(place) as parts:
        _check_free(place, overwrite)
        encoding, spec = _encoding(load_encoder(encoder), prompt_name, batch_size)
        scan = table.scan(progress)
        parts.begin(_begun(table, scan, spec, column))
        work = _Work(table, encoding, spec, parts, scan.texts)
        with work.interruptible():
            work.run(progress)
            with (
                written(place, parts.folder) as scratch,
                showing(progress, f"Writing {place.name}", " rows") as report,
            ):
                write_with_vectors(scratch, table, parts, column, spec, report)
                table.check_unchanged()
        parts.clear()
    counted = spec.max_tokens is not None and work.counted
    return EmbeddedFile(
        path=place,
        column=column,
        spec=spec,
        rows=table.rows,
        nulls=scan.nulls,
        blanks=scan.blanks,
        encoded=work.encoded,
        truncated=work.long if counted and spec.long_texts != CHUNKED else None,
    )


def _check_kinds(source: object, target: object, text: object, batch_size: object) -> None:
    for name, path in (("source", source), ("target", target)):
        if not isinstance(path, str | os.PathLike):
            raise InputError(f"embed_file: {name} is the path of a file; got {path!r:.60}.")
    if text is not None and not isinstance(text, str):
        raise InputError(f"embed_file: text is the name of a column; got {text!r:.60}.")
    if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size < 1:
        raise InputError(f"embed_file: batch_size must be at least 1; got {batch_size!r:.60}.")


@dataclass(slots=True, eq=False)
class _Work:
    """Blocks of texts, encoded where no part of them is kept."""

    table: TextTable
    encoding: Encoding
    spec: ModelSpec
    parts: Parts
    total: int
    done: int = 0
    encoded: int = 0
    long: int = 0
    counted: bool = False
    _repeats: Repeats = field(default_factory=Repeats)

    def run(self, progress: ProgressOption) -> None:
        """See that the vectors of all blocks are kept; say how many were, where that is shown."""
        goes_on = progress is True and self.parts.any_kept
        with showing(progress, f"Encoding with {self.spec.name}") as report:
            for number, cells in enumerate(self.table.texts()):
                texts = [cell for cell in cells if is_text(cell)]
                if not texts:
                    continue
                kept = self.parts.read(number)
                if kept is None:
                    if goes_on:
                        self._say_kept()
                    goes_on = False
                    kept = self._encode(texts, report)
                    self.table.check_unchanged()  # or a part would be kept of another source
                    self.parts.keep(number, *kept)
                self._count(texts, *kept)
        if goes_on:
            self._say_kept()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let an interrupt say how much is done."""
        try:
            yield
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"Stopped after {self.done:,} of {self.total:,} texts; run the same again to go "
                "on from there."
            ) from None

    def _say_kept(self) -> None:
        if self.done:
            print(
                f"{self.done:,} of {self.total:,} texts were kept from a run that was stopped; "
                "going on.",
                file=sys.stderr,
            )

    def _count(self, texts: list[str], vectors: FloatArray, tokens: IntArray) -> None:
        self._repeats.add(texts, vectors, tokens)
        self.done += len(texts)
        self.counted = self.counted or bool(tokens.max() >= 0)
        self.long += int((tokens > (self.spec.max_tokens or np.inf)).sum())

    def _encode(self, texts: list[str], report: Progress) -> tuple[FloatArray, IntArray]:
        found = {text: self._repeats.find(text) for text in texts}
        new = [text for text, known in found.items() if known is None]

        def told(done: int, total: int, /) -> None:
            report(self.done + done, self.total)

        report(self.done, self.total)
        if new:
            encoding = replace(self.encoding, progress=told)
            vectors, tokens, _ = encoding.read(new, self.spec.long_texts)
            self.encoded += len(new)
            kept = vectors[:, : self.spec.truncate_dim]
            found.update(zip(new, zip(kept, tokens, strict=True), strict=True))
        report(self.done + len(texts), self.total)
        pairs = [known for text in texts if (known := found[text]) is not None]
        return np.stack([vector for vector, _ in pairs]), np.array([count for _, count in pairs])


def _check_target(target: Path, source: TextTable, column: str) -> None:
    """Refuse a target that could not be written, before a model is loaded."""
    if target.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"{str(target)[:200]!r}: the vectors are written as parquet; expected a name ending in "
            f"{' or '.join(SUFFIXES)}."
        )
    if os.path.isdir(target):
        raise InputError(f"{str(target)!r} is a directory; expected a file such as out.parquet.")
    if os.path.exists(target) and os.path.samefile(target, source.path):
        raise InputError(
            f"{str(target)!r} is the source itself; it is read while the target is written. "
            "Choose another target."
        )
    if not isinstance(column, str) or not column.strip():
        raise InputError(f"embed_file: column must be a name that is not blank; got {column!r}.")
    if column in source.schema.names:
        raise InputError(
            f"{source.path.name!r} has a column {column!r} already. Choose another name for the "
            "vectors with column=… (--column)."
        )


def _check_free(target: Path, overwrite: bool) -> None:
    if not overwrite and os.path.lexists(target):
        raise InputError(
            f"{str(target)!r} is there already. Choose another target, or replace it with "
            "overwrite=True (--overwrite)."
        )


def _encoding(
    model: Encoder, prompt_name: str | None, batch_size: int
) -> tuple[Encoding, ModelSpec]:
    """Return how texts are encoded, and the spec of the vectors."""
    base = base_of(model)
    if isinstance(base, LSAEncoder) and not base.fitted:
        raise InputError(
            "embed_file: 'lsa' must be fitted on texts first, which takes them all at once. Fit "
            "one on a sample, wb.LSAEncoder().fit(texts), and pass it, or log it with "
            "run.log_encoder and name its MLflow URI."
        )
    if model.spec.precision != "float32":
        raise InputError(
            f"embed_file: {model.spec.name!r} gives vectors in {model.spec.precision}; the column "
            "is a list of float32. Pass the encoder that it is a variant of."
        )
    plain = with_prompt(base, prompt_name)
    spec = replace(model.spec, prompt=plain.prompt)
    return Encoding(base, plain, prompt_name, batch_size, None, False), spec


def _begun(table: TextTable, scan: Scan, spec: ModelSpec, column: str) -> dict[str, dict[str, Any]]:
    """Return what a run is begun with; a name is for people where there is a hash."""
    model = spec.summary()
    if not spec.revision.startswith("blake2b:"):  # "1" may be anyone's revision
        model["model"] = spec.name
    return {
        "source": {"name": table.path.name, "fingerprint": scan.fingerprint},
        "model": model,
        "option": {"text": table.text, "column": column},
    }
