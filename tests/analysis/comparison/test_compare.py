from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from workbench._arrays import FloatArray, IntArray
from workbench.analysis import tasks
from workbench.analysis.comparison import Comparison, compare_models
from workbench.analysis.evaluation import TaskScores
from workbench.corpus import Corpus, SentencePairs
from workbench.embeddings import Embeddings, EmbeddingStore, embed
from workbench.errors import InputError, ModelUnavailableError
from workbench.models import DenseEncoder, Encoder, LSAEncoder, variant

from ...hashing_encoder import HashingEncoder


@pytest.fixture(scope="module")
def pairs(small_corpus: Corpus) -> SentencePairs:
    first, second = small_corpus.texts[:-1], small_corpus.texts[1:]
    return SentencePairs(first, second, np.linspace(0, 5, len(first)), name="made up")


@pytest.fixture(scope="module")
def comparison(
    small_corpus: Corpus, pairs: SentencePairs, tiny_encoder: DenseEncoder
) -> Comparison:
    models: list[Any] = [tiny_encoder, "lsa", HashingEncoder()]
    scored = [tasks.sts(pairs), tasks.classification("topic")]
    return compare_models(small_corpus, models, tasks=scored, store=False, progress=False)


class Fails(HashingEncoder):
    """Refuses a text that holds a word, as a model out of memory would."""

    def __init__(self, word: str) -> None:
        super().__init__(name=f"fails on {word}")
        self._word = word

    def encode(self, texts: Sequence[str], /, batch_size: int = 32, **options: Any) -> FloatArray:
        if any(self._word in text for text in texts):
            raise RuntimeError("out of memory")
        return super().encode(texts, batch_size, **options)


def test_each_model_is_scored_on_each_task_and_the_numbers_are_its_own(
    comparison: Comparison, pairs: SentencePairs, tiny_encoder: DenseEncoder
) -> None:
    assert comparison.names == ("tiny", "lsa", "hashes")
    assert comparison.task_names == ("sts: made up", "classification: topic")
    one = tiny_encoder.encode(list(pairs.sentences1), normalize_embeddings=True)
    two = tiny_encoder.encode(list(pairs.sentences2), normalize_embeddings=True)
    expected = spearmanr((one * two).sum(axis=1), pairs.scores).statistic
    found = comparison.model("tiny").scores["sts: made up"].value("spearman")
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_difference_is_that_of_the_two_scores_and_turns_round(comparison: Comparison) -> None:
    there = comparison.difference("sts: made up", "spearman", "tiny", "lsa")
    back = comparison.difference("sts: made up", "spearman", "lsa", "tiny")
    scores = {m.name: m.scores["sts: made up"].value("spearman") for m in comparison.models}
    assert there.difference == pytest.approx(scores["tiny"] - scores["lsa"])
    assert (back.a, back.difference, back.low) == ("lsa", -there.difference, -there.high)
    assert back.p_adjusted == there.p_adjusted
    opposite = {"better": "worse", "worse": "better"}
    assert back.verdict == opposite.get(there.verdict, there.verdict)


def test_the_numbers_are_the_same_in_any_order_and_with_a_cold_or_a_warm_store(
    comparison: Comparison,
    small_corpus: Corpus,
    pairs: SentencePairs,
    tiny_encoder: DenseEncoder,
    tmp_path: Path,
) -> None:
    store = EmbeddingStore(tmp_path)
    scored = [tasks.sts(pairs), tasks.classification("topic")]

    def again(models: list[Any]) -> Comparison:
        return compare_models(small_corpus, models, tasks=scored, store=store, progress=False)

    keys = ["model_name", "task_name", "metric"]
    expected = comparison.to_frame("long").sort_values(keys, ignore_index=True)
    for models in (
        [HashingEncoder(), tiny_encoder, "lsa"],
        ["lsa", HashingEncoder(), tiny_encoder],
    ):
        other = again(models)
        got = other.to_frame("long").sort_values(keys, ignore_index=True)
        pd.testing.assert_frame_equal(got, expected, rtol=1e-6)
        for (task, metric), found in comparison.differences.items():
            for one in found:
                same = other.difference(task, metric, one.a, one.b)
                assert same.p_adjusted == pytest.approx(one.p_adjusted, abs=1e-6)
                assert same.verdict == one.verdict


