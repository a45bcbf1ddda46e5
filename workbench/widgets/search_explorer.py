"""SearchExplorer: one query, what several ways to search find for it, why, and what is relevant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import ipywidgets
import plotly.graph_objects as go
from traitlets import Unicode, observe

from workbench._html import elide
from workbench.analysis._inputs import as_whole
from workbench.corpus import Corpus, RetrievalSet
from workbench.errors import InputError, suggest
from workbench.search import Hybrid, Searchable, SearchResults, check_searchable
from workbench.views import Json, View, search_view
from workbench.views._json import object_frame
from workbench.views._search import described
from workbench.widgets._controls import button, choice, entry, folded, row
from workbench.widgets._marks import Marks
from workbench.widgets._panel import FigurePanel, OnSave, check_on_save
from workbench.widgets._search_columns import ColumnForm, columns_of
from workbench.widgets._search_filter import FilterForm, in_words
from workbench.widgets._search_marks import MarksForm, write_marks
from workbench.widgets._search_run import Asked, Found, Searcher
from workbench.widgets._status import sentence

__all__ = ["SearchExplorer"]

_OPTIONS = ("methods", "queries", "top_k", "minimum_relevancy", "on_save")
_MOST_HITS = 100  # a column of more is no picture
_HINT = "Type a query and press Enter."
_MARKS: Mapping[object, bool | None] = {"relevant": True, "not relevant": False, None: None}


class SearchExplorer(FigurePanel):
    """What several ways to search find for one query, live: a column each, lines join a text.

    Hits are marked relevant or not (the ✓ and ✗ at a hit, the keys r and n on it); the marks of
    all queries are a RetrievalSet, on which models are compared. What no method shows is never
    marked, and counts as not relevant there.

    Parameters
    ----------
    index
        What is searched, a `SearchIndex` or a `DiskIndex` (whose texts, not vectors, are then in
        memory).
    methods
        The columns shown at first: names of the index' methods, a `Hybrid`, and with a reranker
        ``"dense, reranked"`` and so on; None: all methods of the index, none reranked.
    queries
        Queries to go through: a list, a dict by id, or a RetrievalSet, whose judgements are the
        marks to begin with.
    top_k
        How many hits per column at most, 1 to 100.
    minimum_relevancy
        Column → the least score of its hits, in its own measure.
    on_save
        Called with the current view by the save button: ``run.log``, say.

    Attributes
    ----------
    selection : list of str
        The ids of the selected texts, sorted; can be observed and set.
    name : str
        What `retrieval_set` is called.

    Raises
    ------
    InputError
        If there is no such method, a query is no text, or an option is unknown or out of range.
    """

    name = Unicode("marked hits")

    def __init__(
        self,
        index: Searchable,
        *,
        methods: Sequence[str | Hybrid] | None = None,
        queries: Sequence[str] | Mapping[str, str] | RetrievalSet | None = None,
        top_k: int = 10,
        minimum_relevancy: Mapping[str, float] | None = None,
        on_save: OnSave = None,
        **unknown: object,
    ) -> None:
        for name in unknown:
            raise InputError(f"SearchExplorer has no option {name!r}. {suggest(name, _OPTIONS)}")
        check_on_save(on_save)
        check_searchable(index, "SearchExplorer")
        most = as_whole(top_k, "top_k", 1, _MOST_HITS)
        columns, chosen = columns_of(index, methods)
        corpus = index.corpus
        self._index = index
        self._marks = Marks(corpus, queries)
        self._written: set[Path] = set()
        self._asked = Asked("", {}, most)
        self._found = Found()
        self._columns = ColumnForm(columns, chosen, minimum_relevancy, self._again)
        self._filter = FilterForm(corpus, self._again)
        self._top_k = _count(most, self._again)
        self._marks_form = MarksForm(self._export, lambda name: self.set_trait("name", name))
        super().__init__(
            _nothing_yet(corpus, chosen), controls=self._rows(), said=_HINT, on_save=on_save
        )
        self._searcher = Searcher(index, corpus, self.status.count)
        if isinstance(queries, RetrievalSet):
            self.name = queries.name
        self._marks_form.show(self._marks.counts(), self.name)
        self._host.on_action("mark", self._asked_to_mark)

    @property
    def index(self) -> Searchable:
        """What is searched."""
        return self._index

    @property
    def query(self) -> str:
        """What was last searched for; empty before."""
        return self._asked.query

    @property
    def results(self) -> Mapping[str, SearchResults]:
        """What each column shows, by name; one that failed is missing."""
        return MappingProxyType(self._found.results)

    @property
    def marks(self) -> dict[str, dict[str, bool]]:
        """Query → text id → whether it was marked relevant."""
        return {query: self._marks.of(query) for query, *_ in self._marks.counts()}

    @property
    def retrieval_set(self) -> RetrievalSet:
        """The marked queries over the index' texts: what ``wb.tasks.retrieval`` takes.

        Raises
        ------
        InputError
            If nothing is marked.
        """
        return self._marks.retrieval_set(self.name)

    def search(self, query: str) -> None:
        """Search for a query, as if it were typed.

        Raises
        ------
        InputError
            If the query is no text.
        """
        if not isinstance(query, str):
            raise InputError(f"search: expected a query as str; got {type(query).__name__}.")
        self._box.value = query
        self._search()

    def mark(
        self, corpus_id: str, relevant: bool | None = True, *, query: str | None = None
    ) -> None:
        """Mark a text relevant, or not, for a query; None takes the mark back.

        Parameters
        ----------
        corpus_id
            The text's id.
        relevant
            Whether it answers the query.
        query
            For which query; None: the one shown.

        Raises
        ------
        InputError
            If there is no such text, or no query was searched for.
        """
        marked = self.query if query is None else query.strip()
        if not marked:
            raise InputError("mark: nothing was searched for yet. Search first, or pass query=.")
        self._marks.set(marked, corpus_id, relevant)
        if marked == self.query:
            self._show(self._drawn(self._asked, self._found))
        self._tell_marks(marked)

    def export(self, path: str | Path) -> Path:
        """Write the marks as a CSV table: ``query_id``, ``query``, ``corpus_id``, ``grade``.

        Raises
        ------
        InputError
            If nothing is marked, or there is a file that this widget has not written.
        WorkbenchError
            If it cannot be written.
        """
        return write_marks(self.retrieval_set, path, self._written)

    # ---- controls

    def _rows(self) -> list[Any]:
        hint = "what somebody might ask"
        self._box = entry("Query", "workbench-query", self._search, placeholder=hint)
        search = button("Search", "workbench-search", self._search, doc="Search with each method")
        narrow = ipywidgets.VBox(
            [self._filter.box, row(ipywidgets.Label("Least score of"), self._columns.fields)],
            layout={"width": "100%"},
        )
        rows = [
            row(self._box, search),
            row(self._columns.boxes, self._top_k),
            folded("Filter and least scores", "workbench-fold-filter", narrow),
            folded("Marks", "workbench-fold-marks", self._marks_form.box),
        ]
        return [*self._given(), *rows]

    def _given(self) -> list[Any]:
        """Return the row of queries to go through, where some were given."""
        queries = dict.fromkeys(self._marks.queries.values())
        if not queries:
            return []
        names = [(f"{place}. {elide(query, 80)}", query) for place, query in enumerate(queries, 1)]
        self._list = choice("Queries", "workbench-queries", [("choose one", ""), *names], "")
        self._list.observe(lambda _: self._listed(), "value")
        following = button("Next", "workbench-next", self._next, doc="Search for the next query")
        return [row(self._list, following)]

    def _listed(self) -> None:
        if self._list.value:
            self.search(self._list.value)

    def _next(self) -> None:
        place = self._list.index + 1
        if place < len(self._list.options):
            self._list.index = place
        else:
            self.status.say("That was the last of the queries.")

    def _spare(self) -> tuple[Any, ...]:
        return (*super()._spare(), *self._filter.parts)

    def _state(self) -> dict[str, Json]:
        return {
            "searched": self.query,
            "methods": [*self._found.results, *self._found.failures],
            "top_k": self._asked.top_k,
            "where": {**in_words(self._asked.where)},
        }

    # ---- searching

    def _again(self) -> None:
        """Search again with other controls, if anything was searched for."""
        if self.query:
            self._search_for(self.query)

    def _search(self) -> None:
        query = self._box.value.strip()
        if query:
            self._search_for(query)
        else:
            self.status.fail("The query is empty. Type what to search for.")

    def _search_for(self, query: str) -> None:
        self.status.say("Searching.", busy=True)
        try:
            asked = Asked(query, self._filter.where, self._top_k.value)
            found = self._searcher.find(asked, self._columns.chosen, self._columns.least)
            view = self._drawn(asked, found)
        except KeyboardInterrupt:
            self.status.fail("The search was interrupted. The picture is as it was.")
        except Exception as error:
            self.status.fail(f"{sentence(error)} The picture is as it was.")
        else:
            self._asked, self._found = asked, found
            self._show(view)
            self.status.say(" ".join([self._summary(), *found.said]))

    def _drawn(self, asked: Asked, found: Found) -> View:
        return search_view(
            found.results,
            reasons=found.reasons,
            marks=self._marks.of(asked.query),
            failures=found.failures,
            where=in_words(asked.where),
        )

    def _show(self, view: View) -> None:
        self._ids = frozenset(view.texts["id"])
        self._host.show(view)

    def _summary(self) -> str:
        results = self._found.results
        each = ", ".join(f"{name} {len(found.rows[0])}" for name, found in results.items())
        failed = [f" {name} failed: its column says why." for name in self._found.failures]
        return f"Hits: {each}.{''.join(failed)}"

    # ---- marks

    def _asked_to_mark(self, value: object) -> None:
        """Take a mark that the figure asks for."""
        try:
            assert isinstance(value, dict)
            self.mark(str(value["id"]), _MARKS[value["mark"]], query=str(value["query"]))
        except Exception as error:
            self.status.fail(f"Nothing was marked. {sentence(error)}")

    def _tell_marks(self, query: str) -> None:
        counts = self._marks.counts()
        self._marks_form.show(counts, self.name)
        yes, no = next(((yes, no) for one, yes, no in counts if one == query), (0, 0))
        queries = f"{len(counts):,} {'query has' if len(counts) == 1 else 'queries have'} marks"
        self.status.say(f"This query: {yes} relevant, {no} not relevant. {queries}.")

    def _export(self) -> None:
        try:
            path = self.export(self._marks_form.file)
        except Exception as error:
            self.status.fail(sentence(error))
        else:
            count = len(self.retrieval_set.to_frame())
            self.status.say(f"Wrote {count:,} {'mark' if count == 1 else 'marks'} to {path}.")

    @observe("name")
    def _renamed(self, _: object) -> None:
        self._marks_form.show(self._marks.counts(), self.name)


def _count(value: int, changed: Callable[[], None]) -> Any:
    field = ipywidgets.BoundedIntText(
        value=value,
        min=1,
        max=_MOST_HITS,
        description="Hits",
        style={"description_width": "initial"},
        layout={"width": "12ch"},
    )
    field.add_class("workbench-top-k")
    field.observe(lambda _: changed(), "value")
    return field


def _nothing_yet(corpus: Corpus, methods: list[str]) -> View:
    """Return the columns before anything is searched for."""
    meta: dict[str, Json] = {
        **described(corpus, methods),
        "subtitle": f"no query yet; {len(corpus):,} texts",
        "query": "",
        "where": {},
        "table": [],
        "methods": [],
        "ranks": [[] for _ in methods],
        "scores": [[] for _ in methods],
        "failures": {},
        "nothing": {},
    }
    figure = go.Figure(layout={"height": 60, "meta": {"workbench": meta}})
    return View(figure, object_frame({"id": [], "text": []}))
