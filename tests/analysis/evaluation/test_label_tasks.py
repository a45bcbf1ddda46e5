from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, v_measure_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from workbench.analysis import tasks
from workbench.analysis.evaluation import ClassificationTask, ClusteringTask
from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.models import DenseEncoder

from .conftest import Given

BOTH = [tasks.clustering, tasks.classification]


def unit(encoder: DenseEncoder, corpus: Corpus) -> np.ndarray:
    vectors = encoder.encode(corpus.texts).astype(np.float64)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def labelled(labels: list[object], name: str = "mine") -> Corpus:
    texts = tuple(f"text {row}" for row in range(len(labels)))
    return Corpus(texts, columns={"topic": labels}, name=name)


def test_clustering_is_the_v_measure_of_k_means(
    small_corpus: Corpus, tiny_encoder: DenseEncoder
) -> None:
    found = tasks.clustering("topic").score(
        tiny_encoder, corpus=small_corpus, progress=False, random_state=5
    )
    points = unit(tiny_encoder, small_corpus).astype(np.float32)
    clusters = KMeans(3, n_init=10, random_state=5).fit_predict(points)
    labels = small_corpus["topic"]
    assert found.value("v_measure") == pytest.approx(v_measure_score(labels, clusters), abs=1e-9)
    frame = found.to_frame()
    assert list(frame) == ["example", "label", "cluster", "text"]
    assert frame["label"].tolist() == labels.tolist()
    assert frame["example"].tolist() == list(small_corpus.ids)
    assert found.prompts == {"text": ""}


def test_classification_is_cross_validated_logistic_regression(
    small_corpus: Corpus, tiny_encoder: DenseEncoder
) -> None:
    found = tasks.classification().score(
        tiny_encoder, corpus=small_corpus, progress=False, random_state=7
    )
    labels = small_corpus["topic"].astype(str)
    expected = cross_val_predict(
        LogisticRegression(max_iter=1000),
        unit(tiny_encoder, small_corpus),
        labels,
        cv=StratifiedKFold(5, shuffle=True, random_state=7),
    )
    assert found.examples["predicted"].tolist() == expected.tolist()
    assert found.metrics == ("accuracy", "macro_f1")
    assert found.value() == pytest.approx(accuracy_score(labels, expected), abs=1e-9)
    assert found.value("macro_f1") == pytest.approx(
        f1_score(labels, expected, average="macro"), abs=1e-9
    )
    assert found.notes == ("6 of 30 texts are longer than the model reads.",) or found.notes


def test_a_seed_gives_the_same_numbers(small_corpus: Corpus, tiny_encoder: DenseEncoder) -> None:
    for make in BOTH:
        task = make("topic", corpus=small_corpus)
        first, again = (task.score(tiny_encoder, progress=False).summary() for _ in range(2))
        assert first == again


def test_texts_without_a_label_are_left_out_and_counted(
    hashing_encoder: Callable[[], DenseEncoder],
) -> None:
    corpus = labelled([1, None, 2, 1, 2, np.nan, 1, 2, 1, 2, 1, 2])
    for make in BOTH:
        found = make("topic").score(hashing_encoder(), corpus=corpus, store=False, progress=False)
        assert found.examples["label"].tolist() == list("1212121212"[:10])
        assert "5" not in found.examples["example"].tolist()
        assert found.notes[0] == "2 of 12 texts have no label in 'topic' and were left out."


@pytest.mark.parametrize("make", BOTH)
def test_refuses_corpora_without_labels(
    make: Callable[..., ClusteringTask | ClassificationTask],
    small_corpus: Corpus,
    hashing_encoder: Callable[[], DenseEncoder],
) -> None:
    encoder = hashing_encoder()
    name = make.__name__
    with pytest.raises(InputError, match=f"{name}: expected a Corpus; got NoneType. Pass corpus="):
        make("topic").score(encoder)
    with pytest.raises(InputError, match="expected a Corpus; got list"):
        make("topic", corpus=["a"])
    with pytest.raises(InputError, match=r"no column 'topik' .*Did you mean 'topic'"):
        make("topik", corpus=small_corpus)
    with pytest.raises(InputError, match=r"no column 'topik' .*Did you mean 'topic'"):
        make("topik").score(encoder, corpus=small_corpus)
    with pytest.raises(InputError, match=r"'mine' has no label column .*Known: 'topic'"):
        make(corpus=labelled(["a", "b"]))
    with pytest.raises(InputError, match=r"at least two labels in column 'topic'.*only 'a'"):
        make("topic", corpus=labelled(["a"] * 6))
    with pytest.raises(InputError, match="got none: it is empty"):
        make("topic", corpus=labelled([None] * 6))
    with pytest.raises(InputError, match="at least 5 labelled texts; got 4"):
        make("topic", corpus=labelled(["a", "b", "a", "b", None]))
    assert not encoder.seen


