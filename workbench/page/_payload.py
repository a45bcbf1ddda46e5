"""Views as two compressed payloads, texts and arrays; what figures have in common travels once."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench.views import View

__all__ = ["base64_of", "packed", "payload"]

_MATRIX = 2  # dimensions


def payload(views: Sequence[View]) -> tuple[str, str]:
    """Return views as two texts in base64: gzipped JSON and the gzipped bytes of its arrays.

    The JSON is ``{"columns": {key: values}, "views": [...]}``. A view's ``texts`` name each
    column's key or, where another view holds the same texts and more, ``[key, key of the rows]``.
    Typed arrays have as ``bdata`` ``[first byte, bytes]``; with a third entry 1 these are the upper
    triangle, row by row, of a symmetric matrix.
    """
    artifacts = [json.loads(view.to_json()) for view in views]
    columns, arrays = _Columns(), _Arrays()
    largest_first = sorted(artifacts, key=lambda one: -len(one["texts"]["id"]))
    texts = {id(one): columns.keys(one["texts"]) for one in largest_first}
    shown = [
        {**one, "figure": arrays.apart(one["figure"]), "texts": texts[id(one)]} for one in artifacts
    ]
    shared = ",".join(f'"{key}":{values}' for key, values in columns.written.items())
    described = json.dumps(shown, separators=(",", ":"))
    return (
        base64_of(packed(f'{{"columns":{{{shared}}},"views":{described}}}')),
        base64_of(gzip.compress(arrays.raw, compresslevel=6, mtime=0)),
    )


def packed(text: str) -> bytes:
    """Return gzipped ASCII text."""
    return gzip.compress(text.encode("ascii"), compresslevel=6, mtime=0)


def base64_of(raw: bytes) -> str:
    """Return base64 text, which holds nothing that HTML could read."""
    return base64.b64encode(raw).decode("ascii")


@dataclass(slots=True)
class _Columns:
    """Columns of texts as JSON by key; tables are given the largest first."""

    written: dict[str, str] = field(default_factory=dict)
    _tables: list[tuple[dict[str, int], dict[str, list[Any]]]] = field(default_factory=list)

    def keys(self, texts: dict[str, list[Any]]) -> dict[str, str | list[str]]:
        """Return where each column of a table is found."""
        for row_of, whole in self._tables:
            rows = [row_of.get(one, -1) for one in texts["id"]]
            if len(rows) < len(row_of) and min(rows, default=-1) >= 0:
                return {name: self._part(name, values, whole, rows)
                        for name, values in texts.items()}  # fmt: skip
        self._tables.append(({one: row for row, one in enumerate(texts["id"])}, texts))
        return {name: self._key(values) for name, values in texts.items()}

    def _part(
        self, name: str, values: list[Any], whole: dict[str, list[Any]], rows: list[int]
    ) -> str | list[str]:
        same = name in whole and all(
            whole[name][row] == value for row, value in zip(rows, values, strict=True)
        )
        return [self._key(whole[name]), self._key(rows)] if same else self._key(values)

    def _key(self, values: list[Any]) -> str:
        written = json.dumps(values, separators=(",", ":"))
        key = hashlib.blake2b(written.encode(), digest_size=6).hexdigest()
        self.written.setdefault(key, written)
        return key


@dataclass(slots=True)
class _Arrays:
    """The bytes of typed arrays, one after the other; equal ones once."""

    raw: bytearray = field(default_factory=bytearray)
    _places: dict[bytes, list[int]] = field(default_factory=dict)

    def apart(self, value: Any) -> Any:
        """Return a figure with its arrays' bytes replaced by their place."""
        if isinstance(value, dict):
            if isinstance(value.get("bdata"), str) and "dtype" in value:
                return {**value, "bdata": self._place(value)}
            return {key: self.apart(inner) for key, inner in value.items()}
        return [self.apart(inner) for inner in value] if isinstance(value, list) else value

    def _place(self, array: dict[str, Any]) -> list[int]:
        raw = base64.b64decode(array["bdata"])
        half = _upper(raw, array)
        kept = raw if half is None else half
        if kept not in self._places:
            self._places[kept] = [len(self.raw), len(kept)]
            self.raw += kept
        return [*self._places[kept], *([] if half is None else [1])]


def _upper(raw: bytes, array: dict[str, Any]) -> bytes | None:
    """Return the upper triangle of a symmetric matrix; None for anything else."""
    shape = [int(size) for size in str(array.get("shape", "")).split(",") if size.strip()]
    if len(shape) != _MATRIX or shape[0] != shape[1]:
        return None
    # Bytes, not numbers: NaN equals NaN, and what is mirrored is mirrored to the last bit.
    width = np.dtype(array["dtype"]).itemsize
    values = np.frombuffer(raw, dtype=np.dtype(f"V{width}")).reshape(shape)
    codes = values.view(f"u{width}")
    same = bool((codes == codes.T).all())
    return values[np.triu_indices(shape[0])].tobytes() if same else None
