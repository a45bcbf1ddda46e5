from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ipywidgets import Widget

from workbench.analysis.comparison import Comparison
from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.views import View
from workbench.widgets import FigureHost, ModelComparison
from workbench.widgets._markup import Markup

from ..comparisons import NAMES, TASKS, make_comparison

Press = Callable[[ModelComparison, str], None]
Choose = Callable[[ModelComparison, str, str], None]
Find = Callable[[ModelComparison, str], Any]

MINILM, STATIC, LSA = NAMES
STS, RETRIEVAL, CLASSIFICATION = (task for task, _, _ in TASKS[:3])


def parts(widget: Widget, kind: type) -> Iterator[Any]:
    for child in getattr(widget, "children", ()):
        if isinstance(child, kind):
            yield child
        yield from parts(child, kind)


def hosts(widget: ModelComparison) -> dict[str, FigureHost]:
    """The figures by what they show."""
    names = {"models-matrix": "agreement", "models": "forest"}
    return {
        "tradeoff" if "speed" in host.view().title else names[host.view().kind]: host
        for host in parts(widget, FigureHost)
    }


def html(widget: ModelComparison) -> str:
    return "\n".join(part.html for part in parts(widget, Markup))


def words(widget: ModelComparison) -> str:
    """What the widget's tables and sentences say, without markup."""
    bare = re.sub(r"</?(bdi|strong|code)>", "", html(widget))
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", bare)).split())


def click(widget: ModelComparison, *names: str) -> None:
    """Choose models in the first figure, as the browser's message does."""
    next(parts(widget, FigureHost)).set_state({"selection": sorted(names)})


def shown_examples(widget: ModelComparison) -> list[int]:
    """The rows of the examples that can be clicked, as they are listed."""
    return [int(row) for row in re.findall(r'data-example="(\d+)"', html(widget))]


def click_example(widget: ModelComparison, row: int) -> None:
    (table,) = (part for part in parts(widget, Markup) if "data-example" in part.html)
    assert row in shown_examples(widget)
    table.set_state({"chosen": row})


@pytest.fixture
def widget() -> ModelComparison:
    return ModelComparison(make_comparison(3, 3))


def test_the_decision_comes_first_and_all_is_there(widget: ModelComparison) -> None:
    card = widget.children[0]
    assert widget.comparison.decision.sentence in re.sub(r"<[^>]*>", "", card.html)
    assert "1 of 3 models cut some" in card.html
    assert set(hosts(widget)) == {"tradeoff", "forest", "agreement"}
    assert (widget.task, widget.metric, widget.reference) == (STS, "spearman", MINILM)
    assert widget.pair == (STATIC, MINILM)
    assert widget.status.text.startswith("Click a model")
    assert "8.40" in words(widget), "costs"


def test_the_view_is_quality_and_speed_with_what_is_chosen(widget: ModelComparison) -> None:
    widget.selection = [LSA]
    view = widget.view()
    assert "quality and speed" in view.title
    assert view.state["selection"] == [LSA]
    chosen = {name: view.state[name] for name in ("task", "metric", "reference", "pair")}
    assert chosen == {
        "task": STS,
        "metric": "spearman",
        "reference": MINILM,
        "pair": [LSA, MINILM],
    }
    again = View.from_json(view.to_json())
    assert again.state == view.state


def test_figures_are_linked_by_one_name(widget: ModelComparison) -> None:
    keys = {host.view().meta["corpus"] for host in hosts(widget).values()}
    assert keys == {widget.comparison.fingerprint}


def test_another_task_and_metric(widget: ModelComparison, choose: Choose, find: Find) -> None:
    widget.selection = [LSA]
    choose(widget, "workbench-task", RETRIEVAL)
    assert (widget.task, widget.metric) == (RETRIEVAL, "ndcg@10")
    assert [value for _, value in find(widget, "workbench-metric").options] == list(TASKS[1][2])
    choose(widget, "workbench-metric", "mrr@10")
    for kind in ("tradeoff", "forest"):
        meta = hosts(widget)[kind].view().meta
        assert (meta["task"], meta["metric"]) == (RETRIEVAL, "mrr@10")
    assert widget.selection == [LSA], "the selection stays"
    assert widget.pair == (LSA, MINILM)
    assert f"{LSA} scores 0.670 [0.640, 0.700] in mrr@10, {MINILM} 0.790" in words(widget)


def test_another_reference_marks_and_compares_anew(widget: ModelComparison, choose: Choose) -> None:
    choose(widget, "workbench-reference", LSA)
    assert widget.pair == (STATIC, LSA)
    assert hosts(widget)["forest"].view().meta["reference"] == LSA
    against = hosts(widget)["tradeoff"].view().texts.set_index("id")["against the reference"]
    assert against[MINILM].startswith("▲ +0.120")
    assert f"{STATIC} is shown better" in words(widget)
    choose(widget, "workbench-reference", STATIC)
    assert widget.pair == (LSA, STATIC), "the two change places"


