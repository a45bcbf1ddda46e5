from __future__ import annotations

import copy
import dataclasses
import datetime
import decimal
import pickle

import numpy as np
import pandas as pd
import pytest

from workbench.corpus import Corpus, Intake
from workbench.errors import InputError

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    r"$\alpha$ </script> \"quoted\" 'single' & <b>bold</b>",
    "two\nlines\rand\u2028a separator",
    "\u202eright to left",
    "NUL \x00 inside",
    "🙂 é 漢字",
)


@pytest.fixture
def corpus() -> Corpus:
    return Corpus(
        texts=("late parcel", "broken lamp", "thank you"),
        ids=("a", "b", "c"),
        columns={"topic": ["delivery", "damage", None], "stars": [1, 2, 5]},
        name="tickets",
        label="topic",
    )


def test_ids_are_made_from_positions_and_given_ones_become_str() -> None:
    assert Corpus(("x", "y")).ids == ("0", "1")
    assert Corpus(("x", "y"), ids=(7, 8)).ids == ("7", "8")
    assert Corpus(np.array(["x", "y"])).texts == ("x", "y")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"texts": "one text"}, "got one str. Put it in a list"),
        ({"texts": ()}, "at least one text; got none"),
        ({"texts": ("a", None, 3, "b")}, "rows 2, 3 hold NoneType, not str"),
        ({"texts": ("a", "b"), "ids": ("x",)}, "got 1 ids for 2 texts"),
        ({"texts": tuple("abcd"), "ids": tuple("xyxx")}, r"rows 3, 4 repeat one .*'x'"),
        ({"texts": ("a",), "columns": {"n": [1, 2]}}, "column 'n' has 2 values for 1 texts"),
        ({"texts": ("a",), "columns": {"n": np.zeros((1, 2))}}, "'n' must be a one-dimensional"),
        ({"texts": ("a",), "columns": {"n": 5}}, "'n' must be a one-dimensional"),
        ({"texts": ("a",), "columns": {1: [1], "1": [1]}}, "names must be distinct"),
        (
            {"texts": ("a",), "columns": {"topic": ["x"]}, "label": "topik"},
            "no column 'topik'.*Did you mean 'topic'",
        ),
    ],
)
def test_refuses_what_is_no_corpus(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Corpus(**arguments)


def test_is_frozen_and_its_arrays_are_read_only(corpus: Corpus) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        corpus.name = "other"
    with pytest.raises(TypeError):
        corpus.columns["new"] = 1
    with pytest.raises(ValueError, match="read-only"):
        corpus["stars"][0] = 9


def test_does_not_share_memory_with_what_it_was_made_of() -> None:
    stars = np.array([1, 2])
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    corpus = Corpus(("a", "b"), columns={"stars": stars, "x": frame["x"]})
    stars[0] = 9
    frame.loc[0, "x"] = 9.0
    assert corpus["stars"].tolist() == [1, 2]
    assert corpus["x"].tolist() == [1.0, 2.0]
    table = corpus.to_frame()
    table.loc[0, "stars"] = 9
    assert corpus["stars"].tolist() == [1, 2]


def test_columns_by_name_and_labels(corpus: Corpus) -> None:
    assert len(corpus) == 3
    assert corpus.labels is not None
    assert corpus.labels.tolist() == ["delivery", "damage", None]
    assert Corpus(("a",)).labels is None
    with pytest.raises(InputError, match=r"no column 'star' in 'tickets'. Did you mean 'stars'"):
        corpus["star"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pd.array([1, 2], dtype="Int64"), np.array([1, 2])),
        (pd.array([1, None], dtype="Int64"), np.array([1.0, np.nan])),
        (pd.array([1.5, None], dtype="Float64"), np.array([1.5, np.nan])),
        (pd.array([True, False], dtype="boolean"), np.array([True, False])),
        (pd.array([True, None], dtype="boolean"), np.array([True, None], dtype=object)),
        (pd.array(["x", None], dtype="string"), np.array(["x", None], dtype=object)),
        (pd.Series(["x", None]), np.array(["x", None], dtype=object)),
        (pd.Series(["x", np.nan], dtype=object), np.array(["x", None], dtype=object)),
        (pd.Categorical(["x", None]), np.array(["x", None], dtype=object)),
        (np.array(["x", "y"]), np.array(["x", "y"], dtype=object)),
        (pd.array([1, 2], dtype="int64[pyarrow]"), np.array([1, 2])),
        ([decimal.Decimal("1.5"), None], np.array([1.5, np.nan])),
        ((n for n in (1, 2)), np.array([1, 2])),
    ],
)
def test_extension_types_become_plain_arrays(values: object, expected: np.ndarray) -> None:
    column = Corpus(("a", "b"), columns={"c": values})["c"]
    assert type(column) is np.ndarray
    assert column.dtype == expected.dtype
    np.testing.assert_array_equal(column, expected)


@pytest.mark.parametrize(
    "values",
    [
        pd.to_datetime(["2025-01-01T23:30:00-05:00", None]),
        pd.Series(pd.to_datetime(["2025-01-02T04:30", None])).astype("timestamp[us][pyarrow]"),
        [datetime.datetime(2025, 1, 2, 4, 30), None],
    ],
)
def test_dates_are_kept_in_utc_without_a_zone(values: object) -> None:
    column = Corpus(("a", "b"), columns={"when": values})["when"]
    assert column.dtype.kind == "M"
    assert column[0] == np.datetime64("2025-01-02T04:30")
    assert np.isnat(column[1])


