from __future__ import annotations

import importlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.analysis import (
    _computed_once,
    cluster,
    map_quality,
    nearest_neighbors,
    project,
)
from workbench.analysis._computed_once import computed_once
from workbench.embeddings import Embeddings
from workbench.errors import InputError

ROWS = np.arange(1200, dtype=np.float32).reshape(600, 2)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    monkeypatch.setenv("WORKBENCH_RESULTS_MB", "1")
    return tmp_path / "results"


class Counting:
    """Computes something, and counts how often."""

    def __init__(self, *arrays: np.ndarray) -> None:
        self.arrays = arrays or (np.arange(3), np.array(["a note"]))
        self.times = 0

    def __call__(self) -> tuple[np.ndarray, ...]:
        self.times += 1
        return self.arrays


def test_the_same_is_read() -> None:
    compute = Counting()
    first = computed_once("sums-1", (ROWS, 3, "cosine"), compute)
    second = computed_once("sums-1", (ROWS.copy(), 3, "cosine"), compute)
    assert compute.times == 1
    for one, other in zip(first, second, strict=True):
        assert one.dtype == other.dtype
        assert one.tolist() == other.tolist()


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("sums-2", (ROWS, 3)),
        ("sums-1", (ROWS, 4)),
        ("sums-1", (ROWS, "3")),
        ("sums-1", (ROWS, 3, 0)),
        ("sums-1", (ROWS + np.float32(1e-3), 3)),
        ("sums-1", (ROWS.astype(np.float64), 3)),
        ("sums-1", (ROWS.reshape(1200, 1), 3)),
        ("sums-1", (ROWS[::-1], 3)),
    ],
)
def test_anything_else_is_computed(name: str, inputs: tuple[np.ndarray, int]) -> None:
    compute = Counting()
    computed_once("sums-1", (ROWS, 3), compute)
    computed_once(name, inputs, compute)
    assert compute.times == 2


def test_another_version_of_a_library_computes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    compute = Counting()
    computed_once("sums-1", (ROWS,), compute)
    monkeypatch.setattr(_computed_once, "version", lambda name: "0.0.1")
    _computed_once._libraries.cache_clear()
    computed_once("sums-1", (ROWS,), compute)
    _computed_once._libraries.cache_clear()
    assert compute.times == 2


def test_few_texts_are_computed_each_time(folder: Path) -> None:
    compute = Counting()
    for _ in range(2):
        computed_once("sums-1", (ROWS[:499],), compute)
    assert compute.times == 2
    assert not folder.exists()


def test_nothing_is_kept_where_nothing_may_be(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_RESULTS_MB", "0")
    compute = Counting()
    for _ in range(2):
        computed_once("sums-1", (ROWS,), compute)
    assert compute.times == 2
    assert not folder.exists()


@pytest.mark.parametrize("limit", ["much", "-1", "nan", ""])
def test_a_limit_that_is_none(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_RESULTS_MB", limit)
    with pytest.raises(InputError, match=f"WORKBENCH_RESULTS_MB is '{limit}'; expected how many"):
        computed_once("sums-1", (ROWS,), Counting())


def test_damage_anywhere_computes_again(folder: Path) -> None:
    compute = Counting()
    computed_once("sums-1", (ROWS,), compute)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    damaged = [
        whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        for place in range(0, len(whole), 7)
    ]
    for times, raw in enumerate([*damaged, whole[:-1], b""], start=2):
        file.write_bytes(raw)
        assert computed_once("sums-1", (ROWS,), compute)[0].tolist() == [0, 1, 2]
        assert compute.times == times
        assert file.read_bytes() == whole


def test_what_was_not_used_for_longest_goes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_computed_once, "_LARGEST", 1.0)
    large = Counting(np.zeros(40_000))  # 0.32 MB, of 1 MB
    for number in range(3):
        computed_once("sums-1", (ROWS, number), large)
    for age, file in enumerate(sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)):
        os.utime(file, (1000 + age, 1000 + age))
    computed_once("sums-1", (ROWS, 0), large)  # the oldest, used again
    computed_once("sums-1", (ROWS, 3), large)
    assert large.times == 4
    assert len(list(folder.iterdir())) == 3
    for number in (0, 2, 3):
        computed_once("sums-1", (ROWS, number), large)
    assert large.times == 4
    computed_once("sums-1", (ROWS, 1), large)
    assert large.times == 5


def test_one_result_does_not_drive_out_the_others(folder: Path) -> None:
    small, large = Counting(), Counting(np.zeros(40_000))  # 0.32 MB, more than a quarter of 1 MB
    computed_once("sums-1", (ROWS,), small)
    for _ in range(2):
        computed_once("sums-2", (ROWS,), large)
    assert large.times == 2
    assert len(list(folder.iterdir())) == 1


def test_there_are_not_more_files_than_can_be_looked_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_computed_once, "_MOST_FILES", 5)
    for number in range(9):
        computed_once("sums-1", (ROWS, number), Counting())
    assert len(list(folder.iterdir())) == 5


def test_a_place_that_takes_nothing(folder: Path) -> None:
    folder.write_bytes(b"a file where the folder would be")
    compute = Counting()
    for _ in range(2):
        assert computed_once("sums-1", (ROWS,), compute)[0].tolist() == [0, 1, 2]
    assert compute.times == 2


