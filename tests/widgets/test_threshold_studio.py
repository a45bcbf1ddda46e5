from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traitlets import TraitError

from workbench.analysis import (
    PairJudgments,
    ParaphrasePairs,
    ThresholdChoice,
    duplicate_groups,
    paraphrase_mining,
)
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError, WorkbenchWarning
from workbench.views import View
from workbench.widgets import ThresholdStudio

Find = Callable[[Any, str], Any]
Press = Callable[[Any, str], None]
Choose = Callable[[Any, str, str], None]


def texts_of(count: int = 60, name: str = "own") -> Embeddings:
    """Return texts of which the first 20 come twice, nearly the same."""
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(count, 6))
    vectors[20:40] = vectors[:20] + 0.15 * rng.normal(size=(20, 6))
    corpus = Corpus(
        tuple(f"text, <b>number</b> {row}" for row in range(count)),
        tuple(f"t{row}" for row in range(count)),
        {"kind": [row % 3 for row in range(count)]},
        name="some",
    )
    return Embeddings.from_array(vectors, corpus, name=name)


@pytest.fixture(scope="module")
def pairs() -> ParaphrasePairs:
    return paraphrase_mining(texts_of(), threshold=0.5)


@pytest.fixture
def studio(pairs: ParaphrasePairs) -> ThresholdStudio:
    return ThresholdStudio(pairs)


def same(pairs: ParaphrasePairs, place: int) -> bool:
    return bool(pairs.rows2[place] - pairs.rows1[place] == 20)


def answer(studio: ThresholdStudio, word: str, number: int | None = None) -> None:
    """Answer as the card's message does."""
    card = studio.children[0]
    asked = card.number if number is None else number
    card._handle_custom_msg({"type": "answer", "answer": word, "number": asked}, [])


def judge(studio: ThresholdStudio, count: int) -> None:
    for _ in range(count):
        place = studio.judgments.next_pair()
        assert place is not None
        answer(studio, "same" if same(studio.pairs, place) else "different")


def test_what_is_there_before_anything_is_judged(studio: ThresholdStudio) -> None:
    assert studio.threshold == 0.75
    card = studio.children[0]
    assert card.number == 0
    assert card.asked == "Are these duplicates? 0 judged, 0 of them the same."
    place = studio.judgments.next_pair()
    assert place is not None
    assert card.ids == [f"t{studio.pairs.rows1[place]}", f"t{studio.pairs.rows2[place]}"]
    assert "".join(piece for piece, _ in card.texts[0]) == f"text, <b>number</b> {card.ids[0][1:]}"
    assert f"{studio.pairs.scores[place]:.3f}" not in studio.status.text
    assert View.from_json(studio.view().to_json()).kind == "thresholds"
    assert studio.view().state["threshold"] == 0.75
    assert "ThresholdStudio(" in repr(studio)


def test_answers_are_the_judgments(studio: ThresholdStudio, pairs: ParaphrasePairs) -> None:
    judge(studio, 30)
    expected = PairJudgments.of(pairs)
    for _ in range(30):
        place = expected.next_pair()
        assert place is not None
        expected = expected.judge(same(pairs, place))
    assert studio.judgments.answers == expected.answers
    assert studio.status.text.startswith("Judged ")
    assert f"{pairs.scores[expected.answers[-1][0]]:.3f}" in studio.status.text
    assert studio.children[0].asked.startswith("Are these duplicates? 30 judged")
    precision = next(one for one in studio.view().figure.data if one.name == "precision").y
    np.testing.assert_array_equal(precision, expected.curve().precision[:, 0])
    assert studio.choice.precision.estimate == expected.at(0.75).precision.estimate


