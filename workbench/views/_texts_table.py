"""All texts as a table, which lists what is selected on the figures it is linked with."""

from __future__ import annotations

import plotly.graph_objects as go

from workbench.analysis import Clustering
from workbench.corpus import Corpus
from workbench.errors import InputError
from workbench.views._texts import color_columns, corpus_frame, label_column, same_corpus
from workbench.views._view import View

__all__ = ["texts_view"]


def texts_view(corpus: Corpus, *, clustering: Clustering | None = None) -> View:
    """Return the table of a corpus' texts with all columns, sortable and searchable.

    Beside linked figures it lists the texts that are selected there; the others leave that to it.

    Parameters
    ----------
    corpus
        The texts.
    clustering
        Clusters of the same texts, for a column.

    Raises
    ------
    InputError
        If it is no Corpus, or the clustering is of other texts.
    """
    if not isinstance(corpus, Corpus):
        raise InputError(
            f"texts_view: expected a Corpus; got {type(corpus).__name__}. Embeddings have theirs: "
            "vectors.corpus."
        )
    same_corpus(corpus, clustering)
    texts = corpus_frame(corpus, clustering)
    label = label_column(corpus)
    count = f"{len(corpus):,} text{'s' if len(corpus) != 1 else ''}"
    meta = {
        "kind": "texts",
        "corpus": corpus.fingerprint,
        "title": f"{corpus.name} · texts",
        "subtitle": count,
        "label": label,
        "color_columns": [{"name": n, "kind": k} for n, k in color_columns(texts, label).items()],
        "table": [str(name) for name in texts.columns if name not in ("id", "text", "cluster")],
    }
    return View(go.Figure(layout={"height": 40, "meta": {"workbench": meta}}), texts)
