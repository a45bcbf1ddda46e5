from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from workbench._arrays import FloatArray
from workbench.corpus import Corpus, samples
from workbench.embeddings import EmbeddingStore, embed
from workbench.errors import InputError
from workbench.models import DenseEncoder, Encoder, TokenCounter

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

README = ("The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.")


def test_the_sentences_of_the_sentence_transformers_readme(minilm: DenseEncoder) -> None:
    vectors = minilm.encode(README)
    cosines = vectors @ vectors.T
    expected = [[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]
    np.testing.assert_allclose(cosines, expected, atol=5e-5)


def test_minilm_says_what_it_is(minilm: DenseEncoder) -> None:
    spec = minilm.spec
    assert (spec.name, spec.family, spec.dimension) == ("all-MiniLM-L6-v2", "dense", 384)
    assert (spec.max_tokens, spec.pooling, spec.dtype) == (256, "mean", "float32")
    assert spec.revision.startswith("blake2b:")
    assert isinstance(minilm, Encoder)
    assert isinstance(minilm, TokenCounter)
    assert minilm.prompts == {}  # its "query" and "document" are empty
    assert repr(minilm) == "DenseEncoder('all-MiniLM-L6-v2', 384 dimensions)"


@pytest.mark.parametrize(
    "options",
    [{}, {"normalize_embeddings": True}, {"truncate_dim": 5}, {"batch_size": 3}],
    ids=["plain", "normalized", "truncated", "small batches"],
)
def test_encode_is_sentence_transformers_encode(
    tiny_encoder: DenseEncoder, small_corpus: Corpus, options: dict[str, Any]
) -> None:
    vectors = tiny_encoder.encode(small_corpus.texts, **options)
    expected = tiny_encoder.model.encode(list(small_corpus.texts), **options)
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert vectors.dtype == np.float32


def test_no_texts(tiny_encoder: DenseEncoder) -> None:
    assert tiny_encoder.encode([]).shape == (0, 32)
    assert tiny_encoder.encode([], truncate_dim=4).shape == (0, 4)


def test_token_counts_are_the_tokenizers(tiny_encoder: DenseEncoder, small_corpus: Corpus) -> None:
    counts = tiny_encoder.count_tokens(small_corpus.texts)
    tokenize = tiny_encoder.model.tokenizer.tokenize
    marks = 2  # [CLS] and [SEP]
    assert counts.tolist() == [len(tokenize(text)) + marks for text in small_corpus.texts]
    assert counts.max() > 16 > counts.min()
    with_prompt = tiny_encoder.count_tokens(small_corpus.texts, prompt="find the ")
    assert (with_prompt - counts == 2).all()


def test_counting_leaves_truncation_as_it_was(tiny_encoder: DenseEncoder) -> None:
    long, start = "parcel " * 100, "parcel " * 14
    tiny_encoder.count_tokens([long])
    cut, fits = tiny_encoder.encode([long, start])
    np.testing.assert_allclose(cut, fits, atol=1e-6)


def test_a_static_model_reads_any_length(static_encoder: DenseEncoder) -> None:
    spec = static_encoder.spec
    assert (spec.name, spec.family, spec.dimension) == ("minilm-static", "static", 256)
    assert spec.max_tokens is None
    # The vector of a text is the mean of its tokens' vectors.
    near, far = "refund my card", "sunny weather today"
    both = static_encoder.encode([near, far, f"{near} {far}"])
    tokenize = static_encoder.model.tokenizer.encode
    lengths = np.array([len(tokenize(text, add_special_tokens=False)) for text in (near, far)])
    expected = lengths @ both[:2] / lengths.sum()
    np.testing.assert_allclose(both[2], expected, atol=1e-5)


def test_the_static_model_is_near_to_what_it_was_distilled_from(
    static_encoder: DenseEncoder, minilm: DenseEncoder
) -> None:
    pairs = samples.sentence_pairs()

    def cosines(encoder: Encoder) -> FloatArray:
        left = encoder.encode(pairs.sentences1[:100], normalize_embeddings=True)
        right = encoder.encode(pairs.sentences2[:100], normalize_embeddings=True)
        return np.asarray((left * right).sum(axis=1))

    assert spearmanr(cosines(static_encoder), cosines(minilm)).statistic > 0.5


# --- prompts


@pytest.fixture(scope="module")
def prompted(make_tiny: Callable[..., SentenceTransformer]) -> DenseEncoder:
    model = make_tiny()
    model.prompts = {"query": "find: ", "document": ""}
    return DenseEncoder(model, name="prompted")


def test_a_prompt_goes_in_front_of_each_text(prompted: DenseEncoder) -> None:
    assert prompted.prompts == {"query": "find: "}
    assert prompted.prompt("query") == "find: "
    assert prompted.prompt(None) == ""
    vectors = prompted.encode(["parcel late"], prompt_name="query")
    np.testing.assert_allclose(vectors, prompted.encode(["find: parcel late"]), atol=1e-6)
    assert not np.allclose(vectors, prompted.encode(["parcel late"]))


def test_an_unknown_prompt(prompted: DenseEncoder) -> None:
    with pytest.raises(InputError, match=r"no prompt named 'querry'.*Did you mean 'query'"):
        prompted.encode(["parcel"], prompt_name="querry")


def test_the_models_default_prompt_is_used(make_tiny: Callable[..., SentenceTransformer]) -> None:
    model = make_tiny()
    model.prompts, model.default_prompt_name = {"query": "find: "}, "query"
    encoder = DenseEncoder(model)
    assert encoder.prompt(None) == "find: "
    np.testing.assert_allclose(encoder.encode(["sun"]), model.encode(["sun"]), atol=1e-6)


# --- revision


def revision(model: SentenceTransformer) -> str:
    return DenseEncoder(model).spec.revision


def test_the_revision_is_of_the_model_not_of_the_load(
    make_tiny: Callable[..., SentenceTransformer], tiny_encoder: DenseEncoder
) -> None:
    again = make_tiny()
    assert revision(again) == tiny_encoder.spec.revision
    again.encode(["a text", "a longer one, so that there is padding"], batch_size=2)
    assert revision(again) == tiny_encoder.spec.revision


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"pooling": "cls"}, {"heads": 4}, {"lower": False}],
    ids=["weights", "pooling", "attention heads", "tokenizer"],
)
def test_what_changes_vectors_changes_the_revision(
    make_tiny: Callable[..., SentenceTransformer],
    tiny_encoder: DenseEncoder,
    change: dict[str, object],
) -> None:
    other = DenseEncoder(make_tiny(**change))
    assert other.spec.revision != tiny_encoder.spec.revision
    texts = ["Where is My parcel"]
    assert not np.allclose(other.encode(texts), tiny_encoder.encode(texts), atol=1e-4)


def test_one_weight_changes_the_revision(
    make_tiny: Callable[..., SentenceTransformer], tiny_encoder: DenseEncoder
) -> None:
    import torch

    model = make_tiny()
    with torch.no_grad():
        next(model.parameters())[7, 3] += 1e-3
    assert revision(model) != tiny_encoder.spec.revision


def test_modules_and_maximum_length_are_in_the_spec(
    make_tiny: Callable[..., SentenceTransformer], tiny_encoder: DenseEncoder
) -> None:
    from sentence_transformers.base.modules import Normalize

    model = make_tiny()
    model.append(Normalize())
    assert revision(model) != tiny_encoder.spec.revision
    shorter = DenseEncoder(make_tiny(reads=8)).spec
    assert shorter.max_tokens == 8
    assert replace(shorter, max_tokens=16) != shorter


def test_bfloat16_is_a_class_of_its_own(
    make_tiny: Callable[..., SentenceTransformer], tiny_encoder: DenseEncoder
) -> None:
    import torch

    halved = DenseEncoder(make_tiny().to(torch.bfloat16))
    assert halved.spec.dtype == "bfloat16"
    assert halved.spec.revision != tiny_encoder.spec.revision
    vectors = halved.encode(["parcel late"])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, tiny_encoder.encode(["parcel late"]), atol=0.1)


HOSTILE = [
    "\0",
    "",
    " ",
    "\ud800 half",
    "🙂" * 300,
    "\u202eright to left\u202c",
    "<b>$x$</b>",
    "é\n\t",
]


def test_hostile_texts(tiny_encoder: DenseEncoder, static_encoder: DenseEncoder) -> None:
    for encoder in (tiny_encoder, static_encoder):
        vectors = encoder.encode(HOSTILE)
        assert vectors.shape == (len(HOSTILE), encoder.spec.dimension)
        assert np.isfinite(vectors).all()
        assert encoder.count_tokens(HOSTILE).shape == (len(HOSTILE),)


