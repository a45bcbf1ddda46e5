"""Judgments of pairs as JSON: by ids, so that they are found again among pairs mined anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from workbench._html import elide
from workbench.analysis._kept_json import kept_json
from workbench.analysis.paraphrases import ParaphrasePairs
from workbench.analysis.threshold_choice import ThresholdChoice
from workbench.errors import InputError

__all__ = ["Answers", "read", "written"]

Answers: TypeAlias = "tuple[tuple[int, bool | None], ...]"  # (place, same)
_ById: TypeAlias = "list[tuple[str, str, bool | None]]"

_FORMAT = 1
_CALLER = "PairJudgments.from_json"
_OPTIONS = ("n_strata", "random_state")


def written(answers: Answers, pairs: ParaphrasePairs, options: Mapping[str, int]) -> str:
    """Return answers as JSON, with what they are of."""
    one, two = pairs.embeddings.corpus.ids, pairs.second.corpus.ids
    rows1, rows2 = pairs.rows1, pairs.rows2
    named = [(one[rows1[place]], two[rows2[place]], same) for place, same in answers]
    return json.dumps({"format": _FORMAT, **_identity(pairs), **options, "answers": named})


def read(text: str | bytes, pairs: ParaphrasePairs) -> tuple[dict[str, int], Answers]:
    """Return the options and the answers that `written` wrote, by their places in these pairs.

    Raises
    ------
    InputError
        If the text is no such JSON, or was written of other pairs.
    """
    kept = kept_json(text, _CALLER, "the judgments have", _FORMAT)
    known = _identity(pairs)
    try:
        answers = [(str(one), str(two), same) for one, two, same in kept["answers"]]
        options = {name: kept[name] for name in _OPTIONS}
        differs = [name for name in known if kept[name] != known[name]]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{_CALLER}: expected what PairJudgments.to_json writes; {type(error).__name__}: "
            f"{elide(str(error))}."
        ) from None
    if differs:
        told = "; ".join(f"{name} {kept[name]!r}, not {known[name]!r}" for name in differs)
        raise InputError(
            f"{_CALLER}: the judgments were made of other pairs ({told}). Mine the same texts with "
            "the same model and threshold."
        )
    return options, _places(answers, pairs)


def _identity(pairs: ParaphrasePairs) -> dict[str, Any]:
    """Return what must be equal where judgments are used again, as JSON values."""
    return {
        "corpus": pairs.embeddings.corpus.fingerprint,
        "other": None if pairs.other is None else pairs.other.corpus.fingerprint,
        "model": dict(ThresholdChoice.identity_of(pairs.embeddings)),
        "floor": round(pairs.threshold, 6),
        "top_k": pairs.top_k,
    }


def _places(answers: _ById, pairs: ParaphrasePairs) -> Answers:
    """Return the places of answered pairs, which are not necessarily those they had."""
    rows1 = pairs.embeddings.corpus.positions(one for one, _, _ in answers)
    rows2 = pairs.second.corpus.positions(two for _, two, _ in answers)
    width = len(pairs.second)
    keys, wanted = pairs.rows1 * width + pairs.rows2, rows1 * width + rows2
    order = np.argsort(keys)
    at = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    found = order[at]
    there = (keys[found] == wanted).all() and len(np.unique(found)) == len(found)
    plain = all(same is None or isinstance(same, bool) for _, _, same in answers)
    if not (there and plain):
        raise InputError(
            f"{_CALLER}: an answer is of no pair here, twice of one, or neither true, false nor "
            "null. Use what PairJudgments.to_json wrote for these pairs."
        )
    return tuple((place, same) for place, (_, _, same) in zip(found.tolist(), answers, strict=True))
