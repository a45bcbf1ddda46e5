from __future__ import annotations

import pytest

from workbench._progress import showing


def test_a_callable_is_called() -> None:
    calls: list[tuple[int, int]] = []

    def report(done: int, total: int, /) -> None:
        calls.append((done, total))

    with showing(report, "Working") as progress:
        progress(0, 4)
        progress(4, 4)
    assert calls == [(0, 4), (4, 4)]


def test_false_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with showing(False, "Working") as progress:
        progress(1, 2)
    assert capfd.readouterr() == ("", "")


def test_true_shows_a_bar_with_rate_and_takes_it_away(capfd: pytest.CaptureFixture[str]) -> None:
    with showing(True, "Working") as progress:
        progress(0, 64)
        progress(32, 64)
        progress(64, 64)
    shown = capfd.readouterr().err
    assert "Working:   0%|" in shown
    assert "0/64" in shown
    assert "texts/s" in shown
    assert shown.rstrip(" ").endswith("\r")  # the line is wiped


def test_no_step_no_bar(capfd: pytest.CaptureFixture[str]) -> None:
    with showing(True, "Working"):
        pass
    assert capfd.readouterr() == ("", "")


def test_the_bar_is_closed_when_work_fails(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        with showing(True, "Working") as progress:
            progress(1, 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert capfd.readouterr().err.rstrip(" ").endswith("\r")
