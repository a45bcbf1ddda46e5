from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench._arrays import FloatArray
from workbench.errors import InputError
from workbench.models import Chunker, DenseEncoder, Encoder, variant
from workbench.models._chunks import pooled, token_windows

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from transformers import PreTrainedTokenizerFast

TEXT = "the sun is lovely and my dog is lost in the rain please help when it is late"
WORDS = TEXT.split()
HOSTILE = [
    "🙂 " * 300,
    "é\u0301 " * 100,
    "漢字かな" * 50,
    "\0 x " * 50,
    "\ud800 half " * 50,
    "[SEP] the [CLS] " * 30,
    " " * 200_000 + "the dog " * 60 + " " * 300_000,
    "<b>$x$</b>\u202e" * 20,
    "a" * 90 + " " + "b" * 90,
]


def test_parts_end_before_words_and_are_the_text(tiny_encoder: DenseEncoder) -> None:
    text = " ".join(WORDS * 4)
    parts = list(tiny_encoder.chunks(text))
    assert "".join(part for part, _ in parts) == text
    assert [tokens for _, tokens in parts] == [14, 14, 14, 14, 14, 2]  # and two marks make 16
    assert parts[0][0].split() == WORDS[:14]
    assert isinstance(tiny_encoder, Chunker)


def test_a_word_that_fits_is_not_cut(tiny_encoder: DenseEncoder) -> None:
    pieces = tiny_encoder.model.tokenizer.tokenize("zzzz")
    assert len(pieces) == 4
    parts = list(tiny_encoder.chunks("the " * 12 + "zzzz " + "the " * 12))
    assert [part.split()[-1] for part, _ in parts] == ["the", "the", "the"]
    assert [tokens for _, tokens in parts] == [12, 14, 2]


def test_a_word_that_does_not_fit_is_cut_between_tokens(tiny_encoder: DenseEncoder) -> None:
    parts = list(tiny_encoder.chunks("z" * 40))
    assert [len(part) for part, _ in parts] == [14, 14, 12]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_cut_whole(tiny_encoder: DenseEncoder, text: str) -> None:
    parts = list(tiny_encoder.chunks(text))
    assert "".join(part for part, _ in parts) == text
    assert all(1 <= tokens <= 14 for _, tokens in parts)
    counts = tiny_encoder.count_tokens([part for part, _ in parts])
    assert [tokens + 2 for _, tokens in parts] == counts.tolist()


def test_the_prompt_takes_room(make_tiny: Callable[..., SentenceTransformer]) -> None:
    encoder = DenseEncoder(make_tiny())
    parts = list(encoder.chunks("the " * 22, prompt="find the "))
    assert [tokens for _, tokens in parts] == [12, 10]
    with pytest.raises(InputError, match=r"the prompt 'the the .* takes 22 and leaves no room"):
        next(encoder.chunks("the " * 22, prompt="the " * 20))


