from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.corpus import Corpus, read_corpus
from workbench.errors import InputError, WorkbenchWarning

ROWS = [("a", "first", "x"), ("b", "second", "y"), ("c", "third", "x")]
FRAME = pd.DataFrame(ROWS, columns=["id", "text", "topic"])


def _csv(folder: Path) -> Path:
    FRAME.to_csv(folder / "t.csv", index=False)
    return folder / "t.csv"


def _tsv(folder: Path) -> str:
    FRAME.to_csv(folder / "t.tsv", index=False, sep="\t")
    return str(folder / "t.tsv")


def _jsonl(folder: Path) -> Path:
    FRAME.to_json(folder / "t.jsonl", orient="records", lines=True)
    return folder / "t.jsonl"


def _parquet(folder: Path) -> Path:
    FRAME.to_parquet(folder / "t.parquet")
    return folder / "t.parquet"


@pytest.mark.parametrize("made", [_csv, _tsv, _jsonl, _parquet])
def test_the_same_table_in_every_kind_of_file(made: Callable[[Path], Path], tmp_path: Path) -> None:
    source = made(tmp_path)
    corpus = read_corpus(source, label="topic")
    expected = read_corpus(FRAME)
    assert corpus.fingerprint == expected.fingerprint
    assert corpus.texts == ("first", "second", "third")
    assert corpus.ids == ("a", "b", "c")
    assert corpus["topic"].tolist() == ["x", "y", "x"]
    assert corpus.label == "topic"
    assert (corpus.name, corpus.source) == ("t", str(source))
    assert list(corpus.columns) == ["topic"]


