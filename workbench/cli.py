"""`workbench …`: the command line, a thin layer over the package."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import InputError, WorkbenchError, WorkbenchWarning, suggest

if TYPE_CHECKING:
    from workbench.corpus import Corpus
    from workbench.models import Encoder

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status (0: done, 2: it could not be)."""
    # Before torch is imported: idle OpenMP threads sleep instead of spinning.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _plainly(warnings.showwarning)
            options.run(options)
    except WorkbenchError as error:
        print(f"workbench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stopped:
        said = str(stopped) or "interrupted; what was encoded is kept: run the same again to go on."
        print(f"workbench: {said}", file=sys.stderr)
        return 130
    return 0


def _plainly(otherwise: Callable[..., None]) -> Callable[..., None]:
    """Return how to show a warning: ours as a sentence, without the line of code behind it."""

    def show(message: Warning | str, category: type[Warning], *where: Any) -> None:
        if issubclass(category, WorkbenchWarning):
            print(f"workbench: {message}", file=sys.stderr)
        else:
            otherwise(message, category, *where)

    return show


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="workbench", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    report = commands.add_parser(
        "report", help="write one offline HTML file about a table of texts"
    )
    report.add_argument("table", help="csv, tsv, jsonl or parquet")
    report.add_argument("--text", help="the column of the texts")
    report.add_argument("--label", help="the column of the labels")
    report.add_argument("--models", nargs="+", default=["all-MiniLM-L6-v2"], metavar="MODEL")
    report.add_argument("-o", "--output", type=Path, default=Path("report.html"))
    report.add_argument("--no-texts", action="store_true", help="leave the texts out of the file")
    report.add_argument("--columns", nargs="*", help="the further columns to put in; default: all")
    report.set_defaults(run=_report)

    embed = commands.add_parser(
        "embed", help="copy a parquet file with a column of vectors, one per text"
    )
    embed.add_argument("source", help="the parquet file")
    embed.add_argument("target", help="the parquet file to write; an interrupted run goes on")
    embed.add_argument("--model", required=True, help="a name, a folder or an MLflow URI")
    embed.add_argument("--text", help="the column of the texts")
    embed.add_argument("--column", default="embedding", help="the column to write")
    embed.add_argument("--prompt", help="the name of the model's prompt to put before each text")
    embed.add_argument("--truncate-dim", type=int, help="keep this many leading dimensions")
    embed.add_argument(
        "--long-texts",
        choices=("truncate", "chunk"),
        default="truncate",
        help="what becomes of texts longer than the model reads",
    )
    embed.add_argument("--dtype", default="float32", help="float32, bfloat16 or int8")
    embed.add_argument("--batch-size", type=int, default=256)
    embed.add_argument("--overwrite", action="store_true", help="replace the target")
    embed.set_defaults(run=_embed)

    models = commands.add_parser("models", help="list the models that work here now")
    models.set_defaults(run=_models)

    cache = commands.add_parser("cache", help="show or clear what is kept on disk")
    cache.add_argument(
        "--clear", action="store_true", help="delete every stored vector, map and clustering"
    )
    cache.set_defaults(run=_cache)

    serve = commands.add_parser("serve", help="answer over HTTP with a logged model, until Ctrl-C")
    serve.add_argument("model", help="models:/<name>@<alias>, models:/<id>, or a folder")
    serve.add_argument("--port", type=int, default=5002, help="0: any that is free")
    serve.add_argument("--host", default="127.0.0.1", help="0.0.0.0 lets other machines in")
    serve.set_defaults(run=_serve)

    notebooks = commands.add_parser(
        "notebooks", help="execute notebooks and write each as an offline HTML file"
    )
    notebooks.add_argument("notebooks", nargs="+", type=Path)
    notebooks.add_argument("-o", "--output", type=Path, default=Path("reports"))
    notebooks.set_defaults(run=_notebooks)
    return parser


def _report(options: argparse.Namespace) -> None:
    from workbench.analysis import map_and_clusters, similarity_matrix
    from workbench.corpus import read_corpus
    from workbench.embeddings import embed
    from workbench.models import load_encoder
    from workbench.report import check_place, write_report
    from workbench.views import MOST_TEXTS, heatmap_view

    # What was mistyped is said before anything is encoded.
    check_place(options.output.expanduser())
    corpus = read_corpus(options.table, text=options.text, label=options.label)
    _check_columns(options.columns or [], corpus)
    encoders = [load_encoder(name) for name in options.models]
    values: list[object] = _comparison(corpus, encoders)
    for encoder in encoders:
        vectors = embed(corpus, encoder)
        values += map_and_clusters(vectors)
        shown = vectors.sample(MOST_TEXTS)
        values.append(
            heatmap_view(
                similarity_matrix(shown),
                order="label" if corpus.label else "similarity",
                sampled_from=None if shown is vectors else corpus,
            )
        )
    written = write_report(
        options.output, values, texts=not options.no_texts, columns=options.columns
    )
    print(f"{written} ({written.stat().st_size / 1e6:.1f} MB)")


def _comparison(corpus: Corpus, encoders: Sequence[Encoder]) -> list[object]:
    """Compare the models where there are several, also by the labels where there are some."""
    from workbench.analysis import compare_models, tasks

    if len(encoders) < 2:
        return []
    scored: list[tasks.Task] = []
    for task in (tasks.classification(), tasks.clustering()) if corpus.label else ():
        try:
            task.check(corpus)
            scored.append(task)
        except InputError as error:
            print(f"workbench: not scored: {error}", file=sys.stderr)
    return [compare_models(corpus, encoders, tasks=scored)]


def _check_columns(names: Sequence[str], corpus: Corpus) -> None:
    """Refuse a column that is not there: its typo would leave the column out in silence."""
    for name in names:
        if name not in corpus.columns:
            raise InputError(
                f"--columns: there is no column {name!r} beside the texts. "
                f"{suggest(name, corpus.columns)}"
            )


def _embed(options: argparse.Namespace) -> None:
    from workbench.embeddings import embed_file
    from workbench.models import load_encoder, variant

    encoder = load_encoder(options.model, dtype=options.dtype)
    if options.truncate_dim is not None or options.long_texts != "truncate":
        encoder = variant(
            encoder,
            truncate_dim=options.truncate_dim,
            long_texts=options.long_texts,
        )
    done = embed_file(
        options.source,
        options.target,
        encoder,
        text=options.text,
        column=options.column,
        prompt_name=options.prompt,
        batch_size=options.batch_size,
        overwrite=options.overwrite,
    )
    print(f"{done.path} ({done.path.stat().st_size / 1e6:.1f} MB): {done.sentence()}")


def _models(options: argparse.Namespace) -> None:
    from workbench.models import list_encoders

    print(list_encoders().to_string(index=False))


def _cache(options: argparse.Namespace) -> None:
    from workbench.analysis._computed_once import clear_results, results_size
    from workbench.embeddings import EmbeddingStore

    store = EmbeddingStore()
    if options.clear:
        store.clear()
        clear_results()
        print(f"Cleared the embedding store in {store.folder}, its maps and clusters too.")
        return
    models = store.models()
    print(f"Embedding store: {store.folder}")
    for model in models:
        print(f"  {model.size / 1e6:8.1f} MB  {model.vectors:>9,} texts  {model.name}")
    print(f"  {sum(model.size for model in models) / 1e6:8.1f} MB in all")
    print(f"  {results_size() / 1e6:8.1f} MB  neighbours, maps and clusters, which a rerun reads")


def _serve(options: argparse.Namespace) -> None:
    from workbench.serving import serve

    # As Ctrl-C does: systemd, docker and timeout end a process so.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with serve(options.model, options.port, host=options.host) as server:
        print(f"{options.model} answers at {server.url}/invocations; Ctrl-C ends it.", flush=True)
        with suppress(KeyboardInterrupt):
            server.process.wait()
            raise WorkbenchError(f"The server ended by itself: {server.log}")
    print("The server has ended.")


def _notebooks(options: argparse.Namespace) -> None:
    from workbench.report import write_notebooks

    for written in write_notebooks(options.notebooks, options.output):
        print(f"{written} ({written.stat().st_size / 1e6:.1f} MB)")
