"""SimilarityHeatmap: every similarity at once, live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from workbench.analysis import (
    BlockSimilarities,
    Clustering,
    SimilarityMatrix,
    block_similarities,
    similarity_difference,
    similarity_distribution,
    similarity_matrix,
)
from workbench.analysis.similarity import SIMILARITIES
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError, suggest
from workbench.views import (
    MOST_TEXTS,
    Json,
    Order,
    View,
    blocks_view,
    difference_view,
    heatmap_view,
)
from workbench.views._texts import category_name
from workbench.widgets._controls import button, choice, row
from workbench.widgets._panel import FigurePanel, OnSave, check_on_save
from workbench.widgets._status import sentence

__all__ = ["SimilarityHeatmap"]

_OPTIONS = ("order", "metric", "also", "minus", "clustering", "random_state", "on_save")
_ORDERS = (
    ("as given", "given"),
    ("by label", "label"),
    ("by cluster", "cluster"),
    ("by similarity", "similarity"),
)


class SimilarityHeatmap(FigurePanel):
    """The similarity of each text to each, live: point to read both, click to keep the pair.

    Above 2,000 texts, groups of them are shown (by label, by cluster, or of like texts): a cell
    is the mean similarity of two groups, and opens on a click. Of two sets, or by another
    similarity than cosine, a random sample is shown, and the figure says so.

    Parameters
    ----------
    embeddings
        The row texts and their vectors.
    other
        The column texts; the row texts again when None.
    order
        ``"given"``, ``"label"`` (grouped by the corpus' label), ``"cluster"`` or ``"similarity"``
        (like beside like).
    metric
        ``cosine``, ``dot``, ``euclidean`` or ``manhattan``.
    also
        The same texts under other models: their similarities are told for each pair.
    minus
        The same texts under another model: its similarities are taken from those of the first,
        and the difference is shown.
    clustering
        Clusters of the row texts, to order by.
    random_state
        The seed of the sample, the random pairs, and the groups.
    on_save
        Called with the current view by the save button: ``run.log``, say.

    Attributes
    ----------
    selection : list of str
        The ids of the selected texts, sorted; can be observed and set. Where row and column texts
        share ids, these are ``"row <id>"`` and ``"column <id>"``.

    Raises
    ------
    InputError
        If an option is unknown (the nearest names are offered) or cannot be used.
    """

    def __init__(
        self,
        embeddings: Embeddings,
        other: Embeddings | None = None,
        *,
        order: Order = "given",
        metric: str = "cosine",
        also: Sequence[Embeddings] = (),
        minus: Embeddings | None = None,
        clustering: Clustering | None = None,
        random_state: int = 0,
        on_save: OnSave = None,
        **unknown: object,
    ) -> None:
        for name in unknown:
            raise InputError(f"SimilarityHeatmap has no option {name!r}. {suggest(name, _OPTIONS)}")
        check_on_save(on_save)
        other = None if other is embeddings else other
        self._source = embeddings
        self._clustering = clustering
        self._also, self._minus = tuple(also), minus
        self._random_state = random_state
        one = other is None and minus is None and metric == "cosine"
        self._in_blocks = one and _is_many(embeddings)
        self._opened: tuple[int, int] | None = None
        self._matrix: SimilarityMatrix | None = None
        if self._in_blocks:
            self._blocks = self._grouped(order)
            view = blocks_view(self._blocks)
        else:
            self._rows, self._rows_from = _sample(embeddings, random_state)
            self._columns, self._columns_from = _sample(other, random_state)
            self._matrix = similarity_matrix(self._rows, self._columns, metric=metric)
            view = self._draw(self._matrix, order)
        doc = "Back to all groups"
        self._back = button("Back", "workbench-back", self._close_block, doc=doc)
        self._back.layout.display = "none"
        super().__init__(
            view, controls=[self._build(order, metric, other)], said="", on_save=on_save
        )
        self._host.on_action("open_block", self._open_block)

    @property
    def matrix(self) -> SimilarityMatrix | None:
        """The similarities shown, as a value: those of the sample, where one was drawn.

        None while groups of texts are shown.
        """
        return self._matrix

    @property
    def blocks(self) -> BlockSimilarities | None:
        """The groups of texts, as a value; None where all texts are shown."""
        return self._blocks if self._in_blocks else None

    def open_block(self, row: int, column: int) -> None:
        """Show the texts of two groups in full, as a click on their cell does.

        Raises
        ------
        InputError
            If there is no such group.
        """
        count = len(self._blocks.names) if self._in_blocks else 0
        if not (0 <= row < count and 0 <= column < count):
            raise InputError(
                f"open_block: there is no cell ({row}, {column}); there are {count} groups."
            )
        rows = np.union1d(self._blocks.rows(row), self._blocks.rows(column))
        part = self._source.take(rows)
        self._matrix = similarity_matrix(part)
        self._rows, self._rows_from = part, self._source.corpus
        self._columns = self._columns_from = None
        self._opened = (row, column)
        self._host.show(self._draw(self._matrix, "similarity"))
        self._back.layout.display = ""

    def _build(self, order: str, metric: str, other: Embeddings | None) -> Any:
        labelled = all(side.corpus.label for side in (self._source, other) if side is not None)
        fits = {"label": labelled, "cluster": self._clustering is not None and other is None,
                "given": not self._in_blocks}  # fmt: skip
        orders = [entry for entry in _ORDERS if fits.get(entry[1], True)]
        shown = order if order in [value for _, value in orders] else "similarity"
        self._order = choice("Order", "workbench-order", orders, shown)
        names = [(name, name) for name in SIMILARITIES]
        self._metric = choice("Similarity", "workbench-metric", names, metric)
        self._metric.disabled = self._in_blocks or self._minus is not None
        self._order.observe(lambda _: self._change(self._reorder, "Ordering."), "value")
        self._metric.observe(lambda _: self._change(self._compare, "Comparing."), "value")
        return row(self._order, self._metric, self._back)

    def _state(self) -> dict[str, Json]:
        metric = self._matrix.metric if self._matrix is not None else "cosine"
        opened: Json = None if self._opened is None else list(self._opened)
        return {
            "metric": metric,
            "order": str(self._order.value),
            "random_state": self._random_state,
            "opened": opened,
        }

    def _draw(self, matrix: SimilarityMatrix, order: Order) -> View:
        if self._minus is not None:
            other = similarity_matrix(self._part_of(self._minus), metric=matrix.metric)
            return difference_view(similarity_difference(matrix, other), order=order)
        whole = self._source if matrix.symmetric else None
        found = similarity_distribution(matrix, baseline=whole, random_state=self._random_state)
        return heatmap_view(
            matrix,
            order=order,
            clustering=self._clustering,
            distribution=found,
            also=self._others(matrix),
            sampled_from=self._rows_from,
            columns_from=self._columns_from,
            random_state=self._random_state,
        )

    def _others(self, matrix: SimilarityMatrix) -> list[SimilarityMatrix]:
        parts = [self._part_of(one) for one in self._also] if matrix.symmetric else []
        return [similarity_matrix(one, metric=matrix.metric) for one in parts]

    def _part_of(self, embeddings: Embeddings) -> Embeddings:
        """Return another model's vectors of the texts that are shown."""
        if embeddings.corpus.fingerprint != self._source.corpus.fingerprint:
            raise InputError(
                f"SimilarityHeatmap: {embeddings.corpus.name!r} under {embeddings.spec.title()} is "
                f"of other texts than {self._source.corpus.name!r}. Embed one corpus with both."
            )
        return embeddings.take(self._source.corpus.positions(self._rows.corpus.ids))

    def _grouped(self, order: str) -> BlockSimilarities:
        corpus = self._source.corpus
        by: list[str] | str = "similarity"
        if order == "cluster" and self._clustering is not None:
            by = [self._clustering.name_of(int(one)) for one in self._clustering.labels]
        elif order in ("label", "given") and corpus.labels is not None:
            by = [category_name(one) for one in corpus.labels]
        return block_similarities(self._source, by, random_state=self._random_state)

    def _open_block(self, cell: object) -> None:
        if isinstance(cell, list) and len(cell) == 2:
            row, column = (int(place) for place in cell)
            self._change(lambda: self.open_block(row, column), "Opening.")

    def _close_block(self) -> None:
        self._opened = self._matrix = None
        self._back.layout.display = "none"
        self._host.show(blocks_view(self._blocks))

    def _change(self, action: Callable[[], None], said: str) -> None:
        self.status.say(said, busy=True)
        try:
            action()
        except Exception as error:
            self.status.fail(f"{sentence(error)} The picture is as it was.")
        else:
            self.status.say("")

    def _reorder(self) -> None:
        if self._in_blocks:
            self._blocks = self._grouped(self._order.value)
            self._close_block()
        elif self._matrix is not None:
            self._host.show(self._draw(self._matrix, self._order.value))

    def _compare(self) -> None:
        matrix = similarity_matrix(self._rows, self._columns, metric=self._metric.value)
        self._host.show(self._draw(matrix, self._order.value))
        self._matrix = matrix


AnyTexts = TypeVar("AnyTexts", Embeddings, Embeddings | None)


def _is_many(embeddings: object) -> bool:
    return isinstance(embeddings, Embeddings) and len(embeddings) > MOST_TEXTS


def _sample(embeddings: AnyTexts, random_state: int) -> tuple[AnyTexts, Corpus | None]:
    """Return at most as many texts as a heatmap shows, and the corpus they were drawn from."""
    if not isinstance(embeddings, Embeddings) or len(embeddings) <= MOST_TEXTS:
        return embeddings, None
    return embeddings.sample(MOST_TEXTS, random_state=random_state), embeddings.corpus
