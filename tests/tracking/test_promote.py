from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run as StoredRun

from workbench.analysis import tasks
from workbench.analysis.comparison import Comparison, compare_models
from workbench.analysis.significance import paired_differences
from workbench.corpus import Corpus, SentencePairs
from workbench.embeddings import Embeddings
from workbench.errors import (
    InputError,
    ModelUnavailableError,
    TrackingUnavailableError,
    WorkbenchError,
)
from workbench.models import DenseEncoder, LSAEncoder, load_encoder, variant
from workbench.tracking import Gate, Promotion, load_comparison, promote, track

from ..hashing_encoder import HashingEncoder

STS, LENGTHS = "sts: orders", "shortness"
WORDS = ("parcel", "refund", "password", "invoice", "kettle", "lamp", "voucher", "courier")


@pytest.fixture(scope="module")
def pairs() -> SentencePairs:
    """Pairs about one thing (score 1) or two (score 0), in words that tell it at once."""
    things = [WORDS[row % 8] for row in range(48)]
    first = [f"where is my {thing} number {row}" for row, thing in enumerate(things)]
    others = [WORDS[(row + (row % 2) * 3) % 8] for row in range(48)]
    second = [f"the {thing} I wait for since {row} days" for row, thing in enumerate(others)]
    return SentencePairs(first, second, [1 - row % 2 for row in range(48)], name="orders")


@pytest.fixture(scope="module")
def texts(pairs: SentencePairs) -> Corpus:
    return Corpus((*pairs.sentences1, *pairs.sentences2), name="orders")


def _compared(texts: Corpus, models: dict[str, object], *chosen: tasks.Task) -> Comparison:
    return compare_models(texts, models, tasks=chosen, store=False, progress=False)


@pytest.fixture(scope="module")
def comparison(texts: Corpus, pairs: SentencePairs, tiny_encoder: DenseEncoder) -> Comparison:
    def shortness(vectors: Embeddings) -> np.ndarray:
        return np.array([-len(text) for text in vectors.corpus.texts])

    models = {
        "tiny": tiny_encoder,
        "lsa": LSAEncoder(dimension=16),
        "hashes": HashingEncoder(),
        "short": variant(tiny_encoder, truncate_dim=4),
        "bits": variant(tiny_encoder, precision="ubinary"),
    }
    return _compared(texts, models, tasks.sts(pairs), tasks.custom(LENGTHS, shortness))


def _runs(store: str, name: str = "tickets") -> list[StoredRun]:
    """Return the runs of promotions, the latest first."""
    client = MlflowClient(store)
    found = client.get_experiment_by_name(f"promotions of {name}")
    return [] if found is None else list(client.search_runs([found.experiment_id]))


def test_the_first_version_has_no_champion(
    store: str, comparison: Comparison, tiny_encoder: DenseEncoder
) -> None:
    found = promote(comparison, "tiny", "tickets", uri=store)
    assert (found.promoted, found.version, found.champion) == (True, "1", None)
    assert found.reasons == ("There is no tickets@champion yet: nothing to compare with.",)
    client = MlflowClient(store)
    version = client.get_model_version_by_alias("tickets", "champion")
    assert (str(version.version), version.run_id) == ("1", found.run_id)
    assert version.tags["workbench.reasons"] == found.reasons[0]
    assert found.reasons[0] in version.description
    (model,) = client.search_logged_models([client.get_run(found.run_id).info.experiment_id])
    assert '"tickets"' in model.tags["mlflow.modelVersions"]
    metrics = {metric.key: metric for metric in model.metrics}
    assert metrics["sts orders/spearman"].value == comparison.model("tiny").scores[STS].value()
    assert metrics["sts orders/spearman"].dataset_name == "orders"
    loaded = load_encoder("models:/tickets@champion")
    np.testing.assert_array_equal(loaded.encode(["the order"]), tiny_encoder.encode(["the order"]))


