"""Mean similarities between groups of texts, without a matrix of all pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench._arrays import FloatArray, IntArray, freeze
from workbench._html import facts_table
from workbench.analysis._inputs import as_embeddings, as_seed
from workbench.analysis._text_blocks import (
    TextBlocks,
    alike_blocks,
    block_sums,
    given_blocks,
    named_blocks,
)
from workbench.embeddings import Embeddings
from workbench.errors import InputError, suggest

__all__ = ["BlockSimilarities", "TextBlocks", "block_similarities"]

_ORDERS = ("similarity", "given")


@dataclass(frozen=True, slots=True, eq=False)
class BlockSimilarities:
    """The mean cosine of all pairs of texts between blocks.

    Parameters
    ----------
    values
        Mean cosine of a text of a row block and one of a column block, shape (b, c) float32, -1
        to 1; within a block of different texts (nan for one text).
    row_blocks, column_blocks
        The texts in blocks; the same object when one set was compared with itself.
    by
        What made the row blocks: ``"similarity"``, ``"given"`` or ``"names"``.
    random_state
        The seed of k-means.
    """

    values: FloatArray
    row_blocks: TextBlocks
    column_blocks: TextBlocks
    by: str
    random_state: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", freeze(self.values))

    @property
    def symmetric(self) -> bool:
        """Whether one set of texts was compared with itself."""
        return self.row_blocks is self.column_blocks

    @property
    def embeddings(self) -> Embeddings:
        """The row texts' embeddings."""
        return self.row_blocks.embeddings

    @property
    def labels(self) -> IntArray:
        """Each row text's block, shape (n,)."""
        return self.row_blocks.labels

    @property
    def names(self) -> tuple[str, ...]:
        """The row blocks' names."""
        return self.row_blocks.names

    @property
    def exemplars(self) -> tuple[tuple[int, ...], ...]:
        """The rows of the texts nearest to each row block's centre."""
        return self.row_blocks.exemplars

    @property
    def sizes(self) -> IntArray:
        """How many texts each row block has, shape (b,)."""
        return self.row_blocks.sizes

    def rows(self, block: int) -> IntArray:
        """Return the rows of a row block's texts."""
        return self.row_blocks.rows(block)

    def title(self) -> str:
        """Return what is compared, for titles."""
        other = "" if self.symmetric else f" × {self.column_blocks.embeddings.title()}"
        return f"{self.embeddings.title()}{other} · mean cosine of {self._counted()}"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cell: ``row, column, row_name, column_name, mean_cosine``.

        And how many texts its blocks have: ``row_texts, column_texts``. Of one set of texts, each
        two blocks once.
        """
        if self.symmetric:
            rows, columns = np.triu_indices(len(self.values))
        else:
            rows, columns = (side.ravel() for side in np.indices(self.values.shape))
        return pd.DataFrame(
            {
                "row": rows,
                "column": columns,
                "row_name": [self.row_blocks.names[row] for row in rows],
                "column_name": [self.column_blocks.names[column] for column in columns],
                "row_texts": self.row_blocks.sizes[rows],
                "column_texts": self.column_blocks.sizes[columns],
                "mean_cosine": self.values[rows, columns],
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the blocks in numbers: a flat dict.

        ``mean_within`` and ``mean_between`` are the mean cosine of all pairs of different texts
        in one block, and in two: large blocks count by their pairs. ``mean_within`` is nan where
        no block has two texts.
        """
        sizes = self.sizes
        pairs = np.outer(sizes, self.column_blocks.sizes)
        facts: dict[str, float | int | str] = {
            "texts": len(self.labels),
            "blocks": len(self.names),
            "largest": int(sizes.max()),
        }
        if self.symmetric:
            own = np.eye(len(self.values), dtype=bool)
            facts["mean_within"] = _mean(self.values[own], sizes * (sizes - 1))
            facts["mean_between"] = _mean(self.values[~own], pairs[~own])
        else:
            facts["column_texts"] = len(self.column_blocks.labels)
            facts["column_blocks"] = len(self.column_blocks.names)
            facts["mean_between"] = _mean(self.values.ravel(), pairs.ravel())
        fingerprint = self.embeddings.corpus.fingerprint
        return {**facts, "random_state": self.random_state, "corpus_fingerprint": fingerprint}

    def _counted(self) -> str:
        rows, columns = self.values.shape
        return f"{rows} blocks" if self.symmetric else f"{rows} × {columns} blocks"

    def _repr_html_(self) -> str:
        return facts_table(self.title(), self.summary())

    def __repr__(self) -> str:
        return f"BlockSimilarities({self._counted()} of {len(self.labels)} texts)"


