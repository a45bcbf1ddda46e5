from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import manifold
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from workbench.analysis import (
    PROJECTION_PARAMETERS,
    Neighbors,
    Projection,
    _umap_compiled,
    map_quality,
    nearest_neighbors,
    neighbors,
    project,
    projection,
)
from workbench.analysis._umap import fit_umap
from workbench.analysis.reduction import _with_self, reduce_umap
from workbench.embeddings import Embeddings
from workbench.errors import InputError

METHODS = tuple(PROJECTION_PARAMETERS)
QUICK = {"umap": {}, "tsne": {"max_iter": 250}, "pca": {}}


def some(n: int, d: int = 10) -> Embeddings:
    vectors = np.random.default_rng(n).normal(size=(n, d))
    return Embeddings.from_array(vectors, [f"text {row}" for row in range(n)])


def separable(found: Projection) -> float:
    """Return how often the nearest other text on the map is of the same blob."""
    nearest = NearestNeighbors(n_neighbors=1).fit(found.coordinates).kneighbors()[1][:, 0]
    blob = found.embeddings.corpus["blob"]
    return float(np.mean(blob[nearest] == blob))


def test_umap_shows_the_blobs(umap_map: Projection, toy_neighbors: Neighbors) -> None:
    assert umap_map.method == "umap"
    assert umap_map.coordinates.shape == (120, 2)
    assert umap_map.coordinates.dtype == np.float32
    assert umap_map.neighbors is toy_neighbors
    assert dict(umap_map.params) == {"n_neighbors": 15, "min_dist": 0.1}
    assert umap_map.notes == ()
    assert separable(umap_map) == 1.0


def test_trustworthiness_is_scikit_learns(umap_map: Projection) -> None:
    expected = manifold.trustworthiness(
        umap_map.embeddings.vectors, umap_map.coordinates, n_neighbors=15, metric="cosine"
    )
    assert umap_map.trustworthiness_k == 15
    assert umap_map.trustworthiness == pytest.approx(expected, abs=2e-6)


def test_umap_gets_the_neighbors_it_would_find(toy: Embeddings, toy_neighbors: Neighbors) -> None:
    """The graph from the shared neighbours is the one that umap makes of the vectors alone."""
    import umap
    from umap.umap_ import fuzzy_simplicial_set

    alone = umap.UMAP(metric="cosine", random_state=0, n_jobs=1, n_epochs=1).fit(toy.unit())
    indices, distances = _with_self(toy_neighbors, 15)
    rng = np.random.RandomState(0)
    shared = fuzzy_simplicial_set(toy.unit(), 15, rng, "cosine", {}, indices, distances)[0]
    np.testing.assert_allclose(shared.toarray(), alone.graph_.toarray(), atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_a_seed_gives_the_same_numbers(
    toy: Embeddings, toy_neighbors: Neighbors, method: str
) -> None:
    handed = project(toy, method=method, random_state=3, neighbors=toy_neighbors, **QUICK[method])
    alone = project(toy, method=method, random_state=3, **QUICK[method])
    np.testing.assert_array_equal(handed.coordinates, alone.coordinates)
    assert handed.trustworthiness == alone.trustworthiness
    assert handed.random_state == 3


def test_pca_is_scikit_learns(toy: Embeddings) -> None:
    found = project(toy, method="pca")
    np.testing.assert_allclose(found.coordinates, PCA(2).fit_transform(toy.unit()), atol=1e-5)
    assert found.neighbors is None
    assert dict(found.params) == {}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 20])
def test_few_texts(method: str, n: int) -> None:
    found = project(some(n), method=method, **QUICK[method])
    assert found.coordinates.shape == (n, 2)
    assert np.isfinite(found.coordinates).all()
    assert len(np.unique(found.coordinates, axis=0)) == n
    if n == 1:
        assert found.coordinates.tolist() == [[0.0, 0.0]]
    if n < 5 and method != "pca":
        assert found.method == "pca"
        assert f"needs 5 texts; the {n} text" in found.notes[0]
    else:
        assert found.method == method
    assert found.trustworthiness_k == (n - 1) // 2 if n < 20 else 9
    assert np.isnan(found.trustworthiness) == (n < 3)
    assert "<table>" in found._repr_html_()


