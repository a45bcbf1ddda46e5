from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.neighbors import KernelDensity

from workbench.analysis import MapLabels, Projection, class_keywords, map_labels, project
from workbench.analysis._map_regions import Regions, dense_regions, region_levels
from workbench.analysis._map_words import alike, characteristic_words, chosen_words, counted_words
from workbench.analysis.keywords import words
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError

CENTRES = np.array([[0.0, 0.0], [10.0, 1.0], [4.0, 9.0], [9.0, 8.0]])
SIZES = (300, 150, 90, 60)
TOPICS = ("refund money card", "parcel courier late", "password login code", "sofa table leg")
FILLER = ("please", "hello", "order", "question", "today", "shop", "write", "again")


def at(places: Any, texts: Sequence[str]) -> Projection:
    """Return a map on which texts stand where one says."""
    vectors = np.random.default_rng(0).normal(size=(len(texts), 3))
    embeddings = Embeddings.from_array(vectors, Corpus(tuple(texts)), name="toy")
    coordinates = np.asarray(places, np.float32)
    return Projection(coordinates, embeddings, "pca", {}, 0, float("nan"), 0)


def blobs(seed: int = 0) -> tuple[Any, Any]:
    """Return places in four blobs, in mixed order, and each one's blob."""
    rng = np.random.default_rng(seed)
    blob = rng.permutation(np.repeat(np.arange(4), SIZES))
    return CENTRES[blob] + 0.6 * rng.normal(size=(len(blob), 2)), blob


def texts_of(blob: Any, seed: int = 1) -> list[str]:
    """Return texts that name their blob's topic with some of its words, among common ones."""
    rng = np.random.default_rng(seed)
    return [
        " ".join([*rng.choice(TOPICS[one].split(), 2, replace=False), *rng.choice(FILLER, 3)])
        for one in blob
    ]


@pytest.fixture(scope="module")
def labelled() -> MapLabels:
    places, blob = blobs()
    return map_labels(at(places, texts_of(blob)))


# ---- regions


def test_peaks_are_those_of_a_kernel_density() -> None:
    places, blob = blobs()
    regions = dense_regions(places, 1 / 12, 5)
    assert len(regions.peaks) == len(set(blob[regions.peaks])) == 4
    scale = np.ptp(places, axis=0) / 12  # one standard deviation of the kernel, on each axis
    unit = places / scale
    height = KernelDensity(bandwidth=1.0).fit(unit).score_samples(unit)
    for one in range(4):
        own = np.flatnonzero(blob == one)
        best = own[np.argmax(height[own])]
        peak = regions.peaks[regions.labels[best]]
        assert np.linalg.norm(unit[peak] - unit[best]) < 0.5
        assert height[peak] > height[best] - 0.02  # logarithms


def test_regions_are_the_blobs() -> None:
    places, blob = blobs()
    regions = dense_regions(places, 1 / 12, 5)
    inside = regions.labels >= 0
    assert inside.mean() > 0.95
    assert (blob[regions.peaks][regions.labels[inside]] == blob[inside]).mean() > 0.99
    assert regions.sizes.tolist() == np.bincount(regions.labels[inside]).tolist()


def test_each_text_belongs_to_the_peak_that_it_climbs_to() -> None:
    places = np.random.default_rng(3).normal(size=(400, 2))
    regions = dense_regions(places, 1 / 20, 1)
    # The same, walked step by step on a grid of our own.
    unit = (places - places.min(axis=0)) / np.ptp(places, axis=0)
    cells = (unit * 80 + 16).astype(int)
    grid = np.zeros((113, 113))
    axis = np.arange(113)
    for cell in cells:
        along = [np.where(abs(axis - m) <= 16, np.exp(-((axis - m) ** 2) / 32), 0) for m in cell]
        grid += np.outer(*along)
    tops = [climbed(grid, tuple(cell)) for cell in cells.tolist()]
    high = [grid[tuple(cell)] >= 0.2 * grid[top] for cell, top in zip(cells, tops, strict=True)]
    assert (regions.labels >= 0).tolist() == high
    pairs = {(top, label) for top, label in zip(tops, regions.labels, strict=True) if label >= 0}
    assert len(pairs) == len(regions.peaks) == len({top for top, _ in pairs})


