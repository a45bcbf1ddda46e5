from __future__ import annotations

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from workbench.analysis import _row_blocks, _side_by_side
from workbench.analysis._row_blocks import in_row_blocks, one_blas_thread


def blas_threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


@pytest.mark.parametrize("alone", [1, 2, 4])
@pytest.mark.parametrize(("count", "step"), [(0, 3), (1, 3), (3, 3), (10, 3), (12, 1)])
def test_every_row_once_and_progress_in_order(
    alone: int, count: int, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (_row_blocks, _side_by_side):
        monkeypatch.setattr(module, "cores", lambda: alone)
    done, told = np.zeros(count, np.int64), []

    def work(rows: slice) -> None:
        done[rows] += 1

    in_row_blocks(count, step, work, lambda *said: told.append(said))
    np.testing.assert_array_equal(done, 1)
    assert told == [(min(end, count), count) for end in range(step, count + step, step)]


def test_the_blas_has_one_thread_within_and_as_many_as_before_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (_row_blocks, _side_by_side):
        monkeypatch.setattr(module, "cores", lambda: 2)
    before, within = blas_threads(), []
    in_row_blocks(4, 1, lambda rows: within.append(blas_threads()), lambda *said: None)
    assert within == [{1}] * 4
    assert blas_threads() == before


def test_limits_that_overlap_end_as_they_began(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (_row_blocks, _side_by_side):
        monkeypatch.setattr(module, "cores", lambda: 2)
    before = blas_threads()
    began = [threading.Event(), threading.Event()]
    may_end = [threading.Event(), threading.Event()]

    def long(which: int) -> None:
        began[which].set()
        assert may_end[which].wait(30)

    threads = [
        threading.Thread(
            target=in_row_blocks, args=(2, 1, lambda rows, at=at: long(at), lambda *said: None)
        )
        for at in (0, 1)
    ]
    for at in (0, 1):  # the one that began first ends first, too
        threads[at].start()
        assert began[at].wait(30)
    for at in (0, 1):
        may_end[at].set()
        threads[at].join()
    assert blas_threads() == before


def test_the_limit_stays_until_the_last_has_done() -> None:
    """One that ends first must not give the others' products to several threads."""
    before = blas_threads()
    first, second = one_blas_thread(), one_blas_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert blas_threads() == {1}
    second.__exit__(None, None, None)
    assert blas_threads() == before


def test_a_failure_is_raised_and_the_rest_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (_row_blocks, _side_by_side):
        monkeypatch.setattr(module, "cores", lambda: 2)
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
