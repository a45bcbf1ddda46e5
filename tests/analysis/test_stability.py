from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_1samp
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from workbench.analysis import Clustering, Neighbors, cluster
from workbench.analysis._reruns import best_matches, made_again, mean_interval, subsample_rows
from workbench.analysis.stability import ClusterStability, cluster_stability, verdict
from workbench.embeddings import Embeddings
from workbench.errors import InputError


@pytest.fixture(scope="module")
def too_many(make: Callable[..., Embeddings]) -> Clustering:
    """Return 5 clusters of 3 blobs: two of them must be made up."""
    return cluster(make((60, 40, 20)), method="kmeans", n_clusters=5)


@pytest.fixture(scope="module")
def held(too_many: Clustering) -> ClusterStability:
    return cluster_stability(too_many, n_runs=6, progress=False)


def test_best_matches_by_hand() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2, -1, -1])
    other = np.array([5, 5, 2, 2, 2, -1, -1, 2])
    # {0,1,2} with {0,1}: 2/3. {3,4} with {2,3,4,7}: 2/4. {5} with nothing: 0. No fourth: nan.
    np.testing.assert_allclose(best_matches(labels, other, 4), [2 / 3, 1 / 2, 0, np.nan])
    none = np.full(8, -1)
    np.testing.assert_allclose(best_matches(labels, none, 3), [0, 0, 0])
    assert np.isnan(best_matches(none, labels, 2)).all()


def test_best_matches_against_sets() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        labels, other = rng.integers(-1, 5, 40), rng.integers(-1, 7, 40)
        expected = []
        for mine in range(5):
            ours = set(np.flatnonzero(labels == mine).tolist())
            theirs = [set(np.flatnonzero(other == each).tolist()) for each in range(7)]
            expected.append(max(len(ours & each) / len(ours | each) for each in theirs))
        np.testing.assert_allclose(best_matches(labels, other, 5), expected)


def test_runs_are_scikit_learns(too_many: Clustering, held: ClusterStability) -> None:
    """The first run of each kind, made again without the workbench's code."""
    unit, labels = too_many.embeddings.unit(), too_many.labels
    seed = int(np.random.default_rng([0, 0]).integers(2**31, size=1)[0])
    again = KMeans(5, n_init=4, random_state=seed).fit_predict(unit)
    assert held.seed_ari[0] == pytest.approx(adjusted_rand_score(labels, again))
    seed = int(np.random.default_rng([0, 1]).integers(2**31, size=1)[0])
    rows = np.sort(np.random.default_rng(seed).choice(120, 96, replace=False))
    again = KMeans(5, n_init=4, random_state=seed).fit_predict(unit[rows])
    assert held.subsample_ari[0] == pytest.approx(adjusted_rand_score(labels[rows], again))


def test_real_clusters_hold_and_made_up_ones_do_not(
    toy: Embeddings, too_many: Clustering, held: ClusterStability
) -> None:
    real = cluster_stability(cluster(toy, method="kmeans", n_clusters=3), n_runs=3, progress=False)
    assert real.over_seeds.estimate == real.over_subsamples.estimate == 1.0
    assert real.verdicts == ("highly stable",) * 3
    assert held.over_subsamples.estimate < 0.8
    blob = too_many.embeddings.corpus["blob"]
    whole = [len(set(too_many.labels[blob == each].tolist())) == 1 for each in range(3)]
    kept = {int(too_many.labels[blob == each][0]) for each in range(3) if whole[each]}
    assert kept
    for label, found in enumerate(held.jaccard):
        assert (found > 0.95) == (label in kept)
    assert "not to be trusted" in held.verdicts


def test_frame_and_summary(held: ClusterStability) -> None:
    frame = held.to_frame()
    np.testing.assert_allclose(frame["jaccard"], held.subsample_jaccard.mean(axis=0))
    np.testing.assert_allclose(frame["recovered"], (held.subsample_jaccard >= 0.75).mean(axis=0))
    np.testing.assert_allclose(frame["dissolved"], (held.subsample_jaccard <= 0.5).mean(axis=0))
    np.testing.assert_allclose(frame["jaccard_over_seeds"], held.seed_jaccard.mean(axis=0))
    assert frame["size"].sum() == 120
    summary = held.summary()
    assert all(isinstance(value, int | float | str) for value in summary.values())
    assert summary["clusters_highly_stable"] == held.verdicts.count("highly stable")
    assert "adjusted Rand 0." in held._repr_html_()
    assert held.title().startswith("Stability of ")


