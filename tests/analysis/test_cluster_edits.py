from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from workbench.analysis import Clustering, Neighbors, cluster
from workbench.analysis.cluster_edits import ClusterEdits
from workbench.analysis.clustering import with_labels
from workbench.embeddings import Embeddings
from workbench.errors import InputError


@pytest.fixture(scope="module")
def four() -> Clustering:
    """Return clusters 0 to 3 of 4, 3, 3 and 2 texts, and 2 texts in none."""
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, -1, -1])
    vectors = np.eye(5)[[0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 1, 4]]
    vectors[[2, 3], 4] = 0.5  # two halves in cluster 0
    vectors[12, 4] = 0.1
    vectors[13, [0, 2]] = -0.2
    words = ["refund", "parcel", "login", "sofa"]
    texts = [f"{words[label]} {row}" for row, label in enumerate(labels)]
    source = Embeddings.from_array(vectors, texts)
    start = cluster(source, method="kmeans", n_clusters=4)
    return with_labels(start, labels, [""] * 4, ())


@pytest.fixture
def log(four: Clustering) -> ClusterEdits:
    return ClusterEdits.of(four)


def test_merge_closes_the_gaps(four: Clustering, log: ClusterEdits) -> None:
    edits = log.merge([2, 0], "Money")
    found = edits.apply(four)
    assert found.labels.tolist() == [0] * 4 + [1] * 3 + [0] * 3 + [2] * 2 + [-1] * 2
    assert found.name_of(0) == "Money"
    assert found.name_of(1).startswith("1: parcel")
    assert [one.size for one in found.clusters] == [7, 3, 2]
    assert found.edits == ("Merged 0, 2 as 'Money'.",)
    assert found.title().endswith("kmeans, 3 clusters, edited")
    assert found.summary()["edits"] == "Merged 0, 2 as 'Money'."
    clear = found.labels >= 0
    expected = silhouette_score(
        found.embeddings.unit()[clear], found.labels[clear], metric="cosine"
    )
    assert found.silhouette == pytest.approx(expected, abs=1e-6)
    # The original is as it was, and so is the shorter log.
    assert len(four.clusters) == 4
    assert four.edits == ()
    assert log.edits == ()
    assert edits.undo().edits == ()


def test_rename(four: Clustering, log: ClusterEdits) -> None:
    found = log.rename(3, "Furniture").rename(3, "Sofas & <b>tables</b>").apply(four)
    np.testing.assert_array_equal(found.labels, four.labels)
    assert found.name_of(3) == "Sofas & <b>tables</b>"
    assert found.clusters[3].keywords == four.clusters[3].keywords
    assert "<b>" not in log.rename(0, "<b>x</b>")._repr_html_()


def test_split(four: Clustering, log: ClusterEdits) -> None:
    found = log.rename(0, "Both").split(0).apply(four)
    assert found.labels.tolist()[:4] == [0, 0, 4, 4]
    assert found.labels.tolist()[4:] == four.labels.tolist()[4:]
    assert found.name_of(0).startswith("0: refund")  # the name was that of the whole
    three = log.merge([0, 1]).split(0, 3).apply(four)
    assert three.labels.tolist()[4:7] == [0, 0, 0]  # the largest part keeps the label
    assert {*three.labels.tolist()[:4]} == {3, 4}


def test_reassign_unclustered(four: Clustering, log: ClusterEdits) -> None:
    unit = four.embeddings.unit()
    found = log.reassign_unclustered().apply(four)
    centres = np.stack([unit[four.labels == label].mean(axis=0) for label in range(4)])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    expected = (unit[12:] @ centres.T).argmax(axis=1)
    assert found.labels[12:].tolist() == expected.tolist() == [1, 0]
    assert four.unclustered == 2
    assert log.reassign_unclustered(min_similarity=0.9).apply(four).labels[12:].tolist() == [1, -1]
    assert log.reassign_unclustered(min_similarity=-1).apply(four).unclustered == 0
    assert "of cosine 0.9 and more" in log.reassign_unclustered(min_similarity=0.9).sentences()[0]


def test_edits_follow_each_other_by_the_labels_then_shown(
    four: Clustering, log: ClusterEdits
) -> None:
    edits = log.merge([0, 1], "First").rename(2, "Sofas").split(0).reassign_unclustered()
    found = edits.apply(four)
    # After the merge: 0, 1 (was 2), 2 (was 3); the split part comes last.
    assert [one.given_name for one in found.clusters] == ["", "", "Sofas", ""]
    assert found.labels[10:12].tolist() == [2, 2]
    assert found.labels[7:10].tolist() == [1, 1, 1]
    assert edits.summary()["clusters"] == 4
    assert edits.to_frame()["edit"].tolist() == [
        *("merge", "rename", "split", "reassign_unclustered")
    ]
    again = edits.apply(four)
    np.testing.assert_array_equal(found.labels, again.labels)
    assert pickle.loads(pickle.dumps(found)).name_of(2) == "Sofas"


def test_column(four: Clustering, log: ClusterEdits) -> None:
    column = log.rename(0, "Money").column(four, "topic")
    assert column.name == "topic"
    assert column.index.tolist() == list(four.embeddings.corpus.ids)
    assert column.tolist()[:4] == ["Money"] * 4
    assert column.tolist()[-1] == "unclustered"
    assert log.apply(four) is four


