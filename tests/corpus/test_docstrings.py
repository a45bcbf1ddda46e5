from __future__ import annotations

import ast
import os
import sysconfig
from pathlib import Path

import pytest

from workbench.corpus import _docstrings
from workbench.corpus._docstrings import docstrings


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two packages of three docstrings each, and a cache of its own."""
    folder = tmp_path / "site-packages"
    for name in ("ants", "bees"):
        (folder / f"{name}-1.0.dist-info").mkdir(parents=True)
        (folder / name).mkdir()
        source = "".join(
            f"def f{i}():\n    '''What the function number {i} of the package {name} is for.'''\n"
            for i in range(3)
        )
        (folder / name / "__init__.py").write_text(source)
    monkeypatch.setattr(sysconfig, "get_paths", lambda: {"purelib": str(folder)})
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is parsed from here on."""
    sources: list[bytes] = []
    parse = ast.parse
    monkeypatch.setattr(
        _docstrings.ast, "parse", lambda source: (sources.append(source), parse(source))[1]
    )
    return sources


def text(package: str, i: int) -> str:
    return f"What the function number {i} of the package {package} is for."


def test_packages_take_turns_and_what_was_found_is_kept(
    installed: Path, parsed: list[bytes]
) -> None:
    found = docstrings(4)
    assert found == [
        ("ants.__init__:f0", "ants", text("ants", 0)),
        ("bees.__init__:f0", "bees", text("bees", 0)),
        ("ants.__init__:f1", "ants", text("ants", 1)),
        ("bees.__init__:f1", "bees", text("bees", 1)),
    ]
    assert len(parsed) == 2
    assert docstrings(4) == found
    assert docstrings(2) == found[:2]
    assert len(parsed) == 2


def test_more_than_were_kept_are_looked_for(installed: Path, parsed: list[bytes]) -> None:
    docstrings(2)
    assert len(docstrings(6)) == 6
    assert len(parsed) == 4
    assert len(docstrings(100)) == 6
    assert len(parsed) == 6
    assert len(docstrings(200)) == 6  # all there is: known by now
    assert len(parsed) == 6


def test_a_new_version_is_parsed_again(installed: Path, parsed: list[bytes]) -> None:
    docstrings(6)
    (installed / "ants" / "__init__.py").write_text(f"'''{text('ants', 7)}'''")
    (installed / "ants-1.0.dist-info").rename(installed / "ants-1.1.dist-info")
    assert [one[2] for one in docstrings(2)] == [text("ants", 7), text("bees", 0)]
    os.utime(installed / "bees-1.0.dist-info", (1, 1))  # installed again
    parsed.clear()
    docstrings(2)
    assert parsed


def test_a_package_that_came_is_found(installed: Path) -> None:
    docstrings(6)
    (installed / "adders").mkdir()
    (installed / "adders" / "__init__.py").write_text(f"'''{text('adders', 0)}'''")
    assert docstrings(1)[0][1] == "adders"


@pytest.mark.parametrize("damage", ["", "{", "[1, 2]", '{"format": 1}', "\udcff"])
def test_a_damaged_file_is_made_anew(installed: Path, parsed: list[bytes], damage: str) -> None:
    found = docstrings(6)
    (file,) = (installed.parent / "cache").rglob("*.json")
    file.write_bytes(damage.encode("utf-8", "surrogateescape"))
    assert docstrings(6) == found
    assert len(parsed) == 4
    assert docstrings(6) == found
    assert len(parsed) == 4


def test_where_nothing_can_be_kept_they_are_found_all_the_same(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "file"))
    assert len(docstrings(6)) == 6


def test_a_write_that_fails_leaves_nothing(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert len(docstrings(6)) == 6
    assert list((tmp_path / "cache" / "docstrings").iterdir()) == []


def test_a_lone_surrogate_is_kept(installed: Path) -> None:
    (installed / "ants" / "__init__.py").write_text(f"'''{text('ants', 0)} \\ud83d'''")
    found = docstrings(4)
    assert found[0][2].endswith("\ud83d")
    assert docstrings(4) == found
