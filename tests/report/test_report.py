"""The offline report: what is in the file, what is not, and what is refused."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.analysis import (
    PairJudgments,
    Projection,
    cluster,
    paraphrase_mining,
    project,
    similarity_matrix,
)
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.report import write_report
from workbench.views import view_of

SECRET = "the quokka signed the contract"


def payload(page: str) -> dict[str, Any]:
    (packed,) = re.findall(r'class="workbench-data">([^<]*)<', page)
    return json.loads(gzip.decompress(base64.b64decode(packed)))


@pytest.fixture(scope="module")
def embeddings() -> Embeddings:
    generator = np.random.default_rng(0)
    centres = np.repeat(np.eye(8)[:3] * 4, 20, axis=0)
    corpus = Corpus(
        texts=tuple(f"{SECRET} number {i}" for i in range(60)),
        columns={"team": ["red", "blue", "green"] * 20, "salary": [f"pay-{i}" for i in range(60)]},
        label="team",
    )
    return Embeddings.from_array(centres + generator.normal(size=(60, 8)), corpus)


@pytest.fixture(scope="module")
def projection(embeddings: Embeddings) -> Projection:
    return project(embeddings, method="pca")


def test_one_file_holds_everything(
    tmp_path: Path, embeddings: Embeddings, projection: Projection
) -> None:
    path = tmp_path / "new folder" / "report.html"
    values = [
        projection,
        cluster(embeddings, method="kmeans", n_clusters=3),
        similarity_matrix(embeddings),
    ]
    assert write_report(path, values, title="<b>Teams</b> & $x$") == path
    page = path.read_text()
    assert "&lt;b&gt;Teams&lt;/b&gt;" in page
    assert "<b>Teams" not in page
    assert len(page) < 2_500_000
    data = payload(page)
    assert [view["figure"]["layout"]["meta"]["workbench"]["kind"] for view in data["views"]] == [
        "map",
        "clusters",
        "heatmap",
    ]
    keys = {view["texts"]["text"] for view in data["views"]}
    assert len(keys) == 1  # the texts are in the file once
    assert data["columns"][keys.pop()] == list(embeddings.corpus.texts)
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


def test_private_texts_are_nowhere(
    tmp_path: Path, embeddings: Embeddings, projection: Projection
) -> None:
    clustering = cluster(embeddings, method="kmeans", n_clusters=3)
    path = write_report(
        tmp_path / "r.html",
        [projection, clustering, similarity_matrix(embeddings)],
        texts=False,
        columns=["team"],
    )
    page = path.read_text()
    everything = page + json.dumps(payload(page))
    for word in ("quokka", "contract", "pay-1", "salary"):
        assert word not in everything
    assert "blue" in everything


def test_views_are_taken_as_they_are(tmp_path: Path, projection: Projection) -> None:
    view = view_of(projection)
    path = write_report(tmp_path / "r.html", view)
    data = payload(path.read_text())
    assert data["columns"][data["views"][0]["texts"]["id"]] == view.texts["id"].tolist()


def test_pairs_are_one_value_though_they_can_be_iterated(
    tmp_path: Path, embeddings: Embeddings
) -> None:
    pairs = paraphrase_mining(embeddings, threshold=0.9)
    judgments = PairJudgments.of(pairs).judge(True)
    data = payload(write_report(tmp_path / "r.html", pairs).read_text())
    assert [view["figure"]["layout"]["meta"]["workbench"]["kind"] for view in data["views"]] == [
        "pairs"
    ]
    path = write_report(tmp_path / "s.html", [pairs, judgments], texts=False, columns=[])
    page = path.read_text()
    everything = page + json.dumps(payload(page))
    assert "quokka" not in everything
    assert "pay-1" not in everything
    assert len(payload(page)["views"]) == 2


def test_it_refuses_what_it_cannot_show(tmp_path: Path, projection: Projection) -> None:
    with pytest.raises(InputError, match=r"expected the file's path first.*got list"):
        write_report([1], "report.html")
    with pytest.raises(InputError, match="expected at least one value"):
        write_report(tmp_path / "r.html", [])
    with pytest.raises(InputError, match="no view"):
        write_report(tmp_path / "r.html", [projection, 7])
    with pytest.raises(InputError, match="is a directory; expected a file"):
        write_report(tmp_path, [projection])
    (tmp_path / "file").write_text("")
    with pytest.raises(
        InputError, match=r"cannot be written: '.*file' is a file; expected a folder"
    ):
        write_report(tmp_path / "file" / "r.html", [projection])
    with pytest.raises(InputError, match=r"one str. Write \['team'\]"):
        write_report(tmp_path / "r.html", [projection], columns="team")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"], ids=["long", "NUL"])
def test_a_write_that_fails_leaves_nothing(
    tmp_path: Path, projection: Projection, name: str
) -> None:
    with pytest.raises(InputError, match=r"cannot be written: .*\. Choose another path\."):
        write_report(tmp_path / name, [projection])
    assert list(tmp_path.iterdir()) == []


def test_who_may_read_it_is_for_the_umask_to_say(tmp_path: Path, projection: Projection) -> None:
    before = os.umask(0o077)
    try:
        path = write_report(tmp_path / "r.html", [projection])
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
