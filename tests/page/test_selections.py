"""Selections that are combined, kept, listed, copied and compared with the rest, in a browser."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.stats import chi2_contingency

from workbench.analysis import Projection, similarity_matrix
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.page import render_page
from workbench.views import View, heatmap_view, map_view

from .conftest import Figure

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
KINDS = "<i>kind</i>"


def grid(corpus: Corpus) -> View:
    """Return a map of texts on a grid ten wide."""
    places = np.array([[row % 10, row // 10] for row in range(len(corpus))], dtype=np.float32)
    embeddings = Embeddings.from_array(np.ones((len(corpus), 2)), corpus)
    return map_view(Projection(places, embeddings, "pca", {}, 0, float("nan"), 0))


def select_found(figure: Figure, query: str, found: int) -> None:
    """Search for words and select the texts that hold them."""
    figure.part("search").fill(query)
    expect(figure.part("hits")).to_have_text(f"{found} match{'es' if found != 1 else ''}")
    figure.part("select-hits").click()


def ids_of(rows: Any) -> list[str]:
    return [f"id-{row:02}" for row in sorted(rows)]


def test_what_is_chosen_counts_as_selecting_says(hostile: Any, opened: Open) -> None:
    figure = opened(render_page([hostile.map], title="x")).figure()
    kinds = hostile.corpus.columns[KINDS]
    bold = {row for row in range(24) if kinds[row] == "<b>bold</b>"}
    money = {row for row in range(24) if kinds[row] == "$x$"}
    again = {row for row in range(24) if hostile.corpus.texts[row].endswith("again")}

    def legend(name: str, **how: Any) -> None:
        figure.part("legend-entry").filter(has_text=name).click(**how)

    legend("bold")
    assert figure.selected_ids() == ids_of(bold)
    legend("$x$", modifiers=["Shift"])
    assert figure.selected_ids() == ids_of(bold | money)
    legend("bold", modifiers=["Alt"])
    assert figure.selected_ids() == ids_of(money)
    legend("$x$")  # once more takes it back
    assert figure.selected_ids() == []
    figure.part("search").fill("again")
    expect(figure.part("hits")).to_have_text("12 matches")
    for mode, expected in (
        ("add", again),
        ("intersect", again & bold),
        ("add", (again & bold) | money),
        ("subtract", ((again & bold) | money) - again),
    ):
        figure.part("combine").select_option(mode)
        if expected == again or mode == "subtract":
            figure.part("select-hits").click()
        else:
            legend("bold" if mode == "intersect" else "$x$")
        assert figure.selected_ids() == ids_of(expected)
    figure.part("search").fill("")
    figure.part("clear").click()
    figure.part("combine").select_option("add")
    points = hostile.projection.coordinates
    for row in (0, 7, 0):
        figure.click(*points[row].tolist())
        figure.page.wait_for_timeout(400)  # two clicks at once are a double click
    assert figure.selected_ids() == ["id-07"], "a second click takes a point back"


def test_lassos_add_take_away_and_keep_only(opened: Open) -> None:
    texts = tuple(f"text {row}" for row in range(100))
    figure = opened(render_page([grid(Corpus(texts))], title="x")).figure()

    def square(low: int, high: int) -> set[int]:
        return {10 * y + x for x in range(low, high) for y in range(low, high)}

    def lasso(low: int, high: int, expected: set[int], key: str = "") -> None:
        if key:
            figure.page.keyboard.down(key)
        figure.lasso((low - 0.5, low - 0.5), (high - 0.5, high - 0.5))
        expect(figure.part("count")).to_have_text(f"{len(expected)} of 100 texts selected")
        if key:
            figure.page.keyboard.up(key)
        assert {int(one) for one in figure.selected_ids()} == expected
        figure.page.wait_for_timeout(300)  # the end of the drag

    expected = square(1, 6)
    lasso(1, 6, expected)
    lasso(4, 9, expected := expected | square(4, 9), "Shift")
    lasso(0, 3, expected := expected - square(0, 3), "Alt")
    figure.part("combine").select_option("intersect")
    lasso(2, 7, expected & square(2, 7))


def test_a_linked_figure_adds_to_what_it_does_not_hold(hostile: Any, opened: Open) -> None:
    matrix = similarity_matrix(hostile.projection.embeddings.take(range(10)))
    sample = heatmap_view(matrix, sampled_from=hostile.corpus)
    page = opened(render_page([hostile.map, sample], title="x"))
    points, cells = page.figure(0), page.figure(1)
    page.figure(0)
    points.part("legend-entry").filter(has_text="bold").click()
    cells = page.figure(1)
    cells.part("combine").select_option("add")
    cells.click(3, 2)
    bold = {row for row in range(24) if hostile.corpus.columns[KINDS][row] == "<b>bold</b>"}
    expect(points.part("count")).to_have_text(f"{len(bold | {2, 3})} of 24 texts selected")
    assert points.selected_ids() == ids_of(bold | {2, 3})
    cells.click(3, 2)  # the pair is let go; what was gathered stays
    assert points.selected_ids() == ids_of(bold | {2, 3})


def test_a_selection_is_kept_under_a_name(hostile: Any, opened: Open) -> None:
    page = opened(render_page([hostile.map, hostile.clusters], title="x"))
    figure = page.figure()
    assert "kept selections" not in figure.part("color").inner_text()

    def keep(name: str, entry: str) -> None:
        figure.part("legend-entry").filter(has_text=entry).click()
        figure.part("keep-name").fill(name)
        figure.page.keyboard.press("Enter")

    keep("<b>odd</b>", "bold")
    keep("", "$x$")
    select_found(figure, "fox", 2)
    figure.part("keep-name").fill("foxes")
    figure.part("keep").click()
    recalls = figure.part("recall")
    assert recalls.locator("bdi").all_text_contents() == ["<b>odd</b>", "selection 1", "foxes"]
    kinds = hostile.corpus.columns[KINDS]
    names = [
        {"<b>bold</b>": "<b>odd</b>", "$x$": "selection 1"}.get(str(kinds[row]))
        for row in range(24)
    ]
    for row in (7, 19):  # the foxes
        names[row] = f"{names[row]}, foxes" if names[row] else "foxes"
    figure.part("color").select_option("kept selections")
    figure.until("plot.data.some(trace => trace.name === '(none)')")
    for trace in (one for one in figure.traces() if one["rows"] is not None):
        shown = trace["name"].replace("&#60;", "<").replace("&#62;", ">")
        expected = None if shown == "(none)" else shown
        assert trace["rows"] == [row for row in range(24) if names[row] == expected]
    recalls.first.click()
    assert figure.selected_ids() == ids_of(r for r in range(24) if kinds[r] == "<b>bold</b>")
    cells = figure.part("table").locator("tbody tr td:last-child").all_text_contents()
    assert cells == [names[r] for r in range(24) if kinds[r] == "<b>bold</b>"]
    recalls.nth(2).click(modifiers=["Shift"])
    assert {"id-07", "id-19"} < set(figure.selected_ids())
    # A linked figure has them too, and both forget together.
    bars = page.figure(1)
    expect(bars.part("recall")).to_have_count(3)
    bars.part("forget").first.click()
    expect(figure.part("recall")).to_have_count(2)
    for _ in range(2):
        bars.part("forget").first.click()
    expect(figure.part("color")).to_have_value("")
    expect(figure.part("kept")).to_be_hidden()


def test_what_is_no_longer_here_is_counted(hostile: Any, opened: Open) -> None:
    here = [f"id-{row:02}" for row in range(9)]
    view = hostile.map.with_state(
        selection=["id-01", "id-02", "gone"],
        selections={"mine": [*here, "a", "b", "c"], "__proto__": ["id-05"], "none of it": ["a"]},
        color_by="kept selections",
    )
    figure = opened(render_page([view], title="x")).figure()
    count = figure.part("count")
    expect(count).to_have_text(
        "2 of 24 texts selected; 1 of the 3 selected texts is no longer here"
    )
    expect(figure.part("color")).to_have_value("kept selections")
    recalls = figure.part("recall")
    recalls.first.click()
    expect(count).to_have_text("9 of 24 texts selected; 3 of the 12 kept texts are no longer here")
    recalls.nth(1).click()
    expect(count).to_have_text("1 of 24 texts selected")
    recalls.nth(2).click()
    expect(count).to_have_text("1 of the 1 kept texts is no longer here")


def column(figure: Figure, name: str) -> list[str]:
    heads = figure.part("table").locator("thead th").all_text_contents()
    cells = figure.part("table").locator(f"tbody td:nth-child({heads.index(name) + 1})")
    return cells.all_text_contents()


def test_the_table_sorts_and_grows(opened: Open) -> None:
    count = 450
    rng = np.random.default_rng(0)
    numbers = [None if row % 50 == 0 else float(rng.integers(-20, 200)) for row in range(count)]
    days = np.datetime64("2026-01-01", "ns") + rng.permutation(count).astype("timedelta64[D]")
    corpus = Corpus(
        tuple(f"ticket {row}" for row in rng.permutation(count)),
        columns={"kind": ["b", "a", None] * 150, "size": numbers, "day": days},
        label="kind",
    )
    figure = opened(render_page([grid(corpus)], title="x")).figure()
    figure.part("color").select_option("")
    select_found(figure, "ticket", 450)
    rest = figure.part("table").locator(".wb-rest")
    expect(rest).to_contain_text("200 of 450 are shown.")
    assert column(figure, "id") == [str(row) for row in range(200)]
    more = figure.part("table").locator(".wb-more")
    expect(more).to_have_text("Show 200 more")
    more.click()
    expect(more).to_have_text("Show 50 more")
    more.click()
    expect(rest).to_be_hidden()
    frame = corpus.to_frame()
    frame["text"] = frame["text"].str.removeprefix("ticket ").astype(int)

    def check(name: str, order: str, expected: list[str]) -> None:
        head = figure.part("table").locator("th").filter(has_text=re.compile(f"^{name}$"))
        head.locator("button").click()
        if order:
            expect(head).to_have_attribute("aria-sort", order)
        else:
            expect(head).not_to_have_attribute("aria-sort", re.compile(".*"))
        expect(head.locator("button")).to_be_focused()
        assert column(figure, "id") == expected[:200]

    for name in ("size", "day", "text", "kind"):
        up = frame.sort_values(name, kind="stable", na_position="last")["id"].tolist()
        down = frame.iloc[::-1].sort_values(name, kind="stable")["id"].tolist()[::-1]
        gone = frame["id"][frame[name].isna()].tolist()
        down = [one for one in down if one not in set(gone)] + gone
        check(name, "ascending", up)
        check(name, "descending", down)
        check(name, "", frame["id"].tolist())


FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@sum",
    '"a", b',
    "two\r\nlines",
    "\tx",
    "plain é 🦊",
    "tab\t=1+1",
    "line\n@sum\n- an item;=2",
)


def test_the_table_is_copied_as_csv(opened: Open, tmp_path: Path) -> None:
    corpus = Corpus(FORMULAS, columns={"=kind": list(FORMULAS), "n": np.arange(10) - 4.0})
    rights = ["clipboard-read", "clipboard-write"]
    page = opened(render_page([grid(corpus)], title="x"), permissions=rights, accept_downloads=True)
    figure = page.figure()
    figure.part("twin-button").click()
    copy = figure.part("twin").locator(".wb-copy")
    copy.click()
    said = figure.part("twin").locator(".wb-said")
    expect(said).to_have_text("10 rows copied.")
    copied = figure.page.evaluate("navigator.clipboard.readText()")
    rows = list(csv.reader(io.StringIO(copied, newline="")))
    assert rows[0][:2] == ["id", "text"]
    safe = [f"'{text}" if text[0] in "=+-@\t" else text for text in FORMULAS]
    safe[-2:] = ["tab\t'=1+1", "line\n'@sum\n- an item;'=2"]
    assert [row[1] for row in rows[1:]] == safe
    assert [float(row[rows[0].index("n")]) for row in rows[1:]] == list(np.arange(10) - 4.0)
    if "'=kind" in rows[0]:
        assert [row[rows[0].index("'=kind")] for row in rows[1:]] == safe
    # A page that may not write to the clipboard saves a file.
    figure.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    with figure.page.expect_download() as download:
        copy.click()
    expect(said).to_have_text(
        "This page may not write to the clipboard; 10 rows saved as figure.csv."
    )
    assert download.value.suggested_filename == "figure.csv"
    download.value.save_as(tmp_path / "figure.csv")
    assert (tmp_path / "figure.csv").read_bytes() == b"\xef\xbb\xbf" + copied.encode()


def g_squared(a: int, n: int, c: int, m: int) -> float:
    """Return Dunning's ratio, below zero where the share here is the smaller one."""
    if a + c in (0, n + m):
        return 0.0
    table = [[a, n - a], [c, m - c]]
    ratio = float(chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic)
    return ratio if a / n >= c / m else -ratio


