from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from workbench.analysis import tasks
from workbench.corpus import Corpus, RetrievalSet
from workbench.embeddings import embed
from workbench.errors import InputError
from workbench.models import DenseEncoder, LSAEncoder
from workbench.search import DiskIndex, Hybrid, SearchIndex
from workbench.views import View, redacted
from workbench.widgets import SearchExplorer

from ..hashing_encoder import HashingEncoder

Press = Callable[[SearchExplorer, str], None]
Choose = Callable[[SearchExplorer, str, str], None]
Find = Callable[[SearchExplorer, str], Any]

WORDS = ["refund money card", "parcel late courier", "password login reset"]
CORPUS = Corpus(
    tuple(f"{WORDS[row % 3]} {row}" for row in range(30)),
    tuple(f"t{row:02}" for row in range(30)),
    columns={
        "topic": [WORDS[row % 3].split()[0] for row in range(30)],
        "length": np.arange(30) + 0.5,
        "urgent": [row % 2 == 0 for row in range(30)],
        "tags": [["a", row] for row in range(30)],
        "day": np.datetime64("2026-01-01", "ns") + np.arange(30).astype("timedelta64[D]"),
    },
    name="tickets",
    label="topic",
)


class BrokenEncoder(HashingEncoder):
    """Encodes many texts, and fails at one alone: at a query."""

    def encode(self, texts: Any, /, batch_size: int = 32, **options: Any) -> Any:
        if len(texts) == 1:
            raise OSError("the <b>disk</b> is full")
        return super().encode(texts, batch_size)


def index_of(encoder: Any = None, corpus: Corpus = CORPUS, **options: Any) -> SearchIndex:
    model = encoder or HashingEncoder()
    vectors = embed(corpus, model, store=False, progress=False)
    return SearchIndex.build(vectors, model, progress=False, **options)


def ask(widget: SearchExplorer, find: Find, query: str) -> None:
    """Type a query and press Enter, as the browser's messages do."""
    box = find(widget, "workbench-query")
    box.set_state({"value": query})
    box._handle_custom_msg({"event": "submit"}, [])


def ids_of(widget: SearchExplorer, column: str) -> list[str]:
    return [hit.corpus_id for hit in widget.results[column][0]]


def check(widget: SearchExplorer, column: str, value: bool) -> None:
    """Check a column's box, as the browser's message does."""
    (box,) = (one for one in widget._columns.boxes.children if one.description == column)
    box.set_state({"value": value})


@pytest.fixture(scope="module")
def index() -> SearchIndex:
    return index_of(sparse_encoder="idf")


@pytest.fixture
def widget(index: SearchIndex) -> SearchExplorer:
    return SearchExplorer(index, top_k=4)


def test_before_a_query(widget: SearchExplorer) -> None:
    assert widget.query == ""
    assert dict(widget.results) == {}
    assert widget.status.text == "Type a query and press Enter."
    view = View.from_json(widget.view().to_json())
    assert view.kind == "search"
    assert view.meta["models"] == ["dense", "bm25", "sparse", "hybrid"]
    assert redacted(view, texts=False).meta["title"] == view.meta["title"]


def test_enter_searches_with_each_method(
    widget: SearchExplorer, index: SearchIndex, find: Find
) -> None:
    ask(widget, find, " parcel 7 ")
    assert widget.query == "parcel 7"
    view = View.from_json(widget.view().to_json())
    for place, method in enumerate(index.methods):
        expected = index.search("parcel 7", method=method, top_k=4)
        assert ids_of(widget, method) == [hit.corpus_id for hit in expected[0]]
        shown = [view.texts["id"][row] for row in view.meta["ranks"][place]]
        assert shown == ids_of(widget, method)
        np.testing.assert_allclose(view.meta["scores"][place], expected.scores[0], rtol=1e-5)
    assert widget.status.text == "Hits: dense 4, bm25 4, sparse 4, hybrid 4."
    assert (view.state["searched"], view.state["top_k"]) == ("parcel 7", 4)
    assert view.state["methods"] == ["dense", "bm25", "sparse", "hybrid"]


