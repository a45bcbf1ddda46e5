"""What the worker process runs: a script, so that it imports no widget library.

It answers each request on its standard input with one pickle on its standard output: the fields
of a value, or a sentence about what went wrong.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Callable
from dataclasses import fields
from queue import SimpleQueue
from typing import Any, BinaryIO

__all__: list[str] = []


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


def _answer(task: str, options: dict[str, Any], embeddings: Any, neighbors: Any) -> object:
    from workbench.analysis import Clustering, Projection, cluster, project
    from workbench.errors import WorkbenchError

    tasks: dict[str, Callable[..., Projection | Clustering]]
    tasks = {"project": project, "cluster": cluster}
    try:
        value = tasks[task](embeddings, neighbors=neighbors, **options)
    except WorkbenchError as error:
        return str(error)
    except MemoryError:
        return "There was not enough memory. Take a sample: embeddings.take(rows)."
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    answer = {field.name: getattr(value, field.name) for field in fields(value)}
    del answer["embeddings"]
    answer["params"] = dict(answer["params"])
    found = answer.get("neighbors")
    if found is not None:
        own = found is neighbors
        answer["neighbors"] = "own" if own else (found.indices, found.similarities)
    return answer


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
    while True:
        task, options = inbox.get()
        pickle.dump(_answer(task, options, embeddings, neighbors), answers, protocol=5)
        answers.flush()


if __name__ == "__main__":
    main()