def test_a_better_model_becomes_champion_and_a_worse_one_does_not(
    store: str, comparison: Comparison
) -> None:
    promote(comparison, "tiny", "tickets", uri=store)
    better = promote(comparison, "lsa", "tickets", uri=store)
    assert (better.promoted, better.version, better.champion) == (True, "2", "1")
    assert "shown better than version 1 in spearman" in better.reasons[0]
    assert "not shown worse than version 1 in score" in better.reasons[1]
    assert isinstance(load_encoder("models:/tickets@champion"), LSAEncoder)

    worse = promote(comparison, "tiny", "tickets", uri=store)
    assert (worse.promoted, worse.version, worse.champion) == (False, None, "2")
    assert "shown worse than version 2 in spearman" in worse.reasons[0]
    client = MlflowClient(store)
    assert len(client.search_model_versions("name = 'tickets'")) == 2
    assert str(client.get_model_version_by_alias("tickets", "champion").version) == "2"
    refusal = client.get_run(worse.run_id)
    assert refusal.info.status == "FINISHED"
    assert refusal.data.tags["workbench.promotion"] == "refused"
    assert worse.reasons[0] in refusal.data.tags["workbench.reasons"]
    assert refusal.data.params["promotion/champion"] == "2"
    assert not refusal.outputs.model_outputs, "no weights of a refused model"


def test_the_champion_is_scored_again_on_the_same_examples(
    store: str, comparison: Comparison
) -> None:
    promote(comparison, "tiny", "tickets", uri=store)
    found = promote(comparison, "lsa", "tickets", uri=store)
    own, other = (comparison.model(name).scores[STS] for name in ("lsa", "tiny"))
    (expected,) = paired_differences(
        {"lsa": own.statistic(), "version 1": other.statistic()}, metric="spearman"
    )
    assert str(found.differences[STS]) == str(expected)
    metrics = MlflowClient(store).get_run(found.run_id).data.metrics
    assert metrics["champion/sts orders/spearman"] == other.value()
    assert metrics["sts orders/spearman"] == own.value()
    assert metrics["difference/sts orders/spearman"] == expected.difference
    assert metrics["difference/sts orders/spearman_p_value"] == expected.p_value
    file = MlflowClient(store).download_artifacts(found.run_id, "tables/differences.parquet")
    table = pd.read_parquet(file)
    pd.testing.assert_frame_equal(table, found.to_frame(), check_dtype=False)
    assert list(table["task_name"]) == [STS, LENGTHS]


def test_floors_are_held_against_the_score_itself(store: str, comparison: Comparison) -> None:
    value = comparison.model("lsa").scores[STS].value()
    high = Gate({STS: value + 0.01, f"{STS}/pearson": 0.0})
    refused = promote(comparison, "lsa", "tickets", gate=high, uri=store)
    assert not refused.promoted
    assert f"{STS}: spearman {value:.4g} is below the floor" in refused.reasons[0]
    assert "the point estimate counts; 95% interval" in refused.reasons[0]
    assert "pearson" in refused.reasons[1]
    assert "meets the floor 0" in refused.reasons[1]
    assert MlflowClient(store).search_registered_models() == []
    (run,) = _runs(store)
    assert run.data.params["gate/floors"].startswith('{"sts: orders": ')
    met = promote(comparison, "lsa", "tickets", gate=Gate({STS: value}), uri=store)
    assert met.promoted


def test_a_floor_counts_beside_the_champion(store: str, comparison: Comparison) -> None:
    promote(comparison, "tiny", "tickets", uri=store)
    found = promote(comparison, "lsa", "tickets", gate=Gate({STS: 2.0}), uri=store)
    assert (found.promoted, len(found.reasons)) == (False, 3)
    assert found.differences[STS].verdict == "better"


def test_without_the_test_the_champion_is_not_asked(store: str, comparison: Comparison) -> None:
    promote(comparison, "lsa", "tickets", uri=store)
    gate = Gate(not_worse=False)
    found = promote(comparison, "tiny", "tickets", gate=gate, uri=store)
    assert (found.promoted, dict(found.differences)) == (True, {})
    assert "Not compared with version 1" in found.reasons[0]


def test_the_champion_itself(store: str, comparison: Comparison) -> None:
    promote(comparison, "lsa", "tickets", uri=store)
    again = promote(comparison, "lsa", "tickets", uri=store)
    assert (again.promoted, again.champion) == (False, "1")
    assert again.reasons == ("lsa is tickets@champion already, as version 1.",)
    client = MlflowClient(store)
    client.delete_model_version_tag("tickets", "1", "workbench.encoder")
    assert promote(comparison, "lsa", "tickets", uri=store).reasons == again.reasons
    assert len(client.search_model_versions("name = 'tickets'")) == 1
    assert len(_runs(store)) == 3, "each attempt is kept"


