"""A comparison in a report: all its sections, alone and among others, and nothing private."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.analysis import project
from workbench.embeddings import Embeddings
from workbench.report import write_report

from ..comparisons import make_comparison, make_corpus

SECRET = "the quokka signed"


def payload(page: str) -> dict[str, Any]:
    (packed,) = re.findall(r'class="workbench-data">([^<]*)<', page)
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def headings(page: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", page)


def test_a_report_of_a_comparison_has_every_section(tmp_path: Path) -> None:
    comparison = make_comparison(3, 2)
    page = write_report(tmp_path / "r.html", comparison).read_text()
    assert headings(page) == [
        "Decision",
        "What the models read of the texts",
        "Scores",
        "Quality and speed",
        "Every task",
        "What the models cost",
        "How alike the models are",
        "Texts on which models disagree most",
        "Examples behind the scores",
        "How these figures were made",
    ]
    metas = [v["figure"]["layout"]["meta"]["workbench"] for v in payload(page)["views"]]
    assert [meta["kind"] for meta in metas] == ["models"] * 3 + ["models-matrix"] * 3
    assert {meta["corpus"] for meta in metas} == {comparison.fingerprint}
    assert page.index("texts truncated") < page.index("◆ reference")
    assert "revision revision-0" in page
    assert len(page) < 2_500_000


def test_a_comparison_stands_among_others(tmp_path: Path) -> None:
    comparison = make_comparison(2, 1)
    vectors = np.random.default_rng(0).normal(size=(24, 4))
    projection = project(Embeddings.from_array(vectors, comparison.corpus), method="pca")
    values = [projection, comparison, comparison.agreement]
    page = write_report(tmp_path / "r.html", values).read_text()
    assert headings(page)[0] == "Decision: support tickets · 2 models compared"
    kinds = [v["figure"]["layout"]["meta"]["workbench"]["kind"] for v in payload(page)["views"]]
    assert kinds == ["map", *["models"] * 2, *["models-matrix"] * 4]


@pytest.mark.parametrize("columns", [None, []])
def test_no_text_is_in_the_file(tmp_path: Path, columns: list[str] | None) -> None:
    corpus = make_corpus(texts=[f"{SECRET} number {row}" for row in range(24)])
    comparison = make_comparison(4, 6, failed=1, corpus=corpus)
    shown = write_report(tmp_path / "all.html", comparison).read_text()
    assert SECRET in shown
    assert "example text" in shown
    page = write_report(tmp_path / "r.html", comparison, texts=False, columns=columns).read_text()
    everything = page + json.dumps(payload(page))
    for word in ("quokka", "signed", "example text"):
        assert word not in everything
    assert ("delivery" in everything) == (columns is None), "labels are a column of the corpus"