def test_interval_is_students() -> None:
    values = np.array([0.5, 0.6, 0.8, 0.7])
    theirs = ttest_1samp(values, 0).confidence_interval(0.95)
    found = mean_interval(values)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))
    assert np.isnan(mean_interval(np.array([])).estimate)
    assert np.isnan(mean_interval(np.array([0.5])).low)


def test_verdicts_at_the_published_thresholds() -> None:
    words = [verdict(value) for value in (1.0, 0.85, 0.849, 0.75, 0.749, 0.6, 0.599, 0.0)]
    assert words == [
        *("highly stable", "highly stable", "stable", "stable"),
        *("doubtful", "doubtful", "not to be trusted", "not to be trusted"),
    ]
    assert verdict(float("nan")) == "unknown"


def test_more_runs_begin_with_the_same(too_many: Clustering, held: ClusterStability) -> None:
    fewer = cluster_stability(too_many, n_runs=2, progress=False)
    np.testing.assert_array_equal(fewer.subsample_ari, held.subsample_ari[:2])
    np.testing.assert_array_equal(fewer.seed_jaccard, held.seed_jaccard[:2])
    other = cluster_stability(too_many, n_runs=2, random_state=1, progress=False)
    assert other.subsample_ari.tolist() != fewer.subsample_ari.tolist()


def test_a_seed_that_changes_nothing_is_said(toy: Embeddings) -> None:
    found = cluster(toy, method="agglomerative", n_clusters=3)
    held = cluster_stability(found, n_runs=2, progress=False)
    assert held.seed_ari.shape == (0,)
    assert np.isnan(held.over_seeds.estimate)
    assert held.notes == (
        "agglomerative does not depend on a seed here: only subsamples were run.",
    )
    assert held.over_subsamples.estimate == 1.0


def test_hdbscan_and_estimators_are_made_again(toy: Embeddings, hdbscan: Clustering) -> None:
    held = cluster_stability(hdbscan, n_runs=2, progress=False)
    assert held.over_seeds.estimate > 0.9
    given = KMeans(5, n_init=1, random_state=3)
    free = cluster_stability(cluster(toy, method=given), n_runs=4, progress=False)
    assert free.seed_ari.shape == (4,)
    assert free.seed_ari.min() < 1.0  # its own seed was replaced


def test_made_again_with_its_own_seed_is_the_same(hdbscan: Clustering, toy: Embeddings) -> None:
    again = made_again(hdbscan, toy, hdbscan.random_state)
    assert adjusted_rand_score(hdbscan.labels, again) == 1.0


def test_subsamples_leave_out_at_least_one_text() -> None:
    assert len(subsample_rows(5, 0.95, 0)) == 4
    assert len(subsample_rows(100, 0.8, 0)) == 80


def test_progress_and_interruption(toy: Embeddings) -> None:
    found = cluster(toy, method="kmeans", n_clusters=3)
    calls: list[tuple[int, int]] = []
    cluster_stability(found, n_runs=2, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cluster_stability(found, n_runs=2, progress=stop)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_texts(n: int) -> None:
    few = Embeddings.from_array(np.eye(n, 4), [f"text {i}" for i in range(n)])
    with pytest.raises(InputError, match=rf"expected at least 5 texts; got {n}\."):
        cluster_stability(cluster(few, method="kmeans", n_clusters=2), progress=False)


def test_wrong_input(toy: Embeddings, toy_neighbors: Neighbors) -> None:
    found = cluster(toy, method="kmeans", n_clusters=3)
    with pytest.raises(InputError, match="cluster_stability: expected a Clustering; got Embed"):
        cluster_stability(toy)
    with pytest.raises(InputError, match="n_runs: expected a whole number from 2"):
        cluster_stability(found, n_runs=1)
    with pytest.raises(InputError, match=r"subsample: expected a share .* got 1\.0"):
        cluster_stability(found, subsample=1.0)
    with pytest.raises(InputError, match="was edited by hand"):
        cluster_stability(replace(found, edits=("Merged 0, 1.",)))
    same = Embeddings.from_array(np.full((9, 4), 0.5), ["refund"] * 9)
    with pytest.raises(InputError, match="of 9 texts all are in one cluster"):
        cluster_stability(cluster(same, method="kmeans"))
    with pytest.raises(InputError, match="of 120 texts all are unclustered"):
        cluster_stability(cluster(toy, min_cluster_size=500, neighbors=toy_neighbors))
