from __future__ import annotations

from dataclasses import replace

from workbench.analysis.comparison import Comparison

from ...comparisons import make_comparison


def _with(
    comparison: Comparison, task: str, metric: str, verdicts: dict[tuple[str, str], str]
) -> Comparison:
    changed = tuple(
        replace(found, verdict=verdicts.get((found.a, found.b), found.verdict))
        for found in comparison.differences[task, metric]
    )
    return replace(comparison, differences={**comparison.differences, (task, metric): changed})


def test_the_model_that_no_other_is_shown_better_than_is_taken() -> None:
    decision = make_comparison(models=3, settled=True).decision
    assert decision.model == "all-MiniLM-L6-v2"
    assert decision.sentence.startswith("Take all-MiniLM-L6-v2: on sts: ticket pairs and")
    assert "spearman 0.820 (95 % interval 0.790 to 0.850)" in decision.evidence[0]
    assert "shown better than minilm-static and lsa" in decision.evidence[0]
    assert decision.cost == (
        "all-MiniLM-L6-v2: 120 texts/s here, 8.4 ms per query, 1,536 bytes per stored text, "
        "87 MB of weights."
    )


def test_of_models_that_cannot_be_told_apart_the_fastest_is_taken_until_more_is_known() -> None:
    decision = make_comparison(models=3, settled=False).decision
    assert decision.model == "lsa"  # 4.7 times as fast as the next, by hand
    assert decision.sentence.startswith("Can't tell yet: lsa, all-MiniLM-L6-v2 and minilm-static")
    assert decision.sentence.endswith("Until then take lsa: it is 4.7 times as fast as the next.")
    assert any("some 310 further examples would tell" in said for said in decision.unknown)


def test_without_costs_nothing_speaks_for_either() -> None:
    decision = make_comparison(models=2, settled=False, timed=False).decision
    assert decision.sentence.endswith("Decide by what they cost, or judge more examples.")


def test_when_each_is_beaten_somewhere_no_model_is_named() -> None:
    comparison = make_comparison(models=2)
    pair = ("all-MiniLM-L6-v2", "minilm-static")
    mixed = _with(comparison, "retrieval: help pages", "ndcg@10", {pair: "worse"})
    assert mixed.decision.model is None
    assert mixed.decision.sentence.startswith("No model is best on")


def test_a_model_that_was_not_scored_on_all_tasks_is_not_taken() -> None:
    comparison = make_comparison(models=2)
    first, second = comparison.models
    partial = replace(first, scores=dict(list(first.scores.items())[:1]))
    left = {key: found for key, found in comparison.differences.items() if key[0] in partial.scores}
    both = replace(comparison, models=(partial, second), differences=left)
    assert both.decision.model is None


def test_what_is_not_known_is_said() -> None:
    comparison = make_comparison(models=3, failed=1)
    said = " ".join(comparison.decision.unknown)
    assert "lsa failed: the texts: cannot read" in said
    assert "sts: ticket pairs has 40 examples; intervals are rough below 100." in said
    assert "texts unlike the 24 of support tickets" in said


def test_one_model_and_no_task() -> None:
    one = make_comparison(models=1).decision
    assert one.sentence == (
        "all-MiniLM-L6-v2 is the only model that was scored; there is nothing to compare."
    )
    none = make_comparison(models=2, tasks=0).decision
    assert none.model is None
    assert none.sentence.startswith("Nothing was scored: give compare_models tasks")


def test_who_was_not_scored_on_all_tasks_is_not_said_to_be_worse() -> None:
    comparison = make_comparison(models=3)
    best, partial, worse = comparison.models
    one_task = replace(partial, scores=dict(list(partial.scores.items())[:1]))
    name = (best.name, partial.name)
    open_ = _with(comparison, "sts: ticket pairs", "spearman", {name: "can't tell yet"})
    left = {
        (task, metric): tuple(
            f for f in pairs if task == "sts: ticket pairs" or partial.name not in (f.a, f.b)
        )
        for (task, metric), pairs in open_.differences.items()
    }
    decision = replace(open_, models=(best, one_task, worse), differences=left).decision
    assert decision.model == best.name
    assert decision.sentence == (
        "Take all-MiniLM-L6-v2: on sts: ticket pairs and retrieval: help pages no other model is "
        "shown better, and of the others that were scored each but minilm-static is shown worse "
        "than some model. minilm-static was not scored on all of these tasks."
    )


def test_without_a_clearly_faster_one_no_model_is_named_in_any_order() -> None:
    comparison = make_comparison(models=2, settled=False)
    first, second = comparison.models
    assert first.cost is not None
    close = replace(second, cost=replace(first.cost, texts_per_second=121.0))
    untimed = make_comparison(models=2, settled=False, timed=False)
    for models in ((first, close), (close, first), untimed.models, untimed.models[::-1]):
        decision = replace(comparison, models=models).decision
        assert decision.model is None
        assert decision.sentence.endswith("Decide by what they cost, or judge more examples.")


def test_of_many_open_differences_those_nearest_to_settled_are_named() -> None:
    comparison = make_comparison(models=12, tasks=1, settled=False)
    pairs = tuple(
        replace(found, verdict="can't tell yet", further_examples=900 - row)
        for row, found in enumerate(comparison.differences["sts: ticket pairs", "spearman"])
    )
    assert len(pairs) == 66
    changed = {**comparison.differences, ("sts: ticket pairs", "spearman"): pairs}
    said = replace(comparison, differences=changed).decision.unknown
    named = [one for one in said if "further examples would tell" in one]
    assert [one.split(" further")[0][-3:] for one in named] == ["835", "836", "837"]
    assert any("63 more differences are open" in one for one in said)


def test_a_settled_question_asks_for_no_examples_about_the_losers() -> None:
    comparison = make_comparison(models=3, tasks=1)
    losers = {("minilm-static", "lsa"): "can't tell yet"}
    open_ = _with(comparison, "sts: ticket pairs", "spearman", losers)
    (pair,) = (f for f in open_.differences["sts: ticket pairs", "spearman"] if f.b == "lsa"
               and f.a == "minilm-static")  # fmt: skip
    changed = tuple(
        replace(found, further_examples=310) if found is pair else found
        for found in open_.differences["sts: ticket pairs", "spearman"]
    )
    key = ("sts: ticket pairs", "spearman")
    decision = replace(open_, differences={**open_.differences, key: changed}).decision
    assert decision.model == "all-MiniLM-L6-v2"
    assert not any("further examples" in said for said in decision.unknown)


def test_equal_scores_are_said_to_be_level_and_few_examples_of_one_model_are_said() -> None:
    comparison = make_comparison(models=2, tasks=1, settled=False)
    first, second = comparison.models
    level = replace(comparison, models=(first, replace(second, scores=first.scores)))
    assert "scores highest, level with minilm-static, spearman" in level.decision.evidence[0]
    one = make_comparison(models=1).decision
    assert "sts: ticket pairs has 40 examples; intervals are rough below 100." in one.unknown