def climbed(grid: Any, cell: tuple[int, int]) -> tuple[int, int]:
    while True:
        row, column = cell
        around = grid[row - 1 : row + 2, column - 1 : column + 2]
        step = np.unravel_index(around.argmax(), around.shape)
        further = (row + int(step[0]) - 1, column + int(step[1]) - 1)
        if further == cell:
            return cell
        cell = further


def test_the_place_of_a_ring_is_on_the_ring() -> None:
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 400)
    ring = np.column_stack([np.cos(angle), np.sin(angle)]) * rng.uniform(0.95, 1.05, (400, 1))
    far = np.array([[20.0, 20.0]] * 30) + rng.normal(size=(30, 2))
    places = np.vstack([ring, far])
    for regions in region_levels(places):
        of_ring = regions.peaks[regions.peaks < 400]
        assert (np.linalg.norm(places[of_ring], axis=1) > 0.9).all()


def test_levels_go_from_coarse_to_fine() -> None:
    places = np.random.default_rng(2).uniform(size=(3000, 2))
    levels = region_levels(places)
    counts = [len(regions.peaks) for regions in levels]
    assert len(levels) == 5
    assert counts[0] >= 10
    assert counts[0] < counts[1] < counts[2]
    assert levels[0].sizes.min() >= 30  # a hundredth of the texts


# ---- words


def test_characteristic_words_by_hand() -> None:
    places, blob = blobs()
    texts = texts_of(blob)
    regions = dense_regions(places, 1 / 12, 5)
    ranked = class_keywords(texts, regions.labels, n_keywords=10**6)
    holding = [set(words(text)) for text in texts]
    for region, found in enumerate(characteristic_words(counted_words(texts), regions)):
        inside = regions.labels == region
        assert found == [word for word in ranked[region] if stands_out(word, inside, holding)]
        assert set(found) == set(TOPICS[blob[regions.peaks[region]]].split())


def stands_out(word: str, inside: Any, holding: list[set[str]]) -> bool:
    has = np.array([word in one for one in holding])
    count, size = int((has & inside).sum()), int(inside.sum())
    return (
        count >= 3
        and count >= 0.05 * size
        and count / size >= 2 * (has & ~inside).sum() / (~inside).sum()
        and stats.binom.sf(count - 1, size, has.mean()) < 1e-3
    )


def test_weights_order_the_words() -> None:
    # 40 texts of each class; in the first "apple" stands twice, so its c-TF-IDF is the larger.
    texts = ["apple apple banana"] * 40 + ["cherry"] * 40
    labels = np.repeat([0, 1], 40)
    regions = Regions(labels, np.array([0, 40]), np.array([40, 40]))
    assert characteristic_words(counted_words(texts), regions) == [["apple", "banana"], ["cherry"]]
    # Class 0: apple 80 and banana 40 of 120; class 1: cherry 40 of 40; A = 80.
    apple, banana = 80 / 120 * np.log(1 + 80 / 80), 40 / 120 * np.log(1 + 80 / 40)
    assert apple > banana


def test_common_rare_and_stop_words_do_not_stand_out() -> None:
    own = ["the parcel is late and it is at the depot"] * 19 + ["the parcel with a zebra and it is"]
    others = ["the sofa is red and it is at the depot"] * 20
    regions = Regions(np.repeat([0, 1], 20), np.array([0, 20]), np.array([20, 20]))
    found = characteristic_words(counted_words(own + others), regions)
    assert [set(one) for one in found] == [{"parcel", "late"}, {"sofa", "red"}]


