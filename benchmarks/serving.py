"""Serving: EmbeddingModel against the plain logged flavor, each behind an MLflow server.

Clients ask for the vector of one support ticket at a time, as fast as they are answered. Both
servers are up at once and asked in turns, so that whatever else the machine does falls on both.
Prints requests per second, the median and the 95th percentile of the time of an answer, and the
median ratio of the requests per second: above 1, ours is faster. The answers must be the same
vectors. Ends at the first error.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass, field

import numpy as np
from _results import Result, report

from workbench.corpus import samples
from workbench.models import load_encoder
from workbench.serving import EmbeddingModel, Server, serve
from workbench.tracking import track


@dataclass
class Load:
    """What some clients saw in one turn."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds


def ask(url: str, text: str) -> list[float]:
    """Return the vector that a server gives a text."""
    request = urllib.request.Request(
        f"{url}/invocations",
        json.dumps({"inputs": [text]}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found = json.loads(answer.read())["predictions"]
    return [float(number) for number in found[0]]


def load(url: str, texts: list[str], clients: int, seconds: float) -> Load:
    """Let some clients ask for some seconds."""
    turn, lock = Load(), threading.Lock()
    end = time.perf_counter() + seconds

    def client(first: int) -> None:
        number = first
        while time.perf_counter() < end and not turn.errors:
            start = time.perf_counter()
            try:
                vector = ask(url, texts[number % len(texts)])
                assert len(vector) == 384, len(vector)
            except Exception as error:  # whatever goes wrong is what is looked for
                with lock:
                    turn.errors.append(f"{type(error).__name__}: {error}")
                return
            with lock:
                turn.latencies.append(time.perf_counter() - start)
            number += clients

    start = time.perf_counter()
    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turn.seconds = time.perf_counter() - start
    return turn


def check_same(ours: Server, theirs: Server, texts: list[str]) -> None:
    for text in texts[:5]:
        np.testing.assert_allclose(ask(ours.url, text), ask(theirs.url, text), atol=1e-5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="of a turn")
    parser.add_argument("--minutes", type=float, default=0.0, help="then ask ours this long")
    options = parser.parse_args()
    texts = list(samples.support_tickets().texts)
    encoder = load_encoder("all-MiniLM-L6-v2")
    with tempfile.TemporaryDirectory() as folder:
        with track("serving", f"sqlite:///{folder}/mlflow.db") as run:
            own = run.log_model(EmbeddingModel(encoder)).model_uri
            plain = run.log_encoder(encoder).model_uri
        with serve(own) as ours, serve(plain) as theirs:
            check_same(ours, theirs, texts)
            for clients in options.clients:
                compare(ours, theirs, texts, clients, options.rounds, options.seconds)
            if options.minutes:
                endure(ours, texts, max(options.clients), options.minutes)


def compare(
    ours: Server, theirs: Server, texts: list[str], clients: int, rounds: int, seconds: float
) -> None:
    turns = [
        (load(theirs.url, texts, clients, seconds), load(ours.url, texts, clients, seconds))
        for _ in range(rounds)
    ]
    for name, place in (("plain flavor", 0), ("workbench", 1)):
        told(name, clients, [turn[place] for turn in turns])
    rates = [(their.rate, own.rate) for their, own in turns]
    slowest = [
        np.percentile([latency for turn in turns for latency in turn[place].latencies], 95)
        for place in (0, 1)
    ]
    report(
        Result.of_pairs(
            "serving one text at a time",
            "the plain logged flavor",
            f"clients: {clients}, turns of {seconds:g} s",
            rates,
            unit="requests/s",
            more_is_better=True,
            note=f"95 % within {slowest[0]:.2f}, {slowest[1]:.2f} s",
        )
    )


def told(name: str, clients: int, turns: list[Load]) -> None:
    failed = [error for turn in turns for error in turn.errors]
    if failed:
        raise SystemExit(f"{name}, {clients} clients: {failed[0]}")
    times = np.array([latency for turn in turns for latency in turn.latencies]) * 1000
    rate = statistics.median(turn.rate for turn in turns)
    p50, p95 = np.percentile(times, [50, 95])
    print(
        f"{name:14} {clients:3} clients  {rate:7.1f} requests/s  p50 {p50:6.0f} ms  "
        f"p95 {p95:6.0f} ms  ({len(times):,} answers)"
    )


def endure(server: Server, texts: list[str], clients: int, minutes: float) -> None:
    """Ask for minutes on end; the first error ends it."""
    turn = load(server.url, texts, clients, minutes * 60)
    told(f"{minutes:g} min", clients, [turn])
    print(f"no error in {len(turn.latencies):,} answers")


if __name__ == "__main__":
    main()
