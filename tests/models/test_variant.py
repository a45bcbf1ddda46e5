from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from workbench.corpus import Corpus
from workbench.errors import InputError, ModelUnavailableError
from workbench.models import (
    DenseEncoder,
    Encoder,
    LSAEncoder,
    ModelSpec,
    Variant,
    load_encoder,
    variant,
)

from ..hashing_encoder import HashingEncoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


@pytest.mark.parametrize(
    ("options", "title"),
    [
        ({}, "tiny"),
        ({"truncate_dim": 8}, "tiny (8 d)"),
        ({"precision": "int8"}, "tiny (int8 vectors)"),
        ({"precision": "ubinary", "truncate_dim": 9}, "tiny (9 d, binary vectors)"),
        ({"long_texts": "chunk"}, "tiny (long texts in chunks)"),
        ({"name": "ours", "truncate_dim": 8}, "ours (8 d)"),
        ({"name": "tiny 8 d", "truncate_dim": 8}, "tiny 8 d"),
    ],
)
def test_a_variant_has_a_name_of_its_own(
    tiny_encoder: DenseEncoder, options: dict[str, Any], title: str
) -> None:
    made = variant(tiny_encoder, **options)
    assert made.spec.title() == title
    assert made.spec.name == options.get("name", title)
    assert repr(made) == f"Variant({title!r})"
    assert isinstance(made, Encoder)
    assert load_encoder(made) is made


def test_its_spec_says_what_it_is(tiny_encoder: DenseEncoder) -> None:
    spec = variant(tiny_encoder, truncate_dim=8, precision="int8", long_texts="chunk").spec
    assert (spec.dimension, spec.truncate_dim, spec.kept_dimension) == (32, 8, 8)
    assert (spec.precision, spec.long_texts, spec.max_tokens) == ("int8", "chunk", 16)
    assert spec.revision == tiny_encoder.spec.revision
    assert spec.summary()["precision"] == "int8"
    assert spec.summary()["long_texts"] == "chunk"


def test_a_reference_is_loaded(make_tiny: Callable[..., SentenceTransformer]) -> None:
    assert variant("lsa", truncate_dim=3).spec.name == "lsa (3 d)"
    assert variant(make_tiny(), name="mine").encoder.spec.family == "dense"
    with pytest.raises(ModelUnavailableError, match="lsaa"):
        variant("lsaa")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "int9"}, "variant: there is no precision 'int9'. Did you mean 'int8'"),
        ({"precision": "binary"}, "Did you mean 'ubinary'"),
        ({"precision": 8}, "there is no precision 8"),
        ({"truncate_dim": 0}, "truncate_dim must be 1 to 32.*'tiny'; got 0"),
        ({"truncate_dim": 33}, "truncate_dim must be 1 to 32.*'tiny'; got 33"),
        ({"truncate_dim": True}, "got True"),
        ({"truncate_dim": 2.5}, "got 2.5"),
        ({"long_texts": "chunks"}, "must be 'truncate' or 'chunk'; got 'chunks'.*mean 'chunk'"),
        ({"name": " "}, "name must be a text that is not blank; got ' '"),
    ],
)
def test_options_are_checked(
    tiny_encoder: DenseEncoder, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        variant(tiny_encoder, **options)


def test_a_variant_of_a_variant_is_refused(tiny_encoder: DenseEncoder) -> None:
    once = variant(tiny_encoder, truncate_dim=8)
    with pytest.raises(InputError, match=r"'tiny \(8 d\)' is a variant already.*that\.encoder"):
        variant(once, precision="int8")


def test_an_encoder_that_does_not_count_tokens_cannot_chunk() -> None:
    with pytest.raises(
        InputError, match=r"'hashes' does not count tokens.*count_tokens and chunks"
    ):
        variant(HashingEncoder(max_tokens=5), long_texts="chunk")


def test_what_reads_everything_has_nothing_to_chunk(static_encoder: Encoder) -> None:
    for encoder in (static_encoder, LSAEncoder()):
        assert variant(encoder, long_texts="chunk").spec.long_texts == "truncate"


def test_vectors_are_the_encoders_cut(tiny_encoder: DenseEncoder, small_corpus: Corpus) -> None:
    full = tiny_encoder.encode(small_corpus.texts)
    made = variant(tiny_encoder, truncate_dim=8)
    np.testing.assert_allclose(made.encode(small_corpus.texts), full[:, :8], atol=1e-5)
    unit = made.encode(small_corpus.texts, normalize_embeddings=True)
    expected = full[:, :8] / np.linalg.norm(full[:, :8], axis=1, keepdims=True)
    np.testing.assert_allclose(unit, expected, atol=1e-5)
    np.testing.assert_allclose(
        made.encode(small_corpus.texts, truncate_dim=3), full[:, :3], atol=1e-5
    )
    assert made.encode([]).shape == (0, 8)


def test_vectors_are_the_encoders_in_fewer_bits(
    tiny_encoder: DenseEncoder, small_corpus: Corpus
) -> None:
    full = tiny_encoder.encode(small_corpus.texts)[:, :10]
    texts = small_corpus.texts
    small = variant(tiny_encoder, truncate_dim=10, precision="int8").encode(texts)
    expected = np.rint(full / np.abs(full).max(axis=1, keepdims=True) * 127)
    assert np.abs(small - expected).max() <= 1  # batches differ in the last bits of a float
    assert small.dtype == np.float32
    bits = variant(tiny_encoder, truncate_dim=10, precision="ubinary").encode(texts)
    np.testing.assert_array_equal(bits, np.where(full > 0, 1, -1))


def test_prompts_are_the_encoders(make_tiny: Callable[..., SentenceTransformer]) -> None:
    model = make_tiny()
    model.prompts = {"query": "find: "}
    made = variant(model, truncate_dim=4)
    assert made.prompts == {"query": "find: "}
    np.testing.assert_allclose(
        made.encode(["parcel"], prompt_name="query"), made.encode(["find: parcel"]), atol=1e-6
    )
    assert variant(HashingEncoder()).prompts == {}


def test_of_another_encoder(small_corpus: Corpus) -> None:
    made = variant(LSAEncoder(dimension=6), truncate_dim=3, precision="int8", name="small")
    fitted = made.of(LSAEncoder(dimension=6).fit(small_corpus.texts))
    assert isinstance(fitted, Variant)
    assert (fitted.spec.name, fitted.spec.kept_dimension) == ("small", 3)
    assert fitted.encode(["parcel"]).shape == (1, 3)
    assert np.abs(fitted.encode(["parcel"])).max() == 127


def test_a_number_within_another_is_not_taken_for_said() -> None:
    spec = ModelSpec("model 64 d", "custom", "1", 64, truncate_dim=4)
    assert spec.title() == "model 64 d (4 d)"
