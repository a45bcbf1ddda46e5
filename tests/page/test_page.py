"""Pages and fragments as text: their size, and that data is never markup."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from plotly.offline import get_plotlyjs

from workbench.errors import InputError
from workbench.page import (
    _host,
    fallback_table,
    host_module,
    host_script,
    packed,
    plotly_library,
    render_fragment,
    render_page,
)


class Elements(HTMLParser):
    """Collects start tags, and the text of scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.scripts: dict[str, list[str]] = {}
        self._script: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attributes)
        self.links += [str(found[name]) for name in ("src", "href", "srcset") if name in found]
        if tag == "script":
            self._script = str(found.get("class", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self.scripts.setdefault(self._script, []).append(data)


def payload_of(html: str) -> Any:
    (written,) = Elements(html).scripts["workbench-data"]
    return json.loads(gzip.decompress(base64.b64decode(written)))


def test_a_page_costs_two_and_a_half_megabytes_and_its_data(many: Callable[[int], Any]) -> None:
    values = many(5000)
    html = render_page([values.map], title="five thousand")
    (data,) = Elements(html).scripts["workbench-data"]
    assert len(html) - len(data) <= 2_500_000
    assert len(data) <= 300_000


def test_six_figures_share_one_library_and_their_texts(hostile: Any) -> None:
    one = render_page([hostile.map], title="one")
    views = [hostile.map, hostile.heatmap, hostile.clusters] * 2
    six = render_page(views, title="six")
    assert len(Elements(six).scripts["workbench-library"]) == 1
    assert six.count('class="workbench-library"') == 1
    assert six.count("data-workbench-view=") == 6 + host_script().count("data-workbench-view=")
    data = payload_of(six)
    assert len(data["views"]) == 6
    texts = [
        columns for columns in data["columns"].values() if columns[0] == hostile.corpus.texts[0]
    ]
    assert len(texts) == 1, "one copy of the texts"
    assert len(six) - len(one) < 60_000


def with_arrays(value: Any, arrays: bytes) -> Any:
    """Return a figure of a page as its view writes it."""
    if isinstance(value, list):
        return [with_arrays(inner, arrays) for inner in value]
    if not isinstance(value, dict):
        return value
    if "dtype" in value and isinstance(value.get("bdata"), list):
        start, size = value["bdata"]
        return {**value, "bdata": base64.b64encode(arrays[start : start + size]).decode()}
    return {name: with_arrays(inner, arrays) for name, inner in value.items()}


def test_the_payload_is_the_view(hostile: Any) -> None:
    view = hostile.map.with_state(selection=["id-01"], query="</script>")
    html = render_page([view], title="x")
    data = payload_of(html)
    (written,) = Elements(html).scripts["workbench-arrays"]
    (found,) = with_arrays(data["views"], gzip.decompress(base64.b64decode(written)))
    texts = {name: data["columns"][key] for name, key in found["texts"].items()}
    assert {**found, "texts": texts} == json.loads(view.to_json())


@pytest.mark.parametrize("kind", ["map", "heatmap", "clusters"])
@pytest.mark.parametrize("form", ["page", "fragment", "fallback"])
def test_texts_are_never_markup(kind: str, form: str, hostile: Any) -> None:
    view = getattr(hostile, kind)
    html = {
        "page": lambda: render_page([view], title="</title><script>window.ran = 8</script>"),
        "fragment": lambda: render_fragment(view, with_library=True),
        "fallback": lambda: fallback_table(view, most=100),
    }[form]()
    elements = Elements(html)
    assert not {"img", "svg", "a", "b", "i"} & set(elements.tags)
    assert elements.tags.count("script") == {"page": 5, "fragment": 5, "fallback": 0}[form]
    assert not any("window.ran" in text for texts in elements.scripts.values() for text in texts)
    html.encode("utf-8")  # no lone surrogates


def test_nothing_is_linked(hostile: Any) -> None:
    html = render_page([hostile.map, hostile.heatmap], title="x")
    assert Elements(html).links == []
    own = re.sub(r'<script type="text/plain".*?</script>', "", html, flags=re.DOTALL)
    assert not re.findall(r"https?://", own)
    assert "default-src 'none'" in html


def test_a_page_of_sections(hostile: Any) -> None:
    parts = [("<b>Numbers</b>", "<table></table>"), ("Clusters", hostile.clusters)]
    html = render_page([hostile.map], title="x", sections=parts)
    assert "<h2>&lt;b&gt;Numbers&lt;/b&gt;</h2>" in html
    assert "<table></table>" in html
    assert len(payload_of(html)["views"]) == 2
    assert html.index('data-workbench-view="0"') < html.index("Numbers")
    assert html.index("Clusters</h2>") < html.index('data-workbench-view="1"')


def test_a_page_without_figures_needs_no_library() -> None:
    html = render_page([], title="x", sections=[("Words", "<p>only</p>")])
    assert len(html) < 20_000
    assert "<script" not in html
    with pytest.raises(InputError, match="got neither views nor sections"):
        render_page([], title="x")


def test_fragments(hostile: Any) -> None:
    first = render_fragment(hostile.map, with_library=True)
    later = render_fragment(hostile.map, with_library=False)
    assert "workbench-library" in Elements(first).scripts
    assert "workbench-library" not in Elements(later).scripts
    assert len(later) < 20_000
    assert payload_of(first) == payload_of(later)
    assert "brings along, and that output is not in this page" in later
    assert "id-09" in later, "a table, for where no script runs"
    assert "<!DOCTYPE" not in first


def test_the_fallback_says_how_many_there_are(hostile: Any) -> None:
    table = fallback_table(hostile.map)
    assert "the first 10 of 24 texts" in table
    assert table.count("<tr>") == 11
    assert "the first" not in fallback_table(hostile.map, most=24)


def test_the_library_is_plotlys_own() -> None:
    assert gzip.decompress(plotly_library()).decode() == get_plotlyjs()
    assert plotly_library() is plotly_library(), "compressed once"
    assert gzip.decompress(packed("{}")) == b"{}"


def test_the_host_is_one_file() -> None:
    for source in (host_module(), host_script()):
        assert not re.search(r"^import ", source, re.MULTILINE)
        assert "</script" not in source
        assert "eval(" not in source
        assert "innerHTML" not in source
    assert host_module().count("export ") == 2
    assert "export " not in host_script()


@pytest.mark.parametrize(
    "source",
    [
        'import { a as b } from "./host_model.js";',
        'import { mount } from "./host.js";',
        "export class Thing {}",
        "export default 1;\nexport { a };",
    ],
)
def test_what_cannot_be_joined_is_refused(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = _host._read
    monkeypatch.setattr(
        _host, "_read", lambda name: source if name == "host_page.js" else read(name)
    )
    with pytest.raises(ValueError, match=r"host_page.js: cannot be joined"):
        _host._scoped("host_page.js")