def test_what_fails_leaves_nothing(folder: Path) -> None:
    def fail() -> tuple[np.ndarray, ...]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        computed_once("sums-1", (ROWS,), fail)
    assert not folder.exists()


JOB = """
import sys
import numpy as np
import workbench as wb

rng = np.random.default_rng(0)
blobs = np.repeat(rng.normal(size=(6, 16)) * 3, 100, axis=0)
values, texts = blobs + rng.normal(size=(600, 16)), [f"a {n}" for n in range(600)]
vectors = wb.Embeddings.from_array(values, texts)
neighbors = wb.nearest_neighbors(vectors)
maps = [wb.project(vectors, method=name, neighbors=neighbors) for name in ("umap", "tsne")]
quality = wb.map_quality(maps[0], neighbors=neighbors)
methods = ("hdbscan", "kmeans", "agglomerative", "community")
found = [wb.cluster(vectors, method=name, neighbors=neighbors) for name in methods]
np.savez(
    sys.argv[1], neighbors.indices, neighbors.similarities, *[one.coordinates for one in maps],
    *[[one.trustworthiness] for one in maps], quality.point_continuity, quality.real_share,
    *[one.labels for one in found],
)
heavy = ("umap", "numba", "sklearn.cluster", "sklearn.manifold", "sklearn.neighbors", "scranpy")
print(*[name for name in heavy if name in sys.modules])
"""


def test_a_second_process_computes_none_of_it(tmp_path: Path) -> None:
    """Neighbours, maps, their quality and clusters: the same numbers, and nothing imported."""
    said, numbers = [], []
    for name in ("first", "second"):
        done = subprocess.run(
            [sys.executable, "-c", JOB, str(tmp_path / f"{name}.npz")],
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout.split())
        with np.load(tmp_path / f"{name}.npz") as held:
            numbers.append([held[one] for one in held.files])
    assert {"umap", "numba", "sklearn.cluster"} <= set(said[0])
    assert said[1] == []
    for one, other in zip(*numbers, strict=True):
        np.testing.assert_array_equal(one, other)


def test_each_step_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that import nothing heavy, too; and the second time tells that it is done."""
    rng = np.random.default_rng(0)
    values = np.repeat(np.eye(6), 100, axis=0) + rng.normal(size=(600, 6)) / 9
    embeddings = Embeddings.from_array(values, [f"text {row}" for row in range(600)])
    steps = {
        "neighbors.nearest_rows": 0,
        "projection.trustworthiness": 0,
        "map_quality._points": 0,
        "map_quality._real_share": 0,
        "partition.community_labels": 0,
        "partition._kmeans": 0,
        "partition._agglomerative": 0,
        "partition._densest": 0,
        "reduction.fit_umap": 0,
    }
    for step in steps:
        module, name = step.split(".")
        home = importlib.import_module(f"workbench.analysis.{module}")
        real = getattr(home, name)

        def counted(*args: Any, step: str = step, real: Any = real, **options: Any) -> Any:
            steps[step] += 1
            return real(*args, **options)

        monkeypatch.setattr(home, name, counted)
    told: list[tuple[int, int]] = []

    def report(done: int, total: int) -> None:
        told.append((done, total))

    for _ in range(2):
        told.clear()
        near = nearest_neighbors(embeddings, progress=report)
        assert told[-1] == (600, 600)
        told.clear()
        plane = project(embeddings, neighbors=near)
        map_quality(plane, neighbors=near, progress=report)
        assert told[-1] == (600, 600)
        cluster(embeddings, neighbors=near)
        for method, options in (
            ("kmeans", {"n_clusters": 6}),
            ("agglomerative", {"n_clusters": 6}),
            ("community", {"threshold": 0.5}),
        ):
            cluster(embeddings, method=method, **options)
        assert steps == {step: 2 if step == "reduction.fit_umap" else 1 for step in steps}


def test_the_quality_is_that_of_the_neighbors_given() -> None:
    rng = np.random.default_rng(0)
    embeddings = Embeddings.from_array(rng.normal(size=(600, 6)), [f"text {n}" for n in range(600)])
    near = nearest_neighbors(embeddings, 30)
    plane = project(embeddings, method="pca")
    strict = replace(near, similarities=near.similarities + np.float32(0.5))
    assert map_quality(plane, neighbors=near).real_share.mean() > 0
    assert map_quality(plane, neighbors=strict).real_share.mean() < (
        map_quality(plane, neighbors=near).real_share.mean()
    )


@pytest.mark.parametrize("k", [1, 15, 30, 40])
def test_fewer_neighbors_are_the_first_of_more(
    k: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_RESULTS_MB", "10")
    rng = np.random.default_rng(3)
    values = rng.normal(size=(600, 5)).round(1)  # ties
    embeddings = Embeddings.from_array(values, [f"text {row}" for row in range(600)])
    found = nearest_neighbors(embeddings, k)
    unit = embeddings.unit().astype(np.float64)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    expected = -np.sort(-cosines, axis=1)[:, :k]
    np.testing.assert_allclose(found.similarities, expected, atol=1e-6)
    nearest_neighbors(embeddings, 15)
    assert len(list(folder.iterdir())) == (2 if k == 40 else 1)
