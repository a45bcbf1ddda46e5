"""Texts in plotly's strings: shown, not read."""

from __future__ import annotations

from html import unescape

import pytest

from workbench.views import plotly_text


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "a<br>b", r"$\alpha$", "&#60;b&#62;", "q\"'", "👩‍👩‍👧"],
)
def test_it_is_shown_as_it_is(text: str) -> None:
    written = plotly_text(text)
    assert not set(written) & set("<>$")
    assert unescape(written) == text


def test_marks_that_nobody_sees_are_gone() -> None:
    assert plotly_text("a\u202eb\u2066c") == "abc"
    assert plotly_text("a\x00b\x9fc\ud800") == "a\ufffdb\ufffdc?"
    assert plotly_text("two\n lines\t") == "two lines"


def test_a_long_text_is_cut() -> None:
    assert plotly_text("x" * 10_000_000, 5) == "xxxx…"
    assert plotly_text("<" * 10, 3) == "&#60;&#60;…"