def test_a_transformer_is_known_again(
    store: str, texts: Corpus, pairs: SentencePairs, make_tiny: Callable[..., object]
) -> None:
    bert = DenseEncoder(make_tiny(), name="bert")
    comparison = _compared(texts, {"bert": bert}, tasks.sts(pairs))
    promote(comparison, "bert", "tickets", uri=store)
    MlflowClient(store).delete_model_version_tag("tickets", "1", "workbench.encoder")
    again = promote(comparison, "bert", "tickets", uri=store)
    assert again.reasons == ("bert is tickets@champion already, as version 1.",)


def test_a_truncated_variant_is_promoted_as_what_it_is(store: str, comparison: Comparison) -> None:
    found = promote(comparison, "short", "tickets", uri=store)
    assert found.promoted
    loaded = load_encoder("models:/tickets@champion")
    assert loaded.encode(["the order"]).shape == (1, 4)
    whole = promote(comparison, "tiny", "tickets", uri=store)
    assert set(whole.differences) == {STS, LENGTHS}, "another model than its own truncation"


def test_what_cannot_be_promoted(store: str, comparison: Comparison) -> None:
    with pytest.raises(InputError, match=r"no model 'tinny'\. Did you mean 'tiny'"):
        promote(comparison, "tinny", "tickets", uri=store)
    with pytest.raises(InputError, match="variant that MLflow's format cannot hold"):
        promote(comparison, "bits", "tickets", uri=store)
    with pytest.raises(InputError, match="expected a DenseEncoder or an LSAEncoder"):
        promote(comparison, "hashes", "tickets", uri=store)
    with pytest.raises(InputError, match="expected a Comparison; got str"):
        promote("x", "tiny", "tickets", uri=store)
    for name in ("a/b", "", 7):
        with pytest.raises(InputError, match="registered_name"):
            promote(comparison, "tiny", name, uri=store)
    for alias in ("v3", "latest", "a b", ""):
        with pytest.raises(InputError, match="alias"):
            promote(comparison, "tiny", "tickets", alias=alias, uri=store)
    assert _runs(store) == []
    assert MlflowClient(store).search_registered_models() == []


def test_a_gate_that_cannot_be(store: str, comparison: Comparison) -> None:
    with pytest.raises(InputError, match=r"no task 'sts: order'.*Did you mean 'sts: orders'"):
        promote(comparison, "tiny", "tickets", gate=Gate({"sts: order": 0.5}), uri=store)
    with pytest.raises(InputError, match=r"has no metric 'spearmann'\. Did you mean 'spearman'"):
        promote(comparison, "tiny", "tickets", gate=Gate({f"{STS}/spearmann": 0.5}), uri=store)
    with pytest.raises(InputError, match=r"gate is a wb\.Gate"):
        promote(comparison, "tiny", "tickets", gate={STS: 0.5}, uri=store)
    with pytest.raises(InputError, match="the floor of 'x' must be a number; got nan"):
        Gate({"x": float("nan")})
    with pytest.raises(InputError, match="floors is a dict"):
        Gate(0.5)
    for alpha in (0, 0.6, "5 %"):
        with pytest.raises(InputError, match="alpha must be above 0"):
            Gate(alpha=alpha)
    with pytest.raises(InputError, match="not_worse is True or False"):
        Gate(not_worse="no")


def test_a_comparison_that_says_too_little(
    store: str, comparison: Comparison, texts: Corpus, tiny_encoder: DenseEncoder
) -> None:
    with track("tickets", store) as run:
        run.log(comparison)
    loaded = load_comparison(run.id, uri=store)
    with pytest.raises(InputError, match=r"was loaded.*Run wb\.compare_models again"):
        promote(loaded, "tiny", "tickets", uri=store)
    bare = _compared(texts, {"tiny": tiny_encoder})
    with pytest.raises(InputError, match="nothing was scored"):
        promote(bare, "tiny", "tickets", uri=store)
    failed = replace(comparison.model("tiny"), scores={}, failure="the texts: no memory")
    half = replace(comparison, models=(failed,))
    with pytest.raises(InputError, match=r"was not scored on 'sts: orders', .*: the texts: no mem"):
        promote(half, "tiny", "tickets", uri=store)


