"""How many texts are put into blocks, and blocks of two sets, against all pairs by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from workbench.analysis import block_similarities
from workbench.embeddings import Embeddings
from workbench.errors import InputError


def embedded(count: int = 40, seed: int = 0, dimension: int = 6, kind: str = "text") -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)) + 0.3
    return Embeddings.from_array(vectors, [f"{kind} {row}" for row in range(count)])


def test_blocks_of_two_sets_are_means_of_all_pairs() -> None:
    left, right = embedded(30), embedded(24, seed=1, kind="other")
    names = [f"l{row % 3}" for row in range(30)]
    found = block_similarities(
        left, names, other=right, other_by=[f"r{row % 2}" for row in range(24)]
    )
    assert (found.names, found.column_blocks.names) == (("l0", "l1", "l2"), ("r0", "r1"))
    cosines = cosine_similarity(left.vectors.astype(np.float64), right.vectors)
    for i in range(3):
        for j in range(2):
            expected = cosines[i::3, j::2].mean()
            assert found.values[i, j] == pytest.approx(expected, abs=1e-5)
    assert found.summary()["mean_between"] == pytest.approx(cosines.mean(), abs=1e-5)
    frame = found.to_frame()
    assert frame["row_name"].tolist() == ["l0", "l0", "l1", "l1", "l2", "l2"]
    assert frame["column_texts"].tolist() == [12] * 6
    np.testing.assert_array_equal(frame["mean_cosine"], found.values.ravel())
    assert len(block_similarities(left, names).to_frame()) == 6, "each two once"


def test_two_sets_are_grouped_by_the_same_word() -> None:
    found = block_similarities(embedded(120), "given", other=embedded(60, seed=1), random_state=3)
    assert found.names == ("texts 1–50", "texts 51–100", "texts 101–120")
    assert found.column_blocks.names == ("texts 1–50", "texts 51–60")
    assert found.labels.tolist() == (np.arange(120) // 50).tolist()
    named = block_similarities(embedded(120), ["a"] * 120, other=embedded(60, seed=1))
    assert named.column_blocks.names[0] == "block 1", "columns have no names: like texts"


@pytest.mark.parametrize("by", [None, "given", "names"])
def test_every_text_is_in_a_block_that_can_be_opened(by: str | None) -> None:
    alike = np.repeat(np.eye(4, dtype=np.float32), [9000, 3, 2, 1], axis=0)
    source = Embeddings.from_array(alike, [str(row) for row in range(9006)])
    found = block_similarities(source, ["all"] * 9006 if by == "names" else by)
    assert found.sizes.sum() == 9006
    assert 0 < found.sizes.min() <= found.sizes.max() <= 2000
    assert len(set(found.names)) == len(found.names)
    assert np.isfinite(found.values[~np.eye(len(found.values), dtype=bool)]).all()


def test_the_seed_gives_the_same_blocks() -> None:
    first, again = (block_similarities(embedded(900), random_state=7) for _ in range(2))
    np.testing.assert_array_equal(first.labels, again.labels)
    np.testing.assert_array_equal(first.values, again.values)


def test_a_group_may_be_called_what_a_part_is() -> None:
    names = ["a"] * 1500 + ["a (1)"] * 3
    found = block_similarities(embedded(1503), names)
    assert found.names == ("a (1)", "a (2)", "a (1) [2]")


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_texts(count: int) -> None:
    found = block_similarities(embedded(count))
    assert found.sizes.tolist() == [count]
    assert np.isnan(found.values[0, 0]) == (count == 1)


def test_what_cannot_be_grouped_is_refused() -> None:
    with pytest.raises(InputError, match=r"by='similar' is unknown. Did you mean 'similarity'"):
        block_similarities(embedded(), "similar")
    with pytest.raises(InputError, match=r"names of groups are strings; got None"):
        block_similarities(embedded(2), ["a", None])
    with pytest.raises(InputError, match="row vectors have 6 dimensions, the column vectors 3"):
        block_similarities(embedded(), other=embedded(dimension=3))
    with pytest.raises(InputError, match="got 1 names for 40 texts"):
        block_similarities(embedded(), ["a"])


def test_means_within_and_between_are_those_of_all_pairs() -> None:
    source = embedded(40)
    which = np.repeat([0, 1, 2, 3], [31, 6, 2, 1])  # a block of one text has no pair
    facts = block_similarities(source, [f"b{one}" for one in which]).summary()
    cosines = cosine_similarity(source.vectors.astype(np.float64))
    rows, columns = np.triu_indices(40, 1)
    same = which[rows] == which[columns]
    pairs = cosines[rows, columns]
    assert facts["mean_within"] == pytest.approx(pairs[same].mean(), abs=1e-6)
    assert facts["mean_between"] == pytest.approx(pairs[~same].mean(), abs=1e-6)

    other, across = embedded(24, seed=1), [f"r{row > 4}" for row in range(24)]
    found = block_similarities(source, [f"b{one}" for one in which], other=other, other_by=across)
    cosines = cosine_similarity(source.vectors.astype(np.float64), other.vectors)
    assert found.summary()["mean_between"] == pytest.approx(cosines.mean(), abs=1e-6)


def test_no_pairs_have_no_mean() -> None:
    facts = block_similarities(embedded(1), ["alone"]).summary()
    assert np.isnan([facts["mean_within"], facts["mean_between"]]).all()


def test_a_group_called_other_stays_apart_from_the_smallest() -> None:
    names = ["other"] * 60 + ["other (52 names)"] * 50
    names += [f"large {row}" for row in range(147) for _ in range(3)]
    names += [f"small {row:02}" for row in range(52)]
    found = block_similarities(embedded(len(names)), names)
    assert len(found.names) == 150
    sizes = dict(zip(found.names, found.sizes.tolist(), strict=True))
    assert sizes["other"] == 60
    assert sizes["other (52 names)"] == 50
    assert sizes["all other (52 names)"] == 52


def test_what_names_no_groups_is_refused() -> None:
    with pytest.raises(InputError, match=r"by= is 'similarity', .*; got 5\. Group by a label"):
        block_similarities(embedded(9), 5)
