"""An index on disk that is built by processes: killed, several at once, with little memory."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from workbench.errors import WorkbenchError
from workbench.search import DiskIndex, _folder

from ..hashing_encoder import HashingEncoder, numbered, vector_of
from .on_disk import mixed

BUILDER = """
import sys
from pathlib import Path
from workbench.corpus import Corpus
from workbench.search import DiskIndex
from tests.hashing_encoder import HashingEncoder, numbered
folder, log, first, last, size, delay = sys.argv[1:]
texts = numbered(int(first), int(last))
corpus = Corpus(tuple(texts), tuple(f"i{n}" for n in range(int(first), int(last))))
batches = (corpus.take(range(s, min(s + int(size), len(texts))))
           for s in range(0, len(texts), int(size)))
encoder = HashingEncoder(log=Path(log), delay=float(delay))
print(len(DiskIndex.build(folder, batches, encoder, progress=False)))
"""


def builder(folder: Path, log: Path, *numbers: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", BUILDER, str(folder), str(log), *map(str, numbers)]
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})


def check_numbered(folder: Path, count: int) -> None:
    """Every text is there once, with its own vector and its own words."""
    index = DiskIndex.open(folder, HashingEncoder())
    index.check()
    texts = numbered(0, count)
    assert len(index) == count
    for n in range(0, count, max(1, count // 20)):
        (hit,) = index.search(texts[n], top_k=1)[0]
        assert (hit.text, hit.corpus_id) == (texts[n], f"i{n}")
        (word,) = index.search(str(n), method="bm25")[0]
        assert word.corpus_id == f"i{n}"
    matrix = np.array([vector_of(text) for text in texts])
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    found = index.search(texts[0], top_k=10)
    np.testing.assert_allclose(found.scores[0], np.sort(matrix @ matrix[0])[::-1][:10], atol=1e-6)


def killed_and_built(folder: Path, log: Path, count: int, size: int, kills: int) -> None:
    chance = random.Random(0)
    for _ in range(kills):
        process, before = builder(folder, log, 0, count, size, 0.01), _lines(log)
        while _lines(log) < before + size * chance.randint(1, 5) and process.poll() is None:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert builder(folder, log, 0, count, size, 0).wait(timeout=300) == 0
    check_numbered(folder, count)
    assert _lines(log) <= count + kills * size  # a kill loses one batch at most


def _lines(log: Path) -> int:
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_a_killed_build_goes_on(tmp_path: Path) -> None:
    killed_and_built(tmp_path / "i", tmp_path / "log", 400, 20, 2)


@pytest.mark.soak
def test_a_build_killed_many_times_goes_on(tmp_path: Path) -> None:
    killed_and_built(tmp_path / "i", tmp_path / "log", 3000, 20, 25)


def test_two_builders_lose_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    builders = [builder(tmp_path / "i", log, *ends, 15, 0.01) for ends in ((0, 250), (150, 400))]
    assert [one.wait(timeout=300) for one in builders] == [0, 0]
    check_numbered(tmp_path / "i", 400)


def test_the_second_of_two_writers_waits_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_folder, "PATIENCE_S", 0.2)
    index = DiskIndex.build(tmp_path / "i", mixed(9), HashingEncoder(), progress=False)
    with closing(sqlite3.connect(tmp_path / "i" / "index.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(WorkbenchError, match="Another process has been writing to the index"):
            index.remove(["id 3"])
        assert len(index.search("text")[0]) == 9  # who reads is not kept waiting
    index.remove(["id 3"])
    assert len(index) == 8


MEMORY = """
import resource, sys
from pathlib import Path
import numpy as np
from workbench.corpus import Corpus
from workbench.models import ModelSpec
from workbench.search import DiskIndex

D, N, CAP = 1024, 100_000, 192 << 20

class Rows:
    "The text 'row 7' gets the 7th of some fixed directions, turned a little by its number."
    spec = ModelSpec(name="rows", family="custom", revision="1", dimension=D)
    def encode(self, texts, /, batch_size=32, **options):
        numbers = np.array([int(text.split()[1]) for text in texts])
        vectors = np.sin(numbers[:, None] * 0.37 + np.arange(D) * (1 + numbers[:, None] % 89))
        return vectors.astype(np.float32)

def batches():
    for start in range(0, N, 5000):
        numbers = range(start, start + 5000)
        yield Corpus(tuple(f"row {n} of {n % 977} and {n % 31}" for n in numbers),
                     tuple(map(str, numbers)), {"year": np.arange(start, start + 5000) % 30})

def taken():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmData:")[1].split()[0]) * 1024

DiskIndex.build(sys.argv[1] + "-warm", next(batches()).take(range(2000)), Rows(),
                progress=False).search("row 5", method="hybrid")
resource.setrlimit(resource.RLIMIT_DATA, (taken() + CAP,) * 2)
try:
    np.ones((N, D), np.float32)
    sys.exit("the vectors fit under the cap")
except MemoryError:
    pass
index = DiskIndex.build(sys.argv[1], batches(), Rows(), progress=False)
queries = [f"row {n} of it" for n in range(7, N, 1000)]
for method in ("dense", "bm25", "hybrid"):
    found = index.search(queries, method=method, where={"year": {"min": 0}})
    assert all(len(hits) == 10 for hits in found)
for at in (0, 50, 99):
    asked = Rows().encode([queries[at]])[0].astype(np.float64)
    best = []
    for start in range(0, N, 1000):
        rows = Rows().encode([f"row {n}" for n in range(start, start + 1000)]).astype(np.float64)
        best.append(rows @ asked / np.linalg.norm(rows, axis=1) / np.linalg.norm(asked))
    best = np.sort(np.concatenate(best))[::-1][:10]
    np.testing.assert_allclose(index.search(queries).scores[at], best, atol=1e-6)
index.remove([str(n) for n in range(0, N, 50)]).add(
    Corpus(("row 100000 of x",), ("x",), {"year": [3]}), progress=False)
index.check()
assert len(index) == N - 2000 + 1
"""


@pytest.mark.soak
def test_a_hundred_thousand_texts_in_less_memory_than_their_vectors(tmp_path: Path) -> None:
    """410 MB of vectors under a cap of 192 MB on what a process may have beyond its libraries."""
    path = {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "i")]
    subprocess.run(command, env={**os.environ, **path}, check=True, timeout=500)
