"""Projection: a first UMAP map in a fresh process, and t-SNE, each against its reference.

The vectors are at hand. Cold: imports and compilation included, of the workbench and of umap-learn
as it comes, each in fresh processes in turn; numba's cache on disk is what earlier maps left, and
umap-learn does not use one for its layout. The very first: that cache is empty for both, once.
t-SNE: on the same exact neighbours, which are counted for both. Prints medians of the ratios (above
1: ours is faster) and the maps' trustworthiness.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from _results import Result, report

import workbench as wb
from workbench._arrays import FloatArray
from workbench.analysis._tsne import (
    TsneSettings,
    tsne_by_scikit_learn,
    tsne_by_scranpy,
    uses_scranpy,
)
from workbench.analysis.quality import trustworthiness
from workbench.analysis.reduction import reduce_pca
from workbench.embeddings import Embeddings

OURS = """
import time; started = time.perf_counter()
def said(what):
    global started
    print(f"{what}\\t{time.perf_counter() - started}"); started = time.perf_counter()
import numpy as np, workbench as wb
vectors = np.load("vectors.npy")
embeddings = wb.Embeddings.from_array(vectors, [str(row) for row in range(len(vectors))])
wb.nearest_neighbors; said("import workbench")
neighbors = wb.nearest_neighbors(embeddings); said("neighbours")
import umap; said("import umap-learn")
projection = wb.project(embeddings, neighbors=neighbors); said("layout and trustworthiness")
np.save("ours.npy", projection.coordinates)
"""
THEIRS = """
import warnings; warnings.simplefilter("ignore")
import numpy as np, umap
np.save("theirs.npy", umap.UMAP().fit_transform(np.load("vectors.npy")))
"""


def run(code: str, folder: str, **environment: str) -> tuple[float, list[str]]:
    """Return how long a fresh process takes, and the lines that it prints."""
    command = [sys.executable, "-c", code]
    given = {**os.environ, **environment}
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=given, capture_output=True, text=True, check=True
    )
    return time.perf_counter() - start, done.stdout.splitlines()


def cold(embeddings: Embeddings, pairs: int) -> None:
    """Compare first maps in fresh processes."""
    with TemporaryDirectory() as folder:
        np.save(Path(folder) / "vectors.npy", embeddings.unit())
        first, against = "first UMAP map in a fresh process", "umap-learn's defaults"
        with TemporaryDirectory() as one, TemporaryDirectory() as other:
            theirs, _ = run(THEIRS, folder, NUMBA_CACHE_DIR=one)
            ours, _ = run(OURS, folder, NUMBA_CACHE_DIR=other)
        what = f"{first}, the very first on a machine"
        report(Result.of_pairs(what, against, sizes(embeddings), [(theirs, ours)]))
        run(OURS, folder)  # numba's cache: what the first map ever leaves
        timed, items = [], []
        for _ in range(pairs):
            theirs, _ = run(THEIRS, folder)
            ours, lines = run(OURS, folder)
            timed.append((theirs, ours))
            items.append({name: float(s) for name, s in (line.split("\t") for line in lines)})
        medians = {name: statistics.median(item[name] for item in items) for name in items[0]}
        trusts = [
            trustworthiness(embeddings.unit(), np.load(Path(folder) / file), 15, random_state=0)
            for file in ("theirs.npy", "ours.npy")
        ]
        items_said = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in medians.items())
        note = f"{told(trusts)}; of ours: {items_said}"
        report(Result.of_pairs(first, against, sizes(embeddings), timed, note=note))


def tsne(embeddings: Embeddings, pairs: int) -> None:
    """Compare t-SNE as it is installed here with scikit-learn's."""
    if not uses_scranpy():
        report(Result.not_run("t-SNE", "scikit-learn's", "the extra fast (scranpy)"))
        return
    settings = TsneSettings(30.0, 12.0, 1_000, random_state=0)
    start = reduce_pca(embeddings.unit(), 2, 0).coordinates

    def layout(name: str) -> FloatArray:
        near = wb.nearest_neighbors(embeddings, 91)
        chords = np.sqrt(2.0 * np.maximum(near.distances, 0.0))
        if name == "scranpy":
            return tsne_by_scranpy(near.indices, chords, settings)
        return tsne_by_scikit_learn(near.indices, chords, settings, start)

    timed, made = [], {}
    for _ in range(pairs):
        seconds = []
        for name in ("scikit-learn", "scranpy"):
            begun = time.perf_counter()
            made[name] = layout(name)
            seconds.append(time.perf_counter() - begun)
        timed.append((seconds[0], seconds[1]))
    trusts = [
        trustworthiness(embeddings.unit(), found, 15, random_state=0) for found in made.values()
    ]
    what = "t-SNE on exact neighbours, these included"
    against = "scikit-learn's on the same"
    report(Result.of_pairs(what, against, sizes(embeddings), timed, note=told(trusts)))


def sizes(embeddings: Embeddings) -> str:
    """Return how much is laid out."""
    return f"{len(embeddings):,} × {embeddings.vectors.shape[1]}"


def told(trusts: list[float]) -> str:
    """Return both trustworthinesses."""
    return "trustworthiness, theirs and ours: " + ", ".join(f"{trust:.3f}" for trust in trusts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    parser.add_argument("--texts", type=int, default=5_000, help="for t-SNE")
    parser.add_argument("--cold-texts", type=int, default=1_000, help="for the first map")
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    most = max(options.texts, options.cold_texts)
    embeddings = wb.embed(wb.samples.python_docs(most), options.model, progress=False)
    cold(embeddings.take(range(min(options.cold_texts, len(embeddings)))), options.pairs)
    tsne(embeddings.take(range(min(options.texts, len(embeddings)))), options.pairs)


if __name__ == "__main__":
    main()
