"""The shape of a model's vectors: hubs, and how narrow a cone they lie in."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._html import facts_table
from workbench.analysis._inputs import as_embeddings, distinct_rows
from workbench.analysis._neighborhoods import cosine_neighbors, neighborhood_size
from workbench.analysis.neighbors import Neighbors
from workbench.embeddings import Embeddings

__all__ = ["Geometry", "geometry", "occurrences"]


@dataclass(frozen=True, slots=True)
class Geometry:
    """How evenly a model spreads these texts.

    Parameters
    ----------
    hubness
        Skewness of how often each text is among the k neighbours of others (Radovanović et al.,
        2010). Near 0 when all occur about equally often; large when few texts (hubs) are near
        everything.
    anisotropy
        Mean cosine of two different texts, -1 to 1 (Ethayarajh, 2019), over all pairs. Near 1
        when all vectors point the same way.
    k
        Neighbours per text.
    antihubs
        Share of the texts that are no text's neighbour, 0 to 1.
    largest_hub
        How many texts have the most frequent neighbour among theirs; k on average.
    hub_id
        The id of that text; of equals the first.
    texts
        How many texts there are.
    model
        The model.
    notes
        What was done otherwise than asked.
    """

    hubness: float
    anisotropy: float
    k: int
    antihubs: float
    largest_hub: float
    hub_id: str
    texts: int
    model: str
    notes: str = ""

    def title(self) -> str:
        """Return whose geometry it is, for titles."""
        return f"Geometry of {self.model} · {self.k} nearest of {self.texts:,} texts"

    def summary(self) -> dict[str, float | int | str]:
        """Return the fields as a flat dict."""
        return asdict(self)

    def to_frame(self) -> pd.DataFrame:
        """Return the fields as one row."""
        return pd.DataFrame([self.summary()])

    def _repr_html_(self) -> str:
        return facts_table(self.title(), self.summary())


def geometry(
    embeddings: Embeddings, *, n_neighbors: int = 10, neighbors: Neighbors | None = None
) -> Geometry:
    """Return hubness and anisotropy of some vectors, by cosine.

    Nothing is sampled: the mean cosine of all pairs is (‖Σu‖² - n) / (n (n - 1)) of the unit
    vectors u.

    Parameters
    ----------
    embeddings
        The n texts, at least 3.
    n_neighbors
        Neighbours per text; at most n - 2, and a note says so when it is lowered.
    neighbors
        The texts' neighbours by cosine, where they are known. Where they are fewer than
        ``n_neighbors``, they are computed anew.

    Raises
    ------
    InputError
        If there are fewer than 3 texts, ``n_neighbors`` is out of range, the neighbours are
        those of other vectors, or a vector is all zeros.
    """
    source = as_embeddings(embeddings, "geometry")
    n = len(source)
    k, notes = neighborhood_size(n_neighbors, n, "geometry")
    counts = occurrences(cosine_neighbors(source, k, neighbors))
    vectors = source.unit().astype(np.float64)
    total = vectors.sum(axis=0)
    own = np.einsum("ij,ij->", vectors, vectors)  # n, up to the rounding of float32
    hub = int(counts.argmax())
    return Geometry(
        hubness=_skewness(counts),
        anisotropy=float((total @ total - own) / (n * (n - 1))),
        k=k,
        antihubs=float(np.mean(counts == 0)),
        largest_hub=float(counts[hub]),
        hub_id=source.corpus.ids[hub],
        texts=n,
        model=source.spec.title(),
        notes=" ".join(notes),
    )


def occurrences(neighbors: Neighbors) -> NDArray[np.float64]:
    """Return how many texts have each text among their neighbours, shape (n,); k on average.

    Texts with equal vectors share theirs equally, as they would if such ties were broken at
    random: in the order of rows the first copies of a text would pass for hubs.
    """
    which = distinct_rows(neighbors.embeddings.unit())[1]
    found = np.bincount(which[neighbors.indices.ravel()], minlength=int(which.max()) + 1)
    return np.asarray((found / np.bincount(which))[which], np.float64)


def _skewness(values: NDArray[np.float64]) -> float:
    """Return the third standardised moment; 0 when all values are equal."""
    centred = values - values.mean()
    variance = float(np.mean(centred**2))
    if variance < 1e-12:
        return 0.0
    return float(np.mean(centred**3) / np.sqrt(variance) ** 3)
