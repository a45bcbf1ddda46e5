from __future__ import annotations

import base64
import contextlib
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.analysis import (
    Clustering,
    PairJudgments,
    cluster,
    duplicate_groups,
    paraphrase_mining,
    project,
    similarity_matrix,
    split_leakage,
)
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.tracking import track
from workbench.views import View, clusters_view, heatmap_view, map_view
from workbench.views.privacy import redacted, redacted_table

SECRET, HIDDEN = "tangerine", "Zanzibar"  # in the texts, in the column "birthplace" (conftest.py)


@pytest.fixture(scope="module")
def clustering(embeddings: Embeddings) -> Clustering:
    found = cluster(embeddings, method="kmeans", n_clusters=3)
    assert any(SECRET in " ".join(one.keywords) for one in found.clusters), "the test has a case"
    return found


def _values(embeddings: Embeddings, clustering: Clustering) -> Iterator[object]:
    projection = project(embeddings, method="pca")
    by_place = map_view(projection, color_by="birthplace")
    yield from (embeddings.corpus, embeddings, projection, clustering)
    yield similarity_matrix(embeddings)
    yield by_place.with_state(query=SECRET, color_by="birthplace", selection=["1", "2"])
    yield map_view(projection, color_by="cluster", clustering=clustering)
    corpus = embeddings.corpus
    labelled = Corpus(corpus.texts, columns=corpus.columns, label="birthplace", name="other")
    relabelled = Embeddings(embeddings.vectors, labelled, embeddings.spec)
    yield heatmap_view(similarity_matrix(relabelled), order="label")
    pairs = paraphrase_mining(embeddings, threshold=-1)
    judgments = PairJudgments.of(pairs).judge(True)
    yield from (pairs, judgments, judgments.curve(), judgments.at(0.0), duplicate_groups(pairs))
    yield paraphrase_mining(embeddings.take(range(5)), relabelled.take(range(9)), threshold=-1)
    yield split_leakage(embeddings.take(range(5)), relabelled.take(range(5, 9)), threshold=-1)


def _everything(folder: Path) -> str:
    """Return all that a reader could get out of the files: tables read, payloads unpacked."""
    said: list[str] = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        raw = path.read_bytes()
        said.append(f"{path.name} {raw.decode('utf-8', 'replace')}")
        if path.suffix == ".parquet":
            said.append(pd.read_parquet(path).to_csv())
        if path.suffix == ".html":
            said.append(_unpacked(raw))
    return "\n".join(said)


def _unpacked(page: bytes) -> str:
    """Return what lies in a page in base64 and compressed."""
    found: list[str] = []
    for blob in re.findall(rb"[A-Za-z0-9+/]{40,}={0,2}", page):
        with contextlib.suppress(ValueError, zlib.error):
            found.append(zlib.decompress(base64.b64decode(blob), 47).decode("utf-8", "replace"))
    return "\n".join(found)


def test_the_search_finds_what_is_not_hidden(
    store: str, tmp_path: Path, embeddings: Embeddings
) -> None:
    with track("open", store) as run:
        run.log(map_view(project(embeddings, method="pca"), color_by="birthplace"))
    files = [path for path in (tmp_path / "store").rglob("*") if path.suffix == ".html"]
    assert len(files) == 1
    unpacked = _unpacked(files[0].read_bytes())
    assert SECRET in unpacked
    assert HIDDEN in unpacked


def test_private_texts_are_nowhere(
    store: str, tmp_path: Path, embeddings: Embeddings, clustering: Clustering
) -> None:
    with track("private", store, texts=False) as run:
        for value in _values(embeddings, clustering):
            run.log(value)
    written = _everything(tmp_path / "store")
    assert SECRET not in written
    assert HIDDEN in written, "columns were not asked to be hidden"
    assert "cluster 1" in written


def test_columns_that_were_not_named_are_nowhere(
    store: str, tmp_path: Path, embeddings: Embeddings, clustering: Clustering
) -> None:
    with track("private", store, columns=["topic"]) as run:
        for value in _values(embeddings, clustering):
            run.log(value)
    written = _everything(tmp_path / "store")
    assert HIDDEN not in written
    assert "birthplace" not in written
    assert SECRET in written
    assert "delivery" in written


