from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.corpus import SentencePairs, read_pairs, samples
from workbench.errors import InputError

# As the STS benchmark comes: no header, quotes that do not pair, further columns at times.
STSB = (
    "main-captions\tMSRvid\t2012test\t0001\t5.000\tA plane takes off.\tAn air plane takes off.\n"
    'main-news\theadlines\t2013\t0002\t2.6\t"We won, he said.\tHe said 5" was enough\n'
    "main-news\tMSRpar\t2012train\t0003\t0.8\tNULL\t<b>nan</b> $x$\tAFP\tReuters\n"
)


def write(folder: Path, name: str, content: str) -> Path:
    file = folder / name
    file.write_bytes(content.encode("utf-8"))
    return file


def scores(pairs: SentencePairs) -> list[float]:
    return np.asarray(pairs.scores).tolist()


@pytest.mark.parametrize("name", ["sts-test.tsv", "sts-test.csv", "sts.txt"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_reads_the_sts_benchmark_as_it_comes(tmp_path: Path, name: str, ending: str) -> None:
    pairs = read_pairs(write(tmp_path, name, STSB.replace("\n", ending)))
    assert pairs.sentences1 == ("A plane takes off.", '"We won, he said.', "NULL")
    assert pairs.sentences2 == (
        "An air plane takes off.",
        'He said 5" was enough',
        "<b>nan</b> $x$",
    )
    assert scores(pairs) == [5.0, 2.6, 0.8]
    assert pairs.name == Path(name).stem


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("sentence1,sentence2,score", "a,b,1"),
        ("Score;Sentence_2;Sentence_1", "1;b;a"),
        ("pair_ID,sentence_A,sentence_B,relatedness_score", "9,a,b,1"),
        ("id,question1,question2,is_duplicate", "7,a,b,1"),
        ("split,genre,score,sentence1,sentence2", "dev,x,1,a,b"),
    ],
)
def test_finds_usual_columns_of_a_header(tmp_path: Path, header: str, row: str) -> None:
    for name, mark in (("p.csv", None), ("p.tsv", "\t")):
        content = f"{header}\n{row}\n\n"
        if mark:
            content = content.replace(",", mark).replace(";", mark)
        pairs = read_pairs(write(tmp_path, name, content), name="mine")
        assert (pairs.sentences1, pairs.sentences2, scores(pairs)) == (("a",), ("b",), [1.0])
        assert pairs.name == "mine"


@pytest.mark.parametrize(
    "content", ["a\tb\t1\nc\td\t2\n", "1\ta\tb\n2\tc\td\n", "a\t1\tb\nc\t2\td"]
)
def test_tells_three_columns_apart_without_a_header(tmp_path: Path, content: str) -> None:
    pairs = read_pairs(write(tmp_path, "p.tsv", content))
    assert (pairs.sentences1, pairs.sentences2, scores(pairs)) == (("a", "c"), ("b", "d"), [1, 2])
    commas = read_pairs(write(tmp_path, "p.csv", content.replace("\t", ",")))
    assert commas.sentences1 == pairs.sentences1


def test_a_header_of_unusual_names_is_no_pair(tmp_path: Path) -> None:
    pairs = read_pairs(write(tmp_path, "p.tsv", "left\tright\tgold\na\tb\t1\n"))
    assert (pairs.sentences1, pairs.sentences2, scores(pairs)) == (("a",), ("b",), [1])


def test_takes_columns_by_name_and_by_position(tmp_path: Path) -> None:
    file = write(tmp_path, "p.csv", "x,left,right,gold,2016\n1,a,b,3,9\n2,c,d,4,9\n")
    for asked in (
        {"sentence1": "left", "sentence2": "RIGHT", "score": "gold"},
        {"sentence1": 1, "sentence2": 2, "score": 3},
        {"sentence1": 1, "sentence2": "right", "score": 3},
    ):
        pairs = read_pairs(file, **asked)
        assert (pairs.sentences1, pairs.sentences2) == (("a", "c"), ("b", "d"))
        assert scores(pairs) == [3, 4]
    bare = write(tmp_path, "bare.csv", "1,a,b,3,9\n2,c,d,4,9\n")
    assert scores(read_pairs(bare, sentence1=1, sentence2=2, score=3)) == [3, 4]


def test_a_writers_quotes_are_no_part_of_the_texts(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "sentence1": ['say "hi"', "a\tb\nc", "plain"],
            "sentence2": ["x", "🙂", '"'],
            "score": [1, 2.5, 3],
        }
    )
    for quoting in (0, 1):  # where needed, everywhere
        for name, separator in (("p.tsv", "\t"), ("p.csv", ",")):
            frame.to_csv(tmp_path / name, sep=separator, index=False, quoting=quoting)
            pairs = read_pairs(tmp_path / name)
            assert pairs.to_frame().to_dict("list") == frame.to_dict("list")