def block_similarities(
    embeddings: Embeddings,
    by: Sequence[str] | str | None = None,
    *,
    other: Embeddings | None = None,
    other_by: Sequence[str] | str | None = None,
    random_state: int = 0,
) -> BlockSimilarities:
    """Return the mean cosine between blocks of texts.

    The mean over all pairs is the product of the blocks' sums of unit vectors, so that no matrix
    of all pairs is made. No block has more than 2,000 texts, so that two of them can be looked at
    as a full matrix: larger groups are split by k-means, and numbered; where there would be more
    than 150 groups, the smallest are one, "other (52 names)".

    Parameters
    ----------
    embeddings
        The n texts.
    by
        None or ``"similarity"``: blocks of like texts (k-means), in an order that puts like beside
        like. ``"given"``: runs of texts in the order of the corpus. Or the name of each text's
        group, n of them: labels, or names of clusters.
    other
        The column texts, by the same model; the row texts again when None.
    other_by
        The same for the column texts; by default ``by`` where that is a word, else
        ``"similarity"``.
    random_state
        The seed of k-means.

    Raises
    ------
    InputError
        If there are not as many names as texts, ``by`` is unknown, the two sets' vectors have
        other dimensions, or a vector is all zeros.
    """
    source = as_embeddings(embeddings, "block_similarities")
    seed = as_seed(random_state)
    by = "similarity" if by is None else by
    if other is None or other is source:
        rows = columns = _grouped(source, by, seed)
    else:
        across = as_embeddings(other, "block_similarities")
        if across.dimension != source.dimension:
            raise InputError(
                f"block_similarities: the row vectors have {source.dimension} dimensions, the "
                f"column vectors {across.dimension}. Embed both with one model."
            )
        if other_by is None:
            other_by = by if isinstance(by, str) else "similarity"
        rows, columns = _grouped(source, by, seed), _grouped(across, other_by, seed)
    how = by if isinstance(by, str) else "names"
    return BlockSimilarities(_means(rows, columns), rows, columns, how, seed)


def _grouped(source: Embeddings, by: Any, seed: int) -> TextBlocks:
    if isinstance(by, str):
        if by not in _ORDERS:
            raise InputError(
                f"block_similarities: by={by!r} is unknown. {suggest(by, _ORDERS)} Or give the "
                "name of each text's group."
            )
        return given_blocks(source) if by == "given" else alike_blocks(source, seed)
    if not isinstance(by, Iterable):
        raise InputError(
            f"block_similarities: by= is 'similarity', 'given' or the name of each text's group; "
            f"got {by!r}. Group by a label: by=[str(name) for name in corpus.labels]."
        )
    names = list(by)
    if len(names) != len(source):
        raise InputError(f"block_similarities: got {len(names):,} names for {len(source):,} texts.")
    wrong = [name for name in names if not isinstance(name, str)]
    if wrong:
        raise InputError(
            f"block_similarities: names of groups are strings; got {wrong[0]!r}. Convert them: "
            "[str(name) for name in names]."
        )
    return named_blocks(source, names, seed)


def _means(rows: TextBlocks, columns: TextBlocks) -> FloatArray:
    left = block_sums(rows.embeddings.unit(), rows.labels, len(rows.names))
    sizes = rows.sizes.astype(np.float64)
    if rows is not columns:
        right = block_sums(columns.embeddings.unit(), columns.labels, len(columns.names))
        values = (left @ right.T) / np.outer(sizes, columns.sizes)
    else:
        values = (left @ left.T) / np.outer(sizes, sizes)
        own = np.einsum("bd,bd->b", left, left) - sizes  # a text with itself has cosine 1
        with np.errstate(divide="ignore", invalid="ignore"):
            np.fill_diagonal(values, np.where(sizes > 1, own / (sizes * (sizes - 1)), np.nan))
    return np.clip(values, -1.0, 1.0).astype(np.float32)


def _mean(values: FloatArray, pairs: IntArray) -> float:
    """Return the mean of all pairs from the blocks' means; nan where there is no pair."""
    some = pairs > 0
    return float(np.average(values[some], weights=pairs[some])) if some.any() else float("nan")
