"""Whether a search finds what answers a query: scores over judged queries, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from workbench._arrays import IntArray
from workbench._progress import ProgressOption, showing
from workbench.analysis._inputs import as_seed, as_whole
from workbench.analysis.evaluation import TaskScores
from workbench.analysis.evaluation._judged import JudgedQuery, examples_table, judged
from workbench.analysis.evaluation.ranking import query_metrics
from workbench.corpus import Corpus, RetrievalSet
from workbench.errors import InputError
from workbench.models import ModelSpec, SparseModel
from workbench.search._ranking import ranked
from workbench.search._scorers import SparseScorer
from workbench.search._searching import MOST_HITS
from workbench.search.fusion import Hybrid
from workbench.search.searchable import Searchable, check_searchable

__all__ = ["score_search", "score_sparse"]

_NOT_FOUND = 10**9  # the rank of a text that a search does not find: it adds nothing


def score_search(
    index: Searchable,
    retrieval_set: RetrievalSet,
    *,
    method: str | Hybrid = "dense",
    rerank: int | None = None,
    k: int = 10,
    random_state: int = 0,
    progress: ProgressOption = True,
) -> TaskScores:
    """Return how well a search finds the relevant texts of judged queries.

    The metrics are those of ``tasks.retrieval``, as trec_eval defines them; a relevant text that
    the search does not find at all counts as last of all. By ``dense`` they are the task's own.

    Parameters
    ----------
    index
        What is searched, a `SearchIndex` or a `DiskIndex`.
    retrieval_set
        Queries and judgements; its texts are in the index.
    method, rerank
        As for `SearchIndex.search`. With ``rerank``, what is beyond counts as not found.
    k
        The depth of ``ndcg@k``, ``mrr@k``, ``recall@k`` and ``precision@k``.
    random_state
        Seed of the intervals.
    progress
        True for a bar, or a callable; called as queries are done.

    Raises
    ------
    InputError
        If a judged text is not in the index, an option is none of `SearchIndex.search`, or fewer
        than five queries have a relevant text.
    """
    check_searchable(index, "score_search")
    as_whole(k, "k", 1, 1000)
    seed = as_seed(random_state)
    given, queries = judged(retrieval_set, "score_search")
    corpus = index.corpus
    asked = [_in_index(query, given.corpus, corpus) for query in queries]
    depth = min(len(corpus), MOST_HITS) if rerank is None else rerank
    found = index.search(
        [query.query for query in asked],
        method=method,
        top_k=depth,
        rerank=rerank,
        progress=progress,
    ).within(corpus)
    spec = replace(index.spec, name=found.method, prompt="")
    return _scores(given.name, asked, found.rows, corpus, spec, k, seed)


def score_sparse(
    model: SparseModel,
    retrieval_set: RetrievalSet,
    *,
    k: int = 10,
    random_state: int = 0,
    progress: ProgressOption = True,
) -> TaskScores:
    """Return how well a sparse encoder finds the relevant texts: `score_search` by it alone.

    Parameters
    ----------
    model
        The sparse encoder.
    retrieval_set
        Queries, the texts that are searched, and judgements.
    k, random_state, progress
        As for `score_search`.

    Raises
    ------
    InputError
        If an option is out of range, or fewer than five queries have a relevant text.
    """
    as_whole(k, "k", 1, 1000)
    seed = as_seed(random_state)
    given, queries = judged(retrieval_set, "score_sparse")
    corpus = given.corpus
    scorer = SparseScorer.of(corpus, model)
    with showing(progress, "Searching", unit=" queries") as report:
        found = ranked(
            scorer.score([query.query for query in queries]),
            np.arange(len(corpus)),
            min(len(corpus), MOST_HITS),
            lambda done, _: report(done, len(queries)),
        )
    spec = replace(model.spec, name=scorer.title)
    return _scores(given.name, queries, [rows for rows, _ in found], corpus, spec, k, seed)


def _scores(
    name: str,
    asked: Sequence[JudgedQuery],
    found: Sequence[IntArray],
    corpus: Corpus,
    spec: ModelSpec,
    k: int,
    seed: int,
) -> TaskScores:
    """Return the scores of rankings: for each query the rows of a corpus, best first."""
    ranks = [_ranks(query.rows, rows) for query, rows in zip(asked, found, strict=True)]
    metrics = [
        query_metrics(places, query.grades, k) for query, places in zip(asked, ranks, strict=True)
    ]
    best = [int(rows[0]) if len(rows) else None for rows in found]
    nothing = best.count(None)
    notes = (f"{nothing} of {len(asked)} queries find nothing.",) if nothing else ()
    return TaskScores.of(
        (f"retrieval: {name}", "retrieval", tuple(metrics[0])),
        spec,
        examples_table(asked, metrics, ranks, best, corpus),
        {},
        notes=notes,
        random_state=seed,
    )


def _in_index(query: JudgedQuery, corpus: Corpus, searched: Corpus) -> JudgedQuery:
    """Return a query with the rows that its relevant texts have in the index."""
    ids = [corpus.ids[row] for row in query.rows]
    try:
        rows = searched.positions(ids)
    except InputError as error:
        raise InputError(
            f"score_search: query {query.id!r} is answered by a text that is not in "
            f"the index: {error}"
        ) from None
    for own, there in zip(query.rows, rows, strict=True):
        if corpus.texts[own] != searched.texts[there]:
            raise InputError(
                f"score_search: the text {corpus.ids[own]!r} is another one in the index than in "
                f"{corpus.name!r}. Build the index on the set's corpus."
            )
    return replace(query, rows=rows)


def _ranks(relevant: IntArray, found: IntArray) -> IntArray:
    """Return the rank, from 1, of each relevant row among those found."""
    places = {row: rank for rank, row in enumerate(found.tolist(), 1)}
    return np.array([places.get(row, _NOT_FOUND) for row in relevant.tolist()], dtype=np.int64)
