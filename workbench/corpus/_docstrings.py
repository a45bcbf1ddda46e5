"""Docstrings of the installed packages: parsed once per environment, then kept."""

from __future__ import annotations

import ast
import hashlib
import json
import sysconfig
import warnings
from collections.abc import Iterator
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import TypeAlias

from workbench._cache import cache_folder, written_whole

__all__ = ["docstrings"]

Docstring: TypeAlias = tuple[str, str, str]  # module and name, package, text

_FORMAT = 1
_SHORTEST = 40  # characters; shorter docstrings say little and repeat


def docstrings(n: int) -> list[Docstring]:
    """Return n distinct docstrings, or all there are: packages take turns.

    To parse the sources for 20,000 takes half a minute, so what was found is kept in the cache's
    folder until a package comes, goes or changes its version.
    """
    folder = Path(sysconfig.get_paths()["purelib"])
    state, file = _state(folder), _kept_in(folder)
    kept, all_there_is = _kept(file, state)
    if len(kept) >= n or all_there_is:
        return kept[:n]
    found = list(_distinct(folder, n))
    with suppress(OSError):  # it is parsed again next time
        _keep(file, state, found, len(found) < n)
    return found


def _state(folder: Path) -> list[str]:
    """Return what is installed in a folder: packages, and each distribution's version and date."""
    installed = [f"{entry.name} {entry.stat().st_mtime_ns}" for entry in folder.glob("*.dist-info")]
    return sorted([*installed, *(package.name for package in _packages(folder))])


def _kept_in(folder: Path) -> Path:
    name = hashlib.blake2b(str(folder).encode(), digest_size=8).hexdigest()
    return cache_folder() / "docstrings" / f"{name}.json"


def _kept(file: Path, state: list[str]) -> tuple[list[Docstring], bool]:
    """Return what a file holds, if it was made in the same state, and whether that is all."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        if (kept["format"], kept["state"]) != (_FORMAT, state):
            return [], False
        return [(place, package, text) for place, package, text in kept["found"]], kept["all"]
    except (OSError, ValueError, KeyError, TypeError):
        return [], False


def _keep(file: Path, state: list[str], found: list[Docstring], all_there_is: bool) -> None:
    kept = {"format": _FORMAT, "state": state, "all": all_there_is, "found": found}
    with written_whole(file) as scratch:
        scratch.write_text(json.dumps(kept), encoding="ascii")


def _distinct(folder: Path, n: int) -> Iterator[Docstring]:
    seen: set[str] = set()
    turns = zip_longest(*(_docstrings_in(package) for package in _packages(folder)))
    for found in (one for turn in turns for one in turn if one is not None):
        if found[2] not in seen:
            seen.add(found[2])
            yield found
            if len(seen) == n:
                return


def _packages(folder: Path) -> list[Path]:
    return sorted(
        entry
        for entry in folder.iterdir()
        if (entry / "__init__.py").is_file() and entry.name != "workbench"
    )


def _docstrings_in(folder: Path) -> Iterator[Docstring]:
    for file in _sources(folder):
        module = ".".join(file.relative_to(folder.parent).with_suffix("").parts)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # their invalid escapes are not ours to report
                tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError, RecursionError, OSError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = (ast.get_docstring(node) or "").strip()
                if len(text) >= _SHORTEST:
                    yield f"{module}:{getattr(node, 'name', '')}".rstrip(":"), folder.name, text


def _sources(folder: Path) -> Iterator[Path]:
    """Yield the source files in a folder in the order of their names, one folder at a time."""
    for entry in sorted(folder.iterdir()):
        if entry.suffix == ".py" and entry.is_file():
            yield entry
        elif entry.name != "tests" and entry.is_dir() and not entry.is_symlink():
            yield from _sources(entry)