def test_the_lsa_is_fitted_once_and_models_of_any_dimension_are_compared(
    comparison: Comparison, small_corpus: Corpus
) -> None:
    lsa = comparison.model("lsa")
    revisions = {lsa.spec.revision, *(scores.spec.revision for scores in lsa.scores.values())}
    assert revisions == {LSAEncoder().fit(small_corpus.texts).spec.revision}
    assert len({model.spec.dimension for model in comparison.models}) == 3
    assert comparison.agreement is not None
    assert comparison.agreement.models == comparison.names
    assert comparison.agreement.n_neighbors == 10


def test_audit_cost_and_geometry_are_there_for_each_model(comparison: Comparison) -> None:
    tiny = comparison.model("tiny")
    assert tiny.audit is not None
    assert tiny.audit.truncated > 0
    assert tiny.cost is not None
    assert tiny.cost.dimension == 32
    assert all(model.cost and model.cost.texts_per_second > 0 for model in comparison.models)
    assert all(model.geometry and model.geometry.k == 10 for model in comparison.models)


def test_a_model_that_fails_in_the_middle_keeps_what_it_did_and_the_others_go_on(
    small_corpus: Corpus, tiny_encoder: DenseEncoder
) -> None:
    odd = SentencePairs(["zebra", "a", "b", "c", "d"], ["e", "f", "g", "h", "i"], [0, 1, 2, 3, 4])
    scored = [tasks.sts(odd), tasks.classification("topic")]
    models = [Fails("Klarna"), Fails("zebra"), tiny_encoder]
    found = compare_models(small_corpus, models, tasks=scored, store=False, progress=False)
    nothing, some, all_of_it = found.models
    assert (nothing.scores, nothing.audit, nothing.cost) == ({}, None, None)
    assert "the texts: 'fails on Klarna' failed on a batch" in nothing.failure
    assert "out of memory" in nothing.failure
    assert list(some.scores) == ["classification: topic"]
    assert "sts: pairs: 'fails on zebra' failed" in some.failure
    assert list(all_of_it.scores) == ["sts: pairs", "classification: topic"]
    assert all_of_it.failure == ""
    assert found.agreement is not None
    assert found.agreement.models == ("fails on zebra", "tiny")
    assert found.to_frame("wide")["fails on Klarna"].isna().all()
    assert any("fails on Klarna failed" in said for said in found.decision.unknown)


def test_when_every_model_fails_the_rows_say_so(small_corpus: Corpus) -> None:
    found = compare_models(small_corpus, [Fails("refund")], store=False, progress=False)
    assert "out of memory" in found.models[0].failure
    assert (found.agreement, found.decision.model) == (None, None)


def test_a_variant_is_compared_with_its_model_and_reads_its_vectors(
    small_corpus: Corpus, tmp_path: Path
) -> None:
    encoder = HashingEncoder()
    models = [encoder, variant(encoder, truncate_dim=4), variant(encoder, precision="ubinary")]
    store = EmbeddingStore(tmp_path)
    embed(small_corpus, encoder, store=store, progress=False)
    encoder.seen.clear()
    found = compare_models(
        small_corpus, models, tasks=[tasks.clustering()], store=store, progress=False
    )
    assert found.names == ("hashes", "hashes (4 d)", "hashes (binary vectors)")
    costs = [model.cost for model in found.models]
    assert [cost.bytes_per_text for cost in costs if cost] == [32, 16, 1]
    assert found.model("hashes (4 d)").scores["clustering: labels"].value() > 0


def test_a_dict_names_the_models(small_corpus: Corpus) -> None:
    models = {"old": HashingEncoder(), "new": HashingEncoder(revision="2")}
    found = compare_models(small_corpus, models, store=False, progress=False)
    assert found.names == ("old", "new")


def test_progress_counts_to_the_end(small_corpus: Corpus) -> None:
    seen: list[tuple[int, int]] = []
    compare_models(
        small_corpus,
        [HashingEncoder(), HashingEncoder(name="second", revision="2")],
        tasks=[tasks.clustering()],
        store=False,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]


