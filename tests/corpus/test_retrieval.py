from __future__ import annotations

import math
import pickle

import pytest

from workbench.corpus import Corpus, RetrievalSet
from workbench.errors import InputError

CORPUS = Corpus(("we ship on Mondays", "refunds take a week"), ids=("d1", "d2"))


def test_holds_queries_and_grades() -> None:
    found = RetrievalSet({"q1": "when?", "q2": "refund?"}, CORPUS, {"q1": {"d1": 2, "d2": 0}})
    assert len(found) == 2
    assert found.relevant_docs["q1"] == {"d1": 2.0, "d2": 0.0}
    assert found.summary() == {"queries": 2, "texts": 2, "judgements": 2}
    assert found.to_frame().to_dict("records") == [
        {"query_id": "q1", "query": "when?", "corpus_id": "d1", "grade": 2.0},
        {"query_id": "q1", "query": "when?", "corpus_id": "d2", "grade": 0.0},
    ]


@pytest.mark.parametrize("relevant", [{"d1", "d2"}, ["d1", "d2"], ("d1", "d2")])
def test_a_set_of_ids_counts_one_each(relevant: object) -> None:
    found = RetrievalSet({"q": "when?"}, CORPUS, {"q": relevant})
    assert found.relevant_docs["q"] == {"d1": 1.0, "d2": 1.0}


def test_numbers_as_ids_become_str() -> None:
    corpus = Corpus(("a", "b"))
    found = RetrievalSet({1: "x"}, corpus, {1: {0: 1}})
    assert found.queries == {"1": "x"}
    assert found.relevant_docs == {"1": {"0": 1.0}}


def test_is_read_only_and_independent_of_what_it_was_made_of() -> None:
    grades = {"d1": 1.0}
    found = RetrievalSet({"q": "when?"}, CORPUS, {"q": grades})
    grades["d2"] = 1.0
    assert found.relevant_docs["q"] == {"d1": 1.0}
    with pytest.raises(TypeError):
        found.queries["r"] = "more"
    with pytest.raises(TypeError):
        found.relevant_docs["q"]["d2"] = 1.0
    other = pickle.loads(pickle.dumps(found))
    assert other.relevant_docs == found.relevant_docs
    assert other.corpus.fingerprint == CORPUS.fingerprint


@pytest.mark.parametrize(
    ("queries", "corpus", "relevant", "message"),
    [
        ({}, CORPUS, {}, "at least one query; got none"),
        (["when?"], CORPUS, {}, "queries must be a dict by query id; got list"),
        ({"q": "when?"}, CORPUS, ["d1"], "relevant_docs must be a dict by query id; got list"),
        ({"q": "when?"}, {"d1": "text"}, {}, "corpus must be a Corpus; got dict. Of a dict, make"),
        ({"q": None}, CORPUS, {}, "query 'q' must be a str with text; got None"),
        ({"q": " "}, CORPUS, {}, "query 'q' must be a str with text"),
        ({"q": "when?"}, CORPUS, {"p": {"d1": 1}}, "names the query 'p', which does not exist"),
        ({"q": "when?"}, CORPUS, {"q": {"d9": 1}}, "'q' is answered by 'd9', which is not in"),
        ({"q": "when?"}, CORPUS, {"q": "d1"}, "must be a set or list of ids, or a dict"),
        ({"q": "when?"}, CORPUS, {"q": 3}, "must be a set or list of ids, or a dict"),
        ({"q": "when?"}, CORPUS, {"q": {"d1": -1}}, "must be a number, 0 or more.*grade -1"),
        ({"q": "when?"}, CORPUS, {"q": {"d1": math.nan}}, "must be a number, 0 or more"),
        ({"q": "when?"}, CORPUS, {"q": {"d1": math.inf}}, "must be a number, 0 or more"),
        ({"q": "when?"}, CORPUS, {"q": {"d1": "2"}}, "gives 'd1' the grade '2'"),
    ],
)
def test_refuses(queries: object, corpus: object, relevant: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        RetrievalSet(queries, corpus, relevant)


def test_html_is_escaped() -> None:
    shown = RetrievalSet({"q": "<script>x</script>"}, CORPUS, {"q": ["d1"]})._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown
