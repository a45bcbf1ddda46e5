"""The same analysis once more: what the workbench keeps, and what the second time still costs.

Docstrings to vectors, neighbours, map with its quality, clusters, heatmap and report, with an
empty cache; then the same in a new process, and once more in that process. Nothing is encoded or
laid out again. Prints the ratio of the wall times (first by second), and the second's CPU seconds
by stage: the projection aside, they are to stay below 5, imports not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _results import Result, report

MODEL = "all-MiniLM-L6-v2"
CELLS = 2000  # texts of the heatmap


def job(n: int, output: Path) -> dict[str, float]:
    """Do it all, and return the CPU seconds of each stage."""
    os.environ["WORKBENCH_RESULTS_MB"] = (
        "1000"  # the default, which the other benchmarks switch off
    )
    import workbench as wb
    from workbench import views
    from workbench.analysis.neighbors import SHARED_NEIGHBORS

    spent: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        made = work()
        spent[name] = time.process_time() - start
        return made

    corpus = timed("texts", lambda: wb.samples.python_docs(n))
    vectors = timed("vectors", lambda: wb.embed(corpus, MODEL, progress=False))
    near = timed("neighbours", lambda: wb.nearest_neighbors(vectors, SHARED_NEIGHBORS))
    plane = timed("projection", lambda: wb.project(vectors, neighbors=near))
    quality = timed("map quality", lambda: wb.map_quality(plane, neighbors=near))
    found = timed("clusters", lambda: wb.cluster(vectors, neighbors=near))

    def figures() -> list[views.View]:
        sample = vectors.sample(min(CELLS, n))
        cells = wb.similarity_matrix(sample)
        heatmap = views.heatmap_view(cells, order="similarity", sampled_from=corpus)
        return [views.view_of(quality), views.view_of(found), heatmap]

    drawn = timed("figures", figures)
    timed("report", lambda: wb.write_report(output, drawn))
    return spent


def run(n: int, cache: Path, times: int) -> tuple[float, list[dict[str, float]]]:
    """Return how long a fresh process takes, and the stages of each time that it does the job."""
    command = [sys.executable, __file__, "--texts", str(n), "--job", str(cache / "report.html")]
    given = {**os.environ, "WORKBENCH_CACHE": str(cache)}
    start = time.perf_counter()
    done = subprocess.run(
        [*command, "--times", str(times)], env=given, stdout=subprocess.PIPE, text=True
    )
    taken = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"The job ended with exit status {done.returncode}.")
    return taken, json.loads(done.stdout.splitlines()[-1])


def told(stages: dict[str, float]) -> str:
    rest = sum(stages.values()) - stages["projection"]
    each = ", ".join(f"{name} {spent:.1f}" for name, spent in stages.items())
    return f"CPU seconds but the projection: {rest:.1f}; {each}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--job", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--times", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        print(json.dumps([job(options.texts, options.job) for _ in range(options.times)]))
        return
    with tempfile.TemporaryDirectory() as folder:
        first, (stages,) = run(options.texts, Path(folder), 1)
        again = [run(options.texts, Path(folder), 1) for _ in range(3)]
        _, (_, warm) = run(options.texts, Path(folder), 2)
    pairs = [(first, taken) for taken, _ in again]
    sizes = f"{options.texts:,} docstrings, {MODEL}"
    report(Result.of_pairs("texts to report, again", "the first time", sizes, pairs))
    report(Result("the first time", sizes=sizes, note=told(stages)))
    report(Result("again, in a fresh process", sizes=sizes, note=told(again[-1][1][0])))
    report(Result("again, in the same process", sizes=sizes, note=told(warm)))


if __name__ == "__main__":
    main()