def test_a_name_is_what_titles_show(
    make_tiny: Callable[..., SentenceTransformer], tiny_encoder: DenseEncoder
) -> None:
    assert tiny_encoder.spec.title() == "tiny"
    assert DenseEncoder(make_tiny()).spec.name not in ("", "tiny")
    changed = replace(tiny_encoder.spec, truncate_dim=8, dtype="int8", prompt="find: ")
    assert changed.title() == "tiny (8 d, int8, prompt 'find: ')"
    assert changed.summary()["truncate_dim"] == 8


def test_the_spec_follows_the_model(make_tiny: Callable[..., SentenceTransformer]) -> None:
    encoder = DenseEncoder(make_tiny(), name="changing")
    before = encoder.spec
    assert encoder.spec is before
    encoder.model.max_seq_length = 5
    assert encoder.spec.max_tokens == 5
    with torch.no_grad():
        next(encoder.model.parameters()).add_(1.0)
    assert encoder.spec.revision != before.revision


def test_training_between_two_calls_changes_nothing(
    make_tiny: Callable[..., SentenceTransformer],
) -> None:
    encoder = DenseEncoder(make_tiny(), name="trained")
    before = encoder.encode(["parcel late"])
    encoder.model.train()
    np.testing.assert_array_equal(encoder.encode(["parcel late"]), before)


def test_modules_and_tokenizers_that_change_are_followed(
    make_tiny: Callable[..., SentenceTransformer],
) -> None:
    from sentence_transformers.sentence_transformer.modules import Normalize

    texts = ["parcel late again and again " * 8, "sun"]
    encoder = DenseEncoder(make_tiny(), name="changing")
    seen = {encoder.spec.revision}
    encoder.encode(texts)

    def followed() -> bool:
        np.testing.assert_allclose(encoder.encode(texts), encoder.model.encode(texts), atol=1e-5)
        seen.add(encoder.spec.revision)
        counted = encoder.encode_counted(texts)[1]
        return bool((encoder.count_tokens(texts) == counted).all())

    encoder.model.tokenizer.truncation_side = "left"
    assert followed()
    encoder.model.append(Normalize())
    assert followed()
    encoder.model.tokenizer.add_tokens(["parcel late"])
    encoder.model[0].auto_model.resize_token_embeddings(len(encoder.model.tokenizer))
    assert followed()
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("parcel", r"expected a sequence of texts; got a single one. Give \['parcel'\]"),
        (["sun", None], "expected texts; text 2 is None"),
        ([["sun"]], r"expected texts; text 1 is \['sun'\]"),
    ],
)
def test_what_is_no_list_of_texts(tiny_encoder: DenseEncoder, texts: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        tiny_encoder.encode(texts)


def test_texts_in_an_array(tiny_encoder: DenseEncoder) -> None:
    texts = ["sun", "parcel late"]
    np.testing.assert_array_equal(tiny_encoder.encode(np.array(texts)), tiny_encoder.encode(texts))
    assert tiny_encoder.encode(np.array([], dtype=str)).shape[0] == 0


def test_a_tokenizer_without_a_limit(make_tiny: Callable[..., SentenceTransformer]) -> None:
    model = make_tiny()
    model.max_seq_length = int(1e30)
    encoder = DenseEncoder(model, name="unlimited")
    assert encoder.spec.max_tokens is None
    np.testing.assert_allclose(encoder.encode(["sun"]), model.encode(["sun"]), atol=1e-6)


def test_a_model_that_truncates_is_kept_in_full(
    make_tiny: Callable[..., SentenceTransformer], tmp_path: Path
) -> None:
    model = make_tiny()
    texts = ["the dog", "a cat and the dog"]
    whole = model.encode(texts, show_progress_bar=False)
    model.truncate_dim = 4
    encoder = DenseEncoder(model, name="cut")
    assert encoder.spec.dimension == whole.shape[1]
    assert encoder.spec.title() == "cut (4 d)"
    store = EmbeddingStore(tmp_path)
    cut = embed(texts, encoder, store=store, progress=False)
    np.testing.assert_allclose(cut.vectors, whole[:, :4], atol=1e-6)
    np.testing.assert_allclose(encoder.encode(texts), whole[:, :4], atol=1e-6)
    model.truncate_dim = None
    full = embed(texts, encoder, store=store, progress=False)
    assert full.encoded == 0
    np.testing.assert_allclose(full.vectors, whole, atol=1e-6)


def _typed(encoder: DenseEncoder) -> tuple[Encoder, TokenCounter, Sequence[str]]:
    return encoder, encoder, README  # for mypy: it is what the protocols ask
