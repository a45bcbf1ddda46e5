from __future__ import annotations

import threading

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from workbench.analysis._threads import one_blas_thread, steady_threads


def blas_threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_whoever_wants_the_limit_has_it_until_the_last_has_done() -> None:
    """Also in a thread that joins later, whoever set it before, and while the others live on."""
    before = blas_threads()
    assert before != {1}, "this needs a BLAS with more than one thread"
    with one_blas_thread():
        assert blas_threads() == {1}
    seen: list[set[int]] = []
    steps = [threading.Event() for _ in range(4)]

    def first() -> None:
        with one_blas_thread():
            seen.append(blas_threads())
            steps[0].set()
            assert steps[1].wait(30)
        steps[2].set()
        assert steps[3].wait(30)  # lives on

    def second() -> None:
        assert steps[0].wait(30)
        with one_blas_thread():
            steps[1].set()
            assert steps[2].wait(30)
            seen.append(blas_threads())

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    threads[1].join(30)
    assert seen == [{1}, {1}]
    assert blas_threads() == before
    with threadpool_limits(1, user_api="blas"):  # which is somebody else's to set again
        assert blas_threads() == {1}
    assert blas_threads() == before
    steps[3].set()
    threads[0].join(30)
    assert blas_threads() == before


def test_an_interrupt_takes_the_limit_away() -> None:
    before = blas_threads()
    with pytest.raises(KeyboardInterrupt), one_blas_thread():
        raise KeyboardInterrupt
    assert blas_threads() == before


def test_a_limit_of_scikit_learns_threads_that_ends_later_leaves_the_blas_alone() -> None:
    before = blas_threads()
    assert before != {1}, "this needs a BLAS with more than one thread"
    begun, ended = threading.Event(), threading.Event()

    def other() -> None:
        with steady_threads(10):
            begun.set()
            assert ended.wait(30)

    thread = threading.Thread(target=other)
    with one_blas_thread():
        thread.start()
        assert begun.wait(30)
    ended.set()
    thread.join(30)
    assert blas_threads() == before


def test_a_limit_that_somebody_else_has_set_first_is_theirs_to_take_away() -> None:
    before = blas_threads()
    assert before != {1}, "this needs a BLAS with more than one thread"
    begun, ended = threading.Event(), threading.Event()

    def other() -> None:
        with one_blas_thread():
            begun.set()
            assert ended.wait(30)

    thread = threading.Thread(target=other)
    with threadpool_limits(1, user_api="blas"):
        thread.start()
        assert begun.wait(30)
    ended.set()
    thread.join(30)
    assert blas_threads() == before
