"""What was marked, in the widget: a table of queries, the set's name, a file to write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ipywidgets

from workbench.corpus import RetrievalSet
from workbench.errors import InputError, WorkbenchError
from workbench.views._tables import boxed, head, numbers, table
from workbench.widgets._controls import button, entry, row
from workbench.widgets._markup import Markup

__all__ = ["MarksForm", "write_marks"]

_NONE = (
    "<p>Nothing is marked yet. ✓ at a hit (or the key r on it) says that it answers the query, ✗ "
    "(or n) that it does not; the same again takes it back.</p>"
)


class MarksForm:
    """The marked queries, and where to write them.

    Parameters
    ----------
    export
        Called by the button, and by Enter in the field of the file.
    rename
        Called with another name for the set.

    Attributes
    ----------
    box
        The table and the controls.
    """

    def __init__(self, export: Callable[[], None], rename: Callable[[str], None]) -> None:
        self._name = ipywidgets.Text(
            description="Name",
            continuous_update=False,
            style={"description_width": "initial"},
            layout={"width": "min(100%, 24em)"},
        )
        self._name.add_class("workbench-marks-name")
        self._name.observe(lambda change: rename(change.new), "value")
        self._file = entry("File", "workbench-marks-file", export)
        self._file.value = "marks.csv"
        self._file.layout.width = "min(100%, 24em)"
        write = button("Export as CSV", "workbench-export", export, doc="Write the marks to a file")
        self._table = Markup(_NONE)
        self._table.add_class("workbench-marked-queries")
        layout = {"width": "100%"}
        self.box: Any = ipywidgets.VBox(
            [self._table, row(self._name, self._file, write)], layout=layout
        )

    @property
    def file(self) -> str:
        """Where to write the marks."""
        return str(self._file.value)

    def show(self, counts: Sequence[tuple[str, int, int]], name: str) -> None:
        """Show the marked queries with their numbers of texts, and what the set is called."""
        self._name.value = name
        rows = [[head(query), numbers(f"{yes:,}"), numbers(f"{no:,}")] for query, yes, no in counts]
        made = table(("query", "relevant", "not relevant"), rows, "Marked queries")
        self._table.show(boxed(made if rows else _NONE))


def write_marks(marked: RetrievalSet, path: str | Path, own: set[Path]) -> Path:
    """Write judgements as a CSV table, whole or not at all, and return its path.

    Parameters
    ----------
    marked
        What to write.
    path
        Where to.
    own
        The files that may be replaced; the path is added.

    Raises
    ------
    InputError
        If the path is none, or a file is there that may not be replaced.
    WorkbenchError
        If it cannot be written.
    """
    if not str(path).strip():
        raise InputError("export: expected the name of a file; got an empty one.")
    target = Path(path).expanduser().absolute()
    if target.exists() and target not in own:
        raise InputError(
            f"export: {target} is there already, and was not written here. Choose another name, "
            "or remove it."
        )
    scratch = target.with_name(f".{target.name}.writing")
    try:
        scratch.write_text(marked.to_frame().to_csv(index=False), encoding="utf-8", newline="")
        scratch.replace(target)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise WorkbenchError(f"The marks cannot be written to {target}: {error}.") from error
    own.add(target)
    return target