@pytest.mark.parametrize(
    ("method", "name", "used"), [("umap", "n_neighbors", 19), ("tsne", "perplexity", 19 / 3)]
)
def test_more_neighbors_than_texts_are_lowered_with_a_note(
    method: str, name: str, used: float
) -> None:
    found = project(some(20), method=method, **{name: 40})
    assert found.params[name] == pytest.approx(used)
    assert f"{name}=40 was lowered to" in found.notes[0]
    assert "there are 20 texts" in found.notes[0]


@pytest.mark.parametrize("method", METHODS)
def test_identical_texts_share_one_place(method: str) -> None:
    same = Embeddings.from_array(np.full((8, 5), 0.3), ["same"] * 8)
    found = project(same, method=method)
    assert not found.coordinates.any()
    assert found.trustworthiness == 1.0
    if method != "pca":
        assert found.notes == ("All 8 texts have the same vector: they share one place.",)


@pytest.mark.parametrize("method", METHODS)
def test_many_equal_texts(method: str) -> None:
    vectors = np.repeat(np.random.default_rng(0).normal(size=(12, 16)), 30, axis=0)
    some_equal = Embeddings.from_array(vectors, [f"text {row // 30}" for row in range(360)])
    found = project(some_equal, method=method, **QUICK[method])
    assert np.isfinite(found.coordinates).all()


@pytest.mark.parametrize(("d", "start"), [(24, "pca"), (2, "random")])
def test_a_failing_spectral_start_is_replaced_with_a_note(
    make: Callable[..., Embeddings], monkeypatch: pytest.MonkeyPatch, d: int, start: str
) -> None:
    import umap.spectral
    from scipy.sparse.linalg import ArpackError

    def fail(*args: object, **kwargs: object) -> None:
        raise ArpackError(-9999)

    monkeypatch.setattr(umap.spectral.scipy.sparse.linalg, "eigsh", fail)
    found = project(make((30, 30), d=d, spread=0.5))
    assert found.notes == (f"UMAP's spectral start failed; it started from {start}.",)
    assert np.isfinite(found.coordinates).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("d", [1, 2])
def test_short_vectors(method: str, d: int) -> None:
    found = project(some(30, d), method=method, **QUICK[method])
    assert np.isfinite(found.coordinates).all()


def test_too_few_neighbors_are_computed_anew_with_a_note(toy: Embeddings) -> None:
    five = nearest_neighbors(toy, 5)
    found = project(toy, method="tsne", neighbors=five, max_iter=250)
    assert "needs 91 neighbours per text; the 5 handed over were too few" in found.notes[0]
    assert found.neighbors is not None
    assert found.neighbors.n_neighbors == 91


