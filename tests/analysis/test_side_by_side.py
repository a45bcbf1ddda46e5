from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.analysis import (
    _side_by_side,
    _umap_compiled,
    aligned_maps,
    cluster,
    cluster_stability,
    map_quality,
    nearest_neighbors,
    project,
    sweep,
)
from workbench.analysis._side_by_side import go_on, side_by_side
from workbench.embeddings import Embeddings

from ..blas import blas_threads


@pytest.fixture(params=[1, 2, 8])
def at_a_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(_side_by_side, "cores", lambda: request.param)
    return int(request.param)


def late(number: int) -> int:
    time.sleep(0.02 * (3 - number % 3))
    return number


@pytest.mark.parametrize("most", [1, 4])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_results_and_reports_come_in_order(at_a_time: int, most: int, count: int) -> None:
    reported: list[int] = []
    works = [partial(late, number) for number in range(count)]
    assert side_by_side(works, reported.append, most=most) == list(range(count))
    assert reported == list(range(1, count + 1))


def test_they_do_run_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_side_by_side, "cores", lambda: 2)
    meeting = threading.Barrier(2, timeout=20)
    assert sorted(side_by_side([meeting.wait, meeting.wait], lambda done: None)) == [0, 1]
    names = [threading.current_thread] * 3
    own = threading.current_thread()
    assert side_by_side(names, lambda done: None, most=1) == [own] * 3
    assert own not in side_by_side(names, lambda done: None)


def test_a_failure_leaves_out_the_rest(at_a_time: int) -> None:
    begun: list[int] = []
    raised = threading.Event()

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError("it cannot be done")
        assert raised.wait(30)

    with pytest.raises(ValueError, match="it cannot be done"):
        side_by_side([partial(work, number) for number in range(40)], lambda done: None)
    assert len(begun) <= 4  # at most so many at a time
    raised.set()


def test_blocks_of_what_is_no_longer_wanted_end_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_side_by_side, "cores", lambda: 2)
    blocks: list[int] = []
    begun, failed, ended = threading.Event(), threading.Event(), threading.Event()

    def block(number: int) -> None:
        blocks.append(number)
        begun.set()
        assert failed.wait(30)
        time.sleep(0.01)

    def long() -> None:
        try:
            side_by_side([partial(block, number) for number in range(500)], lambda done: None)
        finally:
            ended.set()

    def fail() -> None:
        assert begun.wait(30)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        side_by_side([fail, long], lambda done: None)
    failed.set()
    assert ended.wait(30)
    assert len(blocks) < 100


def test_what_is_no_longer_wanted_ends_at_its_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_side_by_side, "cores", lambda: 2)
    steps: list[str] = []
    begun, failed, ended = threading.Event(), threading.Event(), threading.Event()

    def long() -> None:
        try:
            go_on()
            steps.append("wanted")
            begun.set()
            assert failed.wait(30)
            go_on()
            steps.append("not wanted")
        finally:
            ended.set()

    def fail() -> None:
        assert begun.wait(30)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        side_by_side([fail, long], lambda done: None)
    failed.set()
    assert ended.wait(30)
    assert steps == ["wanted"]
    go_on()  # nobody waits for this thread


INTERRUPTED = """
import os, signal, threading, time
from workbench.analysis import _side_by_side

_side_by_side.cores = lambda: 2
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    _side_by_side.side_by_side([lambda: time.sleep(60)] * 4, print)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interrupt_is_not_kept_waiting() -> None:
    """Not in the call, and not at the end of the process."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        capture_output=True,
        text=True,
        timeout=45,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")


def numbers(toy: Embeddings, other: Embeddings) -> list[np.ndarray]:
    found = cluster(toy)
    steady = cluster_stability(found, n_runs=3, progress=False)
    tried = sweep(
        toy,
        method="hdbscan",
        parameter="min_cluster_size",
        values=[5, 10],
        n_runs=3,
        progress=False,
    )
    maps = aligned_maps({"one": toy, "other": other}, progress=False)
    placed = [one.coordinates for one in maps.projections]
    return [steady.seed_ari, steady.subsample_ari, steady.subsample_jaccard, tried.ari, *placed]


def test_the_same_numbers_as_one_after_the_other(
    toy: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Embeddings.from_array(np.roll(toy.dense(), 1, axis=1), toy.corpus)
    runs = []
    for count in (1, 3):
        monkeypatch.setattr(_side_by_side, "cores", lambda count=count: count)
        runs.append(numbers(toy, other))
    for one, several in zip(*runs, strict=True):
        np.testing.assert_array_equal(one, several)


def blobs(n: int) -> Embeddings:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(30, 64)) * 2
    vectors = centres[np.arange(n) % 30] + rng.normal(size=(n, 64))
    return Embeddings.from_array(vectors, [f"text {row}" for row in range(n)])


