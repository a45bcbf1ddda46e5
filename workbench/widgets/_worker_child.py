"""What the worker process runs: a script, so that it imports no widget library.

It answers each request on its standard input with messages on its standard output: how much is
done, and at the end a value, or a sentence about what went wrong. What both processes hold (the
embeddings, their neighbours) travels once; afterwards only its name does.
"""

from __future__ import annotations

import io
import os
import pickle
import signal
import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from types import FunctionType
from typing import Any, BinaryIO

import numpy as np

__all__ = ["packed", "unpacked"]


class _Packer(pickle.Pickler):
    """Writes the names of what both processes hold, and keeps read-only arrays read-only."""

    def __init__(self, file: io.BytesIO, shared: Mapping[str, object]) -> None:
        super().__init__(file, protocol=5)
        self._names = {id(value): name for name, value in shared.items() if value is not None}

    def persistent_id(self, obj: object) -> str | None:
        return self._names.get(id(obj))

    def reducer_override(self, obj: object) -> Any:
        if isinstance(obj, type | FunctionType) and obj.__module__ == "__main__":
            name = obj.__name__  # which the other process would look for in this script
            raise pickle.PicklingError(
                f"{name} is defined in this notebook, where the worker process cannot see it. Put "
                "it into a module (a .py file beside the notebook), and import it: from my_module "
                f"import {'it' if name == '<lambda>' else name}"
            )
        if type(obj) is not np.ndarray or obj.flags.writeable:
            return NotImplemented
        from workbench._arrays import freeze

        return freeze, (obj.copy(),)


class _Unpacker(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, shared: Mapping[str, object]) -> None:
        super().__init__(file)
        self._shared = shared

    def persistent_load(self, pid: str) -> object:
        return self._shared[pid]


def packed(message: object, shared: Mapping[str, object]) -> bytes:
    """Return a message as bytes; ``shared`` is what the other process holds, by name."""
    file = io.BytesIO()
    _Packer(file, shared).dump(message)
    return file.getvalue()


def unpacked(blob: bytes, shared: Mapping[str, object]) -> Any:
    """Return the message that `packed` made in the other process of this pair."""
    return _Unpacker(io.BytesIO(blob), shared).load()


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return the pipes to the parent, and keep libraries from reading or printing there."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    return requests, answers


def _listen(requests: BinaryIO, inbox: SimpleQueue[Any]) -> None:
    """Pass requests on; when the parent is gone, end at once, in the middle of a task or not."""
    while True:
        try:
            inbox.put(pickle.load(requests))
        except BaseException:
            os._exit(0)


def _tasks() -> dict[str, Callable[..., object]]:
    """Return what can be asked for: functions of embeddings, neighbours, progress and options."""
    from workbench import analysis
    from workbench.analysis.map_labels import map_labels

    def draw_map(embeddings: Any, neighbors: Any, report: Any, **options: Any) -> object:
        report(0, 3, "placing the texts")
        projection = analysis.project(embeddings, neighbors=neighbors, **options)
        report(1, 3, "measuring how far to trust their places")
        quality = analysis.map_quality(projection)
        report(2, 3, "naming the regions")
        return quality, map_labels(projection)

    def find_clusters(embeddings: Any, neighbors: Any, report: Any, **options: Any) -> object:
        return analysis.cluster(embeddings, neighbors=neighbors, **options)

    def try_values(embeddings: Any, neighbors: Any, report: Any, **options: Any) -> object:
        return analysis.sweep(embeddings, neighbors=neighbors, progress=report, **options)

    def cluster_again(embeddings: Any, neighbors: Any, report: Any, **options: Any) -> object:
        return analysis.cluster_stability(progress=report, **options)

    return {
        "map": draw_map,
        "cluster": find_clusters,
        "sweep": try_values,
        "stability": cluster_again,
    }


def _answer(blob: bytes, shared: Mapping[str, Any], report: Callable[..., None]) -> object:
    """Return ``("value", …)`` or ``("error", sentence)``."""
    from workbench.errors import WorkbenchError

    try:
        task, options = unpacked(blob, shared)
        value = _tasks()[task](shared["embeddings"], shared["neighbors"], report, **options)
    except WorkbenchError as error:
        return "error", str(error)
    except MemoryError:
        return "error", "There was not enough memory. Take a sample: embeddings.take(rows)."
    except Exception as error:
        return "error", f"{type(error).__name__}: {error}"
    return "value", value


def main() -> None:
    """Serve until the parent closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # "interrupt kernel" reaches the whole group
    requests, answers = _pipes()

    from workbench.analysis import Neighbors
    from workbench.corpus import Corpus
    from workbench.embeddings import Embeddings

    # Not before the imports: what it unpickles is imported too, and two threads would race.
    inbox: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests, inbox), daemon=True).start()
    parts = inbox.get()
    corpus = Corpus(parts["texts"], parts["ids"], name=parts["name"])
    embeddings = Embeddings(parts["vectors"], corpus, parts["spec"])
    found = parts["neighbors"]
    neighbors = None if found is None else Neighbors(found[0], found[1], embeddings, "cosine")
    shared = {"embeddings": embeddings, "neighbors": neighbors}

    def send(message: object) -> None:
        pickle.dump(packed(message, shared), answers, protocol=5)
        answers.flush()

    def report(done: int, total: int, step: str = "") -> None:
        send(("progress", (done, total, step)))

    while True:
        send(_answer(inbox.get(), shared, report))


if __name__ == "__main__":
    main()