def test_every_hit_says_why(widget: SearchExplorer, index: SearchIndex) -> None:
    widget.search("late parcel 7")
    view = widget.view()
    assert len(view.meta["why"]) == len(view.texts)
    for text_id, why in zip(view.texts["id"], view.meta["why"], strict=True):
        expected = index.explain("late parcel 7", text_id)
        assert why["similarity"] == pytest.approx(expected.similarity, abs=1e-4)
        assert dict(why["words"]) == pytest.approx(expected.words, abs=1e-4)
        assert dict(why["tokens"]) == pytest.approx(expected.tokens, abs=1e-4)
        words = set(CORPUS.texts[CORPUS.ids.index(text_id)].split()) & {"late", "parcel", "7"}
        assert set(dict(why["words"])) == words


def test_columns_are_chosen_with_boxes(widget: SearchExplorer) -> None:
    widget.search("parcel 7")
    encoder: Any = widget.index.encoder
    before = encoder.calls
    check(widget, "hybrid", False)
    check(widget, "sparse", False)
    assert list(widget.results) == ["dense", "bm25"]
    check(widget, "sparse", True)
    assert list(widget.results) == ["dense", "bm25", "sparse"]
    assert encoder.calls == before, "what was found is not searched for again"
    for name in ("dense", "bm25", "sparse"):
        check(widget, name, False)
    assert (
        widget.status.text == "No method is chosen. Check one at least. The picture is as it was."
    )
    assert list(widget.results) == ["sparse"]


def test_hits_and_least_scores(widget: SearchExplorer, find: Find) -> None:
    widget.search("parcel 7")
    find(widget, "workbench-top-k").set_state({"value": 2})
    assert [len(ids_of(widget, name)) for name in widget.results] == [2, 2, 2, 2]
    fields = {one.description: one for one in widget._columns.fields.children}
    assert list(fields) == ["dense", "bm25", "sparse"], "sums of places are no relevancy"
    best, second = (hit.score for hit in widget.results["bm25"][0])
    fields["bm25"].set_state({"value": f"{(best + second) / 2}"})
    assert ids_of(widget, "bm25") == ["t07"]
    assert len(ids_of(widget, "dense")) == 2
    fields["bm25"].set_state({"value": "99"})
    assert ids_of(widget, "bm25") == []
    assert "No text shares a word" in widget.view().meta["nothing"]["bm25"]
    fields["bm25"].set_state({"value": "much"})
    assert "The least score of bm25 is no number: 'much'" in widget.status.text
    assert widget.status.failed
    given = SearchExplorer(widget.index, minimum_relevancy={"dense": 0.99})
    given.search("parcel 7")
    assert all(hit.score >= 0.99 for hit in given.results["dense"][0])


def test_a_filter_by_values(widget: SearchExplorer, find: Find, choose: Choose) -> None:
    names = [name for name, _ in find(widget, "workbench-filter-column").options]
    assert names == ["all texts", "topic", "length", "urgent", "day"], "lists are no groups"
    widget.search("parcel 7")
    choose(widget, "workbench-filter-column", "topic")
    values = find(widget, "workbench-filter-values")
    assert [label for label, _ in values.options] == [
        "refund (10)", "parcel (10)", "password (10)"
    ]  # fmt: skip
    values.set_state({"index": (0, 2)})
    assert widget.view().meta["where"] == {"topic": "refund, password"}
    for column in ("dense", "hybrid"):
        assert all(int(text_id[1:]) % 3 != 1 for text_id in ids_of(widget, column))
        assert len(ids_of(widget, column)) == 4
    assert ids_of(widget, "bm25") == [], "only parcels share the word"
    choose(widget, "workbench-filter-column", "")
    assert widget.view().meta["where"] == {}
    assert len(ids_of(widget, "bm25")) == 4
    choose(widget, "workbench-filter-column", "urgent")
    find(widget, "workbench-filter-values").set_state({"index": (1,)})
    assert all(int(text_id[1:]) % 2 for text_id in ids_of(widget, "dense"))


