"""The whole comparison: three models on docstrings, with a cold and with a warm store.

Prints how many times as long the cold one takes. A warm one encodes nothing, but measures what
the models cost and how alike they are all the same.
"""

from __future__ import annotations

import argparse
import time
from tempfile import TemporaryDirectory

from _results import Result, report

from workbench.analysis import Comparison, compare_models, tasks
from workbench.corpus import Corpus, samples
from workbench.embeddings import EmbeddingStore
from workbench.models import Encoder, load_encoder

NAMES = ("all-MiniLM-L6-v2", "minilm-static", "lsa")


def compared(
    corpus: Corpus, models: dict[str, Encoder], store: EmbeddingStore
) -> tuple[Comparison, float]:
    """Return a comparison and the seconds it took."""
    start = time.perf_counter()
    scored = [tasks.classification(), tasks.clustering()]
    found = compare_models(corpus, models, tasks=scored, store=store)
    return found, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=5000)
    options = parser.parse_args()
    corpus = samples.python_docs(options.texts)
    models = {name: load_encoder(name) for name in NAMES}
    for model in models.values():
        getattr(model, "model", None)  # opened before the clock starts
    with TemporaryDirectory() as folder:
        store = EmbeddingStore(folder)
        cold, cold_s = compared(corpus, models, store)
        warm, warm_s = compared(corpus, models, store)
    assert cold.to_frame("long").equals(warm.to_frame("long")), "the store changed a score"
    sizes = f"{len(corpus):,} docstrings, {len(models)} models, 2 tasks"
    pair = (cold_s, warm_s)
    report(Result.of_pairs("comparison, warm store", "the same, cold store", sizes, [pair]))


if __name__ == "__main__":
    main()
