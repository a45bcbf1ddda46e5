from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.corpus import read_table
from workbench.errors import InputError

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, content: str | bytes) -> Path:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    return written


def column(write: Write, cells: list[str]) -> pd.Series[object]:
    """Return a column of a csv file with these cells."""
    out = io.StringIO()
    csv.writer(out).writerows([["n", "c"], *([str(n), cell] for n, cell in enumerate(cells))])
    return read_table(write("t.csv", out.getvalue()))["c"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", 'text,n\n"a, b",1\n"c ""d""",2\n'),
        ("T.CSV", 'text,n\n"a, b",1\n"c ""d""",2'),
        ("semicolon.csv", 'text;n\na, b;1\n"c ""d""";2\n'),
        ("tabs.csv", 'text\tn\na, b\t1\n"c ""d"""\t2\n'),
        ("t.tsv", 'text\tn\na, b\t1\n"c ""d"""\t2\n'),
        ("bom.csv", '\ufefftext,n\n"a, b",1\n"c ""d""",2\n'),
        ("crlf.csv", 'text,n\r\n"a, b",1\r\n"c ""d""",2\r\n'),
        ("cr.csv", 'text,n\r"a, b",1\r"c ""d""",2\r'),
        ("blank_lines.csv", '\n\ntext;n\n\na, b;1\n\n"c ""d""";2\n\n'),
        ("spaces.csv", ' text , n \n"a, b",1\n"c ""d""",2\n'),
        ("t.jsonl", '{"text": "a, b", "n": 1}\n\n{"text": "c \\"d\\"", "n": 2}\n'),
        ("t.ndjson", '\ufeff{"text": "a, b", "n": 1}\r\n{"n": 2, "text": "c \\"d\\""}'),
    ],
)
def test_reads_what_people_have(write: Write, name: str, content: str) -> None:
    table = read_table(write(name, content))
    assert list(table.columns) == ["text", "n"]
    assert table["text"].tolist() == ["a, b", 'c "d"']
    assert table["n"].tolist() == [1, 2]
    assert table["n"].dtype == np.int64


def test_reads_parquet(tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": ["a", None], "n": [1, 2]})
    frame.to_parquet(tmp_path / "t.parquet")
    table = read_table(str(tmp_path / "t.parquet"))
    assert table["text"].isna().tolist() == [False, True]
    assert table["n"].tolist() == [1, 2]


def test_a_header_may_hold_another_separator_in_quotes(write: Write) -> None:
    table = read_table(write("t.csv", '"a, b and c";text\n1;x\n'))
    assert list(table.columns) == ["a, b and c", "text"]


def test_words_for_nothing_are_texts(write: Write) -> None:
    words = ["NA", "None", "null", "nan", "NaN", "N/A", "-", "#N/A", "true"]
    assert column(write, words).tolist() == words
    assert column(write, ["NA", ""]).tolist() == ["NA", None]
    lines = '{"text": "NA"}\n{"text": "None"}\n{"text": "null"}\n{"text": null}\n'
    assert read_table(write("t.jsonl", lines))["text"].tolist() == ["NA", "None", "null", None]


@pytest.mark.parametrize(
    "cells",
    [
        ["01234", "99999"],  # zip codes
        ["007", "7"],
        ["+1", "2"],
        ["1,5", "2,5"],
        ["1_000", "2"],
        ["1234567890123456789", "1234567890123456790"],  # a float would make them equal
        ["12345678901234567", ""],
        ["1e999", "2"],
        ["inf", "nan"],
        ["٣", "٤"],
        ["2025-13-40", "2025-01-02"],
        ["2025-01-02", "yesterday"],
        ["2025-01-02T10:00Z", "2025-01-02T10:00"],  # which zone the second has, nobody knows
        ["01/02/2025", "03/04/2025"],  # day first, or month first?
        ["x", " "],
        ["", "x"],
    ],
)
def test_columns_that_stay_texts(write: Write, cells: list[str]) -> None:
    found = column(write, cells)
    assert found.dtype == object
    assert found.tolist() == [cell or None for cell in cells]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-2", "0"], np.array([1, -2, 0])),
        (["123456789012345678", "1"], np.array([123456789012345678, 1])),
        (["1", "", "3"], np.array([1.0, np.nan, 3.0])),
        (["1.50", "-2e3", "0"], np.array([1.5, -2000.0, 0.0])),
    ],
)
def test_columns_that_are_numbers(write: Write, cells: list[str], expected: np.ndarray) -> None:
    found = column(write, cells)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found.to_numpy(), expected)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2025-01-02", "2025-01-02"),
        ("2025-01-02 03:04", "2025-01-02T03:04"),
        ("2025-01-02T03:04:05.678", "2025-01-02T03:04:05.678"),
        ("9999-12-31", "9999-12-31"),
        ("2025-01-02T03:04:05Z", "2025-01-02T03:04:05Z"),
        ("2025-01-02T03:04:05+02:00", "2025-01-02T01:04:05Z"),
        ("2025-01-02T03:04:05-0230", "2025-01-02T05:34:05Z"),
    ],
)
def test_iso_dates_become_datetimes(write: Write, cell: str, expected: str) -> None:
    for found in (
        column(write, [cell, ""]),
        read_table(write("t.jsonl", f'{{"c": "{cell}"}}\n{{"c": null}}'))["c"],
    ):
        assert found[0] == pd.Timestamp(expected)
        assert found.isna().tolist() == [False, True]


def test_columns_kept_as_they_are_written(write: Write) -> None:
    file = write("t.csv", "ID,n\n1.10,1.10\n1.1,1.1\n")
    table = read_table(file, as_written=("id",))
    assert table["ID"].tolist() == ["1.10", "1.1"]
    assert table["n"].tolist() == [1.1, 1.1]