def test_a_filter_by_a_range(widget: SearchExplorer, find: Find, choose: Choose) -> None:
    widget.search("parcel 7")
    choose(widget, "workbench-filter-column", "length")
    find(widget, "workbench-filter-from").set_state({"value": "20"})
    find(widget, "workbench-filter-to").set_state({"value": "22.5"})
    assert set(ids_of(widget, "dense")) == {"t20", "t21", "t22"}
    assert widget.view().meta["subtitle"].endswith("only texts with length: from 20 to 22.5")
    assert widget.view().state["where"] == {"length": "from 20 to 22.5"}
    find(widget, "workbench-filter-to").set_state({"value": "high"})
    assert "'length' to is no number: 'high'" in widget.status.text
    find(widget, "workbench-filter-to").set_state({"value": "1"})
    assert "no text of 'tickets' meets where=" in widget.status.text
    assert widget.status.text.count("no text of") == 1, "said once for all columns"
    choose(widget, "workbench-filter-column", "day")
    find(widget, "workbench-filter-to").set_state({"value": "2026-01-02"})
    assert set(ids_of(widget, "dense")) == {"t00", "t01"}
    find(widget, "workbench-filter-to").set_state({"value": "someday"})
    assert "cannot be compared with" in widget.status.text


def test_reranked_columns(cross_encoder_folder: Path) -> None:
    index = index_of(reranker=str(cross_encoder_folder))
    widget = SearchExplorer(index, methods=["dense", "dense, reranked"], top_k=3)
    widget.search("parcel 7")
    expected = index.search("parcel 7", top_k=3, rerank=50)
    assert ids_of(widget, "dense, reranked") == [hit.corpus_id for hit in expected[0]]
    assert widget.view().meta["methods"][1] == expected.method
    assert "hybrid, reranked" in [box.description for box in widget._columns.boxes.children]
    fields = [one.description for one in widget._columns.fields.children]
    assert "hybrid, reranked" in fields


def test_a_hybrid_of_ones_own(index: SearchIndex) -> None:
    own = Hybrid(("bm25", "sparse"), weights={"bm25": 2.0})
    widget = SearchExplorer(index, methods=["bm25", own])
    widget.search("parcel 7")
    assert list(widget.results) == ["bm25", own.title()]
    expected = index.search("parcel 7", method=own)
    assert ids_of(widget, own.title()) == [hit.corpus_id for hit in expected[0]]


@pytest.mark.parametrize("query", ["", "  \n"])
def test_an_empty_query_is_a_sentence(widget: SearchExplorer, find: Find, query: str) -> None:
    widget.search("parcel")
    ask(widget, find, query)
    assert widget.status.failed
    assert widget.status.text == "The query is empty. Type what to search for."
    assert widget.query == "parcel"


def test_a_query_that_the_model_cuts_is_said(tiny_encoder: DenseEncoder) -> None:
    widget = SearchExplorer(index_of(tiny_encoder))
    widget.search("parcel " * 30)
    said = "The query is longer than 'tiny' reads (32 tokens of 16)"
    assert widget.status.text.count(said) == 1, "once, and not for each column"
    check(widget, "bm25", False)
    assert said in widget.status.text, "also when it was found before"
    widget.search("parcel")
    assert "tiny" not in widget.status.text


def test_a_method_that_fails_says_so_in_its_column() -> None:
    widget = SearchExplorer(index_of(BrokenEncoder()))
    widget.search("parcel 7")
    assert list(widget.results) == ["bm25"]
    view = widget.view()
    assert view.meta["models"] == ["bm25", "dense", "hybrid"]
    assert "OSError: the <b>disk</b> is full" in view.meta["failures"]["dense"]
    assert "dense failed: its column says why." in widget.status.text
    assert "Why the hits were found cannot be said: " in widget.status.text
    check(widget, "bm25", False)
    assert widget.status.failed
    assert widget.status.text.startswith("Nothing could be searched.")
    assert list(widget.results) == ["bm25"], "the picture is as it was"