def test_many_texts_have_the_same_map_beside_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of rows of one thread, whose BLAS is held to one, beside the start of another."""
    many = blobs(2000)
    near = nearest_neighbors(many, 30)
    monkeypatch.setattr(_side_by_side, "cores", lambda: 3)
    threads: list[set[int]] = []
    fit = _umap_compiled.fit

    def watched(*args: Any, **options: Any) -> Any:
        threads.append(set(blas_threads().values()))
        return fit(*args, **options)

    monkeypatch.setattr(_umap_compiled, "fit", watched)

    def work() -> list[np.ndarray]:
        plane, found = project(many, neighbors=near), cluster(many, neighbors=near)
        quality = map_quality(plane)
        return [
            plane.coordinates,
            found.labels,
            quality.real_share,
            quality.point_continuity,
            np.array([plane.trustworthiness, found.silhouette]),
        ]

    alone = work()
    for several in side_by_side([work] * 3, lambda done: None):
        for one, other in zip(alone, several, strict=True):
            np.testing.assert_array_equal(one, other)
    assert threads == [{1}] * 8  # or the start could differ in a last digit


WORKQUEUE = """
import numpy as np, numba, workbench as wb
from workbench.analysis import _side_by_side

if {before}:
    import umap
    rows = np.random.default_rng(1).normal(size=(40, 4))
    umap.UMAP(n_epochs=5, n_jobs=1, random_state=0).fit_transform(rows)

_side_by_side.cores = lambda: 3
rng = np.random.default_rng(0)
rows = rng.normal(size=(5000, 16))
near = wb.nearest_neighbors(wb.Embeddings.from_array(rows, [str(row) for row in range(5000)]), 15)

from workbench.analysis.reduction import reduce_umap
def layout(seed):
    def work():
        made = reduce_umap(near.embeddings, near, dimensions=2, n_neighbors=15, min_dist=0.1,
                           random_state=seed)
        return made.coordinates
    return work

import workbench.analysis._umap_compiled as compiled
fits = []
for seed in (0, 1, 2):
    def begin(seed=seed):
        for _ in range(6):  # the part that numba would share out among threads of its own
            compiled.umap_.fuzzy_simplicial_set(
                near.embeddings.unit(), 15, np.random.RandomState(seed), "cosine",
                knn_indices=near.indices, knn_dists=near.distances)
        return seed
    fits.append(begin)
print(_side_by_side.side_by_side(fits, lambda done: None))
first = _side_by_side.side_by_side([layout(3), layout(3)], lambda done: None)
print(np.array_equal(*first))
"""


@pytest.mark.soak
@pytest.mark.parametrize("before", [False, True])
def test_numbas_own_threads_are_left_out(before: bool, tmp_path: Path) -> None:
    """Where numba has only its workqueue, two threads of ours in it would end the process."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WORKQUEUE.format(before=before)],
        capture_output=True,
        text=True,
        timeout=300,
        env={
            **os.environ,
            "NUMBA_THREADING_LAYER": "workqueue",
            "NUMBA_NUM_THREADS": "2",
            "NUMBA_CACHE_DIR": str(tmp_path),
        },
    )
    assert (done.returncode, done.stdout) == (0, "[0, 1, 2]\nTrue\n"), done.stderr


@pytest.mark.soak
def test_layouts_leave_the_interpreter_to_others(tmp_path: Path) -> None:
    """Also where numba kept the same function compiled without that."""
    ticks = []
    for plain in (True, False):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", TICKS, str(plain)],
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
        )
        assert done.returncode == 0, done.stderr
        ticks.append(int(done.stdout))
    assert ticks[0] <= 3  # one may fall in before and after
    assert ticks[1] > 10


TICKS = """
import sys, threading, time
import numpy as np
from umap import layouts

layout = layouts._nb_optimize_layout_euclidean_single_epoch
if sys.argv[1] == "True":
    layout.enable_caching()
else:
    from workbench.analysis import _umap_compiled
n, edges = 2000, 5_000_000
rng = np.random.default_rng(0)
places = rng.normal(size=(n, 2)).astype(np.float32)
head, tail = (rng.integers(0, n, edges).astype(np.int32) for _ in range(2))
each, nothing = np.ones(edges), np.empty(1, np.float32)

def epoch(state, first, second, third):
    layout(places, places, head, tail, n, each, 1.0, 1.0, state, 1.0, 2, False, 0.1, first,
           second, third, 1, False, nothing, nothing, 0.0, 0.0, 0.0, 0.0, nothing, nothing, 0.0)

def given():
    return np.full((n, 3), 12345, np.int64), each / 5, each / 5, each.copy()

epoch(*given())
running, counted = True, 0

def count():
    global counted
    while running:
        counted += 1
        time.sleep(0.002)

counting = threading.Thread(target=count)
counting.start()
time.sleep(0.02)
now = given()
before = counted
epoch(*now)
seen = counted - before
running = False
print(seen)
"""


def test_a_failed_start_is_told_in_any_thread() -> None:
    """Filters of warnings are the process', so that other threads may change them meanwhile."""
    from workbench.analysis import _umap_compiled
    from workbench.analysis._umap_compiled import spectral

    before = list(warnings.filters)

    def start() -> str:
        _umap_compiled._HERE.fitting = True
        try:
            spectral.warn("Spectral initialisation failed! The eigenvector solver")
        except _umap_compiled.SpectralStartError:
            return "failed"
        finally:
            _umap_compiled._HERE.fitting = False
        return "went on"

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert side_by_side([start] * 3, lambda done: None) == ["failed"] * 3
        assert spectral.warn("Spectral initialisation failed!") is None  # somebody else's fit
    with pytest.warns(UserWarning, match="Spectral"):
        spectral.warn("Spectral initialisation failed!")
    assert list(warnings.filters) == before