def test_only_the_start_of_a_long_text_counts() -> None:
    texts = ["start " * 100 + " " * 500 + "end " * 100, "???"]
    assert counted_words(texts).vocabulary == ["start"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("parcel", "parcels", True),
        ("parcels", "parcel", True),
        ("cancel", "cancelled", True),
        ("date", "date", True),
        ("note", "notebook", False),
        ("card", "care", False),
        ("退款", "款申", True),
        ("退款", "申请", False),
        ("nh", "hn", False),
    ],
)
def test_words_that_say_the_same(one: str, other: str, expected: bool) -> None:
    assert alike(one, other) is expected


def test_what_was_said_is_left_out() -> None:
    candidates = ["parcels", "courier", "couriers", "late", "depot"]
    assert chosen_words(candidates, {"parcel"}, 2) == ("courier", "late")
    assert chosen_words(candidates, set(), 9) == ("parcels", "courier", "late", "depot")
    assert chosen_words(["parcels"], {"parcel"}, 3) == ()


# ---- labels


def test_labels_say_what_the_blobs_are_about(labelled: MapLabels) -> None:
    coarse = [one for one in labelled.labels if one.level == 0]
    assert {word for one in coarse for word in one.keywords} == set(" ".join(TOPICS).split())
    for one in coarse:
        near = np.argmin(np.linalg.norm(CENTRES - (one.x, one.y), axis=1))
        assert set(one.keywords) <= set(TOPICS[near].split())
        assert np.linalg.norm(CENTRES[near] - (one.x, one.y)) < 1.2
    places = {tuple(place) for place in labelled.projection.coordinates.astype(float).tolist()}
    assert all((one.x, one.y) in places for one in labelled.labels)


def test_labels_come_by_level_and_size(labelled: MapLabels) -> None:
    order = [(one.level, -one.size) for one in labelled.labels]
    assert order == sorted(order)
    assert all(1 <= len(one.keywords) <= 3 for one in labelled.labels)


