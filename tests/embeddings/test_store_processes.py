"""The store under processes that are killed, and that share it."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from workbench.embeddings import EmbeddingStore, embed

from .. import hashing_encoder
from ..hashing_encoder import HashingEncoder, numbered, vector_of

BATCH = 2


def start(store: Path, *options: object) -> subprocess.Popen[str]:
    """Start a process that embeds, and wait until it has imported what it needs."""
    command = [sys.executable, hashing_encoder.__file__, str(store), *map(str, options)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.communicate()[1]
    return process


def finish(process: subprocess.Popen[str]) -> dict[str, int]:
    """Wait for a process that saw right vectors only, and return its counts."""
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    words = out.split()
    return {words[0]: int(words[1]), words[2]: int(words[3])}


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def check(store: Path, texts: list[str]) -> None:
    """See that the store has every text, with the right vector."""
    encoder = HashingEncoder()
    found = embed(texts, encoder, store=EmbeddingStore(store), progress=False)
    assert encoder.seen == []
    np.testing.assert_array_equal(found.vectors, [vector_of(text) for text in texts])


def kept(store: Path, texts: list[str]) -> list[str]:
    """Return those of the texts that the store has."""
    known = EmbeddingStore(store).get(HashingEncoder().spec, texts)[2]
    return list(np.array(texts)[known])


def kill_amid(process: subprocess.Popen[str], log: Path, batches: int, later: float) -> None:
    """Kill a process some batches, and a moment, after it began."""
    goal = len(lines(log)) + batches * BATCH
    while process.poll() is None and len(lines(log)) < goal:
        time.sleep(0.0005)
    time.sleep(later)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "it ended before it was killed"


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.soak)])
def test_a_killed_process_loses_at_most_its_batch(tmp_path: Path, kills: int) -> None:
    store, log, count, delay = tmp_path / "store", tmp_path / "log", 200, 0.01
    chance = random.Random(7)
    options = ("--last", count, "--batch", BATCH, "--delay", delay, "--log", log)
    for _ in range(kills):
        before = len(lines(log))
        kill_amid(start(store, *options), log, chance.randint(1, 2), chance.uniform(0, 1.5 * delay))
        computed = lines(log)[before:]
        assert len(computed) - len(kept(store, computed)) <= BATCH
    texts = numbered(0, count)
    held = kept(store, texts)
    assert finish(start(store, *options))["encoded"] == count - len(held)
    check(store, texts)


def test_two_processes_embed_at_once(tmp_path: Path) -> None:
    go = tmp_path / "go"
    both = [
        start(tmp_path / "store", "--first", first, "--last", last, "--start", go)
        for first, last in ((0, 200), (100, 300))
    ]
    go.touch()
    encoded = [finish(process)["encoded"] for process in both]
    assert all(0 < count <= 200 for count in encoded)
    check(tmp_path / "store", numbered(0, 300))


def test_one_reads_while_another_merges(tmp_path: Path) -> None:
    folder, stop = tmp_path / "store", tmp_path / "stop"
    store = EmbeddingStore(folder)
    embed(numbered(0, 40), HashingEncoder(), batch_size=1, store=store, progress=False)
    reader = start(folder, "--last", 40, "--until", stop)
    for last in range(110, 600, 70):  # more than 64 files each time
        embed(numbered(0, last), HashingEncoder(), batch_size=1, store=store, progress=False)
        assert len(list(folder.rglob("*.shard"))) < 64
    stop.touch()
    assert finish(reader)["rounds"] > 1
    check(folder, numbered(0, 530))


def test_two_merge_at_once(tmp_path: Path) -> None:
    go = tmp_path / "go"
    store = EmbeddingStore(tmp_path / "store")
    spec = HashingEncoder().spec
    for text in numbered(0, 80):
        store.put(spec, [text], vector_of(text)[None], np.array([-1]))
    both = [
        start(tmp_path / "store", "--first", first, "--last", last, "--start", go)
        for first, last in ((0, 81), (0, 82))
    ]
    go.touch()
    for process in both:
        finish(process)
    check(tmp_path / "store", numbered(0, 82))
