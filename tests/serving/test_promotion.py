"""Models that answer are registered by hand or through a gate, and an alias goes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.analysis import tasks
from workbench.corpus import Corpus, RetrievalSet, samples
from workbench.errors import InputError, ModelUnavailableError
from workbench.models import DenseEncoder, load_encoder
from workbench.models.mlflow_uri import sqlite_uri
from workbench.search import Hybrid, SearchIndex
from workbench.serving import (
    EmbeddingModel,
    SemanticSearchModel,
    ServedModel,
    SimilarityModel,
    load_model,
    promote_model,
    serve,
)
from workbench.tracking import Gate, register, set_alias, track, versions


@pytest.fixture(scope="module")
def answers() -> RetrievalSet:
    return samples.faq()


@pytest.fixture(scope="module")
def searches(answers: RetrievalSet, minilm: DenseEncoder) -> dict[str, SemanticSearchModel]:
    dense = SearchIndex.build(answers.corpus, minilm, progress=False)
    return {
        "dense": SemanticSearchModel(dense),
        "bm25": SemanticSearchModel(dense, method="bm25"),
        "lsa": SemanticSearchModel(SearchIndex.build(answers.corpus, "lsa", progress=False)),
    }


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    import mlflow

    uri = sqlite_uri(tmp_path / "mlflow.db")
    mlflow.set_tracking_uri(None)  # first: it takes the variable away
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return uri


def test_through_the_gate_and_back(
    searches: dict[str, SemanticSearchModel], answers: RetrievalSet, store: str
) -> None:
    first = promote_model(searches["lsa"], "search", [answers])
    assert (first.promoted, first.version, first.champion) == (True, "1", None)
    gate = Gate(floors={"retrieval: faq": 0.5, "retrieval: faq/recall@10": 0.5})
    second = promote_model(searches["dense"], "search", [answers], gate=gate)
    assert (second.promoted, second.version, second.champion) == (True, "2", "1")
    (found,) = second.differences.values()
    expected = searches["dense"].score(answers).value() - searches["lsa"].score(answers).value()
    assert found.difference == pytest.approx(expected, abs=1e-6)
    assert (found.verdict, found.b) == ("better", "version 1")
    refused = promote_model(searches["bm25"], "search", [answers])
    assert (refused.promoted, refused.version) == (False, None)
    assert "shown worse than version 2" in refused.reasons[0]
    below = promote_model(
        searches["bm25"], "search", [answers], gate=Gate({"retrieval: faq": 0.99}, not_worse=False)
    )
    assert not below.promoted
    assert "is below the floor 0.99" in below.reasons[0]
    again = promote_model(searches["dense"], "search", [answers])
    assert again.reasons == ("This model is search@champion already, as version 2.",)
    table = versions("search")
    assert table["version"].tolist() == [2, 1]
    assert table["aliases"].tolist() == ["champion", ""]
    assert table["run_id"].tolist() == [second.run_id, first.run_id]
    assert f"faq ({answers.corpus.fingerprint})" in table["data"][0]
    assert repr(load_model("models:/search@champion")) == repr(searches["dense"])
    assert set_alias("search", "champion", second.champion or "") == "2"
    assert repr(load_model("models:/search@champion")) == repr(searches["lsa"])


def test_a_reranker_and_a_sparse_encoder_through_the_gate(
    models: dict[str, ServedModel], answers: RetrievalSet, minilm: DenseEncoder, store: str
) -> None:
    queries = dict(list(answers.queries.items())[:12])
    few = RetrievalSet(queries, answers.corpus, {q: answers.relevant_docs[q] for q in queries}, "f")
    hits = SearchIndex.build(few.corpus, minilm, progress=False).search(list(queries.values()))
    first = {q: [hit.corpus_id for hit in own] for q, own in zip(queries, hits, strict=True)}
    floors = {"reranking: f": 0.0, "retrieval: f": 0.0}
    for name, examples in (("reranker", tasks.reranking(few, first)), ("sparse", few)):
        expected = models[name].score(examples)
        gate = Gate({expected.task: floors[expected.task]})
        made = promote_model(models[name], name, [examples], gate=gate)
        assert (made.promoted, made.version) == (True, "1")
        back = load_model(f"models:/{name}@champion")
        assert back.score(examples).value() == pytest.approx(expected.value(), abs=1e-6)
        again = promote_model(models[name], name, [examples])
        assert again.reasons == (f"This model is {name}@champion already, as version 1.",)


def test_what_a_promotion_leaves(
    searches: dict[str, SemanticSearchModel], answers: RetrievalSet, store: str
) -> None:
    from mlflow import MlflowClient

    made = promote_model(searches["dense"], "search", [answers], limits=["Small."])
    client = MlflowClient(store)
    run = client.get_run(made.run_id)
    scores = searches["dense"].score(answers)
    key = next(key for key in run.data.metrics if key.endswith("ndcg_at_10"))
    assert run.data.metrics[key] == pytest.approx(scores.value(), abs=1e-9)
    assert run.data.tags["workbench.promotion"] == "promoted"
    version = client.get_model_version("search", "1")
    assert version.tags["workbench.kind"] == "SemanticSearchModel"
    assert version.run_id == made.run_id
    assert f"{scores.value():.3f}" in version.description
    assert "- Small." in version.description
    assert "nothing to compare with" in version.description


def test_registered_by_hand(minilm: DenseEncoder, store: str) -> None:
    from mlflow import MlflowClient

    with track("by hand") as run:
        model = SimilarityModel(minilm)
        info = run.log_model(model, scores=[model.score(samples.sentence_pairs())])
    made = register(info.model_uri, "similarity", alias="candidate", tags={"team": "support"})
    assert (made.version, made.run_id) == ("1", run.id)
    assert "sts: sentence pairs" in made.description
    version = MlflowClient(store).get_model_version_by_alias("similarity", "candidate")
    assert (version.tags["team"], version.tags["workbench.kind"]) == ("support", "SimilarityModel")
    assert load_model(made.model_uri).predict([("a", "a")]).tolist() == pytest.approx([1.0])
    refused = promote_model(model, "similarity", [samples.sentence_pairs()], alias="candidate")
    assert "is similarity@candidate already" in refused.reasons[0]
    plain = register(info.model_uri, "similarity", description="by me")
    assert (plain.version, plain.alias, plain.description) == ("2", None, "by me")


def test_what_cannot_be_registered(minilm: DenseEncoder, store: str) -> None:
    with pytest.raises(InputError, match=r"expected the model_uri that run\.log_model gave"):
        register("runs:/x/model", "similarity")
    with pytest.raises(InputError, match="register: registered_name must be a str"):
        register("models:/m-1", None)
    with pytest.raises(InputError, match="register: alias 'v1' cannot be used"):
        register("models:/m-1", "similarity", alias="v1")
    with pytest.raises(InputError, match="There is no registered model 'none'"):
        versions("none")
    with pytest.raises(InputError, match="There is no registered model 'none'"):
        set_alias("none", "champion", 1)
    with track("one") as run:
        register(run.log_model(SimilarityModel(minilm)).model_uri, "one")
    with pytest.raises(InputError, match="'one' has no version 7; it has 1"):
        set_alias("one", "champion", 7)


def test_near_names_are_offered(minilm: DenseEncoder, store: str) -> None:
    with track("search") as run:
        made = run.log_model(SimilarityModel(minilm)).model_uri
    register(made, "search", alias="champion")
    for ask in (lambda: versions("serch"), lambda: set_alias("serch", "champion", 1)):
        with pytest.raises(InputError, match=r"no registered model 'serch'.* Did you mean 'sea"):
            ask()
    for uri, near in (
        ("models:/serch@champion", "search"),
        ("models:/serch/1", "search"),
        ("models:/search@champoin", "champion"),
    ):
        for open_ in (load_model, load_encoder, serve):
            with pytest.raises(ModelUnavailableError, match=f"Did you mean '{near}'.* Expected"):
                open_(uri)
    for uri in ("models:/search/7", "models:/m-0123456789"):
        with pytest.raises(ModelUnavailableError, match="could not be read") as caught:
            load_model(uri)
        assert "Did you mean" not in str(caught.value)


def test_what_cannot_be_promoted(
    searches: dict[str, SemanticSearchModel],
    models: dict[str, ServedModel],
    answers: RetrievalSet,
    minilm: DenseEncoder,
    store: str,
) -> None:
    with pytest.raises(InputError, match="expected a model that answers"):
        promote_model(minilm, "search", [answers])
    with pytest.raises(InputError, match="examples is a list of what the model is scored on"):
        promote_model(searches["bm25"], "search", answers)
    with pytest.raises(InputError, match="examples is a list"):
        promote_model(searches["bm25"], "search", [])
    with pytest.raises(InputError, match="it is scored on a RetrievalSet; got SentencePairs"):
        promote_model(searches["bm25"], "search", [samples.sentence_pairs()])
    with pytest.raises(InputError, match="it is scored on SentencePairs with scores; got Ret"):
        promote_model(SimilarityModel(minilm), "search", [answers])
    with pytest.raises(InputError, match=r"it is scored on a task, wb\.tasks\.sts"):
        promote_model(EmbeddingModel(minilm), "search", [answers])
    with pytest.raises(InputError, match=r"on wb\.tasks\.reranking.*; got SentencePairs"):
        promote_model(models["reranker"], "search", [samples.sentence_pairs()])
    with pytest.raises(InputError, match=r"none of .* queries has a relevant candidate and one"):
        promote_model(models["reranker"], "search", [answers])
    with pytest.raises(InputError, match="it is scored on a RetrievalSet; got SentencePairs"):
        promote_model(models["sparse"], "search", [samples.sentence_pairs()])
    with pytest.raises(InputError, match=r"gate is a wb\.Gate"):
        promote_model(searches["bm25"], "search", [answers], gate=0.5)
    with pytest.raises(InputError, match="Gate: there is no task 'retrieval: fax'"):
        promote_model(
            searches["bm25"], "search", [answers], gate=Gate(floors={"retrieval: fax": 0.5})
        )


def test_identities_tell_models_apart(
    searches: dict[str, SemanticSearchModel], answers: RetrievalSet, minilm: DenseEncoder
) -> None:
    index = searches["dense"].index
    texts = answers.corpus
    other_columns = Corpus(texts.texts, texts.ids, {"n": range(len(texts))}, texts.name)
    others = [
        SemanticSearchModel(index, top_k=3),
        SemanticSearchModel(index, method=Hybrid(depth=5)),
        SemanticSearchModel(SearchIndex.build(other_columns, minilm, progress=False)),
        SemanticSearchModel(index, method="hybrid"),
        SemanticSearchModel(index.remove([answers.corpus.ids[0]])),
        SimilarityModel(minilm),
    ]
    known = {model.identity for model in (*searches.values(), *others)}
    assert len(known) == 9
    assert SemanticSearchModel(index).identity == searches["dense"].identity


def test_in_a_store_that_is_not_the_usual_one(
    searches: dict[str, SemanticSearchModel], answers: RetrievalSet, store: str, tmp_path: Path
) -> None:
    other = sqlite_uri(tmp_path / "other.db")
    assert promote_model(searches["bm25"], "search", [answers]).promoted  # in the usual store
    assert promote_model(searches["dense"], "search", [answers], uri=other).promoted
    again = promote_model(
        SemanticSearchModel(searches["dense"].index, top_k=5), "search", [answers], uri=other
    )
    (found,) = again.differences.values()
    assert found.difference == 0  # from the champion of that store
    with track("by hand", other) as run:
        info = run.log_model(SimilarityModel(searches["dense"].index.encoder))
    made = register(info.model_uri, "it's similar", alias="champion", uri=other)
    assert (made.version, made.run_id) == ("1", run.id)
    assert versions("it's similar", uri=other)["aliases"].tolist() == ["champion"]
    assert set_alias("it's similar", "champion", 1, uri=other) == "1"
    with pytest.raises(ModelUnavailableError, match="there is no logged model 'm-0'"):
        register("models:/m-0", "similar", uri=other)
    with pytest.raises(InputError, match="tags is a dict; got list"):
        register(info.model_uri, "similar", tags=["a"], uri=other)
    with pytest.raises(InputError, match="alias must be a str; got None"):
        set_alias("search", None, 1)


def test_an_alias_that_moves_meanwhile_is_left_alone(
    searches: dict[str, SemanticSearchModel],
    answers: RetrievalSet,
    store: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    promote_model(searches["lsa"], "search", [answers])
    promote_model(searches["bm25"], "search", [answers], gate=Gate(not_worse=False))
    against = Gate.against

    def moved(*given: object) -> object:
        set_alias("search", "champion", 1)
        return against(*given)

    monkeypatch.setattr(Gate, "against", moved)
    found = promote_model(searches["dense"], "search", [answers])
    assert not found.promoted
    assert "Meanwhile search@champion has become version 1" in found.reasons[-1]
    assert versions("search")["version"].tolist() == [2, 1]
