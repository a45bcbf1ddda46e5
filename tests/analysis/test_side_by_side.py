from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
import warnings
from functools import partial

import numpy as np
import pytest

from workbench.analysis import (
    _side_by_side,
    aligned_maps,
    cluster,
    cluster_stability,
    project,
    sweep,
)
from workbench.analysis._side_by_side import side_by_side
from workbench.analysis._umap import _only_what_matters
from workbench.embeddings import Embeddings


@pytest.fixture(params=[1, 2, 8])
def at_a_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(_side_by_side, "cores", lambda: request.param)
    return int(request.param)


def late(number: int) -> int:
    time.sleep(0.02 * (3 - number % 3))
    return number


@pytest.mark.parametrize("threads", [True, False])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_results_and_reports_come_in_order(at_a_time: int, threads: bool, count: int) -> None:
    reported: list[int] = []
    works = [partial(late, number) for number in range(count)]
    assert side_by_side(works, reported.append, threads=threads) == list(range(count))
    assert reported == list(range(1, count + 1))


def test_they_do_run_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_side_by_side, "cores", lambda: 2)
    meeting = threading.Barrier(2, timeout=20)
    assert sorted(side_by_side([meeting.wait, meeting.wait], lambda done: None)) == [0, 1]
    names = [threading.current_thread] * 3
    own = threading.current_thread()
    assert side_by_side(names, lambda done: None, threads=False) == [own] * 3
    assert own not in side_by_side(names, lambda done: None)


def test_a_failure_leaves_out_the_rest(at_a_time: int) -> None:
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        time.sleep(0.05)
        if number == 0:
            raise ValueError("it cannot be done")

    with pytest.raises(ValueError, match="it cannot be done"):
        side_by_side([partial(work, number) for number in range(40)], lambda done: None)
    time.sleep(0.3)
    assert len(begun) <= 12


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


def test_layouts_leave_the_interpreter_to_others(toy: Embeddings) -> None:
    from umap import layouts

    project(toy)
    layout = layouts._nb_optimize_layout_euclidean_single_epoch
    assert layout.targetoptions["nogil"] is True
    assert layout.targetoptions.get("parallel", False) is False  # or a seed would not hold


def test_filters_of_several_fits_end_with_the_last() -> None:
    before = list(warnings.filters)
    first, second = _only_what_matters(), _only_what_matters()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    with pytest.raises(UserWarning, match="Spectral"):
        warnings.warn("Spectral initialisation failed", UserWarning, stacklevel=1)
    second.__exit__(None, None, None)
    assert list(warnings.filters) == before