def test_undo_skip_and_late_answers(studio: ThresholdStudio) -> None:
    first = studio.judgments.next_pair()
    answer(studio, "skip")
    assert studio.status.text.startswith("Skipped: cosine")
    answer(studio, "same", number=0)  # of the pair before
    assert studio.judgments.answers == ((first, None),)
    answer(studio, "undo")
    assert studio.judgments.answers == ()
    assert studio.judgments.next_pair() == first
    assert studio.status.text == "Took the last answer back."
    answer(studio, "undo")
    answer(studio, "nonsense")
    studio.judge(True)
    studio.skip()
    studio.undo()
    assert studio.judgments.answers == ((first, True),)
    with pytest.raises(InputError, match="judge: expected True"):
        studio.judge(1)


def test_all_pairs_judged(pairs: ParaphrasePairs) -> None:
    few = pairs.above(float(pairs.scores[3]))
    studio = ThresholdStudio(few)
    judge(studio, 4)
    assert studio.children[0].asked.startswith("All pairs were asked: 4 judged")
    assert studio.children[0].ids == []
    answer(studio, "same")
    assert studio.status.failed
    assert "all pairs were asked already" in studio.status.text


def test_the_lowest_threshold_with_a_precision(
    studio: ThresholdStudio, press: Press, find: Find
) -> None:
    press(studio, "workbench-lowest")
    assert studio.status.failed
    assert "too few pairs were judged" in studio.status.text
    judge(studio, 60)
    press(studio, "workbench-lowest")
    expected = studio.judgments.choose(min_precision=0.9)
    assert studio.threshold == expected.threshold
    assert find(studio, "workbench-threshold").value == expected.threshold
    assert "The lowest such threshold. At cosine" in studio.status.text
    assert studio.view().figure.layout.shapes[0].x0 == expected.threshold
    find(studio, "workbench-precision").value = 0.5
    studio.choose()
    assert studio.threshold == studio.judgments.choose(min_precision=0.5).threshold
    find(studio, "workbench-certain").value = True
    studio.choose()
    certain = studio.judgments.choose(min_precision=0.5, certain=True)
    assert studio.threshold == certain.threshold
    choice = studio.choice
    assert isinstance(choice, ThresholdChoice)
    with pytest.raises(InputError, match="does not transfer"):
        choice.check(texts_of(name="another"))


def test_a_threshold_from_the_field_the_figure_and_code(
    studio: ThresholdStudio, find: Find
) -> None:
    find(studio, "workbench-threshold").value = 0.9
    assert studio.threshold == 0.9
    assert "precision not known yet (0 to 100 %)" in studio.status.text
    host = studio._host
    host._handle_custom_msg({"type": "action", "name": "threshold", "value": 0.6}, [])
    assert studio.threshold == find(studio, "workbench-threshold").value == 0.6
    studio.threshold = 0.8
    assert find(studio, "workbench-threshold").value == 0.8
    host._handle_custom_msg({"type": "action", "name": "threshold", "value": "high"}, [])
    assert studio.status.failed
    for wrong in (0.4, 2.0, float("nan")):
        with pytest.raises((InputError, TraitError), match=r"only pairs at|expected a cos"):
            studio.threshold = wrong
    assert studio.threshold == 0.8
    studio.threshold = 1.0
    assert "no pair has a cosine of 1 or more" in studio.status.text


def test_groups_at_the_threshold(
    studio: ThresholdStudio, pairs: ParaphrasePairs, choose: Choose
) -> None:
    studio.threshold = 0.9
    expected = duplicate_groups(pairs.above(0.9))
    assert studio.groups().summary() == expected.summary()
    assert studio.deduplicated().ids == expected.deduplicated().ids
    table = studio.children[-2].html
    dropped = expected.summary()["dropped"]
    assert f"{dropped} dropped, {60 - int(dropped)} of 60 left" in table
    assert "&lt;b&gt;number&lt;/b&gt;" in table
    assert "<b>number" not in table
    choose(studio, "workbench-keep", "central")
    assert studio.groups().keep == "central"