def test_columns_without_a_name_are_called_after_their_place(write: Write) -> None:
    assert list(read_table(write("t.csv", ",text\n0,a\n1,b\n")).columns) == ["column 1", "text"]
    # A spreadsheet leaves empty columns beside its table, and empty rows below.
    table = read_table(write("t.csv", "text,n,,\na,1,,\nb,2,,\n,,,\n"))
    assert list(table.columns) == ["text", "n"]
    assert table["text"].tolist() == ["a", "b", None]


def test_json_keeps_what_csv_cannot_say(write: Write) -> None:
    lines = '{"text": "7", "tags": ["a"], "n": null}\n{"text": "8", "n": 2, "ok": true}\n'
    table = read_table(write("t.jsonl", lines))
    assert table["text"].tolist() == ["7", "8"]
    assert table["tags"][0] == ["a"]
    assert table["n"].isna().tolist() == [True, False]
    assert table["ok"][1] is True


def test_json_strings_may_hold_line_separators_and_half_an_emoji(write: Write) -> None:
    table = read_table(write("t.jsonl", '{"text": "a\u2028b\x85c"}\n{"text": "\\ud83d \\u0000"}\n'))
    assert table["text"].tolist() == ["a\u2028b\x85c", "\ud83d \x00"]


def test_texts_are_read_as_they_are(write: Write) -> None:
    texts = [
        "<script>x</script>",
        "$\\alpha$",
        "a\nb\r\nc",
        "\u202eבאמת",
        "🙂",
        "NUL \x00 x",
        " a ",
    ]
    assert column(write, texts).tolist() == texts


def test_a_text_of_ten_megabytes_is_read(write: Write) -> None:
    limit = csv.field_size_limit()
    found = column(write, ["word " * 2_000_000, "short"])
    assert [len(text) for text in found] == [10_000_000, 5]
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", "", "'empty.csv' is empty; expected a header and at least one row"),
        ("blank.csv", "\n\n\n", "'blank.csv' is empty"),
        ("header.csv", "text,topic\n", "'header.csv' holds no rows"),
        ("empty.jsonl", "\n", "'empty.jsonl' holds no rows"),
        ("objects.jsonl", "{}\n{}\n", "'objects.jsonl' holds no rows"),
        ("few.csv", "text,n\na,1\nb\n", "ends in line 3 has 1 cells; the header has 2"),
        (
            "many.csv",
            "text,n\na,1\nb,2\nc, d,3\n",
            "line 4 has 3 cells; .* Quote cells that hold ','",
        ),
        ("lines.csv", 'text,n\n"a\nb",1\nc\n', "ends in line 4 has 1 cells"),
        ("open.csv", 'text,n\na,1\n"b,2\nc,3\n', "row that begins in line 3 do not pair"),
        ("stray.csv", 'text,n\n"a" b,1\n', r'begins in line 2 do not pair.*write " as ""'),
        ("twice.csv", "text,n,n\na,1,2\n", "must be distinct; 'n' repeats"),
        (
            "latin.csv",
            "text\nok\ncaf\xe9\n".encode("latin-1"),
            r"line 3 holds bytes .* UTF-8 \(0xe9\)",
        ),
        (
            "latin.jsonl",
            '{"text": "\xfc"}'.encode("latin-1"),
            "line 1 holds bytes that are not UTF-8",
        ),
        ("wide.csv", "text\na\n".encode("utf-16"), "line 1 holds bytes that are not UTF-8"),
        ("bad.jsonl", '{"text": "a"}\n{"text": \n', "'bad.jsonl': line 2 is not JSON"),
        ("list.jsonl", '{"text": "a"}\n["b"]\n', "line 2 holds a list; expected an object"),
        ("bad.parquet", b"PAR1 but not really", "'bad.parquet' cannot be read as parquet"),
        ("book.xlsx", b"PK", "expected a file ending in .csv.* pass the DataFrame"),
        ("t.csv.gz", b"\x1f\x8b", "expected a file ending in .csv"),
    ],
)
def test_refuses_and_says_where(
    write: Write, name: str, content: str | bytes, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_table(write(name, content))


def test_a_missing_file_offers_the_nearest_names(write: Write, tmp_path: Path) -> None:
    write("support_tickets.csv", "text\na\n")
    write("notes.md", "")
    with pytest.raises(
        InputError, match=r"no file '.*/suport_ticket.csv'. Did you mean 'support_t"
    ):
        read_table(tmp_path / "suport_ticket.csv")
    with pytest.raises(InputError, match=r"Known: 'support_tickets.csv'\.$"):
        read_table(tmp_path / "x.csv")
    with pytest.raises(InputError, match=r"no file '.*/nowhere/x.csv'. Known: none\.$"):
        read_table(tmp_path / "nowhere" / "x.csv")


def test_a_directory_lists_its_tables(write: Write, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is a directory; .* Tables in it: none"):
        read_table(tmp_path)
    write("b.csv", "text\na\n")
    write("a.jsonl", "")
    with pytest.raises(InputError, match=r"is a directory; .* Tables in it: a\.jsonl, b\.csv\."):
        read_table(tmp_path)


@pytest.mark.parametrize("text", ["my parcel is late", "word " * 2000, "a\x00b", "a\nb"])
def test_a_text_for_a_path_says_what_to_do(text: str) -> None:
    with pytest.raises(InputError, match=r"no file .* If this is a text, put it in a list\.") as e:
        read_table(text)
    assert len(str(e.value)) < 1000


def test_dates_of_parquet_are_kept(tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": ["a"], "day": [datetime.date(2025, 1, 2)]})
    frame.to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet")["day"][0] == datetime.date(2025, 1, 2)
