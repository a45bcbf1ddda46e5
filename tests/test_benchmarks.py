"""The benchmarks' own machinery: what is run, and how RESULTS.md is written. Nothing is timed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def runner() -> Iterator[ModuleType]:
    """The module benchmarks/run.py, found as a script finds what stands beside it."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield importlib.import_module("run")
    finally:
        sys.path.remove(str(FOLDER))
        for name in ("run", "_results"):
            sys.modules.pop(name, None)


@pytest.fixture
def results(runner: ModuleType) -> ModuleType:
    """The module benchmarks/_results.py."""
    return importlib.import_module("_results")


def test_every_benchmark_is_in_the_runners_list(runner: ModuleType) -> None:
    scripts = {file for file in FOLDER.glob("[!_]*.py") if file.name != "run.py"}
    assert scripts == {benchmark.file for benchmark in runner.BENCHMARKS}
    names = [benchmark.name for benchmark in runner.BENCHMARKS]
    assert len(set(names)) == len(names)


def test_a_section_shows_gains_losses_and_what_was_not_run(results: ModuleType) -> None:
    result = results.Result
    gain = result.of_pairs("ours", "theirs", "10 texts", [(2.0, 1.0), (9.0, 3.0), (8.0, 2.0)])
    loss = result.of_pairs(
        "served", "plain", "1 client", [(10.0, 9.5)], unit="requests/s", more_is_better=True
    )
    fact = result("memory", sizes="10 texts", note="5 MB | peak")
    missing = result.not_run("ours", "BERTopic", "BERTopic (the extra `bench`)")
    shown = results.section("some", [gain, loss, fact, missing], made="today", failed="too slow")
    assert shown.splitlines() == [
        "## some",
        "",
        "today",
        "",
        "**Failed**: too slow",
        "",
        "| what | against | sizes | ratio | least to largest | theirs, ours | |",
        "|---|---|---|--:|---|---|---|",
        "| ours | theirs | 10 texts | 3.00 | 2.00 to 4.00, 3 pairs | 8.00 s, 2.00 s |  |",
        "| served | plain | 1 client | **0.95** | one pair | 10.0 requests/s, 9.50 requests/s |  |",
        "| memory |  | 10 texts | – |  |  | 5 MB / peak |",
        "| ours | BERTopic |  | – |  |  | not run: needs BERTopic (the extra `bench`) |",
    ]


def test_a_row_survives_the_file_between_script_and_runner(
    results: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rows.jsonl"
    assert results.rows_in(file) == []
    monkeypatch.setenv(results.ROWS_FILE, str(file))
    rows = [
        results.Result.of_pairs("a", "b", "é", [(1.0, 2.0), (3.0, 2.0)], note="so"),
        results.Result("fact"),
    ]
    for row in rows:
        results.report(row)
    assert results.rows_in(file) == rows


def test_a_renewed_section_replaces_itself_alone(results: ModuleType) -> None:
    names = ["first", "second", "third"]
    old = results.page("", {name: f"## {name}\n\nold {name}\n" for name in (*names, "gone")}, names)
    new = results.page(old, {"second": "## second\n\nnew\n\n| a |\n"}, names)
    assert new == old.replace("old second", "new\n\n| a |")
    assert "gone" not in new
    assert new.startswith("# Benchmark results\n")
    assert results.page(new, {}, names) == new


def test_only_runs_one_and_ends_with_1_where_it_fails(
    runner: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(runner, "HERE", tmp_path)
    script = (
        "import sys\n"
        f"sys.path.insert(0, {str(FOLDER)!r})\n"
        "from _results import Result, report\n"
        "report(Result('a fact', note=sys.argv[1]))\n"
    )
    (tmp_path / "well.py").write_text(script)
    (tmp_path / "ill.py").write_text(f"{script}raise SystemExit('out of bounds')\n")
    well, ill = (runner.Benchmark(name, "full", "small") for name in ("well", "ill"))
    listed = (well, ill, replace(well, name="long", elsewhere="LONG.md"))
    monkeypatch.setattr(runner, "BENCHMARKS", listed)
    page = tmp_path / "RESULTS.md"

    with pytest.raises(SystemExit, match=r"^Failed: ill\.$"):
        runner.main([])
    both = page.read_text()
    assert both.count("| a fact |  |  | – |  |  | full |") == 2
    assert "**Failed**: out of bounds (exit status 1)" in both
    assert "Not run: `--only long` does it. Its figures: [LONG.md](LONG.md)." in both

    runner.main(["--quick", "--only", "well"])
    assert page.read_text() == both, "a quick look wrote the page"
    assert "small sizes for a quick look" in capfd.readouterr().out

    runner.main(["--only", "well"])
    before, after = (text.partition("## ill")[2] for text in (both, page.read_text()))
    assert before == after
    assert before
