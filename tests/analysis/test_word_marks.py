from __future__ import annotations

import pytest

from workbench.analysis.word_marks import marked_words


def test_what_differs_is_told() -> None:
    one, two = marked_words("The left door, scratched.", "the right door is  Scratched!")
    assert one == [
        ("The", True),
        (" ", True),
        ("left", False),
        (" ", True),
        ("door", True),
        (",", False),
        (" ", True),
        ("scratched", True),
        (".", False),
    ]
    assert [piece for piece, same in two if not same] == ["right", "is", "!"]
    assert "".join(piece for piece, _ in two) == "the right door is  Scratched!"


@pytest.mark.parametrize(
    ("one", "two"),
    [("", ""), ("", "a"), (" a \n", "b"), ("<b>x</b> 🦊 é", "<b>y</b> 🦊 é"), ("a b", "a b")],
)
def test_the_pieces_are_the_text(one: str, two: str) -> None:
    for text, marked in zip((one, two), marked_words(one, two), strict=True):
        assert "".join(piece for piece, _ in marked) == text


def test_equal_texts_share_all_and_long_ones_are_cut() -> None:
    one, two = marked_words("a b c", "A B C")
    assert one == [("a b c", True)]
    assert two == [("A B C", True)]
    long = marked_words("word " * 5000, "word " * 10)[0]
    text = "".join(piece for piece, _ in long)
    assert len(text) == 4001
    assert text.endswith("…")
