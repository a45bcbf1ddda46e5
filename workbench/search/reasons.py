"""Why a text was found: its cosine, the words and the tokens that it shares with the query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from workbench._arrays import IntArray
from workbench._html import rows_table
from workbench.search._ranking import Scorer
from workbench.search._scorers import SparseScorer, WordScorer

__all__ = ["MatchReasons", "reasons"]


@dataclass(frozen=True, slots=True, eq=False)
class MatchReasons:
    """Why a text fits a query.

    Parameters
    ----------
    query, text
        The two.
    similarity
        Their cosine, -1 to 1.
    words
        Shared word → what it adds to the BM25 score, most first.
    tokens
        Shared token → what it adds to the sparse encoder's score, most first; empty without one.
    """

    query: str
    text: str
    similarity: float
    words: Mapping[str, float]
    tokens: Mapping[str, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", MappingProxyType(dict(self.words)))
        object.__setattr__(self, "tokens", MappingProxyType(dict(self.tokens)))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per shared word or token: ``kind``, ``term``, ``adds``."""
        rows = [("word", term, adds) for term, adds in self.words.items()]
        rows += [("token", term, adds) for term, adds in self.tokens.items()]
        return pd.DataFrame(rows, columns=["kind", "term", "adds"])

    def sentence(self) -> str:
        """Return the reasons in a sentence."""
        shared = ", ".join(f"{word} ({adds:.2f})" for word, adds in self.words.items())
        words = (
            f"shared words, and what each adds to BM25: {shared}" if shared else "no shared word"
        )
        return f"cosine {self.similarity:.3f}; {words}"

    def _repr_html_(self) -> str:
        table = self.to_frame()
        caption = f"cosine {self.similarity:.3f}; what is shared, and what it adds"
        return rows_table(caption, list(table.columns), table.itertuples(index=False))

    def __repr__(self) -> str:
        return f"MatchReasons({self.sentence()!r})"


def reasons(
    query: str,
    rows: IntArray,
    texts: Sequence[str],
    dense: Scorer,
    bm25: WordScorer,
    sparse: SparseScorer | None,
) -> tuple[MatchReasons, ...]:
    """Return why the text of each row fits a query; ``texts`` are those of the rows."""
    (cosines,) = dense.score([query])
    words = bm25.shared(query, rows)
    tokens: list[dict[str, float]] = [{}] * len(rows)
    if sparse is not None:
        tokens = sparse.shared(query, rows)
    return tuple(
        MatchReasons(query, texts[at], float(cosines[0, row]), words[at], tokens[at])
        for at, row in enumerate(rows.tolist())
    )
