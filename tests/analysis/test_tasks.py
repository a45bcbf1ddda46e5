from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np
import pytest

from workbench.analysis import tasks
from workbench.corpus import Corpus, RetrievalSet, SentencePairs
from workbench.errors import InputError
from workbench.models import DenseEncoder

FACTORIES = [name for name in tasks.__all__ if name.islower()]


@pytest.fixture(scope="module")
def made() -> dict[str, tasks.Task]:
    five = [f"text {row}" for row in range(5)]
    corpus = Corpus(five, columns={"topic": list("ababa")}, name="mine")
    pairs = SentencePairs(five, five, [0, 1, 0, 1, 1], name="five")
    relevant = {f"q{row}": {str(row): 1, "4" if row < 4 else "0": 0} for row in range(5)}
    search = RetrievalSet({query: query for query in relevant}, corpus, relevant, name="search")
    return {
        "sts": tasks.sts(pairs),
        "pair_classification": tasks.pair_classification(pairs),
        "retrieval": tasks.retrieval(search),
        "reranking": tasks.reranking(search),
        "clustering": tasks.clustering("topic", corpus=corpus),
        "classification": tasks.classification("topic"),
        "custom": tasks.custom("ones", lambda embeddings: np.ones(len(embeddings))),
    }


def test_every_kind_has_a_factory(made: dict[str, tasks.Task]) -> None:
    assert sorted(made) == sorted(FACTORIES)
    for kind, task in made.items():
        assert isinstance(task, tasks.Task)
        assert task.kind == kind
        assert len(task.metrics) >= 1


def test_names_say_what_is_scored(made: dict[str, tasks.Task]) -> None:
    assert {kind: task.name for kind, task in made.items()} == {
        "sts": "sts: five",
        "pair_classification": "pair classification: five",
        "retrieval": "retrieval: search",
        "reranking": "reranking: search",
        "clustering": "clustering: topic of mine",
        "classification": "classification: topic",
        "custom": "ones",
    }
    for task in made.values():
        assert task.name in repr(task)
        assert "text 0" not in repr(task)  # a task does not print its texts


@pytest.mark.parametrize("name", FACTORIES)
def test_factories_are_documented(name: str) -> None:
    factory = getattr(tasks, name)
    documented = inspect.getdoc(factory) or ""
    for parameter in inspect.signature(factory).parameters:
        assert f"\n{parameter}\n" in documented
    assert "Raises\n------\nInputError" in documented


def test_a_seed_out_of_range_is_refused_before_work(
    made: dict[str, tasks.Task], hashing_encoder: Callable[[], DenseEncoder]
) -> None:
    corpus = Corpus(tuple("abcdef"), columns={"topic": list("ababab")})
    for task in made.values():
        encoder = hashing_encoder()
        with pytest.raises(InputError, match="random_state: expected a whole number"):
            task.score(encoder, corpus=corpus, store=False, progress=False, random_state=-1)
        assert not encoder.seen
