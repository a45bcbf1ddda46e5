"""A comparison in HTML: what is said, that it is escaped, and what is left out on demand."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from workbench.analysis.comparison import Comparison
from workbench.analysis.examples import example_merits
from workbench.errors import InputError
from workbench.views import View, redacted, view_of
from workbench.views.comparison import (
    audit_html,
    comparison_sections,
    costs_html,
    decision_html,
    disagreements_html,
    examples_html,
    scores_html,
)

from ..comparisons import TASKS, make_comparison, make_corpus, make_scores

SECRET = "the quokka signed"
MARKUP = "<script>window.ran = 1</script>"
TAG = re.compile(r"<[^>]*>")


def plain(html: str) -> str:
    """Return what a reader sees."""
    return re.sub(r"\s+", " ", unescape(TAG.sub(" ", html)))


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return make_comparison(4, 2, failed=1)


def test_the_card_says_decision_evidence_cost_and_doubt(comparison: Comparison) -> None:
    decision = comparison.decision
    said = plain(decision_html(comparison))
    for sentence in (decision.sentence, *decision.evidence, decision.cost, *decision.unknown):
        assert re.sub(r"\s+", " ", sentence) in said


def test_the_audit_says_what_is_lost_and_a_remedy(comparison: Comparison) -> None:
    said = plain(audit_html(comparison))
    assert "all-MiniLM-L6-v2 256 tokens 2 of 24 (8.3 %) 360 (7.2 %) 437 tokens" in said
    assert "lsa any length not counted not counted not counted" in said
    assert 'long_texts="chunk"' in said


def test_the_table_has_intervals_marks_and_a_sentence_on_them(comparison: Comparison) -> None:
    said = plain(scores_html(comparison))
    assert "all-MiniLM-L6-v2 0.820 [0.790, 0.850] ◆ reference" in said
    assert "minilm-static 0.760 [0.730, 0.790] ▼ −0.060 [−0.090, −0.030]" in said
    assert "further-model-number-00-of-them failed failed" in said
    assert "Holm's correction over 3 pairs" in said
    assert "the texts: cannot read 'My parcel number 0" in said
    assert "prompts: 'query: ' before each query. 2 of 40 texts" in said


def test_marks_turn_with_the_reference(comparison: Comparison) -> None:
    said = plain(scores_html(comparison, reference="lsa"))
    assert "all-MiniLM-L6-v2 0.820 [0.790, 0.850] ▲ +0.120 [0.090, 0.150]" in said
    with pytest.raises(InputError, match="no model 'x'"):
        scores_html(comparison, reference="x")


def test_every_metric_comes_with_p_and_further_examples() -> None:
    said = plain(scores_html(make_comparison(2, 1, settled=False)))
    assert (
        "pearson all-MiniLM-L6-v2 0.790 [0.760, 0.820] ? +0.010 [−0.020, 0.040] 0.63 0.10 310"
        in said
    )


def test_costs_are_said_with_few_digits(comparison: Comparison) -> None:
    said = plain(costs_html(comparison))
    assert "minilm-static 564 4.20 290 MB 87.3 MB 22.7 M 192 768 2.80 0.030" in said
    assert "lsa 2,650 2.80 270 MB – – 128 512" in said


def test_disagreements_show_both_lists(comparison: Comparison) -> None:
    html = disagreements_html(comparison, "all-MiniLM-L6-v2", "lsa", 4)
    found = comparison.agreement.disagreements("all-MiniLM-L6-v2", "lsa", 4)
    texts = dict(zip(comparison.corpus.ids, comparison.corpus.texts, strict=True))
    rows = re.findall(r"<tr>(.*?)</tr>", html)[1:]
    assert len(rows) == 4
    for row, (_, expected) in zip(rows, found.iterrows(), strict=True):
        lists = [
            re.findall(r"<li[^>]*>(.*?)</li>", part) for part in re.findall("<ol>(.*?)</ol>", row)
        ]
        wanted = [expected["neighbors_a"], expected["neighbors_b"]]
        assert lists == [[texts[one] for one in ids] for ids in wanted]
        both = len(set(wanted[0]) & set(wanted[1]))
        assert row.count("wb-both") == 2 * both
        assert texts[expected["id"]] in row


def test_disagreements_need_two_models_that_were_compared(comparison: Comparison) -> None:
    failed = comparison.names[-1]
    with pytest.raises(InputError, match="were not compared"):
        disagreements_html(comparison, "lsa", failed)
    with pytest.raises(InputError, match="no model 'x'"):
        disagreements_html(comparison, "x", "lsa")


@pytest.mark.parametrize(("place", "kind"), list(enumerate(task[1] for task in TASKS)))
def test_examples_are_those_with_the_largest_differences(place: int, kind: str) -> None:
    comparison = make_comparison(2, 6)
    task = TASKS[place][0]
    a, b = comparison.names
    sides = [comparison.model(name).scores[task] for name in (a, b)]
    assert sides[0].kind == kind
    gain = example_merits(sides[0]) - example_merits(sides[1])
    html = examples_html(comparison, task, a, b, most=6)
    shown = re.findall(r'<tr><th scope="row" data-example="\d+"><bdi>(e\d+)</bdi>', html)
    rows = [int(one[1:]) for one in shown]
    assert len(rows) == 6
    better = [row for row in rows if gain[row] > 0]
    assert better == rows[: len(better)]
    cut = min(gain[row] for row in better)
    assert all(gain[row] <= cut + 1e-9 for row in range(40) if row not in better)
    assert f"better on {int((gain > 1e-12).sum())} of 40" in plain(html)


def test_merits_equal_their_definitions() -> None:
    rng = np.random.default_rng(3)
    n = 50
    score, similarity = rng.integers(0, 5, n), rng.integers(0, 9, n)
    base = make_scores(0, make_comparison(1, 0).models[0].spec, *TASKS[0], 0.1)
    examples = pd.DataFrame(
        {"example": [str(i) for i in range(n)], "score": score, "similarity": similarity}
    )
    ranks = [(rankdata(values) - 1) / (n - 1) for values in (score, similarity)]
    np.testing.assert_allclose(
        example_merits(replaced(base, examples)), 1 - np.abs(ranks[0] - ranks[1])
    )
    label, cluster = rng.integers(0, 3, n), rng.integers(0, 4, n)
    examples = pd.DataFrame({"example": examples["example"], "label": label, "cluster": cluster})
    expected = [np.mean(label[cluster == cluster[i]] == label[i]) for i in range(n)]
    np.testing.assert_allclose(example_merits(replaced(base, examples, "clustering")), expected)


def replaced(scores: object, examples: pd.DataFrame, kind: str = "sts") -> object:
    from dataclasses import replace

    return replace(scores, examples=examples, kind=kind)


def test_examples_refuse_a_model_that_was_not_scored(comparison: Comparison) -> None:
    with pytest.raises(InputError, match="was not scored"):
        examples_html(comparison, "sts: ticket pairs", "lsa", comparison.names[-1])


def test_sections_come_in_the_order_of_a_decision(comparison: Comparison) -> None:
    sections = comparison_sections(comparison)
    headings = [heading for heading, _ in sections if heading]
    assert headings == [
        "Decision",
        "What the models read of the texts",
        "Scores",
        "Quality and speed",
        "Every task",
        "What the models cost",
        "How alike the models are",
        "Texts on which models disagree most",
        "Examples behind the scores",
    ]
    kinds = [part.kind for _, part in sections if isinstance(part, View)]
    assert kinds == ["models"] * 3 + ["models-matrix"] * 3
    links = {part.meta["corpus"] for _, part in sections if isinstance(part, View)}
    assert links == {comparison.fingerprint}


@pytest.mark.parametrize("shape", [(1, 0), (1, 1), (2, 0), (3, 6), (12, 1)])
def test_sections_of_any_size(shape: tuple[int, int]) -> None:
    sections = comparison_sections(make_comparison(*shape))
    assert sections[0][0] == "Decision"
    assert sections[1][0].startswith("What the models read")


def test_all_failed_is_said() -> None:
    comparison = make_comparison(3, 1, failed=2)
    assert "minilm-static failed" in plain(comparison_sections(comparison)[2][1])


def test_texts_and_names_are_escaped() -> None:
    texts = [f"{MARKUP} {row} \x00 \u202e" for row in range(24)]
    comparison = make_comparison(
        3, 2, names=[MARKUP, "<b>$x$</b>", "c & d"], failed=0, corpus=make_corpus(texts=texts)
    )
    for _, part in comparison_sections(comparison):
        if isinstance(part, str):
            assert "<script" not in part
            assert "<b>" not in part
            assert "\x00" not in part
    html = "".join(part for _, part in comparison_sections(comparison) if isinstance(part, str))
    assert "&lt;script&gt;window.ran = 1&lt;/script&gt; 3" in html


def test_private_texts_are_nowhere() -> None:
    corpus = make_corpus(texts=[f"{SECRET} number {row}" for row in range(24)])
    comparison = make_comparison(4, 6, failed=1, corpus=corpus)
    assert SECRET in "".join(written(comparison_sections(comparison)))
    for part in written(comparison_sections(comparison, texts=False)):
        for word in ("quokka", "example text", "My parcel"):
            assert word not in part
        assert "failed" not in part or "quokka" not in part
    whole = "".join(written(comparison_sections(comparison, texts=False)))
    assert "t03" in whole, "ids stay"
    assert "an error may quote texts" in whole


def test_labels_go_with_the_columns() -> None:
    comparison = make_comparison(2, 6)
    assert "delivery" in "".join(written(comparison_sections(comparison)))
    whole = "".join(written(comparison_sections(comparison, texts=False, columns=[])))
    assert "delivery" not in whole
    assert "delivery" not in examples_html(
        comparison, "clustering: topic", *comparison.names, columns=[]
    )


def written(sections: list[tuple[str, str | View]]) -> list[str]:
    return [part.to_json() if isinstance(part, View) else part for _, part in sections]


def test_redacted_figures_of_models_keep_their_numbers() -> None:
    comparison = make_comparison(3, 1, failed=1)
    view = view_of(comparison).with_state(selection=["lsa"], query="secret")
    small = redacted(view, texts=False)
    assert "failure" in view.texts
    assert "failure" not in small.texts
    assert "failure" not in small.meta["table"]
    assert small.state == {"selection": ["lsa"]}
    assert small.texts["score"].tolist() == view.texts["score"].tolist()
    assert redacted(view, columns=[]) is view
