from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from workbench.corpus import Corpus
from workbench.embeddings import Embeddings, embed
from workbench.errors import InputError
from workbench.models import DenseEncoder, Encoder, LSAEncoder, variant
from workbench.views import View, redacted
from workbench.widgets import QueryComparison

from ..comparisons import make_comparison
from ..hashing_encoder import HashingEncoder, vector_of

Press = Callable[[QueryComparison, str], None]
Find = Callable[[QueryComparison, str], Any]

CORPUS = Corpus(tuple(f"ticket {row} about a parcel" for row in range(12)), name="tickets")


class PromptedEncoder(HashingEncoder):
    """Has a query prompt of its own."""

    def prompt(self, name: str | None) -> str:
        return "query: " if name == "query" else ""

    def encode(self, texts: Any, /, batch_size: int = 32, **options: Any) -> Any:
        prompt = self.prompt(options.get("prompt_name"))
        return super().encode([prompt + text for text in texts], batch_size)


class BrokenEncoder(HashingEncoder):
    """Encodes many texts, and fails at one alone: at a query."""

    def encode(self, texts: Any, /, batch_size: int = 32, **options: Any) -> Any:
        if len(texts) == 1:
            raise OSError("the <b>disk</b> is full")
        return super().encode(texts, batch_size)


def both(encoders: dict[str, Encoder], corpus: Corpus = CORPUS, **options: Any) -> QueryComparison:
    vectors = {
        name: embed(corpus, encoder, store=False, progress=False)
        for name, encoder in encoders.items()
    }
    return QueryComparison(vectors, encoders, **options)


def ask(widget: QueryComparison, find: Find, query: str) -> None:
    """Type a query and press Enter, as the browser's messages do."""
    box = find(widget, "workbench-query")
    box.set_state({"value": query})
    box._handle_custom_msg({"event": "submit"}, [])


@pytest.fixture
def widget() -> QueryComparison:
    return both({"first": HashingEncoder(), "second": HashingEncoder(prompt="x")}, top_k=4)


def test_before_a_query(widget: QueryComparison) -> None:
    assert widget.query == ""
    assert dict(widget.hits) == {}
    assert widget.selection == []
    assert widget.status.text == "Type a query and press Enter."
    view = View.from_json(widget.view().to_json())
    assert view.kind == "ranks"
    assert view.meta["models"] == ["first", "second"]


def test_enter_searches_exactly(widget: QueryComparison, find: Find) -> None:
    ask(widget, find, "where is it?")
    assert widget.query == "where is it?"
    for name, prompt in (("first", ""), ("second", "x")):
        query = vector_of("where is it?", prompt)[None]
        cosines = cosine_similarity(query, [vector_of(text, prompt) for text in CORPUS.texts])[0]
        best = np.argsort(-cosines, kind="stable")[:4]
        np.testing.assert_array_equal(widget.hits[name].indices[0], best)
        np.testing.assert_allclose(widget.hits[name].scores[0], cosines[best], atol=1e-6)
    view = widget.view()
    assert view.meta["subtitle"] == "query: where is it?"
    found = [[view.texts["id"][row] for row in column] for column in view.meta["ranks"]]
    assert found[0] == [CORPUS.ids[row] for row in widget.hits["first"].indices[0]]
    assert (view.state["searched"], view.state["top_k"]) == ("where is it?", 4)
    assert widget.status.text == "The 4 nearest texts under each of 2 models."


def test_the_search_button(widget: QueryComparison, find: Find, press: Press) -> None:
    find(widget, "workbench-query").set_state({"value": "late"})
    assert widget.query == "", "nothing is searched while somebody types"
    press(widget, "workbench-search")
    assert widget.query == "late"
    widget.search("early")
    assert find(widget, "workbench-query").value == widget.query == "early"


@pytest.mark.parametrize("query", ["", "  \n"])
def test_an_empty_query_is_a_sentence(widget: QueryComparison, find: Find, query: str) -> None:
    widget.search("late")
    ask(widget, find, query)
    assert widget.status.failed
    assert widget.status.text == "The query is empty. Type what to search for."
    assert widget.query == "late"