def test_a_custom_task_takes_part(small_corpus: Corpus) -> None:
    def shorter_is_better(vectors: Embeddings) -> list[float]:
        return [-len(text) for text in vectors.corpus.texts]

    custom = tasks.custom("brevity", shorter_is_better)
    models: list[Encoder] = [HashingEncoder(), HashingEncoder(name="other", revision="2")]
    found = compare_models(small_corpus, models, tasks=[custom], store=False, progress=False)
    same = found.difference("brevity", found.metrics("brevity")[0], "hashes", "other")
    assert (same.difference, same.verdict) == (0, "can't tell yet")


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ("all-MiniLM-L6-v2", r"expected a list of models, or a dict by name; got 'all-MiniLM"),
        ([], r"expected a list of models, or a dict by name; got \[\]"),
        ([HashingEncoder(), HashingEncoder()], "two models are called 'hashes'. Give a dict"),
        ({1: HashingEncoder()}, "a model's name is a text that is not blank; got 1"),
        ({" ": HashingEncoder()}, "a model's name is a text that is not blank; got ' '"),
    ],
)
def test_models_that_cannot_be_compared(small_corpus: Corpus, models: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        compare_models(small_corpus, models)


def test_what_is_wrong_is_said_before_anything_is_encoded(small_corpus: Corpus) -> None:
    encoder = HashingEncoder()
    with pytest.raises(ModelUnavailableError, match="no-such-model"):
        compare_models(small_corpus, [encoder, "no-such-model"], progress=False)
    with pytest.raises(InputError, match=r"has no column 'tpoic'.*Did you mean 'topic'"):
        compare_models(small_corpus, [encoder], tasks=[tasks.clustering("tpoic")], progress=False)
    with pytest.raises(InputError, match=r"tasks is a list of wb.tasks.*got \['sts'\]"):
        compare_models(small_corpus, [encoder], tasks=["sts"])
    twice = [tasks.clustering("topic"), tasks.clustering("topic")]
    with pytest.raises(InputError, match="two tasks are called 'clustering: topic'"):
        compare_models(small_corpus, [encoder], tasks=twice)
    with pytest.raises(InputError, match="expected a Corpus; got list"):
        compare_models(["a", "b"], [encoder])
    assert encoder.calls == 0


class Counts(HashingEncoder):
    """Counts tokens, and fails at it."""

    def count_tokens(self, texts: Sequence[str], /, *, prompt: str = "") -> IntArray:
        raise RuntimeError("tokenizer gone")


def test_whatever_a_model_raises_the_others_go_on_and_progress_reaches_the_end(
    small_corpus: Corpus,
) -> None:
    class Odd:
        name, kind, metrics = "odd", "custom", ("score",)

        def check(self, corpus: Corpus | None) -> None: ...

        def score(self, encoder: Encoder | str, **options: Any) -> TaskScores:
            raise ZeroDivisionError("a bug")

    seen: list[tuple[int, int]] = []
    found = compare_models(
        small_corpus,
        [Counts(name="counts"), HashingEncoder(), HashingEncoder(name="second")],
        tasks=[Odd()],
        store=False,
        progress=lambda done, total: seen.append((done, total)),
    )
    counts, hashes, _ = found.models
    assert counts.failure.startswith("the texts: 'counts' failed on a batch of 30 texts")
    assert "RuntimeError: tokenizer gone" in counts.failure
    assert hashes.failure == "odd: ZeroDivisionError: a bug"
    assert found.agreement is not None
    assert seen[-1] == (12, 12)


def test_a_model_whose_cost_cannot_be_measured_says_so_in_its_row(small_corpus: Corpus) -> None:
    class Once(HashingEncoder):
        def encode(
            self, texts: Sequence[str], /, batch_size: int = 32, **options: Any
        ) -> FloatArray:
            if len(texts) == 1:
                raise RuntimeError("out of memory")
            return super().encode(texts, batch_size, **options)

    models = {"once": Once(), "good": HashingEncoder()}
    once, good = compare_models(small_corpus, models, store=False, progress=False).models
    assert (once.cost, once.failure) == (None, "what it costs: RuntimeError: out of memory")
    assert good.cost is not None


def test_an_interrupt_goes_through_and_what_was_encoded_is_kept(
    small_corpus: Corpus, tmp_path: Path
) -> None:
    class Stopped(HashingEncoder):
        def encode(
            self, texts: Sequence[str], /, batch_size: int = 32, **options: Any
        ) -> FloatArray:
            raise KeyboardInterrupt

    store, first = EmbeddingStore(tmp_path), HashingEncoder()
    with pytest.raises(KeyboardInterrupt):
        compare_models(small_corpus, [first, Stopped(name="s")], store=store, progress=False)
    again = HashingEncoder()
    assert embed(small_corpus, again, store=store, progress=False).encoded == 0
    assert again.calls == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_neighbors": 0}, "compare_models: n_neighbors: expected a whole number.*got 0"),
        ({"random_state": -1}, "random_state: expected a whole number.*got -1"),
    ],
)
def test_options_are_checked_before_anything_is_encoded(
    small_corpus: Corpus, options: dict[str, Any], message: str
) -> None:
    encoder = HashingEncoder()
    with pytest.raises(InputError, match=message):
        compare_models(small_corpus, [encoder], store=False, progress=False, **options)
    assert encoder.calls == 0