def percent(share: float) -> str:
    return "<1 %" if 0 < share < 0.01 else f"{int(np.floor(100 * share + 0.5))} %"


def test_what_is_special_is_what_python_finds(opened: Open) -> None:
    rng = np.random.default_rng(1)
    common = np.array(["the", "order", "please", "Überweisung", "don't", "late", "parcel", "card"])
    texts, kinds = [], []
    for row in range(150):
        words = [word for word in common if rng.random() < 0.4]
        mine = row < 40
        words += ["Refund"] * int(rng.random() < (0.6 if mine else 0.08))
        words += ["éclair", "ÉCLAIR"] * int(rng.random() < (0.45 if mine else 0.02))
        words += [f"only{'abcdefghij'[row % 10]}", "42", "mine" if mine else "theirs"]
        texts.append(" ".join(words) + "!")
        kinds.append(str(rng.choice(["a", "b"], p=[0.8, 0.2] if mine else [0.2, 0.8])))
    corpus = Corpus(tuple(texts), columns={"kind": kinds, "flat": ["x", "y"] * 75}, label="kind")
    figure = opened(render_page([grid(corpus)], title="x")).figure()
    select_found(figure, "mine!", 40)
    expect(figure.part("count")).to_have_text("40 of 150 texts selected")

    sets = [set(re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", text.lower())) for text in texts]
    scored = []
    for word in set().union(*sets):
        a, c = (sum(word in some for some in part) for part in (sets[:40], sets[40:]))
        scored.append((-g_squared(a, 40, c, 110), word, a, c))
    best = [entry for entry in sorted(scored) if entry[0] <= -15.13]
    assert {"mine", "refund", "éclair"} == {word for _, word, _, _ in best}
    lines = figure.part("special-words").locator("tr")
    expect(lines).to_have_count(len(best))
    assert lines.all_text_contents() == [
        f"{word}{a} of 40 texts, {percent(c / 110)} of the others" for _, word, a, c in best
    ]

    shares = figure.part("special-shares").locator("tbody tr")
    expected = []
    for name in ("a", "b"):
        a, c = (part.count(name) for part in (kinds[:40], kinds[40:]))
        assert abs(g_squared(a, 40, c, 110)) > 15.13
        line = f"{name}{percent(a / 40)} ({a}){percent(c / 110)} ({c})"
        expected.append((-g_squared(a, 40, c, 110), line))
    assert shares.all_text_contents() == [line for _, line in sorted(expected)]
    bar = shares.first.locator(".wb-here").evaluate("bar => bar.style.inlineSize")
    assert float(bar.rstrip("%")) == pytest.approx(100 * kinds[:40].count("a") / 40)
    figure.part("special-column").select_option("flat")
    expect(figure.part("special-shares")).to_have_text("No share stands out.")
    # Neither stands out among a few at random, and all texts are not compared with none.
    select_found(figure, "only", 150)
    expect(figure.part("count")).to_have_text("150 of 150 texts selected")
    expect(figure.part("special")).to_be_hidden()
    select_found(figure, "onlyc", 15)
    expect(lines).to_have_count(1)  # the word that was searched
    figure.part("clear").click()
    expect(figure.part("special")).to_be_hidden()


def test_only_dates_are_sorted_as_dates(opened: Open) -> None:
    columns = {
        "notes": ["2024-05-03 retro", "2024-05-01 standup", "2024-05-02 plan"],
        "zoned": ["2024-05-01T09:00:00+02:00", "2024-05-01T08:00:00Z", "2024-05-01T07:30:00Z"],
    }
    figure = opened(
        render_page([grid(Corpus(("x a", "x b", "x c"), columns=columns))], title="x")
    ).figure()
    select_found(figure, "x", 3)
    for name, expected in (("notes", ["1", "2", "0"]), ("zoned", ["0", "2", "1"])):
        figure.part("table").locator("th button", has_text=name).click()
        assert figure.selected_ids() == expected


def test_a_value_of_that_name_is_not_a_missing_one(opened: Open) -> None:
    columns = {"kind": ["(none)", None, "(none)", None, None]}
    figure = opened(
        render_page([grid(Corpus(tuple("abcde"), columns=columns, label="kind"))], title="x")
    ).figure()
    entries = figure.part("legend-entry")
    assert entries.all_text_contents() == ['"(none)"2 · 40 %', "(none)3 · 60 %"]
    entries.nth(1).click()
    assert figure.selected_ids() == ["1", "3", "4"]


def test_a_pair_goes_with_its_selection(hostile: Any, opened: Open) -> None:
    page = opened(render_page([hostile.heatmap, hostile.map], title="x"))
    points, cells = page.figure(1), page.figure(0)
    cells.click(5, 2)
    cells.until("plot.layout.shapes.some(({ name }) => name === 'cell')")
    points.part("legend-entry").first.click()
    cells.part("plot").scroll_into_view_if_needed()
    cells.until("!plot.layout.shapes.some(({ name }) => name === 'cell')")