def test_words_that_a_model_does_not_know() -> None:
    lsa = LSAEncoder(dimension=4).fit(CORPUS.texts)
    widget = SearchExplorer(index_of(lsa))
    widget.search("zebra")
    assert "knows no word of this query" in widget.view().meta["failures"]["dense"]
    assert ids_of(widget, "bm25") == []


def test_an_interrupted_search() -> None:
    class Slow(HashingEncoder):
        def encode(self, texts: Any, /, batch_size: int = 32, **options: Any) -> Any:
            if texts == ["stop"]:
                raise KeyboardInterrupt
            return super().encode(texts, batch_size)

    widget = SearchExplorer(index_of(Slow()))
    widget.search("parcel")
    widget.search("stop")
    assert widget.status.text == "The search was interrupted. The picture is as it was."
    assert not widget.status.busy
    assert widget.query == "parcel"


# ---- marks


def press_mark(widget: SearchExplorer, query: str, text_id: str, mark: str | None) -> None:
    """Mark a hit, as the figure's message does."""
    value = {"query": query, "id": text_id, "mark": mark}
    widget._host._handle_custom_msg({"type": "action", "name": "mark", "value": value}, [])


def test_marks_are_kept_per_query(widget: SearchExplorer) -> None:
    widget.search("parcel 7")
    press_mark(widget, "parcel 7", "t07", "relevant")
    press_mark(widget, "parcel 7", "t01", "not relevant")
    marks = dict(zip(widget.view().texts["id"], widget.view().texts["mark"], strict=True))
    assert marks["t07"] == "relevant"
    assert widget.status.text == "This query: 1 relevant, 1 not relevant. 1 query has marks."
    widget.search("refund 3")
    assert set(widget.view().texts["mark"]) == {None}
    press_mark(widget, "parcel 7", "t04", "relevant")  # pressed before the other search was shown
    assert set(widget.view().texts["mark"]) == {None}
    widget.mark("t03")
    widget.mark("t00", False)
    widget.mark("t00", None)
    assert widget.marks == {
        "parcel 7": {"t07": True, "t01": False, "t04": True},
        "refund 3": {"t03": True},
    }
    widget.search("parcel 7")
    marks = dict(zip(widget.view().texts["id"], widget.view().texts["mark"], strict=True))
    assert marks["t07"] == "relevant"
    press_mark(widget, "parcel 7", "gone", "relevant")
    assert widget.status.text.startswith("Nothing was marked. SearchExplorer: 'gone' cannot be")


def test_the_marks_as_a_retrieval_set(widget: SearchExplorer) -> None:
    with pytest.raises(InputError, match=r"nothing is marked yet\. Search, and mark hits relevant"):
        _ = widget.retrieval_set
    with pytest.raises(InputError, match="nothing was searched for yet"):
        widget.mark("t01")
    widget.mark("t01", query=" parcel 1 ")
    widget.mark("t02", query="password 2")
    widget.mark("t03", False, query="password 2")
    widget.name = "judged"
    marked = widget.retrieval_set
    assert (marked.name, dict(marked.queries)) == ("judged", {"q1": "parcel 1", "q2": "password 2"})
    assert marked.corpus is CORPUS
    assert {query: dict(grades) for query, grades in marked.relevant_docs.items()} == {
        "q1": {"t01": 1.0},
        "q2": {"t02": 1.0, "t03": 0.0},
    }


def test_models_are_scored_on_the_marks() -> None:
    lsa = LSAEncoder(dimension=8).fit(CORPUS.texts)
    widget = SearchExplorer(index_of(lsa), methods=["dense"], top_k=10)
    firsts = []
    for row in range(6):
        widget.search(f"{WORDS[row % 3]} {row}")
        widget.mark(f"t{row:02}")
        firsts.append(f"t{row:02}" in ids_of(widget, "dense"))
    scores = tasks.retrieval(widget.retrieval_set).score(lsa, store=False, progress=False)
    assert scores.summary()["recall@10"] == pytest.approx(np.mean(firsts))


