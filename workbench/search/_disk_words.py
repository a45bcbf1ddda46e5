"""Where words are in an index' file: in each part 64 pieces, a word in one of them by its hash.

So few pieces are read for a word, and one that is missing is noticed: every part has them all.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench._arrays import IntArray
from workbench.search._disk_file import FILE, Pieces, as_bytes
from workbench.search._folder import damaged

__all__ = ["places", "put_words", "remove_words"]

_PLACES = np.dtype([("offset", "<u4"), ("count", "<u4")])  # offset from the part's first row
_PIECES = 64
_KINDS = tuple(b"words:%d" % number for number in range(_PIECES))


def put_words(pieces: Pieces, part: int, words: Sequence[Sequence[str]]) -> None:
    """Keep where the words of a part's texts are.

    Parameters
    ----------
    pieces, part
        The index and the part.
    words
        Each text's words.
    """
    found: dict[bytes, dict[str, dict[int, int]]] = {kind: {} for kind in _KINDS}
    for offset, own in enumerate(words):
        for word in own:
            counts = found[_kind(word)].setdefault(word, {})
            counts[offset] = counts.get(offset, 0) + 1
    for kind, held in found.items():
        lists = {word: np.array(list(counts.items()), _PLACES) for word, counts in held.items()}
        pieces.put(part, [(kind, _encoded(lists))])


def remove_words(pieces: Pieces, part: int, offsets: IntArray) -> None:
    """Take some of a part's texts, given by their rows from its first, out of all words."""
    for kind in _KINDS:
        found = dict(_decoded(pieces.need(kind, part)))
        kept = {word: own[~np.isin(own["offset"], offsets)] for word, own in found.items()}
        pieces.put(part, [(kind, _encoded({word: own for word, own in kept.items() if len(own)}))])


def places(pieces: Pieces, parts: IntArray, word: str) -> tuple[IntArray, IntArray]:
    """Return the rows of the texts that have a word, ascending, and how often each has it.

    Parameters
    ----------
    pieces, parts
        The index and all its parts.
    word
        The word.

    Raises
    ------
    InputError
        If a piece is missing or damaged.
    """
    rows: list[IntArray] = [np.empty(0, np.int64)]
    counts: list[IntArray] = [np.empty(0, np.int64)]
    read = 0
    for part, raw in pieces.every(_kind(word)):
        read += 1
        for _, own in _decoded(raw, word):
            rows.append(part + own["offset"].astype(np.int64))
            counts.append(own["count"].astype(np.int64))
    if read != len(parts):
        raise damaged(pieces.folder, f"{FILE} lacks words")
    return np.concatenate(rows), np.concatenate(counts)


def _kind(word: str) -> bytes:
    return _KINDS[zlib.crc32(as_bytes(word)) % _PIECES]


def _encoded(words: dict[str, NDArray[Any]]) -> bytes:
    """Return words' places as bytes: a line of JSON, each word's end among the places; these."""
    ends = np.cumsum([len(own) for own in words.values()], dtype=np.int64).tolist()
    listed = json.dumps(dict(zip(words, ends, strict=True)))
    return b"\n".join([listed.encode(), b"".join(own.tobytes() for own in words.values())])


def _decoded(raw: bytes, wanted: str | None = None) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield each word, or one wanted, and its places."""
    listed, _, content = raw.partition(b"\n")
    every = np.frombuffer(content, _PLACES)
    start = 0
    for word, end in json.loads(listed).items():
        if wanted in (None, word):
            yield word, every[start:end]
        start = end
