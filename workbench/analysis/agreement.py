"""How alike several models see the same texts, without labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench._arrays import IntArray, freeze
from workbench._html import rows_table
from workbench._progress import ProgressOption, showing
from workbench.analysis._inputs import as_embeddings, as_seed, as_whole
from workbench.analysis._neighborhoods import cosine_neighbors, neighborhood_size
from workbench.analysis._relations import (
    first_copies,
    linear_cka,
    neighbor_keys,
    pair_ranks,
    rank_correlations,
    shared_share,
)
from workbench.analysis.neighbors import Neighbors
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError, suggest

__all__ = ["ModelAgreement", "agreement"]

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ModelAgreement:
    """How alike m models see n texts.

    Which of several identical texts is a neighbour makes no difference: overlap counts texts,
    each as often as it occurs. A text with k or more copies of itself has the same neighbours
    under every model.

    Parameters
    ----------
    corpus
        The n texts.
    models
        The models' names, in the order of the matrices.
    neighbors
        Row positions of each text's k nearest by cosine, shape (m, n, k) int32.
    cka
        Linear centred kernel alignment of the unit vectors (Kornblith et al., 2019), shape
        (m, m), 0 to 1; NaN for a model that gives every text the same vector.
    cka_by_chance
        Its mean over all ways to deal one model's vectors to the texts, shape (m, m). It is far
        above 0 when the texts are not many more than the dimensions.
    rank_correlation
        Spearman correlation of the cosines of pairs of texts, shape (m, m), -1 to 1; NaN for a
        model under which all cosines are equal.
    sampled
        Over how many random pairs the rank correlation was taken; None: over all.
    random_state
        The seed of that sample.
    notes
        Sentences about what was done otherwise than asked, and about repeated texts.

    Attributes
    ----------
    overlap : ndarray
        Share of the k neighbours that two models have in common, mean over the texts, (m, m).
    """

    corpus: Corpus
    models: tuple[str, ...]
    neighbors: NDArray[np.int32]
    cka: Matrix
    cka_by_chance: Matrix
    rank_correlation: Matrix
    sampled: int | None
    random_state: int
    notes: tuple[str, ...] = ()
    overlap: Matrix = field(init=False)

    def __post_init__(self) -> None:
        neighbors = np.asarray(self.neighbors, np.int32)
        object.__setattr__(self, "neighbors", freeze(neighbors))
        for name in ("cka", "cka_by_chance", "rank_correlation"):
            object.__setattr__(self, name, freeze(np.asarray(getattr(self, name), np.float64)))
        first = first_copies(self.corpus.texts)
        keys = [neighbor_keys(first[rows]) for rows in self.neighbors]
        overlap = np.eye(len(keys))
        for i, j in _pairs(len(keys)):
            overlap[i, j] = overlap[j, i] = shared_share(keys[i], keys[j]).mean()
        object.__setattr__(self, "overlap", freeze(overlap))

    @property
    def n_neighbors(self) -> int:
        """How many neighbours of each text are compared."""
        return int(self.neighbors.shape[2])

    @property
    def overlap_above_chance(self) -> Matrix:
        """Overlap with chance at 0: (overlap - c) / (1 - c), c = k / (n - 1); shape (m, m)."""
        chance = self.n_neighbors / (len(self.corpus) - 1)
        return np.asarray((self.overlap - chance) / (1.0 - chance))

    def overlap_of(self, a: str, b: str) -> Matrix:
        """Return the share of neighbours that two models have in common, per text, shape (n,).

        Raises
        ------
        InputError
            If there is no model of one of the names.
        """
        first = first_copies(self.corpus.texts)
        one, other = (neighbor_keys(first[self.neighbors[self._position(name)]]) for name in (a, b))
        return shared_share(one, other)

    def disagreements(self, a: str, b: str, most: int = 20) -> pd.DataFrame:
        """Return the texts with the fewest neighbours in common under two models.

        Parameters
        ----------
        a, b
            The models' names.
        most
            How many texts at most.

        Returns
        -------
        DataFrame
            ``id, text, overlap, neighbors_a, neighbors_b`` (tuples of ids, nearest first), by
            overlap, then in the order of rows. Of identical texts the first; a text whose
            neighbours are the same under both is left out.

        Raises
        ------
        InputError
            If there is no model of one of the names, or ``most`` is no whole number from 1.
        """
        most = as_whole(most, "most", 1, 1_000_000)
        shared = self.overlap_of(a, b)
        order = np.argsort(shared, kind="stable")
        distinct = first_copies(self.corpus.texts) == np.arange(len(self.corpus))
        rows = order[distinct[order] & (shared[order] < 1.0)][:most]
        frame: pd.DataFrame = (
            self.corpus.to_frame()[["id", "text"]].iloc[rows].reset_index(drop=True)
        )
        frame["overlap"] = shared[rows]
        ids = self.corpus.ids
        for column, name in (("neighbors_a", a), ("neighbors_b", b)):
            near = self.neighbors[self._position(name), rows]
            frame[column] = [tuple(ids[row] for row in found) for found in near]
        return frame

    def title(self) -> str:
        """Return what is compared, for titles."""
        return f"{self.corpus.name} · agreement of {len(self.models)} models"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per two models.

        The columns are ``model_1, model_2, overlap, overlap_above_chance, cka, cka_by_chance,
        rank_correlation``.
        """
        one, other = np.triu_indices(len(self.models), 1)
        measures = (
            "overlap",
            "overlap_above_chance",
            "cka",
            "cka_by_chance",
            "rank_correlation",
        )
        return pd.DataFrame(
            {
                "model_1": [self.models[i] for i in one],
                "model_2": [self.models[j] for j in other],
                **{name: getattr(self, name)[one, other] for name in measures},
            }
        )

    def summary(self) -> dict[str, float | int | str]:
        """Return the agreement in numbers: a flat dict, least and most over the pairs."""
        frame = self.to_frame()
        measures = ("overlap", "overlap_above_chance", "cka", "rank_correlation")
        return {
            "models": ", ".join(self.models),
            "texts": len(self.corpus),
            "n_neighbors": self.n_neighbors,
            **{f"{name}_min": float(frame[name].min()) for name in measures},
            **{f"{name}_max": float(frame[name].max()) for name in measures},
            "pairs_sampled": self.sampled or 0,
            "random_state": self.random_state,
            "notes": " ".join(self.notes),
            "corpus_fingerprint": self.corpus.fingerprint,
        }

    def _position(self, name: str) -> int:
        if name not in self.models:
            raise InputError(f"There is no model {name!r} here. {suggest(str(name), self.models)}")
        return self.models.index(name)

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        return rows_table(self.title(), list(frame.columns), frame.itertuples(index=False))

    def __repr__(self) -> str:
        return f"ModelAgreement({', '.join(self.models)}: {len(self.corpus)} texts)"


