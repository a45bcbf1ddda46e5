"""Which words two texts share, in order: what differs between two near-duplicates."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TypeAlias

__all__ = ["Marked", "marked_words"]

Marked: TypeAlias = "list[tuple[str, bool]]"

_PIECES = re.compile(r"\w+|[^\w\s]|\s+")
_MOST_CHARACTERS = 4000


def marked_words(one: str, two: str) -> tuple[Marked, Marked]:
    """Return each text in pieces ``(text, shared)``, cut at 4,000 characters.

    Words and signs are shared that both texts have in the same order, whatever their case
    (difflib, Ratcliff and Obershelp 1988). Joined, the pieces are the text.
    """
    pieces = [_PIECES.findall(text[:_MOST_CHARACTERS]) for text in (one, two)]
    words = [[piece for piece in each if not piece.isspace()] for each in pieces]
    left, right = ([word.casefold() for word in each] for each in words)
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    first = {block.a + step for block in blocks for step in range(block.size)}
    second = {block.b + step for block in blocks for step in range(block.size)}
    cut = ["…" if len(text) > _MOST_CHARACTERS else "" for text in (one, two)]
    return _joined(pieces[0], first, cut[0]), _joined(pieces[1], second, cut[1])


def _joined(pieces: list[str], shared: set[int], end: str) -> Marked:
    """Return the pieces with neighbours of one kind joined; a space is what surrounds it."""
    marked: Marked = []
    waiting = ""
    number = 0
    for piece in pieces:
        if piece.isspace():
            waiting += piece
            continue
        same = number in shared
        number += 1
        if marked and marked[-1][1] == same:
            marked[-1] = (marked[-1][0] + waiting + piece, same)
        else:
            marked += [(waiting, True)] if waiting else []
            marked.append((piece, same))
        waiting = ""
    return [*marked, (waiting + end, True)] if waiting or end else marked