@pytest.mark.parametrize(
    "source",
    [
        ["first", "second"],
        ("first", "second"),
        np.array(["first", "second"]),
        np.array(["first", "second"], dtype=object),
        pd.Series(["first", "second"], index=[7, 7]),
        pd.Series(["first", "second"], dtype="category"),
        pd.Index(["first", "second"]),
        pd.Series(["first", "second", "first"]).unique(),
    ],
)
def test_texts_alone(source: object) -> None:
    corpus = read_corpus(source, name="mine")
    assert corpus.texts == ("first", "second")
    assert all(type(text) is str for text in corpus.texts)
    assert corpus.ids == ("0", "1")
    assert (corpus.name, corpus.source, dict(corpus.columns)) == ("mine", "", {})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (5, "expected a path, a DataFrame or a list of texts; got int 5"),
        (None, "got NoneType None"),
        (3.5, "got float"),
        (b"t.csv", "got bytes"),
        ({"text": ["a"]}, "got dict"),
        ({"a", "b"}, "got set"),
        ([], "the list is empty"),
        (np.array([]), "the list is empty"),
        (pd.DataFrame({"text": []}), "the DataFrame is empty; expected at least one row"),
        (pd.DataFrame(), "the DataFrame is empty"),
        ([1, 2], "holds int in rows 1, 2"),
        (["a", ["b"]], "holds list in row 2"),
        ([None, None], "All 2 rows are blank or missing"),
        ("no such text", "no file 'no such text'"),
    ],
)
def test_refuses_what_is_no_table(source: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_corpus(source)


def test_the_text_column_is_guessed_aloud() -> None:
    frame = pd.DataFrame({"n": [1, 2], "kind": ["a", "b"], "note": ["a long remark", "another"]})
    with pytest.warns(WorkbenchWarning, match="Column 'note' was taken for the texts; choose"):
        corpus = read_corpus(frame)
    assert corpus.texts == ("a long remark", "another")
    assert corpus.intake.notices == ("Column 'note' was taken for the texts; choose with text=….",)
    assert list(corpus.columns) == ["n", "kind"]


@pytest.mark.parametrize("usual", ["sentence", "Message", "TEXT", "body"])
def test_a_usual_name_is_guessed_before_the_longest_text(usual: str) -> None:
    frame = pd.DataFrame({"remarks": ["a very long remark of somebody"], usual: ["short"]})
    with pytest.warns(WorkbenchWarning, match=f"Column '{usual}' was taken"):
        assert read_corpus(frame).texts == ("short",)


def test_nothing_is_said_when_there_is_nothing_to_say() -> None:
    assert read_corpus(FRAME).intake.notices == ()
    assert read_corpus(FRAME, text="topic", duplicates="keep").texts == ("x", "y", "x")


def test_a_warning_points_at_the_caller() -> None:
    with pytest.warns(WorkbenchWarning) as caught:
        read_corpus(["a", None])
    assert caught[0].filename == __file__


@pytest.mark.parametrize("option", ["text", "id", "label"])
def test_an_unknown_column_offers_the_nearest(option: str) -> None:
    with pytest.raises(InputError, match=r"no column 'topics' to take the .* Did you mean 'topic'"):
        read_corpus(FRAME, **{option: "topics"})


def test_a_column_that_is_no_text_is_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": ["a", "b", 3], "n": [1, 2, 3]})
    with pytest.raises(InputError, match=r"'text' holds int in row 3 \(3\); expected texts"):
        read_corpus(frame)
    with pytest.raises(InputError, match=r"'n' holds int in rows 1, 2, 3 .*Choose another"):
        read_corpus(frame, text="n")
    with pytest.raises(InputError, match=r"No column holds texts; the columns are \['n'\]"):
        read_corpus(frame[["n"]])
    (tmp_path / "t.csv").write_text("text\n1.5\n2.5\n")
    with pytest.raises(InputError, match=r"'text' holds float in rows 1, 2 \(1.5\)"):
        read_corpus(tmp_path / "t.csv")


def test_ids_are_kept_and_made() -> None:
    assert read_corpus(FRAME, id="text").ids == ("first", "second", "third")
    assert read_corpus(FRAME[["text"]]).ids == ("0", "1", "2")
    assert read_corpus(FRAME.rename(columns={"id": "ID"})).ids == ("a", "b", "c")
    assert read_corpus(FRAME.rename(columns={"id": "doc_id"})).ids == ("a", "b", "c")
    numbers = FRAME.assign(id=[3.0, 1.0, 2.0])
    assert read_corpus(numbers).ids == ("3", "1", "2")


def test_made_ids_are_positions_in_the_source() -> None:
    with pytest.warns(WorkbenchWarning, match="1 of 3 rows have no text"):
        corpus = read_corpus(pd.DataFrame({"text": ["a", None, "c"]}, index=[5, 6, 7]))
    assert corpus.ids == ("0", "2")


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["a", None, None], "Column 'id' has no id in rows 2, 3"),
        (["a", "b", "a"], r"'id' must hold distinct ids; row 3 repeat .* \(the first is 'a'\)"),
        ([1, "1", 2], "row 2 repeat"),
    ],
)
def test_ids_that_are_none(ids: list[object], message: str) -> None:
    frame = FRAME.assign(id=ids)
    with pytest.raises(InputError, match=message):
        read_corpus(frame, id="id")
    with pytest.warns(WorkbenchWarning, match="'id' has missing or repeated ids; row positions"):
        corpus = read_corpus(frame)
    assert corpus.ids == ("0", "1", "2")
    assert "id" in corpus.columns


def test_ids_are_asked_only_of_the_rows_that_stay() -> None:
    frame = pd.DataFrame({"id": ["a", None, "b", "b"], "text": ["x", None, "y", " "]})
    with pytest.warns(WorkbenchWarning, match="dropped"):
        assert read_corpus(frame, id="id").ids == ("a", "b")
    frame.loc[3, "text"] = "z"
    frame.loc[1, "text"] = "w"
    with pytest.raises(InputError, match="no id in row 2"):
        read_corpus(frame, id="id")
    frame.loc[1, "id"] = "c"
    with pytest.raises(InputError, match="row 4 repeat"):
        read_corpus(frame, id="id")


def test_ids_of_a_file_are_taken_as_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("id,text,n\n1.10,a,1\n1.1,b,2\n007,c,3\n")
    assert read_corpus(file).ids == ("1.10", "1.1", "007")
    file.write_text("key,text\n1.10,a\n1.1,b\n12345678901234567890,c\n")
    assert read_corpus(file, id="key").ids == ("1.10", "1.1", "12345678901234567890")


