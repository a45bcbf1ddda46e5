"""The whole job: a CSV of texts to a page of figures, against the same done by hand.

Ours is ``workbench report`` with three models and an empty store. By hand: the same three models'
vectors by sentence-transformers and scikit-learn, BERTopic's default topics and map of the first
(its steps by umap-learn and scikit-learn where bertopic is not installed), one scatter and one
heatmap by plotly. Each run is a fresh process, and they take turns; our cache holds the static
model and nothing else, so that what is made at a first use is in our time. Ours does more: it
compares the models, makes map, clusters and heatmap of each of them, and measures the maps.

Prints the ratio of the wall times (above 1: the workbench is faster) and the seconds by stage.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _first_maps import installed
from _results import Result, report

import workbench as wb
from workbench._cache import cache_folder
from workbench.models import load_encoder
from workbench.models.registry import minilm_folder

JOBS = Path(__file__).with_name("_whole_jobs.py")
STATIC = Path("models", "minilm-static-v1")  # in the cache: made once, and needed by both
NOTE = "ours: map, clusters and heatmap of each model, and their comparison; theirs: of one model"


def job(name: str, table: Path) -> tuple[float, str, dict[str, float]]:
    """Return how long a job takes in a fresh process, how it was done, and its stages.

    The cache holds the static model alone.
    """
    with tempfile.TemporaryDirectory() as folder:
        cache, output = Path(folder, "cache"), Path(folder, "report.html")
        shutil.copytree(cache_folder() / STATIC, cache / STATIC)
        command = [sys.executable, str(JOBS), name, str(table), str(output)]
        command += ["--dense", str(minilm_folder()), "--static", str(cache / STATIC)]
        environment = {
            **os.environ,
            "WORKBENCH_CACHE": str(cache),
            "WORKBENCH_RESULTS_MB": "1000",  # the default: of the cache just made
        }
        start = time.perf_counter()
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL)
        taken = time.perf_counter() - start
        if done.returncode:
            raise SystemExit(f"{name} ended with exit status {done.returncode}.")
        said = json.loads(output.with_suffix(".json").read_text(encoding="utf-8"))
    return taken, said["how"], said["stages"]


def told(stages: dict[str, float]) -> str:
    """Return the stages' seconds, the longest first."""
    ordered = sorted(stages.items(), key=lambda stage: -stage[1])
    return ", ".join(f"{name} {taken:.1f}" for name, taken in ordered if taken >= 0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=1)
    options = parser.parse_args()
    load_encoder("minilm-static")  # made and kept before the clock starts
    corpus = wb.samples.python_docs(options.texts)
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "texts.csv")
        corpus.to_frame()[["text"]].to_csv(table, index=False)
        for _ in range(options.pairs):
            runs.append([job(name, table) for name in ("by-hand", "workbench")])
    (_, how, theirs), (_, _, ours) = runs[-1]
    pairs = [(their[0], own[0]) for their, own in runs]
    sizes, against = (
        f"{len(corpus):,} docstrings, 3 models",
        f"by hand: sentence-transformers, {how}, plotly",
    )
    report(Result.of_pairs("CSV to report", against, sizes, pairs, note=NOTE))
    report(Result("seconds by stage, workbench", sizes=sizes, note=told(ours)))
    report(Result("seconds by stage, by hand", sizes=sizes, note=told(theirs)))
    if not installed("bertopic"):
        report(
            Result.not_run("CSV to report", "by hand with BERTopic", "BERTopic (the extra `bench`)")
        )


if __name__ == "__main__":
    main()