def test_neither(
    store: str, tmp_path: Path, embeddings: Embeddings, clustering: Clustering
) -> None:
    with track("private", store, texts=False, columns=[]) as run:
        for value in _values(embeddings, clustering):
            run.log(value)
    written = _everything(tmp_path / "store")
    assert SECRET not in written
    assert HIDDEN not in written
    assert "delivery" not in written


def test_a_redacted_view_keeps_what_it_may(embeddings: Embeddings, clustering: Clustering) -> None:
    projection = project(embeddings, method="pca")
    view = map_view(projection, color_by="birthplace", clustering=clustering)
    view = view.with_state(query="x", color_by="birthplace")
    view = view.with_state(selection=["1"], viewport={"x": [0, 1]})
    before = view.to_json()
    small = redacted(view, texts=False, columns=["topic"])
    assert list(small.texts.columns) == ["id", "topic", "cluster", "cluster_name"]
    assert set(small.texts["cluster_name"]) <= {"unclustered", *(f"cluster {i}" for i in range(3))}
    assert small.state == {"selection": ["1"], "viewport": {"x": [0, 1]}}
    drawn = np.zeros((20, 2), dtype=np.float32)
    for trace in small.figure.data:
        drawn[trace.customdata] = np.column_stack([trace.x, trace.y])
    np.testing.assert_array_equal(drawn, projection.coordinates)
    assert view.to_json() == before, "the view itself is as it was"
    assert redacted(view) is view


def test_clusters_keep_their_names_when_texts_may_stay(clustering: Clustering) -> None:
    view = clusters_view(clustering)
    kept = redacted(view, texts=True, columns=[])
    assert kept.figure.layout.yaxis.ticktext == view.figure.layout.yaxis.ticktext
    assert list(kept.texts.columns) == ["id", "text", "cluster", "cluster_name"]


def test_a_figure_made_elsewhere_cannot_be_made_private(store: str, plain_view: View) -> None:
    with pytest.raises(InputError, match="was not drawn by the workbench"):
        redacted(plain_view, texts=False)
    with track("private", store, texts=False) as run:
        with pytest.raises(InputError, match="was not drawn by the workbench"):
            run.log(plain_view)
        assert run.log(Corpus(("a", "b")), name="view") == "view", "a failed name is free again"


def test_a_table_in_which_a_corpus_column_is_called_text() -> None:
    corpus = Corpus(("private",), columns={"text": ["public"], "id": [7], "n": [1]})
    table = redacted_table(corpus.to_frame(), corpus.columns, texts=False)
    assert list(table.columns) == ["id", "text_column", "id_column", "n"]
    table = redacted_table(corpus.to_frame(), corpus.columns, texts=False, columns=["n"])
    assert list(table.columns) == ["id", "n"]


def test_corpus_columns_with_the_names_of_ours_are_columns_like_any_other() -> None:
    names = ("cluster", "cluster_name", "x", "neighbor_id")
    corpus = Corpus(
        tuple(f"text {row}" for row in range(20)), columns={n: [HIDDEN, "b"] * 10 for n in names}
    )
    embeddings = Embeddings.from_array(np.random.default_rng(0).normal(size=(20, 4)), corpus)
    projection = project(embeddings, method="pca")
    clustering = cluster(embeddings, method="kmeans", n_clusters=2)
    both = Corpus(("a", "b"), columns={n: [HIDDEN, "b"] for n in ("cluster", "cluster_column")})
    assert list(redacted_table(both.to_frame(), both.columns, columns=[])) == ["id", "text"]
    for value in (corpus, embeddings, projection, clustering):
        for texts in (True, False):
            table = redacted_table(value.to_frame(), corpus.columns, texts=texts, columns=[])
            assert HIDDEN not in table.to_csv(), (value, texts)
    kept = redacted_table(projection.to_frame(), corpus.columns, columns=["x"])
    assert list(kept.columns) == ["id", "x", "y", "text", "x_column"]
    kept = redacted_table(clustering.to_frame(), corpus.columns, texts=False, columns=[])
    assert list(kept.columns) == ["id", "cluster"]
