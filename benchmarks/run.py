"""Run the benchmarks, each in a fresh process, and write what they found into RESULTS.md.

A benchmark that fails is listed as failed, with what it had found by then, and this ends with 1.
Sections of benchmarks that did not run this time stay as they are. ``--quick`` takes small sizes,
to see that all of them work: it prints the page, and writes it only where ``--output`` says.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from _results import ROWS_FILE, Result, page, rows_in, section

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Benchmark:
    """A script with its options.

    Parameters
    ----------
    name
        What ``--only`` and RESULTS.md call it.
    options, quick
        What the script is given; with ``--quick``, the second instead.
    script
        The file, where it is not called as the benchmark.
    elsewhere
        Where its figures stand, if not in RESULTS.md: it then runs only by its name.
    """

    name: str
    options: str = ""
    quick: str = ""
    script: str = ""
    elsewhere: str = ""

    @property
    def file(self) -> Path:
        """The script."""
        return HERE / f"{self.script or self.name}.py"


BENCHMARKS = (
    Benchmark("whole_job", "", "--texts 300"),
    Benchmark("again", "", "--texts 600"),
    Benchmark("encode", "", "--texts 60 --pairs 2"),
    Benchmark("store", "", "--texts 60 --pairs 2"),
    Benchmark("neighbors", "", "--texts 1000 --pairs 2"),
    Benchmark("projection", "--pairs 5", "--texts 400 --cold-texts 300 --pairs 1"),
    Benchmark("paraphrases", "--rounds 5", "--texts 500 --copies 100 --rounds 1"),
    Benchmark("first_map", "--rounds 5", "--texts 300 --rounds 1"),
    Benchmark("first_map_20k", "--texts 20000 --rounds 1", "--texts 600 --rounds 1", "first_map"),
    Benchmark("heatmap", "", "--texts 300 --rounds 1"),
    Benchmark("picture", "", "--report 600 --map 600 --matrix 300 --rounds 1"),
    Benchmark("bootstrap", "--pairs 5", "--examples 200 --resamples 1000 --pairs 1"),
    Benchmark("compare", "", "--texts 600"),
    Benchmark("serving", "--rounds 5", "--clients 1 --rounds 1 --seconds 1"),
    Benchmark("growth", "--largest", "--sizes 300 1000 --memory-texts 3000"),
    Benchmark("judged_pairs", "", "--repetitions 5"),
    Benchmark("calibration", "", "--repetitions 5 --examples 30", elsewhere="CALIBRATION.md"),
)
LIBRARIES = (
    *("numpy", "scipy", "scikit-learn", "torch", "sentence-transformers", "umap-learn", "plotly"),
    *("openvino", "nncf", "scranpy", "mlflow", "bertopic", "embedding-atlas"),
)


def machine() -> str:
    """Return what the benchmarks run on, and the versions of the libraries in them."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = [f"Python {platform.python_version()}"]
    for name in LIBRARIES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{name} not installed")
    cpu = models[0] if models else platform.processor() or platform.machine()
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GiB; {', '.join(versions)}"


def run(benchmark: Benchmark, options: str) -> tuple[list[Result], str]:
    """Return what a script finds in a fresh process, and how it failed, if it did."""
    with tempfile.TemporaryDirectory() as folder:
        rows, complaints = Path(folder, "rows.jsonl"), Path(folder, "stderr")
        command = [sys.executable, str(benchmark.file), *shlex.split(options)]
        with complaints.open("w") as stderr:
            done = subprocess.run(command, env={**os.environ, ROWS_FILE: str(rows)}, stderr=stderr)
        if not done.returncode:
            return rows_in(rows), ""
        said = complaints.read_text(errors="replace")
        print(said, file=sys.stderr)
        last = said.strip().splitlines()[-1:] or ["it said nothing"]
        return rows_in(rows), f"{last[0]} (exit status {done.returncode})"


def renewed(benchmark: Benchmark, quick: bool) -> tuple[str, bool]:
    """Return a benchmark's section after a run, and whether all went well."""
    options = benchmark.quick if quick else benchmark.options
    print(f"\n== {' '.join([benchmark.name, options]).strip()}", flush=True)
    start, load = time.perf_counter(), os.getloadavg()[0]
    rows, failed = run(benchmark, options)
    command = " ".join(["python", f"benchmarks/{benchmark.file.name}", options]).strip()
    made = (
        f"{date.today()}, `{command}`, {time.perf_counter() - start:.0f} s"
        f"{', small sizes for a quick look' if quick else ''}. {machine()}; "
        f"load at the start {load:.1f}."
    )
    return section(benchmark.name, rows, made=made, failed=failed), not failed


def unrun(benchmark: Benchmark) -> str:
    """Return the section of a benchmark that runs only by its name."""
    name, place = benchmark.name, benchmark.elsewhere
    return f"## {name}\n\nNot run: `--only {name}` does it. Its figures: [{place}]({place}).\n"


def main(arguments: Sequence[str] | None = None) -> None:
    names = [benchmark.name for benchmark in BENCHMARKS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--output", type=Path, help="default: RESULTS.md beside this script")
    options = parser.parse_args(arguments)
    chosen = options.only or [one.name for one in BENCHMARKS if not one.elsewhere]
    file = options.output or (None if options.quick else HERE / "RESULTS.md")
    new = {} if options.only else {one.name: unrun(one) for one in BENCHMARKS if one.elsewhere}
    failed = []
    for benchmark in (one for one in BENCHMARKS if one.name in chosen):
        new[benchmark.name], well = renewed(benchmark, options.quick)
        failed += [] if well else [benchmark.name]
        if file is not None:  # after each, so that an interrupted run leaves what it found
            old = file.read_text(encoding="utf-8") if file.exists() else ""
            file.write_text(page(old, new, names), encoding="utf-8")
    print(f"\n{page('', new, names)}" if file is None else f"\n{file}")
    if failed:
        raise SystemExit(f"Failed: {', '.join(failed)}.")


if __name__ == "__main__":
    main()
