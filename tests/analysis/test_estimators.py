"""Any scikit-learn clusterer as the method of `cluster`."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.cluster import DBSCAN, Birch, KMeans, MiniBatchKMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline

from workbench.analysis import Neighbors, cluster
from workbench.embeddings import Embeddings
from workbench.errors import InputError


def test_an_estimator_gives_its_own_labels(make: Callable[..., Embeddings]) -> None:
    loose = make((60, 40, 20), spread=0.4)
    given = KMeans(5, n_init=1, random_state=3)
    found = cluster(loose, method=given)
    theirs = KMeans(5, n_init=1, random_state=3).fit_predict(loose.unit())
    assert adjusted_rand_score(found.labels, theirs) == 1.0
    assert found.method == "KMeans"
    assert found.params["n_clusters"] == 5
    assert found.params["random_state"] == 3
    assert found.params["max_iter"] == 300
    assert found.params["reduction"] == "none"
    assert found.reduction == ""
    assert not hasattr(given, "labels_")
    assert found.estimator is not given
    assert "KMeans, 5 clusters" in found.title()


def test_the_seed_is_given_where_it_has_none(make: Callable[..., Embeddings]) -> None:
    loose = make((60, 40, 20), spread=0.4)
    found = cluster(loose, method=MiniBatchKMeans(6), random_state=9)
    assert found.params["random_state"] == 9
    again = cluster(loose, method=MiniBatchKMeans(6), random_state=9)
    np.testing.assert_array_equal(found.labels, again.labels)
    piped = cluster(loose, method=make_pipeline(PCA(5), KMeans(3, n_init=2)), random_state=4)
    assert piped.method == "PCA + KMeans"
    assert piped.params["kmeans__random_state"] == 4
    assert piped.params["kmeans__n_clusters"] == 3
    assert all(isinstance(value, int | float | str) for value in piped.summary().values())


def test_noise_stays_unclustered(toy: Embeddings) -> None:
    found = cluster(toy, method=DBSCAN(eps=0.3, metric="cosine"))
    assert [one.size for one in found.clusters] == [60, 40, 20]
    none = cluster(toy, method=DBSCAN(eps=1e-6))
    assert none.unclustered == 120
    assert none.notes == ("DBSCAN put no text into a cluster. Change its parameters.",)


def test_on_a_reduction_which_the_result_names(toy: Embeddings, toy_neighbors: Neighbors) -> None:
    found = cluster(toy, method=GaussianMixture(3), reduction="umap", neighbors=toy_neighbors)
    assert found.reduction == "umap, 5 dimensions"
    assert adjusted_rand_score(toy.corpus["blob"], found.labels) == 1.0
    wide = cluster(toy, method=Birch(n_clusters=3), reduction="umap", dimensions=30)
    assert wide.reduction == ""
    assert wide.params["reduction"] == "none"
    assert wide.notes == ("No reduction: vectors of 24 dimensions cannot be reduced to 30.",)


def test_what_it_warns_of_is_a_note() -> None:
    same = Embeddings.from_array(np.full((6, 4), 0.3), ["refund please"] * 6)
    found = cluster(same, method=KMeans(2))
    assert found.labels.tolist() == [0] * 6
    assert "distinct clusters (1) found smaller" in found.notes[0]


def test_survives_pickling(toy: Embeddings) -> None:
    found = pickle.loads(pickle.dumps(cluster(toy, method=KMeans(3))))
    assert found.estimator.get_params()["n_clusters"] == 3


def test_wrong_estimators(toy: Embeddings) -> None:
    with pytest.raises(InputError, match=r"got the class KMeans; pass KMeans\(\)"):
        cluster(toy, method=KMeans)
    with pytest.raises(InputError, match=r"or a scikit-learn clusterer .* got list"):
        cluster(toy, method=["kmeans"])
    with pytest.raises(InputError, match="got PCA"):
        cluster(toy, method=PCA())
    with pytest.raises(InputError, match="IsolationForest tells outliers from the rest"):
        cluster(toy, method=IsolationForest())
    with pytest.raises(InputError, match="'KMeans' has no parameter 'n_clusters'"):
        cluster(toy, method=KMeans(), n_clusters=3)
    one = Embeddings.from_array([[1.0, 0.0]], ["one"])
    with pytest.raises(InputError, match=r"KMeans cannot be fitted on 1 texts: n_samples=1"):
        cluster(one, method=KMeans(2))

    class Loose:
        def get_params(self, deep: bool = True) -> dict[str, object]:
            return {}

        def set_params(self, **params: object) -> Loose:
            return self

        def fit_predict(self, points: object) -> list[float]:
            return [0.5]

    with pytest.raises(InputError, match=r"expected of Loose one whole number per text"):
        cluster(toy, method=Loose())
