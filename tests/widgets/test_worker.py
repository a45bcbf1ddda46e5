from __future__ import annotations

import gc
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from workbench.analysis import (
    Clustering,
    Projection,
    cluster,
    cluster_stability,
    nearest_neighbors,
    project,
)
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import WorkbenchError
from workbench.widgets._worker import Worker

TextsOf = Callable[[int], Embeddings]
SLOW = {"method": "tsne", "max_iter": 10_000}


@pytest.fixture
def worker(texts_of: TextsOf) -> Iterator[Worker]:
    with closing(Worker(texts_of(60))) as made:
        yield made


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_values_equal_those_computed_here(texts_of: TextsOf) -> None:
    embeddings = texts_of(60)
    neighbors = nearest_neighbors(embeddings, 30)
    with closing(Worker(embeddings, neighbors)) as worker:
        options = {"method": "tsne", "perplexity": 8, "random_state": 3}
        quality, labels = worker.submit("map", **options).result(60)
        there = quality.projection
        assert labels.projection is there
        here = project(embeddings, method="tsne", perplexity=8, random_state=3, neighbors=neighbors)
        assert isinstance(there, Projection)
        np.testing.assert_array_equal(there.coordinates, here.coordinates)
        assert there.embeddings is embeddings
        assert there.neighbors is neighbors
        assert there.summary() == here.summary()
        pid = worker.pid
        groups = worker.submit("cluster", method="kmeans", n_clusters=3).result(60)
        alike = cluster(embeddings, method="kmeans", n_clusters=3)
        assert isinstance(groups, Clustering)
        np.testing.assert_array_equal(groups.labels, alike.labels)
        assert groups.clusters == alike.clusters
        assert worker.pid == pid, "a second task runs in the same process"


def test_neighbors_computed_there_come_back(worker: Worker) -> None:
    value = worker.submit("map", method="tsne", perplexity=5).result(60)[0].projection
    assert isinstance(value, Projection)
    assert value.neighbors is not None
    assert value.neighbors.indices.shape == (60, 30)
    assert not value.coordinates.flags.writeable


def test_stability_and_sweep_report_their_progress(texts_of: TextsOf) -> None:
    embeddings = texts_of(60)
    clustering = cluster(embeddings, method="kmeans", n_clusters=3)
    told: list[tuple[int, int]] = []

    def note(done: int, total: int, step: str) -> None:
        told.append((done, total))

    with closing(Worker(embeddings)) as worker:
        asked = {"clustering": clustering, "n_runs": 3}
        there = worker.submit("stability", progress=note, **asked).result(60)
        assert told == [(done, 6) for done in range(1, 7)]
        here = cluster_stability(clustering, n_runs=3, progress=False)
        np.testing.assert_array_equal(there.subsample_jaccard, here.subsample_jaccard)
        assert there.clustering.embeddings is embeddings
        assert not there.subsample_jaccard.flags.writeable
        told.clear()
        options = {"method": "kmeans", "parameter": "n_clusters", "values": [2, 3], "n_runs": 2}
        swept = worker.submit("sweep", progress=note, **options).result(60)
        assert told[-1] == (6, 6)
        assert [len(one.clusters) for one in swept.clusterings] == [2, 3]
        assert {one.embeddings for one in swept.clusterings} == {embeddings}


def test_a_clusterer_travels_or_says_why_not(worker: Worker) -> None:
    found = worker.submit("cluster", method=AgglomerativeClustering(n_clusters=4)).result(60)
    assert found.method == "AgglomerativeClustering"
    assert len(found.clusters) == 4
    own = FunctionTransformer(lambda values: values)
    with pytest.raises(WorkbenchError, match=r"cannot be given this: .*lambda"):
        worker.submit("cluster", method=Pipeline([("own", own), ("k", KMeans(2))])).result(5)
    mine = type("Mine", (KMeans,), {"__module__": "__main__"})
    with pytest.raises(WorkbenchError, match=r"Mine is defined in this notebook.*from my_module"):
        worker.submit("cluster", method=mine(2)).result(5)
    with pytest.raises(WorkbenchError, match="Mine is defined in this notebook"):
        worker.submit("cluster", method=Pipeline([("k", mine(2))])).result(5)


def test_a_map_says_how_far_it_is(worker: Worker) -> None:
    told: list[tuple[int, int, str]] = []
    worker.submit("map", method="pca", progress=lambda *one: told.append(one)).result(60)
    assert [one[:2] for one in told] == [(0, 3), (1, 3), (2, 3)]
    assert told[0][2] == "placing the texts"


