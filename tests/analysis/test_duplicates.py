from __future__ import annotations

from collections.abc import Mapping

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from workbench.analysis import DuplicateGroups, duplicate_groups, paraphrase_mining
from workbench.corpus import Corpus, samples
from workbench.embeddings import Embeddings
from workbench.errors import InputError, WorkbenchWarning


def directions(degrees: list[float], **columns: object) -> Embeddings:
    """Return texts ``t0``, ``t1``, … whose vectors point so many degrees from the first axis."""
    angles = np.deg2rad(degrees)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    n = len(degrees)
    texts = tuple(f"text {row} {'.' * (row % 4)}" for row in range(n))
    ids = tuple(f"t{row}" for row in range(n))
    return Embeddings.from_array(vectors, Corpus(texts, ids, columns, name="some"))


def grouped(
    degrees: list[float],
    threshold_degrees: float = 11,
    keep: str | Mapping[str, str] = "first",
    **columns: object,
) -> DuplicateGroups:
    least = float(np.cos(np.deg2rad(threshold_degrees)))
    pairs = paraphrase_mining(directions(degrees, **columns), threshold=least)
    return duplicate_groups(pairs, keep=keep)


# Two groups, the first a chain: 0, 10, 20 degrees; then 90 and 100; 200 alone.
CHAIN = [90.0, 0, 200, 10, 20, 100]


def test_groups_are_connected_components() -> None:
    groups = grouped(CHAIN)
    assert groups.labels.tolist() == [0, 1, -1, 1, 1, 0]
    assert len(groups) == 2
    rng = np.random.default_rng(5)
    texts = Embeddings.from_array(rng.normal(size=(300, 6)), [str(row) for row in range(300)])
    pairs = paraphrase_mining(texts, threshold=0.93)
    graph = nx.Graph([(i, j) for _, i, j in pairs])
    found = duplicate_groups(pairs).labels
    ours = {frozenset(np.flatnonzero(found == label).tolist()) for label in range(found.max() + 1)}
    assert ours == {frozenset(part) for part in nx.connected_components(graph)}
    firsts = [int(np.flatnonzero(found == label)[0]) for label in range(found.max() + 1)]
    assert firsts == sorted(firsts)


def test_the_first_is_kept_and_chaining_shows() -> None:
    groups = grouped(CHAIN)
    frame = groups.to_frame()
    assert list(frame.columns) == ["group", "id", "text", "decision", "similarity", "kept_id"]
    assert frame["id"].tolist() == ["t0", "t5", "t1", "t3", "t4"]
    assert frame["decision"].tolist() == ["keep", "drop", "keep", "drop", "drop"]
    assert frame["kept_id"].tolist() == ["t0", "t0", "t1", "t1", "t1"]
    cosines = np.cos(np.deg2rad([0, 10, 0, 10, 20]))
    np.testing.assert_allclose(frame["similarity"], cosines, atol=1e-6)
    by_group = groups.group_frame()
    assert by_group["group"].tolist() == [1, 0]  # the chain first
    assert by_group["texts"].tolist() == [3, 2]
    assert by_group["kept"].tolist() == [1, 1]
    np.testing.assert_allclose(by_group["lowest_similarity"], cosines[[4, 1]], atol=1e-6)
    assert by_group["id"].tolist() == ["t1", "t0"]
    summary = groups.summary()
    assert summary["lowest_similarity"] == pytest.approx(cosines[4])
    assert summary["dropped_below_threshold"] == 1
    assert (summary["texts_in_groups"], summary["dropped"], summary["left"]) == (5, 3, 3)
    assert summary["largest_group"] == 3
    assert groups.sizes.tolist() == [2, 3]
    assert groups.title().endswith("2 groups of duplicates at cosine ≥ 0.9816")
    assert "t1" in groups._repr_html_()
    assert repr(groups) == "DuplicateGroups(2 groups, 3 texts dropped)"


def test_rules() -> None:
    assert kept(grouped(CHAIN, keep="longest")) == ["t2", "t3", "t5"]  # with 3 points and 1
    assert kept(grouped([0, 1, 2, 3], keep="longest")) == ["t3"]
    assert kept(grouped(CHAIN, keep="central")) == ["t0", "t2", "t3"]
    assert kept(grouped([5, 5, 5], keep="central")) == ["t0"]


def kept(groups: DuplicateGroups) -> list[str]:
    return list(groups.deduplicated().ids)


def test_longest_counts_characters() -> None:
    corpus = Corpus(("ab", "abcd", "abc"))
    texts = Embeddings.from_array(np.ones((3, 2)), corpus)
    groups = duplicate_groups(paraphrase_mining(texts, threshold=1), keep="longest")
    assert groups.deduplicated().texts == ("abcd",)


