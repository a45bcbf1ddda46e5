from __future__ import annotations

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from workbench.analysis import _side_by_side
from workbench.analysis._row_blocks import in_row_blocks, one_blas_thread


def blas_threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


@pytest.mark.parametrize("alone", [1, 2, 4])
@pytest.mark.parametrize(("count", "step"), [(0, 3), (1, 3), (3, 3), (10, 3), (12, 1)])
def test_every_row_once_and_progress_in_order(
    alone: int, count: int, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_side_by_side, "cores", lambda: alone)
    done, told = np.zeros(count, np.int64), []

    def work(rows: slice) -> None:
        done[rows] += 1

    in_row_blocks(count, step, work, lambda *said: told.append(said))
    np.testing.assert_array_equal(done, 1)
    assert told == [(min(end, count), count) for end in range(step, count + step, step)]


def test_the_blas_has_one_thread_within_and_as_many_as_before_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_side_by_side, "cores", lambda: 2)
    before, within = blas_threads(), []
    in_row_blocks(4, 1, lambda rows: within.append(blas_threads()), lambda *said: None)
    assert within == [{1}] * 4
    assert blas_threads() == before


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


def test_a_failure_is_raised_and_the_rest_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_side_by_side, "cores", lambda: 2)
    before, begun = blas_threads(), []

    def work(rows: slice) -> None:
        begun.append(rows.start)
        if not rows.start:
            raise ValueError("row 0")

    def report(done: int, total: int, /) -> None:
        raise AssertionError("nothing is done")

    with pytest.raises(ValueError, match="row 0"):
        in_row_blocks(1000, 1, work, report)
    assert 0 in begun
    assert len(begun) < 1000
    assert blas_threads() == before
