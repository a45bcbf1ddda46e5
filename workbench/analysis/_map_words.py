"""Words for the regions of a map: frequent inside, rare outside, and not said already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench._arrays import BoolArray, IntArray
from workbench.analysis._map_regions import Regions
from workbench.analysis.keywords import stop_masks, weights_of_counts, word_counts

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

__all__ = ["CountedWords", "alike", "characteristic_words", "chosen_words", "counted_words"]

# A text's gist stands at its start, and labels are to be there within seconds.
_MOST_CHARACTERS, _FEWEST_CHARACTERS, _ALL_CHARACTERS = 1000, 200, 20_000_000
_FEWEST = 3  # texts with the word
_SHARE = 0.05
_LIFT = 2.0
_CHANCE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class CountedWords:
    """How often each word stands in each of n texts, in how many it stands, and stop words."""

    counts: csr_matrix
    vocabulary: Sequence[str]
    texts: IntArray
    stops: tuple[BoolArray, ...]


def counted_words(texts: Sequence[str]) -> CountedWords:
    """Count the words of the first 1,000 characters of each text; of many texts, fewer (200)."""
    share = _ALL_CHARACTERS // max(len(texts), 1)
    most = min(max(share, _FEWEST_CHARACTERS), _MOST_CHARACTERS)
    counts, vocabulary = word_counts([text[:most] for text in texts])
    in_texts = np.bincount(counts.indices, minlength=len(vocabulary))
    return CountedWords(counts, vocabulary, in_texts, stop_masks(vocabulary))


def characteristic_words(counted: CountedWords, regions: Regions) -> list[list[str]]:
    """Return each region's characteristic words, those of the largest c-TF-IDF first.

    The classes are the regions of one level, and what lies between them. A word is characteristic
    when it stands in at least three texts and a twentieth of the region's texts, when the share
    of these texts is at least twice that of all the others, and when so many texts of the region
    would hold it by chance (a binomial draw of the word's share of all texts) less than once in a
    thousand.
    """
    from scipy.special import bdtrc

    classes, which = np.unique(regions.labels, return_inverse=True)
    weights = weights_of_counts(counted.counts, counted.stops, which, len(classes))
    rows, columns, found = _texts_with(counted, regions)
    n, sizes = len(regions.labels), regions.sizes[rows]
    overall = counted.texts[columns]
    elsewhere = (overall - found) / np.maximum(n - sizes, 1)
    kept = (found >= np.maximum(_FEWEST, _SHARE * sizes)) & (found >= _LIFT * sizes * elsewhere)
    kept &= bdtrc(found - 1, sizes, overall / n) < _CHANCE
    rows, columns = rows[kept], columns[kept]
    between = int(classes[0] == -1)
    weight = np.asarray(weights[rows + between, columns]).ravel() if len(rows) else np.zeros(0)
    words: list[list[str]] = [[] for _ in regions.sizes]
    for at in np.lexsort((columns, -weight, rows)):
        if weight[at] > 0:  # not a stop word
            words[rows[at]].append(counted.vocabulary[columns[at]])
    return words


def _texts_with(counted: CountedWords, regions: Regions) -> tuple[IntArray, IntArray, IntArray]:
    """Return region, word and how many of the region's texts hold it, where any does."""
    from scipy.sparse import coo_matrix, csr_matrix

    inside = np.flatnonzero(regions.labels >= 0)
    shape = (len(regions.sizes), len(regions.labels))
    member = csr_matrix((np.ones(len(inside)), (regions.labels[inside], inside)), shape=shape)
    present = counted.counts.copy()
    present.data[:] = 1.0
    found = coo_matrix(member @ present)
    return found.row.astype(np.int64), found.col.astype(np.int64), found.data.astype(np.int64)


def chosen_words(candidates: Sequence[str], said: set[str], most: int) -> tuple[str, ...]:
    """Return the first words that are like none before, nor like one that was said."""
    chosen: list[str] = []
    for word in candidates:
        if len(chosen) == most:
            break
        if not any(alike(word, other) for other in (*said, *chosen)):
            chosen.append(word)
    return tuple(chosen)


def alike(one: str, other: str) -> bool:
    """Return whether two words say the same: "parcel" and "parcels", or pairs cut from one word.

    They do when one begins with the other and is at most half as long again. Of Chinese and
    Japanese the words are overlapping pairs of signs.
    """
    short, long = sorted((one, other), key=len)
    if len(short) == len(long) == 2 and not one.isascii():
        return one == other or one[1] == other[0] or other[1] == one[0]
    return long.startswith(short) and 2 * len(long) <= 3 * len(short)
