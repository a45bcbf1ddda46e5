from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import procrustes

from workbench.analysis import Projection
from workbench.analysis._procrustes import fitted, superimposed
from workbench.analysis.alignment import AlignedMaps, _laid_over, aligned_maps
from workbench.analysis.quality import trustworthiness
from workbench.embeddings import Embeddings
from workbench.errors import InputError


def some(n: int, d: int = 10) -> Embeddings:
    vectors = np.random.default_rng(n).normal(size=(n, d))
    return Embeddings.from_array(vectors, [f"text {row}" for row in range(n)])


def changed(source: Embeddings, vectors: np.ndarray, name: str = "changed") -> Embeddings:
    return Embeddings.from_array(vectors, source.corpus, name=name)


def turned(places: np.ndarray, degrees: float, scale: float, mirrored: bool) -> np.ndarray:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirrored:
        turn[0] *= -1
    return places @ turn * scale + [5.0, -3.0]


@pytest.fixture(scope="module")
def source(make: Callable[..., Embeddings]) -> Embeddings:
    """Return 150 texts in blobs that overlap: islands of a map would lie anywhere."""
    return make((70, 50, 30), spread=0.3)


@pytest.fixture(scope="module")
def exchanged(source: Embeddings) -> tuple[Embeddings, np.ndarray]:
    """Return the texts under a second model, which sees 12 of them in another blob."""
    rng = np.random.default_rng(1)
    blob = source.corpus["blob"]
    moved = np.concatenate([np.flatnonzero(blob == 0)[:6], np.flatnonzero(blob == 2)[:6]])
    vectors = source.vectors + rng.normal(scale=0.1, size=source.vectors.shape)
    vectors[moved] = vectors[moved[::-1]]
    return changed(source, vectors), moved


@pytest.fixture(scope="module")
def two(source: Embeddings, exchanged: tuple[Embeddings, np.ndarray]) -> AlignedMaps:
    return aligned_maps({"before": source, "after": exchanged[0]}, progress=False)


@pytest.mark.parametrize("method", ["umap", "tsne", "pca"])
def test_identical_models_stay_and_a_permuted_one_does_not(source: Embeddings, method: str) -> None:
    again = changed(source, source.vectors * 2, "again")
    permuted = changed(
        source, source.vectors[np.random.default_rng(0).permutation(150)], "permuted"
    )
    found = aligned_maps([source, again, permuted], method=method, progress=False)
    assert found.movement[1].max() < 0.01
    assert found.residual[1] < 0.01
    assert not found.moved[1].any()
    assert found.residual[2] > 0.2  # a fifth of the map, at random
    assert found.residual[2] > 2 * found.baseline_residual.max()
    assert found.moved[2].mean() > 0.4
    # A map that fits nowhere keeps its size.
    widths = [np.ptp(one.coordinates, axis=0).max() for one in found.projections]
    assert 0.5 < widths[2] / widths[0] < 2.0


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_map_is_laid_back(umap_map: Projection, mirrored: bool) -> None:
    frame = umap_map.coordinates.astype(np.float64)
    everything = np.ones(120, np.bool_)
    moving = turned(frame, 130.0, 4.0, mirrored)
    placed, _ = superimposed(frame, moving, everything)
    np.testing.assert_allclose(placed, frame, atol=1e-9)


def test_the_fit_is_scipys(umap_map: Projection) -> None:
    """SciPy gives both maps unit size and then scales by least squares: ours without the last."""
    frame = umap_map.coordinates.astype(np.float64)
    moving = turned(frame, 40.0, 0.3, True) + np.random.default_rng(0).normal(size=(120, 2))
    theirs, scaled, _ = procrustes(frame, moving)
    placed = fitted(frame, moving, np.ones(120, np.bool_))
    size = np.linalg.norm(frame - frame.mean(axis=0))
    ours = (placed - frame.mean(axis=0)) / size
    np.testing.assert_allclose(theirs, (frame - frame.mean(axis=0)) / size, atol=1e-12)
    np.testing.assert_allclose(ours, scaled / np.linalg.norm(scaled), atol=1e-9)


