from __future__ import annotations

import numpy as np
import pytest

from workbench.analysis import _side_by_side
from workbench.analysis._row_blocks import in_row_blocks

from ..blas import blas_threads


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
    in_row_blocks(
        4, 1, lambda rows: within.append(set(blas_threads().values())), lambda *said: None
    )
    assert within == [{1}] * 4
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
