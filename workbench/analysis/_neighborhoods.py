"""Neighbours of a size that can differ: what agreement and geometry are measured on."""

from __future__ import annotations

from workbench.analysis._inputs import as_whole
from workbench.analysis.neighbors import Neighbors, nearest_neighbors
from workbench.analysis.reduction import check_neighbors
from workbench.embeddings import Embeddings
from workbench.errors import InputError

__all__ = ["cosine_neighbors", "neighborhood_size"]

_FEWEST = 3


def neighborhood_size(n_neighbors: object, n: int, caller: str) -> tuple[int, tuple[str, ...]]:
    """Return how many neighbours to look at, and a note when they are fewer than asked for.

    At most n - 2: a text's n - 1 neighbours are all the others, under every model.

    Raises
    ------
    InputError
        If ``n_neighbors`` is not a whole number from 1, or there are fewer than 3 texts.
    """
    wanted = as_whole(n_neighbors, "n_neighbors", 1, 10_000)
    if n < _FEWEST:
        raise InputError(
            f"{caller}: expected at least {_FEWEST} texts; got {n}. Below that a text has no "
            "choice of neighbours."
        )
    k = min(wanted, n - 2)
    if k == wanted:
        return k, ()
    return k, (f"n_neighbors={wanted} was lowered to {k}: there are {n} texts.",)


def cosine_neighbors(embeddings: Embeddings, k: int, given: Neighbors | None) -> Neighbors:
    """Return k neighbours per text: the first of those given, when they are that many.

    Raises
    ------
    InputError
        If those given are of other vectors or not by cosine, or a vector is all zeros.
    """
    check_neighbors(given, embeddings)
    if given is None or given.n_neighbors < k:
        return nearest_neighbors(embeddings, k)
    return given.first(k)
