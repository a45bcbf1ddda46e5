"""SimilarityHeatmap: every similarity at once, live."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from workbench.analysis import SimilarityMatrix, similarity_matrix
from workbench.analysis.similarity import SIMILARITIES
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError, suggest
from workbench.views import MOST_TEXTS, Json, Order, View, heatmap_view
from workbench.widgets._controls import choice, row
from workbench.widgets._panel import FigurePanel, OnSave, check_on_save
from workbench.widgets._status import sentence

__all__ = ["SimilarityHeatmap"]

_OPTIONS = ("order", "metric", "random_state", "on_save")
_ORDERS = (("as given", "given"), ("by label", "label"), ("by similarity", "similarity"))


class SimilarityHeatmap(FigurePanel):
    """The similarity of each text to each, live: point to read both, click to keep the pair.

    Above 2,000 texts a side a random sample is shown, and the figure says so.

    Parameters
    ----------
    embeddings
        The row texts and their vectors.
    other
        The column texts; the row texts again when None.
    order
        ``"given"``, ``"label"`` (grouped by the corpus' label) or ``"similarity"`` (like beside
        like).
    metric
        ``cosine``, ``dot``, ``euclidean`` or ``manhattan``.
    random_state
        The seed of the sample.
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
        random_state: int = 0,
        on_save: OnSave = None,
        **unknown: object,
    ) -> None:
        for name in unknown:
            raise InputError(f"SimilarityHeatmap has no option {name!r}. {suggest(name, _OPTIONS)}")
        check_on_save(on_save)
        other = None if other is embeddings else other
        self._rows, self._rows_from = _sample(embeddings, random_state)
        self._columns, self._columns_from = _sample(other, random_state)
        self._random_state = random_state
        self._matrix = similarity_matrix(self._rows, self._columns, metric=metric)
        view = self._draw(self._matrix, order)
        labelled = all(side.corpus.label for side in (embeddings, other) if side is not None)
        orders = [entry for entry in _ORDERS if labelled or entry[1] != "label"]
        self._order = choice("Order", "workbench-order", orders, order)
        names = [(name, name) for name in SIMILARITIES]
        self._metric = choice("Similarity", "workbench-metric", names, metric)
        super().__init__(view, controls=[row(self._order, self._metric)], said="", on_save=on_save)
        self._order.observe(lambda _: self._change(self._reorder, "Ordering."), "value")
        self._metric.observe(lambda _: self._change(self._compare, "Comparing."), "value")

    @property
    def matrix(self) -> SimilarityMatrix:
        """The similarities shown, as a value: those of the sample, where one was drawn."""
        return self._matrix

    def _state(self) -> dict[str, Json]:
        order = str(self._host.view().meta["order"])
        return {"metric": self._matrix.metric, "order": order, "random_state": self._random_state}

    def _draw(self, matrix: SimilarityMatrix, order: Order) -> View:
        return heatmap_view(
            matrix,
            order=order,
            sampled_from=self._rows_from,
            columns_from=self._columns_from,
            random_state=self._random_state,
        )

    def _change(self, action: Callable[[], None], said: str) -> None:
        self.status.say(said, busy=True)
        try:
            action()
        except Exception as error:
            self.status.fail(f"{sentence(error)} The picture is as it was.")
        else:
            self.status.say("")

    def _reorder(self) -> None:
        self._host.show(self._draw(self._matrix, self._order.value))

    def _compare(self) -> None:
        matrix = similarity_matrix(self._rows, self._columns, metric=self._metric.value)
        self._host.show(self._draw(matrix, self._order.value))
        self._matrix = matrix


AnyTexts = TypeVar("AnyTexts", Embeddings, Embeddings | None)


def _sample(embeddings: AnyTexts, random_state: int) -> tuple[AnyTexts, Corpus | None]:
    """Return at most as many texts as a heatmap shows, and the corpus they were drawn from."""
    if not isinstance(embeddings, Embeddings) or len(embeddings) <= MOST_TEXTS:
        return embeddings, None
    return embeddings.sample(MOST_TEXTS, random_state=random_state), embeddings.corpus
