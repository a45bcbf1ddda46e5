from __future__ import annotations

from html.parser import HTMLParser

import pytest

from workbench._html import elide, facts_table, rows_table

HOSTILE = "<script>alert(1)</script><img onerror=\"x\" src='y'>&amp;"


class Tags(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.said = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not attrs

    def handle_data(self, data: str) -> None:
        self.said += data


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("short", "short"),
        ("two\n lines\tand  spaces ", "two lines and spaces"),
        ("x" * 20, "x" * 20),
        ("x" * 21, "x" * 19 + "…"),
        ("", ""),
        ("\ud800 half", "? half"),
        (" " * 500, "…"),
    ],
)
def test_long_texts_are_elided(text: str, said: str) -> None:
    assert elide(text, 20) == said


def test_a_text_of_10_mb_is_elided() -> None:
    assert len(elide("word " * 2_000_000)) == 160


def test_everything_is_escaped() -> None:
    page = Tags(rows_table(HOSTILE, (HOSTILE, "b"), [(HOSTILE, 1.5)]))
    assert page.tags == {"table", "caption", "thead", "tr", "th", "tbody", "td"}
    assert page.said.count(HOSTILE) == 3


def test_facts_have_no_header() -> None:
    page = Tags(facts_table("Facts", {"number": 3, "ratio": 0.123456, "text": "a"}))
    assert page.said == "Factsnumber3ratio0.1235texta"
    assert "thead" not in page.tags


def test_a_table_can_be_sent_to_a_browser() -> None:
    rows_table("t", ("a",), [("\ud83d",), ("\0",)]).encode("utf-8")
