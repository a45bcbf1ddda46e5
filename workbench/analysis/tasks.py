"""What a model can be scored on, example by example: one function per kind of task.

Each returns a `Task`; ``task.score(encoder)`` returns `TaskScores`, and ``wb.compare_models`` takes
tasks. Vectors are compared by cosine; every metric is better when larger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from numpy.typing import ArrayLike

from workbench.analysis.evaluation import (
    ClassificationTask,
    ClusteringTask,
    CustomTask,
    PairClassificationTask,
    RerankingTask,
    RetrievalTask,
    SimilarityTask,
    Task,
    TaskScores,
)
from workbench.corpus import Corpus, RetrievalSet, SentencePairs
from workbench.embeddings import Embeddings

__all__ = [
    "Task",
    "TaskScores",
    "classification",
    "clustering",
    "custom",
    "pair_classification",
    "reranking",
    "retrieval",
    "sts",
]


def sts(pairs: SentencePairs) -> SimilarityTask:
    """Semantic textual similarity: whether the cosine of a pair goes with its score.

    Metrics: ``spearman`` (of ranks; the published one, there × 100) and ``pearson``. An interval
    draws pairs.

    Parameters
    ----------
    pairs
        At least five pairs with scores, in any range; `read_pairs` reads them from a file.

    Raises
    ------
    InputError
        If there are no scores, they are all equal, or there are fewer than five pairs.
    """
    return SimilarityTask(pairs)


def pair_classification(
    pairs: SentencePairs, *, threshold: float | None = None
) -> PairClassificationTask:
    """Pair classification: whether the cosine tells pairs that match from others.

    Metrics: ``average_precision``, and ``best_f1``: F1 at the threshold on the cosine where it is
    highest, which `TaskScores.threshold` gives. That threshold is chosen on these same pairs, so
    the F1 is the best case; average precision needs none.

    Parameters
    ----------
    pairs
        Pairs with scores of 0 and 1, some of each.
    threshold
        For graded scores: pairs with this score or more count as 1.

    Raises
    ------
    InputError
        If there are no scores, others than 0 and 1 without a threshold, only one of
        the two, or fewer than five pairs.
    """
    return PairClassificationTask(pairs, threshold)


def retrieval(retrieval_set: RetrievalSet, *, k: int = 10) -> RetrievalTask:
    """Retrieval: whether the texts that answer a query are found in the corpus.

    Metrics, per query, as trec_eval defines them: ``ndcg@k`` (graded, linear gain), ``mrr@k``,
    ``map`` (over the whole ranking), ``recall@k``, ``precision@k``; for all but nDCG a grade above
    0 is relevant. Equal cosines rank by row of the corpus. Queries and texts are encoded with the
    model's own prompts for them: ``query``; ``document``, ``passage`` or ``corpus``.

    Parameters
    ----------
    retrieval_set
        Queries, a corpus and judgements. Queries without a relevant text are left out, and a
        note counts them.
    k
        How deep the metrics look, 1 to 1000.

    Raises
    ------
    InputError
        If fewer than five queries have a relevant text, or k is out of range.
    """
    return RetrievalTask(retrieval_set, k)


def reranking(
    retrieval_set: RetrievalSet,
    candidates: Mapping[str, Iterable[str]] | None = None,
    *,
    k: int = 10,
) -> RerankingTask:
    """Reranking: whether the relevant ones of a few given texts come first.

    Metrics, per query: ``map``, ``mrr@k``, ``ndcg@k``, over the candidates only: a relevant text
    that is no candidate does not count. Ties and prompts are as in `retrieval`.

    Parameters
    ----------
    retrieval_set
        Queries, a corpus and judgements.
    candidates
        Query id → ids of the texts to order. None: those that the set judges, which then needs
        some of grade 0 (not relevant).
    k
        How deep MRR and nDCG look, 1 to 1000.

    Raises
    ------
    InputError
        If an id is unknown, or fewer than five queries have both a relevant candidate and one
        that is not; other queries are left out, and a note counts them.
    """
    return RerankingTask(retrieval_set, candidates, k)


def clustering(label: str | None = None, *, corpus: Corpus | None = None) -> ClusteringTask:
    """Clustering: whether k-means clusters of the texts agree with their labels.

    Metric: ``v_measure`` (0 to 1) of k-means on unit vectors, with as many clusters as there are
    labels, the best of ten starts (mini-batches above 20,000 texts). An interval draws texts and
    keeps their clusters: it does not speak of another run of k-means.

    Parameters
    ----------
    label
        The column of the labels; None: the corpus' own. Texts without one are left out.
    corpus
        The texts; None: those that ``score`` or ``wb.compare_models`` is given.

    Raises
    ------
    InputError
        If the corpus has no such column, or fewer than two labels.
    """
    return ClusteringTask(label, corpus)


def classification(label: str | None = None, *, corpus: Corpus | None = None) -> ClassificationTask:
    """Classification: whether a linear probe reads the label off the vector.

    Metrics: ``accuracy`` and ``macro_f1`` of the labels that a logistic regression (scikit-learn's,
    L2, C = 1, on unit vectors) predicts for the texts it has not seen: five stratified folds, fixed
    by the seed. A label that one text has alone is left out; notes tell of it and of labels rarer
    than folds. An interval draws texts and keeps their predictions.

    Parameters
    ----------
    label
        The column of the labels; None: the corpus' own. Texts without one are left out.
    corpus
        The texts; None: those that ``score`` or ``wb.compare_models`` is given.

    Raises
    ------
    InputError
        If the corpus has no such column, or fewer than two labels.
    """
    return ClassificationTask(label, corpus)


def custom(
    name: str, function: Callable[[Embeddings], ArrayLike], *, corpus: Corpus | None = None
) -> CustomTask:
    """Return a task of one's own: the mean of what a function gives each text.

    Parameters
    ----------
    name
        What to call the task.
    function
        From Embeddings of n texts to n finite scores, larger is better; the same texts for every
        model, so that models can be compared text by text.
    corpus
        The texts; None: those that ``score`` or ``wb.compare_models`` is given.

    Raises
    ------
    InputError
        If the name is empty or the function cannot be called.
    """
    return CustomTask(name, function, corpus)
