"""Labels on a map: the words of its dense regions, at several scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench._html import rows_table
from workbench.analysis._inputs import as_whole
from workbench.analysis._map_regions import Regions, region_levels
from workbench.analysis._map_words import characteristic_words, chosen_words, counted_words
from workbench.analysis.projection import Projection
from workbench.errors import InputError

__all__ = ["MapLabel", "MapLabels", "map_labels"]

_MOST_KEYWORDS = 10
_FEWEST_TEXTS = 10  # with fewer nothing can stand out: a region has 5, a word 3


@dataclass(frozen=True, slots=True)
class MapLabel:
    """What the texts of a dense region of a map say that the others do not.

    Parameters
    ----------
    x, y
        The place of the region's densest text.
    level
        0 for the regions of the whole map, larger for those one sees when zooming in.
    size
        How many texts are in the region.
    keywords
        Its words, the most characteristic first; at least one.
    """

    x: float
    y: float
    level: int
    size: int
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MapLabels:
    """Labels of a map's dense regions, from coarse to fine and, of a level, the largest first.

    Parameters
    ----------
    projection
        The map.
    n_keywords
        The most words of a label.
    labels
        The labels. Regions without characteristic words have none.
    notes
        Sentences about what has no label.
    """

    projection: Projection
    n_keywords: int
    labels: tuple[MapLabel, ...]
    notes: tuple[str, ...] = ()

    def title(self) -> str:
        """Return which map is labelled, for titles."""
        return f"{self.projection.title()} · labels"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per label: ``level, size, x, y, keywords`` (joined by commas)."""
        return pd.DataFrame(
            {
                "level": np.array([one.level for one in self.labels], np.int64),
                "size": np.array([one.size for one in self.labels], np.int64),
                "x": np.array([one.x for one in self.labels], np.float64),
                "y": np.array([one.y for one in self.labels], np.float64),
                "keywords": [", ".join(one.keywords) for one in self.labels],
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the labels in numbers: a flat dict."""
        return {
            "method": self.projection.method,
            "texts": len(self.projection.embeddings),
            "labels": len(self.labels),
            "labels_level_0": sum(one.level == 0 for one in self.labels),
            "levels": len({one.level for one in self.labels}),
            "n_keywords": self.n_keywords,
            "random_state": self.projection.random_state,
            "notes": " ".join(self.notes),
            "corpus_fingerprint": self.projection.embeddings.corpus.fingerprint,
        }

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        coarse = frame[frame["level"] == 0][["keywords", "size"]]
        return rows_table(self.title(), list(coarse.columns), coarse.itertuples(index=False))

    def __repr__(self) -> str:
        facts = self.summary()
        return (
            f"MapLabels({facts['labels']} labels on {facts['levels']} levels, "
            f"{facts['texts']} texts)"
        )


def map_labels(projection: Projection, *, n_keywords: int = 3) -> MapLabels:
    """Return labels for the dense regions of a map, at several scales.

    Regions are the hills of the texts' density on the map, seen with a kernel that becomes
    narrower from level to level (at most five). A label's words are those of the largest
    c-TF-IDF (`class_keywords`) against the other regions of the level, of the first 1,000
    characters of each text (of more than 20,000 texts fewer: 200 at 100,000). Each stands in at
    least three of the region's texts and a twentieth of them, at least twice as often (in share
    of texts) as elsewhere, and more often than chance explains (binomial, 1 in 1,000).

    What a coarser label of the same place says is not repeated, nor all that a larger region's
    of the same level says: a region that has nothing to add has no label. Nothing is drawn at
    random.

    Parameters
    ----------
    projection
        The map.
    n_keywords
        The most words of a label, 1 to 10.

    Raises
    ------
    InputError
        If it is no Projection, or ``n_keywords`` is out of range.
    """
    if not isinstance(projection, Projection):
        raise InputError(
            f"map_labels: expected what wb.project returns; got {type(projection).__name__}."
        )
    most = as_whole(n_keywords, "n_keywords", 1, _MOST_KEYWORDS)
    texts = projection.embeddings.corpus.texts
    if len(texts) < _FEWEST_TEXTS:
        note = f"Labels need {_FEWEST_TEXTS} texts, of which some are alike; got {len(texts)}."
        return MapLabels(projection, most, (), (note,))
    places = projection.coordinates.astype(np.float64)
    levels = region_levels(places)
    counted = counted_words(texts)
    found = [characteristic_words(counted, regions) for regions in levels]
    labels: list[MapLabel] = []
    for level, words in enumerate(_chosen(levels, found, most)):
        regions = levels[level]
        for one in (one for one in _largest_first(regions) if words[one]):
            x, y = places[regions.peaks[one]].tolist()
            labels.append(MapLabel(x, y, level, int(regions.sizes[one]), words[one]))
    return MapLabels(projection, most, tuple(labels), _notes(labels, levels))


def _chosen(
    levels: Sequence[Regions], found: Sequence[Sequence[Sequence[str]]], most: int
) -> list[list[tuple[str, ...]]]:
    """Return each level's labels by region: what no label around it has said.

    A label says more than a larger region of its level, too.
    """
    chosen: list[list[tuple[str, ...]]] = []
    for regions, candidates in zip(levels, found, strict=True):
        words: list[tuple[str, ...]] = [()] * len(candidates)
        given: list[set[str]] = []
        for one in _largest_first(regions):
            peak = regions.peaks[one]
            around = [(levels[at].labels[peak], labels) for at, labels in enumerate(chosen)]
            said = {word for region, labels in around if region >= 0 for word in labels[region]}
            own = chosen_words(candidates[one], said, most)
            if own and not any(other.issuperset(own) for other in given):
                words[one] = own
                given.append(set(own))
        chosen.append(words)
    return chosen


def _largest_first(regions: Regions) -> list[int]:
    order: list[int] = np.lexsort((regions.peaks, -regions.sizes)).tolist()
    return order


def _notes(labels: Sequence[MapLabel], levels: Sequence[Regions]) -> tuple[str, ...]:
    if not levels:
        return ("No region of the map is dense enough for a label.",)
    if not labels:
        return ("No region of the map has words that the others lack.",)
    without = len(levels[0].peaks) - sum(one.level == 0 for one in labels)
    if not without:
        return ()
    who = "region of the map has" if without == 1 else "regions of the map have"
    return (f"{without} {who} no label: no words that the others lack.",)
