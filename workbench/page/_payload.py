"""Views as one compressed payload; linked figures share their columns of texts."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Sequence

from workbench.views import View

__all__ = ["base64_of", "packed", "payload"]


def payload(views: Sequence[View]) -> str:
    """Return base64 of gzipped ``{"columns": {key: values}, "views": [...]}``."""
    columns: dict[str, str] = {}
    packed_views = [_described(view, columns) for view in views]
    shared = ",".join(f'"{key}":{values}' for key, values in columns.items())
    return base64_of(packed(f'{{"columns":{{{shared}}},"views":[{",".join(packed_views)}]}}'))


def packed(text: str) -> bytes:
    """Return gzipped ASCII text."""
    return gzip.compress(text.encode("ascii"), compresslevel=6, mtime=0)


def base64_of(raw: bytes) -> str:
    """Return base64 text, which holds nothing that HTML could read."""
    return base64.b64encode(raw).decode("ascii")


def _described(view: View, columns: dict[str, str]) -> str:
    artifact = json.loads(view.to_json())
    keys: dict[str, str] = {}
    for name, values in artifact.pop("texts").items():
        written = json.dumps(values, separators=(",", ":"))
        keys[name] = hashlib.blake2b(written.encode(), digest_size=6).hexdigest()
        columns.setdefault(keys[name], written)
    return json.dumps({**artifact, "texts": keys}, separators=(",", ":"))