def test_reads_the_sample_and_a_mark_of_byte_order(tmp_path: Path) -> None:
    ours = read_pairs(samples.path("sentence_pairs.csv"))
    assert ours.to_frame().equals(samples.sentence_pairs().to_frame())
    marked = write(tmp_path, "p.tsv", "\ufeffsentence1\tsentence2\tscore\na\tb\t1\n")
    assert read_pairs(marked).sentences1 == ("a",)


@pytest.mark.parametrize(
    ("content", "asked", "message"),
    [
        ("", {}, "'p.tsv' is empty"),
        (" \n\n", {}, "'p.tsv' is empty"),
        ("sentence1\tsentence2\tscore\n", {}, "holds a header and no pairs"),
        (
            "sentence1\tsentense2\tscore\na\tb\t1\n",
            {},
            "no column 'sentence2' for sentence2. Did you mean 'sentense2'",
        ),
        (
            "left\tright\tgold\na\tb\t1\n",
            {"sentence1": "left", "sentence2": "rigth", "score": "gold"},
            "no column 'rigth' for sentence2. Did you mean 'right'",
        ),
        ("a\tb\t1\n", {"sentence1": "left"}, "no column 'left' for sentence1. Known: 'a'"),
        ("a\tb\t1\n", {"sentence1": 0, "sentence2": 1}, "name all of sentence1, sentence2"),
        ("a\tb\t1\n", {"sentence1": 0, "sentence2": 1, "score": 3}, "score=3 is no column"),
        ("a\tb\t1\n", {"sentence1": 0, "sentence2": 0, "score": 2}, "would be the same column"),
        (
            "sentence1\tsentence2\tscore\na\tb\t1\nc\td\thigh\n",
            {},
            "row 2 have a score that is not a number; the first, in line 3, is 'high'",
        ),
        ("sentence1\tsentence2\tscore\na\tb\t\n", {}, "row 1 have a score that is not a number"),
        ("sentence1\tsentence2\tscore\na\tb\tnan\n", {}, "is 'nan'"),
        ("sentence1\tsentence2\tscore\na\tb\t1_0\n", {}, "is '1_0'"),
        ("a\tb\tN/A\nc\td\t1\n", {"sentence1": 0, "sentence2": 1, "score": 2}, "is 'N/A'"),
        ("sentence1\tsentence2\tscore\na\t \t1\n", {}, "sentence2 is blank in row 1"),
        ("sentence1\tsentence2\tscore\na\tb\t1\nc\td\n", {}, "line 3 has 2 cells; score is in"),
        ("a\tb\n", {}, "its columns cannot be told apart: 2 columns"),
        ("a\tb\tc\td\n", {}, r"read_pairs\(path, sentence1=0, sentence2=1, score=2\)"),
        ("sentence1,sentence2,score\na,b,1\n", {}, "cannot be told apart: 1 columns"),
    ],
)
def test_refuses(tmp_path: Path, content: str, asked: dict[str, str | int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_pairs(write(tmp_path, "p.tsv", content), **asked)


def test_refuses_other_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no file .*Did you mean 'p.tsv'"):
        read_pairs(write(tmp_path, "p.tsv", STSB).with_name("q.tsv"))
    with pytest.raises(InputError, match=r"expected a file ending in \.csv"):
        read_pairs(write(tmp_path, "p.xlsx", STSB))
    (tmp_path / "latin.tsv").write_bytes("caf\xe9\tb\t1\n".encode("latin-1"))
    with pytest.raises(InputError, match="line 1 holds bytes that are not UTF-8"):
        read_pairs(tmp_path / "latin.tsv")
    with pytest.raises(InputError, match="quotes in the row that begins in line 2"):
        read_pairs(write(tmp_path, "p.csv", 'sentence1,sentence2,score\n"a,b,1\n'))


@pytest.mark.parametrize("header", ["sentence1,sentence2,score", "a,b,1", "left,right,gold"])
def test_a_separator_that_is_not_in_quotes_is_not_read_as_another_score(
    tmp_path: Path, header: str
) -> None:
    file = write(tmp_path, "p.csv", f"{header}\nc,d,2\na,b,4,2\n")
    with pytest.raises(InputError, match=r"line 3 has 4 cells for 3 columns.*in quotes"):
        read_pairs(file)
