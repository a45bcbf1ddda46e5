"""Texts longer than a model reads: cut with a warning that names their rows, or refused."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from workbench._arrays import IntArray, row_list
from workbench.embeddings import Embeddings
from workbench.embeddings._embed import with_prompt
from workbench.errors import InputError, WorkbenchWarning
from workbench.models import Encoder, ModelSpec, TokenCounter, base_of
from workbench.models._spec import CHUNKED
from workbench.serving._params import Param
from workbench.serving._rows import Rows

__all__ = ["TRUNCATE", "check_whole", "prompted", "warn_of_long"]

TRUNCATE = Param("truncate", "boolean", True)
"""Whether a text longer than the model reads is cut; false: it is refused, with its row."""


def warn_of_long(made: Embeddings, columns: Sequence[str], model: str) -> None:
    """Warn of the rows of which the model did not read everything.

    Parameters
    ----------
    made
        The vectors of all rows' texts, one column after the other.
    columns
        The columns' names.
    model
        What messages call the model.
    """
    if made.n_tokens is None:
        return
    said = _longer(made.n_tokens.reshape(len(columns), -1), columns, made.spec)
    if said:
        warnings.warn(f"{model}: {said}: the rest is not read.", WorkbenchWarning, stacklevel=4)


def check_whole(
    rows: Rows, columns: Sequence[str], counter: object, spec: ModelSpec, model: str
) -> None:
    """Raise an InputError for rows of which the model would not read everything.

    Parameters
    ----------
    rows, columns
        The rows, and their columns' names.
    counter
        What counts the model's tokens; one that cannot is not asked.
    spec
        How the texts would be encoded: with which prompt, long ones cut or read in parts.
    model
        What messages call the model.
    """
    if spec.max_tokens is None or not isinstance(counter, TokenCounter):
        return
    texts = zip(*rows, strict=True)
    tokens = np.array([counter.count_tokens(column, prompt=spec.prompt) for column in texts])
    said = _longer(tokens, columns, spec)
    if said:
        raise InputError(f"{model}: {said}. Shorten that, or have it cut with truncate=true.")


def prompted(encoder: Encoder, prompt_name: str | None) -> ModelSpec:
    """Return an encoder's spec with the text of a prompt."""
    return replace(encoder.spec, prompt=with_prompt(base_of(encoder), prompt_name).prompt)


def _longer(tokens: IntArray, columns: Sequence[str], spec: ModelSpec) -> str:
    """Return which rows are longer than a model reads; empty if none is.

    Parameters
    ----------
    tokens
        Token counts, shape (columns, rows).
    columns
        The columns' names.
    spec
        How the texts are encoded.
    """
    if spec.max_tokens is None or spec.long_texts == CHUNKED:
        return ""
    long = tokens > spec.max_tokens
    if not long.any():
        return ""
    listed = [
        f"{row_list(np.flatnonzero(found))} of {name!r}"
        for name, found in zip(columns, long, strict=True)
        if found.any()
    ]
    return (
        f"{' and '.join(listed)} {'are' if long.sum() > 1 else 'is'} longer than {spec.name!r} "
        f"reads ({tokens.max():,} tokens of {spec.max_tokens:,})"
    )
