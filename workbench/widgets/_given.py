"""What was computed before and is given to a widget, as of the very embeddings it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np

from workbench.analysis import Clustering, Projection
from workbench.embeddings import Embeddings
from workbench.errors import InputError

__all__ = ["given_alone", "given_of"]

Given = TypeVar("Given", Clustering, Projection)
_NAMES = {
    Clustering: ("clustering", "these are clusters", "wb.cluster(vectors)"),
    Projection: ("projection", "this is a map", "wb.project(vectors)"),
}


def given_alone(
    widget: str, option: str, what: str, method: object, params: Mapping[str, object]
) -> None:
    """Raise an InputError where a method or its parameters are given beside what they made."""
    given = ["method"] if method is not None else list(params)
    if given:
        raise InputError(
            f"{widget}: got {option}= and {given[0]}=. {what} a method and parameters already; "
            "leave one of the two away."
        )


def given_of(embeddings: Embeddings, value: Given, kind: type[Given]) -> Given:
    """Return clusters or a map as those of these embeddings, which the worker process holds.

    Raises
    ------
    InputError
        If it is something else, or of other texts or vectors.
    """
    option, said, make = _NAMES[kind]
    if not isinstance(value, kind):
        raise InputError(
            f"{option}: expected a {kind.__name__}; got {type(value).__name__}. Make one with "
            f"{make}."
        )
    source = value.embeddings
    if source is embeddings:
        return value
    same = source.corpus.fingerprint == embeddings.corpus.fingerprint and (
        source.spec == embeddings.spec and np.array_equal(source.vectors, embeddings.vectors)
    )
    if not same:
        raise InputError(
            f"{option}: {said} of {source.title()}, not of {embeddings.title()}. Give what {make} "
            "returns for the same embeddings."
        )
    return replace(value, embeddings=embeddings)