def test_the_fit_is_not_drawn_by_texts_that_moved(umap_map: Projection) -> None:
    frame = umap_map.coordinates.astype(np.float64)
    width = np.ptp(frame, axis=0).max()
    moving = frame.copy()
    far = np.arange(0, 120, 10)
    moving[far] += [2 * width, width]
    placed, anchors = superimposed(frame, turned(moving, 60.0, 2.0, True), np.ones(120, np.bool_))
    still = np.setdiff1d(np.arange(120), far)
    np.testing.assert_allclose(placed[still], frame[still], atol=1e-6 * width)
    assert not anchors[far].any()


def test_texts_that_moved_are_found(
    two: AlignedMaps, exchanged: tuple[Embeddings, np.ndarray]
) -> None:
    moved = exchanged[1]
    steady = np.setdiff1d(np.arange(150), moved)
    assert two.moved[1, moved].all()
    assert np.median(two.movement[1, moved]) > 5 * np.median(two.movement[1, steady])
    assert not two.anchors[1, moved].any()
    assert not two.moved[0].any()
    assert not two.movement[0].any()


def test_numbers_by_definition(two: AlignedMaps) -> None:
    before, after = (one.coordinates.astype(np.float64) for one in two.projections)
    width = np.ptp(before, axis=0).max()
    apart = np.hypot(*(after - before).T) / width
    np.testing.assert_allclose(two.movement[1], apart, atol=1e-6)
    assert two.residual[1] == pytest.approx(np.sqrt(np.mean(apart**2)), abs=1e-6)
    anchors = apart[two.anchors[1]]
    assert two.anchor_residual[1] == pytest.approx(np.sqrt(np.mean(anchors**2)), abs=1e-6)
    limits = np.quantile(two.baseline, 0.95, axis=1)
    np.testing.assert_allclose(two.limit, [limits[0], max(limits)])
    np.testing.assert_array_equal(two.moved[1], two.movement[1] > max(limits) + 1e-6)
    assert (two.baseline.max(axis=1) > 0).all()


def test_alignment_changes_no_map_by_itself(two: AlignedMaps) -> None:
    from workbench.analysis import project

    alone = project(two.of("after").embeddings)
    placed = two.of("after")
    _, _, difference = procrustes(
        alone.coordinates.astype(np.float64), placed.coordinates.astype(np.float64)
    )
    assert difference < 1e-9
    assert placed.trustworthiness == alone.trustworthiness
    np.testing.assert_array_equal(two.of("before").coordinates, two.projections[0].coordinates)


