from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

from workbench.analysis import Neighbors, _reruns, cluster
from workbench.analysis.stability import cluster_stability
from workbench.analysis.sweep import ParameterSweep, sweep
from workbench.embeddings import Embeddings
from workbench.errors import InputError


@pytest.fixture(scope="module")
def over_k(make: Callable[..., Embeddings]) -> ParameterSweep:
    return sweep(
        make((60, 40, 20)),
        method="kmeans",
        parameter="n_clusters",
        values=[5, 1, 2, 3, 3],
        n_runs=3,
        progress=False,
    )


def test_each_value_is_the_clustering_of_cluster(over_k: ParameterSweep) -> None:
    assert over_k.values == (1, 2, 3, 5)
    alone = cluster(over_k.embeddings, method="kmeans", n_clusters=5)
    np.testing.assert_array_equal(over_k.clustering(5).labels, alone.labels)
    frame = over_k.to_frame().set_index("n_clusters")
    assert frame["clusters"].tolist() == [1, 2, 3, 5]
    unit = over_k.embeddings.unit()
    expected = silhouette_score(unit, over_k.clustering(3).labels, metric="cosine")
    assert frame.loc[3, "silhouette"] == pytest.approx(expected, abs=1e-6)
    assert frame["unclustered_share"].tolist() == [0.0] * 4


def test_stability_is_that_of_cluster_stability(over_k: ParameterSweep) -> None:
    held = cluster_stability(over_k.clustering(5), n_runs=3, progress=False)
    np.testing.assert_array_equal(over_k.ari[3], held.subsample_ari)
    assert over_k.stability[3].low == held.over_subsamples.low
    assert np.isnan(over_k.ari[0]).all()  # one cluster is no evidence


def test_best_is_the_number_of_blobs(over_k: ParameterSweep) -> None:
    assert over_k.best() == 3
    assert over_k.summary()["best"] == 3


def test_best_by_its_rule(over_k: ParameterSweep) -> None:
    """Stability first, silhouette among the equally stable, half unclustered at most."""
    flat = [[np.nan] * 3, [0.9, 0.8, 0.7], [0.5, 0.5, 0.5], [0.75, 0.7, 0.8]]
    fields = ("embeddings", "method", "parameter", "values", "clusterings", "ari", "random_state")
    values = {name: getattr(over_k, name) for name in fields}
    first = ParameterSweep(**{**values, "ari": np.array(flat)})
    # The most stable is 2, 0.8 with a standard error of 0.058: 5 is within, 3 is not.
    clearer = max((2, 5), key=lambda k: over_k.clustering(k).silhouette)
    assert first.best() == clearer


def test_hdbscan_reduces_once_per_set_of_texts(
    toy: Embeddings, toy_neighbors: Neighbors, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    real = _reruns.reduce_umap

    def counting(embeddings: Embeddings, *args: object, **options: object) -> object:
        made.append(len(embeddings))
        return real(embeddings, *args, **options)

    monkeypatch.setattr(_reruns, "reduce_umap", counting)
    found = sweep(
        toy,
        method="hdbscan",
        parameter="min_cluster_size",
        values=[5, 10, 500],
        min_samples=3,
        n_runs=2,
        neighbors=toy_neighbors,
        progress=False,
    )
    assert made == [120, 96, 96]
    alone = cluster(toy, min_cluster_size=5, min_samples=3, neighbors=toy_neighbors)
    np.testing.assert_array_equal(found.clustering(5).labels, alone.labels)
    assert found.clustering(500).unclustered == 120
    assert found.to_frame()["unclustered_share"].tolist()[2] == 1.0
    assert found.best() in (5, 10)
    assert "min_cluster_size=500: none is clustered" in found._repr_html_()


def test_an_estimators_parameter(toy: Embeddings) -> None:
    found = sweep(
        toy,
        method=KMeans(random_state=1),
        parameter="n_clusters",
        values=range(2, 5),
        n_runs=2,
        progress=False,
    )
    theirs = KMeans(4, random_state=1).fit_predict(toy.unit())
    assert adjusted_rand_score(found.clustering(4).labels, theirs) == 1.0
    assert found.method == "KMeans"
    assert found.best() == 3
    with pytest.raises(InputError, match=r"KMeans has no parameter 'n_cluster'\. Did you mean"):
        sweep(toy, method=KMeans(), parameter="n_cluster", values=[2])


def test_progress_and_interruption(toy: Embeddings) -> None:
    calls: list[tuple[int, int]] = []

    def report(done: int, total: int) -> None:
        calls.append((done, total))
        if done == 4:
            raise KeyboardInterrupt

    options = {"method": "kmeans", "parameter": "n_clusters", "values": [1, 2]}
    with pytest.raises(KeyboardInterrupt):
        sweep(toy, **options, n_runs=2, progress=report)
    assert calls == [(1, 6), (2, 6), (3, 6), (4, 6)]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_texts(n: int) -> None:
    few = Embeddings.from_array(np.eye(n, 4), [f"text {i}" for i in range(n)])
    with pytest.raises(InputError, match=rf"sweep: expected at least 5 texts; got {n}\."):
        sweep(few, method="kmeans", parameter="n_clusters", values=[2])


def test_identical_texts_have_no_best() -> None:
    same = Embeddings.from_array(np.full((9, 4), 0.5), ["refund"] * 9)
    found = sweep(
        same, method="kmeans", parameter="n_clusters", values=[2, 3], n_runs=2, progress=False
    )
    assert "was lowered to 1" in found.to_frame()["notes"][0]
    with pytest.raises(InputError, match="no value of n_clusters gives two clusters"):
        found.best()
    assert found.summary()["best"] == ""


def test_wrong_input(toy: Embeddings, over_k: ParameterSweep) -> None:
    def tried(**options: object) -> None:
        given = {"method": "kmeans", "parameter": "n_clusters", "values": [2, 3], **options}
        sweep(toy, progress=False, **given)

    with pytest.raises(InputError, match="n_clusters: expected a whole number from 1 to 500"):
        tried(values=[2, 501])
    with pytest.raises(InputError, match=r"has no parameter 'k'\. Known: 'n_clusters'"):
        tried(parameter="k")
    with pytest.raises(InputError, match="no method 'kmean'"):
        tried(method="kmean")
    with pytest.raises(InputError, match="at least one value, a number or a word; got none"):
        tried(values=[])
    with pytest.raises(InputError, match=r"expected values in a list, .* got str"):
        tried(values="12")
    with pytest.raises(InputError, match=r"'n_clusters' is what is tried"):
        tried(n_clusters=3)
    with pytest.raises(InputError, match="n_runs: expected"):
        tried(n_runs=1)
    with pytest.raises(InputError, match=r"n_clusters=4 was not tried; got 1, 2, 3, 5"):
        over_k.clustering(4)