def test_given_queries_are_gone_through(
    index: SearchIndex, find: Find, press: Press, choose: Choose
) -> None:
    widget = SearchExplorer(index, queries={"first": "parcel 1", "q1": "refund 0"})
    press(widget, "workbench-next")
    assert widget.query == "parcel 1"
    press(widget, "workbench-next")
    assert find(widget, "workbench-query").value == widget.query == "refund 0"
    press(widget, "workbench-next")
    assert widget.status.text == "That was the last of the queries."
    choose(widget, "workbench-queries", "parcel 1")
    assert widget.query == "parcel 1"
    widget.mark("t01")
    widget.mark("t04", query="typed")
    assert dict(widget.retrieval_set.queries) == {"first": "parcel 1", "q2": "typed"}


def test_judgements_go_on(index: SearchIndex) -> None:
    given = RetrievalSet(
        {"a": "parcel 1", "b": "refund"}, CORPUS, {"a": {"t01": 2, "t04": 0}}, "before"
    )
    widget = SearchExplorer(index, queries=given)
    assert widget.name == "before"
    assert widget.marks == {"parcel 1": {"t01": True, "t04": False}}
    widget.mark("t01", query="parcel 1")
    widget.mark("t04", query="parcel 1")
    widget.mark("t00", query="refund")
    assert {
        query: dict(grades) for query, grades in widget.retrieval_set.relevant_docs.items()
    } == {
        "a": {"t01": 2.0, "t04": 1.0},  # a higher grade stays
        "b": {"t00": 1.0},
    }
    other = RetrievalSet({"a": "x"}, Corpus(("y",), ("elsewhere",)), {"a": {"elsewhere": 1}})
    with pytest.raises(InputError, match="'elsewhere' cannot be marked: 'tickets' has no text"):
        SearchExplorer(index, queries=other)


