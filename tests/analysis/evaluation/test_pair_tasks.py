from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr
from sentence_transformers.sentence_transformer.evaluation import (
    BinaryClassificationEvaluator,
    EmbeddingSimilarityEvaluator,
)
from sklearn.metrics import average_precision_score, f1_score

from workbench.analysis import tasks
from workbench.analysis.evaluation import TaskScores
from workbench.corpus import SentencePairs, samples
from workbench.errors import InputError
from workbench.models import DenseEncoder, LSAEncoder, Variant

from .conftest import Given

SCORES = [5.0, 0.4, 3.0, 3.0, 1.0, 2.2, 4.4, 0.0]


@pytest.fixture(scope="module")
def pairs() -> SentencePairs:
    left = [f"sentence {row}" for row in range(8)]
    return SentencePairs(left, [f"other {row % 5}" for row in range(8)], SCORES, name="<b>few</b>")


@pytest.fixture(scope="module")
def real(minilm: DenseEncoder) -> TaskScores:
    return tasks.sts(samples.sentence_pairs()).score(minilm, progress=False)


def test_sts_is_what_sentence_transformers_and_scipy_say(
    real: TaskScores, minilm: DenseEncoder
) -> None:
    pairs = samples.sentence_pairs()
    scores = np.asarray(pairs.scores)
    evaluator = EmbeddingSimilarityEvaluator(
        list(pairs.sentences1),
        list(pairs.sentences2),
        scores.tolist(),
        similarity_fn_names=["cosine"],
    )
    theirs = evaluator(minilm.model)
    similarity = real.examples["similarity"]
    assert real.value("spearman") == pytest.approx(theirs["spearman_cosine"], abs=1e-9)
    assert real.value("spearman") == pytest.approx(
        spearmanr(scores, similarity).statistic, abs=1e-9
    )
    assert real.value("pearson") == pytest.approx(theirs["pearson_cosine"], abs=1e-6)  # in float32
    assert real.value("pearson") == pytest.approx(pearsonr(scores, similarity).statistic, abs=1e-9)


def test_sts_keeps_examples_and_intervals(real: TaskScores) -> None:
    pairs = samples.sentence_pairs()
    frame = real.to_frame()
    assert list(frame) == ["example", "score", "similarity", "sentence1", "sentence2"]
    assert frame["example"].tolist() == [str(row) for row in range(len(pairs))]
    assert frame["sentence2"].tolist() == list(pairs.sentences2)
    facts = real.summary()
    assert facts["spearman_low"] < facts["spearman"] < facts["spearman_high"]
    assert facts["examples"] == 371
    assert real.prompts == {"sentence": ""}
    assert real.main_metric == "spearman"


def test_sts_is_the_same_from_a_cold_and_a_warm_store(
    pairs: SentencePairs, tiny_encoder: DenseEncoder
) -> None:
    task = tasks.sts(pairs)
    cold = task.score(tiny_encoder, store=False, progress=False, random_state=3)
    warm = [task.score(tiny_encoder, progress=False, random_state=3) for _ in range(2)]
    assert [scores.summary() for scores in warm] == [cold.summary()] * 2
    assert task.score(tiny_encoder, progress=False, random_state=4).summary() != cold.summary()


@pytest.mark.parametrize("precision", ["int8", "ubinary"])
def test_pairs_of_equal_sentences_have_cosine_one(
    precision: str, tiny_encoder: DenseEncoder
) -> None:
    same = [f"my parcel is late {row}" for row in range(6)]
    pairs = SentencePairs(same, [*same[:4], "refund", "sun"], [5, 5, 5, 5, 1, 0])
    for encoder in (tiny_encoder, Variant(tiny_encoder, precision=precision)):
        scores = tasks.sts(pairs).score(encoder, progress=False)
        assert scores.examples["similarity"].tolist()[:4] == [1.0] * 4
        assert scores.examples["similarity"].max() == 1.0