def test_decisions_by_hand() -> None:
    groups = grouped(CHAIN)
    assert kept(groups.decide(keep=["t4"])) == ["t0", "t2", "t4"]  # in place of t1
    assert kept(groups.decide(keep=["t1", "t4"])) == ["t0", "t1", "t2", "t4"]
    assert kept(groups.decide(drop=["t1"])) == ["t0", "t2", "t3"]  # the first of the others
    one = groups.decide(keep=["t4"]).decide(keep=["t3"])
    assert kept(one) == ["t0", "t2", "t3", "t4"]
    assert one.to_frame().set_index("id")["kept_id"]["t1"] == "t3"
    assert kept(one.decide(drop=["t3"])) == ["t0", "t2", "t4"]
    assert kept(groups) == ["t0", "t1", "t2"]  # the value given stays as it is
    assert one.summary()["decisions"] == 2
    given = grouped(CHAIN, keep={"t5": "keep", "t1": "drop"})
    assert kept(given) == ["t2", "t3", "t5"]
    with pytest.raises(TypeError):
        given.decisions["t5"] = "drop"


def test_wrong_decisions_are_refused() -> None:
    groups = grouped(CHAIN)
    with pytest.raises(InputError, match=r"all texts of group 0 would be dropped \(t0, t5\)"):
        groups.decide(drop=["t0", "t5"])
    with pytest.raises(InputError, match="all texts of group 0 would be dropped"):
        grouped(CHAIN, keep={"t0": "drop", "t5": "drop"})
    with pytest.raises(InputError, match="'t2' has no duplicate at this threshold"):
        groups.decide(drop=["t2"])
    with pytest.raises(InputError, match="'t1' is to be kept and dropped"):
        groups.decide(keep=["t1"], drop=["t1"])
    with pytest.raises(InputError, match="1 ids are not in 'some', the first is 't9'"):
        groups.decide(keep=["t9"])
    with pytest.raises(InputError, match=r"drop is a list of ids; got one str. Write \['t1'\]"):
        groups.decide(drop="t1")
    with pytest.raises(InputError, match=r"keep\['t1'\]: expected 'keep' or 'drop'; got 'maybe'"):
        grouped(CHAIN, keep={"t1": "maybe"})
    with pytest.raises(InputError, match=r"no rule keep='longes'. Did you mean 'longest'"):
        grouped(CHAIN, keep="longes")


def test_the_deduplicated_corpus_keeps_columns_and_order() -> None:
    dates = pd.to_datetime(["2025-01-0" + str(day) for day in range(1, 7)])
    left = grouped(CHAIN, topic=list("abcdef"), created=dates).deduplicated()
    assert left.ids == ("t0", "t1", "t2")
    assert left.texts == ("text 0 ", "text 1 .", "text 2 ..")
    assert left["topic"].tolist() == ["a", "b", "c"]
    assert left.name == "some"
    assert str(left["created"][2])[:10] == "2025-01-03"


def test_nothing_to_group() -> None:
    groups = grouped([0, 90, 180])
    assert len(groups) == 0
    assert kept(groups) == ["t0", "t1", "t2"]
    assert len(groups.to_frame()) == len(groups.group_frame()) == 0
    assert groups.summary()["largest_group"] == 0
    assert "0 groups" in groups._repr_html_()


def test_pairs_that_cannot_make_groups() -> None:
    texts = directions([0, 1, 2])
    with pytest.raises(InputError, match="between two sets of texts"):
        duplicate_groups(paraphrase_mining(texts, texts, threshold=0.5))
    with pytest.raises(InputError, match="expected ParaphrasePairs; got Embeddings"):
        duplicate_groups(texts)
    with pytest.warns(WorkbenchWarning, match="the 1 most similar"):
        pairs = paraphrase_mining(texts, threshold=0.5, max_pairs=1)
    with pytest.warns(WorkbenchWarning, match="only 1 of 3 pairs were kept"):
        assert len(duplicate_groups(pairs)) == 1


def test_all_planted_duplicates_of_a_table_are_grouped() -> None:
    """Vectors that point where the table says: each duplicate beside what it repeats."""
    corpus = samples.support_tickets(language=None)
    vectors = np.random.default_rng(0).normal(size=(len(corpus), 64))
    where = {text_id: row for row, text_id in enumerate(corpus.ids)}
    planted = [(row, where[of]) for row, of in enumerate(corpus["duplicate_of"]) if of in where]
    assert len(planted) == 24
    for row, of in planted:
        vectors[row] = vectors[of] + 0.01 * vectors[row]
    pairs = paraphrase_mining(Embeddings.from_array(vectors, corpus), threshold=0.9)
    groups = duplicate_groups(pairs)
    assert groups.summary()["dropped"] == 24
    assert len(groups.deduplicated()) == len(corpus) - 24