def test_a_click_on_a_model_says_why(widget: ModelComparison) -> None:
    click(widget, LSA)
    assert widget.selection == [LSA]
    assert widget.pair == (LSA, MINILM)
    found = widget.comparison.difference(STS, "spearman", LSA, MINILM)
    assert round(found.difference, 3) == -0.12
    said = words(widget)
    assert f"Why: {LSA} against {MINILM} on {STS}" in said
    assert f"{LSA} is shown worse. The difference is −0.120" in said
    assert "its 95 % interval [−0.150, −0.090], on the same 40 examples; p < 0.001" in said
    assert "after Holm's correction over 3 pairs of models; effect size −1.20" in said
    assert f"{LSA} and {MINILM} have" in said, "their neighbours, side by side"


def test_what_cannot_be_told_yet_and_how_many_examples_would_tell() -> None:
    widget = ModelComparison(make_comparison(2, 1, settled=False))
    said = words(widget)
    assert "One can't tell yet which is better." in said
    assert "Some 310 further examples would settle it" in said
    assert "p = 0.63" in said


def test_a_click_on_the_reference_or_on_many_changes_no_pair(widget: ModelComparison) -> None:
    click(widget, MINILM)
    assert widget.pair == (STATIC, MINILM)
    click(widget, MINILM, STATIC, LSA)
    assert widget.pair == (STATIC, MINILM)


def test_two_models_chosen_together_are_compared(widget: ModelComparison) -> None:
    click(widget, MINILM, LSA)
    assert widget.pair == (LSA, MINILM)
    click(widget, STATIC, LSA)
    assert widget.pair == (LSA, STATIC), "neither was the reference: the first of them is now"
    assert hosts(widget)["forest"].view().meta["reference"] == STATIC
    assert widget.selection == [LSA, STATIC]


def test_choosing_the_pair_selects_the_model(widget: ModelComparison, choose: Choose) -> None:
    choose(widget, "workbench-model", LSA)
    assert widget.pair == (LSA, MINILM)
    assert widget.selection == [LSA]
    widget.selection = []
    assert widget.pair == (LSA, MINILM)


def test_an_example_under_both_models(widget: ModelComparison, choose: Choose) -> None:
    choose(widget, "workbench-task", RETRIEVAL)
    first = shown_examples(widget)[0]
    gains = (
        widget.comparison.model(STATIC).scores[RETRIEVAL].examples["ndcg@10"]
        - widget.comparison.model(MINILM).scores[RETRIEVAL].examples["ndcg@10"]
    )
    assert first == int(np.argmax(gains)), "the example that the model does most better"
    click_example(widget, first)
    assert widget.example == f"e{first}"
    said = words(widget)
    assert f"Example e{first} query the example text number {first}" in said
    for metric in TASKS[1][2]:
        for name in (STATIC, MINILM):
            value = widget.comparison.model(name).scores[RETRIEVAL].examples[metric][first]
            assert f"{value:.3f}" in said
    choose(widget, "workbench-metric", "map")
    assert widget.example is None
    assert "Example e" not in words(widget)


def test_an_example_that_is_a_text_of_the_corpus_has_neighbours(choose: Choose) -> None:
    texts = tuple(f"the example text number {row}" for row in range(40))
    corpus = Corpus(texts, ids=tuple(f"e{row}" for row in range(40)), name="tickets")
    comparison = make_comparison(2, 3, corpus=corpus)
    widget = ModelComparison(comparison)
    choose(widget, "workbench-task", CLASSIFICATION)
    first = shown_examples(widget)[0]
    click_example(widget, first)
    assert comparison.agreement is not None
    for model in (0, 1):
        nearest = comparison.agreement.neighbors[model, first, 0]
        details = widget._example.html
        assert re.search(rf"<ol><li class=\"[^\"]*\" dir=\"auto\">{texts[nearest]}</li>", details)


def test_measures_of_agreement(widget: ModelComparison, choose: Choose) -> None:
    for measure in ("overlap_above_chance", "cka", "rank_correlation"):
        choose(widget, "workbench-measure", measure)
        assert hosts(widget)["agreement"].view().meta["measure"] == measure
        assert widget.view().state["measure"] == measure


