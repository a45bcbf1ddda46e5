from __future__ import annotations

import os
from pathlib import Path

import pytest

from workbench._cache import made_once
from workbench.errors import WorkbenchWarning


class Making:
    """Writes two files and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, folder: Path) -> None:
        self.times += 1
        (folder / "part").mkdir()
        (folder / "weights").write_bytes(b"12345")
        (folder / "part" / "config").write_bytes(b"{}")


def test_it_is_made_once(tmp_path: Path) -> None:
    make, folder = Making(), tmp_path / "kept" / "model"
    for _ in range(3):
        made_once(folder, make)
    assert make.times == 1
    assert (folder / "weights").read_bytes() == b"12345"
    assert {path.name for path in folder.parent.iterdir()} == {"model", "model.lock"}


def test_others_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        made_once(tmp_path / "model", Making())
    finally:
        os.umask(before)
    assert (tmp_path / "model").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("damage", ["other", "shorter", "missing"])
def test_what_is_damaged_is_said_and_made_again(tmp_path: Path, damage: str) -> None:
    make, folder = Making(), tmp_path / "model"
    made_once(folder, make)
    weights = folder / "weights"
    if damage == "missing":
        weights.unlink()
    else:
        weights.write_bytes({"other": b"12346", "shorter": b"123"}[damage])
    with pytest.warns(WorkbenchWarning, match="model is damaged; it is made again"):
        made_once(folder, make)
    assert weights.read_bytes() == b"12345"
    made_once(folder, make)
    assert make.times == 2


def test_one_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "weights").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_once(tmp_path / "model", fail)
    assert [path.name for path in tmp_path.iterdir()] == ["model.lock"]
    make = Making()
    made_once(tmp_path / "model", make)
    assert make.times == 1