def test_the_table_is_written_once(
    studio: ThresholdStudio, tmp_path: Path, press: Press, find: Find
) -> None:
    studio.threshold = 0.9
    file = tmp_path / "left.csv"
    find(studio, "workbench-file").value = str(file)
    press(studio, "workbench-write")
    assert studio.status.text == f"Wrote {len(studio.deduplicated())} texts to {file}."
    with file.open(encoding="utf-8", newline="") as written:
        rows = list(csv.DictReader(written))
    assert [row["id"] for row in rows] == list(studio.deduplicated().ids)
    assert list(rows[0]) == ["id", "text", "kind"]
    press(studio, "workbench-write")
    assert studio.status.failed
    assert "is there already, and stays as it is" in studio.status.text
    find(studio, "workbench-file").value = " "
    press(studio, "workbench-write")
    assert "Name the file to write" in studio.status.text
    with pytest.raises(InputError, match="cannot be written"):
        studio.write_csv(tmp_path / "no" / "folder.csv")
    with pytest.raises(InputError, match="cannot be written"):
        studio.write_csv("a\0b.csv")


def test_going_on_with_judgments(studio: ThresholdStudio, pairs: ParaphrasePairs) -> None:
    judge(studio, 50)
    again = ThresholdStudio(pairs, judgments=studio.judgments)
    assert again.judgments is studio.judgments
    assert again.threshold == studio.judgments.choose().threshold
    read = PairJudgments.from_json(studio.judgments.to_json(), pairs)
    choice = read.choose(min_precision=0.5)
    chosen = ThresholdStudio(pairs, judgments=read, threshold=choice)
    assert chosen.threshold == choice.threshold


def test_pairs_between_two_sets(find: Find) -> None:
    texts = texts_of()
    between = paraphrase_mining(texts.take(range(20)), texts.take(range(20, 60)), threshold=0.5)
    studio = ThresholdStudio(between)
    studio.threshold = 0.9
    partners = len(np.unique(between.above(0.9).rows1))
    assert f"{partners} of 20 texts of some have a partner among the 40" in studio.children[-1].html
    judge(studio, 5)
    with pytest.raises(InputError, match="between two sets of texts"):
        studio.groups()
    with pytest.raises(AssertionError):
        find(studio, "workbench-write")


def test_saving(pairs: ParaphrasePairs, press: Press) -> None:
    saved: list[View] = []
    studio = ThresholdStudio(pairs, on_save=saved.append)
    judge(studio, 12)
    press(studio, "workbench-save")
    assert [view.state["judged"] for view in saved] == [12]
    studio.close()


def test_static(studio: ThresholdStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "application/vnd.jupyter.widget-view+json" in studio._repr_mimebundle_()
    monkeypatch.setenv("WORKBENCH_RENDER", "static")
    data, _ = studio._repr_mimebundle_()
    assert "workbench-data" in data["text/html"]
    assert "Groups, the least similar first" in data["text/html"]


def test_what_is_refused(pairs: ParaphrasePairs) -> None:
    with pytest.raises(InputError, match=r"no option 'judgment'\. Did you mean 'judgments'"):
        ThresholdStudio(pairs, judgment=None)
    with pytest.raises(InputError, match="expected ParaphrasePairs; got Embeddings"):
        ThresholdStudio(pairs.embeddings)
    with pytest.raises(InputError, match="judgments: expected PairJudgments; got dict"):
        ThresholdStudio(pairs, judgments={})
    with pytest.raises(InputError, match="the judgments are of other pairs"):
        ThresholdStudio(pairs, judgments=PairJudgments.of(pairs.above(0.6)))
    with pytest.raises(InputError, match="no rule keep='last'"):
        ThresholdStudio(pairs, keep="last")
    with pytest.raises(InputError, match="min_precision: expected a share"):
        ThresholdStudio(pairs, min_precision=2)
    with pytest.raises(InputError, match="only pairs at or above"):
        ThresholdStudio(pairs, threshold=0.1)
    with pytest.raises(InputError, match="on_save: expected a function"):
        ThresholdStudio(pairs, on_save=3)
    with pytest.warns(WorkbenchWarning, match="the 5 most"):
        cut = paraphrase_mining(pairs.embeddings, threshold=0.5, max_pairs=5)
    with pytest.raises(InputError, match="max_pairs left"):
        ThresholdStudio(cut)
