"""Notebooks as offline HTML: executed with static figures, exported without a CDN."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError, WorkbenchError
from workbench.report._write import write_text

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["write_notebooks"]

_CELL_TIMEOUT_S = 1200


def write_notebooks(notebooks: Sequence[str | Path], folder: str | Path) -> Iterator[Path]:
    """Execute notebooks and write each as one HTML file that works offline.

    Parameters
    ----------
    notebooks
        The notebook files; they are not changed.
    folder
        Where the HTML files go; made if it is not there.

    Yields
    ------
    pathlib.Path
        Each HTML file, as soon as it is written.

    Raises
    ------
    InputError
        If a notebook is missing, before any is executed.
    WorkbenchError
        If a cell fails: with the notebook, the cell's number and its error.
    """
    paths = [Path(notebook) for notebook in notebooks]
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise InputError(f"There is no notebook {missing[0]!r}; expected a path to an .ipynb file.")
    for path in paths:
        yield write_text(Path(folder) / f"{path.stem}.html", _exported(path))


def _exported(path: Path) -> str:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from nbconvert.exporters import HTMLExporter

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=_CELL_TIMEOUT_S,
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute(env={**os.environ, "WORKBENCH_RENDER": "static"})
    except CellExecutionError as error:
        raise WorkbenchError(f"{path.name}: a cell failed: {error.ename}: {error.evalue}") from None
    _drop_widgets(notebook)
    exporter = HTMLExporter(
        template_name="template",
        extra_template_basedirs=[str(Path(__file__).parent)],
    )
    page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": path.stem}})
    return str(page)


def _drop_widgets(notebook: NotebookNode) -> None:
    """Leave out what only a kernel can draw (progress bars), which would be a stray line."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                output
                for output in cell.outputs
                if "application/vnd.jupyter.widget-view+json" not in output.get("data", {})
            ]
