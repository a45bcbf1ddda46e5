"""QueryComparison: one query, what several models find for it, live."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import plotly.graph_objects as go

from workbench.analysis import SearchHits, semantic_search
from workbench.analysis._inputs import as_whole
from workbench.analysis.comparison import Comparison
from workbench.analysis.evaluation._task import DOCUMENT_PROMPTS, embedded
from workbench.analysis.queries import embedded_query
from workbench.corpus import Corpus
from workbench.embeddings import Embeddings
from workbench.errors import InputError, WorkbenchError, suggest
from workbench.models import Encoder
from workbench.views import Json, View, ranks_view
from workbench.views._json import object_frame
from workbench.widgets._controls import button, entry, row
from workbench.widgets._panel import FigurePanel, OnSave, check_on_save
from workbench.widgets._status import sentence
from workbench.widgets._warned import noted_warnings

__all__ = ["QueryComparison"]

_OPTIONS = ("top_k", "on_save")
_MOST_HITS = 100  # a column of more is no picture
_HINT = "Type a query and press Enter."


class QueryComparison(FigurePanel):
    """What several models find for one query, live: models in columns, lines join the same text.

    The search is exact (`semantic_search`); each model puts its own query prompt in front.

    Parameters
    ----------
    embeddings
        Model name → vectors of the same n texts.
    encoders
        Model name → the encoder that made them; it encodes the queries.
    top_k
        How many texts per model, 1 to 100; n when there are no more.
    on_save
        Called with the current view by the save button: ``run.log``, say.

    Attributes
    ----------
    selection : list of str
        The ids of the selected texts, sorted; can be observed and set.

    Raises
    ------
    InputError
        If a model has no encoder or no vectors, the texts differ between models, or an option is
        unknown or out of range.
    """

    def __init__(
        self,
        embeddings: Mapping[str, Embeddings],
        encoders: Mapping[str, Encoder],
        *,
        top_k: int = 10,
        on_save: OnSave = None,
        **unknown: object,
    ) -> None:
        for name in unknown:
            raise InputError(f"QueryComparison has no option {name!r}. {suggest(name, _OPTIONS)}")
        check_on_save(on_save)
        corpus = _one_corpus(embeddings, encoders)
        self._top_k = min(as_whole(top_k, "top_k", 1, _MOST_HITS), len(corpus))
        self._embeddings, self._encoders = dict(embeddings), dict(encoders)
        self._query = ""
        self._hits: Mapping[str, SearchHits] = MappingProxyType({})
        hint = "what somebody might ask"
        self._box = entry("Query", "workbench-query", self._search, placeholder=hint)
        search = button("Search", "workbench-search", self._search, doc="Search with all models")
        super().__init__(
            _nothing_yet(corpus, list(embeddings)),
            controls=[row(self._box, search)],
            said=_HINT,
            on_save=on_save,
        )

    @classmethod
    def of(
        cls, comparison: Comparison, *, top_k: int = 10, on_save: OnSave = None
    ) -> QueryComparison:
        """Return the query box over a comparison's models; vectors are read from the store.

        Texts get a model's own document prompt, where it has one: they are encoded with it then.

        Raises
        ------
        InputError
            If the comparison was loaded, and so holds no encoders, or no model can encode its
            texts.
        """
        if not isinstance(comparison, Comparison):
            raise InputError(
                f"QueryComparison.of: expected a Comparison; got {type(comparison).__name__}."
            )
        encoders = {one.name: one.encoder for one in comparison.models if one.encoder is not None}
        if not encoders:
            raise InputError(
                "QueryComparison.of: this comparison was loaded, and holds no encoders. Load them "
                "(wb.load_encoder) and give QueryComparison(embeddings, encoders) both by name."
            )
        vectors: dict[str, Embeddings] = {}
        failed = [f"{name} has no encoder here." for name in comparison.names
                  if name not in encoders]  # fmt: skip
        for name, encoder in encoders.items():
            try:
                vectors[name] = embedded(comparison.corpus, encoder, True, True, DOCUMENT_PROMPTS)
            except WorkbenchError as error:
                failed.append(f"{name} cannot encode the texts: {sentence(error)}")
        if not vectors:
            raise InputError(f"QueryComparison.of: no model is left. {' '.join(failed)}")
        kept = {name: encoders[name] for name in vectors}
        made = cls(vectors, kept, top_k=top_k, on_save=on_save)
        if failed:
            made.status.say(f"{_HINT} Left out: {' '.join(failed)}")
        return made

    @property
    def query(self) -> str:
        """What was last searched for; empty before."""
        return self._query

    @property
    def hits(self) -> Mapping[str, SearchHits]:
        """What each model found, by name; one that failed is missing."""
        return self._hits

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

    def _state(self) -> dict[str, Json]:
        return {"searched": self._query, "top_k": self._top_k}

    def _search(self) -> None:
        query = self._box.value
        if not query.strip():
            self.status.fail("The query is empty. Type what to search for.")
            return
        self.status.say("Searching.", busy=True)
        try:
            self._show(query)
        except Exception as error:
            self.status.fail(f"{sentence(error)} The picture is as it was.")

    def _show(self, query: str) -> None:
        """Search with every model; what one fails at stands in its column."""
        hits: dict[str, SearchHits] = {}
        failures: dict[str, str] = {}
        for name, encoder in self._encoders.items():
            try:
                hits[name] = self._found(query, encoder, self._embeddings[name])
            except Exception as error:
                failures[name] = sentence(error)
        if not hits:
            told = " ".join(f"{name}: {why}" for name, why in failures.items())
            self.status.fail(f"No model could search for this. {told} The picture is as it was.")
            return
        view = ranks_view(hits, failures=failures)
        self._ids = frozenset(view.texts["id"])
        self._host.show(view)
        self._query, self._hits = query, MappingProxyType(hits)
        found = f"The {self._top_k} nearest texts under each of {len(hits)} models."
        self.status.say(" ".join([found, *_cut(hits), *_failed(failures)]))

    def _found(self, asked: str, encoder: Encoder, texts: Embeddings) -> SearchHits:
        """Return what one model finds, the query in the precision of the texts."""
        with noted_warnings():  # of a cut query: the status says that
            vector = embedded_query(asked, encoder, texts)
        return semantic_search(vector, texts, top_k=self._top_k)


def _cut(hits: Mapping[str, SearchHits]) -> list[str]:
    """Say which models do not read the query to its end."""
    said = []
    for name, found in hits.items():
        asked = found.queries
        if asked.truncated[0] and asked.n_tokens is not None:
            reads, count = asked.spec.max_tokens, int(asked.n_tokens[0])
            said.append(f"{name} reads only the first {reads:,} of the query's {count:,} tokens.")
    return said


def _failed(failures: Mapping[str, str]) -> list[str]:
    return [f"{name} failed: its column says why." for name in failures]


def _one_corpus(embeddings: object, encoders: object) -> Corpus:
    """Return the texts that all models have vectors of."""
    for given, what in ((embeddings, "embeddings"), (encoders, "encoders")):
        if not isinstance(given, Mapping) or not given:
            got = "an empty one" if isinstance(given, Mapping) else type(given).__name__
            raise InputError(
                f"QueryComparison: {what} is a dict by model name, {{'first': …}}; got {got}."
            )
    assert isinstance(embeddings, Mapping)
    assert isinstance(encoders, Mapping)
    lone = sorted(set(embeddings) ^ set(encoders), key=str)
    if lone:
        missing = "encoder" if lone[0] in embeddings else "embeddings"
        raise InputError(
            f"QueryComparison: {lone[0]!r} has no {missing}. Give both for each model, under one "
            f"name. {suggest(str(lone[0]), encoders if missing == 'encoder' else embeddings)}"
        )
    for name in embeddings:
        if not isinstance(embeddings[name], Embeddings):
            raise InputError(
                f"QueryComparison: {name!r}: expected Embeddings; got "
                f"{type(embeddings[name]).__name__}. wb.embed(corpus, encoder) makes them."
            )
        if not isinstance(encoders[name], Encoder):
            raise InputError(
                f"QueryComparison: {name!r}: expected an Encoder; got "
                f"{type(encoders[name]).__name__}. wb.load_encoder(name) makes one."
            )
    first = next(iter(embeddings))
    for name, vectors in embeddings.items():
        if vectors.corpus.fingerprint != embeddings[first].corpus.fingerprint:
            raise InputError(
                f"QueryComparison: {first!r} and {name!r} are not of the same texts. Embed one "
                "corpus with all models; texts, ids and their order count."
            )
    corpus: Corpus = embeddings[first].corpus
    return corpus


def _nothing_yet(corpus: Corpus, models: list[str]) -> View:
    """Return the columns before anything is searched for."""
    meta: dict[str, Json] = {
        "kind": "ranks",
        "corpus": corpus.fingerprint,
        "title": f"{corpus.name} · what {len(models)} models find nearest",
        "subtitle": f"no query yet; {len(corpus):,} texts",
        "label": None,
        "color_columns": [],
        "table": [],
        "models": [*models],
        "ranks": [[] for _ in models],
        "scores": [[] for _ in models],
    }
    figure = go.Figure(layout={"height": 60, "meta": {"workbench": meta}})
    return View(figure, object_frame({"id": [], "text": []}))