GAPS = ["a", None, "  \n", "a", np.nan, "b", "a", pd.NA, ""]


@pytest.mark.parametrize("dtype", ["object", "string", "str", "category"])
def test_blanks_are_dropped_with_counts_and_row_numbers(dtype: str) -> None:
    frame = pd.DataFrame({"text": pd.Series(GAPS, dtype=dtype), "n": range(9)})
    message = (
        r"3 of 9 rows have no text \(rows 2, 5, 8\) and were dropped; blanks='keep' or 'refuse' "
        r"does otherwise\. 2 of 9 rows have only white space \(rows 3, 9\) and were dropped"
    )
    with pytest.warns(WorkbenchWarning, match=message):
        corpus = read_corpus(frame)
    assert corpus.texts == ("a", "a", "b", "a")
    assert corpus["n"].tolist() == [0, 3, 5, 6]
    intake = corpus.intake
    assert (intake.read, intake.dropped) == (9, 5)
    assert (intake.nulls, intake.blanks, intake.duplicates) == ((2, 5, 8), (3, 9), (4, 7))
    assert "3 nulls, 2 blanks, 2 duplicates; 5 dropped" in corpus._repr_html_()


def test_blanks_are_kept_when_asked() -> None:
    corpus = read_corpus(["a", None, " "], blanks="keep")
    assert corpus.texts == ("a", "", " ")
    assert (corpus.intake.dropped, corpus.intake.nulls, corpus.intake.blanks) == (0, (2,), (3,))


def test_blanks_are_refused_when_asked() -> None:
    with pytest.raises(InputError, match=r"1 of 3 rows have no text \(row 2\). Mend them, or pass"):
        read_corpus(["a", None, "b"], blanks="refuse")
    with pytest.raises(InputError, match=r"1 of 2 rows have only white space \(row 2\)"):
        read_corpus(["a", "\t\n"], blanks="refuse")
    assert len(read_corpus(["a", "b"], blanks="refuse")) == 2


def test_duplicates_are_kept_dropped_or_refused() -> None:
    texts = ["a", "b", "a", "a ", "b"]
    kept = read_corpus(texts)
    assert kept.texts == tuple(texts)
    assert kept.intake.duplicates == (3, 5)
    message = r"2 of 5 rows have a text that stands earlier too \(rows 3, 5\) and were dropped"
    with pytest.warns(WorkbenchWarning, match=message):
        dropped = read_corpus(texts, duplicates="drop")
    assert dropped.texts == ("a", "b", "a ")
    assert dropped.ids == ("0", "1", "3")
    with pytest.raises(InputError, match=r"rows 3, 5\). Mend them, or pass duplicates='drop'"):
        read_corpus(texts, duplicates="refuse")


def test_many_rows_are_counted_and_a_few_named() -> None:
    with pytest.warns(
        WorkbenchWarning, match=r"20 of 21 rows .* \(rows 2, 3, 4, 5, 6 and 15 more\)"
    ):
        read_corpus(["a", *[None] * 20])


@pytest.mark.parametrize("option", ["blanks", "duplicates"])
def test_an_unknown_treatment_is_refused(option: str) -> None:
    with pytest.raises(InputError, match=f"{option} must be one of .*; got 'ignore'"):
        read_corpus(["a"], **{option: "ignore"})


def test_columns_may_be_named_by_numbers() -> None:
    frame = pd.DataFrame([["a", 1], ["b", 2]])
    corpus = read_corpus(frame, text=0, label=1)
    assert corpus.texts == ("a", "b")
    assert corpus.label == "1"
    assert corpus["1"].tolist() == [1, 2]
    assert list(frame.columns) == [0, 1]
    with pytest.raises(InputError, match=r"no column '7' to take the texts from. Known: '0', '1'"):
        read_corpus(frame, text=7)


@pytest.mark.parametrize("names", [["text", "n", "n"], ["text", 1, "1"]])
def test_repeated_column_names_are_refused(names: list[object]) -> None:
    frame = pd.DataFrame([["a", 1, 2]], columns=names)
    with pytest.raises(InputError, match=r"column names must be distinct; \['.'\] repeat"):
        read_corpus(frame)


