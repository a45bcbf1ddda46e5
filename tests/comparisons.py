"""Comparisons made of hand-written numbers: nothing is encoded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from workbench.analysis.agreement import ModelAgreement, agreement
from workbench.analysis.audit import TruncationAudit
from workbench.analysis.comparison import Comparison, ModelResult
from workbench.analysis.cost import ModelCost
from workbench.analysis.evaluation import TaskScores
from workbench.analysis.geometry import Geometry
from workbench.analysis.significance import Interval, PairedDifference
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.models import ModelSpec

TASKS = (
    ("sts: ticket pairs", "sts", ("spearman", "pearson")),
    ("retrieval: help pages", "retrieval", ("ndcg@10", "mrr@10", "map")),
    ("classification: topic", "classification", ("accuracy", "macro_f1")),
    ("clustering: topic", "clustering", ("v_measure",)),
    ("pair classification: duplicates", "pair_classification", ("average_precision", "best_f1")),
    ("politeness", "custom", ("score",)),
)
NAMES = ("all-MiniLM-L6-v2", "minilm-static", "lsa")
_HALF = 0.03  # of each interval
_SEEN = 0.05  # a difference above this is shown


def make_corpus(count: int = 24, texts: Sequence[str] = ()) -> Corpus:
    """Return texts with a label, or those given."""
    topics = ["delivery", "money", "account"]
    given = tuple(texts) or tuple(
        f"My {('parcel', 'refund', 'password')[row % 3]} number {row} is late: what do I do now?"
        for row in range(count)
    )
    return Corpus(
        given,
        ids=tuple(f"t{row:02}" for row in range(len(given))),
        columns={"topic": [topics[row % 3] for row in range(len(given))]},
        name="support tickets",
        label="topic",
    )


def make_comparison(
    models: int = 3,
    tasks: int = 2,
    *,
    names: Sequence[str] = (),
    failed: int = 0,
    corpus: Corpus | None = None,
    timed: bool = True,
    settled: bool = True,
) -> Comparison:
    """Return a comparison.

    Parameters
    ----------
    models
        How many; the first scores highest and is slowest.
    tasks
        How many, of sts, retrieval, classification, clustering, pair_classification, custom.
    names
        The models' names; made up where there are too few.
    failed
        How many of the last models failed before they scored; their errors quote a text.
    corpus
        The texts; by default 24 tickets.
    timed
        Whether costs were measured.
    settled
        Whether the models are 0.06 apart and shown different; else 0.01 apart.
    """
    texts = make_corpus() if corpus is None else corpus
    called = [*names, *NAMES, *(f"further-model-number-{row:02}-of-them" for row in range(models))]
    called = called[:models]
    alive = called[: models - failed]
    step = 0.06 if settled else 0.01
    chosen = TASKS[:tasks]
    results = tuple(
        make_result(row, name, texts, chosen if name in alive else (), step, timed)
        for row, name in enumerate(called)
    )
    differences = {
        (task, metric): tuple(
            difference_of(results, one, other, task, metric, len(alive))
            for one, other in combinations(range(len(alive)), 2)
        )
        for task, _, metrics in chosen
        for metric in metrics
        if len(alive) > 1
    }
    return Comparison(texts, results, differences, make_agreement(texts, alive), (), 0)


def make_result(
    row: int,
    name: str,
    corpus: Corpus,
    tasks: Sequence[tuple[str, str, tuple[str, ...]]],
    step: float,
    timed: bool,
) -> ModelResult:
    """Return the model at a place; one without tasks failed."""
    reads = 256 if row == 0 else None
    spec = ModelSpec(name, "dense", f"revision-{row}", 384 // (row + 1), max_tokens=reads)
    if not tasks and row:
        return ModelResult(name, spec, failure=f"the texts: cannot read {corpus.texts[0]!r}")
    cut = 2 if row == 0 else 0
    counts = {"texts": len(corpus), "truncated": cut, "tokens": 5000, "tokens_lost": 180 * cut}
    cost = ModelCost(
        texts_per_second=120.0 * 4.7**row if row < 6 else 150.0 * row,
        query_ms=8.4 / (row + 1),
        peak_memory_mb=310.0 - 20 * row,
        size_mb=87.3 if row != 2 else None,
        parameters=22_713_216 if row != 2 else None,
        dimension=spec.dimension,
        max_tokens=reads,
        bytes_per_text=4 * spec.dimension,
    )
    shape = Geometry(1.8 + row, 0.03 * row, 10, 0.2, 31.0, corpus.ids[0], len(corpus), name)
    scores = {task: make_scores(row, spec, task, kind, metrics, step)
              for task, kind, metrics in tasks}  # fmt: skip
    audit = TruncationAudit(**counts, counted=row != 2, longest=437)
    return ModelResult(name, spec, audit, cost if timed else None, shape, scores)


def make_scores(
    row: int, spec: ModelSpec, task: str, kind: str, metrics: tuple[str, ...], step: float
) -> TaskScores:
    """Return scores whose intervals are written by hand."""
    intervals = {}
    for place, metric in enumerate(metrics):
        estimate = 0.82 - step * row - 0.03 * place
        intervals[metric] = Interval(estimate, estimate - _HALF, estimate + _HALF, 0.95, "by hand")
    prompts = {"query": "query: "} if kind == "retrieval" and row == 0 else {}
    notes = ("2 of 40 texts are longer than the model reads.",) if row == 0 else ()
    examples = make_examples(kind, metrics, row)
    return TaskScores(task, kind, metrics, spec, examples, prompts, intervals, notes)


def make_examples(kind: str, metrics: tuple[str, ...], seed: int, count: int = 40) -> pd.DataFrame:
    """Return a table of examples as a task of that kind makes it."""
    rng = np.random.default_rng(seed)
    example = pd.Series([f"e{row}" for row in range(count)], dtype=object)
    texts = [f"the example text number {row}" for row in range(count)]
    label = [("delivery", "money")[row % 2] for row in range(count)]
    table: dict[str, Any] = {"example": example}
    if kind in ("sts", "pair_classification"):
        known = np.arange(count) % 2
        table |= {"score": np.linspace(0, 5, count)} if kind == "sts" else {"label": known}
        table |= {"similarity": rng.random(count), "sentence1": texts, "sentence2": texts}
    elif kind == "retrieval":
        table |= {metric: rng.random(count) for metric in metrics}
        table |= {"best_rank": rng.integers(1, 30, count), "query": texts, "top_text": texts}
    elif kind == "classification":
        table |= {"label": label, "predicted": rng.permutation(label), "text": texts}
    elif kind == "clustering":
        table |= {"label": label, "cluster": rng.integers(0, 3, count), "text": texts}
    else:
        table |= {"score": rng.random(count), "text": texts}
    return pd.DataFrame(table)


def difference_of(
    results: Sequence[ModelResult], one: int, other: int, task: str, metric: str, models: int
) -> PairedDifference:
    """Return a difference that is shown when it is large."""
    a, b = results[one], results[other]
    shift = a.scores[task].value(metric) - b.scores[task].value(metric)
    shown = abs(shift) > _SEEN
    return PairedDifference(
        a.name,
        b.name,
        metric,
        shift,
        shift - _HALF,
        shift + _HALF,
        0.0001 if shown else 0.21,
        0.0003 if shown else 0.63,
        10 * shift,
        40,
        0 if shown else 310,
        ("better" if shift > 0 else "worse") if shown else "can't tell yet",
    )


def make_agreement(corpus: Corpus, names: Sequence[str]) -> ModelAgreement | None:
    """Return the agreement of random vectors, each model's a little further from the first's."""
    if len(names) < 2:
        return None
    rng = np.random.default_rng(0)
    common = rng.normal(size=(len(corpus), 8))
    vectors = {
        name: Embeddings.from_array(
            common + 0.4 * row * rng.normal(size=common.shape), corpus, name=name
        )
        for row, name in enumerate(names)
    }
    return agreement(vectors, n_neighbors=5)