def test_json_round_trip(four: Clustering, log: ClusterEdits) -> None:
    edits = log.merge(np.array([0, 2]), "Geld 💶 \x00").split(np.int64(0), 2, 7).rename(1, "B")
    edits = edits.reassign_unclustered(min_similarity=0.25)
    text = edits.to_json()
    assert text.isascii()
    again = ClusterEdits.from_json(text)
    assert again.edits == edits.edits
    assert again.to_json() == text
    np.testing.assert_array_equal(again.apply(four).labels, edits.apply(four).labels)


def test_refused_on_what_it_was_not_made_for(four: Clustering, log: ClusterEdits) -> None:
    edits = log.merge([0, 1])
    other = Embeddings.from_array(four.embeddings.vectors, [f"other {i}" for i in range(14)])
    with pytest.raises(InputError, match="made for other texts"):
        edits.apply(cluster(other, method="kmeans", n_clusters=4))
    differently = cluster(four.embeddings, method="kmeans", n_clusters=3)
    with pytest.raises(InputError, match=r"another clustering of these texts \(4 clusters"):
        edits.apply(differently)
    with pytest.raises(InputError, match=r"edited already\. Apply the log"):
        edits.apply(edits.apply(four))
    with pytest.raises(InputError, match=r"ClusterEdits\.of: this clustering was edited already"):
        ClusterEdits.of(edits.apply(four))
    with pytest.raises(InputError, match=r"ClusterEdits\.of: expected a Clustering; got int"):
        ClusterEdits.of(3)


def test_wrong_edits(four: Clustering, log: ClusterEdits) -> None:
    with pytest.raises(InputError, match="merge: there is no cluster 4; there are 4, numbered"):
        log.merge([0, 4])
    with pytest.raises(InputError, match=r"merge: expected at least two different .* \[1, 1\]"):
        log.merge([1, 1])
    with pytest.raises(InputError, match="merge: -1 are the unclustered texts"):
        log.merge([-1, 1])
    with pytest.raises(InputError, match="merge: expected a list of labels; got 3"):
        log.merge(3)
    with pytest.raises(InputError, match="rename: there is no cluster 3; there are 3"):
        log.merge([0, 1]).rename(3, "gone")
    for blank in ("", " \n"):
        with pytest.raises(InputError, match="expected a name in words"):
            log.rename(0, blank)
        with pytest.raises(InputError, match="expected a name in words"):
            log.merge([0, 1], blank)
    with pytest.raises(InputError, match="'unclustered' is what texts without a cluster"):
        log.rename(0, "unclustered")
    with pytest.raises(InputError, match=r"another cluster is named 'A'\. Merge the two"):
        log.rename(0, "A").rename(1, "A")
    assert log.rename(0, "A").merge([0, 1], "A").summary()["edits"] == 2
    with pytest.raises(InputError, match="split: n_clusters: expected a whole number from 2"):
        log.split(0, 1)
    with pytest.raises(InputError, match=r"cluster 1 has 3 texts with 1 distinct vectors"):
        log.split(1).apply(four)
    with pytest.raises(InputError, match="expected a cosine from -1"):
        log.reassign_unclustered(min_similarity=80)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_and_identical_texts(n: int) -> None:
    same = Embeddings.from_array(np.full((n, 3), 0.5), ["refund"] * n)
    found = cluster(same, method="kmeans")
    edits = ClusterEdits.of(found)
    assert edits.rename(0, "All").apply(found).name_of(0) == "All"
    assert edits.reassign_unclustered().apply(found).labels.tolist() == [0] * n
    with pytest.raises(InputError, match=f"cluster 0 has {n} texts with 1 distinct"):
        edits.split(0).apply(found)
    with pytest.raises(InputError, match="no cluster 1; there are 1"):
        edits.merge([0, 1])


def test_all_unclustered(toy: Embeddings, toy_neighbors: Neighbors) -> None:
    edits = ClusterEdits.of(cluster(toy, min_cluster_size=500, neighbors=toy_neighbors))
    with pytest.raises(InputError, match="so there is no cluster to put them into"):
        edits.reassign_unclustered()
    with pytest.raises(InputError, match="no cluster 0; all texts are unclustered"):
        edits.rename(0, "A")


def test_wrong_json(log: ClusterEdits) -> None:
    kept = json.loads(log.rename(0, "A").to_json())

    def read(**changes: object) -> None:
        ClusterEdits.from_json(json.dumps({**kept, **changes}))

    with pytest.raises(InputError, match="expected JSON"):
        ClusterEdits.from_json("{")
    with pytest.raises(InputError, match=r"expected what ClusterEdits\.to_json writes; TypeError"):
        ClusterEdits.from_json("[1]")
    with pytest.raises(InputError, match="log has format 2; this version reads 1"):
        read(format=2)
    with pytest.raises(InputError, match="there is no edit 'paint'"):
        read(edits=[{"edit": "paint"}])
    with pytest.raises(InputError, match="no cluster 9; there are 4"):
        read(edits=[{"edit": "rename", "label": 9, "name": "A"}])
    with pytest.raises(InputError, match="writes; TypeError"):
        read(edits=[{"edit": "rename", "color": 9}])
    with pytest.raises(InputError, match="writes; ValueError"):
        read(clusters="many")
