from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from ipywidgets import Widget

from workbench.corpus import Corpus
from workbench.embeddings import Embeddings

WORDS = ["refund money card", "parcel late courier", "password login reset"]


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for a condition, and fail when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def wait() -> Callable[..., None]:
    return until


@pytest.fixture
def texts_of() -> Callable[[int], Embeddings]:
    """Texts about three topics, with vectors in three groups."""

    def make(n: int) -> Embeddings:
        topics = np.arange(n) % 3
        corpus = Corpus(
            tuple(f"{WORDS[topic]} {row}" for row, topic in enumerate(topics)),
            ids=tuple(f"t{row}" for row in range(n)),
            columns={"topic": [WORDS[topic].split()[0] for topic in topics], "length": range(n)},
            name="small",
            label="topic",
        )
        rng = np.random.default_rng(0)
        vectors = 3 * np.eye(8)[topics] + rng.normal(size=(n, 8))
        return Embeddings.from_array(vectors, corpus, name="random")

    return make


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a test leaves open, and with it the worker processes."""
    yield
    Widget.close_all()


@pytest.fixture
def find() -> Callable[[Widget, str], Any]:
    """Find a control by its CSS class, as a browser test does."""

    def every(widget: Widget) -> Iterator[Widget]:
        yield widget
        for child in getattr(widget, "children", ()):
            yield from every(child)

    def one(widget: Widget, name: str) -> Any:
        found = [part for part in every(widget) if name in getattr(part, "_dom_classes", ())]
        assert len(found) == 1, f"{len(found)} controls with the class {name}"
        return found[0]

    return one


@pytest.fixture
def press(find: Callable[[Widget, str], Any]) -> Callable[[Widget, str], None]:
    """Press a button, as the browser's message does."""

    def click(widget: Widget, name: str) -> None:
        button = find(widget, name)
        assert not button.disabled
        button._handle_custom_msg({"event": "click"}, [])

    return click


@pytest.fixture
def choose(find: Callable[[Widget, str], Any]) -> Callable[[Widget, str, str], None]:
    """Choose from a list, as the browser's message does."""

    def pick(widget: Widget, name: str, value: str) -> None:
        chooser = find(widget, name)
        values = [entry[1] for entry in chooser.options]
        chooser.set_state({"index": values.index(value)})

    return pick
