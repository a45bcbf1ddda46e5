from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from workbench.analysis import tasks
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError, WorkbenchError
from workbench.models import DenseEncoder


def length(embeddings: Embeddings) -> np.ndarray:
    return np.asarray(np.linalg.norm(embeddings.vectors, axis=1))


def test_a_custom_task_is_the_mean_of_its_scores(
    small_corpus: Corpus, tiny_encoder: DenseEncoder
) -> None:
    task = tasks.custom("length", length, corpus=small_corpus)
    found = task.score(tiny_encoder, progress=False)
    expected = np.linalg.norm(tiny_encoder.encode(small_corpus.texts), axis=1)
    assert found.value("score") == pytest.approx(expected.mean(), rel=1e-5)
    assert found.to_frame()["score"].tolist() == pytest.approx(expected.tolist(), rel=1e-5)
    assert list(found.examples) == ["example", "score", "text"]
    assert (found.task, found.kind, found.metrics) == ("length", "custom", ("score",))
    given = tasks.custom("length", length).score(tiny_encoder, corpus=small_corpus, progress=False)
    assert given.summary() == found.summary()


def test_refuses_what_is_no_function_of_the_texts(
    small_corpus: Corpus, hashing_encoder: Callable[[], DenseEncoder]
) -> None:
    def score(function: Callable[[Embeddings], object]) -> object:
        task = tasks.custom("own", function, corpus=small_corpus)
        return task.score(hashing_encoder(), store=False, progress=False)

    with pytest.raises(InputError, match="custom: expected a name; got ' '"):
        tasks.custom(" ", length)
    with pytest.raises(InputError, match="expected a function from Embeddings to scores; got int"):
        tasks.custom("own", 3)
    with pytest.raises(InputError, match="expected a Corpus; got NoneType"):
        tasks.custom("own", length).score(hashing_encoder())
    with pytest.raises(InputError, match=r"shape \(30,\); the function returned shape \(\)"):
        score(lambda embeddings: 1.0)
    with pytest.raises(InputError, match="returned NaN or infinity for row 2"):
        score(lambda embeddings: np.where(np.arange(30) == 1, np.nan, 1.0))
    with pytest.raises(WorkbenchError, match="the function failed on 'small · hashes': KeyError"):
        score(lambda embeddings: {}["x"])
    with pytest.raises(InputError, match="at least 5 texts; got 2"):
        tasks.custom("own", length, corpus=Corpus(("a", "b"))).score(hashing_encoder())
