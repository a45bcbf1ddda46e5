from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from workbench.analysis import duplicate_groups, paraphrase_mining, split_leakage
from workbench.analysis._wilson import wilson_ends
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError


def some(n: int, seed: int, name: str) -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(n, 6))
    ids = tuple(f"{name}{row}" for row in range(n))
    corpus = Corpus(tuple(f"text {one}" for one in ids), ids, {"x": np.arange(n)}, name=name)
    return Embeddings.from_array(vectors, corpus)


def test_equal_to_brute_force() -> None:
    train, test = some(70, 1, "train"), some(40, 2, "test")
    found = split_leakage(train, test, threshold=0.85)
    one, two = (side.vectors.astype(float) for side in (test, train))
    cosines = one @ two.T / np.linalg.norm(one, axis=1)[:, None] / np.linalg.norm(two, axis=1)
    np.testing.assert_array_equal(found.nearest, cosines.argmax(axis=1))
    np.testing.assert_allclose(found.similarities, cosines.max(axis=1), atol=1e-6)
    expected = np.flatnonzero(cosines.max(axis=1) >= 0.85)
    assert 0 < len(expected) < 40
    np.testing.assert_array_equal(np.flatnonzero(found.leaked), expected)
    frame = found.to_frame()
    assert list(frame.columns) == ["similarity", "id", "text", "train_id", "train_text"]
    assert set(frame["id"]) == {f"test{row}" for row in expected}
    assert (np.diff(frame["similarity"]) <= 0).all()
    first = int(cosines.max(axis=1).argmax())
    assert frame["id"][0] == f"test{first}"
    assert frame["train_text"][0] == f"text train{cosines[first].argmax()}"
    clean = found.without_leaks()
    assert clean.ids == tuple(f"test{row}" for row in range(40) if row not in expected)
    assert clean["x"].tolist() == [row for row in range(40) if row not in expected]


def test_the_share_has_its_interval() -> None:
    train, test = some(70, 1, "train"), some(40, 2, "test")
    found = split_leakage(train, test, threshold=0.85)
    count = int(found.leaked.sum())
    expected = binomtest(count, 40).proportion_ci(0.95, method="wilson")
    assert found.share.estimate == count / 40
    assert (found.share.low, found.share.high) == pytest.approx((expected.low, expected.high))
    summary = found.summary()
    assert summary["leaked"] == count
    assert summary["leaked_share_high"] == pytest.approx(expected.high)
    assert f"{100 * count / 40:.1f} %" in found._repr_html_()
    assert repr(found) == f"SplitLeakage({count} of 40 texts leaked)"


@pytest.mark.parametrize("threshold", [-0.9, 0.5, 0.85, 0.9995, 1.0])
def test_a_bin_is_leaked_or_not(threshold: float) -> None:
    train = some(70, 1, "train")
    test = Embeddings.from_array(
        np.concatenate([some(40, 2, "test").vectors, train.vectors[:3]]),
        [str(n) for n in range(43)],
    )
    found = split_leakage(train, test, threshold=threshold)
    edges, counts = found.histogram()
    assert (len(edges), len(counts), counts.sum()) == (41, 40, 43)
    assert (np.diff(edges) > 0).all()
    assert edges[-1] == 1.0
    least = min(threshold, 0.999)
    assert counts[edges[:-1] >= least].sum() == found.leaked.sum() >= 3
    if threshold == 0.85:
        inside, _ = np.histogram(found.similarities, edges)
        np.testing.assert_array_equal(counts, inside)
    assert len(found.histogram(2)[1]) == 2
    with pytest.raises(InputError, match="n_bins: expected a whole number from 2 to 1000; got 1"):
        found.histogram(1)