def test_labels_of_one_text_each_are_refused(
    hashing_encoder: Callable[[], DenseEncoder],
) -> None:
    corpus = labelled(list("abcdef"))
    with pytest.raises(InputError, match="each of the 6 texts has a label of its own"):
        tasks.clustering("topic").score(hashing_encoder(), corpus=corpus)
    with pytest.raises(InputError, match=r"got 0 \(6 of 6 labels are on one text only\)"):
        tasks.classification("topic").score(hashing_encoder(), corpus=corpus)


def test_rare_labels_are_said(hashing_encoder: Callable[[], DenseEncoder]) -> None:
    corpus = labelled(["a"] * 8 + ["b"] * 7 + ["c"] * 2 + ["d"])
    found = tasks.classification("topic").score(
        hashing_encoder(), corpus=corpus, store=False, progress=False
    )
    assert len(found) == 17
    notes = " ".join(found.notes)
    assert "1 texts whose label no other text has were left out" in notes
    assert "1 labels have fewer than 5 texts (the rarest 2)" in notes
    few = tasks.classification("topic").score(
        hashing_encoder(), corpus=labelled(list("aabbcc")), store=False, progress=False
    )
    assert "2 folds instead of 5" in " ".join(few.notes)


def test_fewer_distinct_vectors_than_labels_are_said(given: Given) -> None:
    corpus = labelled(["a", "b", "c"] * 3)
    vectors = {text: [1.0, row % 2] for row, text in enumerate(corpus.texts)}
    found = tasks.clustering("topic").score(
        given(vectors), corpus=corpus, store=False, progress=False
    )
    assert found.notes[0] == "There are 2 distinct vectors for 3 labels."
    assert found.examples["cluster"].nunique() == 2


def test_many_texts_are_clustered_in_batches(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.analysis.evaluation.clustering._MOST_IN_FULL", 50)
    corpus = labelled([f"<b>{row % 3}</b>" for row in range(60)])
    centres = 5 * np.eye(3)
    noise = np.random.default_rng(0).normal(size=(60, 3))
    vectors = {text: centres[row % 3] + noise[row] for row, text in enumerate(corpus.texts)}
    found = tasks.clustering("topic").score(
        given(vectors), corpus=corpus, store=False, progress=False
    )
    assert found.notes[0].startswith("Mini-batch k-means")
    assert found.value() > 0.8


def test_labels_of_other_kinds_are_read_as_text(
    hashing_encoder: Callable[[], DenseEncoder],
) -> None:
    for labels, first in (
        ([True, False] * 4, "True"),
        ([1.5, 2.0] * 4, "1.5"),
        (pd.Categorical(["x", "y"] * 4), "x"),
        (["\ud800", "<script>"] * 4, "\ud800"),
        (pd.to_datetime(["2026-01-02", "2026-02-03"] * 4), "2026-01-02T00:00:00.000000"),
    ):
        corpus = Corpus(tuple("abcdefgh"), columns={"topic": labels})
        found = tasks.classification("topic").score(
            hashing_encoder(), corpus=corpus, store=False, progress=False
        )
        assert found.examples["label"][0] == first
        assert set(found.examples["predicted"]) <= set(found.examples["label"])


def test_too_few_texts_that_share_a_label_are_refused_before_encoding() -> None:
    corpus = labelled(list("aabbc"))
    with pytest.raises(InputError, match=r"at least 5 texts whose label another .* got 4"):
        tasks.classification("topic").check(corpus)
    assert tasks.clustering("topic").check(corpus) is None


def test_labels_that_differ_in_a_trailing_nul_stay_apart(
    hashing_encoder: Callable[[], DenseEncoder],
) -> None:
    corpus = labelled(["a", "a\0"] * 6)
    found = tasks.classification("topic").score(
        hashing_encoder(), corpus=corpus, store=False, progress=False
    )
    assert set(found.examples["predicted"]) <= {"a", "a\0"}
    assert "a\0" in set(found.examples["predicted"])


def test_an_interval_below_its_score_is_explained(given: Given) -> None:
    rng = np.random.default_rng(0)
    corpus = labelled([f"label {row % 10}" for row in range(60)])
    random = given({text: rng.normal(size=8) for text in corpus.texts})
    found = tasks.clustering("topic").score(random, corpus=corpus, store=False, progress=False)
    assert found.intervals["v_measure"].high < found.value()
    assert "v_measure of so few examples comes out too high" in " ".join(found.notes)