def test_neighbors_are_looked_for_once_for_the_map_and_its_quality(
    toy: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = project(toy)
    assert found.neighbors is not None
    assert found.neighbors.n_neighbors == 30
    np.testing.assert_array_equal(
        found.coordinates, project(toy, neighbors=nearest_neighbors(toy, 14)).coordinates
    )

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("neighbours were looked for again")

    monkeypatch.setattr(neighbors, "nearest_rows", refuse)
    assert map_quality(found).neighbors is not None
    assert map_quality(project(toy, neighbors=found.neighbors)).k == 15


def test_pynndescent_is_not_used(toy: Embeddings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("umap searched for neighbours itself")

    import umap.umap_

    monkeypatch.setattr(umap.umap_, "NNDescent", type("NNDescent", (), {"__init__": refuse}))
    reduce_umap(toy, None, dimensions=2, n_neighbors=5, min_dist=0.1, random_state=0)


def test_what_numba_compiled_is_there_in_the_next_process() -> None:
    code = """
import numpy as np
from umap import layouts
from workbench.analysis import project
from workbench.embeddings import Embeddings
vectors = np.random.default_rng(0).normal(size=(40, 8))
found = project(Embeddings.from_array(vectors, [str(row) for row in range(40)]))
compiled = layouts._nb_optimize_layout_euclidean_single_epoch
print(sum(compiled.stats.cache_hits.values()), found.coordinates.tobytes().hex())
"""

    def run() -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True
        )
        hits, coordinates = done.stdout.split()
        return hits, coordinates

    first, again = run(), run()
    assert again == ("1", first[1])


def test_umap_leaves_numbas_threads_alone(toy: Embeddings, umap_map: Projection) -> None:
    numba = sys.modules["numba"]
    before = numba.get_num_threads()
    reduce_umap(toy, None, dimensions=3, n_neighbors=5, min_dist=0.0, random_state=0)
    assert numba.get_num_threads() == before


def test_a_sampled_trustworthiness_is_noted(
    toy: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projection, "MOST_ROWS", 100)
    assert project(toy, method="pca").notes == (
        "Trustworthiness is the mean over a sample of 100 texts.",
    )


def test_frame_summary_and_title(umap_map: Projection) -> None:
    frame = umap_map.to_frame()
    assert list(frame.columns) == ["id", "x", "y", "text", "blob", "x_column"]
    np.testing.assert_array_equal(frame[["x", "y"]].to_numpy(), umap_map.coordinates)
    summary = umap_map.summary()
    assert summary["method"] == "umap"
    assert summary["n_neighbors"] == 15
    assert all(isinstance(value, int | float | str) for value in summary.values())
    assert umap_map.title() == "texts · toy · UMAP"
    with pytest.raises(TypeError):
        umap_map.params["min_dist"] = 0.5


def test_survives_pickling(umap_map: Projection) -> None:
    again = pickle.loads(pickle.dumps(umap_map))
    np.testing.assert_array_equal(again.coordinates, umap_map.coordinates)
    assert again.summary() == umap_map.summary()
    assert not again.coordinates.flags.writeable


def test_wrong_input(toy: Embeddings, make: Callable[..., Embeddings]) -> None:
    with pytest.raises(InputError, match="project: expected Embeddings; got list"):
        project([[1.0]])
    with pytest.raises(InputError, match="no method 'mds'"):
        project(toy, method="mds")
    with pytest.raises(InputError, match="has no parameter 'perplexity'"):
        project(toy, perplexity=30)
    for wrong in (-1, None, 1.5, True, 2**32):
        with pytest.raises(InputError, match="random_state: expected a whole number from 0"):
            project(toy, random_state=wrong)
    with pytest.raises(InputError, match=r"expected what wb\.nearest_neighbors returns; got tuple"):
        project(toy, neighbors=(1, 2))
    with pytest.raises(InputError, match="expected neighbours by cosine; these are by dot"):
        project(toy, neighbors=nearest_neighbors(toy, metric="dot"))
    with pytest.raises(InputError, match="these belong to other vectors"):
        project(toy, neighbors=nearest_neighbors(make((30,))))
    with pytest.raises(InputError, match="row 2 have an all-zero vector"):
        project(Embeddings.from_array([[1.0, 0.0], [0.0, 0.0]], ["a", "b"]))


def test_a_damaged_cache_and_no_spectral_start(
    toy: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = _umap_compiled.fit
    asked: list[str] = []

    def failing(vectors: object, **options: Any) -> object:
        asked.append(options["init"])
        if len(asked) == 1:
            raise EOFError("Ran out of input")
        if options["init"] == "spectral":
            raise _umap_compiled.SpectralStartError
        return fit(vectors, **options)

    monkeypatch.setattr(_umap_compiled, "fit", failing)
    monkeypatch.setattr(_umap_compiled, "compile_again", lambda: None)
    assert project(toy).notes == ("UMAP's spectral start failed; it started from pca.",)
    assert asked == ["spectral", "spectral", "pca"]


def test_other_warnings_of_umap_are_not_swallowed(
    toy: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import warnings

    import umap

    def warn(*args: object) -> None:
        warnings.warn("something new", UserWarning, stacklevel=2)

    monkeypatch.setattr(umap.UMAP, "fit_transform", warn)
    with pytest.raises(UserWarning, match="something new"):
        fit_umap(toy.unit(), (np.zeros((1, 1), np.int64), np.zeros((1, 1), np.float32)))


@pytest.mark.soak
def test_what_numba_kept_may_be_damaged(tmp_path: Path) -> None:
    code = (
        "import numpy as np, workbench as wb\n"
        "vectors = np.random.default_rng(0).normal(size=(60, 8))\n"
        "found = wb.project(wb.Embeddings.from_array(vectors, [f'text {i}' for i in range(60)]))\n"
        "print(found.coordinates.tolist())"
    )

    def drawn() -> str:
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    first = drawn()
    for ending, size in (("nbi", 0), ("nbc", 100)):
        kept = [file for file in tmp_path.rglob(f"*.{ending}") if "_single_epoch" in file.name]
        assert kept
        for file in kept:
            file.write_bytes(file.read_bytes()[:size])
        assert drawn() == first
        assert drawn() == first  # made anew