def test_finer_labels_do_not_repeat_those_around_them() -> None:
    # Twelve groups, each of two topics side by side that share a word.
    rng = np.random.default_rng(0)
    group, half = np.repeat(np.arange(12), 60), np.tile([0, 1], 360)
    centres = np.column_stack([10 * (group % 4) + 4 * half, 10 * (group // 4)])
    names = [chr(ord("a") + one) * 5 for one in range(12)]
    halves = [[f"{'xy'[half]}{name}" for half in (0, 1)] for name in names]
    texts = [f"{names[g]} {names[g]} {halves[g][h]}" for g, h in zip(group, half, strict=True)]
    places = centres + 0.4 * rng.normal(size=(720, 2))
    found = map_labels(at(places, texts), n_keywords=1)
    coarse = [one for one in found.labels if one.level == 0]
    fine = [one for one in found.labels if one.level > 0]
    assert sorted(one.keywords[0] for one in coarse) == names
    assert {one.keywords[0] for one in fine} == {word for both in halves for word in both}


def test_a_label_says_more_than_a_larger_one_of_its_level() -> None:
    rng = np.random.default_rng(5)
    centres = np.array([[0, 0], [10, 0], [0, 10], [10, 10]])
    which = np.repeat(np.arange(4), (90, 80, 70, 60))
    topics = ("money", "money", "sofa", "parcel")
    places = centres[which] + 0.3 * rng.normal(size=(300, 2))
    found = map_labels(at(places, [topics[one] for one in which]))
    for level in {one.level for one in found.labels}:
        own = [one.keywords for one in found.labels if one.level == level]
        assert len(own) == len(set(own))
    assert sum("no label" in note for note in found.notes) == 1


def test_the_same_map_has_the_same_labels(labelled: MapLabels) -> None:
    again = map_labels(labelled.projection)
    assert again.labels == labelled.labels
    places, blob = blobs()
    order = np.random.default_rng(9).permutation(len(blob))
    texts = texts_of(blob)
    mixed = map_labels(at(places[order], [texts[row] for row in order]))
    assert mixed.labels == labelled.labels


def test_more_keywords_or_fewer(labelled: MapLabels) -> None:
    fewer = map_labels(labelled.projection, n_keywords=1)
    assert {len(one.keywords) for one in fewer.labels} == {1}
    first = {(one.x, one.y): one.keywords for one in labelled.labels if one.level == 0}
    for one in fewer.labels:
        if one.level == 0:
            assert one.keywords == first[one.x, one.y][:1]


def test_the_value_shows_itself(labelled: MapLabels) -> None:
    frame = labelled.to_frame()
    assert list(frame.columns) == ["level", "size", "x", "y", "keywords"]
    assert frame["keywords"][0] == ", ".join(labelled.labels[0].keywords)
    summary = labelled.summary()
    assert (summary["labels"], summary["texts"]) == (len(frame), 600)
    assert summary["levels"] == frame["level"].nunique()
    assert summary["labels_level_0"] == (frame["level"] == 0).sum()
    assert (
        repr(labelled) == f"MapLabels({len(frame)} labels on {summary['levels']} levels, 600 texts)"
    )
    assert frame["keywords"][0] in labelled._repr_html_()
    assert labelled.title() == f"{labelled.projection.title()} · labels"
    assert pickle.loads(pickle.dumps(labelled)).labels == labelled.labels


@pytest.mark.parametrize("count", [1, 2, 3, 9, 10, 30])
def test_few_texts(count: int) -> None:
    vectors = np.random.default_rng(count).normal(size=(count, 5))
    texts = [f"parcel number {row}" for row in range(count)]
    found = map_labels(project(Embeddings.from_array(vectors, texts), method="pca"))
    assert found.labels == ()
    assert len(found.notes) == 1
    assert found.to_frame().empty
    assert found.summary()["labels"] == 0
    assert "MapLabels(0 labels" in repr(found)
    assert "labels" in found._repr_html_()


def test_thirty_texts_of_two_kinds() -> None:
    rng = np.random.default_rng(0)
    places = np.repeat([[0.0, 0.0], [5.0, 5.0]], 15, axis=0) + 0.1 * rng.normal(size=(30, 2))
    found = map_labels(at(places, ["refund money"] * 15 + ["late parcel"] * 15))
    assert {one.keywords for one in found.labels} == {("money", "refund"), ("late", "parcel")}


def test_texts_on_one_place_and_on_a_line() -> None:
    texts = ["refund money"] * 20 + ["late parcel"] * 20
    assert map_labels(at(np.zeros((40, 2)), texts)).labels == ()
    line = np.column_stack([np.repeat([0.0, 1.0], 20), np.zeros(40)])
    assert {one.keywords for one in map_labels(at(line, texts)).labels} == {
        ("money", "refund"),
        ("late", "parcel"),
    }


@pytest.mark.parametrize("text", ["???", "", "12 345", "🙂🙂"])
def test_texts_without_words(text: str) -> None:
    places, _ = blobs()
    found = map_labels(at(places, [text] * len(places)))
    assert found.labels == ()
    assert found.notes == ("No region of the map has words that the others lack.",)


def test_a_region_without_words_beside_others() -> None:
    places, blob = blobs()
    texts = ["???" if one == 0 else text for one, text in zip(blob, texts_of(blob), strict=True)]
    found = map_labels(at(places, texts))
    coarse = [one for one in found.labels if one.level == 0]
    assert not any(np.hypot(one.x, one.y) < 2 for one in coarse)
    assert any("no label" in note for note in found.notes)


def test_a_far_text_does_not_hide_the_others() -> None:
    places, blob = blobs()
    places[0] = 300.0
    found = map_labels(at(places, texts_of(blob)))
    said = {word for one in found.labels for word in one.keywords}
    assert said >= set(" ".join(TOPICS).split())


def test_wrong_input(labelled: MapLabels) -> None:
    with pytest.raises(InputError, match=r"expected what wb\.project returns"):
        map_labels(labelled.projection.embeddings)
    with pytest.raises(InputError, match="n_keywords: expected a whole number from 1 to 10; got 0"):
        map_labels(labelled.projection, n_keywords=0)