def test_a_model_that_changed_since(
    store: str, texts: Corpus, pairs: SentencePairs, make_tiny: Callable[..., object]
) -> None:
    bert = DenseEncoder(make_tiny(reads=16), name="bert")
    comparison = _compared(texts, {"bert": bert}, tasks.sts(pairs))
    bert.model.max_seq_length = 8
    with pytest.raises(InputError, match="has changed since it was compared"):
        promote(comparison, "bert", "tickets", uri=store)


def test_a_store_that_does_not_answer(comparison: Comparison) -> None:
    with pytest.raises(TrackingUnavailableError, match="does not answer"):
        promote(comparison, "tiny", "tickets", uri="http://127.0.0.1:9")


def test_a_champion_that_cannot_be_loaded(store: str, comparison: Comparison) -> None:
    client = MlflowClient(store)
    client.create_registered_model("tickets")
    client.create_model_version("tickets", "file:///nowhere/at/all")
    client.set_registered_model_alias("tickets", "champion", "1")
    with pytest.raises((ModelUnavailableError, TrackingUnavailableError)):
        promote(comparison, "tiny", "tickets", uri=store)
    assert _runs(store) == []
    gate = Gate(not_worse=False)
    assert promote(comparison, "tiny", "tickets", gate=gate, uri=store).version == "2"


def test_a_champion_that_fails_on_a_task_stays(
    store: str, texts: Corpus, pairs: SentencePairs, tiny_encoder: DenseEncoder
) -> None:
    def picky(vectors: Embeddings) -> np.ndarray:
        if vectors.spec.family == "static":
            raise WorkbenchError("no static models here")
        return np.ones(len(vectors))

    first = _compared(texts, {"tiny": tiny_encoder}, tasks.sts(pairs))
    promote(first, "tiny", "tickets", uri=store)
    second = _compared(texts, {"lsa": LSAEncoder(dimension=16)}, tasks.custom("picky", picky))
    found = promote(second, "lsa", "tickets", uri=store)
    assert not found.promoted
    assert "could not be scored again: no static models here" in found.reasons[0]


def test_a_store_that_fails_in_the_middle_promotes_nothing(
    store: str, comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.exceptions import MlflowException

    def refuse(*_: object, **__: object) -> None:
        raise MlflowException("disk full")

    monkeypatch.setattr(MlflowClient, "create_model_version", refuse)
    with pytest.raises(TrackingUnavailableError, match="disk full"):
        promote(comparison, "tiny", "tickets", uri=store)
    (run,) = _runs(store)
    assert run.info.status == "FAILED"


def test_the_uri_counts_also_when_the_environment_says_otherwise(
    store: str, comparison: Comparison, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other.db")
    promote(comparison, "tiny", "tickets", uri=store)
    found = promote(comparison, "lsa", "tickets", uri=store)
    assert (found.promoted, found.version) == (True, "2")


def test_an_alias_that_moves_meanwhile_is_left_alone(
    store: str, comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.tracking import promotion

    promote(comparison, "tiny", "tickets", uri=store)
    score = promotion._scored_again

    def moved(*given: object) -> object:
        promote(comparison, "short", "tickets", gate=Gate(not_worse=False), uri=store)
        return score(*given)

    monkeypatch.setattr(promotion, "_scored_again", moved)
    found = promote(comparison, "lsa", "tickets", uri=store)
    assert not found.promoted
    assert "Meanwhile tickets@champion has become version 2" in found.reasons[-1]


def test_what_it_shows(store: str) -> None:
    shown = Promotion(False, None, ("<b>too low</b>",), "tiny", "tickets", "champion", "3")
    assert "&lt;b&gt;too low" in shown._repr_html_()
    assert shown.title() == "tiny was not promoted to tickets@champion"
    assert shown.summary()["champion_before"] == "3"
    assert shown.to_frame().empty
    with track("tickets", store) as run:
        assert run.log(shown) == "promotion"
