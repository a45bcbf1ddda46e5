"""The bars of a clustering."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import numpy as np
import pytest

from workbench.analysis import Clustering
from workbench.corpus import Corpus
from workbench.views import clusters_view
from workbench.views.theme import MUTED, PALETTE

Make = Callable[..., Clustering]


def test_one_bar_per_cluster_the_largest_first(corpus: Corpus, clustered: Make) -> None:
    labels = [1] * 3 + [0] * 2 + [2] * 5 + [-1] * 2
    words = [["refund", "card", "money", "fourth"], ["late"], []]
    view = clusters_view(clustered(corpus, labels, words))
    (bars,) = view.figure.data
    assert bars.orientation == "h"
    assert bars.x.tolist() == [5, 3, 2, 2]
    assert bars.customdata.tolist() == [2, 1, 0, -1]
    names = ("2", "1: late", "0: refund, card, money", "unclustered")
    assert view.figure.layout.yaxis.ticktext == names
    assert view.figure.layout.yaxis.autorange == "reversed", "the first is on top"
    assert bars.marker.color == (*PALETTE["light"][:3], MUTED["light"])
    assert view.meta["clusters"][0]["exemplars"] == [5, 6, 7]
    assert view.texts["cluster"].tolist() == labels
    assert view.texts["cluster_name"].tolist()[:1] == ["1: late"]
    assert view.meta["corpus"] == corpus.fingerprint


def test_the_subtitle_says_how(corpus: Corpus, clustered: Make) -> None:
    clustering = clustered(corpus, [0] * 6 + [1] * 4 + [-1] * 2, [["a"], ["b"]], notes=("Short.",))
    view = clusters_view(clustering)
    assert view.title == "twelve · random · hdbscan, 2 clusters"
    assert view.figure.layout.title.subtitle.text == (
        "silhouette 0.25 on the real vectors · clustered after umap, 5 dimensions · "
        "2 of 12 texts unclustered · Short."
    )
    plain = clustered(corpus, [0] * 12, [["a"]], silhouette=np.nan, reduction="")
    assert not clusters_view(plain).figure.layout.title.subtitle.text


def test_small_clusters_share_a_bar(clustered: Make) -> None:
    labels = [label for label in range(45) for _ in range(50 - label)]
    corpus = Corpus(tuple(map(str, range(len(labels)))))
    view = clusters_view(clustered(corpus, labels, [[f"word{label}"] for label in range(45)]))
    (bars,) = view.figure.data
    assert len(bars.x) == 41
    assert bars.x.sum() == len(labels)
    assert bars.x[-1] == sum(50 - label for label in range(40, 45))
    assert view.figure.layout.yaxis.ticktext[-1] == "5 smaller clusters"
    assert bars.customdata[-1] == -2
    assert [bar["label"] for bar in view.meta["smaller"]] == list(range(40, 45))
    assert view.meta["smaller"][0]["name"] == "40: word40"


def test_what_is_no_cluster_leaves_the_clusters_their_room(clustered: Make) -> None:
    corpus = Corpus(tuple(map(str, range(100))))
    view = clusters_view(clustered(corpus, [0] * 10 + [1] * 8 + [-1] * 82, [["a"], ["b"]]))
    (bars,) = view.figure.data
    assert bars.x.tolist() == [10, 8, 82]
    assert view.figure.layout.xaxis.range == (0, 16)
    assert bars.text == ("10", "8", "82 texts: longer than drawn")
    near = clusters_view(clustered(corpus, [0] * 30 + [-1] * 70, [["a"]]))
    assert near.figure.layout.xaxis.range == pytest.approx((0, 1.15 * 70))


def test_everything_unclustered(corpus: Corpus, clustered: Make) -> None:
    view = clusters_view(clustered(corpus, [-1] * 12, [], silhouette=np.nan))
    assert view.figure.data[0].x.tolist() == [12]
    assert view.figure.layout.yaxis.ticktext == ("unclustered",)


@pytest.mark.parametrize("word", ["<script>alert(1)</script>", "<b>b</b>", "$x$", "&lt;"])
def test_hostile_keywords_are_shown_as_they_are(word: str, corpus: Corpus, clustered: Make) -> None:
    view = clusters_view(clustered(corpus, [0] * 12, [[word]]))
    (tick,) = view.figure.layout.yaxis.ticktext
    assert not set(tick) & set("<>$")
    assert unescape(tick) == f"0: {word}"