@pytest.mark.soak
def test_against_aligned_umap(
    two: AlignedMaps, source: Embeddings, exchanged: tuple[Embeddings, np.ndarray]
) -> None:
    """Why Procrustes: what is the same stays, what moved is told as well, maps are as good."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import umap

        joint = umap.AlignedUMAP(metric="cosine", random_state=0).fit(
            [source.unit(), source.unit(), exchanged[0].unit()],
            relations=[{row: row for row in range(150)}] * 2,
        )
    again, *theirs = (np.asarray(one, np.float32) for one in joint.embeddings_)
    width = np.ptp(theirs[0], axis=0).max()
    apart = np.linalg.norm(theirs[1] - theirs[0], axis=1) / width
    same = np.linalg.norm(theirs[0] - again, axis=1) / width
    assert same.max() > 0.01  # and ours is 0: the same vectors with the same seed
    moved = exchanged[1]
    steady = np.setdiff1d(np.arange(150), moved)

    def told(movement: np.ndarray) -> float:
        return float(np.mean(movement[moved][:, None] > movement[steady]))

    assert told(two.movement[1]) >= told(apart) - 0.01
    for one, other in zip(two.projections, theirs, strict=True):
        k = one.trustworthiness_k
        assert one.trustworthiness >= trustworthiness(one.embeddings.unit(), other, k) - 0.02


def test_dimensions_may_differ_and_a_seed_gives_the_same_numbers(toy: Embeddings) -> None:
    short = changed(toy, toy.vectors[:, :12], "short")
    calls: list[tuple[int, int]] = []
    one = aligned_maps(
        [toy, short],
        n_neighbors=8,
        random_state=2**32 - 1,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(1, 2), (2, 2)]
    other = aligned_maps([toy, short], n_neighbors=8, random_state=2**32 - 1, progress=False)
    np.testing.assert_array_equal(one.movement, other.movement)
    np.testing.assert_array_equal(one.baseline, other.baseline)
    assert one.projections[1].params["n_neighbors"] == 8
    assert one.summary()["random_state"] == 2**32 - 1


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_few_texts(n: int) -> None:
    found = aligned_maps([some(n), changed(some(n), some(n).vectors[:, ::-1])], progress=False)
    for values in (found.movement, found.baseline, found.residual, found.anchor_residual):
        assert np.isfinite(values).all()
    assert found.anchors.any(axis=1).all()
    expected = f"With {n} text{'s' if n > 1 else ''} movement means little: any two maps can be "
    assert any(expected in note for note in found.notes) == (n < 4)
    assert any("PCA has no noise between seeds" in note for note in found.notes) == (n < 5)
    assert "<table>" in found._repr_html_()


def test_identical_texts_share_one_place() -> None:
    same = Embeddings.from_array(np.full((8, 5), 0.3), ["same"] * 8)
    found = aligned_maps([same, some_of(same)], progress=False)
    assert np.isfinite(found.movement).all()
    assert aligned_maps([same, same], progress=False).summary()["residual"] == 0.0


def some_of(source: Embeddings) -> Embeddings:
    return changed(source, np.random.default_rng(0).normal(size=source.vectors.shape))


def test_the_larger_noise_counts(umap_map: Projection) -> None:
    places = umap_map.coordinates
    rng = np.random.default_rng(0)
    noisy = (places + rng.normal(scale=0.5, size=places.shape)).astype(np.float32)
    found = _laid_over(("calm", "noisy"), [(umap_map, places), (umap_map, noisy)])
    assert found.limit[0] == pytest.approx(0.0, abs=1e-6)
    assert found.limit[1] > 0.01
    other = _laid_over(("noisy", "calm"), [(umap_map, noisy), (replace(umap_map), places)])
    assert other.limit[1] == other.limit[0] > 0.01


def test_frame_summary_and_title(two: AlignedMaps) -> None:
    frame = two.to_frame()
    assert ",".join(frame.columns) == "model,id,x,y,text,movement,baseline,moved,anchor"
    assert frame["model"].tolist() == ["before"] * 150 + ["after"] * 150
    np.testing.assert_array_equal(frame["movement"], two.movement.ravel())
    summary = two.summary()
    assert summary["models"] == "before, after"
    assert summary["moved"] == int(two.moved[1].sum())
    assert all(isinstance(value, int | float | str) for value in summary.values())
    assert two.title() == "texts · 2 aligned maps"
    (sentence,) = two.sentences()
    assert sentence.startswith(f"From before to after, {summary['moved']} of 150 texts")
    again = pickle.loads(pickle.dumps(two))
    assert again.summary() == summary
    assert not two.movement.flags.writeable


def test_equal_titles_are_numbered(toy: Embeddings) -> None:
    found = aligned_maps([toy, toy, toy], method="pca", progress=False)
    first = toy.spec.title()
    assert found.names == (first, f"{first} (2)", f"{first} (3)")
    with pytest.raises(InputError, match="no model 'other' here"):
        found.of("other")


def test_wrong_input(toy: Embeddings, make: Callable[..., Embeddings]) -> None:
    with pytest.raises(InputError, match="of several models, in a list or by name; got Embeddings"):
        aligned_maps(toy)
    with pytest.raises(InputError, match="at least two models; got 1"):
        aligned_maps({"one": toy})
    with pytest.raises(InputError, match="expected Embeddings; got list"):
        aligned_maps([toy, [[1.0]]])
    with pytest.raises(InputError, match="not all are of the same texts: 'texts'"):
        aligned_maps([toy, make((30,))])
    with pytest.raises(InputError, match="no method 'mds'"):
        aligned_maps([toy, toy], method="mds")
    with pytest.raises(InputError, match="has no parameter 'n_neighbors'"):
        aligned_maps([toy, toy], method="pca", n_neighbors=5)
    with pytest.raises(InputError, match="random_state: expected a whole number"):
        aligned_maps([toy, toy], random_state=-1)
    zero = toy.vectors.copy()
    zero[4] = 0.0
    with pytest.raises(InputError, match="row 5 have an all-zero vector under 'changed'"):
        aligned_maps([toy, changed(toy, zero)])
