"""compare_models: several models on the same texts and tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from workbench._progress import Progress, ProgressOption, showing
from workbench.analysis._inputs import as_seed, as_whole
from workbench.analysis.agreement import ModelAgreement, agreement
from workbench.analysis.audit import audit_truncation
from workbench.analysis.comparison._values import Comparison, ModelResult
from workbench.analysis.cost import ModelCost, costs_and_failures
from workbench.analysis.evaluation import Task, TaskScores, fitted
from workbench.analysis.geometry import Geometry, geometry
from workbench.analysis.neighbors import Neighbors, nearest_neighbors
from workbench.analysis.significance import PairedDifference, paired_differences
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings, EmbeddingStore, embed
from workbench.errors import InputError, WorkbenchError
from workbench.models import Encoder, load_encoder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["compare_models"]

Reference: TypeAlias = "str | Path | SentenceTransformer | Encoder"
T = TypeVar("T")


def compare_models(
    corpus: Corpus,
    models: Sequence[Reference] | Mapping[str, Reference],
    *,
    tasks: Sequence[Task] = (),
    n_neighbors: int = 10,
    random_state: int = 0,
    store: EmbeddingStore | bool = True,
    progress: ProgressOption = True,
) -> Comparison:
    """Compare models on one's own texts.

    Parameters
    ----------
    corpus
        The texts: what costs, truncation and agreement are measured on, and what a task without
        texts of its own (`tasks.clustering`, `tasks.classification`) scores.
    models
        What `load_encoder` takes, at least one; a dict gives them names. An LSA that is not
        fitted is fitted on the corpus, once. A variant of a model is a `Variant`.
    tasks
        What to score; without any, only costs and agreement are measured.
    n_neighbors
        The size of the neighbourhoods whose overlap is measured.
    random_state
        The seed of all that is drawn. The scores are the same in any order of models.
    store
        Where vectors are kept; True: the user's store. False: keep nothing.
    progress
        True: bars; False: nothing; or a callable (done, total) that counts finished steps.

    Returns
    -------
    Comparison
        A model that fails at something keeps what it did before, and its row says why.

    Raises
    ------
    InputError
        If there is no model, two have one name, an option is out of range, or a task cannot be
        scored on these texts: before anything is encoded.
    ModelUnavailableError
        If a model cannot be loaded: before anything is encoded.
    KeyboardInterrupt
        When interrupted; what was encoded is in the store.
    """
    as_whole(n_neighbors, "compare_models: n_neighbors", 1, 10_000)
    as_seed(random_state)
    encoders = _encoders(corpus, models)
    _check_tasks(tasks, corpus)
    with showing(progress, "Comparing", unit=" steps") as report:
        bench = _Bench(corpus, encoders, store, random_state, report, 3 + len(tasks))
        bench.embed()
        for task in tasks:
            bench.score(task)
        bench.measure()
        alike = bench.relate(n_neighbors)
    return Comparison(
        corpus,
        tuple(bench.result(name) for name in encoders),
        _differences(bench.scores, tasks, random_state),
        alike,
        tuple(tasks),
        random_state,
    )


class _Bench:
    """What is measured so far; what a model fails at is noted, and the others go on."""

    def __init__(
        self,
        corpus: Corpus,
        encoders: Mapping[str, Encoder],
        store: EmbeddingStore | bool,
        random_state: int,
        report: Progress,
        stages: int,
    ) -> None:
        self.corpus = corpus
        self.encoders = encoders
        self.store = store
        self.random_state = random_state
        self.vectors: dict[str, Embeddings] = {}
        self.scores: dict[str, dict[str, TaskScores]] = {name: {} for name in encoders}
        self.costs: dict[str, ModelCost] = {}
        self.neighbors: dict[str, Neighbors] = {}
        self.geometries: dict[str, Geometry] = {}
        self.failures: dict[str, list[str]] = {name: [] for name in encoders}
        self._report, self._done, self._steps = report, 0, stages * len(encoders)

    def embed(self) -> None:
        for name, encoder in self.encoders.items():
            work = partial(embed, self.corpus, encoder, store=self.store, progress=False)
            self._try(name, "the texts", work, self.vectors)

    def score(self, task: Task) -> None:
        """Score every model that has vectors."""
        found: dict[str, TaskScores] = {}
        for name in self.encoders:
            work = partial(
                task.score,
                self.encoders[name],
                corpus=self.corpus,
                store=self.store,
                progress=False,
                random_state=self.random_state,
            )
            if name in self.vectors:
                self._try(name, task.name, work, found)
            else:
                self._count()
        _check_same_examples(task, found)
        for name, scores in found.items():
            self.scores[name][task.name] = scores

    def measure(self) -> None:
        """Measure speed and size, all models in turn; one that fails is measured no further."""
        alive = {name: self.encoders[name] for name in self.vectors}
        if alive:
            self.costs, failures = costs_and_failures(
                alive, self.corpus.texts, random_state=self.random_state, progress=False
            )
            for name, why in failures.items():
                self.failures[name].append(f"what it costs: {why}")
        self._count(len(self.encoders))

    def relate(self, n_neighbors: int) -> ModelAgreement | None:
        """Compare neighbourhoods of the models whose vectors have neighbours."""
        self._count(len(self.encoders) - len(self.vectors))
        if len(self.corpus) < 3:
            self._count(len(self.vectors))
            return None
        for name, vectors in self.vectors.items():
            k = min(n_neighbors, len(self.corpus) - 1)
            work = partial(nearest_neighbors, vectors, k)
            self._try(name, "its neighbours", work, self.neighbors)
            if name in self.neighbors:
                near = self.neighbors[name]
                self.geometries[name] = geometry(vectors, n_neighbors=n_neighbors, neighbors=near)
        if len(self.neighbors) < 2:
            return None
        return agreement(
            {name: self.vectors[name] for name in self.neighbors},
            n_neighbors=n_neighbors,
            neighbors=self.neighbors,
            random_state=self.random_state,
        )

    def result(self, name: str) -> ModelResult:
        vectors = self.vectors.get(name)
        return ModelResult(
            name,
            vectors.spec if vectors is not None else self.encoders[name].spec,
            audit_truncation(vectors) if vectors is not None else None,
            self.costs.get(name),
            self.geometries.get(name),
            self.scores[name],
            " ".join(self.failures[name]),
            self.encoders[name],
        )

    def _try(self, name: str, what: str, work: Callable[[], T], found: dict[str, T]) -> None:
        """Do a model's work and keep what it gives, or note why it failed."""
        try:
            found[name] = work()
        except WorkbenchError as error:
            self.failures[name].append(f"{what}: {error}")
        except Exception as error:  # whatever an encoder or a task raises: the others go on
            self.failures[name].append(f"{what}: {type(error).__name__}: {error}")
        self._count()

    def _count(self, steps: int = 1) -> None:
        self._done += steps
        self._report(min(self._done, self._steps), self._steps)


