"""`write_report`: several values as one HTML file that works offline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from workbench._html import rows_table
from workbench.analysis.comparison import Comparison
from workbench.embeddings import Embeddings
from workbench.errors import InputError
from workbench.page import render_page
from workbench.report._write import check_place, write_text
from workbench.views import View, view_of
from workbench.views.comparison import comparison_sections
from workbench.views.privacy import redacted

__all__ = ["write_report"]


def write_report(
    path: str | Path,
    values: object | Iterable[object],
    *,
    title: str | None = None,
    texts: bool = True,
    columns: Sequence[str] | None = None,
) -> Path:
    """Write one HTML file that works with no kernel and no network.

    Parameters
    ----------
    path
        The file; its folder is made if it is not there.
    values
        What to show, in this order: projections, clusterings, similarity matrices, comparisons,
        agreements, views.
    title
        The page's title.
    texts
        False: leave the texts, and the keywords made from them, out of the file.
    columns
        The further columns of the corpus that may be in the file; None: all of them.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        If there is nothing to show, a value has no view, or the file cannot be written (a path
        that cannot be one is refused before anything is drawn).
    """
    if isinstance(columns, str):
        raise InputError(
            f"write_report: columns is a list of names; got one str. Write [{columns!r}]."
        )
    if not isinstance(path, str | Path):
        raise InputError(
            f"write_report: expected the file's path first, then what to show; got "
            f"{type(path).__name__}. Write wb.write_report('report.html', [projection])."
        )
    file = Path(path).expanduser()
    check_place(file)
    shown = list(values) if isinstance(values, Iterable) and not _has_view(values) else [values]
    if not shown:
        raise InputError("write_report: expected at least one value to show; got none.")
    allowed = None if columns is None else list(columns)
    parts = [part for value in shown for part in _sections(value, texts, allowed, len(shown) > 1)]
    page = render_page(
        [],
        title=title or "Embedding workbench report",
        sections=[*parts, ("How these figures were made", _making(shown))],
    )
    return write_text(file, page)


def _has_view(value: object) -> bool:
    """Whether a value is shown as one, though it can be iterated."""
    return view_of.dispatch(type(value)) is not view_of.dispatch(object)


def _sections(
    value: object, texts: bool, columns: Sequence[str] | None, among_others: bool
) -> list[tuple[str, str | View]]:
    """Return what the report shows of a value: a figure, or the sections of a comparison."""
    if not isinstance(value, Comparison):
        view = value if isinstance(value, View) else view_of(value)
        return [("", redacted(view, texts=texts, columns=columns))]
    (heading, first), *rest = comparison_sections(value, texts=texts, columns=columns)
    named = f"{heading}: {value.title()}" if among_others else heading
    return [(named, first), *rest]


def _making(values: Sequence[object]) -> str:
    """Return a table of the numbers and parameters of each value that has a summary."""
    rows = [
        (kind if number == 0 else "", name, fact)
        for value in values
        for kind, summary in [_summary(value)]
        for number, (name, fact) in enumerate(summary.items())
    ]
    return rows_table(f"workbench {version('embedding-workbench')}", ("", "", ""), rows)


def _summary(value: object) -> tuple[str, dict[str, object]]:
    if isinstance(value, View):
        return f"View: {value.title}", {"kind": value.meta.get("kind", "")}
    facts: dict[str, object] = value.summary()  # type: ignore[attr-defined]  # what has a view has one
    if isinstance(value, Comparison):
        specs = [model.spec for model in value.models]
        made = [f"{spec.title()}, revision {spec.revision}" for spec in specs]
        return type(value).__name__, {**dict(zip(value.names, made, strict=True)), **facts}
    embeddings = getattr(value, "embeddings", None)
    if not isinstance(embeddings, Embeddings):
        return type(value).__name__, facts
    model = {
        "model": embeddings.spec.title(),
        "revision": embeddings.spec.revision,
        "truncated texts": int(embeddings.truncated.sum()) if embeddings.counted else "not counted",
    }
    return type(value).__name__, {**model, **facts}