def test_columns_of_several_levels_get_plain_names() -> None:
    frame = pd.DataFrame([["a", 1]], columns=pd.MultiIndex.from_tuples([("t", "x"), ("t", "y")]))
    assert read_corpus(frame, text="('t', 'x')").texts == ("a",)


def test_a_named_index_is_a_column(tmp_path: Path) -> None:
    indexed = FRAME.set_index("id")
    assert read_corpus(indexed).ids == ("a", "b", "c")
    indexed.to_parquet(tmp_path / "t.parquet")
    assert read_corpus(tmp_path / "t.parquet", id="id").ids == ("a", "b", "c")
    both = FRAME.set_index("id", drop=False)
    assert read_corpus(both).ids == ("a", "b", "c")
    assert list(read_corpus(FRAME.set_index(["id", "topic"])).columns) == ["topic"]


def test_a_table_is_not_changed_and_not_shared() -> None:
    frame = FRAME.assign(n=[1, 2, 3])
    before = frame.copy()
    corpus = read_corpus(frame)
    pd.testing.assert_frame_equal(frame, before)
    frame.loc[:, "n"] = 9
    assert corpus["n"].tolist() == [1, 2, 3]
    assert not corpus["n"].flags.writeable


def test_columns_of_every_pandas_type(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "text": pd.array(["a", "b"], dtype="string"),
            "string": pd.array(["x", None], dtype="string"),
            "category": pd.Categorical(["x", None]),
            "whole": pd.array([1, None], dtype="Int64"),
            "flag": [True, False],
            "when": pd.to_datetime(["2025-01-01T23:00:00-05:00", "2025-06-01T00:00:00-05:00"]),
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    for corpus in (read_corpus(frame), read_corpus(tmp_path / "t.parquet")):
        assert corpus["string"].tolist() == ["x", None]
        assert corpus["category"].tolist() == ["x", None]
        np.testing.assert_array_equal(corpus["whole"], [1.0, np.nan])
        assert corpus["flag"].dtype == bool
        assert corpus["when"][0] == np.datetime64("2025-01-02T04:00")
        assert corpus.to_frame().shape == (2, 7)
        assert "2025-01-02" in corpus._repr_html_()


def test_a_file_with_everything_wrong_that_can_be_mended(tmp_path: Path) -> None:
    """A spreadsheet of a German office: BOM, CRLF, semicolons, empty rows and columns."""
    file = tmp_path / "Anfragen.csv"
    file.write_bytes(
        '\ufeffID;Message;PLZ;Datum;\r\n001;"Wo ist mein; Paket?";01067;2025-01-02;\r\n'
        "002;NA;99084;2025-01-03;\r\n;;;;\r\n".encode()
    )
    with pytest.warns(WorkbenchWarning, match="'Message' was taken.*1 of 3 rows have no text"):
        corpus = read_corpus(file)
    assert corpus.texts == ("Wo ist mein; Paket?", "NA")
    assert corpus.ids == ("001", "002")
    assert corpus["PLZ"].tolist() == ["01067", "99084"]
    assert corpus["Datum"].dtype.kind == "M"
    assert list(corpus.columns) == ["PLZ", "Datum"]


def test_reading_back_what_was_written_gives_the_same(tmp_path: Path) -> None:
    texts = ("<b>x</b>", "a\nb", 'say "hi", then; go', "🙂\x00", "NA", "None", "null", "\ttab")
    corpus = Corpus(texts, columns={"zip": [f"0{i}" for i in range(len(texts))]})
    for name in ("t.csv", "t.tsv"):
        frame = corpus.to_frame()
        frame.to_csv(tmp_path / name, index=False, sep="," if name == "t.csv" else "\t")
        again = read_corpus(tmp_path / name)
        assert again.fingerprint == corpus.fingerprint
        assert again["zip"].tolist() == corpus["zip"].tolist()
    corpus.to_frame().to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    assert read_corpus(tmp_path / "t.jsonl").fingerprint == corpus.fingerprint
    corpus.to_frame().to_parquet(tmp_path / "t.parquet")
    assert read_corpus(tmp_path / "t.parquet").fingerprint == corpus.fingerprint
