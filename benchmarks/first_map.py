"""Time to a first map and to the next: embedding-atlas and BERTopic against the workbench.

All get the same vectors and run in turn, each as it comes. Cold: a fresh process, its imports and
compilation included. Warm: the same once more in that process. Next map: another ``min_dist``,
for which the workbench has its neighbours at hand and the others start over. The workbench's maps
are seeded, which keeps UMAP on one core, and clusters are found beside it on the other; "seeded" is
embedding-atlas told to do the same.

Prints medians of rounds, and the median of each round's ratio (above 1: the workbench is faster).
Beside them the maps' trustworthiness, measured alike for all: speed could be bought with it.
Needs ``embedding-atlas`` and ``bertopic``, the extra ``bench``; what is missing is said. Where that
is ``bertopic``, "by hand" stands in for it: its steps with umap-learn and scikit-learn.
Takes about 7 minutes, most of them numba's compiling in the fresh processes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections import defaultdict
from multiprocessing.connection import Connection

import numpy as np
from _first_maps import TOOLS, Floats, Made, installed
from _results import Result, report

MODULES = {"embedding-atlas": "embedding_atlas", "BERTopic": "bertopic", "by hand": "umap"}
ATLAS, BERTOPIC, BY_HAND = MODULES
OURS, BOTH = "workbench", "workbench, both"
LINES = (  # what is said, of whom, when, and what of ours it is held against
    ("cold: first map", ATLAS, "cold first", OURS, "cold first"),
    ("cold: first map and clusters", BERTOPIC, "cold first", BOTH, "cold first"),
    ("warm: first map", ATLAS, "first", OURS, "first"),
    ("warm: first map, seeded", ATLAS, "seeded", OURS, "first"),
    ("warm: first map and clusters", BERTOPIC, "first", BOTH, "first"),
    ("warm: next map", ATLAS, "again", OURS, "again"),
    ("warm: next map", BERTOPIC, "again", OURS, "again"),
    ("cold: first map and clusters", BY_HAND, "cold first", BOTH, "cold first"),
    ("warm: first map and clusters", BY_HAND, "first", BOTH, "first"),
    ("warm: next map", BY_HAND, "again", OURS, "again"),
)
STEPS = ("first", "seeded", "again")
ROWS, NEIGHBORS = 2000, 15  # trustworthiness: of at most so many texts, over so many neighbours


def serve(connection: Connection, name: str, texts: list[str], vectors: Floats) -> None:
    """Make a map whenever told to; runs in a process of its own."""
    tool = TOOLS[name](texts, vectors)
    while action := connection.recv():
        connection.send(getattr(tool, action)())


class Worker:
    """A fresh process with one tool in it."""

    def __init__(self, name: str, texts: list[str], vectors: Floats) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, name, texts, vectors))
        self.process.start()
        theirs.close()  # so that recv ends with an error if the process dies

    def make(self, action: str) -> Made:
        """Return the map that a method of the tool makes: ``first``, ``again``, ``seeded``."""
        self.connection.send(action)
        made: Made = self.connection.recv()
        return made

    def close(self) -> None:
        """End the process."""
        self.connection.send("")
        self.process.join()


class Times:
    """Seconds by tool and action, in the order of rounds; and each one's last map."""

    def __init__(self, tools: list[str]) -> None:
        lines = [line for line in LINES if line[1] in tools]
        self.wanted = {(tool, when) for tool in (OURS, BOTH) for when in ("cold first", "first")}
        self.wanted |= {(tool, theirs) for _, tool, theirs, *_ in lines}
        self.wanted |= {(tool, ours) for *_, tool, ours in lines}
        self.seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.made: dict[tuple[str, str], Made] = {}

    def take(self, name: str, worker: Worker, action: str, start: float, when: str = "") -> None:
        """Let a tool do something, if it is wanted, and note how long that took."""
        key = name, when + action
        if key in self.wanted:
            self.made[key] = worker.make(action)
            self.seconds[key].append(time.perf_counter() - start)


def measured(tools: list[str], texts: list[str], vectors: Floats, rounds: int) -> Times:
    """Return how long everything takes: tools in turn, processes fresh in each cold round."""
    times = Times(tools)
    workers: dict[str, Worker] = {}
    for _ in range(rounds):
        for name in (name for name in TOOLS if name in (*tools, OURS, BOTH)):
            if name in workers:
                workers.pop(name).close()
            start = time.perf_counter()
            workers[name] = Worker(name, texts, vectors)
            times.take(name, workers[name], "first", start, "cold ")
    if ATLAS in workers:
        workers[ATLAS].make("seeded")  # compiled for one core
    for _ in range(rounds):
        for action in STEPS:
            for name, worker in workers.items():
                times.take(name, worker, action, time.perf_counter())
    for worker in workers.values():
        worker.close()
    return times


def trust(vectors: Floats, made: Made) -> float:
    """Return scikit-learn's trustworthiness by cosine, of one fixed sample."""
    from sklearn.manifold import trustworthiness

    rows = np.random.default_rng(0).permutation(len(vectors))[:ROWS]
    places = made.coordinates[rows]
    return float(trustworthiness(vectors[rows], places, n_neighbors=NEIGHBORS, metric="cosine"))


def show(times: Times, vectors: Floats, sizes: str) -> None:
    """Report a line per comparison, with the trustworthiness and the clusters of both maps."""
    trusts = {key: trust(vectors, made) for key, made in times.made.items()}
    for what, tool, when, own, ours in LINES:
        both = [(tool, when), (own, ours)]
        if both[0] not in times.made:
            continue
        pairs = list(zip(*(times.seconds[key] for key in both), strict=True))
        note = "trustworthiness (theirs, ours) " + ", ".join(f"{trusts[key]:.3f}" for key in both)
        made = [times.made[key].clusters for key in both]
        if all(clusters.size for clusters in made):
            note += "; clusters " + ", ".join(
                f"{clusters.max() + 1} ({(clusters < 0).mean():.0%} of the texts in none)"
                for clusters in made
            )
        report(Result.of_pairs(what, tool, sizes, pairs, note=note))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", nargs="+", choices=MODULES)
    options = parser.parse_args()
    stand_in = [] if installed(MODULES[BERTOPIC]) else [BY_HAND]
    wanted = options.against or [ATLAS, BERTOPIC, *stand_in]
    tools = [tool for tool in wanted if installed(MODULES[tool])]
    for missing in (tool for tool in wanted if tool not in tools):
        report(Result.not_run("first map", missing, f"{missing} (the extra `bench`)"))
    if not tools:
        return
    import workbench as wb

    embeddings = wb.embed(wb.samples.python_docs(options.texts), options.model, progress=False)
    vectors, texts = embeddings.unit(), list(embeddings.corpus.texts)
    times = measured(tools, texts, vectors, options.rounds)
    show(times, vectors, f"{len(texts):,} docstrings, {embeddings.spec.title()}")


if __name__ == "__main__":
    main()
