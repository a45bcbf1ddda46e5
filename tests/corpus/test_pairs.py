from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from workbench.corpus import SentencePairs
from workbench.errors import InputError


def test_holds_sentences_and_scores() -> None:
    pairs = SentencePairs(sentences1=["a", "b"], sentences2=pd.Series(["c", "d"]), scores=[0, 5])
    assert len(pairs) == 2
    assert (pairs.sentences1, pairs.sentences2) == (("a", "b"), ("c", "d"))
    assert isinstance(pairs.scores, np.ndarray)
    assert pairs.scores.dtype == np.float64
    assert pairs.summary() == {"pairs": 2, "score_min": 0.0, "score_mean": 2.5, "score_max": 5.0}
    assert pairs.to_frame().to_dict("list") == {
        "sentence1": ["a", "b"],
        "sentence2": ["c", "d"],
        "score": [0.0, 5.0],
    }


def test_scores_may_be_missing() -> None:
    pairs = SentencePairs(["a"], ["b"])
    assert pairs.scores is None
    assert pairs.summary() == {"pairs": 1}
    assert list(pairs.to_frame().columns) == ["sentence1", "sentence2"]


def test_is_frozen_and_keeps_its_own_scores() -> None:
    scores = np.array([1.0])
    pairs = SentencePairs(["a"], ["b"], scores)
    scores[0] = 9
    assert np.asarray(pairs.scores).tolist() == [1.0]
    with pytest.raises(ValueError, match="read-only"):
        pairs.scores[0] = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        pairs.name = "other"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["a"], ["b", "c"]), "same length, at least 1; got 1 and 2"),
        (([], []), "at least 1; got 0 and 0"),
        (("abc", "abd"), "expected two lists of sentences; got a str"),
        ((["a", "b"], ["c", None]), "sentences2 holds no str in row 2"),
        (([1, "b"], ["c", "d"]), "sentences1 holds no str in row 1"),
        ((["a"], ["b"], [1.0, 2.0]), r"scores of shape \(2,\) for 1 pairs"),
        ((["a", "b"], ["b", "c"], [1.0, np.nan]), "row 2 have a score that is NaN or infinite"),
        ((["a"], ["b"], [np.inf]), "NaN or infinite"),
        ((["a"], ["b"], ["high"]), "scores must be numbers"),
    ],
)
def test_refuses(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SentencePairs(*arguments)


def test_html_is_escaped() -> None:
    shown = SentencePairs(["<script>x</script>"], ["<b>y</b>"], [1], name="<i>n</i>")._repr_html_()
    assert "&lt;script&gt;" in shown
    for markup in ("<script", "<b>", "<i>"):
        assert markup not in shown
