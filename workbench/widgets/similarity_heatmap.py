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
from workbench.widgets._heatmap_texts import group_names, is_many, sampled, taken
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
        if minus is not None and other is not None:
            raise InputError(
                "SimilarityHeatmap: minus= compares two models on one set of texts; leave other= "
                "out."
            )
        self._source, self._other = embeddings, other
        self._clustering = clustering
        self._also, self._minus = tuple(also), minus
        self._color_range = color_range
        self._random_state = random_state
        many = isinstance(embeddings, Embeddings) and (is_many(embeddings) or is_many(other))
        self._in_blocks = many and minus is None and metric == "cosine"
        self._opened: tuple[int, int] | None = None
        self._matrix: SimilarityMatrix | None = None
        self._said = ""  # what is shown, where a person chose it
        if self._in_blocks:
            self._blocks = self._grouped(order)
            view = self._drawn_blocks()
        else:
            self._rows, self._rows_from = sampled(embeddings, random_state)
            self._columns, self._columns_from = sampled(other, random_state)
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

        Up to 2,000 texts of one corpus each against each; above, and of two sets, those of the
        row's group against those of the column's.

        Raises
        ------
        InputError
            If there is no such group.
        """
        height, width = self._blocks.values.shape if self._in_blocks else (0, 0)
        if not (0 <= row < height and 0 <= column < width):
            many = f"{height} groups" if height == width else f"{height} × {width} groups"
            raise InputError(f"open_block: there is no cell ({row}, {column}); there are {many}.")
        down, across = self._blocks.row_blocks, self._blocks.column_blocks
        rows, columns = down.rows(row), across.rows(column)
        both = np.union1d(rows, columns)
        self._columns = self._columns_from = None
        if self._blocks.symmetric and len(both) <= MOST_TEXTS:
            rows = both
        else:
            self._columns, self._columns_from = taken(across.embeddings, columns)
        self._rows, self._rows_from = taken(down.embeddings, rows)
        sides = [f"{down.names[row]} ({down.sizes[row]:,} texts)"]
        if not (self._blocks.symmetric and row == column):
            sides.append(f"{across.names[column]} ({across.sizes[column]:,})")
        self._said = (" and " if self._columns is None else " × ").join(sides)
        self._matrix = similarity_matrix(self._rows, self._columns)
        self._opened = (row, column)
        self._show(self._draw(self._matrix, "similarity"))
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
            "order": str(self._order.value),
            "random_state": self._random_state,
            "opened": opened,
        }

    def _draw(self, matrix: SimilarityMatrix, order: Order) -> View:
        if self._minus is not None:
            other = similarity_matrix(self._part_of(self._minus), metric=matrix.metric)
            return difference_view(
                similarity_difference(matrix, other),
                order=order,
                clustering=self._clustering,
                color_range=self._color_range,
                sampled_from=self._rows_from,
            )
        whole = self._source if matrix.symmetric else None
        found = similarity_distribution(matrix, baseline=whole, random_state=self._random_state)
        return heatmap_view(
            matrix,
            order=order,
            clustering=self._clustering,
            distribution=found,
            also=self._others(matrix),
            color_range=self._color_range,
            sampled_from=self._rows_from,
            columns_from=self._columns_from,
            part=self._said,
            random_state=self._random_state,
        )

    def _others(self, matrix: SimilarityMatrix) -> list[SimilarityMatrix]:
        """Return the similarities of the same texts under the other models."""
        if self._other is not None:
            return []
        found = []
        for one in self._also:
            columns = None if matrix.symmetric else self._part_of(one, matrix.columns)
            rows = self._part_of(one, matrix.rows)
            found.append(similarity_matrix(rows, columns, metric=matrix.metric))
        return found

    def _part_of(self, embeddings: Embeddings, shown: Embeddings | None = None) -> Embeddings:
        """Return another model's vectors of the texts that are shown."""
        if embeddings.corpus.fingerprint != self._source.corpus.fingerprint:
            raise InputError(
                f"SimilarityHeatmap: {embeddings.corpus.name!r} under {embeddings.spec.title()} is "
                f"of other texts than {self._source.corpus.name!r}. Embed one corpus with both."
            )
        ids = (shown or self._rows).corpus.ids
        return embeddings.take(self._source.corpus.positions(ids))

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
            row, column = (int(place) for place in cell)
            self._change(lambda: self.open_block(row, column), "Opening.")

    def _close_block(self) -> None:
        self._opened = self._matrix = None
        self._back.layout.display = "none"
        self._show(self._drawn_blocks())

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
            self._show(self._draw(self._matrix, self._order.value))

    def _compare(self) -> None:
        matrix = similarity_matrix(self._rows, self._columns, metric=self._metric.value)
        self._show(self._draw(matrix, self._order.value))
        self._matrix = matrix