def agreement(
    embeddings: Mapping[str, Embeddings],
    *,
    n_neighbors: int = 10,
    random_state: int = 0,
    neighbors: Mapping[str, Neighbors] | None = None,
    progress: ProgressOption = False,
) -> ModelAgreement:
    """Return how alike several models see the same texts: the same in any order of models.

    Parameters
    ----------
    embeddings
        Name → vectors of the same n texts, at least 3, by at least two models. Their dimensions
        may differ; nothing is reduced.
    n_neighbors
        Neighbours per text; at most n - 2 (n - 1 are all the others), and a note says so when
        it is lowered.
    random_state
        Above 2,000 texts the rank correlation is over some 500,000 distinct pairs drawn with
        this seed, the same for all models and each text in equally many.
    neighbors
        Name → neighbours by cosine, of models where they are known. The others, and those
        fewer than ``n_neighbors``, are computed.
    progress
        True for a bar, or a callable; it is called after each model and each two models.

    Raises
    ------
    InputError
        If there are fewer than two models or 3 texts, the texts differ between models,
        neighbours are those of other vectors or of a model not among them, or a vector is all
        zeros.
    """
    known = {} if neighbors is None else dict(neighbors)
    corpus = _one_corpus(embeddings, known)
    n = len(corpus)
    k, notes = neighborhood_size(n_neighbors, n, "agreement")
    seed = as_seed(random_state)
    names = sorted(embeddings)  # sums in one order, whatever the order of the models
    units = [embeddings[name].unit() for name in names]
    near: dict[str, IntArray] = {}
    with showing(progress, "Relating", unit=" steps") as report:
        total = len(names) + 2
        for done, name in enumerate(names, 1):
            near[name] = cosine_neighbors(embeddings[name], k, known.get(name)).indices
            report(done, total)
        ranks, sampled = pair_ranks(units, seed)
        correlation = rank_correlations(ranks)
        report(total - 1, total)
        cka, by_chance = linear_cka(units)
        report(total, total)
    given = [names.index(name) for name in embeddings]
    return ModelAgreement(
        corpus=corpus,
        models=tuple(embeddings),
        neighbors=np.stack([near[name] for name in embeddings]).astype(np.int32),
        cka=cka[np.ix_(given, given)],
        cka_by_chance=by_chance[np.ix_(given, given)],
        rank_correlation=correlation[np.ix_(given, given)],
        sampled=sampled,
        random_state=seed,
        notes=notes + _on_copies(corpus),
    )


def _one_corpus(embeddings: object, neighbors: Mapping[str, Neighbors]) -> Corpus:
    """Return the corpus that all embeddings are of."""
    if not isinstance(embeddings, Mapping) or len(embeddings) < 2:
        got = f"{len(embeddings)}" if isinstance(embeddings, Mapping) else type(embeddings).__name__
        raise InputError(
            "agreement: expected the embeddings of at least two models by name, "
            f"{{'first': …, 'second': …}}; got {got}."
        )
    first, *others = embeddings
    corpus = as_embeddings(embeddings[first], f"agreement: {first!r}").corpus
    for name in others:
        theirs = as_embeddings(embeddings[name], f"agreement: {name!r}").corpus
        if theirs.fingerprint != corpus.fingerprint:
            raise InputError(
                f"agreement: {first!r} and {name!r} are not of the same texts: {corpus.name!r} "
                f"({len(corpus):,} texts, fingerprint {corpus.fingerprint}) and {theirs.name!r} "
                f"({len(theirs):,} texts, {theirs.fingerprint}). Embed one corpus with both; "
                "texts, ids and their order count."
            )
    unknown = [name for name in neighbors if name not in embeddings]
    if unknown:
        raise InputError(
            f"agreement: neighbors are given of {unknown[0]!r}, which is not among the models. "
            f"{suggest(str(unknown[0]), list(embeddings))}"
        )
    return corpus


def _on_copies(corpus: Corpus) -> tuple[str, ...]:
    copies = len(corpus) - len(set(corpus.texts))
    if not copies:
        return ()
    return (
        f"{copies:,} of the {len(corpus):,} texts repeat another, and every model agrees on "
        "that: without them the overlap would be lower.",
    )


def _pairs(count: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(count) for j in range(i + 1, count)]
