"""The sample data of this project (folder ``data/``), and a large real corpus."""

from __future__ import annotations

import ast
import sysconfig
import warnings
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import numpy as np

from workbench.corpus._corpus import Corpus
from workbench.corpus._pairs import SentencePairs
from workbench.corpus._readers import read_corpus
from workbench.corpus._retrieval import RetrievalSet
from workbench.corpus._tables import read_table
from workbench.errors import InputError

__all__ = ["faq", "path", "python_docs", "sentence_pairs", "support_tickets"]

_SHORTEST_DOC = 40  # characters; shorter docstrings say little and repeat


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

    The files are parsed, never imported. Packages take turns, so that a small corpus has many.
    The same environment gives the same texts.

    Parameters
    ----------
    n
        How many distinct texts, at least 1.

    Raises
    ------
    InputError
        If the environment does not hold as many.
    """
    if n < 1:
        raise InputError(f"python_docs: n must be at least 1; got {n}.")
    folders = sorted(
        folder
        for folder in Path(sysconfig.get_paths()["purelib"]).iterdir()
        if (folder / "__init__.py").is_file() and folder.name != "workbench"
    )
    taken: dict[str, tuple[str, str]] = {}
    turns = zip_longest(*(_docstrings_in(folder) for folder in folders))
    for found in (one for turn in turns for one in turn if one is not None):
        place, package, text = found
        taken.setdefault(text, (place, package))
        if len(taken) == n:
            break
    if len(taken) < n:
        raise InputError(
            f"python_docs: this environment holds {len(taken):,} distinct docstrings; got n={n:,}."
        )
    return Corpus(
        texts=tuple(taken),
        columns={
            "package": np.array([package for _, package in taken.values()], dtype=object),
            "name": np.array([place for place, _ in taken.values()], dtype=object),
        },
        name="python docs",
        label="package",
    )


def _docstrings_in(folder: Path) -> Iterator[tuple[str, str, str]]:
    for file in _sources(folder):
        module = ".".join(file.relative_to(folder.parent).with_suffix("").parts)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # their invalid escapes are not ours to report
                tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError, RecursionError, OSError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = (ast.get_docstring(node) or "").strip()
                if len(text) >= _SHORTEST_DOC:
                    yield f"{module}:{getattr(node, 'name', '')}".rstrip(":"), folder.name, text


def _sources(folder: Path) -> Iterator[Path]:
    """Yield the source files in a folder in the order of their names, one folder at a time."""
    for entry in sorted(folder.iterdir()):
        if entry.suffix == ".py" and entry.is_file():
            yield entry
        elif entry.name != "tests" and entry.is_dir() and not entry.is_symlink():
            yield from _sources(entry)
