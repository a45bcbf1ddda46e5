from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import pytest
import threadpoolctl
from threadpoolctl import ThreadpoolController, threadpool_limits

from workbench.analysis import cluster
from workbench.analysis._threads import one_blas_thread, steady_threads
from workbench.analysis.quality import nearest_on_map
from workbench.embeddings import Embeddings

from ..blas import blas_threads

Wait = Callable[[], None]


def limited() -> bool:
    return set(blas_threads().values()) == {1}


@pytest.fixture(autouse=True)
def several_threads() -> Iterator[None]:
    """Check that there is something to limit, and that the limit is taken away."""
    before = blas_threads()
    assert not limited(), "this needs a BLAS with more than one thread"
    yield
    assert blas_threads() == before


@contextmanager
def elsewhere(work: Callable[[Wait], object], patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in another thread, which waits for the block's end with its own limits set."""
    begun, ended = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert ended.wait(30)

    thread = threading.Thread(target=work, args=(wait,))
    leave = threadpoolctl._ThreadpoolLimiter.__exit__

    def waiting(limiter: Any, *given: Any) -> None:
        if threading.current_thread() is thread:
            wait()
        leave(limiter, *given)

    patch.setattr(threadpoolctl._ThreadpoolLimiter, "__exit__", waiting)
    thread.start()
    try:
        assert begun.wait(30)
        yield
    finally:
        ended.set()
        thread.join(30)


def one_thread(wait: Wait) -> None:
    with one_blas_thread():
        wait()


def scikit_learns_loops(wait: Wait) -> None:
    with steady_threads(10):
        wait()


def k_means(wait: Wait) -> None:
    points = np.random.default_rng(0).normal(size=(40, 3))
    cluster(
        Embeddings.from_array(points, [str(row) for row in range(40)]),
        method="kmeans",
        n_clusters=2,
    )


def neighbors_of_a_few(wait: Wait) -> None:
    nearest_on_map(np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32), 3)


WORKS = [one_thread, scikit_learns_loops, k_means, neighbors_of_a_few]


@pytest.mark.parametrize("work", WORKS)
def test_what_ends_after_another_threads_limit_leaves_none(
    work: Callable[[Wait], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What limits the BLAS sets it back to what it found: here, one thread."""
    with ExitStack() as limit:
        limit.enter_context(one_blas_thread())
        with elsewhere(work, monkeypatch):
            limit.close()
            assert limited(), "it is still wanted"


@pytest.mark.parametrize("how_many", [1, 2])
@pytest.mark.parametrize("work", WORKS)
def test_what_begins_within_somebody_elses_limit_has_one_of_its_own(
    work: Callable[[Wait], object], how_many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets a limit of its own when the other ends."""
    files = list(blas_threads())[:how_many]
    with ExitStack() as limit:
        limit.enter_context(ThreadpoolController().select(filepath=files).limit(limits=1))
        with elsewhere(work, monkeypatch):
            limit.close()
            until = time.monotonic() + 30
            while not limited():
                assert time.monotonic() < until
                time.sleep(0.01)


def test_whoever_wants_the_limit_has_it_until_the_last_has_done() -> None:
    """Also in a thread that joins later, whoever set it before, and while the others live on."""
    before = blas_threads()
    with one_blas_thread(), one_blas_thread():
        assert limited()
    seen: list[bool] = []
    steps = [threading.Event() for _ in range(4)]

    def first() -> None:
        with one_blas_thread():
            seen.append(limited())
            steps[0].set()
            assert steps[1].wait(30)
        steps[2].set()
        assert steps[3].wait(30)  # lives on

    def second() -> None:
        assert steps[0].wait(30)
        with one_blas_thread():
            steps[1].set()
            assert steps[2].wait(30)
            seen.append(limited())

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    threads[1].join(30)
    assert seen == [True, True]
    assert blas_threads() == before
    with threadpool_limits(1, user_api="blas"):  # which is somebody else's to set again
        assert limited()
    assert blas_threads() == before
    steps[3].set()
    threads[0].join(30)
    assert blas_threads() == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_ends_a_block_takes_its_limit_away(error: type[BaseException]) -> None:
    with pytest.raises(error), one_blas_thread():  # noqa: PT012 - it must be set first
        assert limited()
        raise error


INTERRUPTED = """
import random, signal, time
import numpy, scipy.linalg
from threadpoolctl import threadpool_info
from workbench.analysis._threads import one_blas_thread

def threads():
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}

before, usual = threads(), 0.05
signal.signal(signal.SIGALRM, signal.default_int_handler)
interrupted = 0
while interrupted < 40:
    begun = time.perf_counter()
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-5, usual * 1.2))
        with one_blas_thread():
            pass
        signal.setitimer(signal.ITIMER_REAL, 0)
        usual = min(usual, time.perf_counter() - begun)
        time.sleep(0.001)  # one that came just before is raised here
    except (KeyboardInterrupt, RuntimeError) as error:  # CPython's, from within a thread's start
        assert isinstance(error, KeyboardInterrupt) or "release unlocked" in str(error), error
        interrupted += 1
    until = time.monotonic() + 10
    while threads() != before:
        assert time.monotonic() < until, "the limit was left"
        time.sleep(0.01)
print(interrupted)
"""


def test_an_interrupt_at_any_moment_leaves_no_limit() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "40\n"), done.stderr
