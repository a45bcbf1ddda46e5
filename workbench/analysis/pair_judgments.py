"""Judged pairs: which pairs to judge, and what the judgments say of precision and recall.

The pairs that teach the most are asked first, so those judged are no fair sample of all. Within a
stratum of scores they are: drawn at random, of a number that is known. So precision and recall are
estimated stratum by stratum (see ``_stratified.py``), and do not move with the order of strata.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import IntArray, freeze
from workbench._html import facts_table
from workbench.analysis._inputs import as_seed, as_whole
from workbench.analysis._judgments_json import Answers, read, written
from workbench.analysis._pair_strata import PairStrata, next_stratum, pair_strata
from workbench.analysis._stratified import part_of_total, share_of, shares
from workbench.analysis.paraphrases import ParaphrasePairs, as_pairs
from workbench.analysis.threshold_choice import ThresholdChoice, as_threshold
from workbench.analysis.threshold_curve import ThresholdCurve
from workbench.errors import InputError

__all__ = ["PairJudgments"]

_MOST_STRATA = 100
_WORDS = {True: "same", False: "different", None: "skipped"}


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class PairJudgments:
    """Judgments of pairs, in the order they were asked; each method returns another value.

    Begin with ``PairJudgments.of(pairs)``, look at the pair that `next_pair` names, and `judge`
    it. About 100 judgments tell precision to within 10 to 15 points; recall needs more, because a
    few duplicates among very many pairs of low scores weigh much.

    Parameters
    ----------
    strata
        The pairs, in strata of score.
    n_strata
        In how many bins the scores were divided.
    random_state
        The seed of the order within strata.
    answers
        ``(place, same)`` for each pair that was asked: its place among the pairs, and True, False,
        or None where it was skipped. Skipped pairs are taken to be like the others of their
        stratum.

    Attributes
    ----------
    asked, judged, same : numpy.ndarray
        How many pairs of each stratum were asked, judged, and judged to be the same, shape (k,).
    """

    strata: PairStrata
    n_strata: int
    random_state: int
    answers: Answers = ()
    asked: IntArray = field(init=False)
    judged: IntArray = field(init=False)
    same: IntArray = field(init=False)

    def __post_init__(self) -> None:
        k = len(self.strata.sizes)
        counted = {
            "asked": [place for place, _ in self.answers],
            "judged": [place for place, same in self.answers if same is not None],
            "same": [place for place, same in self.answers if same],
        }
        for name, places in counted.items():
            of = self.strata.stratum[np.array(places, np.int64)]
            object.__setattr__(self, name, freeze(np.bincount(of, minlength=k).astype(np.int64)))

    @classmethod
    def of(
        cls, pairs: ParaphrasePairs, *, n_strata: int = 10, random_state: int = 0
    ) -> PairJudgments:
        """Return no judgments yet of some pairs.

        Parameters
        ----------
        pairs
            What was mined, at a threshold low enough to hold nearly all duplicates: recall is
            among these pairs only.
        n_strata
            In how many bins of equal width the scores from the threshold to 1 are divided, 1 to
            100; their lower edges are the thresholds to choose from. More of them need more
            judgments.
        random_state
            The seed of the order within strata.

        Raises
        ------
        InputError
            If there are no pairs, ``max_pairs`` left some out, or an option is out of range.
        """
        source = as_pairs(pairs, "PairJudgments.of")
        count = as_whole(n_strata, "n_strata", 1, _MOST_STRATA)
        seed = as_seed(random_state)
        if not len(source):
            raise InputError(
                f"PairJudgments.of: there is no pair of cosine ≥ {source.threshold:.4g} to judge. "
                "Mine with a lower threshold."
            )
        if source.cut:
            raise InputError(
                f"PairJudgments.of: max_pairs left {source.n_found - len(source):,} pairs out, so "
                "the judgments would be of an unknown part of them. Judge those above the cut: "
                "pairs.above(pairs.floor)."
            )
        return cls(pair_strata(source, count, seed), count, seed)

    def __len__(self) -> int:
        return int(self.judged.sum())

    @property
    def pairs(self) -> ParaphrasePairs:
        """The pairs that can be judged."""
        return self.strata.pairs

    def next_pair(self) -> int | None:
        """Return the place of the pair to judge next, from 0; None when all were asked."""
        number = next_stratum(self.strata.sizes, self.asked, self.judged, self.same)
        if number is None:
            return None
        return self.strata.draw(number, {place for place, _ in self.answers})

    def judge(self, same: bool) -> PairJudgments:
        """Return the judgments with one of the next pair: whether its texts are duplicates.

        Raises
        ------
        InputError
            If ``same`` is not True or False, or no pair is left.
        """
        if not isinstance(same, bool | np.bool_):
            raise InputError(f"judge: expected True (the same) or False; got {same!r}.")
        return self._with(bool(same))

    def skip(self) -> PairJudgments:
        """Return the judgments with the next pair set aside.

        Raises
        ------
        InputError
            If no pair is left.
        """
        return self._with(None)

    def undo(self) -> PairJudgments:
        """Return the judgments without the last answer, whose pair is then the next again."""
        return replace(self, answers=self.answers[:-1])

    def curve(self) -> ThresholdCurve:
        """Return precision and recall at the lower edge of each stratum, with 95 % intervals."""
        return self._curve(self.strata.stratum, self.strata.edges)

    def at(self, threshold: float) -> ThresholdChoice:
        """Return any threshold as a choice that belongs to the model, with what is known of it.

        The pairs judged in the stratum that it divides are a fair sample of either part too
        (poststratification: Holt and Smith 1979).

        Raises
        ------
        InputError
            If it is no cosine, or no pair is at or above it, or it is below the least one mined.
        """
        least = as_threshold(threshold, "PairJudgments.at", self.pairs.embeddings)
        count = len(self.pairs.above(least))
        if not count:
            raise InputError(
                f"PairJudgments.at: no pair has a cosine of {least:.4g} or more; the best has "
                f"{self.pairs.scores[0]:.4g}. Choose a lower threshold."
            )
        above = np.arange(len(self.pairs)) < count
        parts, stratum = np.unique(2 * self.strata.stratum + above, return_inverse=True)
        edges = self.strata.edges[parts // 2]
        first = int(stratum[count - 1])  # pairs come by score, descending
        edges[first] = least
        found = self._curve(stratum, edges).choice(first)
        return replace(found, floor=float(self.strata.edges[0]))

    def _curve(self, stratum: IntArray, edges: NDArray[np.float64]) -> ThresholdCurve:
        """Return precision and recall at the lower edges of strata."""
        k = len(edges)
        judged = [(place, same) for place, same in self.answers if same is not None]
        places = stratum[np.array([place for place, _ in judged], np.int64)]
        same = np.array([same for _, same in judged], np.bool_)
        sizes = np.bincount(stratum, minlength=k)
        known = shares(
            sizes, np.bincount(places, minlength=k), np.bincount(places[same], minlength=k)
        )
        return ThresholdCurve(
            self.pairs,
            edges,
            np.cumsum(sizes[::-1])[::-1].astype(np.int64),
            np.array([share_of(known, first) for first in range(k)]),
            np.array([part_of_total(known, first) for first in range(k)]),
            len(self),
        )

    def choose(self, *, min_precision: float = 0.9, certain: bool = False) -> ThresholdChoice:
        """Return the lowest threshold whose precision is high enough; see `ThresholdCurve.choose`.

        Raises
        ------
        InputError
            If there is none, or ``min_precision`` is not above 0 and at most 1.
        """
        return self.curve().choose(min_precision=min_precision, certain=certain)

    def title(self) -> str:
        """Return what was judged, for titles."""
        return f"{self.pairs.title()} · {len(self):,} judged"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per answer, in order.

        Columns: ``score, id_1, text_1, id_2, text_2``, and ``judgment``: ``same``, ``different``
        or ``skipped``.
        """
        places = np.array([place for place, _ in self.answers], np.int64)
        pairs = self.pairs
        asked = replace(  # not a table of all of perhaps millions
            pairs,
            rows1=pairs.rows1[places],
            rows2=pairs.rows2[places],
            scores=pairs.scores[places],
        )
        frame = asked.to_frame()
        return frame.assign(judgment=[_WORDS[same] for _, same in self.answers])

    def summary(self) -> dict[str, float | int | str]:
        """Return the judgments in numbers: a flat dict."""
        return {
            "pairs": len(self.pairs),
            "judged": len(self),
            "same": int(self.same.sum()),
            "skipped": int((self.asked - self.judged).sum()),
            "strata": len(self.strata.sizes),
            "floor": float(self.strata.edges[0]),
            "random_state": self.random_state,
            "model_title": self.pairs.embeddings.spec.title(),
            "corpus_fingerprint": self.pairs.embeddings.corpus.fingerprint,
        }

    def to_json(self) -> str:
        """Return the judgments as JSON: ids and answers, no texts."""
        return written(self.answers, self.pairs, self._options())

    @classmethod
    def from_json(cls, text: str | bytes, pairs: ParaphrasePairs) -> PairJudgments:
        """Return the judgments that :meth:`to_json` wrote, of pairs mined again.

        Raises
        ------
        InputError
            If the text is no such JSON, or the pairs are of other texts, another model, or mined
            otherwise.
        """
        source = as_pairs(pairs, "PairJudgments.from_json")
        options, answers = read(text, source)
        return replace(cls.of(source, **options), answers=answers)

    def _with(self, same: bool | None) -> PairJudgments:
        place = self.next_pair()
        if place is None:
            raise InputError("judge: all pairs were asked already. Mine with a lower threshold.")
        return replace(self, answers=(*self.answers, (place, same)))

    def _options(self) -> dict[str, int]:
        return {"n_strata": self.n_strata, "random_state": self.random_state}

    def _repr_html_(self) -> str:
        return facts_table(self.title(), self.summary())

    def __repr__(self) -> str:
        return f"PairJudgments({len(self)} of {len(self.pairs)} pairs judged)"
