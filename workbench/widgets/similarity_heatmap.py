"""SimilarityHeatmap: every similarity at once, live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

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
from workbench.analysis._inputs import as_embeddings, as_seed
from workbench.analysis.similarity import SIMILARITIES
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
from workbench.widgets._controls import button, choice, row
from workbench.widgets._heatmap_texts import (
    Shown,
    check_models,
    group_names,
    is_many,
    sampled,
    taken,
)
from workbench.widgets._panel import FigurePanel, OnSave, check_on_save
from workbench.widgets._status import sentence

__all__ = ["SimilarityHeatmap"]

_OPTIONS = (
    "order",
    "metric",
    "also",
    "minus",
    "clustering",
    "color_range",
    "random_state",
    "on_save",
)
_ORDERS = (
    ("as given", "given"),
    ("by label", "label"),
    ("by cluster", "cluster"),
    ("by similarity", "similarity"),
)


class SimilarityHeatmap(FigurePanel):
    """The similarity of each text to each, live: point to read both, click to keep the pair.

    Above 2,000 texts, groups of them are shown (by label, by cluster, or of like texts): a cell
    is the mean similarity of two groups, and opens on a click. By another similarity than cosine,
    or of a difference, a random sample is shown, and the figure says so.

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
    color_range
        The similarities at the ends of the colours; the same for all models when None: 0 and 1
        for a cosine, -0.5 and 0.5 for a difference.
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
        color_range: tuple[float, float] | None = None,
        random_state: int = 0,
        on_save: OnSave = None,
        **unknown: object,
    ) -> None:
        for name in unknown:
            raise InputError(f"SimilarityHeatmap has no option {name!r}. {suggest(name, _OPTIONS)}")
        check_on_save(on_save)
        other = None if other is embeddings else other
        self._source, self._other = as_embeddings(embeddings, "SimilarityHeatmap"), other
        self._also = check_models(self._source, other, also, minus, clustering)
        self._clustering, self._minus = clustering, minus
        self._color_range = color_range
        self._random_state = as_seed(random_state)
        many = is_many(embeddings) or is_many(other)
        self._in_blocks = many and minus is None and metric == "cosine"
        self._opened: tuple[int, int] | None = None
        self._selected_before: list[str] = []  # on the groups, while one is open
        self._matrix: SimilarityMatrix | None = None
        if self._in_blocks:
            self._blocks = self._grouped(order)
            view = self._drawn_blocks()
        else:
            self._shown = Shown(
                *sampled(embeddings, self._random_state), *sampled(other, self._random_state)
            )
            self._matrix = similarity_matrix(self._shown.rows, self._shown.columns, metric=metric)
            view = self._draw(self._matrix, self._shown, order)
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

        Up to 2,000 texts of one corpus each against each; above, and of two sets, those of the
        row's group against those of the column's.

        Raises
        ------
        InputError
            If there is no such group.
        """
        height, width = self._blocks.values.shape if self._in_blocks else (0, 0)
        whole = all(isinstance(place, int | np.integer) for place in (row, column))
        if not (whole and 0 <= row < height and 0 <= column < width):
            many = f"{height} groups" if height == width else f"{height} × {width} groups"
            raise InputError(
                f"open_block: there is no cell ({row!r}, {column!r}); there are {many}."
            )
        down, across = self._blocks.row_blocks, self._blocks.column_blocks
        rows, columns = down.rows(row), across.rows(column)
        both = np.union1d(rows, columns)
        sides = [f"{down.names[row]} ({down.sizes[row]:,} texts)"]
        if not (self._blocks.symmetric and row == column):
            sides.append(f"{across.names[column]} ({across.sizes[column]:,})")
        if self._blocks.symmetric and len(both) <= MOST_TEXTS:
            shown = Shown(*taken(down.embeddings, both), said=" and ".join(sides))
        else:
            parts = (*taken(down.embeddings, rows), *taken(across.embeddings, columns))
            shown = Shown(*parts, said=" × ".join(sides))
        self._open(shown, (int(row), int(column)))

    def _open(self, shown: Shown, cell: tuple[int, int]) -> None:
        matrix = similarity_matrix(shown.rows, shown.columns)
        view = self._draw(matrix, shown, "similarity")
        self._selected_before = self._selected()
        self._shown, self._matrix, self._opened = shown, matrix, cell
        self._show(view)
        self._order.disabled = True  # like beside like
        self._back.layout.display = ""

    def _show(self, view: View) -> None:
        self._ids = frozenset(view.texts["id"])
        self._host.show(view)

    def _build(self, order: str, metric: str, other: Embeddings | None) -> Any:
        labelled = all(side.corpus.label for side in (self._source, other) if side is not None)
        fits = {"label": labelled, "cluster": self._clustering is not None and other is None}
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
            "order": "similarity" if self._opened else str(self._order.value),
            "random_state": self._random_state,
            "opened": opened,
        }

    def _draw(self, matrix: SimilarityMatrix, shown: Shown, order: Order) -> View:
        if self._minus is not None:
            other = similarity_matrix(self._part_of(self._minus, shown.rows), metric=matrix.metric)
            return difference_view(
                similarity_difference(matrix, other),
                order=order,
                clustering=self._clustering,
                color_range=self._color_range,
                sampled_from=shown.rows_from,
            )
        whole = self._source if self._other is None else None  # also of two groups: of all texts
        found = similarity_distribution(matrix, baseline=whole, random_state=self._random_state)
        return heatmap_view(
            matrix,
            order=order,
            clustering=self._clustering,
            distribution=found,
            also=self._others(matrix),
            color_range=self._color_range,
            sampled_from=shown.rows_from,
            columns_from=shown.columns_from,
            part=shown.said,
            random_state=self._random_state,
        )

    def _others(self, matrix: SimilarityMatrix) -> list[SimilarityMatrix]:
        """Return the similarities of the same texts under the other models."""
        found = []
        for one in self._also:
            columns = None if matrix.symmetric else self._part_of(one, matrix.columns)
            rows = self._part_of(one, matrix.rows)
            found.append(similarity_matrix(rows, columns, metric=matrix.metric))
        return found

    def _part_of(self, embeddings: Embeddings, shown: Embeddings) -> Embeddings:
        """Return another model's vectors of the texts that are shown."""
        return embeddings.take(self._source.corpus.positions(shown.corpus.ids))

    def _grouped(self, order: str) -> BlockSimilarities:
        by = group_names(self._source, order, self._clustering)
        other_by = (
            None if self._other is None else group_names(self._other, order, self._clustering)
        )
        return block_similarities(
            self._source,
            by,
            other=self._other,
            other_by=other_by,
            random_state=self._random_state,
        )

    def _drawn_blocks(self) -> View:
        return blocks_view(self._blocks, color_range=self._color_range)

    def _open_block(self, cell: object) -> None:
        if isinstance(cell, list) and len(cell) == 2:
            self._change(lambda: self.open_block(*cell), "Opening.")

    def _close_block(self) -> None:
        view = self._drawn_blocks()
        if self._opened:  # what is not in the group stayed selected
            view = view.with_state(selection=list[Json](self._selected()))
        self._opened = self._matrix = None
        self._back.layout.display = "none"
        self._order.disabled = False
        self._show(view)

    def _selected(self) -> list[str]:
        """Return the ids of all selected texts, also of those outside of an open group."""
        before = self._selected_before if self._opened else []
        return sorted({*self.selection, *(one for one in before if one not in self._ids)})

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
            self._show(self._draw(self._matrix, self._shown, self._order.value))

    def _compare(self) -> None:
        shown = self._shown
        matrix = similarity_matrix(shown.rows, shown.columns, metric=self._metric.value)
        self._show(self._draw(matrix, shown, self._order.value))
        self._matrix = matrix
