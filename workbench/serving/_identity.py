"""What tells a served model from every other: its files, and what is said beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["identity_of"]


def identity_of(kind: str, settings: Mapping[str, Any], folder: Path) -> str:
    """Return a hash over a kind of model and what its ``write`` gave: settings and files."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([kind, settings], sort_keys=True).encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            digest.update(str(path.relative_to(folder)).encode())
            with path.open("rb") as file:  # of an index on disk: larger than memory, it may be
                while block := file.read(1 << 20):
                    digest.update(block)
    return f"blake2b:{digest.hexdigest()}"