def test_leaks_by_label() -> None:
    train = some(50, 1, "train")
    vectors = np.concatenate([train.vectors[:4], -train.vectors[:3]])
    labels = np.array(["b", "a", "a", None, "b", "c", None], dtype=object)
    corpus = Corpus(tuple("pqrstuv"), columns={"kind": labels}, label="kind")
    found = split_leakage(train, Embeddings.from_array(vectors, corpus), threshold=0.9999)
    frame = found.label_frame()
    assert frame["label"].tolist() == ["a", "b", None, "c"]
    assert frame["texts"].tolist() == [2, 2, 2, 1]
    assert frame["leaked"].tolist() == [2, 1, 1, 0]
    assert frame["share"].tolist() == [1.0, 0.5, 0.5, 0.0]
    assert (frame["low"][1], frame["high"][1]) == wilson_ends(1, 2)
    with pytest.raises(InputError, match=r"label_frame: the test split has no label\. Name"):
        split_leakage(train, train, threshold=0.9).label_frame()


def test_half_of_a_surrogate_is_listed() -> None:
    torn = "half \ud83e of a fox"
    corpus = Corpus((torn, torn), (torn, "b"), {"kind": [torn, "x"]}, label="kind")
    texts = Embeddings.from_array(np.ones((2, 2)), corpus)
    pairs = paraphrase_mining(texts, threshold=0.9)
    assert pairs.to_frame()["text_1"][0] == torn
    groups = duplicate_groups(pairs)
    assert groups.to_frame()["kept_id"][1] == groups.group_frame()["text"][0] == torn
    found = split_leakage(texts, texts, threshold=0.9)
    assert found.to_frame()["train_text"][0] == found.label_frame()["label"][0] == torn


def test_a_copy_leaks_at_any_threshold() -> None:
    train = some(50, 1, "train")
    rows = [7, 7, 30]
    vectors = np.concatenate([train.vectors[rows], -train.vectors[:1]])
    test = Embeddings.from_array(vectors, ["a", "b", "c", "d"])
    found = split_leakage(train, test, threshold=1.0)
    assert found.nearest[:3].tolist() == rows
    assert found.similarities[:3].tolist() == [1.0] * 3
    assert found.leaked.tolist() == [True, True, True, False]


def test_what_cannot_be_compared() -> None:
    train = some(5, 1, "train")
    all_leaked = split_leakage(train, train.take([1]), threshold=0.9)
    with pytest.raises(InputError, match="all 1 texts of the test split have a near-duplicate"):
        all_leaked.without_leaks()
    none = split_leakage(train, Embeddings.from_array(-train.vectors[:1], ["a"]), threshold=0.999)
    assert len(none.to_frame()) == 0
    assert none.share.low == 0.0
    with pytest.raises(InputError, match="test: expected Embeddings; got Corpus"):
        split_leakage(train, train.corpus, threshold=0.5)
    with pytest.raises(InputError, match="test texts' vectors have 2 dimensions"):
        split_leakage(train, Embeddings.from_array([[1, 0]], ["a"]), threshold=0.5)
    with pytest.raises(InputError, match="split_leakage: threshold: expected a cosine"):
        split_leakage(train, train, threshold=2)


@pytest.mark.parametrize(("count", "n"), [(0, 1), (3, 7), (10, 10), (81, 263)])
def test_wilson_equals_scipys(count: int, n: int) -> None:
    expected = binomtest(count, n).proportion_ci(0.95, method="wilson")
    assert wilson_ends(count, n) == pytest.approx((expected.low, expected.high), abs=1e-12)
    # Newcombe 1998, table I: 81 of 263 is 0.2553 to 0.3662.
    assert wilson_ends(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_a_finite_population_narrows_the_interval() -> None:
    assert wilson_ends(3, 10, population=10) == (0.3, 0.3)
    # 40 of 80 drawn count as 40 · 79 / 40 = 79: as 23.7 of 79 without replacement.
    low, high = wilson_ends(12, 40, population=80)
    n, p, z = 79, 0.3, 1.959964
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert (low, high) == pytest.approx((centre - half, centre + half), abs=1e-6)
    assert wilson_ends(0, 0) == (0.0, 1.0)
