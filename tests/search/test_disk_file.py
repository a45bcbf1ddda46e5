"""The file of an index on disk: damaged, or of a folder that one may only read."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from workbench.errors import InputError, WorkbenchError
from workbench.search import DiskIndex, SearchResults

from ..hashing_encoder import HashingEncoder
from .on_disk import QUERIES, check_equal, mixed


def test_a_folder_that_one_may_only_read(tiny_folder: Path) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        index = DiskIndex.build(folder, mixed(9), HashingEncoder(), progress=False)
        (folder / "index.sqlite").chmod(0o444)
        folder.chmod(0o555)
        user = os.geteuid()
        if user == 0:  # to whom nothing is forbidden
            os.seteuid(65534)
        try:
            assert len(index.search("text")[0]) == 9
            with pytest.raises(WorkbenchError, match=r"cannot be read or written: .*readonly"):
                index.remove(["id 3"])
        finally:
            os.seteuid(user)
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def damages(raw: bytes, count: int) -> Iterator[bytes]:
    """Yield a file's content with a bit turned, somewhere."""
    chance = random.Random(1)
    for _ in range(count):
        changed = bytearray(raw)
        changed[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        yield bytes(changed)


def survives(folder: Path, raw: bytes, expected: list[SearchResults]) -> bool:
    """Return whether a damaged file gives the right results; if not, it must be said."""
    (folder / "index.sqlite").write_bytes(raw)
    encoder = HashingEncoder()
    try:
        index = DiskIndex.open(folder, encoder)
        found = [index.search([*QUERIES, "text 3"], method=m, top_k=30) for m in ("dense", "bm25")]
    except WorkbenchError as error:
        said = str(error)
        if not any(word in said for word in ("is damaged", "no index", "later version")):
            raise
        return False
    for one, other in zip(found, expected, strict=True):
        check_equal(one, other)
    return True


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("count", [60, pytest.param(4000, marks=pytest.mark.soak)])
def test_a_turned_bit_is_noticed_or_harmless(tmp_path: Path, count: int) -> None:
    index = DiskIndex.build(tmp_path / "i", mixed(60), HashingEncoder(), progress=False)
    file = index.folder / "index.sqlite"
    raw = file.read_bytes()
    expected = [index.search([*QUERIES, "text 3"], method=m, top_k=30) for m in ("dense", "bm25")]
    survived = [survives(index.folder, changed, expected) for changed in damages(raw, count)]
    assert survived.count(False) > 0
    assert survives(index.folder, raw, expected)


@pytest.mark.usefixtures("small_parts")
def test_other_damage_is_said(tmp_path: Path) -> None:
    encoder = HashingEncoder()
    index = DiskIndex.build(tmp_path / "i", mixed(60), encoder, progress=False)
    file = index.folder / "index.sqlite"
    raw = file.read_bytes()
    for content in (raw[: len(raw) // 2], b"no database at all" * 1000, raw[:100]):
        file.write_bytes(content)
        with pytest.raises(InputError, match=r"is damaged: .*Build it again from the texts"):
            DiskIndex.open(index.folder, encoder).search("text")
    file.write_bytes(raw)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("DELETE FROM pieces WHERE kind = CAST('vectors' AS BLOB) AND part = 14")
    with pytest.raises(InputError, match=r"is damaged: index\.sqlite lacks vectors"):
        index.search("text")
    file.write_bytes(raw)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE texts SET text = CAST('forged' AS BLOB) WHERE row = 8")
    index.search("text", top_k=1)
    with pytest.raises(InputError, match="does not have the content that was written to it"):
        index.check()
    file.write_bytes(raw)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match=r"written by a later version \(format 99"):
        DiskIndex.open(index.folder, encoder)


def test_a_copy_that_is_only_read_outlives_its_folder(tmp_path: Path) -> None:
    encoder = HashingEncoder()
    index = DiskIndex.build(tmp_path / "i", mixed(9), encoder, progress=False)
    index.remove(["id 2"])
    expected = [index.search("text 3", method=method) for method in ("dense", "bm25")]
    assert index.save(tmp_path / "copy") == tmp_path / "copy"
    index.remove(["id 3"])
    copy = DiskIndex.open(tmp_path / "copy", encoder, read_only=True)
    copy.save(tmp_path / "again")
    first, second = (tmp_path / name / "index.sqlite" for name in ("copy", "again"))
    assert first.read_bytes() == second.read_bytes()
    with copy._file.reading(), ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: len(copy), range(40))) == [8] * 40
        assert [path.name for path in copy.folder.iterdir()] == ["index.sqlite"]
    shutil.rmtree(copy.folder)
    for method, one in zip(("dense", "bm25"), expected, strict=True):
        check_equal(copy.search("text 3", method=method), one)
    with pytest.raises(InputError, match="was opened with read_only=True, and does not change"):
        copy.remove(["id 3"])
    with pytest.raises(InputError, match="was opened with read_only=True, and does not change"):
        copy.add(mixed(10).take([9]), progress=False)
    assert (len(copy), len(index)) == (8, 7)


def test_where_no_copy_can_be(tmp_path: Path) -> None:
    encoder = HashingEncoder()
    index = DiskIndex.build(tmp_path / "i", mixed(9), encoder, progress=False)
    with pytest.raises(InputError, match="holds an index already"):
        index.save(index.folder)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    with pytest.raises(InputError, match=r"holds other files \('letter.txt', say\)"):
        index.save(tmp_path / "mine")
    with pytest.raises(InputError, match=r"no index in .*: it has no index\.sqlite"):
        DiskIndex.open(tmp_path / "none", encoder, read_only=True)
    (index.folder / "index.sqlite").write_bytes(b"no database at all" * 1000)
    with pytest.raises(InputError, match="is damaged"):
        DiskIndex.open(index.folder, encoder, read_only=True)
