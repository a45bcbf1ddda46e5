"""Time to a first map and to the next: embedding-atlas and BERTopic against the workbench.

All get the same vectors and run in turn, each as it comes. Cold: a fresh process, its imports and
compilation included. Warm: the same once more in that process. Next: another ``min_dist``, for
which the workbench has its neighbours at hand and the others start over.

Prints medians of rounds, and the median of each round's ratio (above 1: the workbench is faster).
Beside them the maps' trustworthiness, measured alike for all: speed could be bought with it.
Needs ``embedding-atlas`` and ``bertopic``, the extra ``bench``; one that is missing is left out.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from collections import defaultdict
from importlib.util import find_spec
from multiprocessing.connection import Connection

import numpy as np
from _first_maps import TOOLS, Floats, Made

MODULES = {"embedding-atlas": "embedding_atlas", "BERTopic": "bertopic"}
OURS = {"embedding-atlas": "workbench", "BERTopic": "workbench, clusters"}
PHASES = {"cold": "cold: first map", "warm": "warm: first map", "next": "warm: next map"}
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
        """Return the tool's ``first`` map, or the one it makes ``again``."""
        self.connection.send(action)
        made: Made = self.connection.recv()
        return made

    def close(self) -> None:
        """End the process."""
        self.connection.send("")
        self.process.join()


class Times:
    """Seconds by tool and phase, in the order of rounds; and each tool's last map."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.made: dict[tuple[str, str], Made] = {}

    def add(self, name: str, phase: str, started: float, made: Made) -> None:
        """Note a map that is made by now."""
        self.seconds[name, phase].append(time.perf_counter() - started)
        self.made[name, phase] = made


def measured(names: list[str], texts: list[str], vectors: Floats, rounds: int) -> Times:
    """Return how long everything takes: tools in turn, processes fresh in each cold round."""
    times = Times()
    workers: dict[str, Worker] = {}
    for _ in range(rounds):
        for name in names:
            if name in workers:
                workers.pop(name).close()
            started = time.perf_counter()
            workers[name] = Worker(name, texts, vectors)
            times.add(name, "cold", started, workers[name].make("first"))
    for name in names:
        workers[name].make("again")  # compiled now, if anything is left to be
    for _ in range(rounds):
        for phase, action in (("warm", "first"), ("next", "again")):
            for name, worker in workers.items():
                started = time.perf_counter()
                times.add(name, phase, started, worker.make(action))
    for worker in workers.values():
        worker.close()
    return times


def trust(vectors: Floats, made: Made) -> float:
    """Return scikit-learn's trustworthiness by cosine, of one fixed sample."""
    from sklearn.manifold import trustworthiness

    n = len(vectors)
    rows = np.random.default_rng(0).permutation(n)[:ROWS]
    found = trustworthiness(
        vectors[rows], made.coordinates[rows], n_neighbors=NEIGHBORS, metric="cosine"
    )
    return float(found)


def show(times: Times, vectors: Floats, tools: list[str]) -> None:
    """Print a line per phase and other tool, and one per clustering."""
    print(f"{'':44}{'theirs':>9} {'ours':>9} {'ratio':>7}  trustworthiness")
    for phase, what in PHASES.items():
        for tool in tools:
            # Nothing is clustered for the next map: then ours is the same for both.
            both = [(name, phase) for name in (tool, OURS[tool])]
            pairs = list(zip(*(times.seconds[one] for one in both), strict=True))
            theirs, ours = (statistics.median(one) for one in zip(*pairs, strict=True))
            ratio = statistics.median(their / own for their, own in pairs)
            quality = " and ".join(f"{trust(vectors, times.made[one]):.3f}" for one in both)
            kind = " and clusters" if tool == "BERTopic" and phase != "next" else ""
            label = f"{what}{kind}, {tool}"
            print(f"{label:44}{theirs:7.2f} s {ours:7.2f} s {ratio:7.2f}  {quality}")
    for (name, phase), made in times.made.items():
        if phase == "warm" and made.clusters.size:
            count, apart = made.clusters.max() + 1, (made.clusters < 0).mean()
            print(f"{name}: {count} clusters, {apart:.0%} unclustered")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="all-MiniLM-L6-v2")
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    tools = [tool for tool, module in MODULES.items() if find_spec(module)]
    for missing in (tool for tool in MODULES if tool not in tools):
        print(f"{missing}: not installed. Install the extra: pip install --editable '.[bench]'")
    if not tools:
        return
    import workbench as wb

    embeddings = wb.embed(wb.samples.python_docs(options.texts), options.model, progress=False)
    vectors, texts = embeddings.unit(), list(embeddings.corpus.texts)
    names = [name for tool in tools for name in (tool, OURS[tool])]
    times = measured(names, texts, vectors, options.rounds)
    print(f"{embeddings.title()}, {len(texts):,} × {vectors.shape[1]}, rounds: {options.rounds}")
    show(times, vectors, tools)


if __name__ == "__main__":
    main()
