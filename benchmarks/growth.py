"""How each stage grows with the texts, and what the exact neighbours of many need in memory.

Each size runs in a fresh process: a CSV of made-up texts, vectors of 384 dimensions around
centres (looked up by an encoder of one's own, so nothing is encoded), and every stage after it.
Stages below a second are run three times (the page once), and the median counts; what numba
compiles is compiled before. Prints for each stage the exponent (the least-squares slope of log time
over log n) and the peak memory of the process by then, at the largest size.

Then the exact neighbours of ``--memory-texts``, in a process of their own: it ends with 1 where the
peak is above ``MOST_MB``.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from _results import Result, report, shown
from neighbors import clustered, seconds
from numpy.typing import NDArray

import workbench as wb
from workbench.analysis.keywords import class_keywords
from workbench.embeddings import EmbeddingStore
from workbench.models import ModelSpec
from workbench.page import packed
from workbench.views import MOST_TEXTS, heatmap_view

DIMENSIONS, NEIGHBORS, VECTORS = 384, 15, "vectors.npy"
SIZES, LARGEST = (1000, 3000, 10_000), (30_000, 100_000)
MEMORY_TEXTS = 100_000
MOST_MB = 1227.0  # 1.5 × the 818 MB measured on 2026-11-27, libraries and vectors included
AGAIN = 1.0  # seconds: stages below it are run three times
_T = TypeVar("_T")


class Lookup:
    """An encoder of one's own: a text says in its first word which row is its vector."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self.vectors = vectors
        name = f"looked up, {len(vectors)}"
        self.spec = ModelSpec(name=name, family="custom", revision="1", dimension=DIMENSIONS)

    def encode(self, texts: Sequence[str], /, batch_size: int = 32, **_: Any) -> Any:
        """Return the vectors of texts."""
        return self.vectors[[int(text.split(maxsplit=1)[0]) for text in texts]]


def texts_of(n: int) -> list[str]:
    """Return n short texts of words as frequent as words are (Zipf)."""
    rng = np.random.default_rng(1)
    words = np.minimum(rng.zipf(1.3, size=(n, 8)), 20_000)
    return [
        " ".join([str(row), *(f"word{word}" for word in line)]) for row, line in enumerate(words)
    ]


def peak_mb() -> float:
    """Return the most memory that this process has had resident until now."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage counts, on Linux, what the parent had when it started this
        (line,) = (row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


class Stages:
    """The seconds of each stage, and the peak memory by its end."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[float, float]] = {}

    def run(self, name: str, work: Callable[[], _T], most: int = 3) -> _T:
        """Do a stage, ``most`` times where it is short, and return what it gives."""
        made: list[_T] = []
        taken = [seconds(lambda: made.append(work()))]
        while taken[0] < AGAIN and len(taken) < most:
            made.clear()
            taken.append(seconds(lambda: made.append(work())))
        self.found[name] = statistics.median(taken), peak_mb()
        return made[0]


def measured(n: int, folder: Path) -> dict[str, tuple[float, float]]:
    """Return all stages of n texts."""
    compiled = wb.Embeddings.from_array(clustered(200, DIMENSIONS), texts_of(200))
    wb.write_report(folder / "small.html", [wb.project(compiled), wb.cluster(compiled)])
    table, stages = folder / "texts.csv", Stages()
    table.write_text("\n".join(["text", *texts_of(n)]) + "\n")
    encoder, store = Lookup(np.load(folder / VECTORS)), EmbeddingStore(folder / "store")
    wb.embed(wb.read_corpus(table, text="text"), encoder, store=store, progress=False)

    corpus = stages.run("read CSV", lambda: wb.read_corpus(table, text="text"))
    vectors = stages.run(
        "embed, warm store", lambda: wb.embed(corpus, encoder, store=store, progress=False)
    )
    near = stages.run("exact neighbours", lambda: wb.nearest_neighbors(vectors, NEIGHBORS))
    drawn = stages.run("UMAP map", lambda: wb.project(vectors, neighbors=near))
    found = stages.run("clusters with keywords", lambda: wb.cluster(vectors, neighbors=near))
    stages.run("keywords alone", lambda: class_keywords(corpus.texts, found.labels))
    matrix = wb.similarity_matrix(vectors.sample(MOST_TEXTS))
    heatmap = stages.run(
        f"heatmap of at most {MOST_TEXTS:,}", lambda: heatmap_view(matrix, sampled_from=corpus)
    )
    stages.run("its payload", lambda: packed(heatmap.to_json()))
    shown_values = [drawn, found, heatmap]  # once: what is measured of a map is kept with it
    stages.run("report page", lambda: wb.write_report(folder / "all.html", shown_values), most=1)
    return stages.found