def test_plain_dates_as_parquet_has_them_become_datetimes() -> None:
    column = Corpus(("a",), columns={"day": [datetime.date(2025, 1, 2)]})["day"]
    assert column[0] == np.datetime64("2025-01-02")


def test_nested_values_are_kept_as_they_are() -> None:
    nested = [["a", "b"], None]
    column = Corpus(("a", "b"), columns={"tags": pd.Series(nested, dtype=object)})["tags"]
    assert column.tolist() == nested


def test_the_fingerprint_is_of_ids_and_texts_and_nothing_else() -> None:
    corpus = Corpus(("one", "two"))
    assert corpus.fingerprint == "6d9d8d5f150dd4b5"  # stored in artifacts: must never change
    again = Corpus(["one", "two"], columns={"x": [1, 2]}, name="n", source="s")
    assert again.fingerprint == corpus.fingerprint
    others = [
        Corpus(("two", "one")),
        Corpus(("one", "two "), ids=("0", "1")),
        Corpus(("one", "two"), ids=("0", "2")),
        Corpus(("onet", "wo")),
        Corpus(("one", "two", "three")),
        Corpus(("one",)),
    ]
    assert len({corpus.fingerprint, *(other.fingerprint for other in others)}) == 7


def test_positions(corpus: Corpus) -> None:
    rows = corpus.positions(["c", "a"])
    assert rows.dtype == np.int64
    assert rows.tolist() == [2, 0]
    assert corpus.positions([]).tolist() == []
    with pytest.raises(InputError, match="2 ids are not in 'tickets', the first is 'd'"):
        corpus.positions(["a", "d", "e"])


def test_take_keeps_order_columns_and_label(corpus: Corpus) -> None:
    taken = corpus.take([2, 0])
    assert taken.texts == ("thank you", "late parcel")
    assert taken.ids == ("c", "a")
    assert taken["stars"].tolist() == [5, 1]
    assert (taken.label, taken.name) == ("topic", "tickets")
    assert corpus.take(np.flatnonzero(corpus["stars"] > 1)).ids == ("b", "c")
    assert corpus.take(range(3)).fingerprint == corpus.fingerprint


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([True, False, True], r"got bool of shape \(3,\).*np.flatnonzero\(mask\)"),
        ([0.5], "expected row positions, a list of int; got float64"),
        ([[0, 1]], r"of shape \(1, 2\)"),
        ([0, 3], "positions must be 0 to 2; got 0 to 3"),
        ([-1], "positions must be 0 to 2; got -1"),
        ([1, 1], "a position was given twice"),
        ([], "at least one text; got none"),
    ],
)
def test_take_refuses(corpus: Corpus, rows: list[int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        corpus.take(rows)


def test_to_frame(corpus: Corpus) -> None:
    frame = corpus.to_frame()
    assert list(frame.columns) == ["id", "text", "topic", "stars"]
    assert frame["text"].tolist() == list(corpus.texts)
    assert frame["id"].tolist() == ["a", "b", "c"]
    clash = Corpus(("a",), columns={"text": ["other"], "id": [1]}).to_frame()
    assert list(clash.columns) == ["id", "text", "text_column", "id_column"]


def test_summary_is_flat_numbers_and_strings() -> None:
    corpus = Corpus(("a", "bbb"), intake=Intake(read=4, nulls=(2,), blanks=(3,), dropped=2))
    assert corpus.summary() == {
        "texts": 2,
        "characters_median": 2.0,
        "characters_max": 3,
        "rows_read": 4,
        "nulls": 1,
        "blanks": 1,
        "duplicates": 0,
        "dropped": 2,
        "fingerprint": corpus.fingerprint,
    }


def test_the_remark_counts_what_was_found() -> None:
    assert Intake(read=9).remark() == ""
    intake = Intake(read=9, nulls=(1, 2), duplicates=(5,), dropped=2)
    assert intake.remark() == " (2 nulls, 1 duplicate; 2 dropped)"


def test_html_shows_hostile_texts_as_text() -> None:
    corpus = Corpus(
        HOSTILE[:5],
        ids=tuple(f"<i>{i}</i>" for i in range(5)),
        columns={"<u>col</u>": list(HOSTILE[:5])},
        name="<script>name</script>",
    )
    shown = corpus._repr_html_()
    for markup in ("<script", "<img", "<b>", "<i>", "<u>", "</script"):
        assert markup not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "&lt;u&gt;col&lt;/u&gt;" in shown
    assert Corpus(HOSTILE[5:])._repr_html_().count("<tr>") == 3  # a header and two rows


def test_ten_megabytes_are_counted_and_elided_where_shown() -> None:
    corpus = Corpus(("word " * 2_000_000, "short"))
    assert corpus.summary()["characters_max"] == 10_000_000
    assert len(corpus._repr_html_()) < 2_000
    assert len(repr(corpus)) < 200


def test_lone_surrogates_are_kept() -> None:
    cut = "half an emoji \ud83d"
    corpus = Corpus((cut, "b"), columns={"title": [cut, "b"]})
    assert corpus["title"][0] == cut
    assert corpus.to_frame()["text"][0] == cut
    assert corpus.fingerprint != Corpus(("half an emoji ?", "b")).fingerprint


def test_goes_to_another_process_and_back(corpus: Corpus) -> None:
    for other in (pickle.loads(pickle.dumps(corpus)), copy.deepcopy(corpus)):
        assert other.fingerprint == corpus.fingerprint
        assert other.label == "topic"
        assert other["stars"].tolist() == [1, 2, 5]
        assert not other["stars"].flags.writeable
