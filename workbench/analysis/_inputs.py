"""Checks that every analysis makes before it works."""

from __future__ import annotations

import numpy as np

from workbench._arrays import FloatArray, IntArray
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.models import ModelSpec

__all__ = [
    "as_embeddings",
    "as_seed",
    "as_whole",
    "check_one_model",
    "check_one_spec",
    "distinct_rows",
    "of_one_model",
    "renamed",
]


def as_embeddings(value: object, caller: str) -> Embeddings:
    """Return ``value`` if it is an Embeddings, or raise an InputError that says how to make one."""
    if isinstance(value, Embeddings):
        return value
    raise InputError(
        f"{caller}: expected Embeddings; got {type(value).__name__}. Make them with "
        "wb.embed(corpus, encoder), or from an array with wb.Embeddings.from_array(vectors, texts)."
    )


def check_one_model(
    caller: str, first: Embeddings, second: Embeddings, names: tuple[str, str]
) -> None:
    """Raise an InputError when the vectors of two models would be compared: it finds nonsense.

    Parameters
    ----------
    caller
        What compares them.
    first, second
        The two; vectors of one's own fit all that have as many dimensions.
    names
        What each is, in the plural: ``("queries", "texts")``.
    """
    one, other = names
    if first.dimension != second.dimension:
        raise InputError(
            f"{caller}: the {one}' vectors have {first.dimension} dimensions "
            f"({first.spec.title()}), the {other}' {second.dimension} ({second.spec.title()}). "
            "Embed both with one model."
        )
    check_one_spec(caller, first.spec, second.spec, names)


def check_one_spec(
    caller: str, asked: ModelSpec, searched: ModelSpec, names: tuple[str, str]
) -> None:
    """Raise an InputError when two specs are of two models: see `check_one_model`."""
    one, other = names
    if of_one_model(asked, searched):
        return
    raise InputError(
        f"{caller}: the {one} were encoded by {asked.title()!r} (revision "
        f"{asked.revision[:20]}), the {other} by {searched.title()!r} ({searched.revision[:20]}); "
        "their vectors cannot be compared. Embed both with one model; an LSA must be fitted once."
    )


def of_one_model(first: ModelSpec, second: ModelSpec) -> bool:
    """Tell whether two specs are of one model; vectors of one's own may be of any."""
    return "array" in (first.family, second.family) or first.revision == second.revision


def as_whole(value: object, name: str, low: int, high: int, advice: str = "") -> int:
    """Return ``value`` if it is a whole number from low to high, or raise an InputError."""
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        number = int(value)
        if low <= number <= high:
            return number
    raise InputError(
        f"{name}: expected a whole number from {low} to {high}; got {value!r}.{advice}"
    )


def as_seed(value: object) -> int:
    """Return ``random_state`` as an int, or raise an InputError."""
    return as_whole(value, "random_state", 0, 2**32 - 1, " The same number gives the same result.")


def distinct_rows(vectors: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the first row of each distinct vector (u,), and which of them each row is (n,)."""
    seen: dict[bytes, int] = {}
    plain = vectors + np.float32(0.0)  # no -0.0, whose bytes differ from those of 0.0
    which = np.array([seen.setdefault(row.tobytes(), len(seen)) for row in plain], np.int64)
    return np.unique(which, return_index=True)[1].astype(np.int64), which


def renamed(name: str, taken: tuple[str, ...]) -> str:
    """Return a corpus column's name, marked where a table already has that name.

    The corpus' own ``x_column`` becomes ``x_column_column``, so that no two get one name.
    """
    bare = name
    while bare.endswith("_column") and bare not in taken:
        bare = bare.removesuffix("_column")
    return f"{name}_column" if bare in taken else name