def neighbors_peak(n: int, folder: Path) -> dict[str, tuple[float, float]]:
    """Return what the exact neighbours of n texts take."""
    embeddings = wb.Embeddings.from_array(np.load(folder / VECTORS), texts_of(n))
    before = peak_mb()
    taken = seconds(lambda: wb.nearest_neighbors(embeddings, NEIGHBORS))
    return {"before": (0.0, before), "exact neighbours": (taken, peak_mb())}


MEASURES = {"stages": measured, "neighbors": neighbors_peak}


def in_fresh_process(what: str, n: int) -> dict[str, tuple[float, float]]:
    """Return what a process of its own measures."""
    with tempfile.TemporaryDirectory() as folder:
        # Made here: what that needs is no part of the peak there.
        np.save(Path(folder, VECTORS), clustered(n, DIMENSIONS))
        command = [sys.executable, __file__, "--measure", what, folder, "--sizes", str(n)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{what} of {n:,} texts ended with exit status {done.returncode}.")
    found: dict[str, tuple[float, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def exponent(sizes: Sequence[int], taken: Sequence[float]) -> float:
    """Return the slope of log time over log n."""
    return float(np.polyfit(np.log(sizes), np.log(taken), 1)[0])


def report_growth(sizes: list[int]) -> None:
    """Measure all sizes and report a row per stage."""
    by_size = [in_fresh_process("stages", n) for n in sizes]
    said = ", ".join(f"{n:,}" for n in sizes) + f" × {DIMENSIONS}"
    for stage in by_size[0]:
        taken = [found[stage][0] for found in by_size]
        note = f"{', '.join(shown(one) for one in taken)} s; "
        if len(sizes) > 1:
            note = f"exponent {exponent(sizes, taken):.2f}; {note}"
        note += f"peak memory of the process by then {by_size[-1][stage][1]:,.0f} MB"
        report(Result(stage, sizes=said, note=note))


def report_memory(n: int) -> None:
    """Report the peak memory of exact neighbours, and fail where it is above the bound."""
    found = in_fresh_process("neighbors", n)
    taken, peak = found["exact neighbours"]
    note = (
        f"peak memory of the process {peak:,.0f} MB, {found['before'][1]:,.0f} MB of it before "
        f"(libraries, texts, vectors); {taken:,.0f} s; bound at {MEMORY_TEXTS:,}: "
        f"{MOST_MB:,.0f} MB"
    )
    report(Result("memory of exact neighbours", sizes=f"{n:,} × {DIMENSIONS}", note=note))
    if n <= MEMORY_TEXTS and peak > MOST_MB:
        raise SystemExit(
            f"Exact neighbours of {n:,} texts took {peak:,.0f} MB, above {MOST_MB:,.0f}."
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--largest", action="store_true", help=f"also {LARGEST}")
    parser.add_argument("--memory-texts", type=int, default=MEMORY_TEXTS, help="0: leave it out")
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        what, folder = options.measure
        (n,) = options.sizes
        print(json.dumps(MEASURES[what](n, Path(folder))))
        return
    report_growth(options.sizes + (list(LARGEST) if options.largest else []))
    if options.memory_texts:
        report_memory(options.memory_texts)


if __name__ == "__main__":
    main()