def test_the_models_own_query_prompt() -> None:
    encoder = PromptedEncoder()
    widget = both({"prompted": encoder})
    widget.search("late")
    assert encoder.seen[-1] == "query: late"
    np.testing.assert_array_equal(
        widget.hits["prompted"].queries.vectors[0], vector_of("query: late")
    )


def test_a_model_that_fails_says_so_in_its_column(find: Find) -> None:
    widget = both({"broken": BrokenEncoder(), "sound": HashingEncoder()})
    ask(widget, find, "late")
    assert list(widget.hits) == ["sound"]
    view = View.from_json(widget.view().to_json())
    assert view.meta["models"] == ["sound", "broken"]
    assert view.meta["ranks"][1] == []
    assert "the <b>disk</b> is full" in view.meta["failures"]["broken"]
    assert redacted(view, texts=False).meta["failures"] == {"broken": ""}, "it may quote texts"
    assert widget.status.text.endswith("broken failed: its column says why.")


def test_all_failing_keeps_the_picture(find: Find) -> None:
    widget = both({"broken": BrokenEncoder()})
    ask(widget, find, "late")
    assert widget.status.failed
    assert "OSError: the <b>disk</b> is full" in widget.status.text
    assert widget.query == ""


def test_words_that_a_model_does_not_know() -> None:
    lsa = LSAEncoder(dimension=4).fit(CORPUS.texts)
    widget = both({"lsa": lsa, "hashes": HashingEncoder()})
    widget.search("zebra")
    assert "knows no word of this query" in widget.view().meta["failures"]["lsa"]
    widget.search("ticket parcel")
    assert list(widget.hits) == ["lsa", "hashes"]
    assert widget.view().meta["failures"] == {}


def test_a_query_that_a_model_cuts_is_said(tiny_encoder: DenseEncoder) -> None:
    widget = both({"tiny": tiny_encoder, "hashes": HashingEncoder()})
    widget.search("parcel " * 30)
    assert "tiny reads only the first 16 of the query's 32 tokens." in widget.status.text
    widget.search("parcel")
    assert "tiny" not in widget.status.text


def test_variants_are_asked_in_their_own_precision(tiny_encoder: DenseEncoder) -> None:
    encoders: dict[str, Encoder] = {
        "bits": variant(tiny_encoder, precision="ubinary"),
        "short": variant(tiny_encoder, truncate_dim=8, precision="int8"),
    }
    widget = both(encoders)
    widget.search("parcel")
    assert widget.hits["bits"].queries.vectors.dtype == np.uint8
    assert widget.hits["short"].queries.vectors.shape == (1, 8)


def test_selection(widget: QueryComparison) -> None:
    widget.search("late")
    first = CORPUS.ids[widget.hits["first"].indices[0, 0]]
    widget.selection = [first]
    assert widget.view().state["selection"] == [first]
    lone = next(text_id for text_id in CORPUS.ids if text_id not in set(widget.view().texts["id"]))
    with pytest.raises(InputError, match="not in this figure"):
        widget.selection = [lone]
    widget.search("something else altogether")
    assert set(widget.selection) <= set(widget.view().texts["id"])


def test_save(find: Find, press: Press) -> None:
    saved: list[View] = []
    widget = both({"first": HashingEncoder()}, on_save=saved.append, top_k=100)
    widget.search("late")
    press(widget, "workbench-save")
    assert saved[0].state["searched"] == "late"
    assert widget.hits["first"].top_k == len(CORPUS), "no more than there are"


def test_hostile_texts_stay_texts() -> None:
    bad = "<script>window.ran = 1</script> $x$ \0 \u202e \udc80"
    corpus = Corpus((bad, f"{bad} again"), name=bad)
    widget = both({bad: HashingEncoder()}, corpus)
    widget.search(bad)
    assert not widget.status.failed, widget.status.text
    assert set(widget.view().texts["text"]) == set(corpus.texts)
    assert "<script" not in str(widget.view().figure.to_plotly_json()["layout"]["title"])


