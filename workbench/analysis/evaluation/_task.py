"""What a task is, and what all tasks do with an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from workbench._progress import ProgressOption
from workbench.analysis._resampling import FEWEST_EXAMPLES
from workbench.analysis.evaluation._scores import TaskScores
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings, EmbeddingStore, embed
from workbench.errors import InputError
from workbench.models import Encoder, ModelSpec, base_of, fitted_on, load_encoder

__all__ = [
    "DOCUMENT_PROMPTS",
    "QUERY_PROMPTS",
    "Task",
    "check_enough",
    "cosines",
    "directions",
    "embedded",
    "fitted",
    "own_name",
    "prompt_named",
    "remarks",
    "spec_of",
    "task_corpus",
]

# The names that sentence-transformers' encode_query and encode_document look for, in order.
QUERY_PROMPTS = ("query",)
DOCUMENT_PROMPTS = ("document", "passage", "corpus")


@runtime_checkable
class Task(Protocol):
    """Something that a model can be scored on, example by example."""

    @property
    def name(self) -> str:
        """What titles and tables call the task."""

    @property
    def kind(self) -> str:
        """Which kind of task it is (``sts``, ``retrieval``, …)."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics' names, the main one first."""

    def check(self, corpus: Corpus | None) -> None:
        """Raise an InputError if the task cannot be scored on these texts: before a model runs."""

    def score(
        self,
        encoder: Encoder | str,
        *,
        corpus: Corpus | None = None,
        store: EmbeddingStore | bool = True,
        progress: ProgressOption = True,
        random_state: int = 0,
    ) -> TaskScores:
        """Return a model's scores; ``corpus`` is for tasks without texts of their own."""


def fitted(encoder: Encoder | str, texts: Sequence[str]) -> Encoder:
    """Return the encoder that a reference names, an LSA fitted on the task's own texts."""
    return fitted_on(load_encoder(encoder), texts)


def prompt_named(encoder: Encoder, names: Sequence[str]) -> str | None:
    """Return the name of the first prompt with text, or of one that is there and empty.

    An empty one keeps a model's default prompt away from texts that are to have none.
    """
    find = getattr(base_of(encoder), "prompt", None)
    if not callable(find):
        return None
    there: list[str] = []
    for name in names:
        try:
            if find(name):
                return name
        except InputError:
            continue
        there.append(name)
    return there[0] if there else None


def embedded(
    texts: Corpus | Sequence[str],
    encoder: Encoder,
    store: EmbeddingStore | bool,
    progress: ProgressOption,
    prompts: Sequence[str] = (),
) -> Embeddings:
    """Return the vectors of a task's texts, with the first of some prompts that the model has."""
    name = prompt_named(encoder, prompts)
    return embed(texts, encoder, prompt_name=name, store=store, progress=progress)


def spec_of(embeddings: Embeddings) -> ModelSpec:
    """Return the model without the prompt, which `TaskScores.prompts` tells."""
    return replace(embeddings.spec, prompt="")


def directions(embeddings: Embeddings) -> NDArray[np.float64]:
    """Return vectors of length 1, float64 (n, d); one of zeros stays: its cosines are 0."""
    vectors = embeddings.dense().astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return np.asarray(np.divide(vectors, lengths, out=vectors, where=lengths > 0))


def cosines(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cosine of each row with the row beside it, shape (n,).

    Computed in float64 and rounded to float32, so that what is equal (a text and itself, two
    pairs of packed bits) stays equal, whatever the order of the additions was.
    """
    products = np.einsum("ij,ij->i", left, right)
    return np.asarray(np.clip(products, -1.0, 1.0).astype(np.float32), dtype=np.float64)


def remarks(*sets: Embeddings) -> tuple[str, ...]:
    """Return sentences on texts that a model reads in part, or knows nothing of."""
    notes: list[str] = []
    texts = sum(len(embeddings) for embeddings in sets)
    cut = sum(int(embeddings.truncated.sum()) for embeddings in sets)
    if cut:
        notes.append(f"{cut:,} of {texts:,} texts are longer than the model reads.")
    zero = sum(int((~embeddings.dense().any(axis=1)).sum()) for embeddings in sets)
    if zero:
        notes.append(
            f"{zero:,} of {texts:,} texts have an all-zero vector (the model knows no word of "
            "them): their cosine to anything is taken as 0."
        )
    return tuple(notes)


def task_corpus(own: Corpus | None, given: Corpus | None, name: str) -> Corpus:
    """Return the corpus that a task is to use: its own, or else the one it was given."""
    chosen = own if own is not None else given
    if isinstance(chosen, Corpus):
        return chosen
    raise InputError(
        f"{name}: expected a Corpus; got {type(chosen).__name__}. Pass corpus=… to the task or to "
        "its score; wb.read_corpus makes one."
    )


def check_enough(count: int, what: str, name: str) -> None:
    """Raise an InputError when there are too few examples for an interval."""
    if count < FEWEST_EXAMPLES:
        raise InputError(
            f"{name}: expected at least {FEWEST_EXAMPLES} {what}; got {count}. Add some; with "
            "100 or more the intervals are reliable."
        )


def own_name(kind: str, of: str, corpus: Corpus | None = None) -> str:
    """Return a task's name: ``"clustering: topic of support tickets"``."""
    return f"{kind}: {of}" if corpus is None else f"{kind}: {of} of {corpus.name}"
