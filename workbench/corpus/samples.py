"""The sample data of this project (folder ``data/``), and a large real corpus."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from workbench.corpus._corpus import Corpus
from workbench.corpus._docstrings import docstrings
from workbench.corpus._pairs import SentencePairs
from workbench.corpus._readers import read_corpus
from workbench.corpus._retrieval import RetrievalSet
from workbench.corpus._tables import read_table
from workbench.errors import InputError

__all__ = ["faq", "path", "python_docs", "sentence_pairs", "support_tickets"]


def path(name: str) -> Path:
    """Return where a sample file is (``"support_tickets.csv"``, say)."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "data", package.parent / "data"):
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"There is no sample file {name!r}.")


def support_tickets(language: str | None = "en") -> Corpus:
    """Return customer messages of a fictional shop, labelled with one of 12 topics.

    Parameters
    ----------
    language
        ``"en"``, ``"de"`` or ``"es"``; None: all of them.
    """
    corpus = read_corpus(
        path("support_tickets.csv"), text="text", id="id", label="topic", name="support tickets"
    )
    if language is None:
        return corpus
    rows = np.flatnonzero(corpus["language"] == language)
    if not rows.size:
        raise InputError(f"support_tickets: language must be 'en', 'de' or 'es'; got {language!r}.")
    return corpus.take(rows)


def sentence_pairs() -> SentencePairs:
    """Return pairs of sentences with a graded similarity from 0 to 5."""
    table = read_table(path("sentence_pairs.csv"))
    return SentencePairs(
        sentences1=table["sentence1"].tolist(),
        sentences2=table["sentence2"].tolist(),
        scores=table["score"].to_numpy(dtype=np.float64),
        name="sentence pairs",
    )


def faq() -> RetrievalSet:
    """Return the shop's answers, and questions with the relevant ones (grade 2 or 1)."""
    corpus = read_corpus(path("faq.csv"), text="text", id="id", label="topic", name="faq")
    table = read_table(path("faq_queries.csv"))
    queries: dict[str, str] = {}
    relevant: dict[str, dict[str, float]] = {}
    columns = ["query_id", "query", "relevant_id", "grade"]
    for query_id, query, text_id, grade in table[columns].itertuples(index=False):
        queries[query_id] = query
        relevant.setdefault(query_id, {})[text_id] = float(grade)
    return RetrievalSet(queries, corpus, relevant, name="faq")


def python_docs(n: int = 20_000) -> Corpus:
    """Return docstrings of the installed packages; the label is the package.

    The files are parsed, never imported; what was found is kept until a package comes, goes or
    changes its version. Packages take turns, so that a small corpus has many. The same
    environment gives the same texts.

    Parameters
    ----------
    n
        How many distinct texts, at least 1.

    Raises
    ------
    InputError
        If the environment does not hold as many.
    """
    if not isinstance(n, int) or n < 1:
        raise InputError(f"python_docs: n must be at least 1; got {n!r}.")
    found = docstrings(n)
    if len(found) < n:
        raise InputError(
            f"python_docs: this environment holds {len(found):,} distinct docstrings; got n={n:,}."
        )
    places, packages, texts = zip(*found, strict=True)
    return Corpus(
        texts=texts,
        columns={
            "package": np.array(packages, dtype=object),
            "name": np.array(places, dtype=object),
        },
        name="python docs",
        label="package",
    )
