"""Hits of several methods side by side; what was found is written down here by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.search import MatchReasons, SearchResults
from workbench.views import View, redacted, search_view

QUERY = "confidential <it>"
CORPUS = Corpus(
    tuple(f"confidential text {row}" for row in range(6)),
    tuple(f"t{row}" for row in range(6)),
    columns={"topic": ["billing", "travel"] * 3, "town": ["Ulm", "Bonn", "Köln"] * 2},
    name="tickets",
    label="topic",
)


def found(*rows: int, queries: tuple[str, ...] = (QUERY,), corpus: Corpus = CORPUS) -> Any:
    scores = np.linspace(0.9, 0.5, len(rows)).astype(np.float32)
    return SearchResults(
        queries, (np.array(rows, np.int64),) * len(queries), (scores,) * len(queries), corpus, "how"
    )


def view_of_all(**options: Any) -> View:
    reasons = {
        text_id: MatchReasons(QUERY, text, 0.25, {"confidential": 1.5}, {"conf": 0.5})
        for text_id, text in zip(CORPUS.ids, CORPUS.texts, strict=True)
    }
    return search_view(
        {"dense": found(5, 0, 2), "bm25": found(0, 5, 3), "sparse": found()},
        reasons=reasons,
        marks={"t0": True, "t3": False, "t4": True},
        failures={"hybrid": "confidential words"},
        **{"where": {"town": "Ulm, Bonn"}, **options},
    )


def test_columns_and_lines() -> None:
    view = view_of_all()
    assert view.texts["id"].tolist() == ["t0", "t2", "t3", "t5"]
    assert view.meta["models"] == ["dense", "bm25", "sparse", "hybrid"]
    assert view.meta["ranks"] == [[3, 0, 1], [0, 3, 2], [], []]
    assert view.meta["scores"][0] == [0.9, 0.7, 0.5]
    lines = view.figure.data[0]
    assert list(lines.x) == [0, 1, None, 0, 1, None]
    assert list(lines.y) == [1, 2, None, 2, 1, None]
    assert view.texts["found by"].tolist() == [f"{n} of 3 methods" for n in (2, 1, 1, 2)]
    assert view.texts["mark"].tolist() == ["relevant", None, "not relevant", None]
    assert view.texts["topic"].tolist() == ["billing", "billing", "travel", "travel"]
    assert view.meta["subtitle"] == f"query: {QUERY}; only texts with town: Ulm, Bonn"
    assert view.meta["failures"] == {"hybrid": "confidential words"}
    assert list(view.meta["nothing"]) == ["sparse"]
    assert view.meta["why"][0] == {
        "similarity": 0.25, "words": [["confidential", 1.5]], "tokens": [["conf", 0.5]]
    }  # fmt: skip
    again = View.from_json(view.to_json())
    assert (again.meta, again.kind) == (view.meta, "search")


def test_nothing_found_at_all() -> None:
    view = search_view({"bm25": found()})
    assert len(view.texts) == 0
    assert view.meta["ranks"] == [[]]
    assert "No text shares a word" in view.meta["nothing"]["bm25"]


def test_texts_reach_no_plotly_string() -> None:
    drawn = view_of_all().figure.to_dict()
    assert "&#60;it&#62;" in drawn["layout"]["title"]["subtitle"]["text"]
    assert "text 5" not in repr(drawn["data"])


def test_what_cannot_be_shown_together() -> None:
    with pytest.raises(InputError, match="at least one; got dict"):
        search_view({})
    with pytest.raises(InputError, match="query=1 is not among the 1"):
        search_view({"a": found(0)}, 1)
    with pytest.raises(InputError, match="'b' searched other texts or for other queries than 'a'"):
        search_view({"a": found(0), "b": found(0, queries=("other",))})
    with pytest.raises(InputError, match="'b' searched other texts"):
        search_view({"a": found(0), "b": found(0, corpus=Corpus(("x",)))})


def test_without_texts_nothing_quotes_them() -> None:
    state: Any = {"searched": QUERY, "selection": ["t0"], "where": {"town": "Ulm"}}
    view = view_of_all().with_state(**state)
    before = view.to_json()
    small = redacted(view, texts=False)
    for word in ("confidential", '"conf"', "<it>", "&#60;it"):
        assert word in before
        assert word not in small.to_json()
    assert small.texts.columns.tolist() == ["id", "found by", "mark", "topic"]
    assert small.meta["ranks"] == view.meta["ranks"]
    assert small.meta["why"][0] == {"similarity": 0.25}
    assert small.meta["subtitle"] == "only texts with town: Ulm, Bonn"
    assert small.state == {"selection": ["t0"]}
    assert view.to_json() == before


def test_without_columns_neither_label_nor_filter_is_left() -> None:
    view = view_of_all().with_state(where={"town": "Ulm"})
    small = redacted(view, columns=[])
    for word in ("billing", "topic", "Ulm", "town"):
        assert word in view.to_json()
        assert word not in small.to_json()
    assert QUERY in small.meta["subtitle"]
    kept = redacted(view, columns=["town", "topic"])
    assert kept.meta["where"] == {"town": "Ulm, Bonn"}
    assert "topic" in kept.texts
    assert redacted(redacted(small, texts=False), texts=False).meta["label"] is None
