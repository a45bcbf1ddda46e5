"""Groups of duplicates, which of their texts to keep, and the corpus without the others."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from workbench._arrays import BoolArray, FloatArray, IntArray, freeze
from workbench._html import rows_table
from workbench.analysis._kept import KEEP_RULES, kept_texts, nearest_kept
from workbench.analysis.paraphrases import ParaphrasePairs, as_pairs
from workbench.corpus import Corpus
from workbench.corpus._columns import text_series
from workbench.embeddings import Embeddings
from workbench.errors import InputError, WorkbenchWarning, suggest

__all__ = ["DuplicateGroups", "duplicate_groups"]

KeepRule: TypeAlias = Literal["first", "longest", "central"]
_DECISIONS = ("keep", "drop")
_SHOWN = 5


@dataclass(frozen=True, slots=True, eq=False)
class DuplicateGroups:
    """Texts joined by pairs, and what becomes of each: kept or dropped.

    A group is a connected component: each of its texts is in a pair with another. Chains can join
    texts that are less similar than the threshold, so each dropped text says how similar it is to
    the kept one, and each group has its least similarity.

    Parameters
    ----------
    pairs
        What joined the texts.
    labels
        The group of each text, numbered from 0 in the order of their first texts; -1 for a text
        without a duplicate, shape (n,).
    keep
        The rule for the text that is kept of a group: ``first`` in the corpus, the ``longest``, or
        the most ``central`` one (the highest mean cosine to the others).
    decisions
        What was decided by hand: id → ``"keep"`` or ``"drop"``. A text kept by hand takes the
        place of the rule's, and several can be kept.
    kept
        Whether each text stays, shape (n,).
    nearest
        The kept text of its group most similar to each text; its own row where it stays, shape
        (n,).
    similarities
        The cosine to that text; 1 where it is the text itself, shape (n,).
    """

    pairs: ParaphrasePairs
    labels: IntArray
    keep: KeepRule
    decisions: Mapping[str, str]
    kept: BoolArray
    nearest: IntArray
    similarities: FloatArray

    def __post_init__(self) -> None:
        for name in ("labels", "kept", "nearest", "similarities"):
            object.__setattr__(self, name, freeze(getattr(self, name)))
        object.__setattr__(self, "decisions", MappingProxyType(dict(self.decisions)))

    @property
    def embeddings(self) -> Embeddings:
        """The texts."""
        return self.pairs.embeddings

    def __len__(self) -> int:
        return int(self.labels.max(initial=-1)) + 1

    @property
    def sizes(self) -> IntArray:
        """How many texts each group has, shape (g,)."""
        return np.bincount(self.labels[self.labels >= 0], minlength=len(self)).astype(np.int64)

    def decide(self, keep: Iterable[str] = (), drop: Iterable[str] = ()) -> DuplicateGroups:
        """Return the groups with some texts kept or dropped by hand.

        Parameters
        ----------
        keep
            Ids of texts to keep: in place of the one that the rule chose, unless that is named
            too.
        drop
            Ids of texts to drop; of the others the rule chooses anew.

        Raises
        ------
        InputError
            If an id is unknown, in no group, or in both lists, or a group would lose all texts.
        """
        named = {}
        for ids, what in ((keep, "keep"), (drop, "drop")):
            if isinstance(ids, str):
                raise InputError(f"decide: {what} is a list of ids; got one str. Write [{ids!r}].")
            named[what] = [str(one) for one in ids]
        both = sorted(set(named["keep"]) & set(named["drop"]))
        if both:
            raise InputError(f"decide: {both[0]!r} is to be kept and dropped. Choose one.")
        new = {one: what for what, ids in named.items() for one in ids}
        return _decided(replace(self, decisions={**self.decisions, **new}), "decide")

    def deduplicated(self) -> Corpus:
        """Return the corpus without the dropped texts: order, ids and columns stay."""
        corpus: Corpus = self.embeddings.corpus
        return corpus.take(np.flatnonzero(self.kept))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per text in a group, group by group in the order of the corpus.

        Columns: ``group``, ``id``, ``text``, ``decision`` (``keep`` or ``drop``), ``similarity``
        to the kept text of its group that is most similar (1 for a kept one), and ``kept_id``.
        """
        rows = np.flatnonzero(self.labels >= 0)
        rows = rows[np.argsort(self.labels[rows], kind="stable")]
        corpus = self.embeddings.corpus
        ids = np.array(corpus.ids, dtype=object)
        return pd.DataFrame(
            {
                "group": self.labels[rows],
                "id": text_series(ids[rows]),
                "text": text_series([corpus.texts[row] for row in rows.tolist()]),
                "decision": np.where(self.kept[rows], "keep", "drop").astype(object),
                "similarity": self.similarities[rows],
                "kept_id": text_series(ids[self.nearest[rows]]),
            }
        )

    def group_frame(self) -> pd.DataFrame:
        """Return one row per group, the one with the least similar text first.

        Columns: ``group``, ``texts``, ``kept``, ``lowest_similarity`` to a kept text, ``id`` and
        ``text`` of its first kept text.
        """
        frame = self.to_frame()
        first = frame[frame["decision"] == "keep"].groupby("group")[["id", "text"]].first()
        by_group = frame.groupby("group")
        made = pd.DataFrame(
            {
                "texts": by_group.size(),
                "kept": frame["decision"].eq("keep").groupby(frame["group"]).sum(),
                "lowest_similarity": by_group["similarity"].min(),
            }
        ).join(first)
        return made.sort_values("lowest_similarity", kind="stable").reset_index()

    def title(self) -> str:
        """Return what was grouped, for titles."""
        count = len(self)
        return (
            f"{self.embeddings.title()} · {count:,} group{'s' if count != 1 else ''} of duplicates "
            f"at cosine ≥ {self.pairs.threshold:.4g}"
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the groups in numbers: a flat dict."""
        inside = self.labels >= 0
        dropped = inside & ~self.kept
        lowest = self.similarities[dropped]
        least = np.float32(self.pairs.threshold)
        return {
            "texts": len(self.labels),
            "groups": len(self),
            "texts_in_groups": int(inside.sum()),
            "largest_group": int(self.sizes.max(initial=0)),
            "dropped": int(dropped.sum()),
            "left": int(self.kept.sum()),
            **({"lowest_similarity": float(lowest.min())} if len(lowest) else {}),
            "dropped_below_threshold": int((lowest < least).sum()),
            "threshold": self.pairs.threshold,
            "keep": self.keep,
            "decisions": len(self.decisions),
            "corpus_fingerprint": self.embeddings.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        shown = self.group_frame().head(_SHOWN)
        return rows_table(self.title(), list(shown.columns), shown.itertuples(index=False))

    def __repr__(self) -> str:
        return f"DuplicateGroups({len(self)} groups, {int((~self.kept).sum())} texts dropped)"


def duplicate_groups(
    pairs: ParaphrasePairs, *, keep: KeepRule | Mapping[str, str] = "first"
) -> DuplicateGroups:
    """Return the groups that pairs make of texts, with one text of each kept.

    Chaining can join texts that are less similar than the threshold: ``a`` to ``b`` and ``b`` to
    ``c``, though ``a`` and ``c`` differ. `DuplicateGroups.group_frame` shows each group's lowest
    similarity to what is kept, those worth a look first.

    Parameters
    ----------
    pairs
        Pairs within one set of texts. Mined with ``top_k`` they may leave a group in parts.
    keep
        Which text of each group stays: ``first``, ``longest``, ``central``; or decisions by hand,
        id → ``"keep"`` or ``"drop"``, and the first of what they leave open.

    Raises
    ------
    InputError
        If the pairs are between two sets, the rule is unknown, or a decision is wrong (see
        `DuplicateGroups.decide`).

    Warns
    -----
    WorkbenchWarning
        When ``max_pairs`` left pairs out: groups may be in parts, and duplicates missing.
    """
    source = as_pairs(pairs, "duplicate_groups")
    if source.other is not None:
        raise InputError(
            "duplicate_groups: these pairs are between two sets of texts. Groups are within one: "
            "mine that one alone; for what two sets share, use wb.split_leakage."
        )
    rule, decisions = _rule(keep)
    if source.cut:
        warnings.warn(
            f"duplicate_groups: only {len(source):,} of {source.n_found:,} pairs were kept when "
            "they were mined, so groups may be in parts and duplicates missing. Mine without "
            "max_pairs, or with a higher threshold.",
            WorkbenchWarning,
            stacklevel=2,
        )
    labels = _components(source)
    n = len(labels)
    bare = DuplicateGroups(
        source,
        labels,
        rule,
        decisions,
        np.ones(n, np.bool_),
        np.arange(n, dtype=np.int64),
        np.ones(n, np.float32),
    )
    return _decided(bare, "duplicate_groups")


def _rule(keep: object) -> tuple[KeepRule, dict[str, str]]:
    if isinstance(keep, Mapping):
        wrong = [(one, what) for one, what in keep.items() if what not in _DECISIONS]
        if wrong:
            raise InputError(
                f"duplicate_groups: keep[{wrong[0][0]!r}]: expected 'keep' or 'drop'; got "
                f"{wrong[0][1]!r}."
            )
        return "first", {str(one): str(what) for one, what in keep.items()}
    for rule in KEEP_RULES:
        if keep == rule:
            return rule, {}
    raise InputError(
        f"duplicate_groups: there is no rule keep={keep!r}. {suggest(str(keep), KEEP_RULES)} "
        "Or give a dict of decisions, id → 'keep' or 'drop'."
    )


def _components(pairs: ParaphrasePairs) -> IntArray:
    """Return the group of each text, -1 for none: connected components of two and more."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(pairs.embeddings)
    joined = coo_array((np.ones(len(pairs), np.bool_), (pairs.rows1, pairs.rows2)), shape=(n, n))
    _, found = connected_components(joined, directed=False)
    labels = np.full(n, -1, np.int64)
    several = np.flatnonzero(np.bincount(found)[found] > 1)
    # np.unique sorts by number; groups are numbered by where they begin.
    _, first, which = np.unique(found[several], return_index=True, return_inverse=True)
    places = np.empty(len(first), np.int64)
    places[np.argsort(first)] = np.arange(len(first))
    labels[several] = places[which]
    return labels


def _decided(groups: DuplicateGroups, caller: str) -> DuplicateGroups:
    """Return the groups with what is kept worked out from the rule and the decisions."""
    corpus = groups.embeddings.corpus
    decided = np.zeros(len(groups.labels), np.int8)  # 1: keep, -1: drop
    rows = corpus.positions(groups.decisions)
    for row, (text_id, what) in zip(rows.tolist(), groups.decisions.items(), strict=True):
        if groups.labels[row] < 0:
            raise InputError(
                f"{caller}: {text_id!r} has no duplicate at this threshold, so there is nothing to "
                "decide: it stays. corpus.take removes texts for other reasons."
            )
        decided[row] = 1 if what == "keep" else -1
    lost = Counter(groups.labels[groups.labels >= 0].tolist())
    lost.subtract(groups.labels[decided < 0].tolist())
    gone = sorted(label for label, left in lost.items() if left == 0)
    if gone:
        ids = [corpus.ids[row] for row in np.flatnonzero(groups.labels == gone[0])[:4]]
        raise InputError(
            f"{caller}: all texts of group {gone[0]} would be dropped ({', '.join(ids)}). One of "
            "each group stays: keep one of them."
        )
    unit = groups.embeddings.unit()
    kept = kept_texts(unit, groups.labels, decided, groups.keep, corpus.texts)
    nearest, similarities = nearest_kept(unit, groups.labels, kept)
    return replace(groups, kept=kept, nearest=nearest, similarities=similarities)
