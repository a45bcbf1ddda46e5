"""A model card says what the model was made from, its scores with intervals, and its limits."""

from __future__ import annotations

from workbench.analysis import tasks
from workbench.corpus import Corpus, samples
from workbench.models import DenseEncoder, LSAEncoder
from workbench.serving import ParaphraseMiningModel, ServedModel, SimilarityModel, model_card


def test_what_a_card_says(models: dict[str, ServedModel], minilm: DenseEncoder) -> None:
    scores = tasks.sts(samples.sentence_pairs()).score(minilm)
    card = model_card(models["search"], [scores], ["Not for German."])
    found = scores.intervals["spearman"]
    assert card.startswith("# SemanticSearchModel: all-MiniLM-L6-v2\n")
    assert f"revision `{minilm.spec.revision}`, 384 dimensions, reads 256 tokens" in card
    assert "Texts: 30 of 'small', fingerprint" in card
    assert f"| {found.estimate:.3f} | {found.low:.3f} to {found.high:.3f} | 371 |" in card
    assert "`top_k` = 3, `minimum_relevancy` = 0.2" in card
    assert "- Not for German." in card
    assert "longer than 256 tokens, the rest is not read" in card


def test_what_was_not_measured_is_said(small_corpus: Corpus) -> None:
    encoder = LSAEncoder(dimension=8).fit(small_corpus.texts)
    card = model_card(SimilarityModel(encoder))
    assert "Nothing was measured." in card
    assert "How good it is was not measured." in card
    assert "knows only the words of the texts" in card


def test_somebodys_words_are_no_markup(minilm: DenseEncoder) -> None:
    corpus = Corpus(("a", "b"), name="x | <script>alert(1)</script>\n# y `z`")
    card = model_card(ParaphraseMiningModel(corpus, minilm), (), ["*bold* [link](javascript:1)"])
    assert "<script>" not in card.replace("\\<", "")
    assert "\\*bold\\* \\[link\\](javascript:1)" in card
    assert "\n# y" not in card
