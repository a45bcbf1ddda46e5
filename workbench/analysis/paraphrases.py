"""Paraphrase mining: every pair of texts with a cosine at or above a threshold, exactly."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import FloatArray, IntArray, freeze
from workbench._html import rows_table
from workbench._progress import ProgressOption, showing
from workbench.analysis._inputs import as_embeddings, as_whole, check_one_model
from workbench.analysis._pair_mining import mined
from workbench.analysis._pair_nearest import mined_nearest
from workbench.analysis._pair_sides import MOST_PAIRS, sides
from workbench.analysis.threshold_choice import ThresholdChoice, as_threshold
from workbench.corpus._columns import text_series
from workbench.embeddings import Embeddings
from workbench.errors import InputError, WorkbenchWarning

__all__ = ["ParaphrasePairs", "as_pairs", "paraphrase_mining"]

_MOST_PARTNERS = 10_000
_SHOWN = 5


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class ParaphrasePairs:
    """Pairs of similar texts, the most similar first.

    Iterating gives ``(score, row1, row2)``, as sentence-transformers' ``paraphrase_mining`` does.

    Parameters
    ----------
    rows1, rows2
        Row positions of the two texts of each pair, shape (p,) int64 each; within one set
        ``rows1 < rows2``.
    scores
        Their cosines, shape (p,) float32, descending; pairs of one score in the order of rows.
    embeddings
        The texts that ``rows1`` counts.
    other
        Those that ``rows2`` counts; None: the same.
    threshold
        The least cosine that was asked for.
    top_k
        The most partners per text that were asked for; None: all.
    n_found
        How many pairs there were; more than p where ``max_pairs`` left the least similar out.
    """

    rows1: IntArray
    rows2: IntArray
    scores: FloatArray
    embeddings: Embeddings
    other: Embeddings | None
    threshold: float
    top_k: int | None
    n_found: int

    def __post_init__(self) -> None:
        for name in ("rows1", "rows2", "scores"):
            object.__setattr__(self, name, freeze(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator[tuple[float, int, int]]:
        return zip(self.scores.tolist(), self.rows1.tolist(), self.rows2.tolist(), strict=True)

    @property
    def cut(self) -> bool:
        """Whether ``max_pairs`` left pairs out."""
        return self.n_found > len(self)

    @property
    def floor(self) -> float:
        """The least cosine at or above which no pair is missing."""
        if not self.cut:
            return self.threshold
        return float(np.nextafter(self.scores[-1], np.float32(2.0)))  # some of its score may be

    @property
    def second(self) -> Embeddings:
        """The texts that ``rows2`` counts."""
        return self.embeddings if self.other is None else self.other

    def above(self, threshold: float | ThresholdChoice) -> ParaphrasePairs:
        """Return the pairs with a cosine at or above a higher threshold.

        Raises
        ------
        InputError
            If it is below the least cosine that was mined, no cosine, or another model's.
        """
        least = as_threshold(threshold, "ParaphrasePairs.above", self.embeddings)
        if np.float32(least) < np.float32(self.floor):
            raise InputError(
                f"ParaphrasePairs.above: only pairs at or above {self.floor:.4g} were kept; got "
                f"{least:.4g}. Mine with a lower threshold."
            )
        count = int(np.searchsorted(-self.scores, -np.float32(least), side="right"))
        return ParaphrasePairs(
            self.rows1[:count],
            self.rows2[:count],
            self.scores[:count],
            self.embeddings,
            self.other,
            least,
            self.top_k,
            count,
        )

    def histogram(self, n_bins: int = 40) -> tuple[NDArray[np.float64], IntArray]:
        """Return bins of equal width from ``threshold`` to 1, and how many pairs each holds.

        Returns
        -------
        tuple
            Edges, shape (n_bins + 1,), and counts, shape (n_bins,).

        Raises
        ------
        InputError
            If ``n_bins`` is not a whole number from 1 to 1,000.
        """
        count = as_whole(n_bins, "n_bins", 1, 1000)
        edges = np.linspace(min(self.threshold, 0.999), 1.0, count + 1)
        at = np.searchsorted(edges[1:-1].astype(np.float32), self.scores, side="right")
        return edges, np.bincount(at, minlength=count).astype(np.int64)

    def title(self) -> str:
        """Return what was mined, for titles."""
        other = "" if self.other is None else f" × {self.other.corpus.name}"
        best = f"the best {len(self):,} of {self.n_found:,}" if self.cut else f"{len(self):,}"
        pairs = "pair" if len(self) == 1 else "pairs"
        return f"{self.embeddings.title()}{other} · {best} {pairs} of cosine ≥ {self.threshold:.4g}"

    def to_frame(self, most: int | None = None) -> pd.DataFrame:
        """Return one row per pair: ``score, id_1, text_1, id_2, text_2``.

        Parameters
        ----------
        most
            Only the first so many; None: all.
        """
        columns: dict[str, object] = {"score": self.scores[:most]}
        for number, rows, side in ((1, self.rows1, self.embeddings), (2, self.rows2, self.second)):
            chosen = rows[:most].tolist()
            ids, texts = side.corpus.ids, side.corpus.texts
            columns[f"id_{number}"] = text_series([ids[row] for row in chosen])
            columns[f"text_{number}"] = text_series([texts[row] for row in chosen])
        return pd.DataFrame(columns)

    def summary(self) -> dict[str, float | int | str]:
        """Return the pairs in numbers: a flat dict."""
        of_other = {} if self.other is None else {"other_texts": len(self.other)}
        best = {"score_max": float(self.scores[0])} if len(self) else {}
        return {
            "texts": len(self.embeddings),
            **of_other,
            "pairs": len(self),
            "n_found": self.n_found,
            "threshold": self.threshold,
            **({} if self.top_k is None else {"top_k": self.top_k}),
            "texts_in_pairs": len(np.unique(self.rows1))
            if self.other is not None
            else len(np.unique(np.concatenate([self.rows1, self.rows2]))),
            **best,
            "corpus_fingerprint": self.embeddings.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        shown = self.to_frame(_SHOWN)
        return rows_table(self.title(), list(shown.columns), shown.itertuples(index=False))

    def __repr__(self) -> str:
        return f"ParaphrasePairs({len(self)} pairs, threshold={self.threshold:.4g})"


def paraphrase_mining(
    embeddings: Embeddings,
    other: Embeddings | None = None,
    *,
    threshold: float | ThresholdChoice,
    top_k: int | None = None,
    max_pairs: int | None = None,
    progress: ProgressOption = False,
) -> ParaphrasePairs:
    """Return every pair of texts with a cosine of ``threshold`` or more: exact, none lost.

    Equal vectors have a cosine of exactly 1 with each other, and equal scores with all others.

    Parameters
    ----------
    embeddings
        The n texts. Pairs are within them: each once, no text with itself.
    other
        Other texts of the same model, m of them: pairs are then between the two sets.
    threshold
        The least cosine, -1 to 1; or a `ThresholdChoice`, whose model is checked.
    top_k
        The most partners per text: a pair stays when it is among the ``top_k`` best of either
        text, ties in the order of rows. None: all.
    max_pairs
        How many to keep: the best, by score and then by rows; ``n_found`` of the result says how
        many there were. None: all, of which 20 million are the most.
    progress
        True for a bar, or a callable; it is called after each block.

    Raises
    ------
    InputError
        If the threshold is no cosine or another model's, ``top_k`` or ``max_pairs`` is no whole
        number in range, the two sets are of different models, a vector is all zeros, or more than
        20 million pairs were to be kept.

    Warns
    -----
    WorkbenchWarning
        When ``max_pairs`` left pairs out.
    """
    source = as_embeddings(embeddings, "paraphrase_mining")
    second = None if other is None else as_embeddings(other, "paraphrase_mining: other")
    least = as_threshold(
        threshold, "paraphrase_mining", source, *(() if second is None else (second,))
    )
    k = None if top_k is None else as_whole(top_k, "top_k", 1, _MOST_PARTNERS)
    advice = " None keeps all pairs."
    most = None if max_pairs is None else as_whole(max_pairs, "max_pairs", 1, MOST_PAIRS, advice)
    if second is not None:
        check_one_model("paraphrase_mining", source, second, ("texts", "other texts"))
    left, right = sides(source.unit(), None if second is None else second.unit())
    with showing(progress, "Comparing") as report:
        if k is None:
            found, n_found = mined(left, right, least, most, report)
        else:
            found = mined_nearest(left, right, least, k, report)
            n_found = len(found[2])
    rows1, rows2, scores = found[0][:most], found[1][:most], found[2][:most]
    if n_found > len(scores):
        warnings.warn(
            f"paraphrase_mining: of {n_found:,} pairs with a cosine of {least:.4g} or more, the "
            f"{len(scores):,} most similar were kept (max_pairs); the least of them has "
            f"{scores[-1]:.4g}.",
            WorkbenchWarning,
            stacklevel=2,
        )
    return ParaphrasePairs(rows1, rows2, scores, source, second, least, k, n_found)


def as_pairs(value: object, caller: str) -> ParaphrasePairs:
    """Return ``value`` if it is ParaphrasePairs, or raise an InputError."""
    if isinstance(value, ParaphrasePairs):
        return value
    raise InputError(
        f"{caller}: expected ParaphrasePairs; got {type(value).__name__}. Find them with "
        "wb.paraphrase_mining(embeddings, threshold=...)."
    )
