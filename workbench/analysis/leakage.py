"""Leakage between two splits: which texts of one have a near-duplicate in the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import BoolArray, FloatArray, IntArray, freeze
from workbench._html import rows_table
from workbench._progress import ProgressOption, showing
from workbench.analysis._inputs import as_embeddings, as_whole, check_one_model
from workbench.analysis._pair_nearest import nearest_partners, pair_scores
from workbench.analysis._pair_sides import sides
from workbench.analysis._wilson import wilson_ends
from workbench.analysis.significance import Interval
from workbench.analysis.threshold_choice import ThresholdChoice, as_threshold
from workbench.corpus import Corpus
from workbench.corpus._columns import text_series
from workbench.embeddings import Embeddings
from workbench.errors import InputError

__all__ = ["SplitLeakage", "split_leakage"]

_SHOWN = 5


@dataclass(frozen=True, slots=True, eq=False)
class SplitLeakage:
    """The texts of one split that have a near-duplicate in another.

    Parameters
    ----------
    train, test
        The two splits.
    threshold
        The least cosine of a near-duplicate.
    nearest
        The text of ``train`` most similar to each of the m texts of ``test``, shape (m,).
    similarities
        The cosines to them, shape (m,).
    """

    train: Embeddings
    test: Embeddings
    threshold: float
    nearest: IntArray
    similarities: FloatArray

    def __post_init__(self) -> None:
        for name in ("nearest", "similarities"):
            object.__setattr__(self, name, freeze(getattr(self, name)))

    @property
    def embeddings(self) -> Embeddings:
        """The texts of the test split."""
        return self.test

    @property
    def leaked(self) -> BoolArray:
        """Whether each text of the test split has a near-duplicate, shape (m,)."""
        return np.asarray(self.similarities >= np.float32(self.threshold))

    @property
    def share(self) -> Interval:
        """The share of leaked texts, with Wilson's 95 % interval (Wilson 1927).

        The share of these texts is known; the interval is for others drawn like them.
        """
        count, n = int(self.leaked.sum()), len(self.test)
        low, high = wilson_ends(count, n)
        return Interval(count / n, low, high, 0.95, "Wilson")

    def without_leaks(self) -> Corpus:
        """Return the test split without the leaked texts, in their order, with all columns.

        Raises
        ------
        InputError
            If none is left.
        """
        clean = np.flatnonzero(~self.leaked)
        if not len(clean):
            raise InputError(
                f"without_leaks: all {len(self.test):,} texts of the test split have a "
                f"near-duplicate at cosine ≥ {self.threshold:.4g}. Raise the threshold, or split "
                "anew, by groups of duplicates."
            )
        return self.test.corpus.take(clean)

    def histogram(self, n_bins: int = 40) -> tuple[NDArray[np.float64], IntArray]:
        """Return bins from the least similarity to 1, and how many test texts each holds.

        The threshold is an edge, so that a bin holds either leaked texts or others.

        Returns
        -------
        tuple
            Edges, shape (n_bins + 1,), and counts, shape (n_bins,).

        Raises
        ------
        InputError
            If ``n_bins`` is not a whole number from 2 to 1,000.
        """
        count = as_whole(n_bins, "n_bins", 2, 1000)
        least = min(self.threshold, 0.999)
        low = min(float(self.similarities.min()), least)
        below = round(count * (least - low) / (1 - low))
        below = min(max(below, int(low < least)), count - 1)
        parts = np.linspace(low, least, below + 1)[:-1], np.linspace(least, 1, count - below + 1)
        edges = np.concatenate(parts)
        inner = edges[1:-1].astype(np.float32)
        if below:
            inner[below - 1] = self.threshold
        at = np.searchsorted(inner, self.similarities, side="right")
        return edges, np.bincount(at, minlength=count).astype(np.int64)

    def label_frame(self) -> pd.DataFrame:
        """Return one row per label of the test split, the one with the most leaked texts first.

        Columns: ``label``, ``texts``, ``leaked``, and ``share`` with the ends ``low`` and ``high``
        of Wilson's 95 % interval. Texts without a label are a group of their own, None.

        Raises
        ------
        InputError
            If the test split has no label.
        """
        labels = self.test.corpus.labels
        if labels is None:
            raise InputError(
                "label_frame: the test split has no label. Name its column: "
                "wb.read_corpus(..., label=)."
            )
        codes, names = pd.factorize(text_series(labels))
        codes = np.where(codes < 0, len(names), codes)
        texts = np.bincount(codes, minlength=len(names) + 1)
        leaked = np.bincount(codes[self.leaked], minlength=len(names) + 1)
        order = [row for row in np.argsort(-leaked, kind="stable").tolist() if texts[row]]
        ends = [wilson_ends(int(leaked[row]), int(texts[row])) for row in order]
        return pd.DataFrame(
            {
                "label": text_series(np.array([*names, None], dtype=object)[order]),
                "texts": texts[order],
                "leaked": leaked[order],
                "share": leaked[order] / texts[order],
                "low": [low for low, _ in ends],
                "high": [high for _, high in ends],
            }
        )

    def title(self) -> str:
        """Return what was compared, for titles."""
        return (
            f"{self.test.title()} · leaked from {self.train.corpus.name} at cosine ≥ "
            f"{self.threshold:.4g}"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per leaked text, the most similar first.

        Columns: ``similarity``, ``id`` and ``text`` in the test split, ``train_id`` and
        ``train_text`` of the most similar text in the train split.
        """
        rows = np.flatnonzero(self.leaked)
        rows = rows[np.argsort(-self.similarities[rows], kind="stable")]
        columns: dict[str, object] = {"similarity": self.similarities[rows]}
        for side, chosen, mark in (
            (self.test.corpus, rows, ""),
            (self.train.corpus, self.nearest[rows], "train_"),
        ):
            for name, values in (("id", side.ids), ("text", side.texts)):
                cells = [values[row] for row in chosen.tolist()]
                columns[f"{mark}{name}"] = text_series(cells)
        return pd.DataFrame(columns)

    def summary(self) -> dict[str, float | int | str]:
        """Return the leakage in numbers: a flat dict."""
        share = self.share
        return {
            "train_texts": len(self.train),
            "test_texts": len(self.test),
            "leaked": int(self.leaked.sum()),
            "leaked_share": share.estimate,
            "leaked_share_low": share.low,
            "leaked_share_high": share.high,
            "threshold": self.threshold,
            "corpus_fingerprint": self.test.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        shown = self.to_frame().head(_SHOWN)
        share = self.share
        title = (
            f"{self.title()}: {100 * share.estimate:.1f} % ({100 * share.low:.1f} to "
            f"{100 * share.high:.1f} %)"
        )
        return rows_table(title, list(shown.columns), shown.itertuples(index=False))

    def __repr__(self) -> str:
        return f"SplitLeakage({int(self.leaked.sum())} of {len(self.test)} texts leaked)"


def split_leakage(
    train: Embeddings,
    test: Embeddings,
    *,
    threshold: float | ThresholdChoice,
    progress: ProgressOption = False,
) -> SplitLeakage:
    """Return which texts of a test split have a near-duplicate in the train split: exact.

    Splits that a column of one corpus tells apart are taken from its embeddings:
    ``vectors.take(np.flatnonzero(corpus["split"] == "test"))``.

    Parameters
    ----------
    train, test
        The two splits, encoded by one model.
    threshold
        The least cosine of a near-duplicate, -1 to 1; or a `ThresholdChoice`, whose model is
        checked.
    progress
        True for a bar, or a callable; it is called after each block.

    Raises
    ------
    InputError
        If the threshold is no cosine or another model's, the two are of different models, or a
        vector is all zeros.
    """
    learned = as_embeddings(train, "split_leakage: train")
    held_out = as_embeddings(test, "split_leakage: test")
    least = as_threshold(threshold, "split_leakage", learned, held_out)
    check_one_model("split_leakage", held_out, learned, ("test texts", "train texts"))
    left, right = sides(held_out.unit(), learned.unit())
    total = len(left.vectors)
    with showing(progress, "Comparing") as report:
        rows, partners = nearest_partners(left, right, -1.0, 1, lambda done: report(done, total))
    nearest = np.empty(len(held_out), np.int64)
    nearest[rows] = partners
    similarities = pair_scores(left, right, left.which, right.which[nearest])
    return SplitLeakage(learned, held_out, least, nearest, similarities)