def test_a_tokenizer_without_places(
    make_tiny: Callable[..., SentenceTransformer], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = DenseEncoder(make_tiny(), name="slow")
    monkeypatch.setattr(type(encoder.model.tokenizer), "is_fast", False)
    with pytest.raises(InputError, match=r"'slow' cannot cut long texts.*not a fast one"):
        next(encoder.chunks("the " * 40))


def test_blocks_do_not_show(tiny_encoder: DenseEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(WORDS * 30)
    whole = list(tiny_encoder.chunks(text))
    for size in (100, 150, 997):
        monkeypatch.setattr("workbench.models._chunks._BLOCK", size)
        assert list(tiny_encoder.chunks(text)) == whole


def test_a_word_longer_than_a_block(
    tiny_encoder: DenseEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.models._chunks._BLOCK", 50)
    text = "é" * 500 + " the" * 40
    parts = list(tiny_encoder.chunks(text))
    assert "".join(part for part, _ in parts) == text


# --- tokenizers of other kinds


@pytest.fixture(scope="module")
def bytewise() -> PreTrainedTokenizerFast:
    """A tokenizer of bytes: an emoji is four tokens of one character."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: row for row, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def windows(tokenizer: PreTrainedTokenizerFast, text: str, room: int) -> list[tuple[str, int]]:
    def count(parts: list[str]) -> list[int]:
        return [len(tokenizer.tokenize(part)) for part in parts]

    def tokenize(part: str) -> object:
        return tokenizer(part, return_offsets_mapping=True, verbose=False)

    return list(token_windows(text, tokenize, count, room))


def test_a_character_of_several_tokens_is_not_cut(bytewise: PreTrainedTokenizerFast) -> None:
    text = "🙂" * 10
    parts = windows(bytewise, text, 10)
    assert "".join(part for part, _ in parts) == text
    assert [(len(part), tokens) for part, tokens in parts] == [(2, 8)] * 5


def test_a_character_that_does_not_fit_is_a_part(bytewise: PreTrainedTokenizerFast) -> None:
    assert windows(bytewise, "🙂" * 3, 3) == [("🙂", 4)] * 3


def test_parts_are_counted_as_they_are_read(bytewise: PreTrainedTokenizerFast) -> None:
    """A tokenizer may see more tokens in a part than it saw in the text."""

    def count(parts: list[str]) -> list[int]:
        return [len(bytewise.tokenize(part)) + 1 for part in parts]

    def tokenize(part: str) -> object:
        return bytewise(part, return_offsets_mapping=True, verbose=False)

    text = "ab cd ef gh ij kl"
    parts = list(token_windows(text, tokenize, count, 6))
    assert "".join(part for part, _ in parts) == text
    assert max(tokens for _, tokens in parts) <= 6


# --- pooling


class Letters:
    """Cuts a text into its words; a word's vector is its length and where it begins."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def chunks(self, text: str, /, *, prompt: str = "") -> Iterator[tuple[str, int]]:
        for word in text.split():
            yield word, len(word)

    def encode(self, batch: list[str]) -> FloatArray:
        self.batches.append(len(batch))
        return np.array([[len(word), ord(word[0]) - 97] for word in batch], dtype=np.float32)


def by_hand(text: str) -> FloatArray:
    parts = np.array([[len(word), ord(word[0]) - 97] for word in text.split()], dtype=np.float64)
    mean = np.average(parts, axis=0, weights=parts[:, 0])
    length = np.linalg.norm(parts, axis=1).mean()
    return np.asarray(mean / np.linalg.norm(mean) * length, dtype=np.float32)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 100])
def test_pooled_by_hand_in_batches_of_any_size(batch_size: int) -> None:
    texts = ["bb c dddd", "cccc", "a b c d e f g h", "dd ee"]
    letters = Letters()
    seen: list[int] = []
    for rows, vectors in pooled(texts, letters, letters.encode, batch_size=batch_size):
        for row, vector in zip(rows, vectors, strict=True):
            np.testing.assert_allclose(vector, by_hand(texts[row]), rtol=1e-6)
        seen += rows
    assert seen == [0, 1, 2, 3]
    assert sum(letters.batches) == 14
    assert max(letters.batches) <= batch_size


def test_parts_that_cancel_out_give_zeros() -> None:
    class Opposite(Letters):
        def encode(self, batch: list[str]) -> FloatArray:
            return np.array([[1.0, 0.0] if word == "a" else [-1.0, 0.0] for word in batch])

    ((_, vectors),) = pooled(["a b"], Opposite(), Opposite().encode)
    assert vectors.tolist() == [[0.0, 0.0]]


def mean_of_parts(encoder: Encoder, parts: Sequence[str], weights: Sequence[int]) -> FloatArray:
    vectors = encoder.encode(parts).astype(np.float64)
    mean = np.average(vectors, axis=0, weights=weights)
    length = np.linalg.norm(vectors, axis=1).mean()
    return np.asarray(mean / np.linalg.norm(mean) * length, dtype=np.float32)


def test_a_real_model_pooled_by_hand(tiny_encoder: DenseEncoder) -> None:
    long = WORDS * 2
    expected = mean_of_parts(
        tiny_encoder, [" ".join(long[:14]), " ".join(long[14:28]), " ".join(long[28:])], [14, 14, 8]
    )
    short = "the dog is lost"
    made = variant(tiny_encoder, long_texts="chunk")
    found = made.encode([short, " ".join(long)])
    np.testing.assert_allclose(found[1], expected, atol=1e-5)
    np.testing.assert_allclose(found[0], tiny_encoder.encode([short])[0], atol=1e-5)
    cut = tiny_encoder.encode([" ".join(long)])[0]
    assert not np.allclose(found[1], cut, atol=1e-3)


def test_unit_vectors_stay_unit_vectors(minilm: DenseEncoder) -> None:
    (vector,) = variant(minilm, long_texts="chunk").encode(["Where is my parcel? " * 200])
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
