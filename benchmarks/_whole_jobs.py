"""What benchmarks/whole_job.py compares; each job runs in a process of its own.

Both read a CSV and leave HTML behind. By hand means what a user writes with the libraries of the
field: sentence-transformers, scikit-learn, BERTopic (or its steps), plotly.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODELS = ("all-MiniLM-L6-v2", "minilm-static", "lsa")
CELLS = 2000  # texts of a heatmap, as in our report
STAGES = {  # what `workbench report` calls, by the module that it takes it from
    "workbench.corpus": ("read_corpus",),
    "workbench.models": ("load_encoder",),
    "workbench.analysis": (
        "compare_models",
        "map_and_clusters",
        "similarity_matrix",
    ),
    "workbench.embeddings": ("embed",),
    "workbench.views": ("heatmap_view",),
    "workbench.report": ("write_report",),
}


class Clock:
    """The seconds of each stage."""

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.seconds: dict[str, float] = defaultdict(float)

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does the same and notes how long it took."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return work(*args, **kwargs)
            finally:
                self.seconds[name] += time.perf_counter() - start

        return timed

    def told(self, how: str) -> str:
        """Return all as JSON: the stages, the rest (imports, mostly) and what was used."""
        rest = time.perf_counter() - self.start - sum(self.seconds.values())
        return json.dumps({"how": how, "stages": {**self.seconds, "imports and the rest": rest}})


def workbench_report(table: Path, output: Path, clock: Clock) -> str:
    """Run ``workbench report`` as the command line does."""
    from importlib import import_module

    for module_name, names in STAGES.items():
        module = import_module(module_name)
        for name in names:
            setattr(module, name, clock.timed(name, getattr(module, name)))
    from workbench.cli import main

    main(["report", str(table), "--text", "text", "--models", *MODELS, "-o", str(output)])
    return "workbench report"


def by_hand(table: Path, output: Path, clock: Clock, models: dict[str, Path]) -> str:
    """Do it with other libraries: vectors of three models, topics and figures of the first."""
    import pandas as pd

    texts: list[str] = clock.timed("read_csv", pd.read_csv)(table)["text"].astype(str).tolist()
    vectors = clock.timed("encode", encoded)(texts, models["all-MiniLM-L6-v2"])
    clock.timed("encode, static", encoded_static)(texts, models["minilm-static"])
    clock.timed("lsa", lsa)(texts)
    from _first_maps import BERTopic, ByHand, installed

    kind = BERTopic if installed("bertopic") else ByHand
    tool = kind(texts, vectors)
    made = clock.timed("topics and map", tool.first)()
    clock.timed("figures", figures)(texts, vectors, made, output)
    return "BERTopic" if kind is BERTopic else "BERTopic's steps (umap-learn, scikit-learn)"


def encoded(texts: list[str], model: Path) -> Any:
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(model), device="cpu")
    return encoder.encode(texts, normalize_embeddings=True, show_progress_bar=False)


def encoded_static(texts: list[str], model: Path) -> Any:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    encoder = SentenceTransformer(modules=[StaticEmbedding.from_model2vec(str(model))])
    return encoder.encode(texts, normalize_embeddings=True, show_progress_bar=False)


def lsa(texts: list[str]) -> Any:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    weights = TfidfVectorizer(sublinear_tf=True).fit_transform(texts)
    return TruncatedSVD(256, random_state=0).fit_transform(weights)


def figures(texts: list[str], vectors: Any, made: Any, output: Path) -> None:
    """Write a map of all texts and a heatmap of as many as our report shows."""
    import numpy as np
    import plotly.express as px

    x, y = made.coordinates.T
    hover = [text[:200] for text in texts]
    chart = px.scatter(x=x, y=y, color=made.clusters.astype(str), hover_name=hover)
    chart.write_html(output.with_suffix(".map.html"))
    rows = np.random.default_rng(0).permutation(len(texts))[:CELLS]
    px.imshow(vectors[rows] @ vectors[rows].T).write_html(output.with_suffix(".heatmap.html"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=("workbench", "by-hand"))
    parser.add_argument("table", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--dense", type=Path, help="the folder of MiniLM")
    parser.add_argument("--static", type=Path, help="the folder of the static model")
    options = parser.parse_args()
    clock = Clock()
    if options.job == "workbench":
        how = workbench_report(options.table, options.output, clock)
    else:
        models = {"all-MiniLM-L6-v2": options.dense, "minilm-static": options.static}
        how = by_hand(options.table, options.output, clock, models)
    options.output.with_suffix(".json").write_text(clock.told(how), encoding="utf-8")


if __name__ == "__main__":
    main()