def test_marks_are_written(
    widget: SearchExplorer, find: Find, press: Press, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    press(widget, "workbench-export")
    assert "nothing is marked yet" in widget.status.text
    widget.mark("t01", query='a "quoted", query')
    press(widget, "workbench-export")
    assert widget.status.text == f"Wrote 1 mark to {tmp_path / 'marks.csv'}."
    read = pd.read_csv("marks.csv")
    assert read.to_dict("records") == [
        {"query_id": "q1", "query": 'a "quoted", query', "corpus_id": "t01", "grade": 1.0}
    ]
    widget.mark("t02", query="another")
    press(widget, "workbench-export")  # its own file
    assert len(pd.read_csv("marks.csv")) == 2
    (tmp_path / "other.csv").write_text("precious")
    with pytest.raises(InputError, match="is there already, and was not written here"):
        widget.export("other.csv")
    assert (tmp_path / "other.csv").read_text() == "precious"
    find(widget, "workbench-marks-file").set_state({"value": "no/such/folder.csv"})
    press(widget, "workbench-export")
    assert widget.status.text.startswith("The marks cannot be written to")
    with pytest.raises(InputError, match="expected the name of a file"):
        widget.export(" ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["marks.csv", "other.csv"]


def test_the_table_of_marks(widget: SearchExplorer, find: Find) -> None:
    table = find(widget, "workbench-marked-queries")
    assert "Nothing is marked yet" in table.html
    widget.mark("t01", query="<b>bold</b>")
    assert "&lt;b&gt;bold&lt;/b&gt;" in table.html
    assert "<b>" not in table.html
    widget.mark("t01", None, query="<b>bold</b>")
    assert "Nothing is marked yet" in table.html
    find(widget, "workbench-marks-name").set_state({"value": "mine"})
    assert widget.name == "mine"


# ---- as the other widgets


def test_selection_and_save(index: SearchIndex, press: Press) -> None:
    saved: list[View] = []
    widget = SearchExplorer(index, on_save=saved.append, top_k=3)
    widget.search("parcel 7")
    widget.selection = ["t07"]
    press(widget, "workbench-save")
    assert saved[0].state["selection"] == ["t07"]
    assert saved[0].state["searched"] == "parcel 7"
    with pytest.raises(InputError, match="not in this figure"):
        widget.selection = ["nowhere"]


def test_hostile_texts_stay_texts() -> None:
    bad = "<script>window.ran = 1</script> $x$ \0 \u202e"
    corpus = Corpus(
        (bad, f"{bad} again"), (bad, "2"), {"<b>": [bad, bad], "\u202e": [1, 2]}, bad, label="<b>"
    )
    widget = SearchExplorer(index_of(corpus=corpus), queries=[bad])
    widget.search(bad)
    widget.mark(bad)
    assert not widget.status.failed, widget.status.text
    assert set(widget.view().texts["text"]) == set(corpus.texts)
    assert "<script" not in str(widget.view().figure.to_plotly_json()["layout"]["title"])
    assert "<script" not in widget._marks_form._table.html


def test_without_a_kernel(widget: SearchExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    widget.search("parcel")
    assert "parcel" in widget._repr_mimebundle_()["text/html"]
    monkeypatch.setenv("WORKBENCH_RENDER", "static")
    data, _ = widget._repr_mimebundle_()
    assert "data-workbench-view" in data["text/html"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"topk": 3}, r"no option 'topk'. Did you mean 'top_k'"),
        ({"top_k": 0}, "top_k"),
        ({"top_k": 101}, "top_k"),
        ({"on_save": 1}, "on_save: expected a function"),
        ({"methods": []}, "methods is a list of names"),
        ({"methods": 3}, "methods is a list of names"),
        ({"methods": ["dence"]}, "no method 'dence' here. Did you mean 'dense'"),
        ({"methods": "dense, reranked"}, "Build the index with reranker="),
        ({"minimum_relevancy": 0.5}, "a dict by method, .* Got float"),
        ({"minimum_relevancy": {"hybrid": 0.5}}, "names 'hybrid', which has none"),
        ({"minimum_relevancy": {"dense": "x"}}, "of 'dense' is a number; got 'x'"),
        ({"queries": "one"}, "a list of texts, a dict by id or a RetrievalSet; got str"),
        ({"queries": ["fine", " "]}, "the query 'q2' must be a text; got ' '"),
    ],
)
def test_options_that_cannot_be(index: SearchIndex, options: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        SearchExplorer(index, **options)


def test_what_is_no_index(index: SearchIndex) -> None:
    with pytest.raises(InputError, match="expected a SearchIndex or a DiskIndex; got Corpus"):
        SearchExplorer(CORPUS)
    with pytest.raises(InputError, match="expected a query as str; got int"):
        SearchExplorer(index).search(1)


def test_an_index_on_disk(find: Find, tmp_path: Path) -> None:
    columns = {name: values for name, values in CORPUS.columns.items() if name != "tags"}
    corpus = Corpus(CORPUS.texts, CORPUS.ids, columns, CORPUS.name, CORPUS.label)
    index = index_of(corpus=corpus)
    on_disk = DiskIndex.build(tmp_path / "i", index.embeddings, index.encoder, progress=False)
    widget = SearchExplorer(on_disk, top_k=4)
    assert widget.index is on_disk
    ask(widget, find, "parcel 7")
    assert widget.status.text == "Hits: dense 4, bm25 4, hybrid 4."
    expected = SearchExplorer(index, top_k=4)
    expected.search("parcel 7")
    shown, other = widget.view(), expected.view()
    assert shown.texts["id"].tolist() == other.texts["id"].tolist()
    assert (shown.meta["ranks"], shown.meta["table"]) == (other.meta["ranks"], other.meta["table"])
    assert [one["words"] for one in shown.meta["why"]] == [
        one["words"] for one in other.meta["why"]
    ]
    widget.mark("t01")
    assert widget.retrieval_set.corpus.fingerprint == corpus.fingerprint
    with pytest.raises(InputError, match=r"no method 'sparse' here.*On disk there is none"):
        SearchExplorer(on_disk, methods=["sparse"])