def test_pair_classification_is_what_sentence_transformers_and_scikit_learn_say(
    tiny_encoder: DenseEncoder,
) -> None:
    every = samples.sentence_pairs()
    labels = (np.asarray(every.scores)[:90] >= 3).astype(int)
    pairs = SentencePairs(every.sentences1[:90], every.sentences2[:90], labels)
    found = tasks.pair_classification(pairs).score(tiny_encoder, progress=False)
    evaluator = BinaryClassificationEvaluator(
        list(pairs.sentences1),
        list(pairs.sentences2),
        labels.tolist(),
        similarity_fn_names=["cosine"],
    )
    theirs = evaluator(tiny_encoder.model)
    similarity = found.examples["similarity"].to_numpy()
    assert found.value() == pytest.approx(theirs["cosine_ap"], abs=1e-9)
    assert found.value() == pytest.approx(average_precision_score(labels, similarity), abs=1e-9)
    assert found.value("best_f1") == pytest.approx(theirs["cosine_f1"], abs=1e-9)
    best = BinaryClassificationEvaluator.find_best_f1_and_threshold(similarity, labels, True)
    assert found.threshold == pytest.approx(best[3], abs=1e-9)
    assert found.threshold == pytest.approx(theirs["cosine_f1_threshold"], abs=1e-6)
    assert found.summary()["best_f1_threshold"] == found.threshold
    assert f1_score(labels, similarity >= found.threshold) == pytest.approx(
        found.value("best_f1"), abs=1e-9
    )
    assert list(found.examples)[:3] == ["example", "label", "similarity"]


def test_graded_scores_need_a_threshold(pairs: SentencePairs, tiny_encoder: DenseEncoder) -> None:
    found = tasks.pair_classification(pairs, threshold=3).score(tiny_encoder, progress=False)
    assert found.examples["label"].tolist() == [1, 0, 1, 1, 0, 0, 1, 0]
    assert "score of 3 or more count as alike" in found.notes[0]
    with pytest.raises(InputError, match=r"must be 0 or 1; rows 1, 2, 3, 4, 6 and 1 more hold"):
        tasks.pair_classification(pairs)
    with pytest.raises(InputError, match="all 8 pairs of '<b>few</b>' have the label 0"):
        tasks.pair_classification(pairs, threshold=9)
    with pytest.raises(InputError, match="threshold must be a finite number; got nan"):
        tasks.pair_classification(pairs, threshold=float("nan"))


@pytest.mark.parametrize("make", [tasks.sts, tasks.pair_classification])
def test_refuses_pairs_without_what_is_needed(make: object) -> None:
    assert callable(make)
    five = list("abcde")
    with pytest.raises(InputError, match="expected SentencePairs; got list"):
        make([("a", "b", 1)])
    with pytest.raises(InputError, match="the pairs 'pairs' have no scores"):
        make(SentencePairs(five, five))
    with pytest.raises(InputError, match="expected at least 5 pairs; got 2"):
        make(SentencePairs(["a", "b"], ["c", "d"], [0, 1]))
    with pytest.raises(InputError, match=r"all 5 pairs of 'pairs' have the (score|label) 1"):
        make(SentencePairs(five, five, [1] * 5))


def test_a_model_that_finds_all_pairs_equally_alike_is_refused(
    pairs: SentencePairs, given: Given
) -> None:
    encoder = given({text: [1.0, 2.0] for text in (*pairs.sentences1, *pairs.sentences2)})
    with pytest.raises(InputError, match="gives every pair the cosine 1; a correlation"):
        tasks.sts(pairs).score(encoder, store=False, progress=False)


def test_nan_vectors_are_refused(pairs: SentencePairs, given: Given) -> None:
    vectors = {text: [float(row), 1.0] for row, text in enumerate(pairs.sentences1)}
    vectors |= {text: [np.nan, 1.0] for text in pairs.sentences2}
    with pytest.raises(InputError, match="returned NaN or infinity"):
        tasks.sts(pairs).score(given(vectors), store=False, progress=False)


def test_a_vector_of_zeros_has_cosine_zero_and_a_note(pairs: SentencePairs, given: Given) -> None:
    vectors: dict[str, list[float]] = {
        text: [float(row), 1.0] for row, text in enumerate([*pairs.sentences1, *pairs.sentences2])
    }
    vectors["sentence 0"] = [0.0, 0.0]
    scores = tasks.sts(pairs).score(given(vectors), store=False, progress=False)
    assert scores.examples["similarity"][0] == 0.0
    assert "1 of 16 texts have an all-zero vector" in " ".join(scores.notes)


def test_an_unfitted_lsa_is_fitted_on_both_sides(pairs: SentencePairs) -> None:
    lsa = LSAEncoder(dimension=8)
    fitted = lsa.fit([*pairs.sentences1, *pairs.sentences2])
    task = tasks.sts(pairs)
    expected = task.score(fitted, store=False, progress=False).examples["similarity"]
    for encoder in (lsa, Variant(lsa, name="lsa")):
        found = task.score(encoder, store=False, progress=False)
        np.testing.assert_array_equal(found.examples["similarity"], expected)
    assert task.score("lsa", store=False, progress=False).spec.family == "lsa"