def test_a_model_that_failed_is_said() -> None:
    widget = ModelComparison(make_comparison(3, 2, failed=1))
    click(widget, LSA)
    said = words(widget)
    assert f"{LSA} was not scored on {STS}. It failed: the texts: cannot read" in said
    assert "The neighbours of the two were not compared." in said
    assert not widget.status.failed


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"models": 1, "tasks": 1}, {"tradeoff", "forest"}),
        ({"models": 3, "tasks": 0}, {"agreement"}),
        ({"models": 2, "tasks": 2, "timed": False}, {"forest", "agreement"}),
        ({"models": 12, "tasks": 6, "failed": 2}, {"tradeoff", "forest", "agreement"}),
    ],
)
def test_what_is_missing_is_left_out(options: Any, shown: set[str], press: Press) -> None:
    saved: list[View] = []
    widget = ModelComparison(make_comparison(**options), on_save=saved.append)
    assert set(hosts(widget)) == shown
    press(widget, "workbench-save")
    assert saved[0].title == widget.view().title
    if options["models"] > 1:
        name = widget.comparison.names[1]
        click(widget, name)
        assert widget.pair == (name, widget.reference)
    else:
        assert widget.pair is None
    assert not widget.status.failed


def test_every_task_can_be_chosen(choose: Choose) -> None:
    widget = ModelComparison(make_comparison(3, 6))
    for task, _, metrics in TASKS:
        choose(widget, "workbench-task", task)
        for metric in metrics:
            choose(widget, "workbench-metric", metric)
            click_example(widget, shown_examples(widget)[-1])
            assert not widget.status.failed, widget.status.text
            assert widget.example is not None


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(InputError, match="nothing was scored and no two models"):
        ModelComparison(make_comparison(1, 0))


def test_what_cannot_be_is_refused() -> None:
    comparison = make_comparison(2, 1)
    with pytest.raises(InputError, match=r"no option 'onsave'. Did you mean 'on_save'"):
        ModelComparison(comparison, onsave=print)
    with pytest.raises(InputError, match="on_save: expected a function"):
        ModelComparison(comparison, on_save="run")
    with pytest.raises(InputError, match="expected a Comparison; got list"):
        ModelComparison([])
    widget = ModelComparison(comparison)
    with pytest.raises(InputError, match=r"'lsb'. Did you mean|'lsb'. Known"):
        widget.selection = ["lsb"]


def test_save_can_be_set_later(widget: ModelComparison, press: Press) -> None:
    saved: list[View] = []
    before = hosts(widget)
    widget.on_save = saved.append
    press(widget, "workbench-save")
    assert saved[0].state["task"] == STS
    assert hosts(widget) == before, "the figures are the same ones"


def hostile() -> Comparison:
    bad = "<script>window.ran = 1</script> $x$ \0 \u202e \udc80"
    corpus = Corpus(tuple(f"{bad} {row}" for row in range(9)), name=bad)
    comparison = make_comparison(2, 3, names=[f"{bad} a", f"{bad} b"], corpus=corpus)
    examples = {"query": bad, "text": bad, "sentence1": bad, "top_text": bad}
    models = tuple(
        replace(
            model,
            scores={
                task: replace(
                    scores,
                    examples=scores.examples.assign(
                        example=pd.Series(
                            [f"{bad} {row}" for row in range(len(scores))], dtype=object
                        ),
                        **{
                            key: pd.Series([value] * len(scores), dtype=object)
                            for key, value in examples.items()
                            if key in scores.examples
                        },
                    ),
                )
                for task, scores in model.scores.items()
            },
        )
        for model in comparison.models
    )
    return replace(comparison, models=models)


def test_names_and_texts_are_never_markup(choose: Choose, monkeypatch: pytest.MonkeyPatch) -> None:
    widget = ModelComparison(hostile())
    for task, _, _ in TASKS[:3]:
        choose(widget, "workbench-task", task)
        click_example(widget, shown_examples(widget)[0])
        assert widget.example is not None
        assert "window.ran" in html(widget)
        assert "<script" not in html(widget)
        html(widget).encode()  # what cannot be sent is not there
    monkeypatch.setenv("WORKBENCH_RENDER", "static")
    data, _ = widget._repr_mimebundle_()
    assert "<script>window.ran" not in data["text/html"]


def test_static(widget: ModelComparison, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_RENDER", "static")
    widget.selection = [LSA]
    data, metadata = widget._repr_mimebundle_()
    assert metadata == {}
    assert set(data) == {"text/html", "text/plain"}
    page = data["text/html"]
    assert "widget-view" not in page
    assert page.index("wb-card") < page.index("<h3>Scores</h3>")
    assert page.count('data-workbench-view="0"') == 1 + 3 + 3
    assert "<h3>How alike the models are</h3>" in page
    assert f"{LSA}</bdi> is shown worse" in page, "why, for the pair that was chosen"
    assert "data-example=" in page


def test_live_it_has_a_table_for_those_without_a_kernel(widget: ModelComparison) -> None:
    data = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert widget.comparison.decision.sentence in data["text/html"]


def test_closing_closes_all(widget: ModelComparison) -> None:
    inside = list(parts(widget, Widget))
    widget.close()
    assert all(part.comm is None for part in inside)