def test_of_a_comparison(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    plain = make_comparison(3, 1)
    encoders = (HashingEncoder(), HashingEncoder(prompt="x"), BrokenEncoder(revision="2"))
    models = tuple(
        replace(model, encoder=encoder)
        for model, encoder in zip(plain.models, encoders, strict=True)
    )
    comparison = replace(plain, models=models)
    widget = QueryComparison.of(comparison, top_k=3)
    widget.search("late")
    assert list(widget.hits) == list(plain.names[:2])
    assert widget.hits[plain.names[0]].top_k == 3
    encoded = len(encoders[0].seen)
    QueryComparison.of(comparison)
    assert len(encoders[0].seen) == encoded, "the store has the texts"
    with pytest.raises(InputError, match="was loaded, and holds no encoders"):
        QueryComparison.of(plain)
    with pytest.raises(InputError, match="expected a Comparison; got dict"):
        QueryComparison.of({})


def test_a_model_that_cannot_encode_the_texts_is_left_out() -> None:
    class Lazy(HashingEncoder):
        def encode(self, texts: Any, /, batch_size: int = 32, **options: Any) -> Any:
            return np.zeros((0, 8), np.float32)

    plain = make_comparison(3, 1)
    encoders = (HashingEncoder(), Lazy(revision="lazy"), None)
    models = tuple(
        replace(model, encoder=encoder)
        for model, encoder in zip(plain.models, encoders, strict=True)
    )
    widget = QueryComparison.of(replace(plain, models=models))
    assert widget.status.text.startswith("Type a query and press Enter. Left out: lsa has no")
    assert "minilm-static cannot encode the texts: " in widget.status.text
    with pytest.raises(InputError, match="no model is left"):
        QueryComparison.of(replace(plain, models=models[1:]))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"topk": 3}, r"no option 'topk'. Did you mean 'top_k'"),
        ({"top_k": 0}, "top_k"),
        ({"top_k": 101}, "top_k"),
        ({"on_save": 1}, "on_save: expected a function"),
    ],
)
def test_options_that_cannot_be(options: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        both({"first": HashingEncoder()}, **options)


def test_models_that_cannot_be() -> None:
    encoder = HashingEncoder()
    vectors = embed(CORPUS, encoder, store=False, progress=False)
    other = embed(["other"], encoder, store=False, progress=False)
    wrong: list[tuple[Any, Any, str]] = [
        ([vectors], {"a": encoder}, "embeddings is a dict by model name.* got list"),
        ({}, {}, "embeddings is a dict by model name.* an empty one"),
        ({"a": vectors}, {"a": encoder, "b": encoder}, "'b' has no embeddings"),
        ({"first": vectors}, {"frist": encoder}, "'first' has no encoder.* 'frist'"),
        ({"a": 1}, {"a": encoder}, "'a': expected Embeddings; got int"),
        ({"a": vectors}, {"a": 1}, "'a': expected an Encoder; got int"),
        ({"a": vectors, "b": other}, {"a": encoder, "b": encoder}, "not of the same texts"),
    ]
    for embeddings, encoders, said in wrong:
        with pytest.raises(InputError, match=said):
            QueryComparison(embeddings, encoders)
    with pytest.raises(InputError, match="expected a query as str; got int"):
        QueryComparison({"a": vectors}, {"a": encoder}).search(1)


def test_vectors_of_another_length_fail_in_their_column() -> None:
    encoder = HashingEncoder()
    wrong = Embeddings.from_array(np.eye(12), CORPUS)
    right = embed(CORPUS, encoder, store=False, progress=False)
    widget = QueryComparison({"a": wrong, "b": right}, {"a": encoder, "b": encoder})
    widget.search("late")
    assert "12" in widget.view().meta["failures"]["a"]


def test_without_a_kernel(widget: QueryComparison, monkeypatch: pytest.MonkeyPatch) -> None:
    widget.search("late")
    assert "ticket" in widget._repr_mimebundle_()["text/html"]
    monkeypatch.setenv("WORKBENCH_RENDER", "static")
    data, _ = widget._repr_mimebundle_()
    assert "data-workbench-view" in data["text/html"]
