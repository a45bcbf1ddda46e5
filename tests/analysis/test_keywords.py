from __future__ import annotations

import numpy as np
import pytest

from workbench.analysis import class_keywords
from workbench.analysis.keywords import class_weights, stop_masks, words
from workbench.errors import InputError


def test_weights_by_hand() -> None:
    texts = ["apple apple banana", "banana cherry", "cherry cherry cherry"]
    weights, vocabulary, classes = class_weights(texts, np.array([0, 0, 1]))
    assert vocabulary == ["apple", "banana", "cherry"]
    assert classes.tolist() == [0, 1]
    # Class 0: apple 2, banana 2, cherry 1 of 5; class 1: cherry 3 of 3; A = (5 + 3) / 2 = 4.
    apple, banana = 2 / 5 * np.log(1 + 4 / 2), 2 / 5 * np.log(1 + 4 / 2)
    cherry_0, cherry_1 = 1 / 5 * np.log(1 + 4 / 4), 3 / 3 * np.log(1 + 4 / 4)
    expected = [[apple, banana, cherry_0], [0.0, 0.0, cherry_1]]
    np.testing.assert_allclose(weights.toarray(), expected)


def test_keywords_are_the_largest_weights() -> None:
    texts = ["refund card refund", "refund money", "parcel late", "parcel parcel courier"]
    found = class_keywords(texts, np.array([0, 0, 1, 1]), n_keywords=2)
    assert found == {0: ("refund", "card"), 1: ("parcel", "courier")}  # equal ones by alphabet


def test_unclustered_texts_are_a_class_of_their_own() -> None:
    found = class_keywords(["alpha beta", "beta gamma", "beta"], np.array([0, -1, -1]))
    assert found[0] == ("alpha", "beta")
    assert set(found) == {-1, 0}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("the refund is on the card and it was my bill", ("bill", "card", "refund")),
        ("ich habe das paket nicht bekommen und es ist nicht da", ("bekommen", "paket")),
        ("el pedido no ha llegado y la factura es de otro", ("factura", "llegado", "pedido")),
        ("je ne sais pas si mon colis est dans le dépôt", ("colis", "dépôt", "sais")),
    ],
)
def test_stop_words_are_left_out_of_texts_in_their_language(
    text: str, left: tuple[str, ...]
) -> None:
    assert class_keywords([text], np.array([0]))[0] == left


def test_stop_words_go_class_by_class() -> None:
    texts = ["die paket und die karte ist die", "red die green cube blue box"]
    found = class_keywords(texts, np.array([0, 1]))
    assert "die" not in found[0]
    assert "die" in found[1]


def test_stop_words_stay_where_there_is_nothing_else() -> None:
    assert set(class_keywords(["it is what it is"], np.array([0]))[0]) == {"it", "is", "what"}


@pytest.mark.parametrize("text", ["???", "", "🙂🙂", "12 345", "\x00", "a b c", "\u202e"])
def test_no_words_at_all(text: str) -> None:
    assert class_keywords([text, text], np.array([0, 1])) == {0: (), 1: ()}


def test_a_class_without_words_beside_one_with_words() -> None:
    assert class_keywords(["???", "refund"], np.array([0, 1])) == {0: (), 1: ("refund",)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't pay the 28th, NW-440182!", ["don", "pay", "the", "nw"]),
        ("Größe café naïve", ["größe", "café", "naïve"]),
        ("привет мир", ["привет", "мир"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("ภาษาไทย", ["ภาษาไทย"]),
        ("退款申请", ["退款", "款申", "申请"]),
        ("iPhone返品です", ["iphone", "返品", "品で", "です"]),
        ("한국어 환불", ["한국어", "환불"]),
        ("<script>alert(1)</script>", ["script", "alert", "script"]),
        ("snake_case x_1", ["snake_case", "x_1"]),
    ],
)
def test_words_in_many_scripts(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    "text", ["a1 1a _x x_ 9_b ab", "it's e-mail@x.org", "A\tB\nCd\x1fef", "x" * 30_000, "", "0x1F"]
)
def test_words_in_ascii_are_those_beside_any_other_sign(text: str) -> None:
    assert words(text[:19_990]) == words(f"{text[:19_990]} é")


def test_a_long_text_counts_by_its_start() -> None:
    assert len(words("word " * 2_000_000)) == 4000


def test_no_texts() -> None:
    assert class_keywords([], np.zeros(0, np.int64)) == {}


def test_wrong_input() -> None:
    with pytest.raises(InputError, match="got 1 labels for 2 texts"):
        class_keywords(["a", "b"], np.array([0]))


def test_stop_words_are_looked_up_once_for_each_word_and_language() -> None:
    class Counted(str):
        looked_up = 0

        def __hash__(self) -> int:
            Counted.looked_up += 1
            return super().__hash__()

    masks = stop_masks([Counted("the"), Counted("und"), Counted("paket")])
    assert [mask.tolist() for mask in masks][:2] == [[True, False, False], [False, True, False]]
    assert Counted.looked_up == 3 * len(masks)