def _encoders(
    corpus: object, models: Sequence[Reference] | Mapping[str, Reference]
) -> dict[str, Encoder]:
    """Load every model before the first is used: a wrong name costs no work."""
    if not isinstance(corpus, Corpus):
        raise InputError(
            f"compare_models: expected a Corpus; got {type(corpus).__name__}. "
            "wb.read_corpus makes one, also of a list."
        )
    if isinstance(models, str) or not isinstance(models, Sequence | Mapping) or not models:
        raise InputError(
            f"compare_models: expected a list of models, or a dict by name; got {models!r:.80}."
        )
    given = models.items() if isinstance(models, Mapping) else ((None, one) for one in models)
    encoders: dict[str, Encoder] = {}
    for chosen, reference in given:
        if chosen is not None and (not isinstance(chosen, str) or not chosen.strip()):
            raise InputError(
                f"compare_models: a model's name is a text that is not blank; got {chosen!r:.60}."
            )
        encoder = fitted(load_encoder(reference), corpus.texts)
        name = chosen or encoder.spec.title()
        if name in encoders:
            raise InputError(
                f"compare_models: two models are called {name!r}. Give a dict with a name for "
                "each: {'first': …, 'second': …}."
            )
        encoders[name] = encoder
    return encoders


def _check_tasks(tasks: object, corpus: Corpus) -> None:
    if not isinstance(tasks, Sequence) or not all(isinstance(task, Task) for task in tasks):
        raise InputError(
            f"compare_models: tasks is a list of wb.tasks, [wb.tasks.clustering('topic')] say; "
            f"got {tasks!r:.80}."
        )
    names = [task.name for task in tasks]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(
            f"compare_models: two tasks are called {twice!r}. Give their data different names."
        )
    for task in tasks:
        task.check(corpus)


def _check_same_examples(task: Task, found: Mapping[str, TaskScores]) -> None:
    """A paired test needs the same examples in the same order."""
    ids = {name: tuple(scores.examples["example"]) for name, scores in found.items()}
    first = next(iter(ids), "")
    for name, examples in ids.items():
        if examples != ids[first]:
            raise InputError(
                f"compare_models: {task.name} gave {name!r} other examples than {first!r}; a "
                "paired comparison needs the same ones. A custom task must not drop texts."
            )


def _differences(
    scores: Mapping[str, Mapping[str, TaskScores]], tasks: Sequence[Task], random_state: int
) -> dict[tuple[str, str], tuple[PairedDifference, ...]]:
    found = {}
    for task in tasks:
        scored = {name: own[task.name] for name, own in scores.items() if task.name in own}
        for metric in task.metrics if len(scored) > 1 else ():
            statistics = {name: own.statistic(metric) for name, own in scored.items()}
            found[task.name, metric] = paired_differences(
                statistics, metric=metric, random_state=random_state
            )
    return found