def test_an_error_is_a_sentence_and_the_process_stays(worker: Worker) -> None:
    with pytest.raises(WorkbenchError, match="perplexity: expected a number from 1 to 200"):
        worker.submit("map", method="tsne", perplexity=1e9).result(60)
    pid = worker.pid
    assert worker.submit("map", method="pca").result(60)
    assert worker.pid == pid


def test_an_unforeseen_error_says_its_kind(worker: Worker) -> None:
    with pytest.raises(WorkbenchError, match=r"^KeyError: 'paint'$"):
        worker.submit("paint").result(60)


def test_cancel_kills_and_the_next_task_starts_anew(
    worker: Worker, wait: Callable[..., None]
) -> None:
    worker.submit("map", method="pca").result(60)
    pid = worker.pid
    assert pid is not None
    slow = worker.submit("map", **SLOW)
    worker.cancel()
    with pytest.raises(CancelledError):
        slow.result(5)
    wait(lambda: gone(pid), 5)
    assert worker.pid is None
    assert worker.submit("map", method="pca").result(60)


def test_a_new_task_replaces_the_one_that_runs(worker: Worker) -> None:
    slow = worker.submit("map", **SLOW)
    assert worker.submit("map", method="pca").result(60)
    assert slow.cancelled()


def test_a_killed_process_is_reported_and_replaced(worker: Worker) -> None:
    worker.submit("map", method="pca").result(60)
    slow = worker.submit("map", **SLOW)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(WorkbenchError, match=r"ended unexpectedly \(signal 9, which often means"):
        slow.result(10)
    assert worker.submit("map", method="pca").result(60)


def test_a_process_killed_while_idle_is_replaced(worker: Worker, wait: Callable[..., None]) -> None:
    worker.submit("map", method="pca").result(60)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    wait(lambda: worker.pid is None, 5)
    assert worker.submit("map", method="pca").result(60)


def test_an_interrupt_does_not_reach_it(worker: Worker) -> None:
    worker.submit("map", method="pca").result(60)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGINT)
    assert worker.submit("map", method="pca").result(60)


def test_no_python_to_start(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(WorkbenchError, match=r"did not start: .*No such file"):
        worker.submit("map", method="pca").result(5)


def test_it_ends_with_its_owner(texts_of: TextsOf, wait: Callable[..., None]) -> None:
    worker = Worker(texts_of(20))
    worker.submit("map", method="pca").result(60)
    pid = worker.pid
    assert pid is not None
    del worker
    gc.collect()
    wait(lambda: gone(pid), 5)


def test_texts_travel_as_they_are() -> None:
    texts = (
        "nul \0",
        "lone \udc80 surrogate",
        "🙂" * 3,
        "",
        "<script>alert(1)</script>",
        "ab" * 10**6,
    )
    embeddings = Embeddings.from_array(np.eye(6), Corpus(texts, columns={"n": range(6)}))
    with closing(Worker(embeddings)) as worker:
        there = worker.submit("cluster", method="kmeans", n_clusters=2).result(60)
    here = cluster(embeddings, method="kmeans", n_clusters=2)
    assert isinstance(there, Clustering)
    assert there.clusters == here.clusters, "their keywords are words of the texts"
    assert there.embeddings.corpus.texts == texts


SCRIPT = """
import sys
import numpy as np
from workbench.embeddings import Embeddings
from workbench.widgets._worker import Worker

print("main runs", flush=True)
embeddings = Embeddings.from_array(np.random.default_rng(0).normal(size=(50, 4)), ["a"] * 50)
worker = Worker(embeddings)
worker.submit("map", method="pca").result(60)
print("pid", worker.pid, flush=True)
if "--hang" in sys.argv:
    worker.submit("map", method="tsne", max_iter=10_000, perplexity=15)
    sys.stdin.read()
"""


def test_a_script_without_a_guard_runs_once_and_leaves_no_process(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.count("main runs") == 1
    found = re.search(r"pid (\d+)", done.stdout)
    assert found
    assert gone(int(found[1]))


def test_a_killed_parent_takes_it_along_in_mid_task(
    tmp_path: Path, wait: Callable[..., None]
) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    with subprocess.Popen(
        [sys.executable, script, "--hang"], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "main runs\n"
        pid = int(parent.stdout.readline().split()[1])
        time.sleep(0.2)
        parent.kill()
    wait(lambda: gone(pid), 10)
